"""Connector: the contract between the service and a way out of messages, a modem today.

A way out takes parts from `Outbound`, which the dispatcher implements, and hands arrivals to `Inbound`, which the inbox
implements. It names itself by a `Sender` with each call. Nothing here knows a database, a queue or a port.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sender:
    """Sender of messages, as the queue and the inbox know it.

    `id` names the SIM (its ICCID) and `device` the modem that it sits in (its IMEI); attempts are journaled under both. `number`
    is its own telephone number if it is known. An answer is awaited for `send_timeout_s`; some refusals count as such only within
    `refusal_window_s` of the last octet; `vendor_errors` gives the meaning of error numbers that are the vendor's own.
    """

    id: str
    device: str
    send_timeout_s: float
    refusal_window_s: float
    number: str | None = None
    vendor_errors: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A part, chosen and encoded ahead of its claim. `tpdu` excludes the SMSC field; `rank` is its place in the queue."""

    part_id: int
    tpdu: bytes
    rank: int
    is_first_of_several: bool


@dataclass(frozen=True, slots=True)
class ClaimedPart:
    """A journaled attempt, with the part that the claim chose (not always the draft's), encoded. `not_after`: its first octet is
    not written then or later, for the window of its message has closed. `following`: what this SIM would send next."""

    attempt_id: int
    part_id: int
    message_id: int
    tpdu: bytes
    consent_epoch: int
    not_after: datetime | None = None
    next_draft: Draft | None = None


class AttemptEnding(StrEnum):
    """Ending of an attempt, as the way out saw it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no answer"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """What became of an attempt. `elapsed_s`: from Ctrl-Z to the answer. `error`: the final result line, or why none came.
    `no_network`: the modem had lost it, so that the refusal says nothing of the message."""

    attempt_id: int
    ending: AttemptEnding
    written_at: datetime | None = None
    reference: int | None = None
    code: int | None = None
    error: str | None = None
    elapsed_s: float = 0.0
    is_without_network: bool = False


class Outbound(Protocol):
    """Parts to send, and the journal of attempts. Calls that return futures take effect in the order of the calls."""

    @property
    def consent_epoch(self) -> int:
        """Number that moves, on the loop, before any opt-out is stored."""

    async def next_draft(self, sender: Sender, *, urgent: bool = False) -> Draft | None:
        """Chooses the next part for this sender, encoded; changes nothing stored. None if nothing is due, or with `urgent` no
        alarm or otp."""

    def has_unseen_urgent(self, sender: Sender) -> bool:
        """True if an alarm or otp may have been queued since this sender last searched the queue."""

    def claim(self, sender: Sender, draft: Draft, *, choose_next: bool) -> Future[ClaimedPart | None]:
        """Journals the next attempt; with `choose_next` it also chooses the part that follows. None if nothing may be sent now."""

    def close_attempt(self, sender: Sender, report: AttemptReport) -> Future[None]:
        """Journals the outcome of an attempt."""

    def close_attempt_lazily(self, sender: Sender, report: AttemptReport) -> None:
        """Journals the outcome of an attempt in the commit of the next claim, which is near."""

    def is_current(self, sender: Sender, draft: Draft) -> bool:
        """True if nothing was queued meanwhile that goes before the draft, and the sender may still send it."""

    def end_reservation(self, draft: Draft) -> None:
        """Ends the reservation of a draft that has been claimed: the state of its part says how it goes on."""

    def return_draft(self, draft: Draft) -> None:
        """Ends the reservation of a draft that will not be claimed: another sender may choose the part at once."""

    def find_send_fault(self, sender: Sender) -> str | None:
        """Explains why sends fail in a row if neither the messages nor the SIM are at fault; each pause of the SIM in other
        words. None if they do not."""


class Inbound(Protocol):
    """Arrivals, made durable. The way out may delete or acknowledge an arrival once the call has returned."""

    def store_arrival(self, sender: Sender, octets: bytes) -> Awaitable[None]:
        """Stores an inbound message or status report (SMSC field and TPDU)."""

    def store_arrival_lazily(self, sender: Sender, octets: bytes) -> Awaitable[None]:
        """Stores an arrival; a status report goes into the commit of the next change, if one is near."""

    def store_missed_call(self, sender: Sender, number: str) -> Awaitable[None]:
        """Stores a missed call; `number` is empty if it was withheld. Raises StoreUnavailable if it cannot be stored now."""
