"""What is plugged in and cannot be used: what is said of it, and that nothing is written to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from modemd.emulator.links.memory import MemoryLink
from modemd.emulator.usb.bus import STICK, UsbDevice
from tests.sim.conftest import Live
from tests.sim.modems.found_modems import CD_ROM, GNSS, KEYBOARD, ROUTER, STICKS, name, named, ready, rows, says
from tests.sim.world.assembled import House
from tests.sim.world.usb_bus import SilentLink


def test_a_stick_that_is_switched_becomes_a_modem(live: Live) -> None:
    """usb_modeswitch turns the CD-ROM into a modem, in the same place: the complaint goes, the modem comes."""

    async def scenario(house: House) -> None:
        stick = house.bus.pull("1-1.1")
        house.bus.plug("1-2", CD_ROM)
        await says(house, "1-2", "usb_modeswitch")
        house.bus.take_out("1-2")
        house.bus.plug("1-2", *stick)
        await ready(house, name(house))
        assert list(rows(house)) == [name(house)]

    live(scenario, found="auto", modems=1)


@pytest.mark.parametrize(
    ("settings", "taken"),
    [
        pytest.param({}, False, id="by default it is left alone"),
        pytest.param({"finding": {"probe_bridges": True}}, True, id="asked for"),
        pytest.param({"found": [{"name": "board", "usb": "1-1.1"}]}, True, id="its place is named"),
    ],
)
def test_what_sits_behind_a_bridge_is_asked_only_on_demand(live: Live, settings: dict[str, Any], taken: bool) -> None:
    """A printer or a machine may listen there: nothing is written to it unless the configuration says so."""

    async def scenario(house: House) -> None:
        if taken:
            await house.until(
                lambda: [row["health"] for row in house.service.modems.views.list_modems()] == ["ready"], within_s=60
            )
            return
        usb, _, _ = house.bus.pull("1-1.1")
        house.bus.plug("1-1.1", usb, link := SilentLink())
        await says(house, "1-1.1", "probe_bridges")
        await asyncio.sleep(600)
        assert not link.opened
        assert rows(house)["1-1.1"]["health"] == "not usable"

    live(scenario, modems=1, families=("sim800",), **{"found": "auto", **settings})


@pytest.mark.parametrize(
    ("device", "words"),
    [
        pytest.param(CD_ROM, "usb_modeswitch", id="a stick that shows its CD-ROM"),
        pytest.param(ROUTER, "network mode", id="a stick in network mode"),
        pytest.param(STICK, "no serial port", id="a stick without a driver"),
    ],
)
def test_a_stick_that_is_no_modem_yet_is_said_to_be_one(live: Live, device: UsbDevice, words: str) -> None:
    """Its ids and what helps stand in the list of modems, and it does not count as one that can send."""

    async def scenario(house: House) -> None:
        house.bus.plug("2-1", device)
        await says(house, "2-1", words)
        row = rows(house)["2-1"]
        assert f"{device.vendor_id:04x}:{device.product_id:04x}" in row["reason"]
        assert (row["health"], row["imei"], row["sent"]) == ("not usable", None, 0)
        assert not (await house.service.operations.health.read_status())["can_send"]

    live(scenario, found="auto", modems=0)


@pytest.mark.parametrize("device", [KEYBOARD, GNSS], ids=["a keyboard", "a GNSS receiver"])
def test_what_is_no_modem_is_not_mentioned(live: Live, device: UsbDevice) -> None:
    """The list is of modems, and of what could be one."""

    async def scenario(house: House) -> None:
        link = MemoryLink(house.devices[0], house.timers)
        house.bus.plug("2-1", device, link)
        await asyncio.sleep(120)
        assert "2-1" not in rows(house)

    live(scenario, found="auto", modems=1, families=("quectel_ec25",))


def test_a_busy_port_is_said_to_be_busy_and_taken_when_it_is_free(live: Live) -> None:
    """Another program has the stick: its other ports are left alone too, and it is tried again."""

    async def scenario(house: House) -> None:
        (device,) = house.devices
        handed = house.bus.pull("1-1.1")
        handed[1].replug()
        other = handed[1].open()
        house.bus.plug("1-2", *handed)
        await says(house, "1-2", "in use")
        assert rows(house)["1-2"]["port"] == "/sim/ttyUSB2"
        await asyncio.sleep(120)
        assert not any(link.heard for link in house.links.values() if isinstance(link, SilentLink))
        other.close()
        await ready(house, name(house))
        assert device.sim is not None
        assert list(rows(house)) == [name(house)]

    live(scenario, found="auto", modems=1, families=("quectel_ec25",))


def test_a_stick_where_nothing_answers_is_said_to_be_silent(live: Live) -> None:
    """No port answers AT: the reason names the port that should."""

    async def scenario(house: House) -> None:
        house.devices[0].deaf_for(300)
        await says(house, "1-1.1", "nothing answers AT")
        assert rows(house)["1-1.1"]["reason"].startswith("/sim/ttyUSB1: ")
        await ready(house, name(house), within_s=400)
        assert list(rows(house)) == [name(house)]

    live(scenario, found="auto", modems=1, families=STICKS)


def test_two_sticks_with_one_imei_are_told(live: Live) -> None:
    """Cloned numbers exist: the second is not taken for the first, and a person is told."""

    async def scenario(house: House) -> None:
        house.devices[1].imei = house.devices[0].imei
        await house.until(
            lambda: any(row["health"] == "not usable" for row in house.service.modems.views.list_modems()), within_s=60
        )
        (other,) = [row for row in house.service.modems.views.list_modems() if row["health"] == "not usable"]
        assert "two cannot be told apart" in other["reason"]
        await ready(house, name(house))

    live(scenario, found="auto", families=("huawei_e3372",))


def test_a_clone_of_a_modem_with_a_port_is_told(live: Live) -> None:
    """A stick that answers with the IMEI of a modem whose port is configured is not taken for another one."""

    async def scenario(house: House) -> None:
        house.devices[1].imei = house.devices[0].imei
        house.bus.pull("1-1.2")[1].replug()
        await ready(house, "west")
        house.bus.plug("1-5", STICK, house.links["/sim/modem1"], 1)
        await says(house, "1-5", "whose port is configured")
        assert sorted(rows(house)) == ["1-5", "west"]

    live(scenario, found=named(port="/sim/ttyUSB1"), families=("huawei_e3372",), finding={"others": True})
