"""Faults of sending: what becomes of the next message of the host."""

from __future__ import annotations

from typing import Literal

from modemd.emulator.lab.lab import LabModem
from modemd.emulator.lab.requests.base import Cause, LabRequest, Seconds


class LoseAnswer(LabRequest):
    """the next accepted message gets neither +CMGS nor a result; the modem works on"""

    kind: Literal["lose_answer"]

    def apply(self, modem: LabModem) -> None:
        modem.device.lose_next_answer()


class LateAnswer(LabRequest):
    """the next accepted message is answered that much later"""

    kind: Literal["late_answer"]
    seconds: Seconds

    def apply(self, modem: LabModem) -> None:
        modem.device.delay_next_answer(self.seconds)


class LosePrompt(LabRequest):
    """the next +CMGS waits for its PDU without its prompt"""

    kind: Literal["lose_prompt"]

    def apply(self, modem: LabModem) -> None:
        modem.device.lose_next_prompt()


class Refuse(LabRequest):
    """the next message is refused with that +CMS ERROR; nothing is accepted"""

    kind: Literal["refuse"]
    cause: Cause

    def apply(self, modem: LabModem) -> None:
        modem.device.refuse_next(self.cause)


class StickSend(LabRequest):
    """the next message is never accepted, refused or answered; the modem hears nothing more until it restarts"""

    kind: Literal["stick_send"]

    def apply(self, modem: LabModem) -> None:
        modem.device.stick_next_send()
