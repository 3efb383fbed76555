"""Registry of the modems of a running service: their tasks, and the order in which free modems are asked to send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from operator import attrgetter

from modemd.config import ModemSettings
from modemd.errors import ErrorCode, Refused
from modemd.modem.link.port import OpenPort
from modemd.modem.modem import Modem


class ModemRegistry:
    """All modems, in the order in which they were added. `make` builds a modem that opens its port with the given function.

    `has_started`: whether this process uses the modems at all. A command that found no daemon does not."""

    def __init__(self, make: Callable[[ModemSettings, OpenPort], Modem]) -> None:
        self._make_modem = make
        self._is_running = False
        self.has_started = False
        self._configured_modems: list[Modem] = []
        self._tasks: dict[Modem, asyncio.Task[None]] = {}
        self._stopping_tasks: set[asyncio.Task[None]] = set()
        self.modems: list[Modem] = []

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """Tasks of the modems, one for each; also those of removed modems that have not ended yet."""
        return [*self._tasks.values(), *self._stopping_tasks]

    def add(self, settings: ModemSettings, open_port: OpenPort) -> Modem:
        """Builds and adds a modem, and starts its task if the service runs."""
        modem = self._make_modem(settings, open_port)
        self.modems.append(modem)
        if settings.port is not None:
            self._configured_modems.append(modem)
        if self._is_running:
            self._start_task(modem)
        return modem

    def remove(self, modem: Modem) -> None:
        """Removes a modem; its task ends after the part that is on the air."""
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

    def find_imei(self, name: str) -> str | None:
        """Returns the IMEI of the modem of that name; None if there is no such modem. Raises Refused (`not_ready`) if it has not
        said its IMEI since the start."""
        for modem in self.modems:
            if modem.line.name == name:
                if modem.status.identity is None or modem.status.identity.imei is None:
                    raise Refused(
                        ErrorCode.NOT_READY,
                        f"modem {name!r} has not said its IMEI yet; give the IMEI instead of the name",
                    )
                return modem.status.identity.imei
        return None

    def find_in_use(self, name: str) -> Modem:
        """Returns a modem by its name, to give it something to do. Raises Refused (`no_modem`; `not_ready` if no daemon runs)."""
        modem = self.find_by_name(name)
        if not self.has_started:
            raise Refused(ErrorCode.NOT_READY, f"{name} is not used now: no daemon runs")
        return modem

    def configured_imeis(self) -> set[str]:
        """Returns the IMEIs of the modems whose port is configured, as far as they have answered."""
        identities = [modem.status.identity for modem in self._configured_modems]
        return {identity.imei for identity in identities if identity is not None and identity.imei is not None}

    def start(self) -> None:
        """Starts a task for each modem, and from now on for each that is added."""
        self._is_running = self.has_started = True
        for modem in self.modems:
            self._start_task(modem)

    def stop(self) -> None:
        """Stops every modem after the part that is on the air; from now on no task is started."""
        self._is_running = False
        for modem in self.modems:
            modem.stop()

    def wake(self) -> None:
        """Wakes every modem: there may be something to send. The modem that has sent nothing for the longest time asks first."""
        for modem in sorted(self.modems, key=attrgetter("last_sent_at")):
            modem.wake()

    def _start_task(self, modem: Modem) -> None:
        loop = asyncio.get_running_loop()
        self._tasks[modem] = loop.create_task(modem.run(), name=f"modem {modem.line.name}")
