"""Modems found by themselves: each is who it is, whatever socket it is in and whatever its port is called."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from modemd.emulator.usb.bus import BRIDGE
from modemd.errors import Refused
from tests.sim.conftest import RunScenario
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
from tests.sim.world.assembled import Simulation
from tests.sim.world.usb_bus import SilentLink


def test_what_is_plugged_in_is_found_and_sends(run_scenario: RunScenario) -> None:
    """With no list of modems each stick is taken, by its AT port, and named by its IMEI; its other ports are never spoken to."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, name(simulation, 0), name(simulation, 1))
        await submit(simulation)
        await simulation.until(lambda: received(simulation) == ["Hello"], within_s=30)
        found = rows(simulation)
        assert [found[name(simulation, index)].place for index in (0, 1)] == ["1-1.1", "1-1.2"]
        assert [found[name(simulation, index)].port for index in (0, 1)] == ["/sim/ttyUSB1", "/sim/ttyUSB4"]
        silent = [link for link in simulation.links.values() if isinstance(link, SilentLink)]
        assert len(silent) == 5
        assert all(not link.heard for link in silent)

    run_scenario(scenario, found="auto", families=STICKS)


@pytest.mark.parametrize("hints", [True, False], ids=["the kernel tells", "nobody tells"])
def test_a_stick_in_another_socket_is_the_same_modem(run_scenario: RunScenario, hints: bool) -> None:
    """Moved, it has its name and its count again, and sends within 5 s of being registered; also where no hint comes."""

    async def scenario(simulation: Simulation) -> None:
        simulation.bus.hints = hints
        (device,) = simulation.devices
        device.send_latency_s = 0.5
        strangers: list[SilentLink] = []
        mine = name(simulation)
        await ready(simulation, mine)
        await submit(simulation, "before")
        await simulation.until(lambda: received(simulation) == ["before"], within_s=30)
        for place, other in (("1-4", "3-1"), ("1-1.1", "3-2"), ("2-1.3", None)):
            old = str(rows(simulation)[mine].place)
            handed = simulation.bus.pull(old)
            if other is not None:
                simulation.bus.plug(other, KEYBOARD, link := SilentLink())  # takes the port's old name
                strangers.append(link)
            await submit(simulation, place)
            await asyncio.sleep(3)
            simulation.bus.plug(place, *handed)
            await simulation.until(lambda: device.registration == 1, within_s=60, step_s=0.1)
            await simulation.until(partial(is_received, simulation, place), within_s=5, step_s=0.1)
            await simulation.until(partial(is_in, simulation, mine, place), within_s=30)
        assert not any(link.opened for link in strangers), "what has the port's name now is not spoken to"
        assert rows(simulation)[mine].sent == 4
        assert list(rows(simulation)) == [mine]

    run_scenario(scenario, found="auto", modems=1, families=STICKS)


def test_a_stick_in_a_drawer_is_said_to_be_nowhere(run_scenario: RunScenario) -> None:
    """Pulled out, the modem stays listed and says why it cannot send; it is not opened again and again."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, name(simulation))
        simulation.bus.pull("1-1.1")
        await says(simulation, name(simulation), "not plugged in")
        row = rows(simulation)[name(simulation)]
        assert (row.health, row.port, row.place) == ("gone", None, None)
        await asyncio.sleep(3600)
        before = simulation.bus.listed
        await asyncio.sleep(3600)
        assert 115 <= simulation.bus.listed - before <= 125, "twice a minute, whoever is away"

    run_scenario(scenario, found="auto", modems=1)


def test_a_stick_that_was_found_is_expected_until_it_is_forgotten(run_scenario: RunScenario) -> None:
    """Days after it was pulled out it is still listed; a person forgets it; back, it is found like a new one."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, name(simulation))
        discovery = simulation.service.modems.discovery
        with pytest.raises(Refused, match=r"is plugged in, in 1-1\.1"):
            await discovery.forget(name(simulation))
        handed = simulation.bus.pull("1-1.1")
        await asyncio.sleep(2 * 24 * 3600)
        assert list(rows(simulation)) == [name(simulation)]
        with pytest.raises(Refused, match="there is no modem 'east'"):
            await discovery.forget("east")
        await discovery.forget(name(simulation))
        assert rows(simulation) == {}
        await restart(simulation)
        await asyncio.sleep(60)
        assert rows(simulation) == {}
        simulation.bus.plug("1-2", *handed)
        await ready(simulation, name(simulation))

    run_scenario(scenario, found="auto", modems=1)


async def restart(simulation: Simulation) -> None:
    """The daemon ends and begins again."""
    await simulation.stop()
    simulation.restart_service()
    await simulation.start()


