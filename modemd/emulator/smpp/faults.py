"""Faults of a message centre: what happens to the next messages and receipts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from modemd.emulator.network.status_reports import LATE_S, Oddity

FaultKind = Literal["refuse", "lose_answer", "late_answer", "cut", "cut_before"]
"""What happens to a message: `refuse`: it is not accepted, and the answer has a status; `lose_answer`: it is accepted, and never
answered; `late_answer`: accepted, and answered after some seconds; `cut`: accepted, and the connection ends without an answer;
`cut_before`: the connection ends, and it is not accepted."""


@dataclass(frozen=True, slots=True)
class SubmitFault:
    """Fault of one message. `status`: of a refusal; `seconds`: until a late answer."""

    kind: FaultKind
    status: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ReceiptFault:
    """Fault of one receipt. `seconds`: how late a late one is, and after how long the second of two comes."""

    oddity: Oddity
    seconds: float = LATE_S


class PlannedFaults:
    """Faults of the next messages and receipts, each for one, in order."""

    def __init__(self) -> None:
        self._submits: deque[SubmitFault] = deque()
        self._receipts: deque[ReceiptFault] = deque()

    def plan(self, fault: SubmitFault | ReceiptFault) -> None:
        """Adds a fault behind those that are planned."""
        if isinstance(fault, SubmitFault):
            self._submits.append(fault)
        else:
            self._receipts.append(fault)

    def take_submit_fault(self) -> SubmitFault | None:
        """Returns the fault of the message that comes now, and removes it; None if it has none."""
        return self._submits.popleft() if self._submits else None

    def take_receipt_fault(self) -> ReceiptFault | None:
        """Returns the fault of the receipt that is due now, and removes it; None if it has none."""
        return self._receipts.popleft() if self._receipts else None
