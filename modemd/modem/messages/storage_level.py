"""Level of a modem's storage: how many of its slots are taken, and whether it fills up."""

from __future__ import annotations

import contextlib

from modemd.at import Reply, replies
from modemd.at.replies import StorageFill
from modemd.errors import DecodeError
from modemd.modem.link.dialogue import Dialogue

# Share of taken slots from which on a storage is swept before its time. If it stays so full, a person is needed.
NEARLY_FULL = 0.8


class StorageLevel:
    """Level of the memory that messages are read from. `fill` is the last reading; None before the first.

    `moved_to` is the memory in which messages arrive now, if the modem names other memories than at the first reading of the
    session; else None.
    """

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self.fill: StorageFill | None = None
        self.moved_to: str | None = None
        self._memories: tuple[str, ...] = ()
        self._used_after_sweep = 0

    async def read(self) -> None:
        """Reads the level (`AT+CPMS?`, 3GPP TS 27.005 3.2.2). If it cannot be read, `fill` stays as it is."""
        reply = await self._dialogue.ask("+CPMS?")
        memories = _list_memories(reply)
        self._memories = self._memories or memories
        if memories != self._memories and memories == _list_memories(reply := await self._dialogue.ask("+CPMS?")):
            self.moved_to = memories[-1] if memories else None  # twice alike: it was no noise on the line
        with contextlib.suppress(DecodeError):
            self.fill = replies.parse_fill(reply.lines) if reply.ok else self.fill
        if self.fill is not None:
            self._used_after_sweep = min(self._used_after_sweep, self.fill.used)

    async def read_after_sweep(self) -> None:
        """Reads the level that a sweep left. Only a higher one wants another sweep."""
        await self.read()
        if self.fill is not None:
            self._used_after_sweep = self.fill.used

    @property
    def wants_sweep(self) -> bool:
        """True if the storage is nearly full, and more so than after the last sweep."""
        return self._is_nearly_full and self.fill is not None and self.fill.used > self._used_after_sweep

    def find_problem(self, memory: str, undeletable: int) -> str | None:
        """Explains why the storage stays nearly full, and what helps; None if it is not. `undeletable` is how many messages
        cannot be deleted."""
        if self.fill is not None and self.fill.total == 0:
            return f"the storage {memory} has 0 places: no message can be stored in it"
        if not self._is_nearly_full or self.fill is None:
            return None
        level = "is full: nothing can come in" if self.fill.used >= self.fill.total else "stays nearly full"
        content = f"{undeletable} that cannot be deleted" if undeletable else "what other programs keep in it"
        return (
            f"the storage {memory} {level} ({self.fill.used} of {self.fill.total}), with {content}; empty it in a phone"
        )

    @property
    def _is_nearly_full(self) -> bool:
        return self.fill is not None and self.fill.total > 0 and self.fill.used >= NEARLY_FULL * self.fill.total


def _list_memories(reply: Reply) -> tuple[str, ...]:
    """Returns the names of the memories that `+CPMS?` tells; empty if it tells none."""
    try:
        fields = replies.split_fields(replies.find_line(reply.lines, "+CPMS")) if reply.ok else []
    except DecodeError:
        return ()
    return tuple(field for field in fields if field.isalpha())
