"""Connector: the contract between the service and a way out of messages, which today is always a modem.

A way out takes parts from `Outbound`, which the dispatcher implements, and hands arrivals to `Inbound`, which the inbox
implements. It names itself by a `Sender` in each call. This module knows no database, no queue and no port.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from modemd.light_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """Sender of messages, as the queue and the inbox know it.

    `id` names the SIM (its ICCID) and `device` the modem that holds it (its IMEI, or its name if it tells none); attempts are
    journaled under both. `number` is the SIM's own telephone number and `imsi` its IMSI, if they are known. `send_timeout_s` is
    the time an answer is awaited, in seconds. Some errors count as refusals only within `refusal_window_s` seconds of the last
    octet. `vendor_errors` gives the meaning of error numbers that are the vendor's own.
    """

    id: str
    device: str
    send_timeout_s: float
    refusal_window_s: float
    number: str | None = None
    vendor_errors: Mapping[int, str] = field(default_factory=dict)
    imsi: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """Part that was chosen and encoded before its claim. `tpdu` excludes the SMSC field; `is_urgent`: an alarm or otp;
    `message_id` is for the log."""

    part_id: int
    tpdu: bytes
    is_urgent: bool
    is_first_of_several: bool
    message_id: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ClaimedPart:
    """Journaled attempt, with the encoded part that the claim chose (it may be another part than the draft's).

    If `not_after` is set, the window of the message closes then, and the first octet must be written before. If the claim also
    chose the part that follows, `next_draft` is that part.
    """

    attempt_id: int
    part_id: int
    message_id: int
    tpdu: bytes
    consent_epoch: int
    not_after: datetime | None = None
    next_draft: Draft | None = None

    def report(
        self,
        ending: AttemptEnding,
        written_at: datetime | None = None,
        reference: int | None = None,
        code: int | None = None,
        error: str | None = None,
        elapsed_s: float = 0.0,
    ) -> AttemptReport:
        """Returns the report of how this attempt ended."""
        return AttemptReport(
            self.attempt_id, ending, written_at, reference, code, error, elapsed_s, message_id=self.message_id
        )


class AttemptEnding(StrEnum):
    """Ending of an attempt, as the way out observed it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no answer"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """Report of how an attempt ended.

    `elapsed_s` is the time from Ctrl-Z to the answer, in seconds. `error` is the final result line, or the reason why none
    came. If `is_without_network`, the modem had lost the network, so the refusal says nothing about the message. `message_id` is
    for the log.
    """

    attempt_id: int
    ending: AttemptEnding
    written_at: datetime | None = None
    reference: int | None = None
    code: int | None = None
    error: str | None = None
    elapsed_s: float = 0.0
    is_without_network: bool = False
    message_id: int | None = field(default=None, compare=False)


class Outbound(Protocol):
    """Source of parts to send, and journal of attempts. Calls that return futures take effect in the order of the calls."""

    @property
    def consent_epoch(self) -> int:
        """Number that changes, on the loop, before any opt-out is stored."""

    async def next_draft(self, sender: Sender, *, urgent: bool = False) -> Draft | None:
        """Chooses and encodes the next part for this sender; changes nothing stored. Returns None if nothing is due; with
        `urgent`, None if no alarm or otp is due."""

    def has_unseen_urgent(self, sender: Sender) -> bool:
        """True if an alarm or otp may have been queued since this sender last searched the queue."""

    def claim(self, sender: Sender, draft: Draft, *, choose_next: bool) -> Future[ClaimedPart | None]:
        """Journals the next attempt. With `choose_next`, it also chooses the part that follows. The result is None if
        nothing may be sent now."""

    def close_attempt(self, sender: Sender, report: AttemptReport) -> Future[None]:
        """Journals the outcome of an attempt."""

    def close_attempt_lazily(self, sender: Sender, report: AttemptReport) -> None:
        """Journals the outcome of an attempt in the commit of the next claim, which must be about to happen."""

    def is_current(self, sender: Sender, draft: Draft) -> bool:
        """True if nothing that goes before the draft was queued since, and the sender may still send it."""

    def end_reservation(self, draft: Draft) -> None:
        """Ends the reservation of a draft that was claimed. From then on the state of the part decides."""

    def return_draft(self, draft: Draft) -> None:
        """Ends the reservation of a draft that will not be claimed. Another sender may choose the part at once."""

    def find_send_fault(self, sender: Sender) -> str | None:
        """Explains why sends fail in a row if neither the messages nor the SIM are at fault; None if they do not. Each pause
        of the SIM gives another explanation."""


class Inbound(Protocol):
    """Storage of arrivals. After a call has returned, the arrival is durable: the way out may delete or acknowledge it."""

    def store_arrival(self, sender: Sender, octets: bytes, *, slot: str | None = None) -> Awaitable[None]:
        """Stores an inbound message or status report, given as SMSC field and TPDU. `slot` names the place on the modem that it
        was read from. A message that is still there after it was stored is remembered as long as the place holds it."""

    def remember_slot(self, sender: Sender, octets: bytes, slot: str) -> Awaitable[None]:
        """Remembers that a stored message cannot be deleted in its slot."""

    def store_damaged(self, sender: Sender, octets: bytes) -> Awaitable[None]:
        """Stores octets of an arrival that are not whole, and so are not read, as an undecodable message."""

    def store_arrival_lazily(self, sender: Sender, octets: bytes) -> Awaitable[None]:
        """Stores an arrival. A status report goes into the commit of the next change, if one is about to happen."""

    def store_missed_call(self, sender: Sender, number: str) -> Awaitable[None]:
        """Stores a missed call; `number` is empty if the caller withheld it. Raises StoreUnavailable if it cannot be stored
        now."""
