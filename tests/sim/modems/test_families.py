"""Every emulated family with its own driver: set up, send, receive, restart, and all of it again."""

from __future__ import annotations

import asyncio

import pytest

from modemd.emulator import families
from modemd.modem.status import ModemHealth
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import Live
from tests.sim.world.assembled import House

FRIEND = "+33612345678"
LONG = "one message in three parts, " * 14
DRIVERS = {
    "cinterion_bgs5": "cinterion",
    "generic": "generic",
    "huawei_e3372": "huawei_e3372",
    "huawei_me909s": "huawei_me909",
    "quectel_ec25": "quectel_ec2x",
    "quectel_m95": "quectel_m95",
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

# Reports come straight to the port here (ds 1), and are lost with nobody there: SIM800 and M95 know no other way, and the other
# two damage or misname what they store.
DIRECT_REPORTS = {"sim800", "quectel_m95", "quectel_ec25", "wavecom_q2403"}


def _kept(house: House) -> list[str]:
    return [row["text"] for row in house.all("SELECT text FROM inbox WHERE complete = 1 ORDER BY id")]


def _states(house: House) -> list[str]:
    return [row["state"] for row in house.all("SELECT state FROM message ORDER BY id")]


async def _both_ways(house: House, number: int) -> None:
    """A message out, with its report, and one of three parts in."""
    await house.service.messages.submission.submit(MessageRequest(FRIEND, f"out {number}"))
    house.network.phone(FRIEND).send(house.sims[0].number, f"{number}: {LONG}")
    await house.until(lambda: _states(house)[number] == "delivered", within_s=200)
    await house.until(lambda: f"{number}: {LONG}" in _kept(house), within_s=200)


@pytest.mark.parametrize("family", sorted(DRIVERS))
def test_a_family_is_set_up_sends_and_receives_before_and_after_a_restart(live: Live, family: str) -> None:
    """One message out and delivered, one of three parts in; the modem restarts; once more. Nothing twice, nothing left over."""

    async def scenario(house: House) -> None:
        device = house.devices[0]
        await house.until(
            lambda: house.service.modems.registry.modems[0].status.health is ModemHealth.READY, within_s=120
        )
        identity = house.service.modems.registry.modems[0].status.identity
        assert identity is not None
        assert (identity.profile.name, identity.iccid) == (DRIVERS[family], house.sims[0].iccid)
        await _both_ways(house, 0)
        device.restart()
        await _both_ways(house, 1)
        await asyncio.sleep(70)
        assert len(house.network.journal.accepted) == 2
        assert len(_kept(house)) == 2
        assert list(house.sims[0].memory) == []

    live(scenario, modems=1, families=(family,))


@pytest.mark.parametrize("family", sorted(DRIVERS.keys() - DIRECT_REPORTS))
def test_a_report_that_came_while_no_daemon_ran_is_found(live: Live, family: str) -> None:
    """Where the modem stores reports, in the SIM's memory or in one of their own, the sweep at the start finds it."""

    async def scenario(house: House) -> None:
        friend = house.network.phone(FRIEND)
        friend.switch_off()
        await house.service.messages.submission.submit(MessageRequest(FRIEND, "reported late"))
        await house.until(lambda: _states(house) == ["sent"], within_s=200)
        await house.stop()
        friend.switch_on()
        await asyncio.sleep(600)
        assert _states(house) == ["sent"]
        house.restart_service()
        await house.start()
        await house.until(lambda: _states(house) == ["delivered"], within_s=60)

    live(scenario, modems=1, families=(family,))


def test_every_emulated_family_is_tried() -> None:
    """A family that the emulator learns is driven here."""
    assert sorted(DRIVERS) == sorted(families)
