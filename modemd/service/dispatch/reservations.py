"""Reservations: parts that are chosen and encoded before they are claimed, each for one modem only.

The loop owns every reservation. The writer's thread, which runs claims, gets them by value: each claim carries a frozen
`ReservedParts`, made when the claim was submitted. Claims that share one commit may each find a next part for their SIM before
the loop hears of it; `Offers`, used by the writer's thread only, remembers these parts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from modemd.connector import Draft
from modemd.errors import EncodeError
from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import QueuePlace
from modemd.rules.quotas import URGENT
from modemd.store.queue.candidates import Candidate


@dataclass(frozen=True, slots=True)
class ReservedParts:
    """Reservations as they were when claim number `claim` was submitted: the parts of other modems, and the numbers of the
    claims (this one too) whose offers the loop has not taken up yet."""

    claim: int
    parts: frozenset[int]
    open_claims: frozenset[int]


class Offers:
    """Parts that claims have offered to their SIMs as the next one, by the number of the claim. Used by the writer's thread
    only."""

    def __init__(self) -> None:
        self._parts: dict[int, int] = {}

    def reserved_parts(self, reserved: ReservedParts) -> Collection[int]:
        """Returns the parts that a claim must leave to others. Forgets offers that the loop has taken up meanwhile: they are in
        `reserved.parts`, or free again."""
        self._parts = {claim: part for claim, part in self._parts.items() if claim in reserved.open_claims}
        return reserved.parts.union(self._parts.values())

    def add(self, reserved: ReservedParts, part_id: int) -> None:
        """Notes the part that a claim offers."""
        self._parts[reserved.claim] = part_id


class Reservations:
    """Reserved drafts of all modems. Used on the loop only."""

    def __init__(self, encode: Callable[[Candidate], bytes]) -> None:
        self._encode = encode
        self._candidates: dict[int, Candidate] = {}  # by part
        self._holders: dict[int, Draft] = {}  # by part; after a return, another modem's draft may hold it
        self._overtaken: set[int] = set()
        self._last_claim = 0
        self._open_claims: set[int] = set()

    def mark_overtaken(self, message_class: MessageClass) -> None:
        """Notes that something of this class was queued: drafts that go behind it are chosen again."""
        place = QueuePlace(message_class)
        self._overtaken |= {part for part, candidate in self._candidates.items() if candidate.place > place}

    def is_overtaken(self, draft: Draft) -> bool:
        """True if something was queued that goes before a draft."""
        return draft.part_id in self._overtaken

    def reserved_parts(self) -> frozenset[int]:
        """Returns the parts that modems have reserved."""
        return frozenset(self._candidates)

    def begin_claim(self, draft: Draft) -> ReservedParts:
        """Returns what a claim made for `draft` has to leave to others. `end_claim` must follow."""
        self._last_claim += 1
        self._open_claims.add(self._last_claim)
        own = {draft.part_id} if self._holders.get(draft.part_id) is draft else set()
        return ReservedParts(self._last_claim, frozenset(self._candidates.keys() - own), frozenset(self._open_claims))

    def reserve(self, candidate: Candidate) -> Draft:
        """Encodes a candidate and reserves it. Returns the draft. Raises EncodeError."""
        tpdu = self._encode(candidate)
        is_first_of_several = candidate.seq == 1 and candidate.parts > 1
        draft = Draft(candidate.part_id, tpdu, candidate.message_class in URGENT, is_first_of_several)
        self._candidates[candidate.part_id] = candidate
        self._holders[candidate.part_id] = draft
        return draft

    def release(self, draft: Draft) -> None:
        """Ends a draft's reservation; does nothing if the part has been reserved anew by another draft."""
        if self._holders.get(draft.part_id) is draft:
            del self._holders[draft.part_id]
            self._candidates.pop(draft.part_id, None)
            self._overtaken.discard(draft.part_id)

    def encode_claimed(self, candidate: Candidate, draft: Draft) -> bytes:
        """Returns the TPDU of the part that was claimed: the draft's, unless the claim chose another part, or the same part got
        another reference because a message to its number began meanwhile. Raises EncodeError."""
        same = candidate == self._candidates.get(draft.part_id)
        return draft.tpdu if same else self._encode(candidate)

    def end_claim(self, reserved: ReservedParts) -> None:
        """Ends a claim: from now on other claims may take its offer, unless `accept_offer` reserves it."""
        self._open_claims.discard(reserved.claim)

    def accept_offer(self, candidate: Candidate | None) -> Draft | None:
        """Reserves the part that a claim offered. Returns None if it offered none, another modem has reserved it meanwhile, or
        it cannot be encoded (the modem that chooses it later reports that)."""
        if candidate is None or candidate.part_id in self._candidates:
            return None
        try:
            return self.reserve(candidate)
        except EncodeError:
            return None
