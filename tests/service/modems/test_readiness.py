"""Events about the health of modems: one for each change that lasts, few of a modem that comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from modemd.modem.status import ModemHealth
from modemd.rules.changes.kinds import EventKind
from modemd.service.modems import readiness
from modemd.service.modems.readiness import CHECK_INTERVAL_S, ModemReadiness
from modemd.service.views import ModemAvailability
from modemd.store import Store
from modemd.store.changes import feed
from modemd.store.changes.feed import Cursor
from tests.service.assembled import AssembledService, assembled_service

READY = ModemAvailability("west", ModemHealth.READY, can_send=True, sim="8933")
SEARCHING = replace(READY, health=ModemHealth.SEARCHING, can_send=False, reason="no network")
GONE = replace(SEARCHING, health=ModemHealth.GONE, reason="unplugged")
SETTING_UP = replace(SEARCHING, health=ModemHealth.SETTING_UP, reason=None)


@dataclass
class Watched:
    """What the list of modems shows, and the task that looks at it."""

    assembled: AssembledService
    shown: list[ModemAvailability] = field(default_factory=list)
    at_s: float = 0.0

    def __post_init__(self) -> None:
        self.restart()

    @property
    def store(self) -> Store:
        return self.assembled.store

    def restart(self) -> None:
        self.readiness = ModemReadiness(self.store, self.assembled.clock, lambda: self.shown)

    async def passes(self, seconds: float, *shown: ModemAvailability) -> None:
        self.shown = list(shown)
        for _ in range(int(seconds / CHECK_INTERVAL_S)):
            self.at_s += CHECK_INTERVAL_S
            await self.readiness.check(self.at_s)

    async def told(self, after: Cursor | None = None) -> list[tuple[str, dict[str, Any]]]:
        page = await self.store.read(lambda db: feed.read_changes(db, after or Cursor(), 1000))
        return [(change.kind.value, change.detail) for change in page.changes]


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    async with assembled_service(tmp_path) as assembled:
        yield Watched(assembled)


async def test_each_change_is_told_once_and_in_order(watched: Watched) -> None:
    """Network lost and back, unplugged and plugged in; and what was told is not told again from a later position."""
    for shown in (READY, SEARCHING, READY, GONE):
        await watched.passes(30, shown)
    end = await watched.store.read(feed.find_end)
    await watched.passes(30, READY)
    told = await watched.told()
    assert told == [
        ("modem.ready", {"modem": "west", "health": "ready", "sim": "8933"}),
        ("modem.not_ready", {"modem": "west", "health": "searching", "sim": "8933", "reason": "no network"}),
        ("modem.ready", {"modem": "west", "health": "ready", "sim": "8933"}),
        ("modem.not_ready", {"modem": "west", "health": "gone", "sim": "8933", "reason": "unplugged"}),
        ("modem.ready", {"modem": "west", "health": "ready", "sim": "8933"}),
    ]
    assert await watched.told(end) == told[-1:]


async def test_a_modem_that_comes_and_goes_is_told_of_four_times_a_minute(watched: Watched) -> None:
    """SD cards wear. In the end it is told as it is."""
    for _ in range(60):
        await watched.passes(5, READY)
        await watched.passes(5, SEARCHING)
    assert 2 <= len(await watched.told()) <= 4 * 10
    await watched.passes(30, GONE)
    assert (await watched.told())[-1][1]["health"] == "gone"


async def test_a_restart_that_changes_nothing_tells_nothing(watched: Watched) -> None:
    """What a modem passes through is told only if it lasts."""
    await watched.passes(30, READY)
    watched.restart()
    await watched.readiness.recall()
    await watched.passes(10, SETTING_UP)
    await watched.passes(30, READY)
    assert len(await watched.told()) == 1
    await watched.passes(30, SETTING_UP)
    assert [kind for kind, _ in await watched.told()] == ["modem.ready", "modem.not_ready"]


async def test_a_modem_that_is_listed_no_more_is_gone(watched: Watched) -> None:
    """Once, also after a restart."""
    await watched.passes(30, READY)
    await watched.passes(60)
    watched.restart()
    await watched.readiness.recall()
    await watched.passes(60)
    assert await watched.told() == [
        ("modem.ready", {"modem": "west", "health": "ready", "sim": "8933"}),
        ("modem.not_ready", {"modem": "west", "health": "gone"}),
    ]


async def test_a_reason_alone_is_no_change(watched: Watched) -> None:
    """It may have a number in it that moves."""
    await watched.passes(30, SEARCHING)
    await watched.passes(30, replace(SEARCHING, reason="no network, still"))
    assert len(await watched.told()) == 1


async def test_the_heads_of_a_modem_have_its_name(watched: Watched) -> None:
    """Webhooks keep the order of each modem by it."""
    await watched.passes(30, READY)
    page = await watched.store.read(lambda db: feed.read_heads(db, Cursor(), 10, set(EventKind)))
    assert [head.subject for head in page.heads] == ["modem:west"]


async def test_the_running_service_looks_at_its_modems(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is plugged in here."""
    monkeypatch.setattr(readiness, "CHECK_INTERVAL_S", 0.01)
    monkeypatch.setattr(readiness, "GAP_S", 0.0)
    await watched.assembled.service.start()
    try:
        async with asyncio.timeout(5):
            stream = await watched.assembled.service.changes.follow("0", ["modem.*"])
            told = ""
            while told != "gone":
                step = await anext(stream)
                told = step.changes[-1][1].detail["health"] if step.changes else told
    finally:
        await watched.assembled.service.stop(0)
