"""Modems found by themselves: each is who it is, whatever socket it is in and whatever its port is called."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from modemd.emulator.usb.bus import BRIDGE
from modemd.service.modems.discovery import FORGET_AFTER_S
from tests.sim.conftest import Live
from tests.sim.modems.found_modems import (
    KEYBOARD,
    STICKS,
    is_in,
    is_received,
    name,
    ready,
    received,
    rows,
    says,
    submit,
)
from tests.sim.world.assembled import House
from tests.sim.world.usb_bus import SilentLink


def test_what_is_plugged_in_is_found_and_sends(live: Live) -> None:
    """With no list of modems each stick is taken, by its AT port, and named by its IMEI; its other ports are never spoken to."""

    async def scenario(house: House) -> None:
        await ready(house, name(house, 0), name(house, 1))
        await submit(house)
        await house.until(lambda: received(house) == ["Hello"], within_s=30)
        found = rows(house)
        assert [found[name(house, index)]["place"] for index in (0, 1)] == ["1-1.1", "1-1.2"]
        assert [found[name(house, index)]["port"] for index in (0, 1)] == ["/sim/ttyUSB1", "/sim/ttyUSB4"]
        silent = [link for link in house.links.values() if isinstance(link, SilentLink)]
        assert len(silent) == 5
        assert all(not link.heard for link in silent)

    live(scenario, found="auto", families=STICKS)


@pytest.mark.parametrize("hints", [True, False], ids=["the kernel tells", "nobody tells"])
def test_a_stick_in_another_socket_is_the_same_modem(live: Live, hints: bool) -> None:
    """Moved, it has its name and its count again, and sends within 5 s of being registered; also where no hint comes."""

    async def scenario(house: House) -> None:
        house.bus.hints = hints
        (device,) = house.devices
        device.send_latency_s = 0.5
        strangers: list[SilentLink] = []
        mine = name(house)
        await ready(house, mine)
        await submit(house, "before")
        await house.until(lambda: received(house) == ["before"], within_s=30)
        for place, other in (("1-4", "3-1"), ("1-1.1", "3-2"), ("2-1.3", None)):
            old = rows(house)[mine]["place"]
            handed = house.bus.pull(old)
            if other is not None:
                house.bus.plug(other, KEYBOARD, link := SilentLink())  # takes the port's old name
                strangers.append(link)
            await submit(house, place)
            await asyncio.sleep(3)
            house.bus.plug(place, *handed)
            await house.until(lambda: device.registration == 1, within_s=60, step_s=0.1)
            await house.until(partial(is_received, house, place), within_s=5, step_s=0.1)
            await house.until(partial(is_in, house, mine, place), within_s=30)
        assert not any(link.opened for link in strangers), "what has the port's name now is not spoken to"
        assert rows(house)[mine]["sent"] == 4
        assert list(rows(house)) == [mine]

    live(scenario, found="auto", modems=1, families=STICKS)


def test_a_stick_in_a_drawer_is_said_to_be_nowhere(live: Live) -> None:
    """Pulled out, the modem stays listed and says why it cannot send; it is not opened again and again."""

    async def scenario(house: House) -> None:
        await ready(house, name(house))
        house.bus.pull("1-1.1")
        await says(house, name(house), "not plugged in")
        row = rows(house)[name(house)]
        assert (row["health"], row["port"], row["place"]) == ("gone", None, None)
        await asyncio.sleep(3600)
        before = house.bus.listed
        await asyncio.sleep(3600)
        assert 115 <= house.bus.listed - before <= 125, "twice a minute, whoever is away"

    live(scenario, found="auto", modems=1)


def test_a_stick_that_nobody_named_is_forgotten_in_time(live: Live) -> None:
    """A day after it was pulled out it is not listed any more; back, it is found like a new one."""

    async def scenario(house: House) -> None:
        await ready(house, name(house))
        handed = house.bus.pull("1-1.1")
        await asyncio.sleep(FORGET_AFTER_S - 60)
        assert list(rows(house)) == [name(house)]
        await asyncio.sleep(120)
        assert rows(house) == {}
        house.bus.plug("1-2", *handed)
        await ready(house, name(house))

    live(scenario, found="auto", modems=1)


def test_two_sticks_that_are_swapped_keep_their_names(live: Live) -> None:
    """Each is the one it was, though ports and places say the opposite."""

    async def scenario(house: House) -> None:
        first, second = name(house, 0), name(house, 1)
        await ready(house, first, second)
        house.bus.swap("1-1.1", "1-1.2")
        await house.until(lambda: rows(house)[first]["place"] == "1-1.2", within_s=60)
        await ready(house, first, second)
        assert [rows(house)[one]["imei"] for one in (first, second)] == [device.imei for device in house.devices]
        assert rows(house)[second]["place"] == "1-1.1"

    live(scenario, found="auto", families=("huawei_e3372",))


def test_a_stick_in_the_place_of_another_takes_its_own_name(live: Live) -> None:
    """Swapped so quickly that the list of ports looks as before: the port answers with another IMEI, and is another modem."""

    async def scenario(house: House) -> None:
        first, second = name(house, 0), name(house, 1)
        await ready(house, first, second)
        paths = [rows(house)[one]["port"] for one in (first, second)]
        links = [house.links[path] for path in paths]
        house.bus.hints = False
        for link in links:
            link.unplug()
        house.links[paths[0]], house.links[paths[1]] = links[1], links[0]
        for link in links:
            link.replug()
        await house.until(lambda: rows(house)[first]["port"] == paths[1], within_s=90)
        await ready(house, first, second)
        assert rows(house)[second]["port"] == paths[0]
        assert [rows(house)[one]["imei"] for one in (first, second)] == [device.imei for device in house.devices]

    live(scenario, found="auto", families=("huawei_e3372",))


def test_a_bridge_in_the_place_of_a_stick_is_not_spoken_to(live: Live) -> None:
    """In the same socket, with the same port name, is something else now, and nobody told: the modem's task leaves it alone."""

    async def scenario(house: House) -> None:
        await ready(house, name(house))
        house.bus.hints = False
        house.bus.pull("1-1.1")
        house.bus.plug("3-1", KEYBOARD, SilentLink())
        house.bus.plug("1-1.1", BRIDGE, link := SilentLink())
        assert house.links["/sim/ttyUSB1"] is link
        await says(house, "1-1.1", "probe_bridges")
        await says(house, name(house), "not plugged in")
        assert not link.opened

    live(scenario, found="auto", modems=1)


