"""Parts back into a whole (3GPP TS 23.040 9.2.3.24.1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from modemd.errors import DecodeError
from modemd.pdu.fields.address import Address
from modemd.pdu.fields.header import Concatenation, find_last
from modemd.pdu.fields.userdata import find_decoder
from modemd.pdu.messages.deliver import Deliver
from modemd.pdu.messages.submit import Submit
from modemd.pdu.text.coding import CODINGS


@dataclass(frozen=True, slots=True)
class ReassemblyKey:
    """What the parts of one set share. A sender reuses references, so a set is also bounded in time."""

    sender: Address
    width: int
    reference: int
    total: int

    @classmethod
    def of(cls, part: Deliver) -> ReassemblyKey | None:
        """The key of a part; None for a message of its own."""
        concatenation = part.concatenation
        if concatenation is None:
            return None
        return cls(part.originator, concatenation.width, concatenation.reference, concatenation.total)


def sort_parts(parts: Iterable[Deliver | Submit]) -> list[Deliver | Submit]:
    """Parts by sequence number, the first of those that are repeated. Messages without a number come first, as given."""
    numbered: dict[int, Deliver | Submit] = {}
    others: list[Deliver | Submit] = []
    for part in parts:
        concatenation = find_last(part.user_data.header, Concatenation)
        if concatenation is None:
            others.append(part)
        else:
            numbered.setdefault(concatenation.sequence, part)
    return [*others, *map(numbered.__getitem__, sorted(numbered))]


def join(parts: Iterable[Deliver | Submit]) -> str:
    """The text of one set, its parts in any order, some perhaps repeated or missing.

    Septets and octets are joined first and read afterwards, as careless senders cut inside escape and surrogate pairs.
    DecodeError where a part holds no text.
    """
    text = ""
    reading: Callable[[bytes], str] | None = None
    run: list[bytes] = []  # payloads of neighbours that are read alike
    for part in sort_parts(parts):
        user_data = part.user_data
        own = find_decoder(user_data.header, CODINGS[part.dcs])
        if own is None:
            raise DecodeError("TP-DCS", 0, "a part that is not text")
        if reading is not None and own != reading:
            text += reading(b"".join(run))
            run = []
        reading = own
        run.append(user_data.payload)
    return text if reading is None else text + reading(b"".join(run))


def join_data(parts: Iterable[Deliver | Submit]) -> bytes:
    """The payloads of one set, its parts in any order, one behind the other: the octets of 8-bit data."""
    return b"".join(part.user_data.payload for part in sort_parts(parts))


class Ending(Enum):
    """Why a set is handed out."""

    COMPLETE = "complete"
    EXPIRED = "expired"
    CROWDED = "crowded"


@dataclass(frozen=True, slots=True)
class Assembled:
    """A set that is done with. `parts` are in order; with any ending but COMPLETE some are missing."""

    key: ReassemblyKey
    parts: tuple[Deliver, ...]
    ending: Ending
    first_received: datetime

    @property
    def complete(self) -> bool:
        return self.ending is Ending.COMPLETE

    @property
    def text(self) -> str:
        """The text of the parts that came. DecodeError where a part holds no text."""
        return join(self.parts)


@dataclass(slots=True)
class _Set:
    key: ReassemblyKey
    first_received: datetime
    parts: dict[int, Deliver] = field(default_factory=dict)
    complete: bool = False

    def has_room_for(self, sequence: int, part: Deliver) -> bool:
        """Whether `part` belongs here: its place is free, or holds the same.

        In a complete set the same means the very message, by the service centre's time stamp too: some senders use one
        reference always, and send one text often.
        """
        kept = self.parts.get(sequence)
        if kept is None:
            return not self.complete
        same = (kept.dcs, kept.user_data) == (part.dcs, part.user_data)
        return same and (not self.complete or kept.timestamp == part.timestamp)

    def to_assembled(self, ending: Ending) -> Assembled:
        parts = tuple(self.parts[sequence] for sequence in sorted(self.parts))
        return Assembled(self.key, parts, ending, self.first_received)


class Reassembler:
    """Collects parts in any order, repeated, conflicting or late, for one SIM. Pure: the time of arrival comes in.

    A part that contradicts the one in its place begins a new set, as senders reuse references. A complete set is remembered
    until its time is over, so that a part which the network delivers again is known. At most `most_sets` sets are kept;
    the oldest goes first.
    """

    def __init__(self, keep: timedelta = timedelta(hours=72), most_sets: int = 1000) -> None:
        self._keep = keep
        self._most_sets = most_sets
        self._sets: dict[ReassemblyKey, list[_Set]] = {}
        self._by_age: OrderedDict[int, _Set] = OrderedDict()

    def __len__(self) -> int:
        """Sets kept, the complete ones that are remembered among them."""
        return len(self._by_age)

    def add(self, part: Deliver, received: datetime) -> list[Assembled]:
        """Takes a part; gives the sets that are done with now: completed by it, too old at `received`, or crowded out.

        ValueError for a message that is not part of a set.
        """
        key, concatenation = ReassemblyKey.of(part), part.concatenation
        if key is None or concatenation is None:
            raise ValueError("not part of a set")
        done = self.expire(received)
        rivals = self._sets.get(key, [])
        chosen = next((kept for kept in reversed(rivals) if kept.has_room_for(concatenation.sequence, part)), None)
        if chosen is None:
            chosen = self._begin(key, received)
        if concatenation.sequence not in chosen.parts:
            chosen.parts[concatenation.sequence] = part
            if len(chosen.parts) == key.total:
                chosen.complete = True
                done.append(chosen.to_assembled(Ending.COMPLETE))
        while len(self._by_age) > self._most_sets:
            done += self._drop_oldest(Ending.CROWDED)
        return done

    def expire(self, now: datetime) -> list[Assembled]:
        """The incomplete sets whose first part came longer ago than the time they are kept."""
        done: list[Assembled] = []
        while self._by_age and next(iter(self._by_age.values())).first_received + self._keep <= now:
            done += self._drop_oldest(Ending.EXPIRED)
        return done

    def _begin(self, key: ReassemblyKey, received: datetime) -> _Set:
        begun = _Set(key, received)
        self._sets.setdefault(key, []).append(begun)
        self._by_age[id(begun)] = begun
        return begun

    def _drop_oldest(self, ending: Ending) -> list[Assembled]:
        _, oldest = self._by_age.popitem(last=False)
        siblings = self._sets[oldest.key]
        siblings.remove(oldest)
        if not siblings:
            del self._sets[oldest.key]
        return [] if oldest.complete else [oldest.to_assembled(ending)]
