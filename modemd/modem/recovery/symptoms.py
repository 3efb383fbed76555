"""Whether a message can pass, by evidence: signs, how long or how often each must show, what it means, and where that is from.

Pure: observations with their time go in, findings come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from modemd.at.replies import Registration
from modemd.modem.recovery.escalation import Trouble


class Symptom(StrEnum):
    """What can be seen of a modem that answers."""

    UNREGISTERED = "unregistered"
    DENIED = "denied"
    WEAK_SIGNAL = "weak signal"
    FAILING = "failing"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Threshold:
    """From when on a sign counts: it has shown for `lasts_s`, or `times` in a row. `trouble` is what the ladder climbs for;
    None: it is told, and the modem is used as long as it can be."""

    reason: str
    source: str
    lasts_s: float = 0.0
    times: int = 1
    trouble: Trouble | None = None


WEAK_DBM = -103
"""The weakest that is not called weak: `+CSQ: 5`."""

THRESHOLDS: Mapping[Symptom, Threshold] = {
    Symptom.UNREGISTERED: Threshold(
        "not registered for {minutes} min: {detail}",
        "TS 27.007 7.2: +CREG 0, 2, 4 while others of its kind need seconds, and a whole search at most minutes",
        lasts_s=600.0,
        trouble=Trouble.UNREGISTERED,
    ),
    Symptom.DENIED: Threshold(
        "the network has refused this SIM for {minutes} min: is it barred, or without credit?",
        "TS 27.007 7.2: +CREG 3 is an answer; to restart the modem only asks again",
        lasts_s=600.0,
    ),
    Symptom.WEAK_SIGNAL: Threshold(
        "weak signal for {minutes} min: {detail}; look at the antenna",
        "TS 27.007 8.5: +CSQ 99 or below 5 while registered",
        lasts_s=600.0,
    ),
    Symptom.FAILING: Threshold(
        "sends fail in a row: {detail}",
        "one SIM's refusals while others pass, or several numbers refused (rules/simstate); not those that are the SIM's own",
        trouble=Trouble.FAILING,
    ),
    Symptom.UNANSWERED: Threshold(
        "{times} messages in a row got no answer from the modem",
        "a modem that answers AT and swallows PDUs: firmware that lost its SMS task",
        times=5,
        trouble=Trouble.FAILING,
    ),
}


@dataclass(frozen=True, slots=True)
class SymptomFinding:
    """A sign that counts, with the reason in words."""

    symptom: Symptom
    reason: str

    @property
    def trouble(self) -> Trouble | None:
        return THRESHOLDS[self.symptom].trouble


class Symptoms:
    """What has been seen of one modem, over its sessions. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._since: dict[Symptom, float] = {}
        self._details: dict[Symptom, str] = {}
        self._treated: dict[Symptom, str] = {}
        self._unanswered = 0

    def note_registration(self, registration: Registration, now: float) -> None:
        """What +CREG said."""
        denied = registration is Registration.DENIED
        self._note_symptom(Symptom.DENIED, denied, now)
        self._note_symptom(
            Symptom.UNREGISTERED, not registration.is_registered and not denied, now, registration.name.lower()
        )
        if not registration.is_registered:
            self._note_symptom(Symptom.WEAK_SIGNAL, False, now)  # it goes without saying

    def note_signal(self, dbm: int | None, now: float) -> None:
        """What +CSQ said while registered; None: it does not know."""
        weak = dbm is None or dbm < WEAK_DBM
        self._note_symptom(Symptom.WEAK_SIGNAL, weak, now, "not known" if dbm is None else f"{dbm} dBm")

    def note_accepted(self) -> None:
        """A part was accepted."""
        self._unanswered = 0

    def note_unanswered(self) -> None:
        """A part was written and not answered."""
        self._unanswered += 1

    def note_failing(self, why: str | None, now: float) -> None:
        """What the service says of this SIM's refusals; None: nothing that would be the modem's."""
        self._note_symptom(Symptom.FAILING, why is not None, now, why or "")

    def mark_treated(self, symptom: Symptom) -> None:
        """Something was done about a symptom: it counts again when it shows anew."""
        if symptom is Symptom.UNANSWERED:
            self._unanswered = THRESHOLDS[symptom].times - 1
        elif symptom is Symptom.FAILING:
            self._treated[symptom] = self._details[symptom]

    def list_findings(self, now: float) -> list[SymptomFinding]:
        """What counts now, in the order of the table."""
        return [
            SymptomFinding(symptom, self._make_reason(symptom))
            for symptom in THRESHOLDS
            if self._is_significant(symptom, now)
        ]

    def _note_symptom(self, symptom: Symptom, shown: bool, now: float, detail: str = "") -> None:
        if shown:
            self._since.setdefault(symptom, now)
            self._details[symptom] = detail
        else:
            self._since.pop(symptom, None)

    def _is_significant(self, symptom: Symptom, now: float) -> bool:
        threshold = THRESHOLDS[symptom]
        if symptom is Symptom.UNANSWERED:
            return self._unanswered >= threshold.times
        if symptom in self._treated and self._treated[symptom] == self._details.get(symptom):
            return False
        return symptom in self._since and now - self._since[symptom] >= threshold.lasts_s

    def _make_reason(self, symptom: Symptom) -> str:
        # It says for how long at least, and so stays the same from one look to the next.
        threshold = THRESHOLDS[symptom]
        return threshold.reason.format(
            minutes=int(threshold.lasts_s // 60), detail=self._details.get(symptom, ""), times=threshold.times
        )
