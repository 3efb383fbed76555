"""The states of parts and messages, as tables. What is not in a table is an error.

A part goes on the air as a whole; a message's state follows from its parts (`message_state`), never the other way round.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from modemd.errors import ModemdError


class Part(StrEnum):
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


class Message(StrEnum):
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


class Event(StrEnum):
    """What happens to a part."""

    PROMOTED = "promoted"  # its time has come
    CLAIMED = "claimed"  # journaled for a modem
    ACCEPTED = "accepted"  # +CMGS, early or late, or a report that proves it
    WITHDRAWN = "withdrawn"  # claimed, but no octet of its PDU was written
    PUT_OFF = "put off"  # refused for now
    REFUSED = "refused"  # refused for good
    LOST = "lost"  # written, never answered
    REPEATED = "repeated"  # an unknown alarm or otp goes out once more
    GIVEN_UP = "given up"  # its repeat came too late to be sent: what was unknown stays so
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SETTLED_SENT = "settled sent"  # a person says so of an unknown one
    SETTLED_NOT_SENT = "settled not sent"


NEXT: dict[tuple[Part, Event], Part] = {
    (Part.HELD, Event.PROMOTED): Part.QUEUED,
    (Part.HELD, Event.EXPIRED): Part.EXPIRED,
    (Part.HELD, Event.CANCELLED): Part.CANCELLED,
    (Part.HELD, Event.REFUSED): Part.FAILED,  # the rest of a started message, stuck too long
    (Part.QUEUED, Event.CLAIMED): Part.SENDING,
    (Part.QUEUED, Event.PUT_OFF): Part.HELD,
    (Part.QUEUED, Event.EXPIRED): Part.EXPIRED,
    (Part.QUEUED, Event.CANCELLED): Part.CANCELLED,
    (Part.QUEUED, Event.REFUSED): Part.FAILED,
    (Part.SENDING, Event.ACCEPTED): Part.SENT,
    (Part.SENDING, Event.WITHDRAWN): Part.QUEUED,
    (Part.SENDING, Event.PUT_OFF): Part.HELD,
    (Part.SENDING, Event.REFUSED): Part.FAILED,
    (Part.SENDING, Event.LOST): Part.UNKNOWN,
    (Part.UNKNOWN, Event.ACCEPTED): Part.SENT,
    (Part.UNKNOWN, Event.REPEATED): Part.QUEUED,
    (Part.UNKNOWN, Event.SETTLED_SENT): Part.SENT,  # a later report still counts
    (Part.UNKNOWN, Event.SETTLED_NOT_SENT): Part.FAILED,  # nothing sends it again by itself
    (Part.QUEUED, Event.ACCEPTED): Part.SENT,  # evidence came while the repeat was waiting: it is not sent again
    (Part.HELD, Event.ACCEPTED): Part.SENT,  # the same, while the repeat was backing off
    (Part.QUEUED, Event.GIVEN_UP): Part.UNKNOWN,
    (Part.HELD, Event.GIVEN_UP): Part.UNKNOWN,
    (Part.SENDING, Event.GIVEN_UP): Part.UNKNOWN,
    (Part.SENT, Event.DELIVERED): Part.DELIVERED,
    (Part.SENT, Event.UNDELIVERED): Part.UNDELIVERED,
}

FINAL_PARTS = frozenset({Part.DELIVERED, Part.UNDELIVERED, Part.FAILED, Part.EXPIRED, Part.CANCELLED})
FINAL_MESSAGES = frozenset(
    {Message.DELIVERED, Message.UNDELIVERED, Message.FAILED, Message.EXPIRED, Message.CANCELLED, Message.REFUSED}
)
# States that close, keeping their name, when validity and a day have passed.
CLOSING = frozenset({Message.SENT, Message.UNKNOWN})
# Parts of which a report may still come.
AWAITING_REPORT = frozenset({Part.SENDING, Part.SENT, Part.UNKNOWN})
# Parts that have left for the network, as far as is known.
LEFT = frozenset({Part.SENT, Part.DELIVERED, Part.UNDELIVERED})


class StateError(ModemdError):
    """A transition that the table does not have: a mistake of ours, named by state and event."""


def after(state: Part, event: Event) -> Part:
    """The state that `event` leads to from `state`."""
    try:
        return NEXT[state, event]
    except KeyError:
        raise StateError(f"a part that is {state} cannot be {event}") from None


def message_state(parts: Collection[Part], *, tried: bool) -> Message:
    """The state of a message whose parts are in the states `parts` (one entry a part). `tried`: any part was claimed before."""
    present = set(parts)
    if Part.SENDING in present or (Part.QUEUED in present and tried):
        return Message.SENDING
    if Part.QUEUED in present:
        return Message.QUEUED
    for state in _STRONGEST:
        if state in present:
            return Message(state)
    return Message.DELIVERED if present == {Part.DELIVERED} else Message.SENT


# With no part queued or on the air, the first of these that occurs names the message.
_STRONGEST = (Part.HELD, Part.CANCELLED, Part.EXPIRED, Part.UNKNOWN, Part.FAILED, Part.UNDELIVERED)
