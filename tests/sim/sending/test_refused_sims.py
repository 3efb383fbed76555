"""A modem that refuses everybody: the SIM rests, and the queue is kept."""

from __future__ import annotations

import pytest

from tests.sim.conftest import RunScenario
from tests.sim.sending.test_sending import accepted, ready, submit
from tests.sim.world.assembled import Simulation

RECIPIENTS = 40


@pytest.mark.parametrize("cause", [1, 28, 96, 304])
def test_a_permanent_refusal_to_everybody_burns_no_queue(run_scenario: RunScenario, cause: int) -> None:
    """The modem takes three of 40 messages to 40 numbers and then refuses every PDU, as a Falcom module does after reference
    255: the SIM rests and says why, nothing fails, and when the modem is well again everything goes out once."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        await ready(simulation)
        refused = []

        def refuse_from_the_fourth_on(*_: object) -> None:
            if len(simulation.network.journal) >= 3 and not simulation.all(
                "SELECT 1 FROM alarm WHERE code = 'sim_rests'"
            ):
                refused.append(cause)
                device.refuse_next(cause)

        device.first_octet_hooks.append(refuse_from_the_fourth_on)
        for index in range(RECIPIENTS):
            await submit(simulation, f"message {index}", f"+336123456{index:02d}")
        await simulation.until(
            lambda: bool(simulation.all("SELECT 1 FROM alarm WHERE code = 'sim_rests'")), within_s=600
        )
        device.faults.refusals.clear()
        (view,) = simulation.service.modems.views.list_modems()
        assert view.reason == f"the SIM was refused too often: +CMS ERROR: {cause}"
        assert view.rests_until is not None
        assert simulation.all("SELECT 1 FROM message WHERE state = 'failed'") == []
        await simulation.until(lambda: len(simulation.network.journal) >= RECIPIENTS, within_s=7200)
        assert sorted(accepted(simulation), key=str) == sorted(
            (f"message {index}" for index in range(RECIPIENTS)), key=str
        )
        assert 5 <= len(refused) <= 8

    run_scenario(scenario, modems=1)
