"""Stored messages on a modem: selects a memory, lists it, and reads its slots one by one if the modem refuses the list."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from modemd.at import Reply, replies
from modemd.at.replies import StorageFill, StoredMessage
from modemd.errors import CommandFailed, DecodeError
from modemd.light_dataclass import dataclass
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.pdu_mode import is_in_text_mode
from modemd.modem.setup.negotiation import Storage

ALL_MEMORIES = "MT"
"""Memory that shows the messages of the others (3GPP TS 27.005 3.1)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Answer to the selection of a memory: whether the modem took it, and its level, if the modem tells."""

    ok: bool
    fill: StorageFill | None = None

    @property
    def is_empty(self) -> bool:
        """True if the modem says that the memory holds nothing."""
        return self.fill is not None and self.fill.used == 0


@dataclass(frozen=True, slots=True)
class Listing:
    """Messages of a memory, and the slots whose PDU line cannot be read as hex."""

    messages: tuple[StoredMessage, ...] = ()
    unreadable: frozenset[int] = frozenset()


class StoredMessages:
    """Stored messages of one session. Between two calls the memory of `storage` is selected for reading.

    `list_refusal` is the answer of a modem that refuses to list its messages; None if it does not. `step_aside` is awaited
    between two slots that are read one by one.
    """

    def __init__(self, dialogue: Dialogue, storage: Storage, step_aside: Callable[[], Awaitable[None]]) -> None:
        self._dialogue = dialogue
        self._storage = storage
        self._step_aside = step_aside
        self.list_refusal: str | None = None

    @contextlib.asynccontextmanager
    async def select(self, memory: str) -> AsyncIterator[Selection]:
        """Selects `memory` for reading in the block. MT has the messages of all memories: for it nothing is selected."""
        if memory in (self._storage.memory, ALL_MEMORIES):
            yield Selection(True)
            return
        async with self.select_as_named(memory) as selection:
            yield selection

    @contextlib.asynccontextmanager
    async def select_as_named(self, memory: str) -> AsyncIterator[Selection]:
        """Selects `memory` for reading in the block, MT too."""
        reply = await self._dialogue.ask(self._storage.select_command(memory))
        try:
            yield Selection(reply.ok, _parse_fill(reply))
        finally:
            if self._dialogue.loss_reason is None and self._storage.memory is not None:
                await self._dialogue.run_command(self._storage.select_command(self._storage.memory))

    async def list_all(self) -> Listing:
        """Lists the memory that is selected. Raises CommandFailed if the modem refuses that and has lost its PDU mode, or does
        not tell its level either.

        Some firmware refuses the list of an empty memory (321, 320, 500, ERROR), some refuses every list in PDU mode (303:
        Quectel EP06). Then the slots are read one by one, up to the level that `+CPMS?` tells.
        """
        reply = await self._dialogue.ask("+CMGL=4")
        if reply.ok:
            self.list_refusal = None
            return Listing(
                tuple(replies.parse_listing(reply.lines)), frozenset(replies.list_unreadable_slots(reply.lines))
            )
        has_lost_pdu_mode = await is_in_text_mode(self._dialogue)
        fill = _parse_fill(await self._dialogue.ask("+CPMS?"))
        if fill is None or has_lost_pdu_mode:
            raise CommandFailed("AT+CMGL=4", reply.result.line)
        if fill.used == 0:
            return Listing()
        self.list_refusal = reply.result.line
        return await self._read_slots(fill)

    async def _read_slots(self, fill: StorageFill) -> Listing:
        """Reads slot by slot, as many messages as the memory holds. Families count from 0 or from 1."""
        found: list[StoredMessage] = []
        unreadable: set[int] = set()
        for index in range(fill.total + 1):
            if len(found) + len(unreadable) >= fill.used:
                break
            await self._step_aside()
            reply, stored = await read_slot(self._dialogue, index)
            if stored is not None:
                found.append(stored)
            elif reply.ok and reply.lines:
                unreadable.add(index)
        return Listing(tuple(found), frozenset(unreadable))


async def read_slot(dialogue: Dialogue, index: int) -> tuple[Reply, StoredMessage | None]:
    """Reads a slot of the memory that is selected. Returns the answer and its message; None if there is none, or the modem
    refuses."""
    reply = await dialogue.ask(f"+CMGR={index}")
    return reply, replies.parse_message(reply.lines, index) if reply.ok else None


def _parse_fill(reply: Reply) -> StorageFill | None:
    try:
        return replies.parse_fill(reply.lines) if reply.ok else None
    except DecodeError:
        return None
