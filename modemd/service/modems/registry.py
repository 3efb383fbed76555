"""The modems of a running service and their tasks; they may come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from modemd.config import ModemSettings
from modemd.modem.link.port import OpenPort
from modemd.modem.modem import Modem


class ModemRegistry:
    """All modems, in the order in which they came. `make` builds one that opens its port so."""

    def __init__(self, make: Callable[[ModemSettings, OpenPort], Modem]) -> None:
        self._make = make
        self._running = False
        self._with_port: list[Modem] = []
        self._tasks: dict[Modem, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self.modems: list[Modem] = []

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """A task a modem, those of modems that are leaving too."""
        return [*self._tasks.values(), *self._leaving]

    def hire(self, settings: ModemSettings, open_port: OpenPort) -> Modem:
        """A modem, and its task where the service runs."""
        modem = self._make(settings, open_port)
        self.modems.append(modem)
        if settings.port is not None:
            self._with_port.append(modem)
        if self._running:
            self._start(modem)
        return modem

    def dismiss(self, modem: Modem) -> None:
        """End it after what is on the air, and forget it."""
        self.modems.remove(modem)
        modem.stop()
        task = self._tasks.pop(modem, None)
        if task is not None:
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    def imeis(self) -> set[str]:
        """Of the modems whose port is configured, as far as they have answered."""
        return {modem.status.identity.imei for modem in self._with_port if modem.status.identity is not None}

    def start(self) -> None:
        """A task for each modem, and from now on for each that comes."""
        self._running = True
        for modem in self.modems:
            self._start(modem)

    def stop(self) -> None:
        """Each ends after what is on the air; none comes any more."""
        self._running = False
        for modem in self.modems:
            modem.stop()

    def wake(self) -> None:
        """There may be something to send."""
        for modem in self.modems:
            modem.wake()

    def _start(self, modem: Modem) -> None:
        loop = asyncio.get_running_loop()
        self._tasks[modem] = loop.create_task(modem.run(), name=f"modem {modem.line.name}")
