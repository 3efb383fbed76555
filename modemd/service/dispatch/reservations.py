"""Reservations: which part is kept for which modem ahead of its claim, so that each is one modem's only.

The dispatcher's loop owns the reservations, and the writer's thread, where claims run, owns the `Offers`: the parts that claims
have found to come next for their SIMs, and that the loop has not reserved yet. Each side sees of the other one frozen value,
`latest`, which its owner replaces as a whole: a claim leaves alone what is reserved at the moment at which it runs, and a search
leaves alone what is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from modemd.connector import Draft
from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import QueuePlace
from modemd.rules.quotas import URGENT
from modemd.store.queue.candidates import Candidate


@dataclass(frozen=True, slots=True)
class ReservedParts:
    """Reserved parts, and the numbers of the claims whose offers the loop has not taken up yet."""

    parts: frozenset[int] = frozenset()
    open_claims: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ClaimTicket:
    """Number of a claim, and the part that its draft has reserved; None if the reservation is another modem's by now."""

    number: int
    own_part: int | None


class Offers:
    """Parts that claims have offered to their SIMs as the next. Used by the writer's thread only, but for `latest`."""

    def __init__(self) -> None:
        self.latest: tuple[tuple[int, int], ...] = ()  # number of the claim, part; replaced whole
        self._parts: dict[int, int] = {}

    def reserved_parts(self, ticket: ClaimTicket, reserved: ReservedParts) -> Collection[int]:
        """Returns the parts that a claim must leave to others. Offers that the loop has taken up are forgotten: they are among
        the reserved parts, or free again."""
        self._parts = {claim: part for claim, part in self._parts.items() if claim in reserved.open_claims}
        return (reserved.parts - {ticket.own_part}).union(self._parts.values())

    def add(self, ticket: ClaimTicket, part_id: int) -> None:
        """Notes the part that a claim offers."""
        self._parts[ticket.number] = part_id
        self.latest = tuple(self._parts.items())


class Reservations:
    """Drafts of all modems. Used on the loop only, but for `latest`."""

    def __init__(self, encode: Callable[[Candidate], bytes], offers: Offers) -> None:
        self.latest = ReservedParts()  # replaced whole
        self._encode = encode
        self._offers = offers
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
        """Returns the parts that are reserved, or offered by a claim."""
        offered = (part for claim, part in self._offers.latest if claim in self._open_claims)
        return self.latest.parts.union(offered)

    def begin_claim(self, draft: Draft) -> ClaimTicket:
        """Begins a claim that is made for `draft`, until `end_claim`."""
        self._last_claim += 1
        self._open_claims.add(self._last_claim)
        self._publish()
        own = draft.part_id if self._holders.get(draft.part_id) is draft else None
        return ClaimTicket(self._last_claim, own)

    def reserve(self, candidate: Candidate) -> Draft:
        """Encodes a candidate and reserves it. Returns the draft. Raises EncodeError."""
        tpdu = self._encode(candidate)
        is_first_of_several = candidate.seq == 1 and candidate.parts > 1
        urgent = candidate.message_class in URGENT
        draft = Draft(candidate.part_id, tpdu, urgent, is_first_of_several, candidate.message_id)
        self._candidates[candidate.part_id] = candidate
        self._holders[candidate.part_id] = draft
        self._publish()
        return draft

    def release(self, draft: Draft) -> None:
        """Ends a draft's reservation; does nothing if the part has been reserved anew by another draft."""
        if self._holders.get(draft.part_id) is draft:
            del self._holders[draft.part_id]
            self._candidates.pop(draft.part_id, None)
            self._overtaken.discard(draft.part_id)
            self._publish()

    def encode_claimed(self, candidate: Candidate, draft: Draft) -> bytes:
        """Returns the TPDU of the part that was claimed: the draft's, unless the claim chose another part, or the same part got
        another reference because a message to its number began meanwhile. Raises EncodeError."""
        same = candidate == self._candidates.get(draft.part_id)
        return draft.tpdu if same else self._encode(candidate)

    def end_claim(self, ticket: ClaimTicket) -> None:
        """Ends a claim: from now on its offer is free for other claims, unless it was accepted."""
        self._open_claims.discard(ticket.number)
        self._publish()

    def accept_offer(self, candidate: Candidate | None) -> Draft | None:
        """Reserves the part that a claim offered. Returns None if it offered none, another modem has reserved it meanwhile, or
        it cannot be encoded (the modem that chooses it later reports that)."""
        if candidate is None or candidate.part_id in self._candidates:
            return None
        try:
            return self.reserve(candidate)
        except EncodeError:
            return None

    def _publish(self) -> None:
        """Makes the reservations of this moment visible to the writer's thread."""
        self.latest = ReservedParts(frozenset(self._candidates), frozenset(self._open_claims))
