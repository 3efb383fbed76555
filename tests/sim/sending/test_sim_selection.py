"""Which SIM sends what, at which pace, and what waits for a quota or a person. Truth is the network's journal."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from modemd.service.messages.decisions import Authorship
from modemd.service.messages.submission import MessageRequest
from modemd.store.timestamps import from_text
from tests.sim.conftest import Live
from tests.sim.sending.test_sending import accepted, ready, state, submit
from tests.sim.world.assembled import House

NUMBERS = [f"+3361234{index:04d}" for index in range(1000)]
WORD = Authorship("alice", "the offer was wrong")


def iccid(house: House, modem: int = 0) -> str:
    """The SIM that sits in a modem, as the service knows it."""
    identity = house.service.modems.registry.modems[modem].status.identity
    assert identity is not None
    return identity.iccid


def senders(house: House) -> list[str]:
    """The own numbers that the network saw, in order."""
    return [entry.sender for entry in house.network.journal.accepted]


def held(house: House) -> list[tuple[str, datetime]]:
    """Why and until when messages are held, in the order of acceptance."""
    rows = house.all(
        "SELECT m.reason, p.due FROM message m JOIN part p ON p.message_id = m.id WHERE m.state = 'held' ORDER BY m.id"
    )
    return [(row["reason"], from_text(row["due"])) for row in rows]


async def submit_all(house: House, count: int, message_class: str = "transactional", **more: Any) -> list[int]:
    """Messages to as many numbers, accepted at once."""
    requests = [MessageRequest(NUMBERS[index], f"no {index}", message_class, **more) for index in range(count)]
    return [int(answer.message["id"]) for answer in await house.service.messages.submission.submit_all(requests)]


async def writes(house: House, number: str, modem: int) -> None:
    """A person writes to the SIM in a modem."""
    house.network.phone(number).send(house.sims[modem].number, "hello?")
    kept = len(house.all("SELECT 1 FROM inbox"))
    await house.until(lambda: len(house.all("SELECT 1 FROM inbox")) > kept, within_s=120)


def test_an_answer_goes_out_by_the_sim_that_was_written_to(live: Live) -> None:
    """A contact keeps its number to talk to: also where the other SIM has nothing to do, and for everything after."""

    async def scenario(house: House) -> None:
        await ready(house)
        for modem, number in ((1, NUMBERS[0]), (0, NUMBERS[1])):
            await writes(house, number, modem)
        for _ in range(3):
            await submit(house, to=NUMBERS[0])
            await submit(house, to=NUMBERS[1])
            await asyncio.sleep(20)
        by = Counter((entry.recipient, entry.sender) for entry in house.network.journal.accepted)
        assert by == {(NUMBERS[0], house.sims[1].number): 3, (NUMBERS[1], house.sims[0].number): 3}

    live(scenario)


def test_conversations_keep_their_sims_while_both_are_busy(live: Live) -> None:
    """Two SIMs with plenty to do each send to their own contacts; nobody's number changes in between."""

    async def scenario(house: House) -> None:
        await ready(house)
        await submit_all(house, 100)
        await house.until(lambda: len(accepted(house)) == 100, within_s=600)
        own = {entry.recipient: entry.sender for entry in house.network.journal.accepted}
        assert min(Counter(own.values()).values()) > 30, "both have contacts"
        await submit_all(house, 100)
        await house.until(lambda: len(accepted(house)) > 150, within_s=600)
        later = house.network.journal.accepted[100:150]
        assert [entry.sender for entry in later] == [own[entry.recipient] for entry in later]

    live(scenario)


def test_health_spills(live: Live) -> None:
    """A contact whose SIM was pulled out is written to by another, before long."""

    async def scenario(house: House) -> None:
        await ready(house)
        await writes(house, NUMBERS[0], 1)
        house.links["/sim/modem1"].unplug()
        await submit(house, to=NUMBERS[0])
        await house.until(lambda: senders(house) == [house.sims[0].number], within_s=60)

    live(scenario)


def test_pace_spills(live: Live) -> None:
    """A SIM with a long queue of its own hands over what it cannot send in half a minute, once others have time for it."""

    async def scenario(house: House) -> None:
        await ready(house)
        for index in range(6):
            await writes(house, NUMBERS[index], 1)
        house.devices[1].send_latency_s = 15.0
        await submit_all(house, 6)
        await house.until(lambda: len(accepted(house)) == 6, within_s=60)
        assert set(senders(house)) == {sim.number for sim in house.sims}

    live(scenario)


def test_a_quota_holds_and_never_spills(live: Live) -> None:
    """Over its day's quota a SIM's contacts wait, with reason and time, though another SIM is idle; at midnight of the SIM's own
    zone they go."""

    async def scenario(house: House) -> None:
        await ready(house)
        for index in range(8):
            await writes(house, NUMBERS[index], 1)
        await submit_all(house, 8)
        await house.until(lambda: len(held(house)) == 3, within_s=120)
        midnight = from_text("2026-03-02T23:00:00+00:00")
        assert held(house) == [("quota_day", midnight)] * 3
        assert senders(house) == [house.sims[1].number] * 5
        await asyncio.sleep(12 * 3600)
        assert len(accepted(house)) == 5, "not before"
        await house.until(lambda: len(accepted(house)) == 8, within_s=6 * 3600)
        assert set(senders(house)) == {house.sims[1].number}
        assert house.network.journal.accepted[5].at >= midnight

    live(scenario, limits={"day": 5, "reserve": 0})


