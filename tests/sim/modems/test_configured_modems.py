"""Modems that the configuration names by IMEI, SIM, place or port."""

from __future__ import annotations

import asyncio

from tests.sim.conftest import Live
from tests.sim.modems.found_modems import STICKS, name, named, ready, rows, says
from tests.sim.world.assembled import House
from tests.sim.world.usb_bus import SilentLink


def test_by_imei(live: Live) -> None:
    """Name and rate stay with the stick; others are left alone, and the list says so."""
    imeis: list[str] = []

    async def learn(house: House) -> None:
        imeis.extend(device.imei for device in house.devices)

    live(learn, found="auto", families=STICKS)

    async def scenario(house: House) -> None:
        await ready(house, "west")
        await says(house, "1-1.1", "finding.others is false")
        assert imeis[0] in rows(house)["1-1.1"]["reason"]
        assert set(rows(house)["1-1.1"]) == set(rows(house)["west"]), "a program finds the same keys in both"
        house.bus.move("1-1.2", "1-5")
        await house.until(lambda: rows(house)["west"]["place"] == "1-5", within_s=60)
        await ready(house, "west")
        assert rows(house)["west"]["imei"] == imeis[1]

    live(scenario, families=STICKS, modems=2, found=named(imei=imeis[1]))


def test_others_beside_them(live: Live) -> None:
    """With finding.others those that are not named are used too, under names of their own."""

    async def scenario(house: House) -> None:
        await ready(house, "west", name(house, 0))
        assert rows(house)["west"]["place"] == "1-1.2"

    live(scenario, families=STICKS, found=named(usb="1-1.2"), finding={"others": True})


def test_by_sim(live: Live) -> None:
    """The modem is whichever stick the SIM is found in."""
    cards: list[str] = []

    async def learn(house: House) -> None:
        cards.extend(sim.iccid for sim in house.sims)

    live(learn, found="auto", families=STICKS)

    async def scenario(house: House) -> None:
        await ready(house, "west")
        assert rows(house)["west"]["sim"] == cards[1]

    live(scenario, families=STICKS, found=named(iccid=cards[1]))


def test_by_place(live: Live) -> None:
    """The modem is whichever stick is in the socket."""

    async def scenario(house: House) -> None:
        await ready(house, "west")
        assert rows(house)["west"]["imei"] == house.devices[0].imei
        house.bus.swap("1-1.1", "1-1.2")
        await house.until(lambda: rows(house)["west"]["imei"] == house.devices[1].imei, within_s=60)
        await ready(house, "west")

    live(scenario, families=("huawei_e3372",), found=named(usb="1-1.1"))


def test_one_that_is_not_there_is_listed(live: Live) -> None:
    """A named modem that nobody has plugged in is shown as missing, by what it is wanted by."""

    async def scenario(house: House) -> None:
        await says(house, "west", "IMEI 490154203237518 is not plugged in")
        assert not (await house.service.operations.health.read_status())["can_send"]

    live(scenario, modems=0, found=named(imei="490154203237518"))


def test_by_port(live: Live) -> None:
    """A stick whose port is configured is its modem's alone: the others of its ports are not asked."""

    async def scenario(house: House) -> None:
        await ready(house, "west")
        await asyncio.sleep(120)
        assert sorted(rows(house)) == ["west"]
        assert not any(link.heard for link in house.links.values() if isinstance(link, SilentLink))

    live(scenario, modems=1, found=named(port="/sim/ttyUSB1"), finding={"others": True})
