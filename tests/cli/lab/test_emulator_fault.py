"""`modemd fault`: what goes wrong on an emulated modem, from the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modemd.emulator.lab.lab import Lab
from modemd.emulator.lab.requests.faults import fault_kinds
from tests.cli.shell import Modemd


def test_a_fault_is_put_on_a_modem(modemd: Modemd, lab: Lab) -> None:
    """The kind and its values reach the modem; what was done is said."""
    device = lab.modems["modem0"].device
    ended = modemd("fault", "--dir", str(lab.directory), "modem0", "late_answer", "seconds=2.5")
    assert (ended.status, ended.out) == (0, "modem0: late_answer seconds=2.5\n")
    assert list(device.faults.answers_late) == [2.5]
    assert modemd("fault", "--dir", str(lab.directory), "modem0", "coverage", "state=2").status == 0
    assert device.registration == 2


def test_a_path_is_meant_from_here(modemd: Modemd, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path of a replug is that of the caller, wherever the emulator runs."""
    elsewhere = lab.directory / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for words in (("unplug",), ("replug", "path=here")):
        assert modemd("fault", "--dir", str(lab.directory), "modem0", *words).status == 0
    assert lab.modems["modem0"].link.path == elsewhere / "here"


def test_the_kinds_are_listed(modemd: Modemd) -> None:
    """`--list` needs nothing else; each kind is a line, with the values it wants and what it does."""
    ended = modemd("fault", "--list")
    assert (ended.status, ended.err) == (0, "")
    assert [line.split()[0] for line in ended.out.splitlines()] == list(fault_kinds())
    assert re.search(r"^deaf seconds= +bytes of the host are lost", ended.out, re.M)
    assert re.search(r"^stick_slot \[memory=\] index= +the slot", ended.out, re.M)


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        pytest.param(("gremlins",), ["kind 'gremlins' is not one of lose_answer, late_answer"], id="unknown kind"),
        pytest.param(("deaf",), ["seconds: is needed"], id="value missing"),
        pytest.param(
            ("deaf", "seconds=-1", "loud=yes"),
            ["seconds: '-1' should be greater than or equal to 0", "loud: no such key"],
            id="two mistakes",
        ),
        pytest.param(("deaf", "30"), ["modemd fault: '30' is not KEY=VALUE"], id="no key"),
    ],
)
def test_wrong_values_are_told(modemd: Modemd, tmp_path: Path, words: tuple[str, ...], lines: list[str]) -> None:
    """Every mistake has a line, before any emulator is asked; the status is 2."""
    ended = modemd("fault", "--dir", str(tmp_path), "modem0", *words)
    told = ended.err.splitlines()
    assert (ended.status, ended.out, len(told)) == (2, "", len(lines))
    assert all(line.startswith(f"modemd: {start}") for line, start in zip(told, lines, strict=True))


def test_an_unknown_modem_is_reported(modemd: Modemd, lab: Lab) -> None:
    """Which modems there are is said, and the status is 1."""
    ended = modemd("fault", "--dir", str(lab.directory), "modem9", "unplug")
    assert (ended.status, ended.err) == (1, "modemd: no modem 'modem9'; there are modem0\n")
