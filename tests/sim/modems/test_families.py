"""Every emulated family with its own driver: set up, send, receive, restart, and all of it again."""

from __future__ import annotations

import asyncio

import pytest

from modemd.emulator import families
from modemd.modem.status import ModemHealth
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

FRIEND = "+33612345678"
LONG = "one message in three parts, " * 14
DRIVERS = {
    "android_cuttlefish": "generic",
    "brovi_e3372_325": "huawei_e3372",
    "cinterion_bgs5": "cinterion",
    "generic": "generic",
    "huawei_e1752": "huawei_e173",
    "huawei_e3372": "huawei_e3372",
    "huawei_me909s": "huawei_me909",
    "nokia_n79": "generic",
    "nordic_nrf9160": "generic",
    "ofono_phonesim": "generic",
    "option_gtm382": "generic",
    "quectel_ec25": "quectel_ec2x",
    "quectel_m26": "generic",
    "quectel_m95": "quectel_m95",
    "siemens_mc35i": "cinterion",
    "sierra_mc7455": "sierra_mc",
    "sierra_sl8084": "sierra_sl",
    "sim800": "sim800",
    "simcom_a7670": "simcom_a76",
    "simcom_sim7600": "simcom_sim7600",
    "telit_le910": "telit",
    "ublox_sara_u2": "ublox",
    "wavecom_q2403": "wavecom",
    "zte_mf190": "zte",
}

# Reports are stored (ds 2), but these two damage or misname what they store, so that their drivers have reports come straight to
# the port; and they are lost with nobody there.
DIRECT_REPORTS = {"quectel_ec25", "wavecom_q2403"}
STORING_REPORTS = sorted(name for name in DRIVERS if 2 in families[name].notify.ds and name not in DIRECT_REPORTS)
REPORTING = {name for name in DRIVERS if families[name].reports}
RECEIVING = {name for name in DRIVERS if families[name].receives}


def _kept(simulation: Simulation) -> list[str]:
    return [row["text"] for row in simulation.all("SELECT text FROM inbox WHERE complete = 1 ORDER BY id")]


def _states(simulation: Simulation) -> list[str]:
    return [row["state"] for row in simulation.all("SELECT state FROM message ORDER BY id")]


async def _both_ways(simulation: Simulation, number: int) -> None:
    """A message out, with its report if the family has them, and one of three parts in, if it receives."""
    family = simulation.devices[0].family.name
    await simulation.service.messages.submission.submit(MessageRequest(FRIEND, f"out {number}"))
    if family in RECEIVING:
        simulation.network.phone(FRIEND).send(simulation.sims[0].number, f"{number}: {LONG}")
    told = "delivered" if family in REPORTING else "sent"
    await simulation.until(lambda: _states(simulation)[number] == told, within_s=200)
    if family in RECEIVING:
        await simulation.until(lambda: f"{number}: {LONG}" in _kept(simulation), within_s=200)


@pytest.mark.parametrize("family", sorted(DRIVERS))
def test_a_family_is_set_up_sends_and_receives_before_and_after_a_restart(
    run_scenario: RunScenario, family: str
) -> None:
    """One message out and delivered, one of three parts in; the modem restarts; once more. Nothing twice, nothing left over."""

    async def scenario(simulation: Simulation) -> None:
        device = simulation.devices[0]
        await simulation.until(
            lambda: simulation.service.modems.registry.modems[0].status.health is ModemHealth.READY, within_s=120
        )
        identity = simulation.service.modems.registry.modems[0].status.identity
        assert identity is not None
        assert (identity.profile.name, identity.iccid) == (DRIVERS[family], simulation.sims[0].iccid)
        await _both_ways(simulation, 0)
        device.restart()
        await _both_ways(simulation, 1)
        await asyncio.sleep(70)
        assert len(simulation.network.journal.accepted) == 2
        assert len(_kept(simulation)) == (2 if family in RECEIVING else 0)
        assert list(simulation.sims[0].memory) == []
        remarks = simulation.service.modems.registry.modems[0].status.remarks.values()
        assert any("do not count on receiving by it" in remark for remark in remarks) is (family not in RECEIVING)

    run_scenario(scenario, modems=1, families=(family,))


@pytest.mark.parametrize("family", STORING_REPORTS)
def test_a_report_that_came_while_no_daemon_ran_is_found(run_scenario: RunScenario, family: str) -> None:
    """Where the modem stores reports, in the SIM's memory or in one of their own, the sweep at the start finds it."""

    async def scenario(simulation: Simulation) -> None:
        friend = simulation.network.phone(FRIEND)
        friend.switch_off()
        await simulation.service.messages.submission.submit(MessageRequest(FRIEND, "reported late"))
        await simulation.until(lambda: _states(simulation) == ["sent"], within_s=200)
        await simulation.stop()
        friend.switch_on()
        await asyncio.sleep(600)
        assert _states(simulation) == ["sent"]
        simulation.restart_service()
        await simulation.start()
        await simulation.until(lambda: _states(simulation) == ["delivered"], within_s=60)

    run_scenario(scenario, modems=1, families=(family,))


def test_every_emulated_family_is_tried() -> None:
    """A family that the emulator learns is driven here."""
    assert sorted(DRIVERS) == sorted(families)
