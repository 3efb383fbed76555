"""Phone book: numbered places, counted from 1, each empty or with a number and a name (3GPP TS 31.102 4.2.26)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

INTERNATIONAL, UNKNOWN = 145, 129
"""Type-of-address octets as commands print them (3GPP TS 24.008 10.5.4.7)."""


def type_of_address(number: str) -> int:
    """Returns the type-of-address octet of a number: international if it begins with `+`, else unknown."""
    return INTERNATIONAL if number.startswith("+") else UNKNOWN


@dataclass(frozen=True, slots=True)
class PhonebookEntry:
    """An entry of a phone book. `kind` is the type-of-address octet: 145 international, 129 unknown."""

    number: str
    kind: int
    name: str = ""


class Phonebook:
    """The places of one phone book."""

    MAX_NUMBER_LENGTH = 20
    MAX_NAME_LENGTH = 14

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._places: dict[int, PhonebookEntry] = {}

    @property
    def used(self) -> int:
        return len(self._places)

    def at(self, place: int) -> PhonebookEntry | None:
        """Returns the entry at a place; None if the place is empty."""
        return self._places.get(place)

    def write(self, place: int | None, entry: PhonebookEntry) -> int | None:
        """Stores an entry at a place (None: the first empty one), and returns the place; None if all are taken."""
        if place is None:
            place = next(
                (candidate for candidate in range(1, self.capacity + 1) if candidate not in self._places), None
            )
        if place is not None:
            self._places[place] = entry
        return place

    def clear(self, place: int) -> None:
        """Empties a place."""
        self._places.pop(place, None)

    def __iter__(self) -> Iterator[tuple[int, PhonebookEntry]]:
        return iter(sorted(self._places.items()))
