"""Text mode: what is typed as text arrives, and what arrives is shown as text (3GPP TS 27.005 clause 3)."""

from __future__ import annotations

import re

import pytest

from modemd.pdu import Submit
from tests.emulator.bench import ALICE, HELLO, SIM_NUMBER, Bench

UCS2_ALICE = ALICE.encode("utf-16-be").hex().upper()


@pytest.fixture
def text(bench: Bench) -> Bench:
    """The bench in text mode."""
    assert bench.host.ask("AT+CMGF=1") == "OK"
    return bench


def _send(bench: Bench, typed: bytes, to: str = f'"{ALICE}"') -> str:
    assert bench.host.say(f"AT+CMGS={to}\r".encode(), 1.0) == b"\r\n> "
    return bench.host.say(typed + b"\x1a", 10.0).decode()


def _submitted(bench: Bench) -> Submit:
    return Submit.decode(bench.network.journal.accepted[-1].tpdu)


def test_text_goes_out(text: Bench) -> None:
    """Number, prompt, text, Ctrl-Z: the phone has it, with the validity and the first octet of +CSMP."""
    answer = _send(text, b"Hello")
    assert answer.endswith(f"+CMGS: {text.references[0]}\r\n\r\nOK\r\n")
    assert text.inbox() == ["Hello"]
    assert text.network.journal.accepted[0].tpdu.hex().upper() == (
        f"11{text.references[0]:02X}0C9144770009103200" + "00A7" + "05C8329BFD06"
    )


@pytest.mark.parametrize(
    ("to", "number"),
    [
        (f'"{ALICE}"', ALICE),
        (f'"{ALICE}",145', ALICE),
        ('"447700900123",145', ALICE),
        ('"0612345678"', "+33612345678"),
        ('"12345",129', "12345"),
    ],
)
def test_numbers_by_their_type(text: Bench, to: str, number: str) -> None:
    """A plus sign or type 145 makes a number international; without, it is what the network makes of it."""
    _send(text, b"Hello", to)
    assert text.inbox(number) == ["Hello"]


@pytest.mark.parametrize(
    ("charset", "to", "typed", "arrives"),
    [
        pytest.param("IRA", ALICE, b"Hi @ _ [", "Hi @ _ [", id="IRA"),
        pytest.param("GSM", ALICE, b"Hi \x00 \x11 \x05", "Hi @ _ é", id="GSM"),
        pytest.param("UCS2", UCS2_ALICE, "Hé €".encode("utf-16-be").hex().encode(), "Hé €", id="UCS2"),
        pytest.param("UCS2", ALICE, "Hé".encode("utf-16-be").hex().encode(), "Hé", id="UCS2, plain number"),
        pytest.param("UCS2", UCS2_ALICE, "中".encode("utf-16-be").hex().encode(), "?", id="not in the alphabet"),
        pytest.param("HEX", ALICE, b"486900", "Hi@", id="HEX"),
    ],
)
def test_text_is_read_in_the_character_set_chosen(
    text: Bench, charset: str, to: str, typed: bytes, arrives: str
) -> None:
    """+CSCS says what the octets typed mean; what the default alphabet lacks becomes a question mark."""
    text.host.ask(f'AT+CSCS="{charset}"')
    _send(text, typed, f'"{to}"')
    assert text.inbox() == [arrives]


@pytest.mark.parametrize("charset", ["IRA", "GSM", "UCS2", "HEX"])
def test_ucs2_is_typed_as_hex_under_any_character_set(text: Bench, charset: str) -> None:
    """With TP-DCS 8 in +CSMP what is typed is the user data's octets."""
    text.host.ask(f'AT+CSCS="{charset}";+CSMP=17,167,0,8')
    _send(text, "Привет".encode("utf-16-be").hex().encode())
    assert text.inbox() == ["Привет"]


