"""What raises alarms: the clock, the database, SIMs that rest, modems that cannot be used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from modemd.errors import ErrorCode, StoreUnavailable
from modemd.modem.status import ModemHealth
from modemd.rules.retry import ErrorClass
from modemd.rules.sim_breaker import Refusal
from modemd.service.operations.alarm_checks import (
    CHECK_INTERVAL_S,
    CLOCK,
    CONFIRMATIONS,
    DATABASE,
    LEDGER_KEY,
    MODEM,
    SIM,
    STARTUP_S,
    STORAGE,
)
from modemd.service.operations.alarms import NOTHING_PASSES
from modemd.store.events import Authorship
from tests.sim.world.assembled import Simulation
from tests.sim.world.loop import simulate


def run_simulation(scenario: Callable[[Simulation], Awaitable[None]]) -> None:
    async def main() -> None:
        simulation = Simulation(1, modems=1, alarms={"to": ["+33612345678"], "modem_unusable_after": "10min"})
        await simulation.start()
        await simulation.until(
            lambda: simulation.service.modems.registry.modems[0].status.health is ModemHealth.READY, within_s=60
        )
        await scenario(simulation)
        await simulation.stop()

    simulate(main())


def standing(simulation: Simulation) -> set[tuple[str, str]]:
    rows = simulation.all("SELECT code, subject FROM alarm WHERE cleared_at IS NULL")
    return {(row["code"], row["subject"]) for row in rows}


def test_a_modem_that_cannot_be_used_is_an_alarm_after_a_while() -> None:
    """Ten minutes without it are one; a restart of a stick is none; when it is back, it is over. It is told by SMS then."""

    async def scenario(simulation: Simulation) -> None:
        (link,) = simulation.links.values()
        link.unplug()
        await asyncio.sleep(500)
        assert standing(simulation) == {(NOTHING_PASSES, "")}
        await asyncio.sleep(200)
        assert standing(simulation) == {(MODEM, "modem0"), (NOTHING_PASSES, "")}
        link.replug()
        await simulation.until(lambda: not standing(simulation), within_s=300)
        await simulation.until(lambda: len(simulation.network.journal.accepted) == 2, within_s=60)
        first, second = (entry.text or "" for entry in simulation.network.journal.accepted)
        assert first.startswith("modemd: nothing can be sent: modem0: ")
        assert second.startswith("modemd: modem modem0 cannot be used: gone")

    run_simulation(scenario)


def test_nothing_can_be_sent_is_an_alarm_at_once() -> None:
    """Within the interval of the checks and each time anew; a pause by a person is none."""

    async def scenario(simulation: Simulation) -> None:
        (link,) = simulation.links.values()
        await asyncio.sleep(STARTUP_S)
        for _ in range(2):
            link.unplug()
            await asyncio.sleep(5 + CHECK_INTERVAL_S)
            assert (NOTHING_PASSES, "") in simulation.service.operations.alarms.active
            link.replug()
            await simulation.until(lambda: not simulation.service.operations.alarms.active, within_s=120)
        await simulation.service.sims.pause(None, None, Authorship("alice", "moving house"))
        await asyncio.sleep(60)
        assert not simulation.service.operations.alarms.active

    run_simulation(scenario)


def test_a_start_is_no_alarm() -> None:
    """While the modems are being set up nothing can be sent, and that is as it should be; a minute later it is an alarm."""

    async def main() -> None:
        simulation = Simulation(1, modems=1)
        (link,) = simulation.links.values()
        link.unplug()
        await simulation.start()
        await asyncio.sleep(STARTUP_S - 1)
        assert not simulation.service.operations.alarms.active
        await asyncio.sleep(1 + CHECK_INTERVAL_S)
        assert (NOTHING_PASSES, "") in simulation.service.operations.alarms.active
        await simulation.stop()

    simulate(main())


def test_a_storage_that_stays_full_is_an_alarm() -> None:
    """Nothing comes in any more, no STOP either, until somebody empties it; the alarm names the modem and what to do."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        device.fill_memory("SM")
        for index in range(device.memory("SM").capacity):
            device.stick_slot("SM", index + device.family.storage.index_base)
        await simulation.until(lambda: standing(simulation) == {(STORAGE, "modem0")}, within_s=300)
        (row,) = simulation.all("SELECT text FROM alarm")
        assert row["text"].startswith("modem modem0: the storage SM is full: nothing can come in")
        for slot, _ in list(device.memory("SM")):  # somebody has emptied it
            device.memory("SM").delete(slot)
        await simulation.until(lambda: not standing(simulation), within_s=900)

    run_simulation(scenario)


