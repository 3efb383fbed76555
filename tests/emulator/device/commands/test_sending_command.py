"""`+CMGC`: asking after a message at the service centre, and deleting it there."""

from __future__ import annotations

import pytest

from modemd.pdu import Address, Command, CommandType, StatusReport, frame, unframe
from tests.emulator.bench import ALICE, HELLO, HELLO_WORLD, Bench


def _command(bench: Bench, kind: int, reference: int, *, report: bool = True) -> str:
    tpdu = Command(Address.parse(ALICE), kind, reference, report_requested=report).encode()
    assert bench.host.say(b"AT+CMGC=%d\r" % len(tpdu), 1.0) == b"\r\n> "
    typed = frame(tpdu).hex().upper().encode() + b"\x1a"
    return bench.host.say(typed, 3.0).decode().strip("\r\n").replace("\r\n\r\n", "\r\n")


def _reports(heard: bytes) -> list[tuple[int, int]]:
    lines = [line for line in heard.decode().split("\r\n") if line and not line.startswith("+CDS")]
    reports = [StatusReport.decode(unframe(bytes.fromhex(line))[1]) for line in lines]
    return [(report.reference, report.status) for report in reports]


@pytest.fixture
def held(bench: Bench) -> Bench:
    """A bench whose message, sent with a report asked for, waits for a phone that is off."""
    bench.host.ask("AT+CNMI=2,1,0,1,0")
    bench.device.reference = 7
    bench.network.phone(ALICE).switch_off()
    bench.host.send(HELLO_WORLD)
    return bench


def test_deleting_a_message_that_waits(held: Bench) -> None:
    """It never arrives, and its report says that its sender deleted it."""
    assert _command(held, CommandType.DELETE, 7) == "+CMGC: 8\r\nOK"
    assert _reports(held.host.hear(5.0)) == [(7, 0x47)]
    held.network.phone(ALICE).switch_on()
    held.host.hear(60.0)
    assert held.inbox() == []


def test_asking_after_a_message(held: Bench) -> None:
    """One that waits is reported as buffered under the command's reference; one that is gone as not there."""
    _command(held, CommandType.ENQUIRE, 7)
    assert _reports(held.host.hear(5.0)) == [(8, 0x30)]
    _command(held, CommandType.ENQUIRE, 6)
    assert _reports(held.host.hear(5.0)) == [(9, 0x49)]
    _command(held, CommandType.ENQUIRE, 6, report=False)
    assert _reports(held.host.hear(5.0)) == []


@pytest.mark.parametrize(
    ("wish", "reports"), [(CommandType.CANCEL_REPORT, []), (CommandType.REQUEST_REPORT, [(7, 0x00)])]
)
def test_a_report_can_be_taken_back_and_asked_for(
    held: Bench, wish: CommandType, reports: list[tuple[int, int]]
) -> None:
    """After the command the report is owed or not, and the message arrives all the same."""
    if wish is CommandType.REQUEST_REPORT:
        _command(held, CommandType.CANCEL_REPORT, 7)
    _command(held, wish, 7)
    held.network.phone(ALICE).switch_on()
    assert _reports(held.host.hear(10.0)) == reports
    assert held.inbox() == ["Hello world"]


def test_what_the_service_centre_does_not_know(held: Bench) -> None:
    """A command type without a name is refused, 176; a SUBMIT is no command, and a command no SUBMIT."""
    assert _command(held, 0x20, 7) == "+CMS ERROR: 176"
    held.host.say(b"AT+CMGC=18\r", 1.0)
    assert held.host.say(HELLO.encode() + b"\x1a", 5.0) == b"\r\n+CMS ERROR: 304\r\n"
    tpdu = Command(Address.parse(ALICE), CommandType.ENQUIRE, 7).encode()
    assert held.host.send(frame(tpdu).hex().upper()) == "+CMS ERROR: 161"