def test_a_sim_takes_its_number_and_its_history_along(live: Live) -> None:
    """The SIM is the sender: in another stick it has its number, its pace, and what was sent with it."""

    async def scenario(house: House) -> None:
        first, second = name(house, 0), name(house, 1)
        await ready(house, first, second)
        sims = [rows(house)[one]["sim"] for one in (first, second)]
        for device in house.devices:
            device.remove_sim()
        for device, sim in zip(house.devices, reversed(house.sims), strict=True):
            device.insert_sim(sim)
        for place in ("1-1.1", "1-1.2"):  # a SIM is changed with the stick in the hand
            house.bus.move(place, f"2-{place[-1]}")
        await house.until(lambda: rows(house)[first]["sim"] == sims[1], within_s=90)
        await ready(house, first, second)
        assert [rows(house)[one]["sim"] for one in (second, first)] == sims
        assert rows(house)[second]["number"] == house.sims[0].number
        seen = {row["iccid"]: row["modem"] for row in house.all("SELECT iccid, modem FROM sim")}
        assert seen == {sims[0]: house.devices[1].imei, sims[1]: house.devices[0].imei}

    live(scenario, found="auto", families=("huawei_e3372",))


def test_a_restarted_daemon_finds_the_same_names(live: Live) -> None:
    """A name is made of the IMEI alone: nothing has to be remembered for it."""

    async def scenario(house: House) -> None:
        names = (name(house, 0), name(house, 1))
        await ready(house, *names)
        await house.stop()
        assert not house.bus.watched
        house.restart_service()
        await house.start()
        await ready(house, *names)
        assert sorted(rows(house)) == sorted(names)

    live(scenario, found="auto", families=STICKS)


def test_a_port_that_is_not_meant_for_it_is_used_where_it_alone_answers(live: Live) -> None:
    """The port that should answer AT is silent: after some tries its neighbours are asked, but not the diagnostics."""

    async def scenario(house: House) -> None:
        usb, link, _ = house.bus.pull("1-1.1")
        house.bus.plug("1-2", usb, link, 3)  # 2c7c:0125: if2 is AT, if3 the modem port, if0 diagnostics
        await ready(house, name(house))
        paths = [f"/sim/ttyUSB{number}" for number in range(5)]
        assert rows(house)[name(house)]["port"] == paths[3]
        assert house.links[paths[2]].heard
        assert not house.links[paths[0]].heard

    live(scenario, found="auto", modems=1, families=("quectel_ec25",))


@pytest.mark.parametrize("seed", range(1, 9))
def test_whatever_is_moved_everybody_is_found_again(live: Live, seed: int) -> None:
    """Four sticks, moved, swapped and restarted at random, hinted or not: each ends as who it is, and nothing is sent twice."""

    async def scenario(house: House) -> None:
        mine = [name(house, index) for index in range(4)]
        await ready(house, *mine)
        places = ["1-1.1", "1-1.2", "1-1.3", "1-1.4"]
        for turn in range(20):
            await submit(house, f"message {turn}")
            house.bus.hints = house.chance.random() < 0.5
            first, second = house.chance.sample(range(4), 2)
            match house.chance.randrange(3):
                case 0:
                    house.bus.move(places[first], to := f"2-{turn + 1}")
                    places[first] = to
                case 1:
                    house.bus.swap(places[first], places[second])
                case _:
                    house.devices[first].restart()
            await asyncio.sleep(house.chance.uniform(0.1, 40))
        await ready(house, *mine, within_s=120)
        assert sorted(rows(house)) == sorted(mine)
        assert [rows(house)[one]["imei"] for one in mine] == [device.imei for device in house.devices]
        assert len({rows(house)[one]["place"] for one in mine}) == 4
        texts = [entry.text for entry in house.network.journal.accepted]
        assert len(texts) == len(set(texts))

    live(scenario, found="auto", modems=4, families=STICKS, seed=seed)
