"""Joins the parts of a message (3GPP TS 23.040 9.2.3.24.1); and a `Reassembler` in memory, for programs without a database.

The daemon keeps the parts in its database, so that a restart loses none: `store/inbound/reassembly.py` finds their set there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import field
from datetime import datetime, timedelta
from enum import Enum

from modemd.errors import DecodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fields.address import Address
from modemd.pdu.fields.header import Concatenation, find_last
from modemd.pdu.fields.userdata import find_decoder
from modemd.pdu.messages.deliver import Deliver
from modemd.pdu.messages.submit import Submit
from modemd.pdu.text.coding import CODINGS, Alphabet

LONGEST_SPREAD = timedelta(hours=1)
"""Longest time between the stamps of two parts of one message. 255 parts at 14 s each take an hour; a busy sender with references
of one octet begins anew after 256 messages."""


@dataclass(frozen=True, slots=True)
class ReassemblyKey:
    """Key that the parts of one set share. Senders reuse references, so the stamps of a set must be close, too."""

    sender: Address
    width: int
    reference: int
    total: int
    alphabet: Alphabet

    @classmethod
    def of(cls, part: Deliver) -> ReassemblyKey | None:
        """Returns the key of a part; None for a message of one part."""
        concatenation = part.concatenation
        if concatenation is None:
            return None
        return cls(part.originator, concatenation.width, concatenation.reference, concatenation.total, part.alphabet)


def _are_close(one: datetime | None, other: datetime | None) -> bool:
    """Returns whether two stamps can be of parts of one message. A stamp that cannot be read (None) proves nothing."""
    return one is None or other is None or abs(one - other) <= LONGEST_SPREAD


def sort_parts(parts: Iterable[Deliver | Submit]) -> list[Deliver | Submit]:
    """Returns parts by sequence number, of repeated ones the first. Messages without a number come first, as given."""
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
    """Returns the text of one set. Its parts may be in any order, repeated or missing.

    Joins septets and octets first and decodes them afterwards, because careless senders cut inside escape and surrogate
    pairs. DecodeError if a part is not text.
    """
    text = ""
    reading: Callable[[bytes], str] | None = None
    run: list[bytes] = []  # payloads of neighbours with the same decoder
    for part in sort_parts(parts):
        user_data = part.user_data
        own = find_decoder(user_data.header, CODINGS[part.dcs])
        if own is None:
            raise DecodeError("TP-DCS", 0, "a part is not text")
        if reading is not None and own != reading:
            text += reading(b"".join(run))
            run = []
        reading = own
        run.append(user_data.payload)
    return text if reading is None else text + reading(b"".join(run))


def join_data(parts: Iterable[Deliver | Submit]) -> bytes:
    """Returns the joined payloads of one set of 8-bit data. Its parts may be in any order."""
    return b"".join(part.user_data.payload for part in sort_parts(parts))


class Ending(Enum):
    """Reason why a set has ended."""

    COMPLETE = "complete"
    EXPIRED = "expired"
    CROWDED = "crowded"


@dataclass(frozen=True, slots=True)
class Assembled:
    """Set that has ended. `parts` are in order; some are missing, unless the ending is COMPLETE."""

    key: ReassemblyKey
    parts: tuple[Deliver, ...]
    ending: Ending
    first_received: datetime

    @property
    def complete(self) -> bool:
        return self.ending is Ending.COMPLETE

    @property
    def text(self) -> str:
        """The text of the received parts. DecodeError if a part is not text."""
        return join(self.parts)


@dataclass(slots=True)
class _Set:
    key: ReassemblyKey
    first_received: datetime
    parts: dict[int, Deliver] = field(default_factory=dict)
    complete: bool = False
    sent_at: datetime | None = None
    """The first stamp that can be read."""

    def has_room_for(self, sequence: int, part: Deliver) -> bool:
        """Returns whether `part` belongs to this set: its place is free, or has the same part, and its stamp is close to that of
        the first part.

        In a complete set, the service centre's time stamp must be the same, too: some senders always use one reference, and
        often send one text.
        """
        present = self.parts.get(sequence)
        if not _are_close(self.sent_at, part.timestamp.value):
            return False
        if present is None:
            return not self.complete
        same = (present.dcs, present.user_data) == (part.dcs, part.user_data)
        return same and (not self.complete or present.timestamp == part.timestamp)

    def to_assembled(self, ending: Ending) -> Assembled:
        parts = tuple(self.parts[sequence] for sequence in sorted(self.parts))
        return Assembled(self.key, parts, ending, self.first_received)


class Reassembler:
    """Reassembler for one SIM, in memory (the daemon has `modemd.store.inbound.reassembly`): collects parts in any
    order, repeated, conflicting or late. Pure: the time is an argument.

    A part that contradicts the one in its place begins a new set, because senders reuse references. A complete set is kept
    for `keep` after its first part, so that a part which the network delivers again is recognised. At most `most_sets` sets
    are kept; the oldest is dropped first.
    """

    def __init__(self, keep: timedelta = timedelta(hours=72), most_sets: int = 1000) -> None:
        self._keep = keep
        self._most_sets = most_sets
        self._sets: dict[ReassemblyKey, list[_Set]] = {}
        self._by_age: OrderedDict[int, _Set] = OrderedDict()

    def __len__(self) -> int:
        """Returns the number of sets that are kept, complete ones included."""
        return len(self._by_age)

    def add(self, part: Deliver, received: datetime) -> list[Assembled]:
        """Adds a part. Returns the sets that end with it: completed by it, too old at `received`, or dropped for too many sets.

        ValueError for a message that is not part of a set.
        """
        key, concatenation = ReassemblyKey.of(part), part.concatenation
        if key is None or concatenation is None:
            raise ValueError("not part of a set")
        done = self.expire(received)
        same_key = self._sets.get(key, [])
        chosen = next((each for each in reversed(same_key) if each.has_room_for(concatenation.sequence, part)), None)
        if chosen is None:
            chosen = self._begin(key, received)
        if concatenation.sequence not in chosen.parts:
            chosen.parts[concatenation.sequence] = part
            chosen.sent_at = chosen.sent_at or part.timestamp.value
            if len(chosen.parts) == key.total:
                chosen.complete = True
                done.append(chosen.to_assembled(Ending.COMPLETE))
        while len(self._by_age) > self._most_sets:
            done += self._drop_oldest(Ending.CROWDED)
        return done

    def expire(self, now: datetime) -> list[Assembled]:
        """Drops the sets whose first part came longer ago than `keep`, and returns the incomplete ones."""
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
