"""Arrivals of one session: makes inbound messages and status reports durable, and acknowledges those that no modem stores."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from modemd import logs
from modemd.connector import Inbound
from modemd.errors import StoreUnavailable
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.status import Identity
from modemd.profiles import Quirk

log = logs.get(__name__)

UnstoredArrivals = deque[tuple[Identity, bytes]]
"""Arrivals that no modem stores and the database has not taken yet, with the identity of modem and SIM; in order of arrival."""


class Arrivals:
    """Storage of one session's arrivals. PDUs have the SMSC field.

    `acknowledges` is true for a modem without storage. `has_unstored` is true after the database refused an arrival: a sweep is
    worth while as soon as it takes changes again. `wake` is called when something that was stored in the background has become
    durable, or could not be stored.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        identity: Identity,
        inbound: Inbound,
        unstored: UnstoredArrivals,
        wake: Callable[[], None],
        *,
        acknowledges: bool = False,
    ) -> None:
        self._dialogue = dialogue
        self._identity = identity
        self._inbound = inbound
        self._unstored = unstored
        self.has_unstored = bool(unstored)
        self.wake = wake
        self._acknowledges = acknowledges
        self._tasks: set[asyncio.Task[None]] = set()

    async def store(self, pdu: bytes, received_by: Identity | None = None) -> bool:
        """Makes an arrival durable, of this session or of an earlier one (`received_by`). Returns False if that fails: then it
        stays on the modem, and the others go on. Raises StoreUnavailable if nothing can be stored now."""
        identity = received_by or self._identity
        return await self._wait_until_stored(self._inbound.store_arrival(identity.sender, pdu), identity, pdu)

    async def store_lazily(self, pdu: bytes) -> bool:
        """Makes a status report durable, in the commit of the next claim if one is about to happen; else like `store`."""
        return await self._wait_until_stored(
            self._inbound.store_arrival_lazily(self._identity.sender, pdu), self._identity, pdu
        )

    async def store_direct(self, pdu: bytes) -> None:
        """Makes an arrival durable that no modem stores, and acknowledges it. It is held if nothing can be stored now."""
        try:
            await self.store(pdu)
        except StoreUnavailable:
            self._unstored.append((self._identity, pdu))
        else:
            await self.acknowledge()

    async def store_direct_lazily(self, pdu: bytes) -> None:
        """Makes a status report durable that no modem stores and that needs no acknowledgement. It is held if nothing can be
        stored now."""
        try:
            await self.store_lazily(pdu)
        except StoreUnavailable:
            self._unstored.append((self._identity, pdu))
            self.wake()

    async def store_held(self) -> None:
        """Stores what is held, in order of arrival, as far as the database takes it."""
        while self._unstored:
            try:
                identity, pdu = self._unstored[0]
                await self.store(pdu, identity)
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

    @property
    def is_acknowledging(self) -> bool:
        """True if the modem waits for an acknowledgement: of each arrival if it has no storage, or before its next report."""
        return self._acknowledges or Quirk.CNMA_AFTER_REPORT in self._identity.profile.quirks

    async def acknowledge(self) -> None:
        """Acknowledges an arrival (`AT+CNMA`), if the modem waits for that."""
        if self.is_acknowledging:
            await self._dialogue.ask("+CNMA")

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
