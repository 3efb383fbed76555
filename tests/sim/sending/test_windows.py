"""Windows, from the claim to the first octet on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from modemd import pdu
from modemd.modem.status import ModemHealth
from modemd.service.messages.submission import MessageRequest
from tests.sim.world.assembled import House
from tests.sim.world.loop import START, simulate

PHONE = "+336123456%02d"


def lived(course: Callable[[House], Awaitable[None]], **configured: Any) -> None:
    """A day that begins at 06:00 UTC."""

    async def life() -> None:
        house = House(3, modems=1, **configured)
        await house.start()
        await house.until(
            lambda: house.service.modems.registry.modems[0].status.health is ModemHealth.READY, within_s=60
        )
        await course(house)
        await house.stop()

    simulate(life())


def arrived(house: House) -> list[float]:
    """When the network took each message, in seconds since the start."""
    return [(entry.at - START).total_seconds() for entry in house.network.journal.accepted]


async def submit(house: House, window: str, many: int, **more: Any) -> None:
    for index in range(many):
        await house.life.call(
            house.service.messages.submission.submit(MessageRequest(PHONE % index, "hello", window=window, **more))
        )


def test_nothing_begins_before_its_window() -> None:
    """It waits for the opening, and is on its way then."""

    async def course(house: House) -> None:
        await submit(house, "08:00-09:00", 3)
        await asyncio.sleep(2 * 3600 - 120)
        assert arrived(house) == []
        await asyncio.sleep(300)
        assert [7200 <= at < 7220 for at in arrived(house)] == [True] * 3

    lived(course)


def test_what_is_not_sent_when_a_window_closes_waits_for_the_next_day() -> None:
    """A queue that is too long for its hour: its rest goes out from the next opening; alarms pass it meanwhile."""

    async def course(house: House) -> None:
        await submit(house, "06:00-06:02", 45, valid="3d")
        await asyncio.sleep(3600)
        today = arrived(house)
        assert 10 < len(today) < 45
        assert max(today) <= 120
        held = house.all("SELECT reason, count(*) AS n FROM message WHERE state = 'held'")
        assert held == [{"reason": "outside_window", "n": 45 - len(today)}]
        await house.life.call(house.service.messages.submission.submit(MessageRequest(PHONE % 99, "fire", "alarm")))
        await asyncio.sleep(60)
        assert len(arrived(house)) == len(today) + 1
        await asyncio.sleep(24 * 3600)
        assert len(arrived(house)) == 46
        assert all(86400 <= at <= 86400 + 120 for at in arrived(house)[len(today) + 1 :])

    lived(course)


def test_a_prompt_that_comes_too_late_withdraws_the_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim was in time and the prompt was not: no octet is written, and the message goes the next day."""

    async def course(house: House) -> None:
        dispatcher = house.service._dispatcher
        monkeypatch.setattr(dispatcher, "_window_end", lambda candidate: house.service.operations.clock.now())
        await submit(house, "06:00-08:00", 1)
        await asyncio.sleep(3)
        assert arrived(house) == []
        outcomes = {(row["outcome"], row["error"]) for row in house.all("SELECT outcome, error FROM attempt")}
        assert ("withdrawn", "the window has closed") in outcomes
        monkeypatch.undo()
        await asyncio.sleep(60)
        assert len(arrived(house)) == 1

    lived(course)


def test_the_network_is_told_when_the_window_ends() -> None:
    """TP-VP is what is left of the window, so that a phone that is switched on at night stays silent."""

    async def course(house: House) -> None:
        await submit(house, "06:00-07:00", 1)
        await asyncio.sleep(60)
        (entry,) = house.network.journal.accepted
        assert timedelta(minutes=55) <= _validity(entry.tpdu) <= timedelta(hours=1, minutes=5)

    lived(course)


def _validity(tpdu: bytes) -> timedelta:
    submit = pdu.Submit.decode(tpdu)
    assert isinstance(submit.validity, pdu.RelativeValidity)
    return submit.validity.duration
