"""Fake backend: keeps in lists what the modem reports, and commits a claim when the test wants it."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from modemd.connector import AttemptReport, ClaimedPart, Draft, Sender
from modemd.errors import ErrorCode, StoreUnavailable
from modemd.modem.status import Identity
from modemd.profiles import Profile

HELLO = bytes.fromhex("01000C91447700091032000005C8329BFD06")
"""SUBMIT "Hello": 18 octets."""
HELLO_WORLD = bytes.fromhex("31000C914477000910320000A70BC8329BFD06DDDF723619")
"""SUBMIT "Hello world", report asked for: 24 octets."""
GENERIC = Profile("generic", storage=('+CPMS="SM","SM","SM"',), restart=("RDY",))


def identity(profile: Profile = GENERIC) -> Identity:
    """Returns the identity of an ordinary modem."""
    return Identity(
        "351234050000017", "huawei", "E1752", "11.126", "8944100030123456789", "234150000000001", None, profile
    )


def draft(part_id: int, tpdu: bytes = HELLO, *, first_of_several: bool = False, urgent: bool = False) -> Draft:
    return Draft(part_id, tpdu, urgent, first_of_several)


@dataclass
class FakeBackend:
    """`Backend`, with its `Outbound` and `Inbound`. Parts in `waiting` are chosen in order; `journal` has what would be
    committed, in order.

    A claim takes `commit_s` seconds. If `other_tpdus` has one, the claim chooses that in place of the draft's own part; None:
    nothing. `claim_error` fails the claim. While the disk `is_full` no arrival is stored; those in `unstorable` never are.
    `has_urgent`: an alarm or otp was queued that the modem has not seen. Drafts in `overtaken` are not current any more.
    """

    waiting: deque[Draft] = field(default_factory=deque)
    commit_s: float = 0.005
    other_tpdus: deque[bytes | None] = field(default_factory=deque)
    claim_error: Exception | None = None
    unstorable: set[bytes] = field(default_factory=set)
    is_full: bool = False
    journal: list[str | AttemptReport] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)
    slots: list[str | None] = field(default_factory=list)
    """Slot of each stored arrival."""
    held: list[str] = field(default_factory=list)
    """Slots whose message was not deleted."""
    damaged: list[bytes] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    reserved: set[int] = field(default_factory=set)
    overtaken: set[int] = field(default_factory=set)
    consent_epoch: int = 0
    times_ready: int = 0
    claims: int = 0
    calls: list[str] = field(default_factory=list)
    times: list[tuple[datetime, bool]] = field(default_factory=list)
    roaming: bool = False
    smsc: str | None = None
    is_rejecting_calls: bool = False
    has_urgent: bool = False
    send_fault: str | None = None
    """Explanation of the service why sends fail in a row."""

    @property
    def outbound(self) -> FakeBackend:
        return self

    @property
    def inbound(self) -> FakeBackend:
        return self

    @property
    def reports(self) -> list[AttemptReport]:
        """Reports of the attempts that ended, in the order of their commits."""
        return [entry for entry in self.journal if isinstance(entry, AttemptReport)]

    async def next_draft(self, sender: Sender, *, urgent: bool = False) -> Draft | None:
        self.has_urgent = False
        await asyncio.sleep(0.001)
        if not self.waiting or (urgent and not self.waiting[0].is_urgent):
            return None
        chosen = self.waiting.popleft()
        self.reserved.add(chosen.part_id)
        return chosen

    def has_unseen_urgent(self, sender: Sender) -> bool:
        return self.has_urgent

    def claim(self, sender: Sender, draft: Draft, *, choose_next: bool) -> Future[ClaimedPart | None]:
        return asyncio.ensure_future(self._commit(draft, self.consent_epoch, choose_next))

    async def _commit(self, draft: Draft, epoch: int, choose_next: bool) -> ClaimedPart | None:
        await asyncio.sleep(self.commit_s)
        if self.claim_error is not None:
            raise self.claim_error
        tpdu = self.other_tpdus.popleft() if self.other_tpdus else draft.tpdu
        if tpdu is None:
            return None
        self.claims += 1
        self.journal.append(f"claimed {self.claims}")
        next_draft = self.waiting.popleft() if choose_next and self.waiting else None
        if next_draft is not None:
            self.reserved.add(next_draft.part_id)
        return ClaimedPart(self.claims, draft.part_id, draft.part_id, tpdu, epoch, next_draft=next_draft)

    def close_attempt(self, sender: Sender, report: AttemptReport) -> Future[None]:
        self.journal.append(report)
        done: Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def close_attempt_lazily(self, sender: Sender, report: AttemptReport) -> None:
        self.close_attempt(sender, report)

    def is_current(self, sender: Sender, draft: Draft) -> bool:
        return draft.part_id not in self.overtaken

    def end_reservation(self, draft: Draft) -> None:
        self.reserved.discard(draft.part_id)

    def return_draft(self, draft: Draft) -> None:
        self.reserved.discard(draft.part_id)

    async def store_arrival(self, sender: Sender, octets: bytes, *, slot: str | None = None) -> None:
        await asyncio.sleep(self.commit_s)
        if self.is_full:
            raise StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full")
        if octets in self.unstorable:
            raise OSError("no space left on device")
        self.stored.append(octets)
        self.slots.append(slot)

    async def remember_slot(self, sender: Sender, octets: bytes, slot: str) -> None:
        self.held.append(slot)

    async def store_damaged(self, sender: Sender, octets: bytes) -> None:
        await asyncio.sleep(self.commit_s)
        if self.is_full:
            raise StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full")
        self.damaged.append(octets)

    async def store_arrival_lazily(self, sender: Sender, octets: bytes) -> None:
        await self.store_arrival(sender, octets)

    def find_send_fault(self, sender: Sender) -> str | None:
        return self.send_fault

    async def register_sim(self, identity: Identity) -> Identity:
        self.identities.append(identity)
        return identity

    async def store_missed_call(self, sender: Sender, number: str) -> None:
        await asyncio.sleep(self.commit_s)
        if self.is_full:
            raise StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full")
        self.calls.append(number)

    def report_network_time(self, stamp: datetime, *, fresh: bool) -> None:
        self.times.append((stamp, fresh))

    def report_roaming(self, identity: Identity, roaming: bool) -> None:
        self.roaming = roaming

    def is_marketing_held(self, identity: Identity) -> bool:
        return self.roaming

    def find_service_centre(self, identity: Identity, found: str) -> str | None:
        return self.smsc or found or None

    def notify_ready(self) -> None:
        self.times_ready += 1
