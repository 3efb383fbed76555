"""A phone book: numbered places, counted from 1, each with a number and a name or empty (3GPP TS 31.102 4.2.26)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhonebookEntry:
    """`kind` is the type-of-address octet: 145 international, 129 unknown."""

    number: str
    kind: int
    name: str = ""


class Phonebook:
    """The places of one book."""

    MAX_NUMBER_LENGTH = 20
    MAX_NAME_LENGTH = 14

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._places: dict[int, PhonebookEntry] = {}

    @property
    def used(self) -> int:
        return len(self._places)

    def at(self, place: int) -> PhonebookEntry | None:
        """Who is there; None where it is empty."""
        return self._places.get(place)

    def write(self, place: int | None, contact: PhonebookEntry) -> int | None:
        """Write there, or at the first empty place, and say where; None where all are taken."""
        if place is None:
            place = next((one for one in range(1, self.capacity + 1) if one not in self._places), None)
        if place is not None:
            self._places[place] = contact
        return place

    def clear(self, place: int) -> None:
        """Empty a place."""
        self._places.pop(place, None)

    def __iter__(self) -> Iterator[tuple[int, PhonebookEntry]]:
        return iter(sorted(self._places.items()))
