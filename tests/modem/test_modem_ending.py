"""A modem task ends, or loses its port, in any state, and leaves nothing behind. `bench` looks at that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from modemd.connector import AttemptEnding
from modemd.modem.session import PERSON_RETRY_S
from modemd.modem.status import ModemHealth
from tests.modem.bench import Bench, bench
from tests.modem.scripted_port import simulated


async def _while_opening(b: Bench) -> None:
    await asyncio.sleep(0)


async def _while_waiting_to_reopen(b: Bench) -> None:
    b.stub.plugged = False
    await asyncio.sleep(15)


async def _while_setting_up(b: Bench) -> None:
    await b.until(lambda: "+CGMI" in b.stub.commands(), step_s=0.001)


async def _while_waiting_for_a_person(b: Bench) -> None:
    b.stub.answers["+CPIN?"] = "+CPIN: SIM PIN|OK"
    await b.becomes(ModemHealth.NEEDS_PERSON)


async def _while_idle(b: Bench) -> None:
    await asyncio.sleep(30)


async def _while_searching(b: Bench) -> None:
    b.stub.answers["+CREG?"] = "+CREG: 0,2|OK"
    await b.becomes(ModemHealth.SEARCHING)


async def _at_the_prompt(b: Bench) -> None:
    await b.becomes(ModemHealth.READY)
    b.stub.answer_s = 2.0
    b.queue(1, 2)
    await b.until(lambda: "+CMGS=18" in b.stub.commands())


async def _on_the_air(b: Bench) -> None:
    await b.becomes(ModemHealth.READY)
    b.queue(1, 2)
    await b.until(lambda: "PDU" in b.stub.commands())


async def _between_two(b: Bench) -> None:
    await b.becomes(ModemHealth.READY)
    b.queue(*range(1, 6))
    await b.until(lambda: len(b.backend.reports) == 2, step_s=0.001)


State = Callable[[Bench], Awaitable[None]]
STATES: list[State] = [
    _while_opening, _while_waiting_to_reopen, _while_setting_up, _while_waiting_for_a_person, _while_idle, _while_searching,
    _at_the_prompt, _on_the_air, _between_two,
]  # fmt: skip


@pytest.mark.parametrize("reached", STATES, ids=lambda state: state.__name__.strip("_"))
@simulated
async def test_a_stop_ends_it_from_every_state(reached: State) -> None:
    """Within seconds; what is on the air is answered and journaled, and nothing more goes out."""
    async with bench() as b:
        await reached(b)
        loop = asyncio.get_running_loop()
        stopped_at, on_air = loop.time(), b.stub.commands().count("PDU")
        await b.stopped()
        assert loop.time() - stopped_at < 5
        at_most = on_air + (reached in (_at_the_prompt, _between_two))  # what had its prompt asked for may still go
        assert b.stub.commands().count("PDU") <= at_most
        assert {report.ending for report in b.backend.reports} <= {AttemptEnding.ACCEPTED}


@pytest.mark.parametrize("reached", STATES, ids=lambda state: state.__name__.strip("_"))
@simulated
async def test_a_cut_leaves_nothing_behind(reached: State) -> None:
    """Cancelled in any state: the port is closed, no draft stays reserved, no attempt stays open."""
    async with bench() as b:
        await reached(b)
        b.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await b.task
        await asyncio.sleep(1)


@pytest.mark.parametrize("reached", STATES[2:], ids=lambda state: state.__name__.strip("_"))
@simulated
async def test_a_port_lost_in_any_state_leaves_nothing_behind(reached: State) -> None:
    """The modem says that it is gone, and when the port is back it is used again."""
    async with bench() as b:
        await reached(b)
        b.stub.unplug()
        await asyncio.sleep(5)
        b.stub.plugged = True
        b.stub.answers["+CREG?"], b.stub.answers["+CPIN?"] = "+CREG: 0,1|OK", "+CPIN: READY|OK"
        b.stub.answer_s = 0.01
        await b.becomes(ModemHealth.READY, within_s=PERSON_RETRY_S + 10)
