"""What the daemon tells systemd while it watches its service."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from modemd import daemon
from modemd.config import Settings
from modemd.errors import NoDatabase
from modemd.service.operations.health import CAN_SEND, Health
from tests.sim.world.loop import simulate


class Manager:
    """systemd's end."""

    def __init__(self) -> None:
        self.watchdog_s = 60.0
        self.fed: list[float] = []
        self.said: list[str] = []

    def notify_watchdog(self) -> None:
        self.fed.append(asyncio.get_running_loop().time())

    def notify_status(self, line: str) -> None:
        self.said.append(line)


def watched(manager: Manager, *, stalls_at: float, ends_at: float) -> None:
    """A service whose heart stands still from `stalls_at` to 10 s later."""

    async def process() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        health = SimpleNamespace(assess=lambda: Health(True, CAN_SEND, "all is well"))
        service = SimpleNamespace(failed_task=lambda: None, operations=SimpleNamespace(health=health))
        heart = SimpleNamespace(
            find_stall=lambda: "the disk hangs" if stalls_at <= loop.time() < stalls_at + 10 else None
        )
        http: asyncio.Future[None] = loop.create_future()
        loop.call_later(ends_at, stop.set)
        given: Any = (service, http, stop, asyncio.Event(), manager, heart)
        await daemon._supervise(*given)
        http.cancel()

    simulate(process())


def test_the_watchdog_is_fed_often_enough() -> None:
    """At least twice as often as it asks, and the status line goes along."""
    manager = Manager()
    watched(manager, stalls_at=1e9, ends_at=300)
    gaps = [later - earlier for earlier, later in zip(manager.fed, manager.fed[1:], strict=False)]
    assert max(gaps) <= manager.watchdog_s / 2
    assert set(manager.said) == {"all is well"}


def test_the_watchdog_is_not_fed_while_something_hangs(caplog: pytest.LogCaptureFixture) -> None:
    """The log says once what it is, before the watchdog bites; where it goes on in time, nothing is lost."""
    manager = Manager()
    with caplog.at_level(logging.ERROR):
        watched(manager, stalls_at=20, ends_at=60)
    assert not [moment for moment in manager.fed if 20 <= moment < 30]
    assert [moment for moment in manager.fed if moment >= 30]
    (record,) = [record for record in caplog.records if "watchdog" in record.getMessage()]
    assert "the disk hangs" in record.getMessage()


def test_the_end_is_not_waited_for() -> None:
    """A signal is seen at once, not at the next look."""
    manager = Manager()
    watched(manager, stalls_at=1e9, ends_at=0.3)
    assert manager.fed == [0.0]


async def test_the_daemon_makes_a_database_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The first start makes it, with a line in the log; a command never does, and the second start finds it."""
    settings = Settings.model_validate({"database": tmp_path / "modemd.db"})
    for opens in (daemon.open_service_to_read, daemon.open_service_to_write):
        with pytest.raises(NoDatabase):
            await opens(settings).__aenter__()
    with caplog.at_level(logging.WARNING, "modemd.daemon"):
        for _ in range(2):
            async with daemon.open_service(settings):
                pass
    assert [record.getMessage().split(" path=")[0] for record in caplog.records if record.name == "modemd.daemon"] == [
        "made a new database"
    ]
    async with daemon.open_service_to_read(settings) as service:
        assert not (await service.operations.health.read_status()).health.can_send
