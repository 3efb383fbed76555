"""House-keeping in the service: small steps, pauses between them, and never by a clock that is not trusted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from modemd.config.retention import RetentionSettings
from modemd.service.operations.retention import FIRST_DELAY_S, INTERVAL_S, STEP_PAUSE_S, Retention
from modemd.store import retention
from modemd.store.timestamps import to_text
from tests.service.bench import ALICE, BOB, Bench
from tests.sim.world.loop import START, LoopClock, simulate

MANY = 1000


def run_bench(scenario: Callable[[Bench, list[bool]], Awaitable[None]]) -> None:
    """A thousand texts are old enough to be blanked; `scenario` gets the bench, and whether the clock is trusted."""

    async def process() -> None:
        bench = Bench(LoopClock(asyncio.get_running_loop()))
        ended = to_text(START - timedelta(days=100))
        bench.db.executemany(
            """INSERT INTO message (number, text, class, state, parts, report, created_at, expires_at, closed_at)
               VALUES (?, 'secret', 'otp', 'delivered', 1, 1, ?, ?, ?)""",
            [(BOB, ended, ended, ended)] * MANY,
        )
        trust = [True]
        runner = Retention(bench.store, RetentionSettings(), bench.clock, lambda: trust[0])
        task = asyncio.ensure_future(runner.run())
        await scenario(bench, trust)
        task.cancel()
        await asyncio.wait([task])

    simulate(process())


def readable(bench: Bench) -> int:
    return int(bench.one("SELECT count(*) AS n FROM message WHERE text = 'secret'")["n"])


def test_it_begins_after_the_start_and_ends_when_nothing_is_old() -> None:
    """All of it is done in one turn, which then costs nothing until the next."""

    async def scenario(bench: Bench, trust: list[bool]) -> None:
        await asyncio.sleep(FIRST_DELAY_S - 1)
        assert readable(bench) == MANY
        await asyncio.sleep(MANY / retention.ROWS_PER_STEP * (STEP_PAUSE_S + 0.1) + 5)
        assert readable(bench) == 0

    run_bench(scenario)


def test_a_claim_waits_for_one_step_at_most() -> None:
    """While a thousand rows go, everybody else has the database nearly all of the time."""

    async def scenario(bench: Bench, trust: list[bool]) -> None:
        await bench.submit(ALICE)
        await asyncio.sleep(FIRST_DELAY_S + STEP_PAUSE_S / 2)
        loop = asyncio.get_running_loop()
        longest_s = 0.0
        while 0 < readable(bench) < MANY:
            began = loop.time()
            await bench.store.write(lambda db: None)
            longest_s = max(longest_s, loop.time() - began)
            assert bench.one("SELECT max(n) AS n FROM (SELECT count(*) AS n FROM message WHERE redacted_at IS NOT NULL "
                             "GROUP BY redacted_at)")["n"] <= retention.ROWS_PER_STEP  # fmt: skip
            await asyncio.sleep(0.01)
        assert readable(bench) == 0
        assert 0 < longest_s < STEP_PAUSE_S

    run_bench(scenario)


def test_nothing_is_old_by_a_clock_that_is_not_trusted() -> None:
    """It goes on in the turn after it is trusted again."""

    async def scenario(bench: Bench, trust: list[bool]) -> None:
        trust[0] = False
        await asyncio.sleep(3 * INTERVAL_S)
        assert readable(bench) == MANY
        trust[0] = True
        await asyncio.sleep(INTERVAL_S + 60)
        assert readable(bench) == 0

    run_bench(scenario)
