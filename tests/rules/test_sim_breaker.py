"""When refusals are the SIM's state and not the messages'."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modemd.rules.retry import ErrorClass
from modemd.rules.sim_breaker import ACTIVE_WITHIN, AVOIDED_FOR, BreakerOpening, Refusal, SimBreakers

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WEST, EAST, NORTH = "west", "east", "north"
ONE, THREE = ("1", "1", "1", "1", "1"), ("1", "2", "3", "1", "2")


def refusals(
    states: SimBreakers, numbers: tuple[str, ...], kind: ErrorClass = ErrorClass.LATER, now: datetime = NOW
) -> list[timedelta | None]:
    pauses = [states.record_refusal(WEST, Refusal(0, 0, number, kind, "+CMS ERROR: 42"), now) for number in numbers]
    return [pause.rest if pause is not None else None for pause in pauses]


def permanent(states: SimBreakers, *parts: int, sim: str = WEST, now: datetime = NOW) -> list[BreakerOpening | None]:
    """Refusals for good, each of a part to a number of its own; the attempt is ten times the part."""
    return [
        states.record_refusal(sim, Refusal(part * 10, part, str(part), ErrorClass.RECIPIENT, "+CMS ERROR: 1"), now)
        for part in parts
    ]


def test_five_across_three_recipients() -> None:
    """The fifth refusal of one kind in a row, across three recipients, is the SIM's: it rests a minute, then passes or not."""
    states = SimBreakers()
    assert refusals(states, THREE) == [None, None, None, None, MINUTE]
    assert states.open_until(WEST, NOW) == (NOW + MINUTE, "+CMS ERROR: 42")
    assert (states.register_request(WEST, NOW), states.register_request(EAST, NOW)) == (False, True)
    assert states.register_request(WEST, NOW + MINUTE)


def test_five_of_one_recipient_are_the_messages() -> None:
    """One bad number says nothing of the SIM, however often."""
    states = SimBreakers()
    assert refusals(states, ONE * 3) == [None] * 15


def test_five_while_another_sim_passes() -> None:
    """Even of one recipient, where another SIM had a part accepted meanwhile; not if that was before."""
    states = SimBreakers()
    states.record_success(EAST)
    assert refusals(states, ONE) == [None] * 5
    states.record_success(EAST)
    assert refusals(states, ("1",)) == [MINUTE]


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(lambda states: states.record_success(WEST), id="a part that passes"),
        pytest.param(lambda states: refusals(states, ("9",), ErrorClass.SOON), id="a refusal of another kind"),
    ],
)
def test_a_row_is_broken(between: object) -> None:
    """Five in a row means in a row."""
    states = SimBreakers()
    refusals(states, THREE[:4])
    assert callable(between)
    between(states)
    assert refusals(states, THREE[:4]) == [None] * 4


@pytest.mark.parametrize("kind", [kind for kind in ErrorClass if kind.is_permanent])
def test_a_permanent_error_to_everybody_is_the_sims(kind: ErrorClass) -> None:
    """A modem in a wrong state, or a SIM without credit, says 1, 28 or 96 to everybody: the SIM rests as for any other error."""
    states = SimBreakers()
    assert refusals(states, THREE, kind) == [None, None, None, None, MINUTE]
    assert states.open_until(WEST, NOW) is not None
    assert states.find_modem_fault(WEST, NOW) is not None


def test_what_has_failed_in_the_run_is_put_back() -> None:
    """The four refusals before the one that opens the breaker; of an error that is not permanent, nothing had failed."""
    states = SimBreakers()
    assert permanent(states, 1, 2, 3, 4, 5)[-1] == BreakerOpening(MINUTE, put_back=(10, 20, 30, 40))
    assert permanent(states, 1)[-1] == BreakerOpening(5 * MINUTE, is_repeated=True)
    later = SimBreakers()
    assert later.record_refusal(WEST, Refusal(1, 1, "1", ErrorClass.LATER, ""), NOW) is None
    for number in ("2", "3", "4"):
        later.record_refusal(WEST, Refusal(1, 1, number, ErrorClass.LATER, ""), NOW)
    assert later.record_refusal(WEST, Refusal(1, 1, "5", ErrorClass.LATER, ""), NOW) == BreakerOpening(MINUTE)


def test_what_two_sims_refuse_for_good_fails() -> None:
    """A list of dead numbers stops no second SIM: what the first has refused is put back, and refused for its own sake then."""
    states = SimBreakers()
    permanent(states, 1, 2, 3, 4, 5)
    assert permanent(states, 1, 2, 3, 4, 5, sim=EAST) == [None] * 5
    assert states.open_until(EAST, NOW) is None


def test_what_is_refused_again_after_the_sim_has_sent_fails() -> None:
    """The SIM works again: a part that was put back and is refused once more is at fault itself, and counts no more."""
    states = SimBreakers()
    permanent(states, 1, 2, 3, 4, 5)
    states.record_success(WEST)
    assert permanent(states, 1, 2, 3, 4, 5, now=NOW + MINUTE) == [None] * 5
    assert permanent(states, 6, 7, 8, 9) == [None] * 4


def test_a_sim_that_is_refused_again_rests_longer() -> None:
    """After each rest one part tries: 1, 5, 15, 60 minutes, then hourly; once it passes the count begins anew."""
    states = SimBreakers()
    refusals(states, THREE[:4])
    rests = refusals(states, ("1",) * 5)
    assert rests == [minutes * MINUTE for minutes in (1, 5, 15, 60, 60)]
    states.record_success(WEST)
    assert (states.open_until(WEST, NOW), refusals(states, THREE)[-1]) == (None, MINUTE)


def test_a_part_is_left_to_a_sim_that_asks() -> None:
    """One SIM will not send it: the others may, for an hour, if one has asked lately and does not rest."""
    states = SimBreakers()
    assert not states.leave_to_others(7, WEST, NOW), "nobody else asks"
    states.register_request(EAST, NOW)
    assert states.leave_to_others(7, WEST, NOW)
    assert (set(states.list_avoided_parts(WEST, NOW)), set(states.list_avoided_parts(EAST, NOW))) == ({7}, set())
    assert states.list_avoided_parts(WEST, NOW + AVOIDED_FOR) == set()
    assert not states.leave_to_others(8, WEST, NOW + ACTIVE_WITHIN), "it asked too long ago"


def test_when_all_have_said_no_all_may_try_again() -> None:
    """A part that no SIM will send belongs to all of them again, and backs off."""
    states = SimBreakers()
    for sim in (WEST, EAST, NORTH):
        states.register_request(sim, NOW)
    assert [states.leave_to_others(7, sim, NOW) for sim in (WEST, EAST, NORTH)] == [True, True, False]
    assert [states.list_avoided_parts(sim, NOW) for sim in (WEST, EAST, NORTH)] == [set(), set(), set()]


def test_messages_that_look_malformed_to_everybody_open_it_too() -> None:
    """Each is tried twice more at once, which counts once for each: five messages, not five tries."""
    states = SimBreakers()

    def refuse(part: int) -> BreakerOpening | None:
        malformed = Refusal(part, part, str(part), ErrorClass.MESSAGE, "+CMS ERROR: 304", is_final=False)
        return states.record_refusal(WEST, malformed, NOW)

    assert [refuse(part) for part in (1, 1, 2, 2, 3, 3, 4)] == [None] * 7
    assert refuse(5) == BreakerOpening(MINUTE)
