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
from tests.sim.world.assembled import Simulation
from tests.sim.world.loop import START, simulate

PHONE = "+336123456%02d"


def run_simulation(scenario: Callable[[Simulation], Awaitable[None]], **configured: Any) -> None:
    """A day that begins at 06:00 UTC."""

    async def process() -> None:
        simulation = Simulation(3, modems=1, **configured)
        await simulation.start()
        await simulation.until(
            lambda: simulation.service.modems.registry.modems[0].status.health is ModemHealth.READY, within_s=60
        )
        await scenario(simulation)
        await simulation.stop()

    simulate(process())


def arrived(simulation: Simulation) -> list[float]:
    """When the network took each message, in seconds since the start."""
    return [(entry.at - START).total_seconds() for entry in simulation.network.journal.accepted]


async def submit(simulation: Simulation, window: str, many: int, **more: Any) -> None:
    for index in range(many):
        await simulation.process.call(
            simulation.service.messages.submission.submit(MessageRequest(PHONE % index, "hello", window=window, **more))
        )


def test_nothing_begins_before_its_window() -> None:
    """It waits for the opening, and is on its way then."""

    async def scenario(simulation: Simulation) -> None:
        await submit(simulation, "08:00-09:00", 3)
        await asyncio.sleep(2 * 3600 - 120)
        assert arrived(simulation) == []
        await asyncio.sleep(300)
        assert [7200 <= at < 7220 for at in arrived(simulation)] == [True] * 3

    run_simulation(scenario)


def test_what_is_not_sent_when_a_window_closes_waits_for_the_next_day() -> None:
    """A queue that is too long for its hour: its rest goes out from the next opening; alarms pass it meanwhile."""

    async def scenario(simulation: Simulation) -> None:
        await submit(simulation, "06:00-06:02", 45, valid="3d")
        await asyncio.sleep(3600)
        today = arrived(simulation)
        assert 10 < len(today) < 45
        assert max(today) <= 120
        held = simulation.all("SELECT reason, count(*) AS n FROM message WHERE state = 'held'")
        assert held == [{"reason": "outside_window", "n": 45 - len(today)}]
        await simulation.process.call(
            simulation.service.messages.submission.submit(MessageRequest(PHONE % 99, "fire", "alarm"))
        )
        await asyncio.sleep(60)
        assert len(arrived(simulation)) == len(today) + 1
        await asyncio.sleep(24 * 3600)
        assert len(arrived(simulation)) == 46
        assert all(86400 <= at <= 86400 + 120 for at in arrived(simulation)[len(today) + 1 :])

    run_simulation(scenario)


def test_a_prompt_that_comes_too_late_withdraws_the_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim was in time and the prompt was not: no octet is written, and the message goes the next day."""

    async def scenario(simulation: Simulation) -> None:
        dispatcher = simulation.service._dispatcher
        monkeypatch.setattr(dispatcher, "_window_end", lambda candidate: simulation.service.operations.clock.now())
        await submit(simulation, "06:00-08:00", 1)
        await asyncio.sleep(3)
        assert arrived(simulation) == []
        outcomes = {(row["outcome"], row["error"]) for row in simulation.all("SELECT outcome, error FROM attempt")}
        assert ("withdrawn", "the window has closed") in outcomes
        monkeypatch.undo()
        await asyncio.sleep(60)
        assert len(arrived(simulation)) == 1

    run_simulation(scenario)


def test_the_network_is_told_when_the_window_ends() -> None:
    """TP-VP is what is left of the window, so that a phone that is switched on at night stays silent."""

    async def scenario(simulation: Simulation) -> None:
        await submit(simulation, "06:00-07:00", 1)
        await asyncio.sleep(60)
        (entry,) = simulation.network.journal.accepted
        assert timedelta(minutes=55) <= _validity(entry.tpdu) <= timedelta(hours=1, minutes=5)

    run_simulation(scenario)


def _validity(tpdu: bytes) -> timedelta:
    submit = pdu.Submit.decode(tpdu)
    assert isinstance(submit.validity, pdu.RelativeValidity)
    return submit.validity.duration
