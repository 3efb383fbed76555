"""An alarm or otp waits for nothing that comes in."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from modemd import pdu
from modemd.emulator.network.message_memory import StoredMessage
from modemd.rules.classes import MessageClass
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

WRITER, OWNER = "+33612345678", "+33612345679"
STORED = 150
SLOW_DELETION_S = 0.3
# One part on the air, and one pace interval.
BOUND_S = 3.0 + 1.0


def fill(simulation: Simulation, count: int) -> None:
    """So many different messages lie on the SIM; each deletion takes SLOW_DELETION_S."""
    sim, device = simulation.sims[0], simulation.devices[0]
    sim.memory.capacity = count
    sim.memory._slots = [None] * count
    smsc = device.inbound.smsc_field()
    for index in range(count):
        (deliver,) = pdu.compose_deliver(WRITER, f"waited {index}", pdu.Timestamp.of(simulation.clock.now()))
        sim.memory.store(StoredMessage(smsc, deliver.encode()))
        device.hang_next("+CMGD", SLOW_DELETION_S)


async def send(simulation: Simulation, message_class: MessageClass) -> float:
    """Returns after how many seconds the network has a message that is submitted now."""
    loop = asyncio.get_running_loop()
    began, before = loop.time(), len(simulation.network.journal)
    await simulation.service.messages.submission.submit(MessageRequest(OWNER, "urgent", message_class))
    await simulation.until(lambda: len(simulation.network.journal) > before, within_s=120, step_s=0.05)
    return loop.time() - began


def has_begun(simulation: Simulation) -> bool:
    return len(simulation.all("SELECT 1 FROM inbox")) > 3


@pytest.mark.parametrize("message_class", ["alarm", "otp"])
def test_no_urgent_message_waits_for_a_sweep(run_scenario: RunScenario, message_class: str) -> None:
    """150 messages lie on the SIM at the start, each deletion takes 0.3 s: it goes out between two slots, and the
    sweep goes on."""

    async def scenario(simulation: Simulation) -> None:
        simulation.devices[0].send_latency_s = 3.0
        await asyncio.sleep(30)
        await simulation.stop()
        fill(simulation, STORED)
        simulation.restart_service()
        await simulation.start()
        await simulation.until(partial(has_begun, simulation), within_s=60)
        for _ in range(3):
            assert await send(simulation, MessageClass(message_class)) <= BOUND_S
            assert len(simulation.all("SELECT 1 FROM inbox")) < STORED
        await simulation.until(lambda: simulation.sims[0].memory.used == 0, within_s=120)
        assert len(simulation.all("SELECT 1 FROM inbox")) == STORED

    run_scenario(scenario, modems=1, families=("generic",))


@pytest.mark.parametrize("message_class", ["alarm", "otp"])
def test_no_urgent_message_waits_for_a_flood(run_scenario: RunScenario, message_class: str) -> None:
    """Messages come faster than the modem deletes them: it goes out between two notices."""

    async def scenario(simulation: Simulation) -> None:
        device = simulation.devices[0]
        device.send_latency_s = 3.0
        await asyncio.sleep(30)
        for index in range(200):
            device.hang_next("+CMGD", SLOW_DELETION_S)
            simulation.network.phone(WRITER).send(simulation.sims[0].number, f"flood {index}")
        await simulation.until(partial(has_begun, simulation), within_s=60)
        for _ in range(3):
            assert await send(simulation, MessageClass(message_class)) <= BOUND_S
        await simulation.until(lambda: len(simulation.all("SELECT 1 FROM inbox")) == 200, within_s=3600)

    run_scenario(scenario, modems=1, families=("generic",))


def test_other_classes_wait_for_the_sweep(run_scenario: RunScenario) -> None:
    """Only an alarm or otp may step in: the storage is emptied as fast as it can be."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(30)
        await simulation.stop()
        fill(simulation, STORED)
        simulation.restart_service()
        await simulation.start()
        await simulation.until(partial(has_begun, simulation), within_s=60)
        await send(simulation, MessageClass.TRANSACTIONAL)
        assert len(simulation.all("SELECT 1 FROM inbox")) == STORED

    run_scenario(scenario, modems=1, families=("generic",))
