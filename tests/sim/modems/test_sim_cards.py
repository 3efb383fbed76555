"""SIMs over the whole house: PINs, what a person must do, the service centre, and a foreign network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modemd.emulator import identities
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import Live
from tests.sim.world.assembled import House

WRITER = "+33612345678"
PIN = "1234"
FIRST = identities.iccid("33", "01", 1)


def locked(house: House, tries: int = 3) -> None:
    house.devices[0].ask_pin(pin=PIN, tries=tries)


def modem(house: House) -> dict[str, Any]:
    """How the first modem is, as a person sees it."""
    return house.service.modems.views.list_modems()[0]


def becomes(house: House, health: str) -> Callable[[], bool]:
    return lambda: modem(house)["health"] == health


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
    live: Live, tmp_path: Path, pin_file: Path, family: str, credential: str | None
) -> None:
    """One try, of a file or a credential, and the modem is ready once the SIM is no longer busy."""

    async def scenario(house: House) -> None:
        locked(house)
        await house.until(becomes(house, "ready"), within_s=120)
        assert house.sims[0].pin_tries == 3
        await house.service.messages.submission.submit(MessageRequest(WRITER, "hello"))
        await house.until(lambda: house.all("SELECT state FROM message")[0]["state"] != "queued", within_s=30)

    given: dict[str, Any] = with_pin(pin_file)
    if credential is not None:
        pin_file.rename(tmp_path / credential)
        given = {"modems": 1, "credentials": tmp_path}
    live(scenario, families=(family,), **given)


def test_a_wrong_pin_costs_exactly_one_try(live: Live, pin_file: Path) -> None:
    """However long it waits, and over a restart of the daemon; a changed file is tried, once."""

    async def scenario(house: House) -> None:
        locked(house)
        await house.until(becomes(house, "needs a person"), within_s=60)
        assert "was refused" in modem(house)["reason"]
        assert PIN not in modem(house)["reason"]
        await asyncio.sleep(3600)
        await house.stop()
        house.restart_service()
        await house.start()
        await asyncio.sleep(600)
        assert house.sims[0].pin_tries == 2, "one try, and no second one"
        put(pin_file, PIN)
        await house.until(becomes(house, "ready"), within_s=120)

    put(pin_file, "9999")
    live(scenario, **with_pin(pin_file))


def test_the_last_try_and_the_puk_are_never_touched(live: Live, pin_file: Path) -> None:
    """With one try left nothing is given, nor where the SIM asks for its PUK; unlocked by a person, it goes on by itself."""

    async def scenario(house: House) -> None:
        locked(house, tries=1)
        await house.until(becomes(house, "needs a person"), within_s=60)
        assert "1 try is left" in modem(house)["reason"]
        house.devices[0].ask_pin(tries=0)
        await house.until(lambda: "PUK" in str(modem(house)["reason"]), within_s=60)
        await asyncio.sleep(3600)
        assert (house.sims[0].pin_tries, house.sims[0].puk_tries) == (0, 10)
        assert house.service.failed_task() is None
        # A person takes it out, unlocks it in a phone, and puts it back.
        house.devices[0].remove_sim()
        await house.until(lambda: str(modem(house)["reason"]).startswith("no SIM"), within_s=60)
        house.sims[0].unblock(house.sims[0].puk, "4321")
        house.sims[0].pin_enabled = False
        house.devices[0].insert_sim(house.sims[0])
        await house.until(becomes(house, "ready"), within_s=60)

    live(scenario, **with_pin(pin_file))


def test_a_swapped_sim_is_taken_up(live: Live) -> None:
    """Without a restart: numbers and names are those of the SIM that sits there now."""

    async def scenario(house: House) -> None:
        await house.until(becomes(house, "ready"), within_s=60)
        other = house.network.sim("+33700000042")
        house.devices[0].insert_sim(other)
        await house.until(lambda: modem(house)["sim"] == other.iccid, within_s=120)
        await house.until(becomes(house, "ready"), within_s=60)
        assert modem(house)["number"] == "+33700000042"

    live(scenario, modems=1)


def test_a_new_sim_waits_to_be_admitted(live: Live) -> None:
    """With `admit_sims: manual` it is used for nothing, and taken up once a person says so; one that is listed is known."""

    async def scenario(house: House) -> None:
        await house.until(
            lambda: house.service.modems.views.list_modems()[1]["health"] == "needs a person", within_s=60
        )
        stranger = house.sims[1].iccid
        assert f"modemd sims admit {stranger}" in house.service.modems.views.list_modems()[1]["reason"]
        await house.until(becomes(house, "ready"), within_s=60)
        await house.service.sims.admit(stranger)
        await house.until(lambda: house.service.modems.views.list_modems()[1]["health"] == "ready", within_s=60)
        assert all(row["admitted_at"] for row in await house.service.sims.list_sims())

    live(scenario, modems=2, admit_sims="manual", sims={FIRST: {}})


def test_a_lost_service_centre_is_put_back(live: Live) -> None:
    """The one it had; a message that was refused for it goes out all the same."""

    async def scenario(house: House) -> None:
        await house.until(becomes(house, "ready"), within_s=60)
        had = house.sims[0].smsc
        assert modem(house)["smsc"] == had
        house.devices[0].lose_smsc()
        await house.service.messages.submission.submit(MessageRequest(WRITER, "all the same"))
        await house.until(lambda: len(house.network.journal.accepted) == 1, within_s=60)
        assert house.sims[0].smsc == had

    live(scenario, modems=1)


def test_the_configured_service_centre_is_set(live: Live) -> None:
    """Whatever the SIM says; and shown."""

    async def scenario(house: House) -> None:
        await house.until(lambda: house.sims[0].smsc == "+33609001399", within_s=60)
        await house.until(lambda: modem(house)["smsc"] == "+33609001399", within_s=60)

    live(scenario, modems=1, sims={FIRST: {"smsc": "+33609001399"}})


def test_a_sim_without_any_service_centre_says_so(live: Live) -> None:
    """Nobody knows one: the modem is used all the same, and what is missing is told."""

    async def scenario(house: House) -> None:
        house.sims[0].smsc = ""
        await house.until(becomes(house, "ready"), within_s=60)
        assert any("sims.<iccid>.smsc" in remark for remark in modem(house)["remarks"])

    live(scenario, modems=1)


@pytest.mark.parametrize("allowed", [False, True], ids=["by default", "where allowed"])
def test_no_marketing_in_a_foreign_network(live: Live, allowed: bool) -> None:
    """It waits, is not refused, and goes when the SIM is at home again; what is not marketing goes at once."""

    async def scenario(house: House) -> None:
        house.devices[0].set_coverage(5)
        await house.until(becomes(house, "ready"), within_s=60)
        assert modem(house)["registration"] == "roaming"
        await house.service.messages.submission.submit(MessageRequest(WRITER, "an offer", "marketing"))
        await house.service.messages.submission.submit(MessageRequest(WRITER, "your order"))
        await asyncio.sleep(300)
        sent = [str(entry.text) for entry in house.network.journal.accepted]
        assert sorted(sent) == (["an offer", "your order"] if allowed else ["your order"])
        assert any("marketing" in remark for remark in modem(house)["remarks"]) is not allowed
        house.devices[0].set_coverage(1)
        await house.until(lambda: len(house.network.journal.accepted) == 2, within_s=120)
        assert modem(house)["remarks"] == []

    live(scenario, modems=1, marketing_while_roaming=allowed)
