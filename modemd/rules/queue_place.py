"""Places in the queue: the order in which parts are claimed, and its two columns in the database."""

from __future__ import annotations

from functools import lru_cache, total_ordering

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass


@total_ordering
@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Place of a part in the queue; the smaller place is claimed first. Within one place the older message goes first.

    A class goes before the next one. Within a class, the rest of a message that has started goes before messages that have
    not: a message is started once a part of it was claimed, until it turns out that nothing of it can have left.

    In the database a place is two columns of `part`: `rank`, of the class (`MessageClass.rank`), and `started`, 0 or 1; the
    order is `rank, started DESC`.
    """

    message_class: MessageClass
    is_started: bool = False

    @classmethod
    def from_columns(cls, rank: int, started: int) -> QueuePlace:
        """Returns the place that the columns `rank` and `started` hold."""
        return _BY_COLUMNS[rank, started]

    @property
    def columns(self) -> tuple[int, int]:
        """Values of the columns `rank` and `started`."""
        return self.message_class.rank, int(self.is_started)

    def __lt__(self, other: QueuePlace) -> bool:
        """Returns True if this place is claimed before `other`."""
        return (self.message_class.rank, not self.is_started) < (other.message_class.rank, not other.is_started)


_BY_COLUMNS = {
    place.columns: place
    for message_class in MessageClass
    for place in (QueuePlace(message_class, is_started=True), QueuePlace(message_class))
}

# Alarms and OTPs are the first two classes: a part is urgent if its rank is this one at most.
LAST_URGENT_RANK = MessageClass.OTP.rank


@dataclass(frozen=True, slots=True)
class ClassRange:
    """Classes that follow one another in the order of claim, from `first` to `last`, both included."""

    first: MessageClass
    last: MessageClass


# Asked for each lane in every search.
@lru_cache(maxsize=64)
def list_ranges(barred: frozenset[MessageClass]) -> tuple[ClassRange, ...]:
    """Returns the classes that are not `barred`, in order, as the fewest ranges."""
    ranges: list[ClassRange] = []
    previous_is_open = False
    for message_class in MessageClass:
        is_open = message_class not in barred
        if is_open:
            first = ranges.pop().first if previous_is_open else message_class
            ranges.append(ClassRange(first, message_class))
        previous_is_open = is_open
    return tuple(ranges)
