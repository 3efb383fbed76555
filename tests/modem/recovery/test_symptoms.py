"""Signs of a modem through which no message can pass: from when on each counts, and what is said."""

from __future__ import annotations

import pytest

from modemd.at.replies import Registration
from modemd.modem.recovery.escalation import Trouble
from modemd.modem.recovery.symptoms import THRESHOLDS, Symptom, Symptoms


def found(symptoms: Symptoms, now: float) -> list[Symptom]:
    return [finding.symptom for finding in symptoms.list_findings(now)]


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
    symptoms = Symptoms()
    symptoms.note_registration(registration, 0)
    symptoms.note_registration(registration, 590)
    assert found(symptoms, 599) == []
    assert [(finding.symptom, finding.trouble) for finding in symptoms.list_findings(600)] == [(sign, trouble)]
    symptoms.note_registration(Registration.HOME, 610)
    symptoms.note_registration(registration, 620)
    assert found(symptoms, 700) == []


@pytest.mark.parametrize(("dbm", "weak"), [(-113, True), (-105, True), (-103, False), (None, True)])
def test_a_weak_signal_is_told_and_nothing_is_done(dbm: int | None, weak: bool) -> None:
    """CSQ 99 or below 5 for ten minutes."""
    symptoms = Symptoms()
    symptoms.note_signal(dbm, 0)
    symptoms.note_signal(dbm, 600)
    assert [(finding.symptom, finding.trouble) for finding in symptoms.list_findings(600)] == [
        (Symptom.WEAK_SIGNAL, None)
    ] * weak


def test_a_weak_signal_goes_without_saying_where_there_is_no_network() -> None:
    """One reason is enough."""
    symptoms = Symptoms()
    symptoms.note_signal(None, 0)
    symptoms.note_registration(Registration.SEARCHING, 1)
    assert found(symptoms, 700) == [Symptom.UNREGISTERED]


def test_five_unanswered_messages_in_a_row() -> None:
    """One that passes begins the row anew; after something was done, each further one counts."""
    symptoms = Symptoms()
    for _ in range(4):
        symptoms.note_unanswered()
    symptoms.note_accepted()
    for _ in range(4):
        symptoms.note_unanswered()
    assert found(symptoms, 0) == []
    symptoms.note_unanswered()
    assert [finding.reason for finding in symptoms.list_findings(0)] == [
        "5 messages in a row got no answer from the modem"
    ]
    symptoms.mark_treated(Symptom.UNANSWERED)
    assert found(symptoms, 0) == []
    symptoms.note_unanswered()
    assert found(symptoms, 0) == [Symptom.UNANSWERED]


def test_each_rest_for_refusals_counts_once() -> None:
    """A step is taken for it; if the backend gives another reason later, one more is."""
    symptoms = Symptoms()
    symptoms.note_failing("5 refusals", 0)
    assert found(symptoms, 0) == [Symptom.FAILING]
    symptoms.mark_treated(Symptom.FAILING)
    symptoms.note_failing("5 refusals", 60)
    assert found(symptoms, 60) == []
    symptoms.note_failing(None, 120)
    symptoms.note_failing("6 refusals", 180)
    assert found(symptoms, 180) == [Symptom.FAILING]


def test_every_sign_has_its_threshold() -> None:
    """With a reason in words, and where it is from."""
    assert set(THRESHOLDS) == set(Symptom)
    assert all(threshold.reason and threshold.source for threshold in THRESHOLDS.values())
