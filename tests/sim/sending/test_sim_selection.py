"""Which SIM sends what, at which pace, and what waits for a quota or a person. Truth is the network's journal."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from modemd.service.messages.decisions import Authorship
from modemd.service.messages.submission import MessageRequest
from modemd.service.views import LimitView
from modemd.store.timestamps import from_text
from tests.sim.conftest import RunScenario
from tests.sim.sending.test_sending import accepted, ready, state, submit
from tests.sim.world.assembled import Simulation

NUMBERS = [f"+3361234{index:04d}" for index in range(1000)]
WORD = Authorship("alice", "the offer was wrong")


def iccid(simulation: Simulation, modem: int = 0) -> str:
    """The SIM that sits in a modem, as the service knows it."""
    identity = simulation.service.modems.registry.modems[modem].status.identity
    assert identity is not None
    return identity.iccid


def senders(simulation: Simulation) -> list[str]:
    """The own numbers that the network saw, in order."""
    return [entry.sender for entry in simulation.network.journal.accepted]


def held(simulation: Simulation) -> list[tuple[str, datetime]]:
    """Why and until when messages are held, in the order of acceptance."""
    rows = simulation.all(
        "SELECT m.reason, p.due FROM message m JOIN part p ON p.message_id = m.id WHERE m.state = 'held' ORDER BY m.id"
    )
    return [(row["reason"], from_text(row["due"])) for row in rows]


async def submit_all(
    simulation: Simulation, count: int, message_class: str = "transactional", **more: Any
) -> list[int]:
    """Messages to as many numbers, accepted at once."""
    requests = [MessageRequest(NUMBERS[index], f"no {index}", message_class, **more) for index in range(count)]
    return [int(answer.message.id) for answer in await simulation.service.messages.submission.submit_all(requests)]


async def writes(simulation: Simulation, number: str, modem: int) -> None:
    """A person writes to the SIM in a modem."""
    simulation.network.phone(number).send(simulation.sims[modem].number, "hello?")
    kept = len(simulation.all("SELECT 1 FROM inbox"))
    await simulation.until(lambda: len(simulation.all("SELECT 1 FROM inbox")) > kept, within_s=120)


def test_an_answer_goes_out_by_the_sim_that_was_written_to(run_scenario: RunScenario) -> None:
    """A contact keeps its number to talk to: also where the other SIM has nothing to do, and for everything after."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for modem, number in ((1, NUMBERS[0]), (0, NUMBERS[1])):
            await writes(simulation, number, modem)
        for _ in range(3):
            await submit(simulation, to=NUMBERS[0])
            await submit(simulation, to=NUMBERS[1])
            await asyncio.sleep(20)
        by = Counter((entry.recipient, entry.sender) for entry in simulation.network.journal.accepted)
        assert by == {(NUMBERS[0], simulation.sims[1].number): 3, (NUMBERS[1], simulation.sims[0].number): 3}

    run_scenario(scenario)


def test_of_free_sims_the_one_that_has_waited_longest_sends(run_scenario: RunScenario) -> None:
    """Lone messages to new contacts go out by the SIMs in turn, and not always by the first."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for index in range(6):
            await submit(simulation, to=NUMBERS[index])
            await asyncio.sleep(60)
        first, second = (sim.number for sim in simulation.sims)
        assert senders(simulation) == [first, second] * 3

    run_scenario(scenario)


def test_a_message_behind_another_sims_goes_as_soon_as_that_is_over(run_scenario: RunScenario) -> None:
    """Two messages to one number by two SIMs keep their order, and the second SIM does not wait for its next look."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for modem in (0, 1):
            request = MessageRequest(NUMBERS[0], f"by {modem}", sim=iccid(simulation, modem))
            await simulation.service.messages.submission.submit(request)
            await asyncio.sleep(0.5)  # the first is on the air
        began = asyncio.get_running_loop().time()
        await simulation.until(lambda: accepted(simulation) == ["by 0", "by 1"], within_s=100)
        assert asyncio.get_running_loop().time() - began < 25

    run_scenario(scenario)