def test_a_header_is_typed_as_hex(text: Bench) -> None:
    """With TP-UDHI in +CSMP two parts typed with their headers arrive as one message."""
    text.host.ask("AT+CSMP=81,167,0,8")
    for sequence, part in enumerate(("Hello ", "world"), start=1):
        _send(text, f"0500037B02{sequence:02X}".encode() + part.encode("utf-16-be").hex().encode())
    assert text.inbox() == ["Hello world"]


def test_lines_are_prompted_for_and_backspace_takes_back(text: Bench) -> None:
    """CR inside a text brings another prompt and is part of it; BS takes back one character; LF after the command is not text."""
    text.host.say(f'AT+CMGS="{ALICE}"\r\n'.encode(), 1.0)
    assert text.host.say(b"onx\x08e\r") == b"\r\n> "
    assert text.host.say(b"two\x1a", 10.0).endswith(b"OK\r\n")
    assert text.inbox() == ["one\rtwo"]


def test_escape_sends_nothing(text: Bench) -> None:
    """ESC in the text ends it with OK."""
    text.host.say(f'AT+CMGS="{ALICE}"\r'.encode(), 1.0)
    assert text.host.say(b"Hel\x1b", 60.0) == b"\r\nOK\r\n"
    assert len(text.network.journal) == 0


@pytest.mark.parametrize(
    ("settings", "typed"),
    [
        pytest.param('+CSCS="GSM"', b"x" * 161, id="161 septets"),
        pytest.param("+CSMP=17,167,0,8", b"00" * 141, id="141 octets"),
        pytest.param("+CSMP=17,167,0,8", b"xyz", id="no hex"),
        pytest.param('+CSCS="UCS2"', b"004", id="half a character"),
        pytest.param('+CSCS="GSM"', b"\xe9", id="no septet"),
        pytest.param('+CSMP=25,"soon",0,0', b"Hello", id="no time"),
        pytest.param("+CSMP=9,167,0,0", b"Hello", id="a validity format text mode cannot say"),
    ],
)
def test_what_cannot_be_sent(text: Bench, settings: str, typed: bytes) -> None:
    """Too long, not in the form chosen: +CMS ERROR: 305, and nothing is accepted."""
    assert text.host.ask("AT" + settings) == "OK"
    assert "+CMS ERROR: 305" in _send(text, typed)
    assert len(text.network.journal) == 0


def test_a_validity_as_a_time(text: Bench) -> None:
    """With the first octet's absolute format, +CSMP takes a time, and the message carries it."""
    text.host.ask('AT+CSMP=25,"25/03/12,10:00:00+04",0,0')
    assert text.host.ask("AT+CSMP?") == '+CSMP: 25,"25/03/12,10:00:00+04",0,0\r\nOK'
    _send(text, b"Hello")
    assert str(_submitted(text).validity) == "until 2025-03-12T10:00:00+01:00"


@pytest.mark.parametrize(
    "command", ["AT+CMGS=18", 'AT+CMGS="hello there"', 'AT+CMGS="+"', "AT+CMGL=4", 'AT+CMGL="SOME"', "AT+CSMP=300,1"]
)
def test_what_text_mode_does_not_take(text: Bench, command: str) -> None:
    """A length without quotes, a number that is none, a status by its number: +CMS ERROR: 305."""
    answer = text.host.ask(command, 5.0)
    assert answer == "+CMS ERROR: 305"


def test_a_number_in_pdu_mode_is_no_length(bench: Bench) -> None:
    """The form of text mode gets +CMS ERROR: 304 in PDU mode, and no prompt."""
    assert bench.host.ask(f'AT+CMGS="{ALICE}"', 5.0) == "+CMS ERROR: 304"


def _written(bench: Bench, text: str = "Hi @") -> None:
    bench.network.phone(ALICE).send(SIM_NUMBER, text)
    bench.host.hear(5.0)


