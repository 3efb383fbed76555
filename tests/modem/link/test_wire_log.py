"""The wire log: the last lines, in order, with nothing in them that is personal."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.wire_log import ENTRIES, LINES, LONGEST_ENTRY, WireLog
from tests.modem.scripted_port import script, simulated

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUBMIT = "0001000C91447700091032000005C8329BFD06"
DELIVER = "07914477090091F0040C914477000910320000621122211400400441E19058"


def shown(*said: tuple[str, bytes], wire: WireLog | None = None) -> list[str]:
    wire = wire or WireLog()
    for way, octets in said:
        (wire.note_written if way == ">" else wire.note_read)(0.0, octets)
    return [str(line) for line in wire.list_lines(NOON, 0.0)]


@simulated
async def test_a_dialogue_is_noted_both_ways() -> None:
    """What was asked, what was answered, and a notice, oldest first."""
    with script(">> AT+CSQ \n << +CSQ: 17,99 | OK \n << ^RSSI:14") as port:
        wire = WireLog()
        await Dialogue(port, wire).run_command("+CSQ")
    assert [str(line) for line in wire.list_lines(NOON, 0.0)] == ["> AT+CSQ", "< +CSQ: 17,99", "< OK", "< ^RSSI:14"]


def test_lines_have_the_time_of_the_wall() -> None:
    """The loop's time is told in wall time, by the moment at which both are known."""
    wire = WireLog()
    wire.note_written(100.0, b"AT\r")
    wire.note_read(100.5, b"\r\nOK\r\n")
    assert [line.at for line in wire.list_lines(NOON, 110.0)] == [
        NOON - timedelta(seconds=10),
        NOON - timedelta(seconds=9.5),
    ]


def test_only_the_last_is_kept() -> None:
    """Neither a flood of lines nor noise without any line end makes it grow."""
    wire = WireLog()
    for number in range(10_000):
        wire.note_read(0.0, f"\r\n^RSSI:{number}\r\n".encode())
    lines = wire.list_lines(NOON, 0.0)
    assert len(lines) == LINES
    assert str(lines[-1]) == "< ^RSSI:9999"
    for _ in range(10_000):
        wire.note_read(0.0, b"\x00\x80" * 500)
    assert sum(len(entry.octets) for entry in wire._entries) <= ENTRIES * LONGEST_ENTRY


def test_octets_one_by_one_are_lines_all_the_same() -> None:
    """A slow line does not use up the ring."""
    answer = b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n"
    assert shown(*(("<", answer[at : at + 1]) for at in range(len(answer)))) == ["< +CSQ: 17,99", "< OK"]


SECRETS = [
    pytest.param('AT+CPIN="1234"', id="PIN"),
    pytest.param('AT+CPIN="12345678","9876"', id="PUK"),
    pytest.param('at+cpwd="SC","1234","9876"', id="new PIN"),
    pytest.param('AT+CLCK="SC",1,"1234"', id="lock"),
    pytest.param('AT^CPIN="1234"', id="Huawei"),
]


@pytest.mark.parametrize("command", SECRETS)
@pytest.mark.parametrize("step", [1, 3, 1000], ids=["one by one", "in threes", "whole"])
def test_a_pin_is_never_in_memory(command: str, step: int) -> None:
    """Neither the command nor its echo is kept with digits, in whatever pieces the echo comes; the answer is."""
    wire = WireLog()
    wire.note_written(0.0, f"{command}\r".encode())
    echo = f"{command}\r\r\n+CME ERROR: 16\r\n".encode()
    for at in range(0, len(echo), step):
        wire.note_read(0.0, echo[at : at + step])
    kept = b"".join(entry.octets for entry in wire._entries) + wire._unfinished
    assert not any(pin in kept for pin in (b"1234", b"9876", b"34", b"12"))
    assert "< +CME ERROR: 16" in shown(wire=wire)
    wire.note_written(0.0, b"AT\r")
    wire.note_read(0.0, b"\r\n+CMTI: 4711\r\n")
    assert shown(wire=wire)[-1] == "< +CMTI: 4711"


def test_half_an_echo_is_kept_without_its_pin() -> None:
    """An echo that was cut off is noted with the next command."""
    wire = WireLog()
    wire.note_written(0.0, b'AT+CPIN="1234"\r')
    wire.note_read(0.0, b'AT+CPIN="1234')
    wire.note_written(0.0, b"\x1b\r")
    assert shown(wire=wire) == ['> AT+CPIN="****"', '< AT+CPIN="*', "> ESC"]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        pytest.param((">", SUBMIT.encode() + b"\x1a"), "> (SUBMIT of 18 octets)", id="PDU out"),
        pytest.param(("<", f"\r\n+CMT: ,24\r\n{DELIVER}\r\n".encode()), "< (DELIVER of 23 octets)", id="PDU in"),
        pytest.param(("<", f"\r\n{DELIVER[9:]}\r\n".encode()), "< (26 octets in hex)", id="torn PDU"),
        pytest.param(("<", f"\r\n{DELIVER}\xff\r\n".encode("latin-1")), "< (31 octets in hex)ÿ", id="PDU with noise"),
        pytest.param((">", b'AT+CUSD=1,"*123*4711#",15\r'), '> AT+CUSD=1,"*xxx*xxxx#",15', id="USSD out"),
        pytest.param(("<", b'\r\n+CUSD: 0,"Balance 12.50",15\r\n'), '< +CUSD: 0,"xxxxxxx xx.xx",15', id="USSD in"),
        pytest.param((">", b'AT+CSCA="+33612345678",145\r'), '> AT+CSCA="+33000000001",145', id="number out"),
        pytest.param(("<", b'\r\n+CSCA: "+33612345678",145\r\n'), '< +CSCA: "+33000000001",145', id="number in"),
        pytest.param(("<", b"\r\n351234050000017\r\n"), "< 351230000000016", id="IMEI"),
        pytest.param(("<", b'\r\n+CLIP: "0612345678",129\r\n'), '< +CLIP: "0600000001",129', id="caller"),
        pytest.param(("<", b"\r\n\x07bell\r\n"), "< \\x07bell", id="control"),
    ],
)
def test_what_is_personal_is_not_shown(said: tuple[str, bytes], line: str) -> None:
    """Numbers and identities have stand-ins, texts are x, PDUs are told by kind and length, controls do nothing."""
    assert shown(said)[-1] == line


def test_a_number_has_the_same_stand_in_in_both_directions() -> None:
    """So that an answer can be told to belong to its question."""
    found = shown((">", b'AT+CSCA="+33612345678"\r'), ("<", b'\r\n+CSCA: "+33612345678",145\r\n'))
    assert found == ['> AT+CSCA="+33000000001"', '< +CSCA: "+33000000001",145']


def test_software_versions_stay_readable() -> None:
    """The answer to ATI and its kin is what one looks for; an IMEI within it is masked all the same."""
    found = shown((">", b"ATI\r"), ("<", b"\r\nRevision: 21180010059\r\nIMEI: 351234050000017\r\n"))
    assert found[1:] == ["< Revision: 21180010059", "< IMEI: 351230000000016"]


@pytest.mark.parametrize("cut", range(1, len(DELIVER) - 9))
def test_nothing_of_a_pdu_shows_wherever_the_ring_has_torn_it(cut: int) -> None:
    """The beginning of what is kept may be the end of a PDU: no more than four octets of one are ever shown."""
    (line,) = shown(("<", f"{DELIVER[cut:]}\r\n".encode()))
    assert DELIVER[cut:] not in line
    assert re.search("[0-9A-F]{10}", line) is None
