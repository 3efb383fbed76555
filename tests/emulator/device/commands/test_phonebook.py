"""The phone books on the SIM, and its own number."""

from __future__ import annotations

import pytest

from tests.emulator.bench import SIM_NUMBER, Bench


@pytest.fixture
def book(bench: Bench) -> Bench:
    """A modem that tells errors by number."""
    bench.host.ask("AT+CMEE=1")
    return bench


def test_contacts_are_written_read_found_and_removed(book: Bench) -> None:
    """A place, or the first empty one; a place alone empties it."""
    assert book.host.ask("AT+CPBS?") == '+CPBS: "SM",0,250\r\nOK'
    assert book.host.ask('AT+CPBW=3,"+33612345678",145,"Alice"') == "OK"
    assert book.host.ask('AT+CPBW=,"0123456789",129,"Bob"') == "OK"
    assert book.host.ask("AT+CPBR=1,250") == (
        '+CPBR: 1,"0123456789",129,"Bob"\r\n+CPBR: 3,"+33612345678",145,"Alice"\r\nOK'
    )
    assert book.host.ask('AT+CPBF="al"') == '+CPBF: 3,"+33612345678",145,"Alice"\r\nOK'
    assert book.host.ask("AT+CPBS?") == '+CPBS: "SM",2,250\r\nOK'
    assert book.host.ask("AT+CPBW=3") == "OK"
    assert book.host.ask("AT+CPBR=3") == "+CME ERROR: 22"


def test_contacts_are_on_the_sim(book: Bench) -> None:
    """They survive a restart, and go with the SIM."""
    book.host.ask('AT+CPBW=1,"123",129,"Bob"')
    book.device.restart()
    book.timers.run(60.0)
    book.host.open()
    book.host.set_up()
    assert book.host.ask("AT+CPBR=1") == '+CPBR: 1,"123",129,"Bob"\r\nOK'
    book.device.remove_sim()
    book.host.ask("AT+CMEE=1")
    assert book.host.ask("AT+CPBR=1") == "+CME ERROR: 10"


def test_its_own_number(book: Bench) -> None:
    """+CNUM says what is in the book ON, which a host can write."""
    assert book.host.ask("AT+CNUM") == f'+CNUM: "","{SIM_NUMBER}",145\r\nOK'
    assert book.host.ask('AT+CPBS="ON"') == "OK"
    assert book.host.ask('AT+CPBW=1,"+33799999999",145,"Mine"') == "OK"
    assert book.host.ask("AT+CNUM") == '+CNUM: "Mine","+33799999999",145\r\nOK'
    assert book.host.ask("AT+CPBR=1") == '+CPBR: 1,"+33799999999",145,"Mine"\r\nOK'
    assert book.host.ask('AT+CPBS="SM"') == "OK"
    assert book.host.ask("AT+CPBR=1,2") == "OK"


def test_the_character_set_is_that_of_cscs(book: Bench) -> None:
    """In UCS2 numbers and names are both hex."""
    book.host.ask('AT+CSCS="UCS2"')
    name = "Zoë".encode("utf-16-be").hex().upper()
    assert book.host.ask(f'AT+CPBW=1,"002B00310032",145,"{name}"') == "OK"
    assert book.host.ask("AT+CPBR=1") == f'+CPBR: 1,"002B00310032",145,"{name}"\r\nOK'
    book.host.ask('AT+CSCS="GSM"')
    assert book.host.ask("AT+CPBR=1") == '+CPBR: 1,"+12",145,"Zo?"\r\nOK'


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AT+CPBS=?", '+CPBS: ("SM","ON")\r\nOK'),
        ("AT+CPBR=?", "+CPBR: (1-250),20,14\r\nOK"),
        ("AT+CPBF=?", "+CPBF: 20,14\r\nOK"),
        ("AT+CPBW=?", "+CPBW: (1-250),20,(129,145,161),14\r\nOK"),
        ('AT+CPBS="FD"', "+CME ERROR: 4"),
        ("AT+CPBR=0", "+CME ERROR: 21"),
        ("AT+CPBR=2,1", "+CME ERROR: 21"),
        ("AT+CPBR=1,251", "+CME ERROR: 21"),
        ("AT+CPBR=x", "+CME ERROR: 50"),
        ('AT+CPBF="nobody"', "+CME ERROR: 22"),
        ('AT+CPBW=251,"1"', "+CME ERROR: 21"),
        ('AT+CPBW=1,"12345678901234567890123"', "+CME ERROR: 26"),
        ('AT+CPBW=1,"1",129,"a name of fifteen"', "+CME ERROR: 24"),
        ('AT+CPBW=1,"call me"', "+CME ERROR: 27"),
    ],
)
def test_what_is_offered_and_what_is_refused(book: Bench, command: str, answer: str) -> None:
    """Test forms, and the errors of 27.007 9.2.1."""
    assert book.host.ask(command) == answer


def test_a_full_book(book: Bench) -> None:
    """No empty place: CME 20."""
    book.host.ask('AT+CPBS="ON"')
    assert book.host.ask('AT+CPBW=,"1"') == "OK"
    assert book.host.ask('AT+CPBW=,"2"') == "+CME ERROR: 20"
