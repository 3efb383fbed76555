"""Slots of a modem's storage: has their messages stored, and empties only those whose message is durable and still there."""

from __future__ import annotations

import asyncio
import re

from modemd import logs
from modemd.at import replies
from modemd.at.replies import StorageSlot, StoredMessage
from modemd.errors import CommandFailed, DecodeError, StoreUnavailable
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.messages.arrivals import Arrivals
from modemd.modem.messages.pdu_lines import find_whole, parse_octets
from modemd.modem.messages.receiver_state import ReceiverState
from modemd.modem.messages.stored_messages import ALL_MEMORIES, read_slot

log = logs.get(__name__)

# Status of a received message. Messages that are stored for sending (status 2, 3) belong to somebody else, and stay.
RECEIVED = (0, 1, None)
# A message that was damaged on the line is read again, at most so often in a row.
MAX_READS = 5
# A message that is still damaged is believed if so many readings in a row were equal.
MATCHES_NEEDED = 3
# Answers to a deletion which say that the slot is empty already.
_EMPTY_SLOT_ERRORS = ("+CMS ERROR: 321", "+CME ERROR: 21", "+CME ERROR: 22")
# A message that was read longer ago is read again before its slot is deleted: another may have taken its place.
FRESH_S = 2.0
# A slot that changes while its message is stored is read again so often in a row; then it is left for the next sweep.
MAX_REPLACEMENTS = 5
# A deletion that is answered OK and empties nothing is tried so often.
MAX_DELETIONS = 3
_MEMORY_NAME = re.compile(r"[A-Z0-9]{1,4}")


class Slots:
    """Slots of one session, in whatever memory is selected."""

    def __init__(self, dialogue: Dialogue, iccid: str, arrivals: Arrivals, state: ReceiverState) -> None:
        self._dialogue = dialogue
        self._iccid = iccid
        self._arrivals = arrivals
        self._state = state
        self._loop = asyncio.get_running_loop()

    async def read(self, index: int) -> StoredMessage | None:
        """Reads a slot; None if it has no received message, or the modem refuses."""
        _, stored = await read_slot(self._dialogue, index)
        return stored if stored is not None and stored.status in RECEIVED else None

    async def store_and_delete(self, stored: StoredMessage, memory: str, read_at: float) -> bool:
        """Stores a message, then deletes it by its index: a deletion by flag could destroy what arrived meanwhile. A slot that
        has another message by then is read again. Returns False if the message could not be read."""
        for _ in range(MAX_REPLACEMENTS):
            octets = find_whole(stored)
            if octets is None or not _is_counted(stored):
                again = await self._read_again(stored)
                if again is None:
                    return False
                stored, read_at = again, self._loop.time()
                octets = find_whole(stored) or parse_octets(stored.pdu)
            if (memory, stored.index, stored.pdu) in self._state.undeletable:
                return True
            try:
                if not await self._arrivals.store(octets, slot=f"{memory}/{stored.index}"):
                    return True
            except StoreUnavailable:
                return True
            if not self._may_have_changed(memory, stored.index, read_at):
                await self.delete(stored, memory, octets)
                return True
            now_there = await self.read(stored.index)
            if now_there is None:
                return True
            read_at = self._loop.time()
            if now_there.pdu == stored.pdu:
                await self.delete(stored, memory, octets)
                return True
            stored = now_there
        return True

    def _may_have_changed(self, memory: str, index: int, read_at: float) -> bool:
        """True if another message may have come to a slot since it was read: a notice of it waits, or it was long ago. The
        service centre replaces messages in their slots (3GPP TS 23.040 9.2.3.9)."""
        if self._loop.time() - read_at > FRESH_S:
            return True
        for urc in self._dialogue.notices:
            if urc.line.startswith(("+CMTI:", "+CDSI:")):
                slot = parse_slot(urc.line)
                if slot is None or (
                    slot.index == index and (ALL_MEMORIES in (slot.memory, memory) or slot.memory == memory)
                ):
                    return True
        return False

    async def delete(self, stored: StoredMessage, memory: str, octets: bytes | None = None) -> None:
        """Deletes a message that is durable. What stays on the modem is remembered as long as it stays."""
        state, key = self._state, (memory, stored.index, stored.pdu)
        try:
            await self._dialogue.run_command(f"+CMGD={stored.index}")
        except CommandFailed as error:
            if error.result in _EMPTY_SLOT_ERRORS:
                return
            state.deletions[key] = MAX_DELETIONS
        else:
            state.deletions[key] = state.deletions.get(key, 0) + 1
        if state.deletions[key] >= MAX_DELETIONS:
            state.undeletable.add(key)
            if octets is not None:
                await self._arrivals.remember_slot(octets, f"{memory}/{stored.index}")

    async def _read_again(self, stored: StoredMessage) -> StoredMessage | None:
        """Reads a slot until its PDU is whole, and as long as its header says or the same twice in a row; or was the same
        MATCHES_NEEDED times in a row: then the modem means it. Returns None if the message is left for the next sweep."""
        matches = 1
        for _ in range(MAX_READS):
            reply, again = await read_slot(self._dialogue, stored.index)
            if again is None:
                # A slot that can only be listed is believed if its PDU is whole by its own lengths.
                return stored if not reply.ok and find_whole(stored) is not None else None
            matches = matches + 1 if again.pdu == stored.pdu else 1
            is_whole = find_whole(again) is not None
            if (is_whole and (matches > 1 or _is_counted(again))) or matches == MATCHES_NEEDED:
                return again
            stored = again
        log.warning("arrival reads differently each time; it stays on the modem", iccid=self._iccid)
        return None


def parse_slot(line: str) -> StorageSlot | None:
    """Returns the slot that a notice names; None if it is garbled."""
    try:
        slot = replies.parse_slot(line)
    except DecodeError:
        return None
    return slot if _MEMORY_NAME.fullmatch(slot.memory) else None


def _is_counted(stored: StoredMessage) -> bool:
    """True if the PDU is as long as its header says by the standard: the SMSC field is not counted (3GPP TS 27.005 3.1)."""
    octets = parse_octets(stored.pdu)
    return stored.octets is not None and len(octets) == 1 + octets[0] + stored.octets
