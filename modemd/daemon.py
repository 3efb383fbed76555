"""Composition root: builds the parts of the daemon, hands each its collaborators, and runs them until a signal stops it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any

from modemd import logs, memory, resources
from modemd.clock import SystemClock, is_system_clock_synchronised
from modemd.config import CurrentSettings, Settings
from modemd.config.hook_programs import find_unusable_programs
from modemd.errors import ConfigError, LockHolder, StoreLocked
from modemd.http.unix import listening, request, serving
from modemd.modem.discovery.devices import PortList
from modemd.modem.discovery.port_lists import EmulatedPorts, SystemPorts
from modemd.modem.link.port import open_serial
from modemd.modem.recovery.usb_reset import TOOLS
from modemd.profiles import Profiles
from modemd.rules.consent.words.matching import Words
from modemd.sd_notify import ServiceManager
from modemd.second_door import second_door
from modemd.service.assembly import Collaborators, assemble
from modemd.service.changes.feed import ChangeView
from modemd.service.consent.quiet_hours import holiday_program
from modemd.service.operations.watchdog import Watchdog
from modemd.service.service import Service
from modemd.store import Store
from modemd.store.files import backup, opening
from modemd.store.files.anchors import anchor_file
from modemd.store.files.restore import RestoreResult

log = logs.get(__name__)

# Interval at which the daemon checks that no task that should run for ever has ended.
CHECK_S = 1.0
# A command that found no daemon is the writer while it works; a daemon that starts then waits for it.
LOCK_TIMEOUT_S = 10.0
LOCK_RETRY_S = 0.1


@contextlib.asynccontextmanager
async def open_service(settings: Settings, patience_s: float = 0.0) -> AsyncIterator[Service]:
    """Opens the service over its database, as the one writer, after it was made if there is none. The service is not started.

    Raises StoreLocked if another process (a daemon, or briefly a command that found none running) is still the writer after
    `patience_s` seconds.
    """
    async with _assembled(settings, lambda: _open_store(settings, patience_s)) as service:
        yield service


@contextlib.asynccontextmanager
async def open_service_to_write(settings: Settings) -> AsyncIterator[Service]:
    """Opens the service over a database that is there, as the one writer, for a command that changes something. Raises
    NoDatabase, and StoreLocked if another process is the writer."""
    async with _assembled(settings, lambda: Store.open_existing(settings.database)) as service:
        yield service


@contextlib.asynccontextmanager
async def open_service_to_read(settings: Settings) -> AsyncIterator[Service]:
    """Opens the service over a database that is there, for a command that only reads. It needs no lock and changes no file.
    Raises NoDatabase."""
    async with _assembled(settings, lambda: Store.open_to_read(settings.database)) as service:
        yield service


@contextlib.asynccontextmanager
async def _assembled(settings: Settings, open_store: Callable[[], Awaitable[Store]]) -> AsyncIterator[Service]:
    """Builds the service over the store that `open_store` returns, and closes that at the end."""
    profiles = Profiles.load([resources.folder("drivers"), settings.drivers])
    store = await open_store()
    try:
        service = assemble(
            Collaborators(
                settings=CurrentSettings(settings),
                store=store,
                clock=SystemClock(),
                open_port=open_serial,
                profiles=profiles,
                words=Words.load(any_stop_counts=settings.consent.any_stop),
                random=Random(),
                credentials=Path(folder) if (folder := os.environ.get("CREDENTIALS_DIRECTORY")) else None,
                anchors=settings.consent.anchor or anchor_file(settings.database),
                port_list=make_port_list(settings.finding.emulator),
                tools=TOOLS,
                list_holidays=holiday_program.list_holidays,
                is_clock_synchronised=is_system_clock_synchronised,
                make_document=make_document,
            )
        )
        await service.know_time()
        yield service
    finally:
        await store.close()


def make_document(change: ChangeView) -> dict[str, Any]:
    """Returns the JSON document of a change, as the API has it, which is loaded when it is needed."""
    from modemd.api.documents import document

    return document(change)


def find_writer(settings: Settings) -> LockHolder | None:
    """Returns the process that writes to the database now; None if there is none, or this user may not see it."""
    return opening.find_writer(settings.database)


def back_up(settings: Settings, file: Path) -> int:
    """Copies the database to the new `file`, even while a daemon runs. Returns the schema version of the copy. Raises
    StoreError with the reason if that fails."""
    return backup.back_up(settings.database, file)


def restore(settings: Settings, file: Path) -> RestoreResult:
    """Replaces the database with the backup `file`. Raises StoreLocked if a daemon runs, and StoreError with the reason if
    the backup cannot be used; then nothing was changed."""
    return opening.restore(file, settings.database, SystemClock().now())


def make_port_list(emulator: Path | None) -> PortList:
    """Returns the list of plugged-in devices: of this machine, or of the emulator that runs in the folder `emulator`."""
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
            store = await Store.open(settings.database, settings.socket)
            break
        except StoreLocked:
            if asyncio.get_running_loop().time() >= deadline:
                raise
        await asyncio.sleep(LOCK_RETRY_S)
    if store.is_new:
        log.warning("made a new database", path=settings.database)
    if store.key_problem is not None:
        log.error("a ledger key is not here", because=store.key_problem)
    return store


async def run(settings: Settings, read_again: Callable[[], Settings] | None = None) -> None:
    """Serves until SIGTERM or SIGINT. A second such signal ends sends that are still on the air. After SIGHUP, takes over
    the settings that `read_again` returns, as far as a running daemon can. Raises the error that ended it otherwise."""
    memory.share_one_arena()
    stop, cut, hangup = asyncio.Event(), asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    manager = ServiceManager.from_environment(os.environ, os.getpid())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: cut.set() if stop.is_set() else stop.set())
    if read_again is not None:
        loop.add_signal_handler(signal.SIGHUP, hangup.set)
    async with open_service(settings, LOCK_TIMEOUT_S) as service:
        with listening(settings.socket) as listener:
            log.info(
                "starting", database=settings.database, socket=settings.socket, modems=len(settings.modems) or "auto"
            )
            for line in find_unusable_programs(settings):
                log.error("a program of the configuration cannot be run", because=line)
            await service.start()
            # The HTTP API is loaded after the start, so that the modems do not wait for it. It answers until the end: a message
            # that is submitted while answers on the air are awaited is stored, and sent after the next start.
            from modemd.api.access.doorkeeper import AuditedDoor, KeyedDoor
            from modemd.api.app import create_app
            from modemd.api.doors import list_open_paths

            app = AuditedDoor(create_app(service), service.keys)
            keyed = KeyedDoor(app, service.keys, settings.http.trusted_proxies, list_open_paths(service))
            alarms = service.operations.alarms
            async with serving(app, listener) as http, second_door(settings, service.keys, keyed, alarms) as door:
                memory.spare_what_stays()
                watchdog = service.make_watchdog()
                heartbeat = loop.create_task(watchdog.run(), name="heartbeat")
                manager.notify_ready()
                try:
                    while not stop.is_set():
                        await _supervise(service, http, stop, hangup, manager, watchdog)
                        if hangup.is_set() and read_again is not None:
                            hangup.clear()
                            _reload(service.settings, read_again, manager)
                            door.reload()
                finally:
                    grace_s = service.settings.current().stop_grace_s
                    log.info("stopping", grace=grace_s)
                    manager.notify_stopping(grace_s)
                    heartbeat.cancel()
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
    """Watches the service until `stop` or `hangup`. Raises the error of a task that should run for ever and has ended."""
    stalled: str | None = None
    while not (stop.is_set() or hangup.is_set()):
        if http.done():
            http.result()
            raise RuntimeError("the HTTP face has ended")
        if (failure := service.failed_task()) is not None:
            raise failure
        last_stall, stalled = stalled, watchdog.find_stall()
        if stalled is None:
            manager.notify_watchdog()
        elif last_stall is None:
            log.error("the watchdog is not fed", because=stalled, watchdog=manager.watchdog_s)
        manager.notify_status(status_line(service))
        await _wait_for_any(stop, hangup, within_s=CHECK_S)


async def _wait_for_any(*events: asyncio.Event, within_s: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _reload(settings: CurrentSettings, read_again: Callable[[], Settings], manager: ServiceManager) -> None:
    """Takes over the settings in the file. If the file has a mistake, nothing changes."""
    manager.notify_reloading(asyncio.get_running_loop().time())
    try:
        result = settings.reload(read_again())
    except ConfigError as error:
        for problem in error.problems:
            log.error("not reloaded", problem=problem)
    else:
        logs.configure(settings.current().log_level)
        log.info("reloaded", taken=", ".join(result.applied) or "nothing")
        if result.pending:
            log.warning("changed, and taken over at the next start only", keys=", ".join(result.pending))
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
    """Returns the health of the service in one line, for STATUS= (sd_notify)."""
    return " ".join(service.operations.health.assess().message.split())
