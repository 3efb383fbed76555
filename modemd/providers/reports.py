"""Reports of what became of a message, and inbound messages, as every provider tells them: by webhook, list or record.

They come more than once and out of order: `advance` never goes back, and `provider_id` tells one message from another.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from modemd.errors import ModemdError
from modemd.light_dataclass import dataclass
from modemd.providers.outcomes import Price, RefusalClass


class ReportedState(StrEnum):
    """State of a message at a provider. DELIVERED says no more than "reported delivered"."""

    WAITING = "waiting"  # taken, and in the provider's queue
    SENDING = "sending"
    SENT = "sent"  # handed on to an operator
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"  # never left the provider
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True if nothing comes after it."""
        return _RANKS[self] == _FINAL

    @property
    def rank(self) -> int:
        """Place in the order of states: a message goes only to a state of a higher rank."""
        return _RANKS[self]


_FINAL = 3
_RANKS = {ReportedState.WAITING: 0, ReportedState.SENDING: 1, ReportedState.SENT: 2} | dict.fromkeys(
    (
        *(ReportedState.DELIVERED, ReportedState.UNDELIVERED, ReportedState.FAILED),
        *(ReportedState.EXPIRED, ReportedState.CANCELLED),
    ),
    _FINAL,
)


def advance(before: ReportedState, reported: ReportedState) -> ReportedState:
    """Returns the state of a message after a report. Of two final states, the first stays."""
    return reported if reported.rank > before.rank else before


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """Report about an outbound message. `refusal`: class of `code`, if the table has it; `segments`, `price` and `sender_used`:
    None if it does not say; `client_ref`: our own name for the attempt, if it comes back; `at`: when the provider says that it
    was so."""

    provider_id: str
    state: ReportedState
    code: str | None = None
    refusal: RefusalClass | None = None
    text: str = ""
    segments: int | None = None
    price: Price | None = None
    sender_used: str | None = None
    client_ref: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PartPlace:
    """Place of a part in a long message: `number` of `total`, of those with the same reference."""

    reference: str
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class ProviderInbound:
    """Inbound message. `at`: when the provider got it, None if it does not say; `media`: how many files belong to it; `part`: its
    place, if the provider hands on the parts of a long message one by one; `answered`: the kind of keyword (`STOP`, `START`,
    `HELP`) that the provider has answered itself, so that nobody else does. Its repr shows no text."""

    provider_id: str
    sender: str
    recipient: str
    text: str = field(repr=False)
    at: datetime | None = None
    media: int = 0
    part: PartPlace | None = None
    answered: str | None = None


class NotAuthentic(ModemdError):
    """Call of a webhook without a signature that proves who calls, or too old."""


class NotUnderstood(ModemdError):
    """Call of a webhook that is signed, and still says nothing that can be used."""
