"""Why a message waits, as `explain`, `status` and `messages` say it, against what the dispatcher does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from modemd.api.app import create_app
from modemd.rules.retry import ErrorClass
from modemd.rules.sim_breaker import Refusal
from modemd.rules.waits import Wait, WaitCode
from modemd.service.messages.decisions import Authorship
from modemd.service.messages.submission import MessageRequest
from tests.api.client import Client
from tests.service.assembled import all_rows
from tests.sim.conftest import RunScenario
from tests.sim.sending.test_sending import OTHER, TO, reaches, ready, state, submit
from tests.sim.world.assembled import Simulation

NUMBERS = [f"+3361234{index:04d}" for index in range(100)]
WORD = Authorship("alice", "moving house")
NEVER_MET = "8933010000000000999"


async def why(simulation: Simulation, message: int) -> Wait | None:
    return (await simulation.service.messages.histories.describe(message)).waits


async def code_of(simulation: Simulation, message: int) -> WaitCode | None:
    found = await why(simulation, message)
    return found.code if found is not None else None


async def send(simulation: Simulation, to: str = TO, text: str = "Hello", **more: Any) -> int:
    answer = await simulation.service.messages.submission.submit(MessageRequest(to, text, **more))
    return answer.message.id


def test_a_pause(run_scenario: RunScenario) -> None:
    """Who paused and why, in each face; what is not paused does not wait for it; when it is over, the message goes."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        await simulation.service.sims.pause(None, None, WORD)
        message, alarm = await submit(simulation), await submit(simulation, to=OTHER, message_class="alarm")
        await reaches(simulation, alarm, "delivered")
        found = await why(simulation, message)
        assert found is not None
        assert found.code is WaitCode.PAUSED
        assert found.message.startswith("the queue is paused by alice: moving house (valid until 2026-")
        client = Client(create_app(simulation.service))
        expected = {"code": "paused", "message": found.message, "until": None}
        assert (await client.get(f"/v1/messages/{message}")).json["waits"] == expected
        newest, oldest = (await client.get("/v1/messages")).json
        assert (oldest["waits"], newest["waits"]) == (expected, None)
        (waiting,) = (await client.get("/v1/status")).json["waiting"]
        assert (waiting["class"], waiting["waits"]) == ("transactional", expected)
        await simulation.service.sims.resume(None, None, WORD)
        await reaches(simulation, message, "delivered")
        assert await why(simulation, message) is None

    run_scenario(scenario, modems=1)


def test_no_modem_is_ready(run_scenario: RunScenario) -> None:
    """Before a SIM was met, and after its stick was pulled out: the modem and its reason are told."""

    async def scenario(simulation: Simulation) -> None:
        link = simulation.links["/sim/modem0"]
        link.unplug()
        message = await submit(simulation)
        await asyncio.sleep(20)
        found = await why(simulation, message)
        assert found is not None
        assert found.code is WaitCode.NOT_READY
        assert found.message.startswith("no modem is ready: modem0: /sim/modem0: ")
        link.replug()
        await reaches(simulation, message, "delivered", within_s=120)
        link.unplug()
        await asyncio.sleep(20)
        assert await code_of(simulation, await submit(simulation)) is WaitCode.NOT_READY

    run_scenario(scenario, modems=1)


def test_a_sim_that_is_not_here(run_scenario: RunScenario) -> None:
    """Never met, or met and taken out; the warning at submission is about the first only."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        west = simulation.sims[0].iccid
        message = await send(simulation, sim=NEVER_MET)
        assert await code_of(simulation, message) is WaitCode.SIM_UNKNOWN
        simulation.links["/sim/modem0"].unplug()
        await simulation.process.call(simulation.service.stop(5))
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(30)
        bound = await send(simulation, OTHER, sim=west)
        found = await why(simulation, bound)
        assert found is not None
        assert found.code is WaitCode.SIM_ABSENT
        assert f"its SIM {west} is in no modem that answers (last seen 2026-" in found.message
        assert state(simulation, bound) == "queued"

    run_scenario(scenario, modems=2)


def test_no_rule_lets_a_sim(run_scenario: RunScenario) -> None:
    """The SIM that is here may not write to this country."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        message = await submit(simulation, to="+4915112345678")
        assert await code_of(simulation, message) is WaitCode.NO_ROUTE
        assert await code_of(simulation, await submit(simulation)) is not WaitCode.NO_ROUTE

    run_scenario(scenario, modems=1, routes={"+49": [NEVER_MET]})