def test_a_stick_that_is_missing_after_a_restart_is_missed(run_scenario: RunScenario) -> None:
    """Pulled out while no daemon ran, it is listed with its name; back, it is the same one, and there is no second."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, name(simulation))
        await simulation.stop()
        handed = simulation.bus.pull("1-1.1")
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(30)
        row = rows(simulation)[name(simulation)]
        assert (row.health, row.can_send, row.place) == ("gone", False, None)
        assert row.reason is not None
        assert row.reason.endswith(
            f"the modem with the IMEI {simulation.devices[0].imei} is not plugged in, or does not answer; it was in 1-1.1"
        )
        await asyncio.sleep(600)
        alarms = {(each["code"], each["subject"]) for each in simulation.all("SELECT code, subject FROM alarm")}
        assert ("modem_unusable", name(simulation)) in alarms
        simulation.bus.plug("1-4", *handed)
        await ready(simulation, name(simulation))
        assert list(rows(simulation)) == [name(simulation)]

    run_scenario(scenario, found="auto", modems=1)


@pytest.mark.parametrize("known", [True, False], ids=["known before", "never seen"])
def test_a_stick_that_hangs_at_the_start_is_an_alarm(run_scenario: RunScenario, known: bool) -> None:
    """It is plugged in and answers nothing: by its name if it was here before, else by its place, and not by both."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, name(simulation))
        await simulation.stop()
        if not known:
            simulation.database.execute("DELETE FROM modem")
        simulation.devices[0].deaf_for(3600)
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(700)
        subjects = [row["subject"] for row in simulation.all("SELECT subject FROM alarm WHERE code = 'modem_unusable'")]
        assert subjects == [name(simulation) if known else "1-1.1"]
        await simulation.until(
            lambda: not simulation.all("SELECT 1 FROM alarm WHERE cleared_at IS NULL"), within_s=2 * 3600
        )

    run_scenario(scenario, found="auto", modems=1)


def test_two_sticks_that_are_swapped_keep_their_names(run_scenario: RunScenario) -> None:
    """Each is the one it was, though ports and places say the opposite."""

    async def scenario(simulation: Simulation) -> None:
        first, second = name(simulation, 0), name(simulation, 1)
        await ready(simulation, first, second)
        simulation.bus.swap("1-1.1", "1-1.2")
        await simulation.until(lambda: rows(simulation)[first].place == "1-1.2", within_s=60)
        await ready(simulation, first, second)
        assert [rows(simulation)[one].imei for one in (first, second)] == [device.imei for device in simulation.devices]
        assert rows(simulation)[second].place == "1-1.1"

    run_scenario(scenario, found="auto", families=("huawei_e3372",))


def test_a_stick_in_the_place_of_another_takes_its_own_name(run_scenario: RunScenario) -> None:
    """Swapped so quickly that the list of ports looks as before: the port answers with another IMEI, and is another modem."""

    async def scenario(simulation: Simulation) -> None:
        first, second = name(simulation, 0), name(simulation, 1)
        await ready(simulation, first, second)
        paths = [str(rows(simulation)[one].port) for one in (first, second)]
        links = [simulation.links[path] for path in paths]
        simulation.bus.hints = False
        for link in links:
            link.unplug()
        simulation.links[paths[0]], simulation.links[paths[1]] = links[1], links[0]
        for link in links:
            link.replug()
        await simulation.until(lambda: rows(simulation)[first].port == paths[1], within_s=90)
        await ready(simulation, first, second)
        assert rows(simulation)[second].port == paths[0]
        assert [rows(simulation)[one].imei for one in (first, second)] == [device.imei for device in simulation.devices]

    run_scenario(scenario, found="auto", families=("huawei_e3372",))