def test_messages_are_listed_and_read(text: Bench) -> None:
    """+CMGL and +CMGR show status, sender, time and text; reading marks as read; by status as in PDU mode."""
    _written(text)
    entry = f'"REC UNREAD","{ALICE}",,"25/03/11,09:15:00+00"\r\nHi @\r\nOK'
    assert text.host.ask('AT+CMGL="REC READ"') == "OK"
    assert text.host.ask("AT+CMGL") == f"+CMGL: 1,{entry}"
    assert text.host.ask('AT+CMGL="REC UNREAD"') == "OK"
    assert text.host.ask("AT+CMGR=1") == "+CMGR: " + entry.replace("UNREAD", "READ")
    assert text.host.ask('AT+CMGL="ALL"') == "+CMGL: 1," + entry.replace("UNREAD", "READ")


def test_headers_are_shown_where_asked(text: Bench) -> None:
    """+CSDH=1 adds types, first octet, TP-PID, TP-DCS, service centre and length."""
    _written(text)
    text.host.ask("AT+CSDH=1")
    assert text.host.ask("AT+CMGR=1") == (
        f'+CMGR: "REC UNREAD","{ALICE}",,"25/03/11,09:15:00+00",145,4,0,0,"+33609001390",145,4\r\nHi @\r\nOK'
    )
    assert text.host.ask('AT+CMGL="ALL"') == (
        f'+CMGL: 1,"REC READ","{ALICE}",,"25/03/11,09:15:00+00",145,4\r\nHi @\r\nOK'
    )


@pytest.mark.parametrize(
    ("charset", "sender", "shown"),
    [
        ("IRA", ALICE, "H? @"),
        ("GSM", ALICE, "H\x05 \x00"),
        ("HEX", b"+447700900123".hex().upper(), "48052000"),
        ("UCS2", UCS2_ALICE, "004800E900200040"),
    ],
)
def test_text_is_shown_in_the_character_set_chosen(text: Bench, charset: str, sender: str, shown: str) -> None:
    """Text and sender follow +CSCS."""
    _written(text, "Hé @")
    text.host.ask(f'AT+CSCS="{charset}"')
    answer = text.host.ask("AT+CMGR=1")
    assert answer == f'+CMGR: "REC UNREAD","{sender}",,"25/03/11,09:15:00+00"\r\n{shown}\r\nOK'


def test_ucs2_and_long_messages_are_shown_as_hex(text: Bench) -> None:
    """User data in UCS2, or with a header, is hex whatever the character set."""
    _written(text, "Привет")
    assert text.host.ask("AT+CMGR=1").split("\r\n")[1] == "Привет".encode("utf-16-be").hex().upper()
    _written(text, "x" * 200)
    assert text.host.ask("AT+CMGR=2").split("\r\n")[1].startswith("050003")


def test_a_routed_message_and_report(text: Bench) -> None:
    """+CMT and +CDS carry the fields of text mode."""
    text.host.ask("AT+CNMI=2,2,0,1,0;+CSMP=49,167,0,0")
    text.network.phone(ALICE).send(SIM_NUMBER, "Hi")
    assert text.host.hear(5.0) == f'\r\n+CMT: "{ALICE}",,"25/03/11,09:15:00+00"\r\nHi\r\n'.encode()
    text.host.say(f'AT+CMGS="{ALICE}"\r'.encode(), 1.0)
    text.host.say(b"Hello\x1a", 3.0)
    heard = text.host.hear(10.0).decode()
    moment = r'"25/03/11,09:15:\d\d\+00"'
    reference = text.references[0]
    assert re.search(rf'\r\n\+CDS: 6,{reference},"\{ALICE}",145,{moment},{moment},0\r\n', heard)


def test_a_stored_report_is_listed(text: Bench) -> None:
    """With ds=2 a report lies in memory and is listed with its reference and status."""
    text.host.ask("AT+CNMI=2,1,0,2,0;+CSMP=49,167,0,0")
    _send(text, b"Hello")
    text.host.hear(10.0)
    assert text.host.ask('AT+CMGL="ALL"').startswith(f'+CMGL: 1,"REC UNREAD",6,{text.references[0]},"{ALICE}",145,')


