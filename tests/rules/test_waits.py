"""The sentence that says why a message waits, for each kind of reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from modemd.rules.send_decision import SendDecision, SendVerdict
from modemd.rules.waits import (
    HeldFacts,
    QueuedFacts,
    ServiceFacts,
    SimObstacles,
    UnknownFacts,
    WaitCode,
    explain_wait,
)
from modemd.rules.windows import Window

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PARIS = ZoneInfo("Europe/Paris")
EXPIRES = NOW + timedelta(days=1)
SERVICE = ServiceFacts(True, None, is_clock_trusted=True, now=NOW, zone=PARIS)
WEST = SimObstacles("west", rate=1.0)
QUEUED = QueuedFacts((WEST,), None, None, has_sims=True, earlier=None, ahead=3, counted=1000)
ICCID = "8933010000000000010"


def decided(verdict: SendVerdict, reason: str = "", until: datetime | None = None) -> SimObstacles:
    return replace(WEST, decision=SendDecision(verdict, reason, until))


@pytest.mark.parametrize(
    ("sims", "code", "sentence", "until"),
    [
        pytest.param(
            (replace(WEST, fault="no such file"),), WaitCode.NOT_READY, "west is not ready: no such file", None, id="a fault"
        ),
        pytest.param(
            (replace(WEST, fault="rests", rests_until=LATER, error="+CMS ERROR: 42"),), WaitCode.SIM_RESTS,
            "the SIM in west was refused too often (+CMS ERROR: 42) and rests until 2026-11-22 14:00:00", LATER, id="it rests",
        ),
        pytest.param(
            (replace(WEST, pause="the queue is paused by ann: moving"),), WaitCode.PAUSED,
            "the queue is paused by ann: moving", None, id="a pause",
        ),
        pytest.param(
            (decided(SendVerdict.HOLD, "quota_day", LATER),), WaitCode.QUOTA,
            "the quota of its SIM for a day is used up, until 2026-11-22 14:00:00", LATER, id="a quota",
        ),
        pytest.param(
            (decided(SendVerdict.WAIT, "roaming"),), WaitCode.ROAMING,
            "west is in a foreign network, where marketing waits", None, id="roaming",
        ),
        pytest.param(
            (decided(SendVerdict.WAIT),), WaitCode.CLOCK, "the clock of the machine is not trusted", None, id="the clock"
        ),
        pytest.param(
            (decided(SendVerdict.EXPIRE, "validity_over"),), WaitCode.OVER, "it is about to end: validity_over", None, id="over"
        ),
        pytest.param(
            (replace(WEST, is_left_to_others=True),), WaitCode.OTHER_SIM,
            "the SIM in west has refused it, and it is left to another", None, id="refused by this SIM",
        ),
        pytest.param(
            (replace(WEST, goes_first="east"),), WaitCode.OTHER_SIM, "east goes first for it", None, id="another goes first"
        ),
        pytest.param(
            (replace(WEST, fault="gone"), replace(WEST, modem="east", fault="searching")), WaitCode.NOT_READY,
            "west is not ready: gone; east is not ready: searching", None, id="two modems",
        ),
        pytest.param(
            tuple(replace(WEST, modem=name, fault="gone") for name in "abcde"), WaitCode.NOT_READY,
            "a is not ready: gone; b is not ready: gone; c is not ready: gone; and 2 more", None, id="many modems",
        ),
        pytest.param(
            (replace(WEST, fault="gone"), replace(WEST, modem="east", rests_until=LATER, error="x")), WaitCode.SIM_RESTS,
            "the SIM in east was refused too often (x) and rests until 2026-11-22 14:00:00; west is not ready: gone", LATER,
            id="what has an end goes first",
        ),
    ],
)  # fmt: skip
def test_what_holds_a_queued_message_up(
    sims: tuple[SimObstacles, ...], code: WaitCode, sentence: str, until: datetime | None
) -> None:
    """If each SIM that may send it is held up, that is the reason, with the time in the configured zone."""
    found = explain_wait(replace(QUEUED, sims=sims), EXPIRES, SERVICE)
    assert (found.code, found.until) == (code, until)
    assert found.message == f"{sentence} (valid until 2026-11-23 13:00:00)"


@pytest.mark.parametrize(
    ("ahead", "rate", "sentence"),
    [
        pytest.param(0, 1.0, "its turn is next", id="next"),
        pytest.param(1, 1.0, "1 part goes before it, 1 a second", id="one"),
        pytest.param(31, 0.5, "31 parts go before it, 0.5 a second", id="several"),
        pytest.param(31, None, "31 parts go before it", id="no limit"),
        pytest.param(1000, 1.0, "more than 1000 parts go before it, 1 a second", id="too many to count"),
    ],
)
def test_a_message_waits_for_its_turn(ahead: int, rate: float | None, sentence: str) -> None:
    """If one SIM may send it, the pace and the parts before it are the reason, whatever holds the others up."""
    sims = (replace(WEST, fault="gone"), replace(WEST, modem="east", rate=rate))
    found = explain_wait(replace(QUEUED, sims=sims, ahead=ahead), EXPIRES, SERVICE)
    assert (found.code, found.message) == (WaitCode.PACE, sentence)


def test_an_earlier_message_goes_first() -> None:
    """Its number is told."""
    found = explain_wait(replace(QUEUED, earlier=7), EXPIRES, SERVICE)
    assert (found.code, found.message.split(" (")[0]) == (WaitCode.EARLIER, "message 7 to the same number goes first")


@pytest.mark.parametrize(
    ("bound_to", "bound_seen", "has_sims", "faults", "code", "words"),
    [
        pytest.param(ICCID, None, True, (), WaitCode.SIM_UNKNOWN, f"its SIM {ICCID} was never met", id="never met"),
        pytest.param(ICCID, NOW, True, (), WaitCode.SIM_ABSENT, "last seen 2026-11-22 13:00:00", id="not here"),
        pytest.param(None, None, True, (), WaitCode.NO_ROUTE, "see routes", id="no rule lets one"),
        pytest.param(
            None, None, False, ("west: gone",), WaitCode.NOT_READY, "no modem is ready: west: gone", id="gone"
        ),
        pytest.param(None, None, False, (), WaitCode.NOT_READY, "no modem is ready: none is found", id="no modem"),
        pytest.param(
            None,
            None,
            False,
            ("a: gone", "b: gone", "c: gone"),
            WaitCode.NOT_READY,
            "a: gone; b: gone; and 1 more",
            id="many",
        ),
    ],
)
def test_no_sim_is_here(
    bound_to: str | None,
    bound_seen: datetime | None,
    has_sims: bool,
    faults: tuple[str, ...],
    code: WaitCode,
    words: str,
) -> None:
    """The SIM that it is bound to, the rules, or no modem at all."""
    facts = replace(QUEUED, sims=(), bound_to=bound_to, bound_seen=bound_seen, has_sims=has_sims)
    found = explain_wait(facts, EXPIRES, replace(SERVICE, faults=faults))
    assert found.code is code
    assert words in found.message


@pytest.mark.parametrize(
    ("reason", "until", "code", "sentence"),
    [
        pytest.param("scheduled", LATER, WaitCode.SCHEDULED, "its time is 2026-11-22 14:00:00", id="scheduled"),
        pytest.param(
            "outside_window", LATER, WaitCode.WINDOW,
            "its window 09:00-18:00 Europe/Paris opens at 2026-11-22 14:00:00", id="window",
        ),
        pytest.param(
            "quota_hour", LATER, WaitCode.QUOTA,
            "the quota of its SIM for an hour is used up, until 2026-11-22 14:00:00", id="quota",
        ),
        pytest.param(
            "marketing_brake", LATER, WaitCode.QUOTA,
            "its SIM has sent as much marketing as it may in an hour, until 2026-11-22 14:00:00", id="brake",
        ),
        pytest.param(
            "warm_up", LATER, WaitCode.QUOTA,
            "its SIM is new and has sent as much as it may today, until 2026-11-22 14:00:00", id="warm-up",
        ),
        pytest.param(
            "+CMS ERROR: 38", LATER, WaitCode.BACK_OFF,
            "try 2 has failed (+CMS ERROR: 38), and the next is at 2026-11-22 14:00:00", id="back-off",
        ),
        pytest.param(
            "batch_paused", None, WaitCode.PAUSED, "a person has paused its batch: modemd batches shows it", id="batch"
        ),
        pytest.param(
            "restored", None, WaitCode.RESTORED,
            "it comes from a restored backup: a person must release or cancel it", id="restored",
        ),
    ],
)  # fmt: skip
def test_a_held_message(reason: str, until: datetime | None, code: WaitCode, sentence: str) -> None:
    """The reason in words, and until when."""
    window = Window.parse("09:00-18:00", PARIS) if reason == "outside_window" else None
    found = explain_wait(HeldFacts(reason, until, 2, window), EXPIRES, SERVICE)
    assert (found.code, found.until) == (code, until)
    assert found.message.startswith(sentence)


def test_what_is_due_waits_for_the_clock() -> None:
    """While the clock is not trusted, what is scheduled stays held past its time."""
    service = replace(SERVICE, is_clock_trusted=False)
    assert explain_wait(HeldFacts("scheduled", NOW, 0, None), EXPIRES, service).code is WaitCode.CLOCK


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(QUEUED, id="queued"),
        pytest.param(replace(QUEUED, sims=()), id="no modem"),
        pytest.param(HeldFacts("quota_day", LATER, 0, None), id="held"),
        pytest.param(HeldFacts("restored", None, 0, None), id="restored"),
    ],
)
@pytest.mark.parametrize("is_running", [True, False])
def test_what_has_expired_is_not_sent(facts: QueuedFacts | HeldFacts, *, is_running: bool) -> None:
    """From the end of its validity on that is the reason, whatever else holds it up; nothing expires by a clock that is not
    trusted."""
    service = replace(SERVICE, is_running=is_running)
    found = explain_wait(facts, NOW, service)
    sentence = "its validity ended at 2026-11-22 13:00:00: it has expired and will not be sent"
    assert (found.code, found.message, found.until) == (WaitCode.OVER, sentence, None)
    assert explain_wait(facts, NOW + timedelta(microseconds=1), service).code is not WaitCode.OVER
    assert explain_wait(facts, NOW, replace(service, is_clock_trusted=False)).code is not WaitCode.OVER


def test_an_unknown_message() -> None:
    """It is repeated at a time, or waits for evidence until it closes."""
    repeated = explain_wait(UnknownFacts(LATER), EXPIRES, SERVICE)
    assert (repeated.code, repeated.until) == (WaitCode.REPEAT, LATER)
    unproved = explain_wait(UnknownFacts(None), EXPIRES, SERVICE)
    assert (unproved.code, unproved.until) == (WaitCode.UNPROVED, EXPIRES + timedelta(days=1))
    assert "2026-11-24 13:00:00" in unproved.message


def test_without_a_daemon() -> None:
    """Nothing that is queued goes out; what is held waits for its reason, too."""
    service = replace(SERVICE, is_running=False)
    assert explain_wait(QUEUED, EXPIRES, service).message.startswith("no daemon runs")
    held = explain_wait(HeldFacts("scheduled", LATER, 0, None), EXPIRES, service)
    assert held.message.startswith("its time is 2026-11-22 14:00:00; and no daemon runs")


def test_a_database_that_takes_no_changes() -> None:
    """Nothing is sent then."""
    found = explain_wait(QUEUED, EXPIRES, replace(SERVICE, failure="the disk is full"))
    assert (found.code, found.message.split(" (")[0]) == (
        WaitCode.DATABASE,
        "the database takes no changes: the disk is full",
    )
