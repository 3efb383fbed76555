"""`modemd record` and `modemd emulate --capture`: from a port into a file, and from the file into a lab."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modemd.emulator.capture.capture import Capture
from modemd.emulator.lab import server
from modemd.emulator.lab.lab import LabOptions
from modemd.emulator.testing import Modem, Network
from tests.cli.shell import Modemd


@pytest.fixture
def stick() -> Iterator[Modem]:
    """A modem on a pty, served by a thread."""
    with Network() as network:
        yield network.modem(number="+447700900101", family="huawei_e3372")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[LabOptions]:
    """What was to be served; nothing runs."""
    seen: list[LabOptions] = []

    async def serve(options: LabOptions, *_: object, **__: object) -> None:
        seen.append(options)

    monkeypatch.setattr(server, "serve", serve)
    return seen


def test_a_modem_is_recorded_and_played(modemd: Modemd, tmp_path: Path, stick: Modem, served: list[LabOptions]) -> None:
    """What `record` writes is what `emulate --capture` plays, under the identities that stand in it."""
    path = tmp_path / "stick.capture"
    ended = modemd("record", "--port", stick.port, "--out", str(path))
    assert (ended.status, ended.out) == (0, "")
    assert ended.err.splitlines()[-1] == f"{stick.port}: written to {path}; read the file before you give it to others"
    capture = Capture.load(path)
    assert b"".join(said.octets for said in capture.answers["+CGMI"][0]) == b"\r\nhuawei\r\n\r\nOK\r\n"
    assert modemd("emulate", "--dir", str(tmp_path / "lab"), "--capture", str(path)).status == 0
    (plan,) = served[0].plans()
    assert (plan.family, plan.capture, plan.sim.number) == ("generic", capture, "+440000000001")
    assert plan.imei is not None
    assert plan.imei[:5] == stick.imei[:5]
    assert plan.imei != stick.imei
    assert plan.sim.iccid is not None
    assert len(plan.sim.iccid) == len(stick.iccid)
    assert plan.sim.imsi is not None
    assert plan.sim.imsi[:5] == stick.imsi[:5]


def test_the_number_can_be_chosen(modemd: Modemd, tmp_path: Path, served: list[LabOptions]) -> None:
    """Where the captured SIM told no number, or another is wanted."""
    path = tmp_path / "stick.capture"
    path.write_text("modemd-capture 1\n0 > AT\\r\n0 < \\r\\nOK\\r\\n\n", encoding="ascii")
    for given, number in (((), "+33700000001"), (("--numbers", "+33700000009"), "+33700000009")):
        assert modemd("emulate", "--dir", str(tmp_path), "--capture", str(path), *given).status == 0
        assert served[-1].plans()[0].sim.number == number


def test_a_recording_goes_to_standard_output(modemd: Modemd, stick: Modem) -> None:
    """Without --out; what a person should know is on standard error."""
    ended = modemd("record", "--port", stick.port, "--listen", "0.1")
    assert ended.status == 0
    assert ended.out.startswith("modemd-capture 1\n# huawei E3372 ")
    assert Capture.read(ended.out).answers


def test_a_busy_port_is_one_line(modemd: Modemd, stick: Modem) -> None:
    """The daemon, or whoever has the port, keeps it."""
    port = os.open(stick.port, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
        ended = modemd("record", "--port", stick.port)
    finally:
        os.close(port)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        f"modemd: {stick.port}: another program has it open; see `fuser`, and keep ModemManager off this port\n"
    )


def test_a_missing_port_is_one_line(modemd: Modemd, tmp_path: Path) -> None:
    """As anything that cannot be opened."""
    ended = modemd("record", "--port", str(tmp_path / "none"))
    assert (ended.status, ended.err) == (1, f"modemd: {tmp_path}/none: No such file or directory\n")


def test_a_file_that_cannot_be_written_is_reported_before_the_modem_is_asked(modemd: Modemd, tmp_path: Path) -> None:
    """The folder is looked at first."""
    out = tmp_path / "none" / "stick.capture"
    ended = modemd("record", "--port", "/dev/null", "--out", str(out))
    assert (ended.status, ended.err) == (1, f"modemd: {out}: the folder does not exist\n")


def test_a_wrong_capture_is_reported_with_its_line(modemd: Modemd, tmp_path: Path, served: list[LabOptions]) -> None:
    """Status 2, and nothing is served."""
    path = tmp_path / "stick.capture"
    path.write_text("modemd-capture 1\n0 < OK\n", encoding="ascii")
    ended = modemd("emulate", "--dir", str(tmp_path), "--capture", str(path))
    assert (ended.status, ended.err) == (2, f"modemd: {path}: line 2: an answer (<) before any command (>)\n")
    assert served == []


@pytest.mark.parametrize("option", [("--modems", "2"), ("--families", "sim800"), ("--scenario", "stop")])
def test_options_that_a_capture_says_itself_are_refused(
    modemd: Modemd, tmp_path: Path, option: tuple[str, str], served: list[LabOptions]
) -> None:
    """It is one modem, as it was."""
    ended = modemd("emulate", "--dir", str(tmp_path), "--capture", "stick.capture", *option)
    assert ended.status == 2
    assert "cannot be used with --" in ended.err
    assert option[0] in ended.err
    assert served == []