def test_conversations_keep_their_sims_while_both_are_busy(run_scenario: RunScenario) -> None:
    """Two SIMs with plenty to do each send to their own contacts; nobody's number changes in between."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        await submit_all(simulation, 100)
        await simulation.until(lambda: len(accepted(simulation)) == 100, within_s=600)
        own = {entry.recipient: entry.sender for entry in simulation.network.journal.accepted}
        assert min(Counter(own.values()).values()) > 30, "both have contacts"
        await submit_all(simulation, 100)
        await simulation.until(lambda: len(accepted(simulation)) > 150, within_s=600)
        later = simulation.network.journal.accepted[100:150]
        assert [entry.sender for entry in later] == [own[entry.recipient] for entry in later]

    run_scenario(scenario)


def test_health_spills(run_scenario: RunScenario) -> None:
    """A contact whose SIM was pulled out is written to by another, before long."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        await writes(simulation, NUMBERS[0], 1)
        simulation.links["/sim/modem1"].unplug()
        await submit(simulation, to=NUMBERS[0])
        await simulation.until(lambda: senders(simulation) == [simulation.sims[0].number], within_s=60)

    run_scenario(scenario)


def test_pace_spills(run_scenario: RunScenario) -> None:
    """A SIM with a long queue of its own hands over what it cannot send in half a minute, once others have time for it."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for index in range(6):
            await writes(simulation, NUMBERS[index], 1)
        simulation.devices[1].send_latency_s = 15.0
        await submit_all(simulation, 6)
        await simulation.until(lambda: len(accepted(simulation)) == 6, within_s=60)
        assert set(senders(simulation)) == {sim.number for sim in simulation.sims}

    run_scenario(scenario)


def test_a_quota_holds_and_never_spills(run_scenario: RunScenario) -> None:
    """Over its day's quota a SIM's contacts wait, with reason and time, though another SIM is idle; at midnight of the SIM's own
    zone they go."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for index in range(8):
            await writes(simulation, NUMBERS[index], 1)
        await submit_all(simulation, 8)
        await simulation.until(lambda: len(held(simulation)) == 3, within_s=120)
        midnight = from_text("2026-03-02T23:00:00+00:00")
        assert held(simulation) == [("quota_day", midnight)] * 3
        assert senders(simulation) == [simulation.sims[1].number] * 5
        await asyncio.sleep(12 * 3600)
        assert len(accepted(simulation)) == 5, "not before"
        await simulation.until(lambda: len(accepted(simulation)) == 8, within_s=6 * 3600)
        assert set(senders(simulation)) == {simulation.sims[1].number}
        assert simulation.network.journal.accepted[5].at >= midnight

    run_scenario(scenario, limits={"day": 5, "reserve": 0})


def test_a_reserve_is_left_to_alarms(run_scenario: RunScenario) -> None:
    """What others may not use any more, an alarm does."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        messages = await submit_all(simulation, 12)
        await simulation.until(lambda: len(held(simulation)) == 4, within_s=120)
        alarm = await submit(simulation, message_class="alarm")
        await simulation.until(lambda: state(simulation, alarm) == "delivered", within_s=60)
        assert [state(simulation, message) for message in messages].count("held") == 4

    run_scenario(scenario, modems=1, limits={"day": 10, "reserve": 20})


def test_a_campaign_is_braked_and_held_once(run_scenario: RunScenario) -> None:
    """Marketing goes at so many parts an hour; each message waits for the hour that has room for it, and is not queued before."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        await submit_all(simulation, 130, "marketing")
        other = await submit(simulation)
        await simulation.until(lambda: state(simulation, other) == "delivered", within_s=120)
        await simulation.until(lambda: len(accepted(simulation)) == 131, within_s=4 * 3600)
        an_hour = Counter(entry.at.hour for entry in simulation.network.journal.accepted if entry.text != "Hello")
        assert list(an_hour.values()) == [50, 50, 30]
        times = Counter(
            row["message_id"] for row in simulation.all("SELECT message_id FROM event WHERE what = 'put off'")
        )
        assert (len(times), set(times.values())) == (80, {1})

    run_scenario(scenario, modems=1, limits={"marketing_per_hour": 50})


