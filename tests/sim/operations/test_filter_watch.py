"""A network that filters the messages of one SIM: its marketing stops, everything else goes on."""

from __future__ import annotations

import asyncio
from typing import Any

from modemd.service.messages.submission import MessageRequest
from modemd.service.operations.alarm_checks import CHECK_INTERVAL_S
from modemd.service.operations.filter_watch import AUTHOR, INTERVAL_S
from modemd.store.events import Authorship
from modemd.store.rows import AlarmRow
from tests.sim.conftest import RunScenario
from tests.sim.sending.test_sending import ready
from tests.sim.world.assembled import Simulation

HOUR_S = 3600.0
# A day has hours in which no marketing goes, and is no subject here.
QUICK: dict[str, Any] = {"limits": {"marketing_per_hour": "unlimited"}, "quiet_hours": {"enabled": False}}


def recipient(index: int) -> str:
    return f"+336120{index:05d}"


async def campaign(simulation: Simulation, first: int, count: int, *, sim: int = 0, is_on: bool = True) -> None:
    """Marketing to so many phones by one SIM; those that are off get nothing, and no report is sent."""
    for index in range(first, first + count):
        if not is_on:
            simulation.network.phone(recipient(index)).switch_off()
        await submit(simulation, recipient(index), "marketing", sim)


async def submit(simulation: Simulation, to: str, message_class: str, sim: int = 0) -> None:
    request = MessageRequest(to, "Hello", message_class, sim=simulation.sims[sim].iccid)
    await simulation.service.messages.submission.submit(request)


def sent(simulation: Simulation, sim: int = 0) -> int:
    number = simulation.sims[sim].number
    return sum(entry.sender == number for entry in simulation.network.journal.accepted)


async def filtered_alarms(simulation: Simulation) -> list[AlarmRow]:
    status = await simulation.service.operations.health.read_status()
    return [alarm for alarm in status.alarms if alarm.code == "filtered"]


def paused(simulation: Simulation) -> list[tuple[str, str | None]]:
    return [(pause.by, pause.sim) for pause in simulation.service.sims.active_pauses]


def test_marketing_stops_within_the_hour_and_the_rest_goes_on(run_scenario: RunScenario) -> None:
    """The alarm and the pause have the figures; the other SIM, which has always had a low rate, is left alone. A person ends the
    pause: the alarm is over, the same messages do not pause it again, and new ones that are lost do."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        sim = simulation.sims[0].iccid
        await campaign(simulation, 0, 120)
        for index in range(1000, 1240, 2):  # every second one never arrives, by the other SIM
            await campaign(simulation, index, 1, sim=1)
            await campaign(simulation, index + 1, 1, sim=1, is_on=False)
        await simulation.until(lambda: (sent(simulation), sent(simulation, 1)) == (120, 240), within_s=1200)
        await asyncio.sleep(2 * HOUR_S)
        assert paused(simulation) == []

        await campaign(simulation, 200, 40, is_on=False)
        for index in range(1240, 1300, 2):
            await campaign(simulation, index, 1, sim=1)
            await campaign(simulation, index + 1, 1, sim=1, is_on=False)
        await simulation.until(lambda: bool(paused(simulation)), within_s=HOUR_S)
        await asyncio.sleep(2 * CHECK_INTERVAL_S)
        assert paused(simulation) == [(AUTHOR, sim)]
        (alarm,) = await filtered_alarms(simulation)
        assert alarm.subject == sim
        assert "0 of the newest 30 delivered (0%)" in alarm.text
        assert "before, 120 of 130 (92%)" in alarm.text
        assert len(alarm.text) < 250

        before = sent(simulation)
        await campaign(simulation, 300, 40, is_on=False)
        await submit(simulation, recipient(5000), "transactional")
        await asyncio.sleep(HOUR_S)
        assert sent(simulation) == before + 1, "only the transactional message went"

        await simulation.service.sims.resume("marketing", sim, Authorship("alice", "a test"))
        await asyncio.sleep(2 * CHECK_INTERVAL_S)
        assert await filtered_alarms(simulation) == []
        assert paused(simulation) == []
        await simulation.until(lambda: sent(simulation) == before + 41, within_s=600)
        await simulation.until(lambda: bool(paused(simulation)), within_s=HOUR_S)
        assert paused(simulation) == [(AUTHOR, sim)], "the forty that went since then are lost, too"
        await asyncio.sleep(24 * HOUR_S)
        await simulation.service.sims.resume("marketing", sim, Authorship("alice", "a test"))
        await asyncio.sleep(3 * HOUR_S)
        assert paused(simulation) == [], "nothing was sent since"
        (counted,) = simulation.all(
            "SELECT sum(delivered) AS delivered, sum(missed) AS missed FROM delivery_count WHERE sim = ?", sim
        )
        assert (counted["delivered"], counted["missed"]) == (121, 80), "each message once"

    run_scenario(scenario, modems=2, families=("generic",), **QUICK)


def test_ten_numbers_that_are_reported_undeliverable_are_enough(run_scenario: RunScenario) -> None:
    """One after the other, and also of a SIM with no history."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for index in range(10):
            simulation.network.fate(recipient(index), 0x41)
        await campaign(simulation, 0, 10)
        await simulation.until(lambda: bool(paused(simulation)), within_s=HOUR_S)
        await asyncio.sleep(2 * CHECK_INTERVAL_S)
        (alarm,) = await filtered_alarms(simulation)
        assert "0 refused and 10 undeliverable in a row, to 10 recipients" in alarm.text

    run_scenario(scenario, modems=1, families=("generic",), **QUICK)


def test_reports_that_wait_while_the_modem_is_away_prove_nothing(run_scenario: RunScenario) -> None:
    """The modem is unplugged with all reports of its messages under way, and comes back before a check."""

    async def scenario(simulation: Simulation) -> None:
        began_s = asyncio.get_running_loop().time()
        await ready(simulation)
        await campaign(simulation, 0, 120)
        await simulation.until(lambda: sent(simulation) == 120, within_s=600)
        await asyncio.sleep(2 * INTERVAL_S)
        simulation.network.report_latency_s = 600.0
        await campaign(simulation, 200, 40)
        await simulation.until(lambda: sent(simulation) == 160, within_s=200)
        (link,) = simulation.links.values()
        link.unplug()
        loop = asyncio.get_running_loop()
        await asyncio.sleep(2 * HOUR_S)
        assert paused(simulation) == []
        await asyncio.sleep(2 * INTERVAL_S - 300 - (loop.time() - began_s) % INTERVAL_S)
        simulation.network.delivery_latency_s = 900.0  # of the reports that wait
        link.replug()
        await asyncio.sleep(600)
        assert paused(simulation) == [], "the check came when the modem was ready, and its reports not there"
        await asyncio.sleep(2 * HOUR_S)
        assert paused(simulation) == []

    run_scenario(scenario, modems=1, families=("generic",), **QUICK)


def test_without_the_watch_nothing_is_paused(run_scenario: RunScenario) -> None:
    """A person can switch it off."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        await campaign(simulation, 0, 120)
        await simulation.until(lambda: sent(simulation) == 120, within_s=600)
        await campaign(simulation, 200, 40, is_on=False)
        await asyncio.sleep(3 * HOUR_S)
        assert paused(simulation) == []

    run_scenario(scenario, modems=1, families=("generic",), filter_watch={"enabled": False}, **QUICK)
