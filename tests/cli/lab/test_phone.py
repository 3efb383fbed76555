"""`modemd phone`: letters of every kind from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.emulator.lab.lab import Lab
from tests.cli.shell import Modemd

SIM = "+33700000001"


@pytest.mark.parametrize(
    ("arguments", "octets"),
    [
        pytest.param(("Hi",), "0000", id="text"),
        pytest.param(("Hi", "--flash"), "0010", id="flash"),
        pytest.param(("Hi", "--class", "2"), "0012", id="class"),
        pytest.param(("Hi", "--silent"), "4000", id="silent"),
        pytest.param(("Hi", "--replace", "3"), "4300", id="replacing"),
        pytest.param(("--binary", "0102"), "0004", id="binary"),
        pytest.param(("--binary", "0102", "--ports", "2948:9200"), "0004", id="to a port"),
        pytest.param(("--mms", "http://mmsc/x1"), "0004", id="mms"),
        pytest.param(("--voicemail", "0"), "00C0", id="no voicemail"),
        pytest.param(("3 new", "--voicemail", "3"), "00D8", id="voicemail with text"),
        pytest.param(("--raw", "040C914477009400657FF69999999999999900"), "7FF6", id="raw"),
    ],
)
def test_every_kind_of_message_can_be_sent(modemd: Modemd, lab: Lab, arguments: tuple[str, ...], octets: str) -> None:
    """What arrives on the SIM has the TP-PID and TP-DCS of its kind; what was done is said."""
    ended = modemd("phone", "--dir", str(lab.directory), "+447700900456", "send", SIM, *arguments)
    assert (ended.status, ended.out) == (0, f"sent from +447700900456 to {SIM}\n")
    ended = modemd("phone", "--dir", str(lab.directory), "MyBank", "send", SIM, "a moment later")
    assert (ended.status, ended.out) == (0, f"sent from MyBank to {SIM}\n")
    first = next(iter(lab.modems["modem0"].sim.memory))[1]
    assert first.tpdu[9:11].hex().upper() == octets


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param((), "one of text, binary, mms, voicemail, raw is needed, 0 are there", id="nothing"),
        pytest.param(
            ("Hi", "--raw", "01"), "one of text, binary, mms, voicemail, raw is needed, 2 are there", id="two"
        ),
        pytest.param(("Hi", "--ports", "1:2"), "ports goes without text", id="ports of a text"),
        pytest.param(("--raw", "0"), "raw: '0' does not match", id="half an octet"),
        pytest.param(("--binary", "00", "--ports", "x:y"), "ports[0]: 'x' should be a valid integer", id="no ports"),
        pytest.param(("--raw", "01", "--flash"), "class goes without raw", id="flash that is raw"),
        pytest.param(
            ("Hi", "--flash", "--class", "0"),
            "modemd phone NUMBER send: --flash is --class 0: give only one of the two",
            id="both",
        ),
    ],
)
def test_messages_that_make_no_sense_are_refused(
    modemd: Modemd, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    """Before any emulator is asked; the status is 2."""
    ended = modemd("phone", "--dir", str(tmp_path), "+447700900456", "send", SIM, *arguments)
    assert ended.status == 2
    assert ended.err.startswith(f"modemd: {told}")


def test_a_phone_calls_and_hangs_up(modemd: Modemd, lab: Lab) -> None:
    """The call rings the SIM's modem; who called and how it ended is listed."""
    phone = ("phone", "--dir", str(lab.directory), "+447700900456")
    assert modemd(*phone, "calls").out == "no calls\n"
    ended = modemd(*phone, "call", SIM)
    assert (ended.status, ended.out) == (0, f"call from +447700900456 to {SIM}: ringing\n")
    (call,) = lab.network.phone("+447700900456").calls
    assert call.open
    assert modemd(*phone, "hangup").out == "+447700900456 hung up\n"
    assert call.ended_by is call.caller
    assert modemd(*phone, "call", SIM, "--for", "0").status == 0
    rows = json.loads(modemd(*phone, "calls", "--json").out)
    assert [row["state"] for row in rows] == ["hung_up", "hung_up"]
