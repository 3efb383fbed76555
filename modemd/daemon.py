"""The composition root: it builds the parts, hands them their collaborators, and runs them until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any

from modemd import logs, resources
from modemd.clock import SystemClock
from modemd.config import CurrentSettings, Settings
from modemd.errors import ConfigError, StoreLocked
from modemd.http.unix import listening, request, serving
from modemd.modem.discovery.devices import PortList
from modemd.modem.discovery.port_lists import EmulatedPorts, SystemPorts
from modemd.modem.link.port import open_serial
from modemd.modem.recovery.usb_reset import TOOLS
from modemd.profiles import Profiles
from modemd.rules.consent.keywords import Keywords
from modemd.sd_notify import ServiceManager
from modemd.service.assembly import Collaborators, assemble
from modemd.service.operations.watchdog import Watchdog
from modemd.service.service import Service
from modemd.store import Store
from modemd.store.files import backup, opening
from modemd.store.files.restore import RestoreResult

log = logs.get(__name__)


# How often the daemon looks whether a task that should run for ever has ended.
CHECK_S = 1.0


# A command that found no daemon holds the database while it works; a daemon that starts then waits for it.
LOCK_TIMEOUT_S = 10.0


LOCK_RETRY_S = 0.1


@contextlib.asynccontextmanager
async def open_service(settings: Settings, patience_s: float = 0.0) -> AsyncIterator[Service]:
    """The service over its database, as its one writer, not started. StoreLocked where another process still is it after
    `patience_s`: a daemon, or for a moment a command that found none running."""
    profiles = Profiles.load([resources.folder("drivers"), settings.drivers])
    opened = await _open_store(settings, patience_s)
    try:
        service = assemble(
            Collaborators(
                settings=CurrentSettings(settings),
                store=opened,
                clock=SystemClock(),
                open_port=open_serial,
                profiles=profiles,
                keywords=Keywords.load(),
                random=Random(),
                credentials=Path(folder) if (folder := os.environ.get("CREDENTIALS_DIRECTORY")) else None,
                port_list=make_port_list(settings.finding.emulator),
                tools=TOOLS,
            )
        )
        await service.know_time()
        yield service
    finally:
        await opened.close()


def back_up(settings: Settings, file: Path) -> int:
    """Copy the database to the new `file`, also while a daemon runs: the schema of the copy. StoreError: why not."""
    return backup.back_up(settings.database, file)


def restore(settings: Settings, file: Path) -> RestoreResult:
    """Put the backup `file` in the place of the database. StoreLocked: a daemon runs; StoreError: why not, and nothing was
    changed."""
    return opening.restore(file, settings.database, SystemClock().now())


def make_port_list(emulator: Path | None) -> PortList:
    """What is plugged in: into this machine, or into the emulator that runs in a folder."""
    if emulator is None:
        return SystemPorts()

    def fetch() -> list[dict[str, Any]]:
        status, body = request(emulator / "control.sock", "GET", "/usb")
        if status != HTTPStatus.OK:
            raise OSError(f"the emulator in {emulator} answered {status}")
        listed: list[dict[str, Any]] = json.loads(body)
        return listed

    return EmulatedPorts(emulator, fetch)


async def _open_store(settings: Settings, patience_s: float) -> Store:
    deadline = asyncio.get_running_loop().time() + patience_s
    while True:
        try:
            return await Store.open(settings.database)
        except StoreLocked:
            if asyncio.get_running_loop().time() >= deadline:
                raise
        await asyncio.sleep(LOCK_RETRY_S)


async def run(settings: Settings, read_again: Callable[[], Settings] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; a second one cuts what is on the air. SIGHUP takes over what `read_again` says now, as far
    as a daemon that runs can. Raises what ended it otherwise."""
    stop, cut, hangup = asyncio.Event(), asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    manager = ServiceManager.from_environment(os.environ, os.getpid())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: cut.set() if stop.is_set() else stop.set())
    if read_again is not None:
        loop.add_signal_handler(signal.SIGHUP, hangup.set)
    async with open_service(settings, LOCK_TIMEOUT_S) as service:
        with listening(settings.socket) as door:
            log.info(
                "starting", database=settings.database, socket=settings.socket, modems=len(settings.modems) or "auto"
            )
            await service.start()
            # The HTTP face is loaded after the start, so that the modems do not wait for it, and answers to the last: what
            # is submitted while answers on the air are awaited is kept for the next start.
            from modemd.api.app import create_app

            async with serving(create_app(service), door) as http:
                watchdog = service.make_watchdog()
                beating = loop.create_task(watchdog.run(), name="heartbeat")
                manager.notify_ready()
                try:
                    while not stop.is_set():
                        await _supervise(service, http, stop, hangup, manager, watchdog)
                        if hangup.is_set() and read_again is not None:
                            hangup.clear()
                            _reload(service.settings, read_again, manager)
                finally:
                    grace_s = service.settings.current().stop_grace_s
                    log.info("stopping", grace=grace_s)
                    manager.notify_stopping(grace_s)
                    beating.cancel()
                    await _stop_service(service, grace_s, cut)
    log.info("stopped")


async def _supervise(
    service: Service,
    http: asyncio.Task[None],
    stop: asyncio.Event,
    hangup: asyncio.Event,
    manager: ServiceManager,
    watchdog: Watchdog,
) -> None:
    """Until `stop` or `hangup`. Raises why a task that should run for ever has ended."""
    stalled: str | None = None
    while not (stop.is_set() or hangup.is_set()):
        if http.done():
            http.result()
            raise RuntimeError("the HTTP face has ended")
        if (failure := service.failed_task()) is not None:
            raise failure
        was, stalled = stalled, watchdog.find_stall()
        if stalled is None:
            manager.notify_watchdog()
        elif was is None:
            log.error("the watchdog is not fed", because=stalled, watchdog=manager.watchdog_s)
        manager.notify_status(status_line(service))
        await _wait_for_any(stop, hangup, within_s=CHECK_S)


async def _wait_for_any(*events: asyncio.Event, within_s: float) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()


def _reload(settings: CurrentSettings, read_again: Callable[[], Settings], manager: ServiceManager) -> None:
    """Take over what the file says now. With a mistake in it everything stays as it was."""
    manager.notify_reloading(asyncio.get_running_loop().time())
    try:
        found = settings.reload(read_again())
    except ConfigError as error:
        for problem in error.problems:
            log.error("not reloaded", problem=problem)
    else:
        logs.configure(settings.current().log_level)
        log.info("reloaded", taken=", ".join(found.applied) or "nothing")
        if found.pending:
            log.warning("changed, and taken over at the next start only", keys=", ".join(found.pending))
    manager.notify_ready()


async def _stop_service(service: Service, grace_s: float, cut: asyncio.Event) -> None:
    stopping = asyncio.ensure_future(service.stop(grace_s))
    cutting = asyncio.ensure_future(cut.wait())
    await asyncio.wait({stopping, cutting}, return_when=asyncio.FIRST_COMPLETED)
    cutting.cancel()
    if not stopping.done():
        log.warning("cut short by a second signal")
        service.cut()
    await stopping


def status_line(service: Service) -> str:
    """The verdict in one line, for STATUS= (sd_notify)."""
    return " ".join(service.operations.health.assess().message.split())
