"""Empty the storage: read, hand over, and delete only what was made durable."""

from __future__ import annotations

from modemd import logs
from modemd.at import Urc, replies
from modemd.at.replies import Slot, Stored
from modemd.errors import CommandFailed, DecodeError
from modemd.modem.desk import Desk, Identity
from modemd.modem.dialogue import Dialogue
from modemd.profiles import Quirk

log = logs.get(__name__)

# What is stored for sending (status 2, 3) is somebody else's and stays.
_RECEIVED = (0, 1, None)


class Receiver:
    """The inbound side of one modem: notices, and the sweep that finds what no notice told of."""

    def __init__(self, dialogue: Dialogue, identity: Identity, desk: Desk, memory: str) -> None:
        self._dialogue = dialogue
        self._identity = identity
        self._desk = desk
        self._memory = memory  # where the set-up put the storage
        self._undeletable: set[tuple[str, int, str]] = set()

    async def notice(self, urc: Urc) -> bool:
        """Deal with a notice of an arrival; False where it is none."""
        if urc.line.startswith(("+CDS:", "+CMT:")):
            if urc.pdu is None:
                return True
            await self._hand_over(urc.pdu)
            if Quirk.CNMA_AFTER_REPORT in self._identity.profile.quirks:
                await self._dialogue.ask("+CNMA")
            return True
        if urc.line.startswith(("+CMTI:", "+CDSI:")):
            try:
                await self._fetch(replies.slot(urc.line))
            except DecodeError:
                await self.sweep()  # a garbled notice still says that something waits
            return True
        return False

    async def sweep(self) -> int:
        """Read and clear everything that was received: how many messages there were."""
        lines = await self._dialogue.command("+CMGL=4")
        found = [stored for stored in replies.listing(lines) if stored.status in _RECEIVED]
        for stored in found:
            await self._take(stored)
        return len(found)

    async def _fetch(self, slot: Slot) -> None:
        """Read one announced slot, in the memory that the notice named."""
        if slot.memory not in (self._memory, "MT"):
            await self._dialogue.ask(f'+CPMS="{slot.memory}"')
        try:
            reply = await self._dialogue.ask(f"+CMGR={slot.index}")
            stored = replies.message_read(reply.lines, slot.index) if reply.ok else None
            if stored is not None and stored.status in _RECEIVED:
                await self._take(stored, slot.memory)
        finally:
            if slot.memory not in (self._memory, "MT") and self._dialogue.lost is None:
                await self._dialogue.command(f'+CPMS="{self._memory}"')

    async def _take(self, stored: Stored, memory: str | None = None) -> None:
        """Hand over, then delete by index: deleting by flag could destroy what arrived meanwhile."""
        place = (memory or self._memory, stored.index, stored.pdu)
        if place in self._undeletable:
            return
        if not await self._hand_over(stored.pdu):
            return
        try:
            await self._dialogue.command(f"+CMGD={stored.index}")
        except CommandFailed as error:
            if error.result not in ("+CMS ERROR: 321", "+CME ERROR: 21", "+CME ERROR: 22"):  # gone already
                self._undeletable.add(place)

    async def _hand_over(self, pdu: str) -> bool:
        """Make an arrival durable. False where that failed: it stays on the modem for the next sweep, and the rest goes on."""
        # Half an octet at the end is a byte lost on the line; what is left is kept all the same.
        octets = bytes.fromhex(pdu[: len(pdu) // 2 * 2])
        try:
            await self._desk.keep(self._identity, octets)
        except Exception:
            log.exception("arrival not kept; it stays on the modem", iccid=self._identity.iccid, octets=len(octets))
            return False
        return True
