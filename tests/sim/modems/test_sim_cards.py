"""SIMs in the simulation: PINs, what a person must do, the service centre, and a foreign network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modemd.emulator import identities
from modemd.service.messages.submission import MessageRequest
from modemd.service.views import ModemView
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

WRITER = "+33612345678"
PIN = "1234"
FIRST = identities.iccid("33", "01", 1)


def locked(simulation: Simulation, tries: int = 3) -> None:
    simulation.devices[0].ask_pin(pin=PIN, tries=tries)


def modem(simulation: Simulation) -> ModemView:
    """How the first modem is, as a person sees it."""
    return simulation.service.modems.views.list_modems()[0]


def becomes(simulation: Simulation, health: str) -> Callable[[], bool]:
    return lambda: modem(simulation).health == health


def put(path: Path, pin: str) -> None:
    """A person writes a PIN into its file."""
    path.write_text(f"{pin}\n")
    path.chmod(0o600)


@pytest.fixture
def pin_file(tmp_path: Path) -> Path:
    path = tmp_path / "pin"
    put(path, PIN)
    return path


def with_pin(path: Path) -> dict[str, Any]:
    return {"modems": 1, "sims": {FIRST: {"pin_file": str(path)}}}


@pytest.mark.parametrize(
    ("family", "credential"),
    [
        ("huawei_e3372", f"pin-{FIRST}"),
        ("huawei_e3372", None),
        ("sim800", None),
        ("quectel_ec25", None),
        ("telit_le910", None),
        ("wavecom_q2403", None),
        ("ublox_sara_u2", "pin-modem0"),
        # Its SIM tells who it is once it is open: the PIN is the modem's.
        ("zte_mf190", "pin-modem0"),
    ],
)
def test_a_locked_sim_is_opened_and_sends(
    run_scenario: RunScenario, tmp_path: Path, pin_file: Path, family: str, credential: str | None
) -> None:
    """One try, of a file or a credential, and the modem is ready once the SIM is no longer busy."""

    async def scenario(simulation: Simulation) -> None:
        locked(simulation)
        await simulation.until(becomes(simulation, "ready"), within_s=120)
        assert simulation.sims[0].pin_tries == 3
        await simulation.service.messages.submission.submit(MessageRequest(WRITER, "hello"))
        await simulation.until(lambda: simulation.all("SELECT state FROM message")[0]["state"] != "queued", within_s=30)

    given: dict[str, Any] = with_pin(pin_file)
    if credential is not None:
        pin_file.rename(tmp_path / credential)
        given = {"modems": 1, "credentials": tmp_path}
    run_scenario(scenario, families=(family,), **given)


def test_a_wrong_pin_costs_exactly_one_try(run_scenario: RunScenario, pin_file: Path) -> None:
    """However long it waits, and over a restart of the daemon; a changed file is tried, once."""

    async def scenario(simulation: Simulation) -> None:
        locked(simulation)
        await simulation.until(becomes(simulation, "needs a person"), within_s=60)
        assert "was refused" in str(modem(simulation).reason)
        assert PIN not in str(modem(simulation).reason).replace(str(pin_file.parent), "")  # pytest numbers its folders
        await asyncio.sleep(3600)
        await simulation.stop()
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(600)
        assert simulation.sims[0].pin_tries == 2, "one try, and no second one"
        put(pin_file, PIN)
        await simulation.until(becomes(simulation, "ready"), within_s=120)

    put(pin_file, "9999")
    run_scenario(scenario, **with_pin(pin_file))


def test_the_last_try_and_the_puk_are_never_touched(run_scenario: RunScenario, pin_file: Path) -> None:
    """With one try left nothing is given, nor where the SIM asks for its PUK; unlocked by a person, it goes on by itself."""

    async def scenario(simulation: Simulation) -> None:
        locked(simulation, tries=1)
        await simulation.until(becomes(simulation, "needs a person"), within_s=60)
        assert "1 try is left" in str(modem(simulation).reason)
        simulation.devices[0].ask_pin(tries=0)
        await simulation.until(lambda: "PUK" in str(modem(simulation).reason), within_s=60)
        await asyncio.sleep(3600)
        assert (simulation.sims[0].pin_tries, simulation.sims[0].puk_tries) == (0, 10)
        assert simulation.service.failed_task() is None
        # A person takes it out, unlocks it in a phone, and puts it back.
        simulation.devices[0].remove_sim()
        await simulation.until(lambda: str(modem(simulation).reason).startswith("no SIM"), within_s=60)
        simulation.sims[0].unblock(simulation.sims[0].puk, "4321")
        simulation.sims[0].pin_enabled = False
        simulation.devices[0].insert_sim(simulation.sims[0])
        await simulation.until(becomes(simulation, "ready"), within_s=60)

    run_scenario(scenario, **with_pin(pin_file))


def test_a_swapped_sim_is_taken_up(run_scenario: RunScenario) -> None:
    """Without a restart: numbers and names are those of the SIM that sits there now."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(becomes(simulation, "ready"), within_s=60)
        other = simulation.network.sim("+33700000042")
        simulation.devices[0].insert_sim(other)
        await simulation.until(lambda: modem(simulation).sim == other.iccid, within_s=120)
        await simulation.until(becomes(simulation, "ready"), within_s=60)
        assert modem(simulation).number == "+33700000042"

    run_scenario(scenario, modems=1)


