"""What the watchdog is fed by: the process moves, whatever its modems do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from modemd.errors import ErrorCode, StoreUnavailable
from modemd.modem.modem import Modem
from modemd.modem.status import ModemStatus
from modemd.service.operations.watchdog import ASK_EVERY_S, STORE_TIMEOUT_S, Watchdog
from modemd.store import Store
from tests.sim.world.loop import simulate


class SlowStore:
    """A store that answers after `takes_s`, or with an error."""

    def __init__(self, takes_s: float = 0.0, error: Exception | None = None) -> None:
        self.takes_s = takes_s
        self.error = error
        self.asked = 0

    async def write(self, change: Callable[[sqlite3.Connection], Any]) -> None:
        self.asked += 1
        await asyncio.sleep(self.takes_s)
        if self.error is not None:
            raise self.error

    async def read(self, query: Callable[[sqlite3.Connection], Any]) -> None:
        """At once."""


def beating(store: SlowStore, *modems: Any) -> Watchdog:
    return Watchdog(cast(Store, store), lambda: cast(list[Modem], modems))


def looked(store: SlowStore, *at_s: float) -> list[str | None]:
    """What is said at those moments."""
    said = []

    async def process() -> None:
        heart = beating(store)
        task = asyncio.ensure_future(heart.run())
        for moment in at_s:
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
            said.append(heart.find_stall())
        task.cancel()

    simulate(process())
    return said


def test_a_store_that_answers_is_asked_again() -> None:
    """Every few seconds, for ever."""
    store = SlowStore()
    assert looked(store, ASK_EVERY_S * 10.5) == [None]
    assert store.asked == 11


def test_a_slow_store_is_none_that_has_stopped() -> None:
    """A memory card may take its time."""
    assert looked(SlowStore(STORE_TIMEOUT_S - 1), STORE_TIMEOUT_S - 2, STORE_TIMEOUT_S * 2) == [None, None]


def test_a_store_that_does_not_answer_is_told() -> None:
    """The disk hangs: nothing is accepted or sent any more, and nobody would say so."""
    before, after = looked(SlowStore(1e6), STORE_TIMEOUT_S - 1, STORE_TIMEOUT_S + 1)
    assert before is None
    assert after == "the database has not answered for 121 s"


def test_a_store_in_trouble_answers() -> None:
    """A full disk is the store watch's; a restart would not make room."""
    assert looked(SlowStore(0, StoreUnavailable(ErrorCode.DISK_FULL, "no room")), STORE_TIMEOUT_S * 2) == [None]


@pytest.mark.parametrize(
    ("due", "late"),
    [
        pytest.param(None, False, id="it has no port"),
        pytest.param(11.0, False, id="its turn is not over"),
        pytest.param(4.0, True, id="it waits for what does not come"),
    ],
)
def test_a_modems_task_has_its_deadline(due: float | None, late: bool) -> None:
    """Late is a task that should have come round."""

    async def process() -> None:
        await asyncio.sleep(10)
        modem = SimpleNamespace(status=ModemStatus(turn_deadline=due), line=SimpleNamespace(name="west"))
        assert beating(SlowStore(), modem).find_stall() == ("the task of modem west is 6 s late" if late else None)

    simulate(process())
