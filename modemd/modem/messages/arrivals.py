"""Arrivals of one session: makes inbound messages and status reports durable, and acknowledges those that no modem stores."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple

from modemd import logs
from modemd.at import replies
from modemd.connector import Inbound
from modemd.errors import StoreUnavailable
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.messages.pdu_lines import parse_count, parse_octets, parse_whole
from modemd.modem.status import Identity
from modemd.profiles import Quirk

log = logs.get(__name__)

# An acknowledgement that the modem refuses so often in a row is not asked for by it.
MAX_REFUSALS = 3
# Damaged messages that are remembered until they come again: a noisy line for days must not fill the memory.
MAX_DAMAGED = 100


class UnstoredArrival(NamedTuple):
    """Arrival that no modem stores and the database has not taken yet, with the identity of modem and SIM. `is_damaged`: its
    octets are not whole, and are not to be read."""

    identity: Identity
    octets: bytes
    is_damaged: bool = False


async def _find_nothing() -> bool:
    """Takes the place of `restore_notices` if there is no setting to restore."""
    return False


UnstoredArrivals = deque[UnstoredArrival]
"""Unstored arrivals in order of arrival."""


class Arrivals:
    """Storage of one session's arrivals. PDUs have the SMSC field.

    `damaged` has the octets of messages that came straight and were not whole; it outlives the session. `has_unstored` is true
    after the database refused an arrival: a sweep is worth while as soon as it takes changes again. `wake` is called when
    something that was stored in the background has become durable, or could not be stored. `restore_notices` is awaited after a
    refused acknowledgement, and returns True if the modem had changed its setting: it had stopped handing messages over.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        identity: Identity,
        inbound: Inbound,
        unstored: UnstoredArrivals,
        wake: Callable[[], None],
        *,
        has_storage: bool = True,
        damaged: set[bytes] | None = None,
        restore_notices: Callable[[], Awaitable[bool]] = _find_nothing,
    ) -> None:
        self._dialogue = dialogue
        self._identity = identity
        self._inbound = inbound
        self._unstored = unstored
        self.has_unstored = bool(unstored)
        self.wake = wake
        self._tasks: set[asyncio.Task[None]] = set()
        self._damaged = set() if damaged is None else damaged
        self._has_quirk = Quirk.CNMA_AFTER_REPORT in identity.profile.quirks
        # True if the modem awaits an acknowledgement; None: it has not been asked yet.
        self._acknowledges: bool | None = True if self._has_quirk or not has_storage else None
        self._refusals = 0  # in a row, by a modem that went on handing messages over
        self._restore_notices = restore_notices

    async def store(self, pdu: bytes, received_by: Identity | None = None, *, slot: str | None = None) -> bool:
        """Makes an arrival durable, of this session or of an earlier one (`received_by`), which was read from `slot` (`SM/7`).
        Returns False if that fails: then it stays on the modem, and the others go on. Raises StoreUnavailable if nothing can be
        stored now."""
        identity = received_by or self._identity
        return await self._wait_until_stored(
            self._inbound.store_arrival(identity.sender, pdu, slot=slot), identity, pdu
        )

    async def remember_slot(self, pdu: bytes, slot: str) -> None:
        """Has it remembered that a durable message is still in its slot. If that cannot be stored now, the message may come anew
        after a restart of modemd, as one that nothing is known of."""
        with contextlib.suppress(StoreUnavailable):
            await self._wait_until_stored(
                self._inbound.remember_slot(self._identity.sender, pdu, slot), self._identity, pdu
            )

    async def store_lazily(self, pdu: bytes) -> bool:
        """Makes a status report durable, in the commit of the next claim if one is about to happen; else like `store`."""
        return await self._wait_until_stored(
            self._inbound.store_arrival_lazily(self._identity.sender, pdu), self._identity, pdu
        )

    async def take_direct(self, header: str, line: str) -> None:
        """Stores an arrival whose PDU came with its notice: no modem stores it. `header` is the notice, `line` the PDU."""
        is_report, octets = header.startswith("+CDS:"), parse_whole(line, parse_count(header))
        if octets is None:  # it cannot be read again, and must not be taken for another
            await self._store_damaged(parse_octets(line), is_report=is_report)
        elif is_report and not await self._is_acknowledging():
            self.start(self.store_direct_lazily(octets))
        else:
            await self.store_direct(octets)

    async def _store_damaged(self, octets: bytes, *, is_report: bool) -> None:
        """Makes octets durable that are not whole. A message is acknowledged only if it came so before: else the network sends it
        again, and it may come whole. A report is acknowledged, because some families send no more until then."""
        log.warning("notice damaged on the line", iccid=self._identity.iccid, octets=len(octets))
        try:
            await self._wait_until_stored(
                self._inbound.store_damaged(self._identity.sender, octets), self._identity, octets
            )
        except StoreUnavailable:
            self._unstored.append(UnstoredArrival(self._identity, octets, is_damaged=True))
            return
        if is_report or octets in self._damaged:
            await self.acknowledge()
        if len(self._damaged) >= MAX_DAMAGED:
            self._damaged.clear()
        self._damaged.add(octets)

    async def store_direct(self, pdu: bytes) -> None:
        """Makes an arrival durable that no modem stores, and acknowledges it. It is held if nothing can be stored now."""
        try:
            await self.store(pdu)
        except StoreUnavailable:
            self._unstored.append(UnstoredArrival(self._identity, pdu))
        else:
            await self.acknowledge()

    async def store_direct_lazily(self, pdu: bytes) -> None:
        """Makes a status report durable that no modem stores and that needs no acknowledgement. It is held if nothing can be
        stored now."""
        try:
            await self.store_lazily(pdu)
        except StoreUnavailable:
            self._unstored.append(UnstoredArrival(self._identity, pdu))
            self.wake()

    async def store_held(self) -> None:
        """Stores what is held, in order of arrival, as far as the database takes it."""
        while self._unstored:
            try:
                identity, octets, is_damaged = self._unstored[0]
                if is_damaged:
                    await self._wait_until_stored(
                        self._inbound.store_damaged(identity.sender, octets), identity, octets
                    )
                else:
                    await self.store(octets, identity)
            except StoreUnavailable:
                return
            self._unstored.popleft()
            await self.acknowledge()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` in the background: nothing else waits for the commit of a status report."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait_for_background(self) -> None:
        """Waits until all that was started has ended."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _is_acknowledging(self) -> bool:
        """True if the modem awaits an acknowledgement of what it does not store: with service 1 (`+CSMS?`, 3GPP TS 27.005 3.2.1),
        and if it has no storage."""
        if self._acknowledges is None:
            reply = await self._dialogue.ask("+CSMS?")
            services = [replies.split_fields(line) for line in reply.lines if line.startswith("+CSMS:")]
            self._acknowledges = reply.ok and any(values[:1] == ["1"] for values in services)
        return self._acknowledges

    async def acknowledge(self) -> None:
        """Acknowledges an arrival (`AT+CNMA`), if the modem awaits that. A refusal is tolerated: the arrival is durable. If the
        acknowledgement came too late (340), the modem has set mt and ds to 0 (3GPP TS 27.005 3.4.4): they are set again."""
        if not await self._is_acknowledging():
            return
        if (await self._dialogue.ask("+CNMA")).ok:
            self._refusals = 0
            return
        self._refusals += 1
        if self._refusals <= MAX_REFUSALS and await self._restore_notices():
            self._refusals = 0
        if self._refusals >= MAX_REFUSALS and not self._has_quirk:
            self._acknowledges = False

    async def _wait_until_stored(self, storing: Awaitable[None], identity: Identity, pdu: bytes) -> bool:
        try:
            await storing
        except StoreUnavailable as error:
            self.has_unstored = True
            log.error("arrival not kept yet", iccid=identity.iccid, octets=len(pdu), error=str(error))
            raise
        except Exception:
            log.exception("arrival not kept; it stays on the modem", iccid=identity.iccid, octets=len(pdu))
            return False
        return True
