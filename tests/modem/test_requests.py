"""The inbox of a modem's task: what others want done over its dialogue."""

from __future__ import annotations

import asyncio

import pytest

from modemd.errors import CommandFailed, PortGone, ReplyTimeout
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.status import Identity, ModemHealth
from tests.modem.bench import bench
from tests.modem.scripted_port import simulated


async def ask_time(dialogue: Dialogue, identity: Identity) -> tuple[str, ...]:
    return await dialogue.run_command("+CCLK?")


@simulated
async def test_a_request_is_done_by_the_modems_task_and_answered() -> None:
    """At once where the modem is idle; its own work goes on behind it."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["+CCLK?"] = '+CCLK: "26/01/01,00:00:00+00"|OK'
        began = asyncio.get_running_loop().time()
        assert await b.modem.run_request(ask_time, within_s=5) == ('+CCLK: "26/01/01,00:00:00+00"',)
        assert asyncio.get_running_loop().time() - began < 0.1
        b.queue(1)
        await b.until(lambda: len(b.backend.reports) == 1)


@simulated
async def test_an_error_of_the_work_is_the_askers() -> None:
    """The modem stays as it was."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["+CCLK?"] = "+CME ERROR: 3"
        with pytest.raises(CommandFailed, match="CME ERROR: 3"):
            await b.modem.run_request(ask_time, within_s=5)
        assert b.health is ModemHealth.READY
        assert len(b.stub.ports) == 1


@simulated
async def test_a_request_comes_between_two_parts() -> None:
    """While a PDU is on the air nothing is asked; more that is due waits for the request."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.queue(1, 2)
        await b.until(lambda: bool(b.stub.times("PDU")), step_s=0.001)
        await b.modem.run_request(ask_time, within_s=5)
        (asked,) = b.stub.times("+CCLK?")
        first, second = [*b.stub.times("PDU"), float("inf")][:2]
        assert first + b.stub.send_s <= asked < second
        await b.until(lambda: len(b.backend.reports) == 2)


@simulated
async def test_a_request_that_takes_too_long_is_cut() -> None:
    """Its asker is told after its time; the dialogue is settled again, and sending goes on."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["+CCLK?"] = ""
        with pytest.raises(ReplyTimeout, match="within 2 s"):
            await b.modem.run_request(ask_time, within_s=2)
        b.queue(1)
        await b.until(lambda: len(b.backend.reports) == 1, within_s=10)
        assert len(b.stub.ports) == 1


@simulated
async def test_a_request_that_nobody_waits_for_any_more_is_cut() -> None:
    """The work ends with its asker; one that still waits in the queue is never begun."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["+CCLK?"] = ""
        first = asyncio.ensure_future(b.modem.run_request(ask_time, within_s=60))
        second = asyncio.ensure_future(b.modem.run_request(ask_time, within_s=60))
        await asyncio.sleep(1)
        second.cancel()
        first.cancel()
        b.queue(1)
        await b.until(lambda: len(b.backend.reports) == 1, within_s=10)
        assert len(b.stub.times("+CCLK?")) == 1


@simulated
async def test_a_port_that_is_lost_fails_its_requests() -> None:
    """What is being done, what waits, and what is asked while it is away."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["+CCLK?"] = ""
        waiting = [asyncio.ensure_future(b.modem.run_request(ask_time, within_s=60)) for _ in range(2)]
        await asyncio.sleep(1)
        b.stub.unplug()
        for request in waiting:
            with pytest.raises(PortGone):
                await request
        await asyncio.sleep(1)
        with pytest.raises(PortGone, match="not open"):
            await b.modem.run_request(ask_time, within_s=60)


@simulated
async def test_stopping_cuts_a_request() -> None:
    """The modem's end does not wait for what others wanted."""
    async with bench() as b:
        await b.becomes(ModemHealth.READY)
        b.stub.answers["+CCLK?"] = ""
        waiting = asyncio.ensure_future(b.modem.run_request(ask_time, within_s=60))
        await asyncio.sleep(1)
        await b.stopped()
        with pytest.raises((PortGone, asyncio.CancelledError)):
            await waiting
