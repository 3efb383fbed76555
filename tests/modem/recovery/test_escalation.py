"""Escalation: which step for which trouble, when, and when not."""

from __future__ import annotations

from itertools import pairwise

import pytest

from modemd.modem.recovery.escalation import (
    FORGET_ROUNDS_S,
    PATIENCE_S,
    PLANS,
    QUARANTINE_S,
    RESET_INTERVAL_S,
    Escalation,
    EscalationStep,
    RecoverySign,
    Trouble,
)

ALL = frozenset(EscalationStep)
BARE = frozenset(
    {EscalationStep.ESCAPE, EscalationStep.SET_UP, EscalationStep.REOPEN, EscalationStep.RADIO, EscalationStep.RESET}
)
STEP_S = 5.0


def steps_taken(
    escalation: Escalation, trouble: Trouble, possible: frozenset[EscalationStep], *, since_s: float = 0.0, for_s: float
) -> list[tuple[float, EscalationStep]]:
    """The steps, with their times, of a trouble that shows every few seconds."""
    moments = [since_s + step * STEP_S for step in range(int(for_s / STEP_S))]
    return [(now, step) for now in moments if (step := escalation.choose_step(trouble, now, possible)) is not None]


@pytest.mark.parametrize("trouble", [trouble for trouble in Trouble if PLANS[trouble].steps])
def test_each_trouble_is_escalated_in_order_and_ends_in_quarantine(trouble: Trouble) -> None:
    """Rung after step as the table has them, each given its time; then quarantine, and after it the same again."""
    escalation = Escalation()
    plan = PLANS[trouble]
    story = steps_taken(escalation, trouble, ALL, for_s=2400)
    steps = [step for _, step in story]
    once = [*plan.steps, EscalationStep.QUARANTINE]
    assert steps[: len(once)] == once
    assert steps[len(once)] is plan.steps[0], "a second round"
    for (at, step), (then, _) in pairwise(story):
        assert then - at >= (QUARANTINE_S[0] if step is EscalationStep.QUARANTINE else PATIENCE_S[step])


@pytest.mark.parametrize("trouble", [Trouble.SIM, Trouble.MISTAKE])
def test_nothing_is_reset_for_what_no_reset_mends(trouble: Trouble) -> None:
    """A SIM that needs a person, and an error of our own, are only looked at again, for ever."""
    assert steps_taken(Escalation(), trouble, ALL, for_s=7 * 86400) == []


def test_what_cannot_be_done_is_skipped() -> None:
    """Without USB and without a power hook, a silent modem is left in quarantine after the port was opened anew."""
    story = steps_taken(Escalation(), Trouble.SILENT, BARE, for_s=60)
    assert [step for _, step in story] == [EscalationStep.ESCAPE, EscalationStep.REOPEN, EscalationStep.QUARANTINE]


def test_quarantine_grows() -> None:
    """5, 10, 30 minutes, and 30 from then on; another list where one is configured."""
    story = steps_taken(Escalation(), Trouble.SILENT, BARE, for_s=3 * 3600)
    begun = [at for at, step in story if step is EscalationStep.QUARANTINE]
    waits = [then - at for at, then in pairwise(begun)]
    assert waits[:4] == pytest.approx([300, 600, 1800, 1800], abs=3 * STEP_S)
    story = steps_taken(Escalation([60.0]), Trouble.SILENT, BARE, for_s=600)
    assert len([step for _, step in story if step is EscalationStep.QUARANTINE]) >= 7


def test_a_port_that_went_by_a_reset_does_not_restart_the_round() -> None:
    """While a step is given its time, what it brings with it is no trouble of its own."""
    escalation = Escalation()
    now = 0.0
    while escalation.choose_step(Trouble.FAILING, now, ALL) is not EscalationStep.RESET:
        now += STEP_S
    assert steps_taken(escalation, Trouble.PORT_GONE, ALL, since_s=now, for_s=60) == []
    assert escalation.trouble is Trouble.FAILING
    assert (
        escalation.choose_step(Trouble.FAILING, now + PATIENCE_S[EscalationStep.RESET], ALL) is EscalationStep.USB_RESET
    )


def test_resets_of_two_rounds_are_some_minutes_apart() -> None:
    """However often a modem is well and sick again in between: the gentle steps are taken at once, the hard ones wait."""
    escalation = Escalation()
    now = 0.0
    hard: list[float] = []
    while now < 3600:
        step = escalation.choose_step(Trouble.SILENT, now, ALL)
        if step is EscalationStep.USB_RESET:
            hard.append(now)
            escalation.end_trouble(RecoverySign.READY, now + 10)
        now += STEP_S
    assert len(hard) > 5
    assert min(then - at for at, then in pairwise(hard)) >= RESET_INTERVAL_S


def test_failing_sends_are_cured_by_a_send_alone() -> None:
    """A modem that was reset and is registered again has shown nothing yet."""
    escalation = Escalation()
    assert escalation.choose_step(Trouble.FAILING, 0, ALL) is EscalationStep.SET_UP
    assert not escalation.end_trouble(RecoverySign.READY, 10)
    assert escalation.choose_step(Trouble.FAILING, 20, ALL) is EscalationStep.RADIO
    assert escalation.end_trouble(RecoverySign.PASSED, 200)
    assert escalation.choose_step(Trouble.FAILING, 300, ALL) is EscalationStep.SET_UP


def test_what_was_long_ago_is_forgotten() -> None:
    """After half an hour of health the first quarantine is the short one again."""
    escalation = Escalation()
    steps_taken(escalation, Trouble.SILENT, BARE, for_s=400)
    assert escalation.rounds == 2
    escalation.end_trouble(RecoverySign.READY, 400)
    later = 400 + FORGET_ROUNDS_S
    steps_taken(escalation, Trouble.SILENT, BARE, since_s=later, for_s=20)
    assert escalation.rounds == 1


def test_power_is_switched_for_a_lost_modem_after_a_while() -> None:
    """Most come back by themselves: a restart takes half a minute, a person two."""
    story = steps_taken(Escalation(), Trouble.PORT_GONE, ALL, for_s=400)
    assert [step for _, step in story][:1] == [EscalationStep.POWER]
    assert story[0][0] == PLANS[Trouble.PORT_GONE].after_s[EscalationStep.POWER]
    assert steps_taken(Escalation(), Trouble.PORT_GONE, BARE, for_s=86400) == []


def test_the_time_left_in_quarantine_can_be_told() -> None:
    """While it lasts, and not before or after."""
    escalation = Escalation()
    assert escalation.find_quarantine_left(0) is None
    steps_taken(escalation, Trouble.SILENT, BARE, for_s=15)
    assert escalation.find_quarantine_left(10) == pytest.approx(QUARANTINE_S[0])
    assert escalation.find_quarantine_left(10 + QUARANTINE_S[0]) is None