def test_what_was_not_sent_is_not_counted(run_scenario: RunScenario) -> None:
    """A part that the network refused gives its place in the quota back."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.network.reject(NUMBERS[0], 1)
        await submit(simulation, to=NUMBERS[0])
        await simulation.until(
            lambda: bool(simulation.all("SELECT 1 FROM message WHERE state = 'failed'")), within_s=60
        )
        await submit_all(simulation, 4)
        await simulation.until(lambda: len(held(simulation)) == 1 or len(accepted(simulation)) == 3, within_s=60)
        (sim,) = await simulation.service.sims.list_sims()
        assert sim.limits["quota_day"] == LimitView(used=3, most=3, reserved=0)

    run_scenario(scenario, modems=1, limits={"day": 3, "reserve": 0})


@pytest.mark.parametrize("how", ["queue", "class", "sim"])
def test_a_pause_holds_through_a_restart(run_scenario: RunScenario, how: str) -> None:
    """What is paused does not go, also in the next process; alarms do; after the end of the pause everything goes."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        named = {"queue": (None, None), "class": ("marketing", None), "sim": (None, iccid(simulation))}[how]
        await simulation.service.sims.pause(*named, WORD)
        waits = await submit(simulation, message_class="marketing", to=NUMBERS[0])
        await submit(simulation, message_class="alarm", to=NUMBERS[1], text="alarm")
        await asyncio.sleep(300)
        assert (accepted(simulation), state(simulation, waits)) == (["alarm"], "queued")
        await simulation.stop()
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(300)
        assert accepted(simulation) == ["alarm"]
        assert await simulation.service.sims.resume(*named, WORD) == []
        await simulation.until(lambda: state(simulation, waits) == "delivered", within_s=60)
        told = simulation.all("SELECT what, detail FROM event WHERE what IN ('paused', 'resumed') ORDER BY id")
        assert [row["what"] for row in told] == ["paused", "resumed"]
        assert all('"alice"' in row["detail"] and "the offer was wrong" in row["detail"] for row in told)

    run_scenario(scenario, modems=1)


def test_a_paused_sims_contacts_are_written_to_by_others(run_scenario: RunScenario) -> None:
    """A person who pauses one SIM of two stops none of the messages that the other may send."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        await writes(simulation, NUMBERS[0], 1)
        await simulation.service.sims.pause(None, iccid(simulation, 1), WORD)
        await submit(simulation, to=NUMBERS[0])
        await simulation.until(lambda: senders(simulation) == [simulation.sims[0].number], within_s=60)

    run_scenario(scenario)


def test_rules_choose_by_prefix(run_scenario: RunScenario) -> None:
    """A rule's numbers go by its SIMs alone; where the rules change, what is queued goes by the new ones."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        settings = simulation.settings
        simulation.settings = settings.model_copy(update={"routes": {"+49": (iccid(simulation, 1),)}})
        await simulation.stop()
        simulation.restart_service()
        await simulation.start()
        await ready(simulation)
        for index in range(5):
            await submit(simulation, to=f"+4915112345{index:02d}")
        await simulation.until(lambda: len(accepted(simulation)) == 5, within_s=60)
        assert set(senders(simulation)) == {simulation.sims[1].number}
        simulation.links["/sim/modem1"].unplug()
        waits = await submit(simulation, to="+491511234509")
        await asyncio.sleep(600)
        assert state(simulation, waits) == "queued"
        await simulation.stop()
        simulation.settings = settings
        simulation.restart_service()
        await simulation.start()
        await simulation.until(lambda: state(simulation, waits) == "delivered", within_s=120)

    run_scenario(scenario)