def test_a_bridge_in_the_place_of_a_stick_is_not_spoken_to(run_scenario: RunScenario) -> None:
    """In the same socket, with the same port name, is something else now, and nobody told: the modem's task leaves it alone."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, name(simulation))
        simulation.bus.hints = False
        simulation.bus.pull("1-1.1")
        simulation.bus.plug("3-1", KEYBOARD, SilentLink())
        simulation.bus.plug("1-1.1", BRIDGE, link := SilentLink())
        assert simulation.links["/sim/ttyUSB1"] is link
        await says(simulation, "1-1.1", "probe_bridges")
        await says(simulation, name(simulation), "not plugged in")
        assert not link.opened

    run_scenario(scenario, found="auto", modems=1)


def test_a_sim_takes_its_number_and_its_history_along(run_scenario: RunScenario) -> None:
    """The SIM is the sender: in another stick it has its number, its pace, and what was sent with it."""

    async def scenario(simulation: Simulation) -> None:
        first, second = name(simulation, 0), name(simulation, 1)
        await ready(simulation, first, second)
        sims = [rows(simulation)[one].sim for one in (first, second)]
        for device in simulation.devices:
            device.remove_sim()
        for device, sim in zip(simulation.devices, reversed(simulation.sims), strict=True):
            device.insert_sim(sim)
        for place in ("1-1.1", "1-1.2"):  # a SIM is changed with the stick in the hand
            simulation.bus.move(place, f"2-{place[-1]}")
        await simulation.until(lambda: rows(simulation)[first].sim == sims[1], within_s=90)
        await ready(simulation, first, second)
        assert [rows(simulation)[one].sim for one in (second, first)] == sims
        assert rows(simulation)[second].number == simulation.sims[0].number
        seen = {row["iccid"]: row["modem"] for row in simulation.all("SELECT iccid, modem FROM sim")}
        assert seen == {sims[0]: simulation.devices[1].imei, sims[1]: simulation.devices[0].imei}

    run_scenario(scenario, found="auto", families=("huawei_e3372",))


def test_a_restarted_daemon_finds_the_same_names(run_scenario: RunScenario) -> None:
    """A name is made of the IMEI alone: nothing has to be remembered for it."""

    async def scenario(simulation: Simulation) -> None:
        names = (name(simulation, 0), name(simulation, 1))
        await ready(simulation, *names)
        await simulation.stop()
        assert not simulation.bus.watched
        simulation.restart_service()
        await simulation.start()
        await ready(simulation, *names)
        assert sorted(rows(simulation)) == sorted(names)

    run_scenario(scenario, found="auto", families=STICKS)


def test_a_port_that_is_not_meant_for_it_is_used_where_it_alone_answers(run_scenario: RunScenario) -> None:
    """The port that should answer AT is silent: after some tries its neighbours are asked, but not the diagnostics."""

    async def scenario(simulation: Simulation) -> None:
        usb, link, _ = simulation.bus.pull("1-1.1")
        simulation.bus.plug("1-2", usb, link, 3)  # 2c7c:0125: if2 is AT, if3 the modem port, if0 diagnostics
        await ready(simulation, name(simulation))
        paths = [f"/sim/ttyUSB{number}" for number in range(5)]
        assert rows(simulation)[name(simulation)].port == paths[3]
        assert simulation.links[paths[2]].heard
        assert not simulation.links[paths[0]].heard

    run_scenario(scenario, found="auto", modems=1, families=("quectel_ec25",))


@pytest.mark.parametrize("seed", range(1, 9))
def test_whatever_is_moved_everybody_is_found_again(run_scenario: RunScenario, seed: int) -> None:
    """Four sticks, moved, swapped and restarted at random, hinted or not: each ends as who it is, and nothing is sent twice."""

    async def scenario(simulation: Simulation) -> None:
        mine = [name(simulation, index) for index in range(4)]
        await ready(simulation, *mine)
        places = ["1-1.1", "1-1.2", "1-1.3", "1-1.4"]
        for turn in range(20):
            await submit(simulation, f"message {turn}")
            simulation.bus.hints = simulation.chance.random() < 0.5
            first, second = simulation.chance.sample(range(4), 2)
            match simulation.chance.randrange(3):
                case 0:
                    simulation.bus.move(places[first], to := f"2-{turn + 1}")
                    places[first] = to
                case 1:
                    simulation.bus.swap(places[first], places[second])
                case _:
                    simulation.devices[first].restart()
            await asyncio.sleep(simulation.chance.uniform(0.1, 40))
        await ready(simulation, *mine, within_s=120)
        assert sorted(rows(simulation)) == sorted(mine)
        assert [rows(simulation)[one].imei for one in mine] == [device.imei for device in simulation.devices]
        assert len({rows(simulation)[one].place for one in mine}) == 4
        texts = [entry.text for entry in simulation.network.journal.accepted]
        assert len(texts) == len(set(texts))

    run_scenario(scenario, found="auto", modems=4, families=STICKS, seed=seed)


def test_a_stick_without_an_imei_is_known_by_its_place(run_scenario: RunScenario) -> None:
    """It is found, sends, and says what is missing; put back, it is the same modem (SIMCom A7670 after an upgrade)."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        for _ in range(200):
            device.script_next("+CGSN", "+CME ERROR: memory failure")
        mine = "modem-1-1-1"
        await ready(simulation, mine)
        row = rows(simulation)[mine]
        assert (row.imei, row.remarks) == (None, (f"the modem tells no IMEI: it is known by its port, as {mine}",))
        handed = simulation.bus.pull("1-1.1")
        await asyncio.sleep(3)
        simulation.bus.plug("1-1.1", *handed)
        await ready(simulation, mine)
        await submit(simulation)
        await simulation.until(lambda: received(simulation) == ["Hello"], within_s=30)
        assert list(rows(simulation)) == [mine]

    run_scenario(scenario, found="auto", modems=1, families=STICKS)
