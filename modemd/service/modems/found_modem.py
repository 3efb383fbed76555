"""Found modem: where it is plugged in now, and how its task opens its port there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from modemd.config import ModemSettings
from modemd.errors import ReplyTimeout
from modemd.modem.discovery.probe import ProbeResult
from modemd.modem.link.port import OpenPort, Port
from modemd.modem.modem import Modem
from modemd.modem.status import ModemHealth, ModemStatus

Identify = Callable[[Port], Awaitable[ProbeResult]]


class FoundModem:
    """One modem, by what tells it from others, and the port that it has now.

    The modem's task opens its port with `open`: that waits while the modem is not plugged in, so an absent modem costs nothing,
    and one that returns is used at once. `identify` asks a port which modem is there; `rescan` lists what is plugged in;
    `on_lost` is called when another modem answers at its port."""

    def __init__(
        self,
        settings: ModemSettings,
        *,
        open_port: OpenPort,
        identify: Identify,
        rescan: Callable[[], Awaitable[None]],
        on_lost: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.imei: str | None = None
        self.away_since = asyncio.get_running_loop().time()
        self.status = ModemStatus()
        self._open_port = open_port
        self._identify = identify
        self._rescan = rescan
        self._on_lost = on_lost
        self._pending_port: Port | None = None
        self._attached = asyncio.Event()
        self._is_moved = False
        self.last_place: str | None = None
        self.place: str | None = None
        self.path: str | None = None

    def set_modem(self, modem: Modem) -> None:
        """Names the modem whose place and port this follows."""
        self.status = modem.status

    def attach(self, place: str, path: str, port: Port, imei: str | None) -> None:
        """Notes where the modem is now; `port` is open, and becomes the task's."""
        self._close_pending_port()
        self.place = self.last_place = self.status.usb_location = place
        self.path = self.status.port = path
        self.imei = imei
        self._pending_port = port
        self._is_moved = False
        self._attached.set()

    def moved(self, place: str) -> None:
        """Notes that a port of the same name is in another place now. Whether it is this modem's shows when it is opened."""
        self._is_moved = True
        self.place = self.status.usb_location = place

    def detach(self) -> None:
        """Notes that the modem is not plugged in any more."""
        self._close_pending_port()
        if self.place is not None:
            self.away_since = asyncio.get_running_loop().time()
        self.place = self.status.usb_location = None
        self.path = self.status.port = None
        self._attached.clear()

    def _close_pending_port(self) -> None:
        port, self._pending_port = self._pending_port, None
        if port is not None:
            port.close()

    async def open(self, _: str) -> Port:
        """Returns the modem's port, wherever it is plugged in; an `OpenPort`, whose argument is not used. Raises ReplyTimeout if
        nothing answers there, and PortGone."""
        while True:
            await self._wait_until_attached()
            port, self._pending_port = self._pending_port, None
            if port is not None:
                return port
            # Its port's name may belong to another device now, to which nothing must be written: only a new list can tell.
            await self._rescan()
            if (
                self._pending_port is None
                and self.path is not None
                and (port := await self._reopen(self.path)) is not None
            ):
                return port

    async def _wait_until_attached(self) -> None:
        while self.place is None:
            self.status.health, self.status.reason = (
                ModemHealth.GONE,
                f"{self._description()} is not plugged in, or does not answer{self._last_seen()}",
            )
            await self._attached.wait()

    def _last_seen(self) -> str:
        return f"; it was in {self.last_place}" if self.last_place is not None else ""

    def _description(self) -> str:
        settings = self.settings
        if settings.imei is not None:
            return f"the modem with the IMEI {settings.imei}"
        if settings.iccid is not None:
            return f"a modem with the SIM {settings.iccid}"
        return f"a modem in the USB place {settings.usb}"

    async def _reopen(self, path: str) -> Port | None:
        """Returns the port that the modem had before. None if another modem answers there, which discovery has to attach."""
        port = await self._open_port(path)
        try:
            found = await self._identify(port)
        except ReplyTimeout:
            port.close()
            if not self._is_moved:
                raise
        except BaseException:
            port.close()
            raise
        else:
            if found.imei == self.imei:
                self._is_moved = False
                return port
            port.close()
        if self.path == path:
            self.detach()
            self._on_lost()
        return None
