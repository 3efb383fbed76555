"""Modems that lack something, or say it otherwise: each sends and receives all the same, and is never reset for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modemd.emulator import Device
from tests.sim.conftest import RunScenario
from tests.sim.modems.found_modems import TO, ready, received, rows, submit
from tests.sim.world.assembled import Simulation

MANY = 500


def refuse(*commands: str) -> Callable[[Device], None]:
    """A modem that refuses these commands all the time."""

    def apply(device: Device) -> None:
        for command in commands:
            for _ in range(MANY):
                device.script_next(command, "ERROR")

    return apply


def leave_in_ucs2(device: Device) -> None:
    """A modem that another program left in UCS2, and that stays there."""
    device.forget_settings(charset="UCS2")
    refuse('+CSCS="GSM"', '+CSCS="IRA"')(device)


ODDITIES = {
    "no blank after a colon": lambda device: device.leave_blanks_out(),
    "keeps its echo and bare errors": refuse("E0", "V1", "+CMEE"),
    "UCS2 for ever": leave_in_ucs2,
    "no storage": refuse("+CPMS", "+CMGL"),
    "no IMEI, no IMSI": refuse("+CGSN", "+CIMI"),
    "no ICCID, no IMSI": refuse("+CCID", "+CIMI", "+CCID?"),
    "registered, calls by LTE only": lambda device: device.set_coverage(9),
    "counts the service centre's field": lambda device: device.count_in_lengths("all"),
    "counts nothing": lambda device: device.count_in_lengths("nothing"),
    "a service centre without digits": lambda device: device.shorten_smsc(),
    "errors in words": lambda device: device.say_error_in_words(),
    "registration untold": refuse("+CREG?", "+CGREG?", "+CEREG?"),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_odd_modem_sends_and_receives(run_scenario: RunScenario, oddity: str) -> None:
    """What is missing is no reason not to send, and not to receive: all that is sent and received is text."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        device.send_latency_s = 0.5
        ODDITIES[oddity](device)
        await ready(simulation, device.name)
        await submit(simulation)
        await simulation.until(lambda: received(simulation) == ["Hello"], within_s=30)
        simulation.network.phone(TO).send(simulation.sims[0].number, "Hello yourself")
        await simulation.until(
            lambda: [row["text"] for row in simulation.all("SELECT text FROM inbox")] == ["Hello yourself"], within_s=90
        )
        row = rows(simulation)[device.name]
        assert row.health == "ready"
        assert row.recovery is not None
        assert set(row.recovery.counts) <= {"set up"}
        assert row.operator == "Testnet" or row.operator is None or not row.operator.startswith("00")
        assert row.smsc is not None
        assert row.smsc.startswith("+")

    run_scenario(scenario, modems=1, families=("generic",))


def test_a_modem_that_talks_before_its_echo_sends_and_receives(run_scenario: RunScenario) -> None:
    """E1752 says ^SRVST and more every few seconds, before an echo too, which stays on here."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        device.chatty = True
        device.send_latency_s = 0.5
        refuse("E0")(device)
        await ready(simulation, device.name)
        device.chatter.begin()
        for _ in range(3):
            await submit(simulation)
        await simulation.until(lambda: len(received(simulation)) == 3, within_s=60)
        simulation.network.phone(TO).send(simulation.sims[0].number, "Hello yourself")
        await simulation.until(
            lambda: [row["text"] for row in simulation.all("SELECT text FROM inbox")] == ["Hello yourself"], within_s=90
        )
        row = rows(simulation)[device.name]
        assert row.recovery is not None
        assert set(row.recovery.counts) <= {"set up"}

    run_scenario(scenario, modems=1, families=("huawei_e1752",))


def test_a_busy_sim_is_waited_for_whatever_its_blanks(run_scenario: RunScenario) -> None:
    """`+CME ERROR:14` is `+CME ERROR: 14`: no reset (gammu #394)."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        device.leave_blanks_out()
        for _ in range(10):
            device.script_next("+CPIN?", "+CME ERROR: 14")
        await ready(simulation, device.name)
        row = rows(simulation)[device.name]
        assert row.recovery is not None
        assert row.recovery.counts == {}

    run_scenario(scenario, modems=1, families=("generic",))


def test_a_modem_that_can_only_send_says_so(run_scenario: RunScenario) -> None:
    """Neither storage nor notices (Nokia N79): it is ready and sends, and a remark says what to expect of it."""

    async def scenario(simulation: Simulation) -> None:
        (device,) = simulation.devices
        refuse("+CPMS", "+CMGL", "+CNMI")(device)
        await ready(simulation, device.name)
        await submit(simulation)
        await simulation.until(lambda: received(simulation) == ["Hello"], within_s=30)
        (remark,) = rows(simulation)[device.name].remarks
        assert "it can send, but do not count on receiving by it" in remark

    run_scenario(scenario, modems=1, families=("generic",))
