"""Symptoms that messages cannot pass: from when on each counts, what it means, and the source of that.

Pure: observations with their times go in, findings come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from modemd.at.replies import Registration
from modemd.light_dataclass import dataclass
from modemd.modem.recovery.escalation import Trouble


class Symptom(StrEnum):
    """Symptom of a modem that still answers."""

    UNREGISTERED = "unregistered"
    DENIED = "denied"
    WEAK_SIGNAL = "weak signal"
    FAILING = "failing"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Threshold from which on a symptom counts: it has shown for `lasts_s` seconds, or `times` in a row.

    `trouble` is what recovery escalates for. If it is None, the symptom is only shown, and the modem is used as long as
    possible.
    """

    reason: str
    source: str
    lasts_s: float = 0.0
    times: int = 1
    trouble: Trouble | None = None


WEAK_DBM = -103
"""Lowest level in dBm that is not called weak: `+CSQ: 5`."""

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
        "one SIM's refusals while others pass, or several numbers refused (rules/sim_breaker); not those that are the SIM's own",
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
    """Symptom that counts, with the reason in words."""

    symptom: Symptom
    reason: str

    @property
    def trouble(self) -> Trouble | None:
        """Trouble to escalate for; None if the symptom is only shown."""
        return THRESHOLDS[self.symptom].trouble


class Symptoms:
    """Observations of one modem, over its sessions. Times are seconds of any monotonic clock."""

    def __init__(self) -> None:
        self._since: dict[Symptom, float] = {}
        self._details: dict[Symptom, str] = {}
        self._treated: dict[Symptom, str] = {}
        self._unanswered = 0

    def note_registration(self, registration: Registration, now: float) -> None:
        """Notes the state of registration (+CREG)."""
        is_denied = registration is Registration.DENIED
        self._note_symptom(Symptom.DENIED, is_denied, now)
        self._note_symptom(
            Symptom.UNREGISTERED, not registration.is_registered and not is_denied, now, registration.name.lower()
        )
        if not registration.is_registered:
            self._note_symptom(Symptom.WEAK_SIGNAL, False, now)  # without a network there is no signal to judge

    def note_signal(self, dbm: int | None, now: float) -> None:
        """Notes the signal level while registered (+CSQ); None if the modem does not know it."""
        is_weak = dbm is None or dbm < WEAK_DBM
        self._note_symptom(Symptom.WEAK_SIGNAL, is_weak, now, "not known" if dbm is None else f"{dbm} dBm")

    def note_accepted(self) -> None:
        """Notes that a part was accepted."""
        self._unanswered = 0

    def note_unanswered(self) -> None:
        """Notes that a part was written and not answered."""
        self._unanswered += 1

    @property
    def is_unanswered(self) -> bool:
        """True if so many parts in a row were not answered that it counts."""
        return self._unanswered >= THRESHOLDS[Symptom.UNANSWERED].times

    def note_failing(self, reason: str | None, now: float) -> None:
        """Notes why sends fail in a row, as the service explains it; None if they do not, or not by the modem's fault."""
        self._note_symptom(Symptom.FAILING, reason is not None, now, reason or "")

    def mark_treated(self, symptom: Symptom) -> None:
        """Notes that a step was taken because of a symptom: it counts again only if it shows anew."""
        if symptom is Symptom.UNANSWERED:
            self._unanswered = THRESHOLDS[symptom].times - 1
        elif symptom is Symptom.FAILING:
            self._treated[symptom] = self._details[symptom]

    def list_findings(self, now: float) -> list[SymptomFinding]:
        """Returns the symptoms that count now, in the order of the table."""
        return [
            SymptomFinding(symptom, self._make_reason(symptom))
            for symptom in THRESHOLDS
            if self._is_significant(symptom, now)
        ]

    def _note_symptom(self, symptom: Symptom, is_shown: bool, now: float, detail: str = "") -> None:
        if is_shown:
            self._since.setdefault(symptom, now)
            self._details[symptom] = detail
        else:
            self._since.pop(symptom, None)

    def _is_significant(self, symptom: Symptom, now: float) -> bool:
        threshold = THRESHOLDS[symptom]
        if symptom is Symptom.UNANSWERED:
            return self.is_unanswered
        if symptom in self._treated and self._treated[symptom] == self._details.get(symptom):
            return False
        return symptom in self._since and now - self._since[symptom] >= threshold.lasts_s

    def _make_reason(self, symptom: Symptom) -> str:
        # The reason has the threshold, not the time that passed, so that it stays the same from one check to the next.
        threshold = THRESHOLDS[symptom]
        return threshold.reason.format(
            minutes=int(threshold.lasts_s // 60), detail=self._details.get(symptom, ""), times=threshold.times
        )