def test_a_quota_and_a_window(run_scenario: RunScenario) -> None:
    """Held until the next hour, or until the window opens: the sentence has the time, and the message goes then."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        ids = [await submit(simulation, to=number) for number in NUMBERS[:4]]
        await asyncio.sleep(30)
        late = [id for id in ids if state(simulation, id) == "held"]
        assert late
        found = await why(simulation, late[0])
        assert found is not None
        assert found.code is WaitCode.QUOTA
        assert found.until is not None
        assert f"{found.until:%Y-%m-%d %H:00:00}" in found.message
        shut = await send(simulation, OTHER, window="23:00-23:30")
        assert await code_of(simulation, shut) is WaitCode.WINDOW

    run_scenario(scenario, modems=1, limits={"hour": 3, "reserve": 0})


def test_a_refusal_and_a_rest(run_scenario: RunScenario) -> None:
    """A message that was refused backs off; a SIM that is refused by everybody rests."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.network.reject(TO, 38)
        message = await submit(simulation)
        await reaches(simulation, message, "held")
        found = await why(simulation, message)
        assert found is not None
        assert found.code is WaitCode.BACK_OFF
        assert found.message.startswith("try 1 has failed (+CMS ERROR: 38), and the next is at ")
        for index in range(5):
            refusal = Refusal(index, index, str(index), ErrorClass.LATER, "+CMS ERROR: 42")
            simulation.service._dispatcher._breakers.record_refusal(
                simulation.sims[0].iccid, refusal, simulation.service.operations.clock.now()
            )
        assert await code_of(simulation, await submit(simulation, to=OTHER)) is WaitCode.SIM_RESTS

    run_scenario(scenario, modems=1)


def test_an_unknown_message(run_scenario: RunScenario) -> None:
    """It waits for evidence, or for its repeat if it is an alarm."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.network.phone(TO).switch_off()
        simulation.devices[0].lose_next_answer()
        message = await submit(simulation)
        await reaches(simulation, message, "unknown", within_s=300)
        assert await code_of(simulation, message) is WaitCode.UNPROVED
        simulation.network.phone(OTHER).switch_off()
        simulation.devices[0].lose_next_answer()
        alarm = await submit(simulation, to=OTHER, message_class="alarm")
        await reaches(simulation, alarm, "unknown", within_s=300)
        found = await why(simulation, alarm)
        assert found is not None
        assert found.code is WaitCode.REPEAT
        assert found.until is not None

    run_scenario(scenario, modems=1)


def test_the_turn_of_a_message(run_scenario: RunScenario) -> None:
    """So many parts go before it, at the pace of the SIM, and fewer as they go; a second message to a number waits for the
    first."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        ids = [await submit(simulation, to=number) for number in NUMBERS[:20]]
        second = await submit(simulation, to=NUMBERS[19])
        found = await why(simulation, ids[-1])
        assert found is not None
        assert found.code is WaitCode.PACE
        before = int(found.message.split()[0])
        assert 10 <= before <= 19
        assert found.message.endswith("parts go before it, 1 a second")
        assert await code_of(simulation, second) is WaitCode.EARLIER
        await asyncio.sleep(15)
        later = await why(simulation, ids[-1])
        assert later is not None
        assert int(later.message.split()[0]) < before
        await reaches(simulation, second, "delivered", within_s=300)

    run_scenario(scenario, modems=1)


def test_a_list_explains_as_far_as_a_person_reads(run_scenario: RunScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of everything is not made slow by it."""
    monkeypatch.setattr("modemd.service.messages.history.MOST_EXPLAINED", 2)

    async def scenario(simulation: Simulation) -> None:
        await simulation.service.sims.pause(None, None, WORD)
        for number in NUMBERS[:4]:
            await submit(simulation, to=number)
        found = await all_rows(await simulation.service.messages.histories.list_views(limit=0))
        assert [view.waits is not None for view in found] == [True, True, False, False]

    run_scenario(scenario, modems=1)
