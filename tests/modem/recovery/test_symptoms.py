"""Signs of a modem through which no message can pass: from when on each counts, and what is said."""

from __future__ import annotations

import pytest

from modemd.at.replies import Registration
from modemd.modem.recovery.escalation import Trouble
from modemd.modem.recovery.symptoms import THRESHOLDS, Symptom, Symptoms


def found(vitals: Symptoms, now: float) -> list[Symptom]:
    return [finding.sign for finding in vitals.findings(now)]


@pytest.mark.parametrize(
    ("registration", "sign", "trouble"),
    [
        pytest.param(Registration.OFF, Symptom.UNREGISTERED, Trouble.UNREGISTERED, id="not searching"),
        pytest.param(Registration.SEARCHING, Symptom.UNREGISTERED, Trouble.UNREGISTERED, id="searching"),
        pytest.param(Registration.UNKNOWN, Symptom.UNREGISTERED, Trouble.UNREGISTERED, id="unknown"),
        pytest.param(Registration.DENIED, Symptom.DENIED, None, id="denied: the network's answer, told only"),
    ],
)
def test_ten_minutes_without_a_network(registration: Registration, sign: Symptom, trouble: Trouble | None) -> None:
    """Not before; and what was registered in between counts anew."""
    vitals = Symptoms()
    vitals.registered(registration, 0)
    vitals.registered(registration, 590)
    assert found(vitals, 599) == []
    assert [(finding.sign, finding.trouble) for finding in vitals.findings(600)] == [(sign, trouble)]
    vitals.registered(Registration.HOME, 610)
    vitals.registered(registration, 620)
    assert found(vitals, 700) == []


@pytest.mark.parametrize(("dbm", "weak"), [(-113, True), (-105, True), (-103, False), (None, True)])
def test_a_weak_signal_is_told_and_nothing_is_done(dbm: int | None, weak: bool) -> None:
    """CSQ 99 or below 5 for ten minutes."""
    vitals = Symptoms()
    vitals.signal(dbm, 0)
    vitals.signal(dbm, 600)
    assert [(finding.sign, finding.trouble) for finding in vitals.findings(600)] == [(Symptom.WEAK_SIGNAL, None)] * weak


def test_a_weak_signal_goes_without_saying_where_there_is_no_network() -> None:
    """One reason is enough."""
    vitals = Symptoms()
    vitals.signal(None, 0)
    vitals.registered(Registration.SEARCHING, 1)
    assert found(vitals, 700) == [Symptom.UNREGISTERED]


def test_five_unanswered_messages_in_a_row() -> None:
    """One that passes begins the row anew; after something was done, each further one counts."""
    vitals = Symptoms()
    for _ in range(4):
        vitals.unanswered()
    vitals.passed()
    for _ in range(4):
        vitals.unanswered()
    assert found(vitals, 0) == []
    vitals.unanswered()
    assert [finding.reason for finding in vitals.findings(0)] == ["5 messages in a row got no answer from the modem"]
    vitals.acted(Symptom.UNANSWERED)
    assert found(vitals, 0) == []
    vitals.unanswered()
    assert found(vitals, 0) == [Symptom.UNANSWERED]


def test_each_rest_for_refusals_counts_once() -> None:
    """A rung is climbed for it; the next time the desk says something else, one more is."""
    vitals = Symptoms()
    vitals.failing("5 refusals", 0)
    assert found(vitals, 0) == [Symptom.FAILING]
    vitals.acted(Symptom.FAILING)
    vitals.failing("5 refusals", 60)
    assert found(vitals, 60) == []
    vitals.failing(None, 120)
    vitals.failing("6 refusals", 180)
    assert found(vitals, 180) == [Symptom.FAILING]


def test_every_sign_has_its_threshold() -> None:
    """With a reason in words, and where it is from."""
    assert set(THRESHOLDS) == set(Symptom)
    assert all(threshold.reason and threshold.source for threshold in THRESHOLDS.values())
