"""Receiver: reads arrivals from the modem, has them stored, and deletes on the modem only what is durable."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from modemd import logs
from modemd.at import Urc, replies
from modemd.at.notices import begins_with
from modemd.at.replies import StorageSlot, StoredMessage
from modemd.connector import Inbound
from modemd.errors import CommandFailed, DecodeError, StoreUnavailable
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.messages.arrivals import Arrivals, UnstoredArrivals
from modemd.modem.messages.storage_level import StorageLevel
from modemd.modem.setup.negotiation import Storage
from modemd.modem.status import Identity

log = logs.get(__name__)

# Status of a received message. Messages that are stored for sending (status 2, 3) belong to somebody else, and stay.
_RECEIVED = (0, 1, None)
# A message that was damaged on the line is read again, at most so often in a row.
MAX_READS = 5
# A message that is still damaged is believed if so many readings in a row were equal.
MATCHES_NEEDED = 3
# Answers to a deletion which say that the slot is empty already.
_EMPTY_SLOT_ERRORS = ("+CMS ERROR: 321", "+CME ERROR: 21", "+CME ERROR: 22")


@dataclass(slots=True)
class ReceiverState:
    """State that outlives a session, and with it the receiver.

    `unstored` has the arrivals by `+CDS` and `+CMT` that the database has not taken yet: no modem stores them. `undeletable` has
    memory, slot and PDU of each message that the modem does not delete. `used_memories` are the memories that may have messages:
    if noise garbles the modem's offer, a set-up chooses another memory, and the next one the first again.
    """

    unstored: UnstoredArrivals = field(default_factory=deque)
    undeletable: set[tuple[str, int, str]] = field(default_factory=set)
    used_memories: set[str] = field(default_factory=set)


class Receiver:
    """Inbound side of one modem: handles the notices of arrivals, and sweeps for arrivals that no notice announced.

    Status reports come as often as messages are sent. Nothing waits for their commit, which they share with the next claim. When
    a report is durable, `wake` is called, and `delete_stored` deletes it on the modem.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        identity: Identity,
        inbound: Inbound,
        storage: Storage,
        state: ReceiverState | None = None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._dialogue = dialogue
        self._identity = identity
        self._storage = storage
        self._memory = storage.memory or ""
        self._report_memory = storage.reports
        self._state = ReceiverState() if state is None else state
        self._arrivals = Arrivals(
            dialogue, identity, inbound, self._state.unstored, wake, acknowledges=storage.is_direct
        )
        self.level = StorageLevel(dialogue)
        self._report_slots: dict[int, str] = {}  # PDUs of the reports on the modem that are being stored or deleted
        self._deletable: deque[StoredMessage] = deque()

    @property
    def has_unstored(self) -> bool:
        """True if an arrival could not be stored: a sweep is worth while as soon as the database may take it."""
        return self._arrivals.has_unstored

    async def handle_notice(self, urc: Urc) -> bool:
        """Handles a notice of an arrival. Returns False if the notice is another one."""
        if urc.line.startswith(("+CDS:", "+CMT:")):
            if urc.pdu is not None:
                await self._handle_direct(urc, urc.pdu)
            return True
        if urc.line.startswith(("+CMTI:", "+CDSI:")):
            try:
                await self._fetch(replies.parse_slot(urc.line), is_report=urc.line.startswith("+CDSI:"))
            except DecodeError:
                await self.sweep()  # a garbled notice still means that something arrived
            return True
        if begins_with(urc.line, self._identity.profile.full):
            await self.sweep()
            await self.check_storage()
            return True
        return False

    async def check_storage(self) -> None:
        """Reads the level of the storage, and sweeps if it is nearly full: a full one gets no message, and no notice."""
        if self._storage.is_direct:
            return
        await self.level.read()
        if self.level.wants_sweep:
            await self.sweep()
            await self.level.read_after_sweep()

    @property
    def storage_problem(self) -> str | None:
        """Reason why the storage stays nearly full, in words; None if it is not."""
        return self.level.find_problem(self._memory, len(self._state.undeletable))

    async def sweep(self) -> int:
        """Stores what is held, then reads, stores and deletes every received message. Returns how many messages there were."""
        self._arrivals.has_unstored = False
        await self._arrivals.wait_for_background()
        # The listing shows the reports that wait for their deletion, too. They are deleted as part of it: no slot is deleted
        # twice, for it may have another message by then.
        self._deletable.clear()
        self._report_slots.clear()
        await self._arrivals.store_held()
        if self._storage.is_direct:
            return 0
        found = await self._clear(self._memory)
        # Reports that were announced while nobody had the port open are in another memory, and are not announced again.
        others = sorted(self._state.used_memories - {self._memory})
        for memory in others if self._report_memory is None else [self._report_memory, *others]:
            async with self._select_memory(memory) as is_selected:
                found += await self._clear(memory) if is_selected else 0
            self._state.used_memories.discard(memory)
        return found

    async def delete_stored(self) -> None:
        """Deletes the reports that are durable by now, until a notice comes. The notice is handled first: some modems put the
        next report into the slot of the last, and that must be read before the slot is deleted."""
        while self._deletable and not self._dialogue.notices:
            stored = self._deletable.popleft()
            if self._report_slots.get(stored.index) == stored.pdu:
                await self._delete(stored, self._memory)

    async def _handle_direct(self, urc: Urc, pdu: str) -> None:
        """Stores an arrival whose PDU came with the notice: no modem stores it."""
        is_report = urc.line.startswith("+CDS:")
        if _is_damaged(urc):  # it cannot be read again, and must not be taken for another
            log.warning("notice damaged on the line", iccid=self._identity.iccid, octets=len(pdu) // 2)
            if is_report:  # a message stays unacknowledged, so that the network sends it again
                await self._arrivals.acknowledge()
        elif is_report and not self._arrivals.is_acknowledging:
            self._arrivals.start(self._arrivals.store_direct_lazily(_parse_octets(pdu)))
        else:
            await self._arrivals.store_direct(_parse_octets(pdu))

    async def _clear(self, memory: str) -> int:
        """Stores and deletes every received message in the memory that is selected. Returns how many messages there were."""
        lines = await self._dialogue.run_command("+CMGL=4")
        found = [stored for stored in replies.parse_listing(lines) if stored.status in _RECEIVED]
        present = {(memory, stored.index, stored.pdu) for stored in found}
        undeletable = self._state.undeletable
        undeletable.difference_update([key for key in undeletable if key[0] == memory and key not in present])
        for stored in found:
            await self._store_and_delete(stored, memory)
        return len(found)

    @contextlib.asynccontextmanager
    async def _select_memory(self, memory: str) -> AsyncIterator[bool]:
        """Selects `memory` for reading in the block; gives False if the modem refuses it. MT has the messages of all memories."""
        if memory in (self._memory, "MT"):
            yield True
            return
        reply = await self._dialogue.ask(self._storage.select_command(memory))
        try:
            yield reply.ok
        finally:
            if self._dialogue.loss_reason is None:
                await self._dialogue.run_command(self._storage.select_command(self._memory))

    async def _fetch(self, slot: StorageSlot, *, is_report: bool) -> None:
        """Reads one announced slot, in the memory that the notice named."""
        is_own_memory = slot.memory in (self._memory, "MT")
        async with self._select_memory(slot.memory):
            reply = await self._dialogue.ask(f"+CMGR={slot.index}")
            stored = replies.parse_message(reply.lines, slot.index) if reply.ok else None
            if stored is None or stored.status not in _RECEIVED:
                return
            if is_own_memory and self._report_slots.get(stored.index) == stored.pdu:
                return  # it was announced twice
            if is_own_memory:
                self._report_slots.pop(stored.index, None)
            is_undeletable = (self._memory, stored.index, stored.pdu) in self._state.undeletable
            if is_report and is_own_memory and not stored.is_damaged and not is_undeletable:
                self._report_slots[stored.index] = stored.pdu
                self._arrivals.start(self._store_report(stored))
            else:
                await self._store_and_delete(stored, slot.memory)

    async def _store_report(self, stored: StoredMessage) -> None:
        """Makes a report durable that stays on the modem until then."""
        try:
            is_stored = await self._arrivals.store_lazily(_parse_octets(stored.pdu))
        except StoreUnavailable:
            is_stored = False
        if is_stored:
            self._deletable.append(stored)
        elif self._report_slots.get(stored.index) == stored.pdu:
            del self._report_slots[stored.index]
        self._arrivals.wake()

    async def _store_and_delete(self, stored: StoredMessage, memory: str | None = None) -> None:
        """Stores a message, then deletes it by its index: a deletion by flag could destroy what arrived meanwhile."""
        if stored.is_damaged:
            again = await self._read_again(stored)
            if again is None:
                return
            stored = again
        if (memory or self._memory, stored.index, stored.pdu) in self._state.undeletable:
            return
        try:
            if not await self._arrivals.store(_parse_octets(stored.pdu)):
                return
        except StoreUnavailable:
            return
        await self._delete(stored, memory or self._memory)

    async def _delete(self, stored: StoredMessage, memory: str) -> None:
        if memory == self._memory:
            self._report_slots.pop(stored.index, None)
        try:
            await self._dialogue.run_command(f"+CMGD={stored.index}")
        except CommandFailed as error:
            if error.result not in _EMPTY_SLOT_ERRORS:
                self._state.undeletable.add((memory, stored.index, stored.pdu))

    async def _read_again(self, stored: StoredMessage) -> StoredMessage | None:
        """Reads a slot until its PDU is as long as its header says, or was the same MATCHES_NEEDED times in a row (then the modem
        means it: some ZTE count the SMSC field wrongly). Returns None if the message is left for the next sweep."""
        matches = 1
        for _ in range(MAX_READS):
            reply = await self._dialogue.ask(f"+CMGR={stored.index}")
            again = replies.parse_message(reply.lines, stored.index) if reply.ok else None
            if again is None:
                return None
            matches = matches + 1 if again.pdu == stored.pdu else 1
            if not again.is_damaged or matches == MATCHES_NEEDED:
                return again
            stored = again
        log.warning("arrival reads differently each time; it stays on the modem", iccid=self._identity.iccid)
        return None


def _parse_octets(pdu: str) -> bytes:
    """Returns the octets of a PDU in hex. A single digit at the end, whose other half was lost on the line, is dropped."""
    return bytes.fromhex(pdu[: len(pdu) // 2 * 2])


def _is_damaged(urc: Urc) -> bool:
    """True if the PDU behind `+CDS: <length>` or `+CMT: [<alpha>],<length>` has another length."""
    length = urc.line.rpartition("," if "," in urc.line else ":")[2].strip()
    return length.isdecimal() and urc.pdu is not None and not replies.is_whole(urc.pdu, int(length))