def test_a_new_sim_waits_to_be_admitted(run_scenario: RunScenario) -> None:
    """With `admit_sims: manual` it is used for nothing, and taken up once a person says so; one that is listed is known."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(
            lambda: simulation.service.modems.views.list_modems()[1].health == "needs a person", within_s=60
        )
        stranger = simulation.sims[1].iccid
        assert f"modemd sims admit {stranger}" in str(simulation.service.modems.views.list_modems()[1].reason)
        await simulation.until(becomes(simulation, "ready"), within_s=60)
        await simulation.service.sims.admit(stranger)
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[1].health == "ready", within_s=60)
        assert all(view.sim.admitted_at for view in await simulation.service.sims.list_sims())

    run_scenario(scenario, modems=2, admit_sims="manual", sims={FIRST: {}})


def test_a_lost_service_centre_is_put_back(run_scenario: RunScenario) -> None:
    """The one it had; a message that was refused for it goes out all the same."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(becomes(simulation, "ready"), within_s=60)
        had = simulation.sims[0].smsc
        assert modem(simulation).smsc == had
        simulation.devices[0].lose_smsc()
        await simulation.service.messages.submission.submit(MessageRequest(WRITER, "all the same"))
        await simulation.until(lambda: len(simulation.network.journal.accepted) == 1, within_s=60)
        assert simulation.sims[0].smsc == had

    run_scenario(scenario, modems=1)


def test_the_configured_service_centre_is_set(run_scenario: RunScenario) -> None:
    """Whatever the SIM says; and shown."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.sims[0].smsc == "+33609001399", within_s=60)
        await simulation.until(lambda: modem(simulation).smsc == "+33609001399", within_s=60)

    run_scenario(scenario, modems=1, sims={FIRST: {"smsc": "+33609001399"}})


def test_a_sim_without_any_service_centre_says_so(run_scenario: RunScenario) -> None:
    """Nobody knows one: the modem is used all the same, and what is missing is told."""

    async def scenario(simulation: Simulation) -> None:
        simulation.sims[0].smsc = ""
        await simulation.until(becomes(simulation, "ready"), within_s=60)
        assert any("sims.<iccid>.smsc" in remark for remark in modem(simulation).remarks)

    run_scenario(scenario, modems=1)


@pytest.mark.parametrize("allowed", [False, True], ids=["by default", "where allowed"])
def test_no_marketing_in_a_foreign_network(run_scenario: RunScenario, allowed: bool) -> None:
    """It waits, is not refused, and goes when the SIM is at home again; what is not marketing goes at once."""

    async def scenario(simulation: Simulation) -> None:
        simulation.devices[0].set_coverage(5)
        await simulation.until(becomes(simulation, "ready"), within_s=60)
        assert modem(simulation).registration == "roaming"
        await simulation.service.messages.submission.submit(MessageRequest(WRITER, "an offer", "marketing"))
        await simulation.service.messages.submission.submit(MessageRequest(WRITER, "your order"))
        await asyncio.sleep(300)
        sent = [str(entry.text) for entry in simulation.network.journal.accepted]
        assert sorted(sent) == (["an offer", "your order"] if allowed else ["your order"])
        assert any("marketing" in remark for remark in modem(simulation).remarks) is not allowed
        simulation.devices[0].set_coverage(1)
        await simulation.until(lambda: len(simulation.network.journal.accepted) == 2, within_s=120)
        assert modem(simulation).remarks == ()

    run_scenario(scenario, modems=1, marketing_while_roaming=allowed)
