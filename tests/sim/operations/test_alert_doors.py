"""Alerts and messages at their doors, in simulated time: the process ends between the commit and the answer, and in a storm."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest

from modemd.api.app import create_app
from tests.api.client import Answer, Client
from tests.rules.alerts.test_alert_group import GROUP
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation
from tests.sim.world.process import Killed

ALICE = "+33612345678"
DOORS: dict[str, Any] = {"alertmanager": {"receivers": {"sms": [ALICE]}, "most": 3}, "smseagle": {}}
EAGLE = {"method": "sms.send_sms", "params": {"to": ALICE, "message": "hello", "oid": "one"}}
# Seconds after the request at which the process ends: before the commit, within it, after it, and after the answer.
ENDS = [0.0, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 1.0]


async def post(simulation: Simulation, path: str, document: Any) -> Answer:
    return await simulation.process.call(Client(create_app(simulation.service)).post(path, document))


def group(name: str) -> dict[str, Any]:
    alert = GROUP["alerts"][0] | {"fingerprint": name, "labels": {"alertname": name}, "annotations": {}}
    return GROUP | {"alerts": [alert], "groupKey": name}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("path", "document"), [("/doors/alertmanager", GROUP), ("/jsonrpc/sms", EAGLE)], ids=["am", "se"]
)
def test_a_client_that_got_no_answer_repeats_and_one_sms_arrives(
    run_scenario: RunScenario, path: str, document: Any, end: float
) -> None:
    """Whenever the process ends: what was stored is known, what was not is new."""

    async def scenario(simulation: Simulation) -> None:
        asked = asyncio.ensure_future(post(simulation, path, document))
        await asyncio.sleep(end)
        simulation.process.end()
        with contextlib.suppress(Killed):
            await asked
        simulation.restart_service()
        await simulation.start()
        answer = await post(simulation, path, document)
        assert answer.status == 200, json.loads(answer.body)
        await asyncio.sleep(300)
        assert len(simulation.network.phone(ALICE).inbox) == 1

    run_scenario(scenario, doors=DOORS)


@pytest.mark.parametrize("end", [60.0, 300.0, 599.9, 700.0])
def test_a_storm_ends_in_one_text_though_the_process_ends_in_it(run_scenario: RunScenario, end: float) -> None:
    """Three texts, then one about the others, ten minutes after the first that was withheld; nothing is told twice."""

    async def scenario(simulation: Simulation) -> None:
        for name in "ABCDEF":
            assert (await post(simulation, "/doors/alertmanager", group(name))).status == 200
        await asyncio.sleep(end)
        simulation.process.end()
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(900)
        texts = [each.text for each in simulation.network.phone(ALICE).inbox]
        assert texts == [f"[FIRING:1] {name}" for name in "ABC"] + ["[ALERTS] 3 more alerts: D; E; F"]

    run_scenario(scenario, doors=DOORS)
