"""Modems that were found, and that the configuration names after a restart: each is listed once, and none is missed in vain."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from modemd.config import Settings
from modemd.errors import Refused
from tests.sim.conftest import RunScenario
from tests.sim.modems.found_modems import STICKS, name, ready, rows
from tests.sim.world.assembled import Simulation


async def start_with(simulation: Simulation, *modems: dict[str, Any]) -> None:
    """The daemon begins again, with these modems in its configuration; it may use others."""
    simulation.settings = Settings.model_validate(
        {"database": "/sim/modemd.db", "modems": modems, "finding": {"others": True}}, context={"folder": Path("/sim")}
    )
    simulation.restart_service()
    await simulation.start()


def test_a_modem_that_the_configuration_names_is_not_recalled(run_scenario: RunScenario) -> None:
    """It has its own line there; and a person removes it there, not by `forget`."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, name(simulation))
        await simulation.stop()
        imei = simulation.devices[0].imei
        await start_with(simulation, {"name": "west", "imei": imei})
        await ready(simulation, "west")
        assert list(rows(simulation)) == ["west"]
        with pytest.raises(Refused, match="is in the configuration"):
            await simulation.service.modems.discovery.forget("west")

    run_scenario(scenario, found="auto", modems=1)


@pytest.mark.parametrize("how", ["port", "usb", "iccid"])
def test_a_stick_that_the_configuration_names_otherwise_is_not_missed(run_scenario: RunScenario, how: str) -> None:
    """Found first, then named by its port, its place or its SIM: it is listed once, and its found name is forgotten."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, name(simulation, 0), name(simulation, 1))
        port = str(rows(simulation)[name(simulation)].port)
        await simulation.stop()
        simulation.bus.pull("1-1.2")
        if how == "usb":
            simulation.bus.move("1-1.1", "1-4")
        west = {"name": "west", how: {"port": port, "usb": "1-4", "iccid": simulation.sims[0].iccid}[how]}
        await start_with(simulation, west)
        await ready(simulation, "west")
        await asyncio.sleep(700)
        assert sorted(rows(simulation)) == sorted(["west", name(simulation, 1)]), "the other stick is missed"
        subjects = [row["subject"] for row in simulation.all("SELECT subject FROM alarm WHERE code = 'modem_unusable'")]
        assert subjects == [name(simulation, 1)]
        assert [row["name"] for row in simulation.all("SELECT name FROM modem")] == [name(simulation, 1)]

    run_scenario(scenario, found="auto", families=STICKS)


def test_a_found_name_that_the_configuration_has_is_listed_once(run_scenario: RunScenario) -> None:
    """The stick was found and is then configured by its port under the same name; a person removes it in the configuration."""

    async def scenario(simulation: Simulation) -> None:
        mine = name(simulation)
        await ready(simulation, mine)
        port = rows(simulation)[mine].port
        await simulation.stop()
        await start_with(simulation, {"name": mine, "port": port})
        assert [row.name for row in simulation.service.modems.views.list_modems()] == [mine]
        await ready(simulation, mine)
        await asyncio.sleep(60)
        assert not simulation.all("SELECT name FROM modem"), "the configuration alone has it"
        with pytest.raises(Refused, match="is in the configuration"):
            await simulation.service.modems.discovery.forget(mine)

    run_scenario(scenario, found="auto", modems=1)


def test_a_found_name_is_forgotten_when_the_database_takes_it(run_scenario: RunScenario) -> None:
    """A full disk does not end the search for modems: the found name is forgotten afterwards."""

    async def scenario(simulation: Simulation) -> None:
        mine = name(simulation)
        await ready(simulation, mine)
        port = rows(simulation)[mine].port
        await simulation.stop()
        simulation.database.execute(
            "CREATE TRIGGER full BEFORE DELETE ON modem BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        await start_with(simulation, {"name": "west", "port": port})
        await ready(simulation, "west")
        await asyncio.sleep(60)
        assert sorted(rows(simulation)) == [mine, "west"]
        simulation.database.execute("DROP TRIGGER full")
        await simulation.until(lambda: list(rows(simulation)) == ["west"], within_s=60)

    run_scenario(scenario, found="auto", modems=1)
