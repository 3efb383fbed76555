"""The routes of USSD, of the wire log, and of drivers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modemd.emulator.network.ussd_services import BALANCE, UssdAnswer, UssdState
from modemd.profiles.writing import as_toml
from tests.api.client import Client, narrow_app
from tests.profiles.shipped import shipped_profiles
from tests.service.assembled import assembled_service
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

USSD = "/v1/modems/modem0/ussd"


def test_a_session_over_the_api(run_scenario: RunScenario) -> None:
    """A code, a reply within its session, the end of another; what fails has its code and status."""

    async def scenario(simulation: Simulation) -> None:
        client = Client(narrow_app(simulation.service))

        async def failing(document: dict[str, Any]) -> tuple[int, str]:
            answer = await client.post(USSD, document)
            return answer.status, answer.code

        simulation.network.ussd |= {
            "*123#": UssdAnswer("1 Balance", menu={"1": BALANCE}),
            "*4#": UssdAnswer(ends=UssdState.NOT_SUPPORTED),
            "*5#": UssdAnswer("late", after_s=20),
        }
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        first = (await client.post(USSD, {"text": "*123#"})).json
        assert (first["state"], first["text"]) == ("reply wanted", "1 Balance")
        assert await failing({"text": "*123#"}) == (409, "ussd_busy")
        assert await failing({"text": "1", "session": first["session"] + 1}) == (404, "no_session")
        second = await client.post(USSD, {"text": "1", "session": first["session"]})
        assert second.json == {"state": "done", "text": "Balance: 12.50 EUR", "session": None}
        third = (await client.post(USSD, {"text": "*123#"})).json
        assert (await client.post(f"{USSD}/{third['session']}/end", {})).json == {"state": "ended"}
        assert (await client.post(f"{USSD}/{third['session']}/end", {})).code == "no_session"
        assert await failing({"text": "*4#"}) == (502, "ussd_not_supported")
        assert await failing({"text": "*5#", "timeout_s": 10}) == (504, "ussd_timed_out")
        assert await failing({"text": ""}) == (422, "bad_ussd")
        assert await failing({"text": "*100#", "timeout_s": 91}) == (422, "bad_request")

    run_scenario(scenario, modems=1)


def test_the_wire_over_the_api(run_scenario: RunScenario) -> None:
    """Lines in order, each with its time and its way; no identity of the SIM is among them."""

    async def scenario(simulation: Simulation) -> None:
        client = Client(narrow_app(simulation.service))
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        lines = (await client.get("/v1/modems/modem0/wire")).json
        assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
        assert {"way": ">", "text": "AT+CSQ"} in [{key: line[key] for key in ("way", "text")} for line in lines]
        said = " ".join(line["text"] for line in lines)
        sim = simulation.sims[0]
        assert not any(secret in said for secret in (sim.iccid, sim.imsi, simulation.devices[0].imei, sim.number[1:]))

    run_scenario(scenario, modems=1)


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        pytest.param("GET", "/v1/modems/nobody/wire", 404, "no_modem", id="wire of no modem"),
        pytest.param("POST", "/v1/modems/nobody/ussd", 404, "no_modem", id="USSD of no modem"),
        pytest.param("POST", "/v1/modems/west/ussd", 503, "not_ready", id="a modem that is not open"),
        pytest.param("POST", "/v1/modems/west/ussd/7/end", 404, "no_session", id="no session"),
        pytest.param("POST", "/v1/modems/west/ussd/x/end", 422, "bad_request", id="a session is a number"),
    ],
)
async def test_what_is_not_there(tmp_path: Path, method: str, target: str, status: int, code: str) -> None:
    """No modem of that name, none that is open, no session: each has its code."""
    async with assembled_service(tmp_path) as assembled:
        assembled.service.modems.registry.has_started = True  # as in a daemon
        answer = await Client(narrow_app(assembled.service)).call(
            method, target, b'{"text": "*100#"}' if method == "POST" else b""
        )
    assert (answer.status, answer.code) == (status, code)


async def test_the_drivers_in_force_are_listed(tmp_path: Path) -> None:
    """As the daemon has read them, each with its whole text."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        listed = (await client.get("/v1/drivers")).json
        assert [row["name"] for row in listed] == sorted(profile.name for profile in shipped_profiles())
        (sim800,) = [row for row in listed if row["name"] == "sim800"]
        shown = (await client.get("/v1/drivers/sim800")).json
        assert shown == {**sim800, "text": as_toml(shipped_profiles().find_by_name("sim800"))}
        assert (await client.get("/v1/drivers/nothing")).code == "not_found"
