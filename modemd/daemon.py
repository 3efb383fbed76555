"""The composition root: it builds the parts, hands them their collaborators, and runs them until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

from modemd import data, logs
from modemd.clock import SystemClock
from modemd.config import Settings
from modemd.errors import StoreLocked
from modemd.modem.port import open_serial
from modemd.profiles import Profiles
from modemd.rules.consent import Words
from modemd.service.service import Collaborators, Service
from modemd.store import Store, backup, store
from modemd.store.restoring import Restored
from modemd.unix_http import listening, serving

log = logs.get(__name__)

# How often the daemon looks whether a task that should run for ever has ended.
CHECK_S = 1.0
# A command that found no daemon holds the database while it works; a daemon that starts then waits for it.
LOCK_PATIENCE_S = 10.0
LOCK_RETRY_S = 0.1


@contextlib.asynccontextmanager
async def service_of(settings: Settings, patience_s: float = 0.0) -> AsyncIterator[Service]:
    """The service over its database, as its one writer, not started. StoreLocked where another process still is it after
    `patience_s`: a daemon, or for a moment a command that found none running."""
    profiles = Profiles.load([data.folder("drivers"), settings.drivers])
    opened = await _open(settings, patience_s)
    try:
        service = Service(
            Collaborators(
                settings=settings,
                store=opened,
                clock=SystemClock(),
                open_port=open_serial,
                profiles=profiles,
                words=Words.load(),
                chance=Random(),
            )
        )
        await service.know_time()
        yield service
    finally:
        await opened.close()


def back_up(settings: Settings, file: Path) -> int:
    """Copy the database to the new `file`, also while a daemon runs: the schema of the copy. StoreError: why not."""
    return backup.back_up(settings.database, file)


def restore(settings: Settings, file: Path) -> Restored:
    """Put the backup `file` in the place of the database. StoreLocked: a daemon runs; StoreError: why not, and nothing was
    changed."""
    return store.restore(file, settings.database, SystemClock().now())


async def _open(settings: Settings, patience_s: float) -> Store:
    deadline = asyncio.get_running_loop().time() + patience_s
    while True:
        try:
            return await Store.open(settings.database)
        except StoreLocked:
            if asyncio.get_running_loop().time() >= deadline:
                raise
        await asyncio.sleep(LOCK_RETRY_S)


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; a second one cuts what is on the air. Raises what ended it otherwise."""
    stop, cut = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: cut.set() if stop.is_set() else stop.set())
    async with service_of(settings, LOCK_PATIENCE_S) as service:
        with listening(settings.socket) as door:
            log.info("starting", database=settings.database, socket=settings.socket, modems=len(settings.modems))
            await service.start()
            # The HTTP face is loaded after the start, so that the modems do not wait for it, and answers to the last: what
            # is submitted while answers on the air are awaited is kept for the next start.
            from modemd.api.app import create

            async with serving(create(service), door) as http:
                try:
                    await _watch(service, http, stop)
                finally:
                    log.info("stopping", grace=settings.stop_grace_s)
                    await _stop(service, settings.stop_grace_s, cut)
    log.info("stopped")


async def _watch(service: Service, http: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Until `stop`. Raises why a task that should run for ever has ended."""
    while not stop.is_set():
        if http.done():
            http.result()
            raise RuntimeError("the HTTP face has ended")
        if (failure := service.failed_task()) is not None:
            raise failure
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CHECK_S):
                await stop.wait()


async def _stop(service: Service, grace_s: float, cut: asyncio.Event) -> None:
    stopping = asyncio.ensure_future(service.stop(grace_s))
    cutting = asyncio.ensure_future(cut.wait())
    await asyncio.wait({stopping, cutting}, return_when=asyncio.FIRST_COMPLETED)
    cutting.cancel()
    if not stopping.done():
        log.warning("cut short by a second signal")
        service.cut()
    await stopping
