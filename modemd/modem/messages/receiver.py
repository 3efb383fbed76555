"""Empty the storage: read, hand over, and delete only what was made durable."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from modemd import logs
from modemd.at import Urc, replies
from modemd.at.replies import StorageFill, StorageSlot, StoredMessage
from modemd.connector import Inbound
from modemd.errors import CommandFailed, DecodeError, StoreUnavailable
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.negotiation import Storage
from modemd.modem.status import Identity
from modemd.profiles import Quirk

log = logs.get(__name__)

# What is stored for sending (status 2, 3) is somebody else's and stays.
_RECEIVED = (0, 1, None)
# From this share on a storage is emptied without waiting for the next sweep; one that stays so needs a person.
NEARLY_FULL = 0.8
# A message that came damaged over the line is read again so often in one go, and believed if it comes alike so often.
MAX_READS = 5
MATCHES_NEEDED = 3


class Receiver:
    """The inbound side of one modem: notices, and the sweep that finds what no notice told of.

    `held` keeps, over the life of a port, what came by `+CDS` or `+CMT` while the database took no changes: no modem stores it.
    `undeletable` keeps as long what the storage does not let go, and `used` where messages may lie: where an offer was
    garbled on the line, a set-up takes another storage, and the next one comes back. `behind`: something could not be kept, and
    a sweep is worth while as soon as the database may take it. `fill`: how full the storage was, last time it was asked.

    Status reports come as often as messages go. Nothing waits for their commit, which they share with the next claim; when it
    is there, `wake` is called, and `delete_kept` clears them away.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        identity: Identity,
        inbound: Inbound,
        storage: Storage,
        held: deque[tuple[Identity, bytes]] | None = None,
        undeletable: set[tuple[str, int, str]] | None = None,
        used: set[str] | None = None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._dialogue = dialogue
        self._identity = identity
        self._inbound = inbound
        self._memory = storage.memory
        self._used_memories = set[str]() if used is None else used
        self._reports = storage.reports
        self._unstored = deque[tuple[Identity, bytes]]() if held is None else held
        self._undeletable = set[tuple[str, int, str]]() if undeletable is None else undeletable
        self.has_unstored = bool(self._unstored)
        self.fill: StorageFill | None = None
        self._used_after_sweep = 0  # what was used after the last sweep
        self._wake = wake
        self._storing: set[asyncio.Task[None]] = set()  # reports whose commit is awaited
        self._occupied_slots: dict[int, str] = {}  # what lies in their places, until it is deleted
        self._deletable: deque[StoredMessage] = deque()

    async def handle_notice(self, urc: Urc) -> bool:
        """Deal with a notice of an arrival; False where it is none."""
        if urc.line.startswith(("+CDS:", "+CMT:")):
            if urc.pdu is None:
                return True
            if _is_damaged(urc):  # it cannot be read again, and must not be taken for another
                log.warning("notice damaged on the line", iccid=self._identity.iccid, octets=len(urc.pdu) // 2)
                if urc.line.startswith("+CDS:"):  # a message stays unacknowledged: the network sends it again
                    await self._acknowledge()
                return True
            if urc.line.startswith("+CDS:") and not self._is_acknowledging:
                self._start_storing(self._store_direct(_parse_octets(urc.pdu)))
                return True
            try:
                await self._store_arrival(self._identity, _parse_octets(urc.pdu))
            except StoreUnavailable:
                self._unstored.append((self._identity, _parse_octets(urc.pdu)))
                self.has_unstored = True
            else:
                await self._acknowledge()
            return True
        if urc.line.startswith(("+CMTI:", "+CDSI:")):
            try:
                await self._fetch(replies.parse_slot(urc.line), is_report=urc.line.startswith("+CDSI:"))
            except DecodeError:
                await self.sweep()  # a garbled notice still says that something waits
            return True
        if urc.line.startswith(self._identity.profile.full):
            await self.sweep()
            await self.check_storage()
            return True
        return False

    async def check_storage(self) -> None:
        """Ask how full the storage is, and empty it where it is nearly full: a full one gets no message, and no notice."""
        await self._read_fill()
        if self.fill is not None:
            self._used_after_sweep = min(self._used_after_sweep, self.fill.used)
        if self._is_nearly_full and self.fill is not None and self.fill.used > self._used_after_sweep:
            await self.sweep()
            await self._read_fill()
            self._used_after_sweep = self.fill.used

    @property
    def storage_problem(self) -> str | None:
        """Why the storage stays nearly full, in words; None where it does not."""
        if not self._is_nearly_full or self.fill is None:
            return None
        full = "is full: nothing can come in" if self.fill.used >= self.fill.total else "stays nearly full"
        kept = (
            f"{len(self._undeletable)} that cannot be deleted"
            if self._undeletable
            else "what other programs keep in it"
        )
        return f"the storage {self._memory} {full} ({self.fill.used} of {self.fill.total}), with {kept}; empty it in a phone"

    @property
    def _is_nearly_full(self) -> bool:
        return self.fill is not None and self.fill.total > 0 and self.fill.used >= NEARLY_FULL * self.fill.total

    async def _read_fill(self) -> None:
        """`AT+CPMS?` (3GPP TS 27.005 3.2.2), the storage that is read. What cannot be read is as it was."""
        reply = await self._dialogue.ask("+CPMS?")
        with contextlib.suppress(DecodeError):
            self.fill = replies.parse_fill(reply.lines) if reply.ok else self.fill

    async def sweep(self) -> int:
        """Read and clear everything that was received: how many messages there were. Before it, what is held."""
        self.has_unstored = False
        if self._storing:
            await asyncio.wait(self._storing)
        # What lies there still is listed, known, and deleted then: nothing is deleted twice, for its place may be another's.
        self._deletable.clear()
        self._occupied_slots.clear()
        await self._store_unstored()
        found = await self._clear(self._memory)
        # A report that was announced while nobody had the port open lies elsewhere, and no notice of it comes again.
        elsewhere = sorted(self._used_memories - {self._memory})
        for memory in elsewhere if self._reports is None else [self._reports, *elsewhere]:
            async with self._select_memory(memory) as there:
                found += await self._clear(memory) if there else 0
            self._used_memories.discard(memory)
        return found

    async def delete_stored(self) -> None:
        """Delete the reports that are durable by now. A notice comes first: some modems put the next report in the place of the
        last, and that is to be read before its place is cleared."""
        while self._deletable and not self._dialogue.notices:
            stored = self._deletable.popleft()
            if self._occupied_slots.get(stored.index) == stored.pdu:
                await self._delete(stored, self._memory)

    async def _clear(self, memory: str) -> int:
        """Take everything that was received from the memory that is read now: how many messages there were."""
        lines = await self._dialogue.run_command("+CMGL=4")
        found = [stored for stored in replies.parse_listing(lines) if stored.status in _RECEIVED]
        there = {(memory, stored.index, stored.pdu) for stored in found}
        self._undeletable.difference_update([p for p in self._undeletable if p[0] == memory and p not in there])
        for stored in found:
            await self._store_and_delete(stored, memory)
        return len(found)

    @contextlib.asynccontextmanager
    async def _select_memory(self, memory: str) -> AsyncIterator[bool]:
        """Read from `memory` for the block; False where the modem refuses it. MT holds whatever the others hold."""
        if memory in (self._memory, "MT"):
            yield True
            return
        reply = await self._dialogue.ask(f'+CPMS="{memory}"')
        try:
            yield reply.ok
        finally:
            if self._dialogue.loss_reason is None:
                await self._dialogue.run_command(f'+CPMS="{self._memory}"')

    async def _fetch(self, slot: StorageSlot, *, is_report: bool) -> None:
        """Read one announced slot, in the memory that the notice named."""
        here = slot.memory in (self._memory, "MT")
        async with self._select_memory(slot.memory):
            reply = await self._dialogue.ask(f"+CMGR={slot.index}")
            stored = replies.parse_message(reply.lines, slot.index) if reply.ok else None
            if stored is None or stored.status not in _RECEIVED:
                return
            if here and self._occupied_slots.get(stored.index) == stored.pdu:
                return  # announced twice
            if here:
                self._occupied_slots.pop(stored.index, None)
            known = (self._memory, stored.index, stored.pdu) in self._undeletable
            if is_report and here and not stored.is_damaged and not known:
                self._occupied_slots[stored.index] = stored.pdu
                self._start_storing(self._store_from_memory(stored))
            else:
                await self._store_and_delete(stored, slot.memory)

    def _start_storing(self, keeping: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(keeping)
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def _store_direct(self, octets: bytes) -> None:
        """A report that no modem stores."""
        try:
            await self._wait_until_stored(
                self._inbound.store_arrival_lazily(self._identity.sender, octets), self._identity, octets
            )
        except StoreUnavailable:
            self._unstored.append((self._identity, octets))
            self.has_unstored = True
            self._wake()

    async def _store_from_memory(self, stored: StoredMessage) -> None:
        """A report that stays on the modem until it is durable."""
        octets = _parse_octets(stored.pdu)
        try:
            kept = await self._wait_until_stored(
                self._inbound.store_arrival_lazily(self._identity.sender, octets), self._identity, octets
            )
        except StoreUnavailable:
            kept, self.has_unstored = False, True
        if kept:
            self._deletable.append(stored)
        elif self._occupied_slots.get(stored.index) == stored.pdu:
            del self._occupied_slots[stored.index]
        self._wake()

    async def _store_and_delete(self, stored: StoredMessage, memory: str | None = None) -> None:
        """Hand over, then delete by index: deleting by flag could destroy what arrived meanwhile."""
        if stored.is_damaged:
            again = await self._read_again(stored)
            if again is None:
                return
            stored = again
        place = (memory or self._memory, stored.index, stored.pdu)
        if place in self._undeletable:
            return
        try:
            if not await self._store_arrival(self._identity, _parse_octets(stored.pdu)):
                return
        except StoreUnavailable:
            self.has_unstored = True
            return
        await self._delete(stored, memory or self._memory)

    async def _delete(self, stored: StoredMessage, memory: str) -> None:
        if memory == self._memory:
            self._occupied_slots.pop(stored.index, None)
        try:
            await self._dialogue.run_command(f"+CMGD={stored.index}")
        except CommandFailed as error:
            if error.result not in ("+CMS ERROR: 321", "+CME ERROR: 21", "+CME ERROR: 22"):  # gone already
                self._undeletable.add((memory, stored.index, stored.pdu))

    async def _read_again(self, stored: StoredMessage) -> StoredMessage | None:
        """What is stored there, read until it is as long as its header says, or came the same `ALIKE` times in a row (then the
        modem means it: some ZTE count the SMSC field wrongly). None: it is left for the next sweep."""
        alike = 1
        for _ in range(MAX_READS):
            reply = await self._dialogue.ask(f"+CMGR={stored.index}")
            again = replies.parse_message(reply.lines, stored.index) if reply.ok else None
            if again is None:
                return None
            alike = alike + 1 if again.pdu == stored.pdu else 1
            if not again.is_damaged or alike == MATCHES_NEEDED:
                return again
            stored = again
        log.warning("arrival reads differently each time; it stays on the modem", iccid=self._identity.iccid)
        return None

    async def _store_unstored(self) -> None:
        """Hand over what is held, in order of arrival, as far as the database takes it."""
        while self._unstored:
            try:
                await self._store_arrival(*self._unstored[0])
            except StoreUnavailable:
                self.has_unstored = True
                return
            self._unstored.popleft()
            await self._acknowledge()

    @property
    def _is_acknowledging(self) -> bool:
        return Quirk.CNMA_AFTER_REPORT in self._identity.profile.quirks

    async def _acknowledge(self) -> None:
        """Say that a report was taken, where the modem sends no other before."""
        if self._is_acknowledging:
            await self._dialogue.ask("+CNMA")

    async def _store_arrival(self, identity: Identity, octets: bytes) -> bool:
        """Make an arrival durable. False where it cannot be: it stays on the modem, and the rest goes on. StoreUnavailable:
        nothing can be kept now."""
        return await self._wait_until_stored(self._inbound.store_arrival(identity.sender, octets), identity, octets)

    @staticmethod
    async def _wait_until_stored(keeping: Awaitable[None], identity: Identity, octets: bytes) -> bool:
        """Wait until it is durable. False where it cannot be."""
        try:
            await keeping
        except StoreUnavailable as error:
            log.error("arrival not kept yet", iccid=identity.iccid, octets=len(octets), error=str(error))
            raise
        except Exception:
            log.exception("arrival not kept; it stays on the modem", iccid=identity.iccid, octets=len(octets))
            return False
        return True


def _parse_octets(pdu: str) -> bytes:
    """Half an octet at the end is a byte lost on the line; what is left is kept all the same."""
    return bytes.fromhex(pdu[: len(pdu) // 2 * 2])


def _is_damaged(urc: Urc) -> bool:
    """Whether the PDU behind `+CDS: <length>` or `+CMT: [<alpha>],<length>` is of another length."""
    length = urc.line.rpartition("," if "," in urc.line else ":")[2].strip()
    return length.isdecimal() and urc.pdu is not None and not replies.is_whole(urc.pdu, int(length))
