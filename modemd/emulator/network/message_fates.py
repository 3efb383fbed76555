"""Fates of messages: decides which SUBMITs the network refuses, and which accepted messages never arrive.

A refusal reaches the sender as a `+CMS ERROR`. A fate is the TP-Status with which messages to a recipient end; without one a
message is delivered, or expires at the service centre. What goes wrong before the network, such as an answer that a modem loses,
is a fault of the device: `emulator/device/faults.py`. Reports that never come are in `status_reports.py`.
"""

from __future__ import annotations

from modemd.emulator.network.behaviour import NetworkBehaviour
from modemd.emulator.network.operators import Operator

DUPLICATE_CAUSE = 197
"""Cause of a refusal because of TP-RD (TP-FCS C5, 3GPP TS 23.040 9.2.3.22)."""

DELIVERED = 0x00
FIRST_TEMPORARY_ERROR, FIRST_PERMANENT_ERROR = 0x20, 0x40
"""TP-Status of a delivered message, and the first ones of the temporary errors, after which the service centre tries again,
and of the permanent errors (3GPP TS 23.040 9.2.3.15)."""


class Rejected(Exception):
    """The network refuses a SUBMIT. `cause` is the number of the `+CMS ERROR` (3GPP TS 24.011 annex E)."""

    def __init__(self, cause: int) -> None:
        super().__init__(f"cause {cause}")
        self.cause = cause


class MessageFates:
    """Decides the fate of each message. `by_recipient` has the TP-Status of the recipients with a fate of their own."""

    def __init__(self, behaviour: NetworkBehaviour) -> None:
        self.by_recipient: dict[str, int] = {}
        self._behaviour = behaviour

    def check_refusal(self, operator: Operator, recipient: str, *, is_duplicate: bool) -> None:
        """Raises Rejected if an operator refuses a SUBMIT to this recipient.

        The causes are, in this order: the recipient is refused, or everybody; the draw of `Operator.refusals`; and for a
        duplicate that the SUBMIT asks to reject (TP-RD), 197.
        """
        cause = operator.rejected.get(recipient, operator.rejected.get(None))
        if cause is None:
            cause = next((cause for cause, share in operator.refusals.items() if self._behaviour.is_drawn(share)), None)
        if cause is None and is_duplicate:
            cause = DUPLICATE_CAUSE
        if cause is not None:
            raise Rejected(cause)

    def fate_of(self, recipient: str) -> int:
        """Returns the TP-Status with which a message to this recipient ends, if it is not refused and does not expire."""
        return self.by_recipient.get(recipient, DELIVERED)


def is_given_up_at_once(status: int) -> bool:
    """Returns whether a message with this fate ends at the first attempt, undelivered."""
    return status >= FIRST_PERMANENT_ERROR


def may_arrive(status: int) -> bool:
    """Returns whether a message with this fate can arrive. With a temporary error it waits in vain until it expires."""
    return status < FIRST_TEMPORARY_ERROR
