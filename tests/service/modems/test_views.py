"""Shapes of answers that no table holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from modemd.api.documents import document
from modemd.at.replies import Registration
from modemd.modem.status import Identity, ModemHealth
from modemd.profiles import Profile
from modemd.rules.retry import ErrorClass
from modemd.rules.sim_breaker import Refusal
from tests.service.assembled import AssembledService, assembled_service

ICCID = "8933010000000000010"
IDENTITY = Identity(
    "861234029413211", "huawei", "E3372", "21.180", ICCID, "208010000000001", None, Profile("huawei_e3372")
)


async def test_a_modem_that_nobody_answered_for(assembled: AssembledService) -> None:
    """Before anything answered on its port, a modem is what the configuration says of it."""
    (view,) = assembled.service.modems.views.list_modems()
    assert (view.name, view.port, view.health) == ("west", assembled.settings.modems[0].port, "stopped")
    assert view.reason == "no daemon runs"
    assert {
        getattr(view, key) for key in ("driver", "manufacturer", "model", "firmware", "imei", "sim", "imsi", "number")
    } == {None}
    assert (view.registration, view.signal_dbm, view.sent) == ("unknown", None, 0)


async def test_a_modem_that_answered(assembled: AssembledService) -> None:
    """Who answered, which SIM sits there, and how it is."""
    status = assembled.service.modems.registry.modems[0].status
    status.identity, status.health, status.registration = IDENTITY, ModemHealth.READY, Registration.HOME
    status.signal_dbm, status.sent = -71, 5
    (view,) = assembled.service.modems.views.list_modems()
    assert (view.driver, view.imei, view.sim) == ("huawei_e3372", "861234029413211", ICCID)
    assert (view.health, view.registration, view.signal_dbm, view.sent) == ("ready", "home", -71, 5)
    shown = document(view)
    assert json.loads(json.dumps(shown)) == shown


@pytest.mark.parametrize(
    ("configured", "read", "shown"),
    [
        pytest.param("+33700000001", "+33999999999", "+33700000001", id="the configured one goes first"),
        pytest.param(None, "+33999999999", "+33999999999", id="the one on the SIM"),
        pytest.param(None, None, None, id="none is known"),
    ],
)
async def test_the_number_of_a_sim(tmp_path: Path, configured: str | None, read: str | None, shown: str | None) -> None:
    """A SIM's number is the configured one, else what the SIM itself says."""
    sims = {ICCID: {"number": configured} if configured else {}}
    async with assembled_service(tmp_path, sims=sims) as assembled:
        assembled.service.modems.registry.modems[0].status.identity = Identity(
            "1", "m", "m", "f", ICCID, None, read, Profile("generic")
        )
        assert assembled.service.modems.views.list_modems()[0].number == shown


async def test_a_message_can_pass_when_one_modem_is_ready(assembled: AssembledService) -> None:
    """Health is whether a message can pass."""
    assert (await assembled.service.operations.health.read_status()).health.can_send is False
    assembled.service.modems.registry.modems[0].status.health = ModemHealth.READY
    assert (await assembled.service.operations.health.read_status()).health.can_send is True


async def test_a_sim_that_rests_passes_nothing(assembled: AssembledService) -> None:
    """Its modem is ready, says until when and why the SIM rests, and no message can pass."""
    status = assembled.service.modems.registry.modems[0].status
    status.identity, status.health = IDENTITY, ModemHealth.READY
    sims = assembled.service._dispatcher._breakers
    for index in range(5):
        sims.record_refusal(
            ICCID, Refusal(index, index, str(index), ErrorClass.LATER, "+CMS ERROR: 42"), assembled.clock.now()
        )
    told = await assembled.service.operations.health.read_status()
    (view,) = told.modems
    assert (told.health.can_send, view.health) == (False, "ready")
    assert (view.rests_until, view.reason) == (
        datetime(2026, 11, 22, 12, 1, tzinfo=UTC),
        "the SIM was refused too often: +CMS ERROR: 42",
    )
