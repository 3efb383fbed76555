"""Message memory: numbered slots on a SIM (`SM`) or in a device (`ME`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Protocol


class MessageStatus(IntEnum):
    """Status of a stored message (3GPP TS 27.005 3.1, <stat> in PDU mode)."""

    UNREAD = 0
    READ = 1
    UNSENT = 2
    SENT = 3


@dataclass(slots=True)
class StoredMessage:
    """A stored message: the TPDU, and the SMSC field before it, as the network handed them over; and when it came, None if that
    is not known."""

    smsc: bytes
    tpdu: bytes
    status: MessageStatus = MessageStatus.UNREAD
    came_at: datetime | None = None

    @property
    def is_outgoing(self) -> bool:
        """True if the message is a SUBMIT of the host."""
        return self.status in (MessageStatus.UNSENT, MessageStatus.SENT)

    def hex(self) -> str:
        """Returns the PDU line of `+CMGR` and `+CMGL`."""
        return (self.smsc + self.tpdu).hex().upper()


class MessageMemory(Protocol):
    """A memory of slots counted from 0. The device translates its family's slot numbers."""

    @property
    def capacity(self) -> int: ...

    @property
    def used(self) -> int: ...

    @property
    def full(self) -> bool: ...

    def store(self, message: StoredMessage) -> int | None:
        """Stores a message in the first free slot, and returns the slot; None if the memory is full."""

    def replace(self, slot: int, message: StoredMessage) -> None:
        """Puts a message into a slot that holds another."""

    def at(self, slot: int) -> StoredMessage | None:
        """Returns the message in a slot, None if the slot is empty. Raises IndexError for a slot that does not exist."""

    def delete(self, slot: int) -> bool:
        """Empties a slot. Returns True if it held a message. Raises IndexError for a slot that does not exist."""

    def __iter__(self) -> Iterator[tuple[int, StoredMessage]]: ...


class SlotMemory:
    """A memory with slots of its own: on a SIM (`SM`), or in a device (`ME`, `SR`)."""

    def __init__(self, name: str, capacity: int) -> None:
        self.name = name
        self.capacity = capacity
        self.used = 0
        self._slots: list[StoredMessage | None] = [None] * capacity

    @property
    def full(self) -> bool:
        return self.used >= self.capacity

    def store(self, message: StoredMessage) -> int | None:
        if self.full:
            return None
        slot = self._slots.index(None)
        self._slots[slot] = message
        self.used += 1
        return slot

    def replace(self, slot: int, message: StoredMessage) -> None:
        self._slots[slot] = message

    def at(self, slot: int) -> StoredMessage | None:
        if not 0 <= slot < self.capacity:
            raise IndexError(slot)
        return self._slots[slot]

    def delete(self, slot: int) -> bool:
        if self.at(slot) is None:
            return False
        self._slots[slot] = None
        self.used -= 1
        return True

    def __iter__(self) -> Iterator[tuple[int, StoredMessage]]:
        return ((slot, message) for slot, message in enumerate(self._slots) if message is not None)


class CombinedMemory:
    """Several memories that appear as one, slot after slot: `MT`, which takes incoming messages (27.005 3.1)."""

    def __init__(self, parts: Sequence[MessageMemory]) -> None:
        self._parts = parts

    @property
    def capacity(self) -> int:
        return sum(part.capacity for part in self._parts)

    @property
    def used(self) -> int:
        return sum(part.used for part in self._parts)

    @property
    def full(self) -> bool:
        return all(part.full for part in self._parts)

    def store(self, message: StoredMessage) -> int | None:
        first = 0
        for part in self._parts:
            slot = part.store(message)
            if slot is not None:
                return first + slot
            first += part.capacity
        return None

    def replace(self, slot: int, message: StoredMessage) -> None:
        part, inner = self._locate(slot)
        part.replace(inner, message)

    def at(self, slot: int) -> StoredMessage | None:
        part, inner = self._locate(slot)
        return part.at(inner)

    def delete(self, slot: int) -> bool:
        part, inner = self._locate(slot)
        return part.delete(inner)

    def __iter__(self) -> Iterator[tuple[int, StoredMessage]]:
        first = 0
        for part in self._parts:
            for slot, message in part:
                yield first + slot, message
            first += part.capacity

    def _locate(self, slot: int) -> tuple[MessageMemory, int]:
        inner = slot
        for part in self._parts:
            if inner < part.capacity:
                return part, inner
            inner -= part.capacity
        raise IndexError(slot)
