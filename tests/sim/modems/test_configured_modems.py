"""Modems that the configuration names by IMEI, SIM, place or port."""

from __future__ import annotations

import asyncio

from modemd.api.documents import document
from tests.sim.conftest import RunScenario
from tests.sim.modems.found_modems import STICKS, name, named, ready, rows, says
from tests.sim.world.assembled import Simulation
from tests.sim.world.usb_bus import SilentLink


def test_by_imei(run_scenario: RunScenario) -> None:
    """Name and rate stay with the stick; others are left alone, and the list says so."""
    imeis: list[str] = []

    async def learn(simulation: Simulation) -> None:
        imeis.extend(device.imei for device in simulation.devices)

    run_scenario(learn, found="auto", families=STICKS)

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, "west")
        await says(simulation, "1-1.1", "finding.others is false")
        stranger, west = rows(simulation)["1-1.1"], rows(simulation)["west"]
        assert imeis[0] in str(stranger.reason)
        assert set(document(stranger)) == set(document(west)), "a program finds the same keys in both"
        simulation.bus.move("1-1.2", "1-5")
        await simulation.until(lambda: rows(simulation)["west"].place == "1-5", within_s=60)
        await ready(simulation, "west")
        assert rows(simulation)["west"].imei == imeis[1]

    run_scenario(scenario, families=STICKS, modems=2, found=named(imei=imeis[1]))


def test_others_beside_them(run_scenario: RunScenario) -> None:
    """With finding.others those that are not named are used too, under names of their own."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, "west", name(simulation, 0))
        assert rows(simulation)["west"].place == "1-1.2"

    run_scenario(scenario, families=STICKS, found=named(usb="1-1.2"), finding={"others": True})


def test_by_sim(run_scenario: RunScenario) -> None:
    """The modem is whichever stick the SIM is found in."""
    cards: list[str] = []

    async def learn(simulation: Simulation) -> None:
        cards.extend(sim.iccid for sim in simulation.sims)

    run_scenario(learn, found="auto", families=STICKS)

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, "west")
        assert rows(simulation)["west"].sim == cards[1]

    run_scenario(scenario, families=STICKS, found=named(iccid=cards[1]))


def test_by_place(run_scenario: RunScenario) -> None:
    """The modem is whichever stick is in the socket."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, "west")
        assert rows(simulation)["west"].imei == simulation.devices[0].imei
        simulation.bus.swap("1-1.1", "1-1.2")
        await simulation.until(lambda: rows(simulation)["west"].imei == simulation.devices[1].imei, within_s=60)
        await ready(simulation, "west")

    run_scenario(scenario, families=("huawei_e3372",), found=named(usb="1-1.1"))


def test_one_that_is_not_there_is_listed(run_scenario: RunScenario) -> None:
    """A named modem that nobody has plugged in is shown as missing, by what it is wanted by."""

    async def scenario(simulation: Simulation) -> None:
        await says(simulation, "west", "IMEI 490154203237518 is not plugged in")
        assert not (await simulation.service.operations.health.read_status()).health.can_send

    run_scenario(scenario, modems=0, found=named(imei="490154203237518"))


def test_by_port(run_scenario: RunScenario) -> None:
    """A stick whose port is configured is its modem's alone: the others of its ports are not asked."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, "west")
        await asyncio.sleep(120)
        assert sorted(rows(simulation)) == ["west"]
        assert not any(link.heard for link in simulation.links.values() if isinstance(link, SilentLink))

    run_scenario(scenario, modems=1, found=named(port="/sim/ttyUSB1"), finding={"others": True})
