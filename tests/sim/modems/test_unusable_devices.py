"""What is plugged in and cannot be used: what is said of it, and that nothing is written to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from modemd.emulator.links.memory import MemoryLink
from modemd.emulator.usb.bus import STICK, UsbDevice
from tests.sim.conftest import RunScenario
from tests.sim.modems.found_modems import CD_ROM, GNSS, KEYBOARD, ROUTER, STICKS, name, named, ready, rows, says
from tests.sim.world.assembled import Simulation
from tests.sim.world.usb_bus import SilentLink


def test_a_stick_that_is_switched_becomes_a_modem(run_scenario: RunScenario) -> None:
    """usb_modeswitch turns the CD-ROM into a modem, in the same place: the complaint goes, the modem comes."""

    async def scenario(simulation: Simulation) -> None:
        stick = simulation.bus.pull("1-1.1")
        simulation.bus.plug("1-2", CD_ROM)
        await says(simulation, "1-2", "usb_modeswitch")
        simulation.bus.take_out("1-2")
        simulation.bus.plug("1-2", *stick)
        await ready(simulation, name(simulation))
        assert list(rows(simulation)) == [name(simulation)]

    run_scenario(scenario, found="auto", modems=1)


@pytest.mark.parametrize(
    ("settings", "taken"),
    [
        pytest.param({}, False, id="by default it is left alone"),
        pytest.param({"finding": {"probe_bridges": True}}, True, id="asked for"),
        pytest.param({"found": [{"name": "board", "usb": "1-1.1"}]}, True, id="its place is named"),
    ],
)
def test_what_sits_behind_a_bridge_is_asked_only_on_demand(
    run_scenario: RunScenario, settings: dict[str, Any], taken: bool
) -> None:
    """A printer or a machine may listen there: nothing is written to it unless the configuration says so."""

    async def scenario(simulation: Simulation) -> None:
        if taken:
            await simulation.until(
                lambda: [row.health for row in simulation.service.modems.views.list_modems()] == ["ready"],
                within_s=60,
            )
            return
        usb, _, _ = simulation.bus.pull("1-1.1")
        simulation.bus.plug("1-1.1", usb, link := SilentLink())
        await says(simulation, "1-1.1", "probe_bridges")
        await asyncio.sleep(600)
        assert not link.opened
        assert rows(simulation)["1-1.1"].health == "not usable"

    run_scenario(scenario, modems=1, families=("sim800",), **{"found": "auto", **settings})


@pytest.mark.parametrize(
    ("device", "words"),
    [
        pytest.param(CD_ROM, "usb_modeswitch", id="a stick that shows its CD-ROM"),
        pytest.param(ROUTER, "network mode", id="a stick in network mode"),
        pytest.param(STICK, "no serial port", id="a stick without a driver"),
    ],
)
def test_a_stick_that_is_no_modem_yet_is_said_to_be_one(
    run_scenario: RunScenario, device: UsbDevice, words: str
) -> None:
    """Its ids and what helps stand in the list of modems, and it does not count as one that can send."""

    async def scenario(simulation: Simulation) -> None:
        simulation.bus.plug("2-1", device)
        await says(simulation, "2-1", words)
        row = rows(simulation)["2-1"]
        assert f"{device.vendor_id:04x}:{device.product_id:04x}" in str(row.reason)
        assert (row.health, row.imei, row.sent) == ("not usable", None, 0)
        assert not (await simulation.service.operations.health.read_status()).health.can_send

    run_scenario(scenario, found="auto", modems=0)


@pytest.mark.parametrize("device", [KEYBOARD, GNSS], ids=["a keyboard", "a GNSS receiver"])
def test_what_is_no_modem_is_not_mentioned(run_scenario: RunScenario, device: UsbDevice) -> None:
    """The list is of modems, and of what could be one."""

    async def scenario(simulation: Simulation) -> None:
        link = MemoryLink(simulation.devices[0], simulation.timers)
        simulation.bus.plug("2-1", device, link)
        await asyncio.sleep(120)
        assert "2-1" not in rows(simulation)

    run_scenario(scenario, found="auto", modems=1, families=("quectel_ec25",))


def test_a_busy_port_is_said_to_be_busy_and_taken_when_it_is_free(run_scenario: RunScenario) -> None:
    """Another program has the stick: its other ports are left alone too, and it is tried again."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        handed = simulation.bus.pull("1-1.1")
        handed[1].replug()
        other = handed[1].open()
        simulation.bus.plug("1-2", *handed)
        await says(simulation, "1-2", "in use")
        assert rows(simulation)["1-2"].port == "/sim/ttyUSB2"
        await asyncio.sleep(120)
        assert not any(link.heard for link in simulation.links.values() if isinstance(link, SilentLink))
        other.close()
        await ready(simulation, name(simulation))
        assert device.sim is not None
        assert list(rows(simulation)) == [name(simulation)]

    run_scenario(scenario, found="auto", modems=1, families=("quectel_ec25",))


def test_a_stick_where_nothing_answers_is_said_to_be_silent(run_scenario: RunScenario) -> None:
    """No port answers AT: the reason names the port that should."""

    async def scenario(simulation: Simulation) -> None:
        simulation.devices[0].deaf_for(300)
        await says(simulation, "1-1.1", "nothing answers AT")
        assert str(rows(simulation)["1-1.1"].reason).startswith("/sim/ttyUSB1: ")
        await ready(simulation, name(simulation), within_s=400)
        assert list(rows(simulation)) == [name(simulation)]

    run_scenario(scenario, found="auto", modems=1, families=STICKS)


def test_two_sticks_with_one_imei_are_told(run_scenario: RunScenario) -> None:
    """Cloned numbers exist: the second is not taken for the first, and a person is told."""

    async def scenario(simulation: Simulation) -> None:
        simulation.devices[1].imei = simulation.devices[0].imei
        await simulation.until(
            lambda: any(row.health == "not usable" for row in simulation.service.modems.views.list_modems()),
            within_s=60,
        )
        (other,) = [row for row in simulation.service.modems.views.list_modems() if row.health == "not usable"]
        assert "two cannot be told apart" in str(other.reason)
        await ready(simulation, name(simulation))

    run_scenario(scenario, found="auto", families=("huawei_e3372",))


def test_a_clone_of_a_modem_with_a_port_is_told(run_scenario: RunScenario) -> None:
    """A stick that answers with the IMEI of a modem whose port is configured is not taken for another one."""

    async def scenario(simulation: Simulation) -> None:
        simulation.devices[1].imei = simulation.devices[0].imei
        simulation.bus.pull("1-1.2")[1].replug()
        await ready(simulation, "west")
        simulation.bus.plug("1-5", STICK, simulation.links["/sim/modem1"], 1)
        await says(simulation, "1-5", "whose port is configured")
        assert sorted(rows(simulation)) == ["1-5", "west"]

    run_scenario(scenario, found=named(port="/sim/ttyUSB1"), families=("huawei_e3372",), finding={"others": True})
