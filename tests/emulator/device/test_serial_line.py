"""The device's end of the line."""

from __future__ import annotations

import pytest

from modemd.emulator.device.serial_line import MAX_ENTRY_LENGTH, MAX_LINE_LENGTH, MAX_PENDING_INPUT
from tests.emulator.bench import ALICE, HELLO, Bench


def test_echo_is_on_until_it_is_switched_off() -> None:
    """A fresh device says back what is typed, before it answers."""
    host = Bench().host
    assert host.say(b"AT\r") == b"AT\r\r\nOK\r\n"
    assert host.say(b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    assert host.say(b"AT\r") == b"\r\nOK\r\n"


def test_a_half_typed_line_is_echoed_and_waits(bench: Bench) -> None:
    """A partial line is echoed as it comes and answered when its CR does."""
    bench.host.ask("ATE1")
    assert bench.host.say(b"AT+C") == b"AT+C"
    assert bench.host.say(b"SQ\r") == b"SQ\r\r\n+CSQ: 17,99\r\n\r\nOK\r\n"


DIALOGUE = b"\r\nATE0V1\r\x1b\rAT+CSQ;+CREG?\rAT+NONSENSE\rAT+CMGF=0\rAT+CMGS=18\r" + HELLO.encode() + b"\x1aAT\rA/"


def _hold(cuts: list[bytes]) -> bytes:
    bench = Bench()
    for piece in cuts:
        bench.host.port.write(piece)
        bench.timers.run()
    return bench.host.hear(10.0)


def test_octets_may_come_in_any_pieces() -> None:
    """A dialogue cut anywhere, or into single octets, gets the same answer as one written whole."""
    whole = _hold([DIALOGUE])
    assert whole.endswith(b"OK\r\n\r\nOK\r\n")
    assert b"+CMGS: " in whole
    assert _hold([DIALOGUE[at : at + 1] for at in range(len(DIALOGUE))]) == whole
    for at in range(1, len(DIALOGUE), 7):
        assert _hold([DIALOGUE[:at], DIALOGUE[at:]]) == whole


@pytest.mark.parametrize(
    ("settings", "typed", "answer"),
    [
        pytest.param("AT+CSQ", b"A/", b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n", id="A/ repeats the last line"),
        pytest.param("AT+CSQ", b"a/A/", b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n" * 2, id="and again"),
        pytest.param("ATV0", b"AT\r", b"0\r", id="numeric OK"),
        pytest.param("ATV0", b"AT+NONSENSE\r", b"4\r", id="numeric ERROR"),
        pytest.param("ATV0", b"AT+CSQ\r", b"+CSQ: 17,99\r\n0\r", id="numeric, with information"),
        pytest.param("ATQ1", b"AT+CSQ\r", b"\r\n+CSQ: 17,99\r\n", id="quiet: information, no result"),
        pytest.param("AT", b"at+csq\r", b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n", id="lower case"),
        pytest.param("AT", b"\x1b\r\n\r", b"", id="ESC and empty lines are passed over"),
        pytest.param("AT", b"noise\xff\x00AT\r", b"\r\nOK\r\n", id="noise before AT is passed over"),
        pytest.param("AT", b"ATX\x08+CSQ\x08\x08\x08\r", b"\r\nERROR\r\n", id="backspace takes back"),
        pytest.param("AT", b"AT+CSX\x08Q\r", b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n", id="backspace inside a name"),
        pytest.param("AT", b"AT+NONSENSE;+CSQ\r", b"\r\nERROR\r\n", id="an error ends the line"),
        pytest.param(
            "AT", b"AT+CSQ;+NONSENSE\r", b"\r\n+CSQ: 17,99\r\n\r\nERROR\r\n", id="what came before it is said"
        ),
        pytest.param("AT", b"ATE0;+CSQ\r", b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n", id="basic and extended in a line"),
        pytest.param("AT+CMEE=0", b'AT+COPS=1,2,"00000"\r', b"\r\nERROR\r\n", id="CMEE 0"),
        pytest.param("AT+CMEE=1", b'AT+COPS=1,2,"00000"\r', b"\r\n+CME ERROR: 30\r\n", id="CMEE 1"),
        pytest.param("AT+CMEE=2", b'AT+COPS=1,2,"00000"\r', b"\r\n+CME ERROR: no network service\r\n", id="CMEE 2"),
        pytest.param("AT+CMEE=1", b"AT+CMEE=x\r", b"\r\n+CME ERROR: 50\r\n", id="not a number"),
    ],
)
def test_answers_are_framed_as_set(bench: Bench, settings: str, typed: bytes, answer: bytes) -> None:
    """Results are framed as ATV, ATQ and +CMEE ask for."""
    bench.host.say(settings.encode() + b"\r")
    assert bench.host.say(typed) == answer


def test_what_is_typed_while_busy_waits_its_turn(bench: Bench) -> None:
    """A command typed during a send is answered after it."""
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    assert bench.host.say(HELLO.encode() + b"\x1aAT\r", 1.0) == b""
    assert bench.host.hear(9.0).endswith(b"\r\n+CMGS: %d\r\n\r\nOK\r\n\r\nOK\r\n" % bench.references[0])


def test_notices_wait_while_a_pdu_is_typed(bench: Bench) -> None:
    """A message that comes while an entry is open is told of after it."""
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    assert bench.host.hear(5.0) == b""
    assert bench.host.say(HELLO.encode() + b"\x1a") == b'\r\n+CMTI: "SM",1\r\n'


def test_a_notice_can_be_put_anywhere(bench: Bench) -> None:
    """notice() speaks at that very moment: between a command and its prompt, and right after the prompt."""
    bench.host.port.write(b"AT+CMGS=18\r")
    bench.timers.run()
    bench.device.notice("^RSSI:14")
    assert bench.host.hear(1.0) == b"\r\n^RSSI:14\r\n\r\n> "
    bench.device.notice("^RSSI:15")
    assert bench.host.hear() == b"\r\n^RSSI:15\r\n"
    assert bench.host.say(HELLO.encode() + b"\x1a", 10.0).endswith(b"\r\nOK\r\n")


def test_a_prompt_outlives_the_host_that_asked_for_it(bench: Bench) -> None:
    """A host that dies in the middle of a PDU leaves the device at its prompt; the next one's ESC ends that."""
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    bench.host.say(HELLO[:10].encode())
    bench.host.port.close()
    bench.host.open()
    assert bench.host.say(b"AT\r") == b""
    assert bench.host.say(b"\x1b\r") == b"\r\nOK\r\n"
    assert bench.host.ask("AT") == "OK"
    bench.timers.run(60.0)
    assert len(bench.network.journal) == 0


@pytest.mark.parametrize("opening", [pytest.param(b"", id="a line"), pytest.param(b"AT+CMGS=18\r", id="an entry")])
def test_what_never_ends_is_not_kept(bench: Bench, opening: bytes) -> None:
    """A megabyte without an end costs no more than the buffer, and the device works on after it."""
    bench.host.say(b"ATE0\r" + opening, 1.0)
    bench.host.say(b"7" * 1_000_000)
    assert bench.device.host.pending <= MAX_LINE_LENGTH + MAX_ENTRY_LENGTH
    bench.host.say(b"\x1b\r")
    assert bench.host.ask("AT") == "OK"


def test_what_is_typed_while_busy_is_kept_within_bounds(bench: Bench) -> None:
    """A megabyte typed during a send costs no more than the buffer; what was typed first is read first."""
    bench.device.send_latency_s = 60.0
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    bench.host.say(HELLO.encode() + b"\x1aAT+CSQ\r")
    for _ in range(16):
        bench.host.say(b"\r" * 65536)
    assert bench.device.host.pending <= MAX_PENDING_INPUT
    assert bench.host.hear(60.0).endswith(b"OK\r\n\r\n+CSQ: 17,99\r\n\r\nOK\r\n")


def test_the_line_ends_are_what_the_registers_say(bench: Bench) -> None:
    """S3 ends a command line and stands in answers from its own OK on, S4 after it; S5 takes back. &F undoes it."""
    assert bench.host.say(b"ATS3=33\r") == b"!\nOK!\n"
    assert bench.host.say(b"AT+CSQ!") == b"!\n+CSQ: 17,99!\n!\nOK!\n"
    assert bench.host.say(b"ATS4=36;S5=35!") == b"!$OK!$"
    assert bench.host.say(b"ATX#+CSX!") == b"!$ERROR!$"
    assert bench.host.say(b"AT+CSX#Q!") == b"!$+CSQ: 17,99!$!$OK!$"
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    assert bench.host.hear(5.0) == b'!$+CMTI: "SM",1!$'
    assert bench.host.say(b"AT+CMGS=18!", 1.0) == b"!$> "
    assert bench.host.say(b"\x1b") == b"!$OK!$"
    assert bench.host.say(b"AT&F!") == b"\r\nOK\r\n"


@pytest.mark.parametrize("register", ["S3=128", "S4=200", "S5=255", "S0=256"])
def test_a_register_has_its_bounds(bench: Bench, register: str) -> None:
    """V.250 6.2: 0 to 127 for the characters, 0 to 255 for the rings."""
    assert bench.host.ask(f"AT{register}") == "ERROR"


def test_output_without_a_host_is_dropped(bench: Bench) -> None:
    """As on USB: who opens the port later hears nothing of it."""
    bench.host.port.close()
    bench.device.notice("^RSSI:9")
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    bench.timers.run(60.0)
    bench.host.open()
    assert bench.host.hear(60.0) == b""
    assert bench.host.ask("AT+CPMS?").startswith('+CPMS: "SM",1,')


@pytest.mark.parametrize(
    ("ending", "answer"),
    [
        pytest.param(b"\x1b", b"\r\nOK\r\n", id="ESC: nothing is sent, and OK"),
        pytest.param(b"\x1bAT\r", b"\r\nOK\r\n\r\nOK\r\n", id="ESC, and a command at once"),
        pytest.param(b"\x1a", b"\r\n+CMS ERROR: 304\r\n", id="Ctrl-Z too early: not the length that was told"),
    ],
)
def test_how_an_entry_ends(bench: Bench, ending: bytes, answer: bytes) -> None:
    """ESC cancels, Ctrl-Z means it; half a PDU is accepted by neither."""
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    assert bench.host.say(HELLO[:20].encode() + ending, 10.0) == answer
    assert len(bench.network.journal) == 0


def test_there_is_nothing_to_repeat_after_a_restart(bench: Bench) -> None:
    """A/ knows no line of before; V.250 has it repeat an empty one, which is OK."""
    bench.host.ask("AT+CSQ")
    bench.device.restart()
    bench.timers.run(60.0)
    bench.host.open()
    bench.host.hear()
    assert bench.host.say(b"A/") == b"A/\r\nOK\r\n"


def test_pointing_at_a_register_changes_nothing(bench: Bench) -> None:
    """ATS3 without `=` or `?` is no setting (V.250 5.3.2)."""
    assert bench.host.ask("ATS3") == "OK"
    assert bench.host.ask("ATS3?") == "013\r\nOK"
