"""Second door of the API: TCP, by keys, and by TLS if a certificate is configured.

Whatever goes wrong here, the modems go on: the door is tried again until it opens, and the log says why it does not.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from modemd import logs
from modemd.config import Settings
from modemd.errors import ConfigError
from modemd.http.tcp import TlsCertificate, listening_tcp
from modemd.http.unix import serving
from modemd.service.keys.keys import ApiKeys
from modemd.service.operations.alarm_checks import API
from modemd.service.operations.alarms import Alarms

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from modemd.config.http import HttpSettings

log = logs.get(__name__)

RETRY_S = 10.0
KEY_CHECK_S = 2.0
# A door that cannot be opened for so long needs a person.
ALARM_AFTER_S = 60.0


class SecondDoor:
    """Door that opens as soon as it can. `certificate` is None without TLS, or as long as its files cannot be used."""

    def __init__(self, settings: HttpSettings, keys: ApiKeys, app: ASGIApp, alarms: Alarms) -> None:
        self._settings = settings
        self._alarms = alarms
        self._closed_since: float | None = None
        self._keys = keys
        self._app = app
        self._certificate: TlsCertificate | None = None
        self._told: str | None = None

    async def run(self) -> None:
        """Serves until it is cancelled; returns at once if no door is configured."""
        listen = self._settings.listen
        if listen is None:
            self._alarms.clear(API)
            return
        if not listen.is_loopback:
            await self._await_key()
        while True:
            try:
                tls = self._settings.tls
                if tls is not None:
                    self._certificate = TlsCertificate(tls.certificate, tls.key)
                context = self._certificate.context if self._certificate is not None else None
                with listening_tcp(listen.host, listen.port) as listener:
                    async with serving(self._app, listener, tls=context) as task:
                        log.info("the API listens", address=listener.getsockname(), tls=context is not None)
                        self._told = self._closed_since = None
                        self._alarms.clear(API)
                        await asyncio.shield(task)  # `serving` ends it in order
            except ConfigError as error:
                self._note_closed("; ".join(error.problems))
            await asyncio.sleep(RETRY_S)

    def reload(self) -> None:
        """Reads the files of the certificate again, for new connections."""
        if self._certificate is not None:
            try:
                self._certificate.load()
                log.info("the certificate is read again, for new connections")
            except ConfigError as error:
                log.error("the certificate before stays in force", because="; ".join(error.problems))

    async def _await_key(self) -> None:
        """Waits until there is a key: before, nobody could come in, and the port would only tell that modemd is here."""
        while not await self._keys.has_keys():
            self._tell("there is no API key yet: modemd keys create NAME --scope all")
            await asyncio.sleep(KEY_CHECK_S)

    def _note_closed(self, because: str) -> None:
        """Tells why the door is closed; it is an alarm after a while: the program that has the address may be about to end."""
        self._tell(because)
        now = asyncio.get_running_loop().time()
        self._closed_since = now if self._closed_since is None else self._closed_since
        if now - self._closed_since >= ALARM_AFTER_S:
            self._alarms.raise_alarm(API, "", f"the API does not listen at {self._settings.listen}: {because}")

    def _tell(self, because: str) -> None:
        if because != self._told:
            self._told = because
            log.error("the API does not listen on TCP", address=str(self._settings.listen), because=because)


@contextlib.asynccontextmanager
async def second_door(settings: Settings, keys: ApiKeys, app: ASGIApp, alarms: Alarms) -> AsyncIterator[SecondDoor]:
    """Keeps the second door open while the block runs, if one is configured."""
    door = SecondDoor(settings.http, keys, app, alarms)
    task = asyncio.get_running_loop().create_task(door.run(), name="second door")
    try:
        yield door
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
