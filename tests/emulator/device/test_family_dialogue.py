"""Oddities of the dialogue: line ends, echo, errors, registration, identities, character sets."""

from __future__ import annotations

import pytest

from tests.emulator.bench import HELLO, Bench


def _ready(name: str, notify: str = "2,1,0,0,0") -> Bench:
    bench = Bench(name)
    bench.host.set_up(notify)
    return bench


def test_cuttlefish_ends_lines_with_cr_alone() -> None:
    """No line end comes before a line, the prompt ends with CR, and there is no echo."""
    bench = Bench("android_cuttlefish")
    assert bench.host.say(b"AT+CREG?\r") == b'+CREG: 0,1,"0001","00000001",13\rOK\r'
    assert bench.host.say(b"AT+NONSENSE\r") == b"ERROR\r"
    assert bench.host.say(b"AT+CMGS=18\r", 1.0) == b"> \r"
    assert bench.host.say(HELLO.encode() + b"\x1a", 10.0) == b"+CMGS: %d\rOK\r" % bench.references[0]


def test_cuttlefish_names_its_centre_without_quotation_marks() -> None:
    """+CSCA: +3363...,145; +CMGF? and who it is are not known."""
    bench = _ready("android_cuttlefish", "")
    assert bench.host.ask("AT+CSCA?") == f"+CSCA: {bench.sim.smsc},145\r\nOK"
    assert bench.host.ask("AT+CICCID") == f"{bench.sim.iccid}\r\nOK"
    assert [bench.host.ask(f"AT{one}") for one in ("+CMGF?", "+CGMI", "+CGMM", "+CGMR")] == ["ERROR"] * 4


def test_e1752_keeps_its_level_of_registration() -> None:
    """AT+CREG=0 is OK, and n stays 2; the cell has blanks before its values and no quotation marks."""
    bench = _ready("huawei_e1752")
    assert bench.host.ask("AT+CREG=0") == "OK"
    assert bench.host.ask("AT+CREG?") == "+CREG: 2,1, E006B, ABE0016\r\nOK"
    bench.device.set_coverage(2)
    bench.device.set_coverage(1)
    assert bench.host.hear() == b"\r\n+CREG: 2\r\n\r\n+CREG: 1, E006B, ABE0016\r\n"
    assert bench.host.ask("AT+CCID") == "COMMAND NOT SUPPORT"


def test_e1752_tells_the_iccid_as_it_lies_on_the_sim() -> None:
    """The digits of each octet are swapped, and F fills the last."""
    bench = _ready("huawei_e1752")
    told = bench.host.ask("AT^ICCID?").removeprefix("^ICCID: ").removesuffix("\r\nOK")
    assert told.startswith("98331000")
    assert "".join(told[at + 1] + told[at] for at in range(0, 20, 2)).rstrip("F") == bench.sim.iccid


def test_phonesim_has_the_sims_number_in_a_file_only() -> None:
    """+CRSM reads EF-ICCID; IMEI and IMSI are too short, and AT+CMEE=1 is an error."""
    bench = _ready("ofono_phonesim")
    told = bench.host.ask("AT+CRSM=176,12258,0,0,10")
    assert told == f'+CRSM: 144,0,"{bench.sim.stored_iccid}"\r\nOK'
    assert bench.host.ask("AT+CGSN") == "1234567890\r\nOK"
    assert bench.host.ask("AT+CIMI") == "246813579\r\nOK"
    assert bench.host.ask("AT+CMEE=1") == "ERROR"
    assert bench.host.ask("AT+CCID") == "ERROR"


def test_phonesim_thinks_before_it_answers_the_pin() -> None:
    """AT+CPIN? takes 2 s, and the next command waits."""
    bench = _ready("ofono_phonesim")
    assert bench.host.say(b"AT+CPIN?\rAT\r", 1.9) == b""
    assert bench.host.hear(0.2) == b"\r\n+CPIN: READY\r\n\r\nOK\r\n\r\nOK\r\n"


def test_phonesim_answers_every_message_with_0() -> None:
    """+CMGS: 0, each time."""
    bench = _ready("ofono_phonesim")
    assert [bench.host.send(HELLO) for _ in range(2)] == ["+CMGS: 0\r\nOK"] * 2


@pytest.mark.parametrize(("level", "said"), [(0, "ERROR"), (1, "+CME ERROR: 58"), (2, "+CME ERROR: unknown")])
def test_m26_says_what_it_does_not_know_as_cmee_has_it(level: int, said: str) -> None:
    """A number, words, or neither."""
    bench = _ready("quectel_m26")
    bench.host.ask(f"AT+CMEE={level}")
    assert bench.host.ask("AT^ICCID?") == said


def test_m26_tells_the_iccid_in_quotation_marks() -> None:
    """To the read form and to the test form alike."""
    bench = _ready("quectel_m26")
    for form in ("?", "=?"):
        assert bench.host.ask(f"AT+CCID{form}") == f'+CCID: "{bench.sim.iccid}"\r\nOK'
    assert bench.host.ask("AT+CGMI") == "FOXCOM MODEM\r\nOK"


def test_option_is_in_ucs2_until_it_is_told_otherwise() -> None:
    """Strings of +CSCA, +COPS and +CNUM are hex, after a restart too."""
    bench = _ready("option_gtm382")
    assert bench.host.ask("AT+CSCS?") == '+CSCS: "UCS2"\r\nOK'
    centre = bench.sim.smsc.encode("utf-16-be").hex().upper()
    assert bench.host.ask("AT+CSCA?") == f'+CSCA: "{centre}",145\r\nOK'
    assert bench.host.ask("AT+COPS?").startswith('+COPS: 0,0,"0045006D')
    assert bench.sim.number.encode("utf-16-be").hex().upper() in bench.host.ask("AT+CNUM")
    assert bench.host.ask('AT+CSCS="IRA";+CSCA?') == f'+CSCA: "{bench.sim.smsc}",145\r\nOK'


def test_nordic_registers_by_cereg_alone() -> None:
    """+CREG is not known, +CEREG has the state; ATI is an error, and so is text mode."""
    bench = _ready("nordic_nrf9160", "")
    assert bench.host.ask("AT+CREG?") == "ERROR"
    assert bench.host.ask("AT+CEREG?") == "+CEREG: 0,1\r\nOK"
    assert bench.host.ask("ATI") == "ERROR"
    assert bench.host.ask("AT+CMGF=1") == "ERROR"
    assert bench.host.ask("AT%XICCID") == f"%XICCID: {bench.sim.iccid}F\r\nOK"
