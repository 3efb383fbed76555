"""Parts that are chosen and encoded ahead of their claims: whose they are, and which of them something has overtaken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modemd.connector import Draft
from modemd.errors import EncodeError
from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import QueuePlace
from modemd.rules.quotas import URGENT
from modemd.store.queue.claims import Candidate


@dataclass(slots=True)
class PartOffer:
    """What a claim has found to come next for its SIM. The writer's thread fills it in; the loop takes it."""

    candidate: Candidate | None = None


class Reservations:
    """The drafts of all modems. Lives on the loop. A claim runs on the writer's thread, where it asks for what is `reserved` at
    that moment, and calls `offer`: a part that several claims of one group could take is taken once."""

    def __init__(self, encode: Callable[[Candidate], bytes]) -> None:
        self._encode = encode
        self._candidates: dict[int, Candidate] = {}  # by part
        self._holders: dict[int, Draft] = {}  # whose they are: what was given back may be another modem's by now
        self._overtaken: set[int] = set()
        self._offered: set[int] = set()  # by claims of which the loop has not heard yet

    def mark_overtaken(self, message_class: MessageClass) -> None:
        """Something of this class was queued: drafts that go behind it are chosen again."""
        place = QueuePlace(message_class)
        self._overtaken |= {part for part, candidate in self._candidates.items() if candidate.place > place}

    def is_overtaken(self, draft: Draft) -> bool:
        """Whether something has come that goes before a draft."""
        return draft.part_id in self._overtaken

    def reserved_parts(self, own: Draft | None = None) -> set[int]:
        """The parts that are drafts of others than the holder of `own`."""
        parts = self._candidates.keys() | self._offered
        if own is not None and self._holders.get(own.part_id) is own:
            parts.discard(own.part_id)
        return parts

    def reserve(self, candidate: Candidate) -> Draft:
        """A candidate as a draft, which is its holder's until it is released. EncodeError."""
        tpdu = self._encode(candidate)
        is_first_of_several = candidate.seq == 1 and candidate.parts > 1
        draft = Draft(candidate.part_id, tpdu, candidate.message_class in URGENT, is_first_of_several)
        self._candidates[candidate.part_id] = candidate
        self._holders[candidate.part_id] = draft
        return draft

    def release(self, draft: Draft) -> None:
        """Let others choose the part, if it is its holder's still."""
        if self._holders.get(draft.part_id) is draft:
            del self._holders[draft.part_id]
            self._candidates.pop(draft.part_id, None)
            self._overtaken.discard(draft.part_id)

    def encode_claimed(self, candidate: Candidate, draft: Draft) -> bytes:
        """The TPDU of what was claimed: the draft's, unless that is another part, or the same with another reference because a
        message to its number began meanwhile. EncodeError."""
        same = candidate == self._candidates.get(draft.part_id)
        return draft.tpdu if same else self._encode(candidate)

    def add_offer(self, offer: PartOffer, candidate: Candidate) -> None:
        """A claim has found `candidate` to come next: no other claim takes it before the loop knows."""
        offer.candidate = candidate
        self._offered.add(candidate.part_id)

    def accept_offer(self, offer: PartOffer) -> Draft | None:
        """What was offered, reserved. None where that is nothing, somebody else's meanwhile, or cannot be encoded (whoever
        chooses it then will say so)."""
        candidate = offer.candidate
        try:
            if candidate is None or candidate.part_id in self._candidates:
                return None
            return self.reserve(candidate)
        except EncodeError:
            return None
        finally:
            self.decline_offer(offer)

    def decline_offer(self, offer: PartOffer) -> None:
        """Leave what was offered to others."""
        if offer.candidate is not None:
            self._offered.discard(offer.candidate.part_id)
