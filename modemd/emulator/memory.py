"""A message memory: numbered slots on a SIM (`SM`) or in a device (`ME`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """Where a stored message stands (3GPP TS 27.005 3.1, <stat> in PDU mode)."""

    UNREAD = 0
    READ = 1
    UNSENT = 2
    SENT = 3


@dataclass(slots=True)
class Stored:
    """One stored message: the TPDU and the SMSC field before it, as the network handed them over."""

    smsc: bytes
    tpdu: bytes
    status: Status = Status.UNREAD

    def hex(self) -> str:
        """The PDU line of `+CMGR` and `+CMGL`."""
        return (self.smsc + self.tpdu).hex().upper()


class Memory:
    """`capacity` slots counted from 0; what a family calls the first one is the device's affair."""

    def __init__(self, name: str, capacity: int) -> None:
        self.name = name
        self.capacity = capacity
        self.used = 0
        self._slots: list[Stored | None] = [None] * capacity

    @property
    def full(self) -> bool:
        return self.used >= self.capacity

    def store(self, message: Stored) -> int | None:
        """Put a message in the first free slot and say which; None when there is none."""
        if self.full:
            return None
        slot = self._slots.index(None)
        self._slots[slot] = message
        self.used += 1
        return slot

    def at(self, slot: int) -> Stored | None:
        """The message in a slot, None where it is empty. IndexError for a slot this memory does not have."""
        if not 0 <= slot < self.capacity:
            raise IndexError(slot)
        return self._slots[slot]

    def delete(self, slot: int) -> bool:
        """Empty a slot; True if it held a message. IndexError for a slot this memory does not have."""
        if self.at(slot) is None:
            return False
        self._slots[slot] = None
        self.used -= 1
        return True

    def __iter__(self) -> Iterator[tuple[int, Stored]]:
        return ((slot, message) for slot, message in enumerate(self._slots) if message is not None)