def test_a_clock_that_is_not_trusted_is_an_alarm() -> None:
    """Until it is trusted again."""

    async def scenario(simulation: Simulation) -> None:
        simulation.clock.off = -timedelta(days=400)
        await asyncio.sleep(60)
        assert standing(simulation) == {(CLOCK, "")}
        simulation.clock.off = timedelta()
        await asyncio.sleep(60)
        assert standing(simulation) == set()

    run_simulation(scenario)


def test_a_lost_key_of_the_ledger_is_an_alarm() -> None:
    """Sending goes on meanwhile."""

    async def scenario(simulation: Simulation) -> None:
        simulation.service.operations.checks._store.key_problem = "modemd.db.key is not there"
        await asyncio.sleep(2 * CHECK_INTERVAL_S)
        assert standing(simulation) == {(LEDGER_KEY, "")}
        await simulation.until(lambda: len(simulation.network.journal.accepted) == 1, within_s=60)

    run_simulation(scenario)


def test_a_sim_that_rests_is_an_alarm() -> None:
    """Named by the end of its ICCID, with what it was refused."""

    async def scenario(simulation: Simulation) -> None:
        sims, identity = (
            simulation.service._dispatcher._breakers,
            simulation.service.modems.registry.modems[0].status.identity,
        )
        assert identity is not None
        for index in range(5):
            sims.record_refusal(
                identity.iccid,
                Refusal(index, index, str(index), ErrorClass.LATER, "+CMS ERROR: 42"),
                simulation.service.operations.clock.now(),
            )
        await asyncio.sleep(30)
        assert standing(simulation) == {(SIM, identity.iccid)}
        (row,) = simulation.all("SELECT text FROM alarm")
        assert row["text"] == f"SIM ..{identity.iccid[-6:]} is refused and rests: +CMS ERROR: 42"
        await asyncio.sleep(90)
        assert standing(simulation) == set()

    run_simulation(scenario)


def test_a_database_in_trouble_is_an_alarm_when_it_can_be_kept() -> None:
    """It is noted with the moment at which it began, and is over by then."""

    async def scenario(simulation: Simulation) -> None:
        store = simulation.service._store
        store._note_failure(StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full"))
        simulation.service.operations.checks.check()
        assert (DATABASE, "") in simulation.service.operations.alarms.active
        await asyncio.sleep(60)
        assert store.failure is None
        assert standing(simulation) == set()

    run_simulation(scenario)


def test_a_modem_that_is_configured_no_more_leaves_no_alarm() -> None:
    """What stood for it at the end of the process before is cleared."""

    async def scenario(simulation: Simulation) -> None:
        simulation.service.operations.alarms.raise_alarm(MODEM, "gone", "modem gone cannot be used")
        await asyncio.sleep(60)
        assert standing(simulation) == set()

    run_simulation(scenario)


def test_words_of_consent_that_are_not_confirmed_are_an_alarm_with_evidence() -> None:
    """It names the messages, stands for an hour after the last of them, and is over then."""

    async def scenario(simulation: Simulation) -> None:
        for inbox_id in (7, 8, 9):
            simulation.service.inbox.unanswered_words.note("hour_limit", f"+3361234567{inbox_id}", inbox_id)
        await asyncio.sleep(60)
        (alarm,) = simulation.all("SELECT code, text FROM alarm WHERE cleared_at IS NULL")
        assert alarm["code"] == CONFIRMATIONS
        assert alarm["text"].startswith("3 words of consent were obeyed but not answered")
        assert "messages 7 to 9" in alarm["text"]
        await asyncio.sleep(3600)
        assert standing(simulation) == set()

    run_simulation(scenario)
