"""The shipped drivers: each passes every test here by being in the folder."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from modemd import profiles, resources
from modemd.profiles import ERROR_CLASSES, Profile, Profiles, Quirk, usb
from modemd.profiles.writing import as_toml
from modemd.rules.retry import ErrorClass

FOLDER = resources.folder("drivers")
ALL = Profiles.load([FOLDER])
SHIPPED = sorted(path for path in FOLDER.glob("*.toml") if path.stem != "usb")


def test_error_classes_are_those_of_the_rules() -> None:
    """What a driver file may say of an error is what the rules know; `accepted` is the standard's alone."""
    assert set(ERROR_CLASSES) == {kind.value for kind in ErrorClass} - {"accepted"}


@pytest.fixture(params=SHIPPED, ids=lambda path: path.stem)
def shipped(request: pytest.FixtureRequest) -> Profile:
    return ALL.find_by_name(request.param.stem)


def test_a_shipped_driver_is_complete(shipped: Profile) -> None:
    """Every family has a title, init commands that choose PDU mode, notices, storage, and a way to the ICCID."""
    assert shipped.title
    assert {"E0", "+CMGF=0"} <= set(shipped.init)
    assert all(command.startswith("+CNMI=") for command in shipped.notify)
    assert all(re.fullmatch("SM|ME|MT", memory) for memory in shipped.storage)
    assert shipped.notify
    assert shipped.storage
    assert shipped.iccid


def test_a_shipped_driver_never_takes_messages_directly(shipped: Profile) -> None:
    """Every notice setting keeps mt at 0 or 1: messages are stored by the modem, and announced."""
    assert [
        command for command in shipped.notify if not re.fullmatch(r"\+CNMI=[0-3],[01],0,[012](,[01])?", command)
    ] == []


def test_a_shipped_drivers_commands_are_without_at(shipped: Profile) -> None:
    """Commands are written without AT and without blanks around them."""
    commands = (
        *(*shipped.first, *shipped.init, *shipped.optional, *shipped.notify, *shipped.iccid, *shipped.reset),
        *(shipped.radio_off, shipped.radio_on, shipped.power_off, shipped.pin_tries, shipped.link_hold),
    )
    assert [command for command in commands if command != command.strip() or command.upper().startswith("AT")] == []


def test_a_shipped_drivers_notices_end_no_command(shipped: Profile) -> None:
    """No line that ends a command, or brings a message, begins as a notice that is ignored or means a restart."""
    for line in (
        "OK",
        "ERROR",
        "+CMS ERROR: 500",
        "+CME ERROR: 14",
        "+CMGS: 1",
        '+CMTI: "SM",1',
        "+CDS: 26",
        "+CUSD: 0",
    ):
        assert not line.startswith(shipped.notices)


def test_a_shipped_drivers_times_fit_each_other(shipped: Profile) -> None:
    """A refusal is ambiguous before the answer is overdue, and an answer is waited for longer than any other reply."""
    assert 0 < shipped.command_timeout_s <= 60
    assert 0 < shipped.prompt_timeout_s <= 60
    assert shipped.refusal_window_s < shipped.send_timeout_s
    assert shipped.command_timeout_s < shipped.send_timeout_s <= 180


def test_a_shipped_family_fits_somebody(shipped: Profile) -> None:
    """Every family but generic says which modems are its own; generic is for the others."""
    assert bool(shipped.model) == (shipped.name != profiles.GENERIC)


def test_a_shipped_driver_can_be_reset(shipped: Profile) -> None:
    """There is a way to restart it; and what turns the radio off is undone by what turns it on."""
    assert shipped.reset
    assert bool(shipped.radio_off) == bool(shipped.radio_on)


def test_a_shipped_driver_tells_no_restart_by_what_is_ignored(shipped: Profile) -> None:
    """A sign of a restart or of readiness is not among what means nothing."""
    signs = (*shipped.restart, *shipped.ready, *shipped.full)
    assert [sign for sign in signs if shipped.ignore and sign.startswith(shipped.ignore)] == []


def test_a_shipped_driver_read_again_is_the_same(shipped: Profile, tmp_path: Path) -> None:
    """What `modemd drivers show` prints is a driver file that says the same without generic.toml's help."""
    (tmp_path / "generic.toml").write_text("[source]\nunverified = true\n", encoding="utf-8")
    name = shipped.name if shipped.name != profiles.GENERIC else "other"
    (tmp_path / f"{name}.toml").write_text(as_toml(shipped), encoding="utf-8")
    again = Profiles.load([tmp_path]).find_by_name(name)
    assert replace(again, name=shipped.name, path=shipped.path) == shipped


def test_shipped_files_say_where_their_facts_are_from() -> None:
    """Each file names its source, verified by a capture or not."""
    assert [profile.name for profile in ALL if not profile.source] == []


@pytest.mark.parametrize(
    ("manufacturer", "model", "name"),
    [
        ("huawei", "E3372", "huawei_e3372"),
        ("Huawei Technologies Co., Ltd.", "E3531", "huawei_e3372"),
        ("huawei", "E173", "huawei_e173"),
        ("huawei", "E1752", "huawei_e173"),
        ("huawei", "K3765", "huawei_e173"),
        ("huawei", "ME909s-120", "huawei_me909"),
        ("ZTE INCORPORATED", "MF190", "zte"),
        ("ZTE CORPORATION", "K3565-Z", "zte"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "sim800"),
        ("SIMCOM_Ltd", "SIMCOM_SIM900", "sim800"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom_sim7600"),
        ("INCORPORATED", "A7670E-FASE", "simcom_a76"),
        ("Quectel", "EC25", "quectel_ec2x"),
        ("Quectel_Ltd", "Quectel_M95", "quectel_m95"),
        ("u-blox", "SARA-U201", "ublox"),
        ("Telit", "LE910-EU V2", "telit"),
        ("Sierra Wireless, Incorporated", "MC7455", "sierra_mc"),
        ("Sierra Wireless", "SL8084T", "sierra_sl"),
        ("Cinterion", "BGS5", "cinterion"),
        ("SIEMENS", "TC35i", "cinterion"),
        ("WAVECOM MODEM", "MULTIBAND  900E  1800", "wavecom"),
        ("Nokia", "3310", "generic"),
        ("", "", "generic"),
    ],
)
def test_known_modems_find_their_shipped_family(manufacturer: str, model: str, name: str) -> None:
    """What these modems answer to +CGMI and +CGMM leads to their file."""
    assert ALL.match(manufacturer, model).name == name


def test_the_readme_documents_every_key_once() -> None:
    """drivers/README.md has one line for each key of each section, and no other; so for the quirks and error classes."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    documented: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if heading := re.fullmatch(r"#+ (?:`\[(\w+)\]`.*|(.*))", line):
            section = heading[1] or heading[2]
        elif row := re.match(r"\| `([^`]+)` \|", line):
            documented.setdefault(section, []).append(row[1])
    sections = {name or "At the top": list(keys) for name, keys in profiles.SECTIONS.items()}
    assert documented == sections | {
        "Quirks": [*Quirk],
        "errors": [*ERROR_CLASSES],
        "USB devices: usb.toml": [*usb.KEYS],
        "Kinds of USB devices": [*usb.KINDS],
    }
    known = {field.name for field in fields(Profile)} - {"name", "path", "errors"}
    assert known == {key for keys in sections.values() for key in keys}