def _write(bench: Bench, command: str, typed: str) -> str:
    assert bench.host.say(command.encode() + b"\r", 1.0) == b"\r\n> "
    return bench.host.say(typed.encode() + b"\x1a").decode().strip("\r\n").replace("\r\n\r\n", "\r\n")


def test_a_message_is_written_and_sent_from_memory(text: Bench) -> None:
    """+CMGW stores as unsent, +CMSS sends it, to its own number or to another, and it counts as sent."""
    assert _write(text, f'AT+CMGW="{ALICE}"', "Hello") == "+CMGW: 1\r\nOK"
    assert text.host.ask("AT+CMGR=1") == f'+CMGR: "STO UNSENT","{ALICE}",\r\nHello\r\nOK'
    assert text.host.ask("AT+CMSS=1", 10.0) == f"+CMSS: {text.references[0]}\r\nOK"
    assert text.host.ask('AT+CMSS=1,"+447700900456"', 10.0).startswith("+CMSS: ")
    assert (text.inbox(), text.inbox("+447700900456")) == (["Hello"], ["Hello"])
    text.host.ask("AT+CSDH=1")
    assert text.host.ask("AT+CMGR=1") == (
        f'+CMGR: "STO SENT","{ALICE}",,145,17,0,0,167,"+33609001390",145,5\r\nHello\r\nOK'
    )
    assert text.host.ask('AT+CMGL="STO SENT"') == f'+CMGL: 1,"STO SENT","{ALICE}",,,145,5\r\nHello\r\nOK'


def test_a_draft_needs_no_number(text: Bench) -> None:
    """+CMGW without a number stores text that +CMSS gives one."""
    assert _write(text, "AT+CMGW", "Hello") == "+CMGW: 1\r\nOK"
    assert text.host.ask("AT+CMSS=1", 10.0) == "+CMS ERROR: 305"
    assert text.host.ask(f'AT+CMSS=1,"{ALICE}"', 10.0).startswith("+CMSS: ")
    assert text.inbox() == ["Hello"]


def test_a_pdu_is_written_and_sent_from_memory(bench: Bench) -> None:
    """In PDU mode +CMGW takes the PDU and a status; the list shows it as it was given, behind the SIM's service centre."""
    assert _write(bench, "AT+CMGW=18", HELLO) == "+CMGW: 1\r\nOK"
    assert bench.host.ask("AT+CMGL=2") == f"+CMGL: 1,2,,18\r\n07913306091093F0{HELLO[2:]}\r\nOK"
    assert bench.host.ask("AT+CMSS=1", 10.0).startswith("+CMSS: ")
    assert bench.inbox() == ["Hello"]
    assert bench.host.ask("AT+CMGL=3").startswith("+CMGL: 1,3,,18")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AT+CMSS=1", "+CMS ERROR: 302"),
        ("AT+CMSS=2", "+CMS ERROR: 321"),
        ("AT+CMSS=99", "+CMS ERROR: 321"),
        ("AT+CMGW=18,4", "+CMS ERROR: 304"),
        ("AT+CMGW=0", "+CMS ERROR: 304"),
    ],
)
def test_what_cannot_be_sent_from_memory(bench: Bench, command: str, answer: str) -> None:
    """A received message, an empty slot, a status or length that does not exist."""
    _written(bench)
    assert bench.host.ask(command, 5.0) == answer


@pytest.mark.parametrize("command", ["AT+CMGW=18,0", "AT+CMGW=17"])
def test_a_pdu_that_does_not_fit_is_not_written(bench: Bench, command: str) -> None:
    """A SUBMIT as a received message, or of another length: 304, and the slot stays free."""
    assert _write(bench, command, HELLO) == "+CMS ERROR: 304"
    assert bench.sim.memory.used == 0


def test_a_full_memory_is_not_written_to() -> None:
    """+CMS ERROR: 322 where there is no slot."""
    bench = Bench(capacity=1)
    bench.host.set_up()
    _written(bench)
    assert _write(bench, "AT+CMGW=18", HELLO) == "+CMS ERROR: 322"