def test_a_reserve_is_left_to_alarms(live: Live) -> None:
    """What others may not use any more, an alarm does."""

    async def scenario(house: House) -> None:
        await ready(house)
        messages = await submit_all(house, 12)
        await house.until(lambda: len(held(house)) == 4, within_s=120)
        alarm = await submit(house, message_class="alarm")
        await house.until(lambda: state(house, alarm) == "delivered", within_s=60)
        assert [state(house, message) for message in messages].count("held") == 4

    live(scenario, modems=1, limits={"day": 10, "reserve": 20})


def test_a_campaign_is_braked_and_held_once(live: Live) -> None:
    """Marketing goes at so many parts an hour; each message waits for the hour that has room for it, and is not queued before."""

    async def scenario(house: House) -> None:
        await ready(house)
        await submit_all(house, 130, "marketing")
        other = await submit(house)
        await house.until(lambda: state(house, other) == "delivered", within_s=120)
        await house.until(lambda: len(accepted(house)) == 131, within_s=4 * 3600)
        an_hour = Counter(entry.at.hour for entry in house.network.journal.accepted if entry.text != "Hello")
        assert list(an_hour.values()) == [50, 50, 30]
        times = Counter(row["message_id"] for row in house.all("SELECT message_id FROM event WHERE what = 'put off'"))
        assert (len(times), set(times.values())) == (80, {1})

    live(scenario, modems=1, limits={"marketing_per_hour": 50})


def test_what_was_not_sent_is_not_counted(live: Live) -> None:
    """A part that the network refused gives its place in the quota back."""

    async def scenario(house: House) -> None:
        await ready(house)
        house.network.reject(NUMBERS[0], 1)
        await submit(house, to=NUMBERS[0])
        await house.until(lambda: bool(house.all("SELECT 1 FROM message WHERE state = 'failed'")), within_s=60)
        await submit_all(house, 4)
        await house.until(lambda: len(held(house)) == 1 or len(accepted(house)) == 3, within_s=60)
        (sim,) = await house.service.sims.list_sims()
        assert sim["limits"]["quota_day"] == {"used": 3, "most": 3, "reserved": 0}

    live(scenario, modems=1, limits={"day": 3, "reserve": 0})


@pytest.mark.parametrize("how", ["queue", "class", "sim"])
def test_a_pause_holds_through_a_restart(live: Live, how: str) -> None:
    """What is paused does not go, also in the next process; alarms do; after the end of the pause everything goes."""

    async def scenario(house: House) -> None:
        await ready(house)
        named = {"queue": (None, None), "class": ("marketing", None), "sim": (None, iccid(house))}[how]
        await house.service.sims.pause(*named, WORD)
        waits = await submit(house, message_class="marketing", to=NUMBERS[0])
        await submit(house, message_class="alarm", to=NUMBERS[1], text="alarm")
        await asyncio.sleep(300)
        assert (accepted(house), state(house, waits)) == (["alarm"], "queued")
        await house.stop()
        house.restart_service()
        await house.start()
        await asyncio.sleep(300)
        assert accepted(house) == ["alarm"]
        assert await house.service.sims.resume(*named, WORD) == []
        await house.until(lambda: state(house, waits) == "delivered", within_s=60)
        told = house.all("SELECT what, detail FROM event WHERE what IN ('paused', 'resumed') ORDER BY id")
        assert [row["what"] for row in told] == ["paused", "resumed"]
        assert all('"alice"' in row["detail"] and "the offer was wrong" in row["detail"] for row in told)

    live(scenario, modems=1)


def test_a_paused_sims_contacts_are_written_to_by_others(live: Live) -> None:
    """A person who pauses one SIM of two stops none of the messages that the other may send."""

    async def scenario(house: House) -> None:
        await ready(house)
        await writes(house, NUMBERS[0], 1)
        await house.service.sims.pause(None, iccid(house, 1), WORD)
        await submit(house, to=NUMBERS[0])
        await house.until(lambda: senders(house) == [house.sims[0].number], within_s=60)

    live(scenario)


def test_rules_choose_by_prefix(live: Live) -> None:
    """A rule's numbers go by its SIMs alone; where the rules change, what is queued goes by the new ones."""

    async def scenario(house: House) -> None:
        await ready(house)
        settings = house.settings
        house.settings = settings.model_copy(update={"routes": {"+49": (iccid(house, 1),)}})
        await house.stop()
        house.restart_service()
        await house.start()
        await ready(house)
        for index in range(5):
            await submit(house, to=f"+4915112345{index:02d}")
        await house.until(lambda: len(accepted(house)) == 5, within_s=60)
        assert set(senders(house)) == {house.sims[1].number}
        house.links["/sim/modem1"].unplug()
        waits = await submit(house, to="+491511234509")
        await asyncio.sleep(600)
        assert state(house, waits) == "queued"
        await house.stop()
        house.settings = settings
        house.restart_service()
        await house.start()
        await house.until(lambda: state(house, waits) == "delivered", within_s=120)

    live(scenario)
