"""Empty the storage: read, hand over, and delete only what was made durable."""

from __future__ import annotations

from collections import deque

from modemd import logs
from modemd.at import Urc, replies
from modemd.at.replies import Slot, Stored
from modemd.errors import CommandFailed, DecodeError, StoreUnavailable
from modemd.modem.desk import Desk, Identity
from modemd.modem.dialogue import Dialogue
from modemd.profiles import Quirk

log = logs.get(__name__)

# What is stored for sending (status 2, 3) is somebody else's and stays.
_RECEIVED = (0, 1, None)
# A message that came damaged over the line is read again so often in one go, and believed if it comes alike so often.
READS = 5
ALIKE = 3


class Receiver:
    """The inbound side of one modem: notices, and the sweep that finds what no notice told of.

    `held` keeps, over the life of a port, what came by `+CDS` or `+CMT` while the database took no changes: no modem stores it.
    `behind`: something could not be kept, and a sweep is worth while as soon as the database may take it.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        identity: Identity,
        desk: Desk,
        memory: str,
        held: deque[tuple[Identity, bytes]] | None = None,
    ) -> None:
        self._dialogue = dialogue
        self._identity = identity
        self._desk = desk
        self._memory = memory  # where the set-up put the storage
        self._held = deque[tuple[Identity, bytes]]() if held is None else held
        self._undeletable: set[tuple[str, int, str]] = set()
        self.behind = bool(self._held)

    async def notice(self, urc: Urc) -> bool:
        """Deal with a notice of an arrival; False where it is none."""
        if urc.line.startswith(("+CDS:", "+CMT:")):
            if urc.pdu is None:
                return True
            if _is_damaged(urc):  # it cannot be read again, and must not be taken for another
                log.warning("notice damaged on the line", iccid=self._identity.iccid, octets=len(urc.pdu) // 2)
                if urc.line.startswith("+CDS:"):  # a message stays unacknowledged: the network sends it again
                    await self._acknowledge()
                return True
            try:
                await self._hand_over(self._identity, _octets(urc.pdu))
            except StoreUnavailable:
                self._held.append((self._identity, _octets(urc.pdu)))
                self.behind = True
            else:
                await self._acknowledge()
            return True
        if urc.line.startswith(("+CMTI:", "+CDSI:")):
            try:
                await self._fetch(replies.slot(urc.line))
            except DecodeError:
                await self.sweep()  # a garbled notice still says that something waits
            return True
        return False

    async def sweep(self) -> int:
        """Read and clear everything that was received: how many messages there were. Before it, what is held."""
        self.behind = False
        await self._catch_up()
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
        if stored.damaged:
            again = await self._read_again(stored)
            if again is None:
                return
            stored = again
        place = (memory or self._memory, stored.index, stored.pdu)
        if place in self._undeletable:
            return
        try:
            if not await self._hand_over(self._identity, _octets(stored.pdu)):
                return
        except StoreUnavailable:
            self.behind = True
            return
        try:
            await self._dialogue.command(f"+CMGD={stored.index}")
        except CommandFailed as error:
            if error.result not in ("+CMS ERROR: 321", "+CME ERROR: 21", "+CME ERROR: 22"):  # gone already
                self._undeletable.add(place)

    async def _read_again(self, stored: Stored) -> Stored | None:
        """What is stored there, read until it is as long as its header says, or came the same `ALIKE` times in a row (then the
        modem means it: some ZTE count the SMSC field wrongly). None: it is left for the next sweep."""
        alike = 1
        for _ in range(READS):
            reply = await self._dialogue.ask(f"+CMGR={stored.index}")
            again = replies.message_read(reply.lines, stored.index) if reply.ok else None
            if again is None:
                return None
            alike = alike + 1 if again.pdu == stored.pdu else 1
            if not again.damaged or alike == ALIKE:
                return again
            stored = again
        log.warning("arrival reads differently each time; it stays on the modem", iccid=self._identity.iccid)
        return None

    async def _catch_up(self) -> None:
        """Hand over what is held, in order of arrival, as far as the database takes it."""
        while self._held:
            try:
                await self._hand_over(*self._held[0])
            except StoreUnavailable:
                self.behind = True
                return
            self._held.popleft()
            await self._acknowledge()

    async def _acknowledge(self) -> None:
        """Say that a report was taken, where the modem sends no other before."""
        if Quirk.CNMA_AFTER_REPORT in self._identity.profile.quirks:
            await self._dialogue.ask("+CNMA")

    async def _hand_over(self, identity: Identity, octets: bytes) -> bool:
        """Make an arrival durable. False where it cannot be: it stays on the modem, and the rest goes on. StoreUnavailable:
        nothing can be kept now."""
        try:
            await self._desk.keep(identity, octets)
        except StoreUnavailable as error:
            log.error("arrival not kept yet", iccid=identity.iccid, octets=len(octets), error=str(error))
            raise
        except Exception:
            log.exception("arrival not kept; it stays on the modem", iccid=identity.iccid, octets=len(octets))
            return False
        return True


def _octets(pdu: str) -> bytes:
    """Half an octet at the end is a byte lost on the line; what is left is kept all the same."""
    return bytes.fromhex(pdu[: len(pdu) // 2 * 2])


def _is_damaged(urc: Urc) -> bool:
    """Whether the PDU behind `+CDS: <length>` or `+CMT: [<alpha>],<length>` is of another length."""
    length = urc.line.rpartition("," if "," in urc.line else ":")[2].strip()
    return length.isdecimal() and urc.pdu is not None and not replies.is_whole(urc.pdu, int(length))
