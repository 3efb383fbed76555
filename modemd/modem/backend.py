"""What a modem needs of the daemon around it: parts to send, and somebody to hand arrivals to.

The service implements `Desk`; tests may. Nothing here knows a database or a queue.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol

from modemd.connector import AttemptReport, ClaimedPart, Draft
from modemd.modem.status import Identity


class Backend(Protocol):
    """What the service does for a modem. Calls that return futures take effect in the order of the calls."""

    @property
    def consent_epoch(self) -> int:
        """Moves, on the loop, before any opt-out is stored."""

    async def next_draft(self, identity: Identity, *, urgent: bool = False) -> Draft | None:
        """The next part for this SIM, encoded; changes nothing stored. None: nothing is due, or nothing that is `urgent`: alarm
        or otp."""

    def has_unseen_urgent(self, identity: Identity) -> bool:
        """Whether an alarm or otp may be waiting that this SIM has not looked for."""

    def claim(self, identity: Identity, draft: Draft, *, ahead: bool) -> Future[ClaimedPart | None]:
        """Journal the next attempt; `ahead`: and choose what follows it. None: nothing may go now."""

    def close_attempt(self, identity: Identity, attempted: AttemptReport) -> Future[None]:
        """Journal what became of an attempt."""

    def close_attempt_lazily(self, identity: Identity, attempted: AttemptReport) -> None:
        """The same in the commit of the next claim, which is near."""

    def is_current(self, identity: Identity, draft: Draft) -> bool:
        """Whether nothing has come meanwhile that goes before the draft, and the SIM may send it still."""

    def end_reservation(self, draft: Draft) -> None:
        """A draft that a claim was made for: its part's state says what is to become of it."""

    def return_draft(self, draft: Draft) -> None:
        """A draft that will not be claimed: another modem may choose the part, now."""

    def store_arrival(self, identity: Identity, octets: bytes) -> Awaitable[None]:
        """Make an arrival (SMSC field and TPDU) durable, message or status report. Then the modem may delete it."""

    def store_arrival_lazily(self, identity: Identity, octets: bytes) -> Awaitable[None]:
        """The same for a status report, in the commit of the next claim if one is near."""

    def find_send_fault(self, identity: Identity) -> str | None:
        """Why sends fail in a row, where that is neither the messages' nor the SIM's own fault; each rest of the SIM in other
        words. None: they do not."""

    def register_sim(self, identity: Identity) -> Awaitable[None]:
        """Note which SIM sits in which stick. NeedsPerson where it may not be used before a person admits it."""

    def notify_ready(self) -> None:
        """A modem became able to send: what waits for one may go."""

    def store_missed_call(self, identity: Identity, number: str) -> Awaitable[None]:
        """Keep a missed call; `number` is empty where it was withheld. StoreUnavailable: it cannot be kept now."""

    def report_network_time(self, stamp: datetime, *, fresh: bool) -> None:
        """The network's time; `fresh`: as it is now, not as it was once set."""

    def report_roaming(self, identity: Identity, roaming: bool) -> None:
        """Whether a SIM is in a foreign network."""

    def is_marketing_held(self, identity: Identity) -> bool:
        """Whether a SIM sends no marketing because it roams."""

    def find_service_centre(self, identity: Identity, found: str) -> str | None:
        """The service centre that a SIM should have, where it has the one `found` (empty: none). None: nobody knows one."""

    @property
    def is_rejecting_calls(self) -> bool:
        """Whether calls are to be refused."""
