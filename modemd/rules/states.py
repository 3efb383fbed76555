"""States of parts and messages, as tables. A transition that is not in the table is an error.

A part goes on the air as a whole; a message's state follows from its parts (`derive_message_state`), never the other way round.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from modemd.errors import ModemdError


class PartState(StrEnum):
    """States of a part."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class MessageState(StrEnum):
    """States of a message."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class PartEvent(StrEnum):
    """Event of a part: causes a transition."""

    PROMOTED = "promoted"  # its time has come
    CLAIMED = "claimed"  # journaled for a modem
    ACCEPTED = "accepted"  # +CMGS, early or late, or a report that proves it
    WITHDRAWN = "withdrawn"  # claimed, but no octet of its PDU was written
    PUT_OFF = "put off"  # refused for now
    REFUSED = "refused"  # refused for good
    PUT_BACK = "put back"  # the refusal was the SIM's fault, as is known by now
    LOST = "lost"  # written, never answered
    REPEATED = "repeated"  # an unknown alarm or otp goes out once more
    GIVEN_UP = "given up"  # its repeat came too late to be sent: what was unknown stays so
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SETTLED_SENT = "settled sent"  # a person says so of an unknown one
    SETTLED_NOT_SENT = "settled not sent"


TRANSITIONS: dict[tuple[PartState, PartEvent], PartState] = {
    (PartState.HELD, PartEvent.PROMOTED): PartState.QUEUED,
    (PartState.HELD, PartEvent.EXPIRED): PartState.EXPIRED,
    (PartState.HELD, PartEvent.CANCELLED): PartState.CANCELLED,
    (PartState.HELD, PartEvent.REFUSED): PartState.FAILED,  # the rest of a started message, stuck too long
    (PartState.QUEUED, PartEvent.CLAIMED): PartState.SENDING,
    (PartState.QUEUED, PartEvent.PUT_OFF): PartState.HELD,
    (PartState.QUEUED, PartEvent.EXPIRED): PartState.EXPIRED,
    (PartState.QUEUED, PartEvent.CANCELLED): PartState.CANCELLED,
    (PartState.QUEUED, PartEvent.REFUSED): PartState.FAILED,
    (PartState.SENDING, PartEvent.ACCEPTED): PartState.SENT,
    (PartState.SENDING, PartEvent.WITHDRAWN): PartState.QUEUED,
    (PartState.SENDING, PartEvent.PUT_OFF): PartState.HELD,
    (PartState.SENDING, PartEvent.REFUSED): PartState.FAILED,
    (PartState.SENDING, PartEvent.LOST): PartState.UNKNOWN,
    (PartState.FAILED, PartEvent.PUT_BACK): PartState.QUEUED,
    (PartState.UNKNOWN, PartEvent.ACCEPTED): PartState.SENT,
    (PartState.UNKNOWN, PartEvent.REPEATED): PartState.QUEUED,
    (PartState.UNKNOWN, PartEvent.SETTLED_SENT): PartState.SENT,  # a later report still counts
    (PartState.UNKNOWN, PartEvent.SETTLED_NOT_SENT): PartState.FAILED,  # nothing sends it again by itself
    (
        PartState.QUEUED,
        PartEvent.ACCEPTED,
    ): PartState.SENT,  # evidence came while the repeat was waiting: it is not sent again
    (PartState.HELD, PartEvent.ACCEPTED): PartState.SENT,  # the same, while the repeat was backing off
    (PartState.QUEUED, PartEvent.GIVEN_UP): PartState.UNKNOWN,
    (PartState.HELD, PartEvent.GIVEN_UP): PartState.UNKNOWN,
    (PartState.SENDING, PartEvent.GIVEN_UP): PartState.UNKNOWN,
    (PartState.SENT, PartEvent.DELIVERED): PartState.DELIVERED,
    (PartState.SENT, PartEvent.UNDELIVERED): PartState.UNDELIVERED,
}

FINAL_PARTS = frozenset(
    {PartState.DELIVERED, PartState.UNDELIVERED, PartState.FAILED, PartState.EXPIRED, PartState.CANCELLED}
)
FINAL_MESSAGES = frozenset(
    {
        MessageState.DELIVERED,
        MessageState.UNDELIVERED,
        MessageState.FAILED,
        MessageState.EXPIRED,
        MessageState.CANCELLED,
        MessageState.REFUSED,
    }
)
# States in which a message waits for something, as long as nothing of it is on the air.
WAITING = frozenset({MessageState.HELD, MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN})
# States that close, keeping their name, when validity and a day have passed.
CLOSABLE_MESSAGES = frozenset({MessageState.SENT, MessageState.UNKNOWN})
# Parts of which a report may still come.
AWAITING_REPORT = frozenset({PartState.SENDING, PartState.SENT, PartState.UNKNOWN})
# Parts that have left for the network, as far as is known.
HAS_LEFT = frozenset({PartState.SENT, PartState.DELIVERED, PartState.UNDELIVERED})


class StateError(ModemdError):
    """Transition that the table does not have: a mistake of ours, named by state and event."""


def find_next_state(state: PartState, event: PartEvent) -> PartState:
    """Returns the state that `event` leads to from `state`. Raises StateError."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise StateError(f"a part that is {state} cannot be {event}") from None


def derive_message_state(parts: Collection[PartState], *, tried: bool) -> MessageState:
    """Returns the state of a message whose parts are in the states `parts`. `tried`: any of the parts was claimed before."""
    present = set(parts)
    if PartState.SENDING in present or (PartState.QUEUED in present and tried):
        return MessageState.SENDING
    if PartState.QUEUED in present:
        return MessageState.QUEUED
    for state in _STRONGEST:
        if state in present:
            return MessageState(state)
    return MessageState.DELIVERED if present == {PartState.DELIVERED} else MessageState.SENT


# With no part queued or on the air, the first of these that occurs names the message.
_STRONGEST = (
    PartState.HELD,
    PartState.CANCELLED,
    PartState.EXPIRED,
    PartState.UNKNOWN,
    PartState.FAILED,
    PartState.UNDELIVERED,
)
