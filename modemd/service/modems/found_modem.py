"""A found modem's seat: where it is plugged in now, and how its task gets at the port there."""

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
    """One modem, by whatever tells it from others, and the port that is its own at this moment.

    Its `open` is what the modem's task opens its port with: it waits while the modem is nowhere, so that one in a drawer costs
    nothing, and has one that is back at once.
    """

    def __init__(
        self,
        settings: ModemSettings,
        *,
        open_port: OpenPort,
        ask: Identify,
        look: Callable[[], Awaitable[None]],
        astray: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.imei: str | None = None
        self.away_since = asyncio.get_running_loop().time()
        self.status = ModemStatus()
        self._open_port = open_port
        self._ask = ask
        self._look = look
        self._astray = astray
        self._handed: Port | None = None
        self._here = asyncio.Event()
        self._followed = False
        self.place: str | None = None
        self.path: str | None = None

    def occupy(self, modem: Modem) -> None:
        """The modem whose seat this is."""
        self.status = modem.status

    def sit(self, place: str, path: str, port: Port, imei: str) -> None:
        """It is here now, and `port` is open."""
        self._drop()
        self.place = self.status.place = place
        self.path = self.status.port = path
        self.imei = imei
        self._handed = port
        self._followed = False
        self._here.set()

    def follow(self, place: str) -> None:
        """A port of that name is in another place now; whether it is its own shows when it is opened."""
        self._followed = True
        self.place = self.status.place = place

    def leave(self) -> None:
        """It is not there any more."""
        self._drop()
        if self.place is not None:
            self.away_since = asyncio.get_running_loop().time()
        self.place = self.status.place = None
        self.path = self.status.port = None
        self._here.clear()

    def _drop(self) -> None:
        handed, self._handed = self._handed, None
        if handed is not None:
            handed.close()

    async def open(self, _: str) -> Port:
        """The modem's port, wherever it is; as `OpenPort`. ReplyTimeout where nothing answers there, PortGone."""
        while True:
            await self._plugged_in()
            handed, self._handed = self._handed, None
            if handed is not None:
                return handed
            # Its port may have gone to another device, to which nothing must be written: only the list of now says whose it is.
            await self._look()
            if self._handed is None and self.path is not None and (port := await self._reopened(self.path)) is not None:
                return port

    async def _plugged_in(self) -> None:
        while self.place is None:
            self.status.health, self.status.reason = (
                ModemHealth.GONE,
                f"{self._wanted()} is not plugged in, or not yet found",
            )
            await self._here.wait()

    def _wanted(self) -> str:
        settings = self.settings
        if settings.imei is not None:
            return f"the modem with the IMEI {settings.imei}"
        if settings.iccid is not None:
            return f"a modem with the SIM {settings.iccid}"
        return f"a modem in the USB place {settings.usb}"

    async def _reopened(self, path: str) -> Port | None:
        """The port that the modem had before. None: somebody else sits there now, who is the finder's to place."""
        port = await self._open_port(path)
        try:
            found = await self._ask(port)
        except ReplyTimeout:
            port.close()
            if not self._followed:
                raise
        except BaseException:
            port.close()
            raise
        else:
            if found.imei == self.imei:
                self._followed = False
                return port
            port.close()
        if self.path == path:
            self.leave()
            self._astray()
        return None
