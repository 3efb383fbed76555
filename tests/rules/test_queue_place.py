"""Places in the queue: their order, and the columns that hold them."""

from __future__ import annotations

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import LAST_URGENT_RANK, ClassRange, QueuePlace, list_ranges
from modemd.rules.quotas import URGENT

PLACES = [QueuePlace(each, is_started) for each in MessageClass for is_started in (True, False)]


def test_a_class_goes_before_the_next_and_what_has_started_before_its_class() -> None:
    """Whatever order they come in, they are sorted by class, and within a class by `is_started`."""
    assert sorted([*PLACES[5:], *PLACES[:5]]) == PLACES
    assert (
        QueuePlace(MessageClass.OTP)
        < QueuePlace(MessageClass.SYSTEM, is_started=True)
        < QueuePlace(MessageClass.SYSTEM)
    )
    assert QueuePlace(MessageClass.ALARM) <= QueuePlace(MessageClass.ALARM)


def test_the_columns_say_the_same() -> None:
    """A place comes back out of its columns, and `rank, started DESC` is the order of places."""
    assert [QueuePlace.from_columns(*place.columns) for place in PLACES] == PLACES
    assert sorted(PLACES, key=lambda place: (place.columns[0], -place.columns[1])) == PLACES


def test_urgent_ranks_are_those_of_alarm_and_otp() -> None:
    """SQL that names the last urgent rank means the same classes as `URGENT`."""
    assert {each for each in MessageClass if QueuePlace(each).columns[0] <= LAST_URGENT_RANK} == URGENT


@pytest.mark.parametrize(
    ("barred", "ranges"),
    [
        (set(), [("alarm", "marketing")]),
        ({"marketing"}, [("alarm", "conversational")]),
        ({"system", "marketing"}, [("alarm", "otp"), ("transactional", "conversational")]),
        (set(MessageClass), []),
    ],
)
def test_what_is_not_barred_comes_in_the_fewest_ranges(barred: set[str], ranges: list[tuple[str, str]]) -> None:
    """Each class that is not barred is in exactly one range."""
    found = list_ranges(frozenset(map(MessageClass, barred)))
    assert list(found) == [ClassRange(MessageClass(first), MessageClass(last)) for first, last in ranges]
