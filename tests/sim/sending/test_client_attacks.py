"""Promises under clients: floods of the same key, and clients that go away in the middle of an accept."""

from __future__ import annotations

import asyncio
import contextlib
import json
from random import Random

import pytest

from modemd.api.app import create_app
from modemd.api.in_process import InProcessRequest
from modemd.http.cut_requests import CutRequests
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

TO = "+33612345678"
CLIENTS = 64


def request(key: str, text: str = "hello", target: str = "/v1/messages") -> InProcessRequest:
    document = {"to": TO, "text": text, "key": key}
    return InProcessRequest("POST", target, json.dumps(document).encode(), "application/json")


def received(simulation: Simulation) -> list[str]:
    return sorted(message.text or "" for message in simulation.network.phone(TO).inbox)


def test_a_flood_of_one_key_is_one_message(run_scenario: RunScenario) -> None:
    """64 clients submit the same message with the same key at the same moment: all get the same message, and it is sent once."""

    async def scenario(simulation: Simulation) -> None:
        app = create_app(simulation.service)
        flood = [request("order-17") for _ in range(CLIENTS)]
        others = [request("order-17", "another text") for _ in range(CLIENTS)]
        await asyncio.gather(*(each.run(app) for each in (*flood, *others)))
        answers = [json.loads(each.response.body) for each in flood]
        assert {answer["id"] for answer in answers} == {1}
        assert sorted(each.response.status for each in flood) == [200] * (CLIENTS - 1) + [202]
        assert {each.response.status for each in others} == {409}
        await simulation.until(lambda: received(simulation) == ["hello"], within_s=600)
        await asyncio.sleep(3600)
        assert received(simulation) == ["hello"]

    run_scenario(scenario, modems=2)


@pytest.mark.parametrize("seed", range(8))
def test_a_client_that_goes_away_in_the_middle_loses_and_doubles_nothing(run_scenario: RunScenario, seed: int) -> None:
    """64 requests are cut off, each at a moment of its own. What was stored is sent without being asked for again; and who asks
    again with the same key gets the same message. So every text is received exactly once."""

    async def scenario(simulation: Simulation) -> None:
        app, chance = create_app(simulation.service), Random(seed)

        async def cut_off(number: int) -> None:
            task = asyncio.ensure_future(request(f"k{number}", f"text {number:02}").run(app))
            for _ in range(chance.randrange(12)):
                await asyncio.sleep(0)
            await asyncio.sleep(chance.choice((0, 0.001, 0.01, 0.1)))
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

        await simulation.until(lambda: simulation.service.operations.health.assess().can_send, within_s=60)
        await asyncio.gather(*map(cut_off, range(CLIENTS)))
        await asyncio.sleep(1)
        stored = sorted(row["text"] for row in simulation.all("SELECT text FROM message"))
        assert len(stored) > 0
        await simulation.until(lambda: received(simulation) == stored, within_s=600)
        again = [request(f"k{number}", f"text {number:02}") for number in range(CLIENTS)]
        await asyncio.gather(*(each.run(app) for each in again))
        assert {each.response.status for each in again} <= {200, 202}
        everything = [f"text {number:02}" for number in range(CLIENTS)]
        await simulation.until(lambda: received(simulation) == everything, within_s=600)
        await asyncio.sleep(3600)
        assert received(simulation) == everything

    run_scenario(scenario, modems=2, seed=seed)


@pytest.mark.parametrize("seed", range(4))
def test_a_batch_that_is_cut_off_is_whole_or_not_there(run_scenario: RunScenario, seed: int) -> None:
    """Who asks again with the same key and file gets one batch; every row is received once, whenever the first client left."""
    rows = "to,text,class\n" + "".join(f"{TO},row {number:03},transactional\n" for number in range(150))

    async def scenario(simulation: Simulation) -> None:
        app, chance = create_app(simulation.service), Random(seed)

        def post() -> InProcessRequest:
            return InProcessRequest("POST", "/v1/batches?key=b", rows.encode(), "text/csv")

        for _ in range(6):
            task = asyncio.ensure_future(post().run(app))
            for _ in range(chance.randrange(80)):
                await asyncio.sleep(chance.choice((0, 0, 0, 0.001, 0.01)))
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await asyncio.sleep(5)
        last = post()
        await last.run(app)
        assert last.response.status == 202
        expected = [f"row {number:03}" for number in range(150)]
        await simulation.until(lambda: received(simulation) == expected, within_s=3600)
        await asyncio.sleep(3600)
        assert received(simulation) == expected
        assert len(simulation.all("SELECT id FROM batch WHERE state = 'promoted'")) == 1

    run_scenario(scenario, modems=2, seed=seed)


def test_a_message_whose_client_left_at_the_commit_is_sent_at_once(run_scenario: RunScenario) -> None:
    """Alone in the queue, cut off at every turn of the loop as the end of a server does it: if it was stored, it leaves within
    seconds, as any other does."""

    async def scenario(simulation: Simulation) -> None:
        app = CutRequests(create_app(simulation.service))
        await simulation.until(lambda: simulation.service.operations.health.assess().can_send, within_s=60)
        await asyncio.sleep(60)
        for turns in range(40):
            task = asyncio.ensure_future(request(f"k{turns}", f"text {turns:02}").run(app))
            for _ in range(turns):
                await asyncio.sleep(0)
            await app.cut()
            await task
            await asyncio.sleep(20)
            assert received(simulation) == sorted(row["text"] for row in simulation.all("SELECT text FROM message"))
        assert received(simulation)

    run_scenario(scenario, modems=1)
