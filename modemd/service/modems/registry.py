"""The modems of a running service and their tasks; they may come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from modemd.config import ModemSettings
from modemd.errors import ErrorCode, Refused
from modemd.modem.link.port import OpenPort
from modemd.modem.modem import Modem


class ModemRegistry:
    """All modems, in the order in which they came. `make` builds one that opens its port so."""

    def __init__(self, make: Callable[[ModemSettings, OpenPort], Modem]) -> None:
        self._make_modem = make
        self._is_running = False
        self._configured_modems: list[Modem] = []
        self._tasks: dict[Modem, asyncio.Task[None]] = {}
        self._stopping_tasks: set[asyncio.Task[None]] = set()
        self.modems: list[Modem] = []

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """A task a modem, those of modems that are leaving too."""
        return [*self._tasks.values(), *self._stopping_tasks]

    def add(self, settings: ModemSettings, open_port: OpenPort) -> Modem:
        """A modem, and its task where the service runs."""
        modem = self._make_modem(settings, open_port)
        self.modems.append(modem)
        if settings.port is not None:
            self._configured_modems.append(modem)
        if self._is_running:
            self._start_task(modem)
        return modem

    def remove(self, modem: Modem) -> None:
        """End it after what is on the air, and forget it."""
        self.modems.remove(modem)
        modem.stop()
        task = self._tasks.pop(modem, None)
        if task is not None:
            self._stopping_tasks.add(task)
            task.add_done_callback(self._stopping_tasks.discard)

    def find_by_name(self, name: str) -> Modem:
        """Returns a modem by its name. Raises Refused (`no_modem`)."""
        for modem in self.modems:
            if modem.line.name == name:
                return modem
        raise Refused(ErrorCode.NO_MODEM, f"there is no modem {name!r}")

    def configured_imeis(self) -> set[str]:
        """Of the modems whose port is configured, as far as they have answered."""
        return {modem.status.identity.imei for modem in self._configured_modems if modem.status.identity is not None}

    def start(self) -> None:
        """A task for each modem, and from now on for each that comes."""
        self._is_running = True
        for modem in self.modems:
            self._start_task(modem)

    def stop(self) -> None:
        """Each ends after what is on the air; none comes any more."""
        self._is_running = False
        for modem in self.modems:
            modem.stop()

    def wake(self) -> None:
        """There may be something to send."""
        for modem in self.modems:
            modem.wake()

    def _start_task(self, modem: Modem) -> None:
        loop = asyncio.get_running_loop()
        self._tasks[modem] = loop.create_task(modem.run(), name=f"modem {modem.line.name}")
