"""`modemd drivers`: the list, the check, one family whole, and a skeleton from a modem."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from modemd.emulator.testing import Network
from modemd.profiles import Profiles
from tests.cli.shell import Modemd

SOURCE = "[source]\nunverified = true\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "acme.toml").write_text(f'title = "Acme sticks"\n[match]\nusb = ["abcd:0001"]\n{SOURCE}')
    return folder


def test_the_list_names_every_driver_and_its_file(modemd: Modemd, own: Path) -> None:
    """Shipped ones and one's own, sorted, with what is known of each."""
    ended = modemd("drivers", "list", "--drivers", str(own), "--json")
    assert (ended.status, ended.err) == (0, "")
    rows = {row["name"]: row for row in json.loads(ended.out)}
    assert list(rows) == sorted(rows)
    assert rows["acme"] == {
        "name": "acme",
        "title": "Acme sticks",
        "usb_ids": 1,
        "verified": False,
        "file": str(own / "acme.toml"),
    }
    assert rows["huawei_e3372"]["usb_ids"] > 0
    assert {"generic", "zte", "wavecom"} < rows.keys()


def test_without_a_command_the_drivers_are_listed(modemd: Modemd) -> None:
    """`modemd drivers` is `modemd drivers list`."""
    assert modemd("drivers").out.splitlines()[0].split()[:2] == ["name", "title"]
    assert modemd("drivers").out == modemd("drivers", "list").out


def test_a_check_without_mistakes(modemd: Modemd, own: Path) -> None:
    """In one line, with status 0."""
    ended = modemd("drivers", "list", "--drivers", str(own), "--check")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.endswith(" drivers: no mistakes\n")


def test_a_check_lists_every_mistake(modemd: Modemd, own: Path) -> None:
    """A line each with file and key, and status 1; the list itself goes on without those files."""
    (own / "bad.toml").write_text(f"[at]\ninnit = []\n{SOURCE}")
    (own / "worse.toml").write_text("title =")
    ended = modemd("drivers", "list", "--drivers", str(own), "--check")
    assert (ended.status, ended.out) == (1, "")
    assert [line.split(": ")[1].rpartition("/")[2] for line in ended.err.splitlines()] == ["bad.toml", "worse.toml"]
    assert "[at] innit: unknown key" in ended.err
    ended = modemd("drivers", "list", "--drivers", str(own))
    assert ended.status == 0
    assert "acme" in ended.out
    assert len(ended.err.splitlines()) == 2


def test_without_generic_there_is_nothing_to_list(modemd: Modemd, own: Path) -> None:
    """A mistake in the file that all others build on ends in status 1."""
    (own / "generic.toml").write_text("title =")
    ended = modemd("drivers", "list", "--drivers", str(own))
    assert (ended.status, ended.out) == (1, "")
    assert "generic.toml" in ended.err


def test_one_family_is_shown_completely(modemd: Modemd, own: Path) -> None:
    """With what it has from generic.toml, as a driver file that can be changed and used."""
    ended = modemd("drivers", "show", "acme", "--drivers", str(own))
    assert ended.status == 0
    assert ended.out.startswith(f"# {own / 'acme.toml'}\n")
    shown = tomllib.loads(ended.out)
    assert shown["at"]["init"] == ["E0", "V1", "+CMEE=1", "+CMGF=0"]
    assert shown["match"]["usb"] == ["abcd:0001"]


def test_an_unknown_family_is_an_error_with_the_known_ones(modemd: Modemd, own: Path) -> None:
    """One that is missing for a mistake is an error with that mistake."""
    assert "no driver 'acne'; there are acme, cinterion" in modemd("drivers", "show", "acne", "--drivers", str(own)).err
    (own / "acne.toml").write_text("title =")
    ended = modemd("drivers", "show", "acne", "--drivers", str(own))
    assert ended.status == 2
    assert "acne.toml" in ended.err


@pytest.mark.parametrize(
    ("family", "notify", "storage", "pin"),
    [
        pytest.param("sim800", "+CNMI=2,1,0,1,0", ["SM", "ME", "MT"], "+SPIC", id="SIM800"),
        pytest.param("cinterion_bgs5", "+CNMI=2,1,0,2,1", ["SM", "MT"], "^SPIC", id="BGS5"),
        pytest.param("generic", "+CNMI=2,1,0,2,0", ["SM", "ME", "MT"], None, id="a modem like any"),
    ],
)
def test_a_skeleton_says_what_a_modem_offers(
    modemd: Modemd, tmp_path: Path, family: str, notify: str, storage: list[str], pin: str | None
) -> None:
    """It is a driver that can be loaded, matches the modem, and tells no number of stick or SIM; nothing was set on the modem."""
    with Network() as network:
        modem = network.modem(number="+447700900101", family=family)
        ended = modemd("drivers", "suggest", "--port", modem.port)
        numbers = (modem.imei, modem.iccid, modem.imsi, "447700900101")
    assert (ended.status, ended.err) == (0, "")
    assert [number for number in numbers if number in ended.out] == []
    found = tomllib.loads(ended.out)
    assert found["at"]["notify"][0] == notify
    assert found["at"]["storage"] == storage
    assert found.get("pin", {}).get("pin_tries") == pin
    own = tmp_path / "own"
    own.mkdir()
    (own / "generic.toml").write_text(SOURCE)
    (own / "mine.toml").write_text(ended.out)
    profile = Profiles.load([own]).find_by_name("mine")
    assert profile.is_match_for(_manufacturer(ended.out), _model(ended.out))


def _manufacturer(text: str) -> str:
    return str(tomllib.loads(text)["match"]["manufacturer"]).replace("\\", "")


def _model(text: str) -> str:
    return str(tomllib.loads(text)["match"]["model"]).strip("^$").replace("\\", "")


def test_a_port_that_does_not_answer_is_named(modemd: Modemd, tmp_path: Path) -> None:
    """With what may be wrong, and status 1."""
    ended = modemd("drivers", "suggest", "--port", str(tmp_path / "nothing"))
    assert ended.status == 1
    assert str(tmp_path / "nothing") in ended.err
