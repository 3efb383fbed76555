"""Quiet hours in the running service: changes of the hours while messages are held, and texts that come at the last moment."""

from __future__ import annotations

import asyncio
from functools import partial

from modemd import pdu
from modemd.config.quiet_hours import QuietHoursSettings
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

PHONE = "+33612345678"


async def submit_offer(simulation: Simulation, number: str = PHONE) -> None:
    request = MessageRequest(number, "offer", "marketing", valid="3d")
    await simulation.process.call(simulation.service.messages.submission.submit(request))


def test_a_reload_that_opens_the_hours_lets_go_what_is_held(run_scenario: RunScenario) -> None:
    """It does not wait for the opening of the hours that are no longer in force; a reload that closes them holds at once."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(120)  # until the holidays are known; it is 7:02 in Paris
        await submit_offer(simulation)
        assert simulation.all("SELECT reason FROM message") == [{"reason": "quiet_hours"}]
        for hours, sent in (("none", 0), ("06:00-20:00", 1)):
            new = QuietHoursSettings.model_validate({"hours": {"FR": {"mon": hours}}})
            simulation.service.settings.reload(simulation.settings.model_copy(update={"quiet_hours": new}))
            await asyncio.sleep(30)
            assert len(simulation.network.journal.accepted) == sent

    run_scenario(scenario, quiet_hours={})


def test_an_unclear_text_between_claim_and_first_octet_stops_the_message(run_scenario: RunScenario) -> None:
    """It may be an opt-out: nothing goes until somebody has looked at it, at whichever moment it comes."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(30)
        said: set[str] = set()
        late: list[str] = []
        device = simulation.devices[0]
        on_air = (
            "SELECT m.number FROM attempt a JOIN message m ON m.id = a.message_id"
            " WHERE a.outcome = 'open' AND m.class = 'marketing'"
        )
        device.first_octet_hooks.append(
            lambda *_: late.extend(row["number"] for row in simulation.all(on_air) if row["number"] in said)
        )
        for index in range(12):
            number = f"+336123456{index:02d}"
            await submit_offer(simulation, number)
            await simulation.until(partial(is_opened, simulation, number), within_s=60, step_s=0.0005)
            await asyncio.sleep(index * 0.002)
            await simulation.hand_in(compose_unclear(simulation, number))
            said.add(number)
            await asyncio.sleep(10)
        assert late == []
        assert simulation.all("SELECT 1 FROM attempt WHERE error = 'consent changed'")

    run_scenario(scenario)


def is_opened(simulation: Simulation, number: str) -> bool:
    return bool(simulation.all("SELECT 1 FROM attempt WHERE number = ?", number))


def compose_unclear(simulation: Simulation, number: str) -> bytes:
    """An unclear text, as it arrives."""
    stamp = pdu.Timestamp.of(simulation.clock.now())
    (part,) = pdu.compose_deliver(number, "stop this bill", stamp)
    return pdu.frame(part.encode())
