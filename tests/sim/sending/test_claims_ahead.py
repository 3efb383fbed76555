"""Claims that choose the next part too: on SIMs without a pace, over long queues, beside others, and when all stops."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from modemd.emulator import identities
from modemd.errors import StoreError
from tests.sim.conftest import Live
from tests.sim.sending.test_sending import accepted, ready, submit
from tests.sim.world.assembled import House
from tests.sim.world.loop import simulate

FIRST, SECOND = (identities.iccid("33", "01", place) for place in (1, 2))
AT_ONCE: dict[str, Any] = {"rate": "unlimited"}


async def queue(house: House, count: int) -> None:
    for index in range(count):
        await submit(house, to=f"+33612345{index:03d}")


def test_a_sim_that_sends_without_a_pause_is_at_work(live: Live) -> None:
    """However long it has not asked for a part: its claims bring the next one."""

    async def scenario(house: House) -> None:
        await ready(house)
        house.devices[0].send_latency_s = 5.0
        await queue(house, 90)
        await asyncio.sleep(360)
        assert 60 < len(accepted(house)) < 90
        assert house.service._dispatcher._breakers.list_active_sims(house.clock.now())

    live(scenario, modems=1, sims={FIRST: AT_ONCE})


def test_the_quota_of_one_sim_holds_nothing_that_another_sends(live: Live) -> None:
    """One has used up its day; the other sends for minutes: what either may send is not held."""

    async def scenario(house: House) -> None:
        await ready(house)
        for device in house.devices:
            device.send_latency_s = 5.0
        await queue(house, 120)
        await asyncio.sleep(450)
        assert house.all("SELECT count(*) AS n FROM part WHERE state = 'held'") == [{"n": 0}]
        assert len(accepted(house)) > 80

    live(scenario, modems=2, sims={FIRST: AT_ONCE, SECOND: AT_ONCE | {"limits": {"day": 5, "reserve": 0}}})


def test_the_last_part_of_a_quota_keeps_nothing_from_an_idle_sim(live: Live) -> None:
    """What a SIM may not send behind it is not reserved for that SIM."""

    async def scenario(house: House) -> None:
        await ready(house)
        await asyncio.sleep(5)
        house.devices[0].send_latency_s, house.devices[1].send_latency_s = 5.0, 3.0
        await queue(house, 6)
        await asyncio.sleep(25)
        assert len(accepted(house)) == 6

    live(scenario, modems=2, sims={FIRST: AT_ONCE | {"limits": {"hour": 2, "reserve": 0}}, SECOND: AT_ONCE})


def test_a_sim_that_rests_sends_nothing(live: Live) -> None:
    """Refused whoever is written to, it rests, though a queue waits and the next part was chosen."""

    async def scenario(house: House) -> None:
        await ready(house)
        house.network.reject(None, 42)
        house.devices[0].send_latency_s = 1.0
        await queue(house, 40)
        await asyncio.sleep(50)
        assert house.all("SELECT count(*) AS n FROM attempt")[0]["n"] <= 7

    live(scenario, modems=1, sims={FIRST: AT_ONCE})


@pytest.mark.parametrize("wait_s", [0.0, 0.3, 0.6])
def test_a_stop_leaves_no_attempt_open(wait_s: float) -> None:
    """The claim of a quick modem was handed over before its prompt came: it is withdrawn before the store closes."""

    async def life() -> None:
        house = House(1, modems=1, longest_fsync_s=0.5, sims={FIRST: AT_ONCE})
        house.devices[0].prompt_latency_s = 0.05
        await house.start()
        await ready(house)
        for index in range(2):
            await submit(house, to=f"+3361234560{index}")
            await asyncio.sleep(20 + wait_s)
        submitting = asyncio.ensure_future(submit(house, to="+33612345699"))
        (modem,) = house.service.modems.registry.modems
        async with asyncio.timeout(30):
            while (  # noqa: ASYNC110 - what is waited for is no event
                (session := modem._session) is None
                or (sender := session._sender) is None
                or sender._early_claim is None
            ):
                await asyncio.sleep(0.001)
        await house.stop()
        house.writer.submit = house.writer.submit_lazily = _closed  # type: ignore[method-assign] # as behind `close`
        await house.writer.close()
        await asyncio.sleep(2)
        await asyncio.gather(submitting, return_exceptions=True)
        assert house.all("SELECT id FROM attempt WHERE outcome = 'open'") == []

    simulate(life())


def _closed(change: Callable[[sqlite3.Connection], Any]) -> asyncio.Future[Any]:
    raise StoreError("the database is closed")
