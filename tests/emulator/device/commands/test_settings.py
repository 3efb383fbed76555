"""Commands that ask and set: each a line of dialogue."""

from __future__ import annotations

import pytest

from tests.emulator.bench import HELLO, Bench


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AT+CGMI", "Generic\r\nOK"),
        ("AT+CGMM", "GSM MODEM\r\nOK"),
        ("AT+CGMR", "1.0\r\nOK"),
        ("AT+CIMI", "208010000000001\r\nOK"),
        ("AT+CNUM", '+CNUM: "","+33700000001",145\r\nOK'),
        ("AT+CCID", "+CCID: 8933010000000000010\r\nOK"),
        ("AT+CPIN?", "+CPIN: READY\r\nOK"),
        ("AT+CSQ", "+CSQ: 17,99\r\nOK"),
        ("AT+CREG?", "+CREG: 0,1\r\nOK"),
        ("AT+CGREG?", "+CGREG: 0,1\r\nOK"),
        ("AT+CEREG?", "+CEREG: 0,1\r\nOK"),
        ("AT+COPS?", '+COPS: 0,0,"Emulated"\r\nOK'),
        ("AT+CESQ", "+CESQ: 32,99,255,255,255,255\r\nOK"),
        ("AT+CBC", "+CBC: 0,100\r\nOK"),
        ("AT+CPAS", "+CPAS: 0\r\nOK"),
        ("AT+CGATT?", "+CGATT: 1\r\nOK"),
        ("AT+GCAP", "+GCAP: +CGSM\r\nOK"),
        ('AT+CPMS="MT","SR"', "+CPMS: 0,150,0,20,0,50\r\nOK"),
        ("AT+CSDH?", "+CSDH: 0\r\nOK"),
        ("AT+CFUN?", "+CFUN: 1\r\nOK"),
        ("AT+CFUN=?", "+CFUN: (0,1,4),(0,1)\r\nOK"),
        ("AT+CCLK?", '+CCLK: "25/03/11,09:15:00+00"\r\nOK'),
        ("AT+CSCA?", '+CSCA: "+33609001390",145\r\nOK'),
        ("AT+CMGF?", "+CMGF: 0\r\nOK"),
        ("AT+CMGF=?", "+CMGF: (0,1)\r\nOK"),
        ("AT+CPMS?", '+CPMS: "SM",0,50,"SM",0,50,"SM",0,50\r\nOK'),
        ("AT+CPMS=?", '+CPMS: ("SM","ME","MT","SR"),("SM","ME","MT","SR"),("SM","ME","MT","SR")\r\nOK'),
        ('AT+CPMS="ME"', "+CPMS: 0,100,0,50,0,50\r\nOK"),
        ('AT+CPMS="XX"', "+CMS ERROR: 302"),
        ("AT+CNMI=?", "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)\r\nOK"),
        ("AT+CNMI?", "+CNMI: 2,1,0,0,0\r\nOK"),
        ("AT+CNMI=2,1,0,0,0,0", "+CMS ERROR: 303"),
        ("AT+CSMS?", "+CSMS: 0,1,1,1\r\nOK"),
        ("AT+CSMS=1", "+CSMS: 1,1,1\r\nOK"),
        ("AT+CMMS=?", "+CMMS: (0-2)\r\nOK"),
        ("AT+CNMA", "+CMS ERROR: 340"),
        ("AT+CSCS?", '+CSCS: "IRA"\r\nOK'),
        ("AT+CSCS=?", '+CSCS: ("IRA","GSM","UCS2","HEX")\r\nOK'),
        ("AT+CMEE=?", "+CMEE: (0-2)\r\nOK"),
        ("AT+CLIP?", "+CLIP: 0,1\r\nOK"),
        ("ATS3?", "013\r\nOK"),
        ("ATS3=128", "ERROR"),
        ("AT&D2&C1", "OK"),
        ("ATE7", "ERROR"),
        ("AT+FOO", "ERROR"),
    ],
)
def test_a_question_and_its_answer(bench: Bench, command: str, answer: str) -> None:
    """The generic family answers as the standards print it."""
    assert bench.host.ask(command) == answer


@pytest.mark.parametrize(
    ("set_to", "question", "answer"),
    [
        ("AT+CMEE=2", "AT+CMEE?", "+CMEE: 2"),
        ('AT+CSCS="ucs2"', "AT+CSCS?", '+CSCS: "UCS2"'),
        ("AT+CMMS=1", "AT+CMMS?", "+CMMS: 1"),
        ("AT+CSMS=1", "AT+CSMS?", "+CSMS: 1,1,1,1"),
        ("AT+CNMI=1,0,2,2,1", "AT+CNMI?", "+CNMI: 1,0,2,2,1"),
        ("AT+CNMI=,2", "AT+CNMI?", "+CNMI: 2,2,0,0,0"),
        ("AT+CREG=2", "AT+CREG?", '+CREG: 2,1,"1A2B","0C3D4E5F",7'),
        ('AT+CSCS="UCS2"', "AT+CSCA?", '+CSCA: "002B00330033003600300039003000300031003300390030",145'),
        ('AT+CSCA="447785016005",145', "AT+CSCA?", '+CSCA: "+447785016005",145'),
        ("AT+COPS=3,2", "AT+COPS?", '+COPS: 0,2,"20801"'),
        ("AT+CSMP=49,167,0,0", "AT+CSMP?", "+CSMP: 49,167,0,0"),
        ('AT+CSCA="+447785016005"', "AT+CSCA?", '+CSCA: "+447785016005",145'),
        ("AT+CLIP=1", "AT+CLIP?", "+CLIP: 1,1"),
        ("ATS0=2", "ATS0?", "002"),
    ],
)
def test_what_is_set_is_read_back(bench: Bench, set_to: str, question: str, answer: str) -> None:
    """A setting is kept and said."""
    assert bench.host.ask(set_to).endswith("OK")
    assert bench.host.ask(question) == f"{answer}\r\nOK"


@pytest.mark.parametrize("restore", ["ATZ", "AT&F"])
def test_defaults_come_back(bench: Bench, restore: str) -> None:
    """ATZ and AT&F bring back echo and defaults; the memories in use stay."""
    bench.host.ask('AT+CMEE=2;+CSMS=1;+CPMS="ME","ME","ME"')
    assert bench.host.ask(restore) == "OK"
    assert bench.host.say(b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    assert bench.host.ask("AT+CMEE?") == "+CMEE: 0\r\nOK"
    assert bench.host.ask("AT+CNMI?") == "+CNMI: 0,0,0,0,0\r\nOK"
    assert bench.host.ask("AT+CPMS?").startswith('+CPMS: "ME"')


def test_a_saved_profile_is_what_atz_brings_back(bench: Bench) -> None:
    """AT&W keeps a profile, ATZ brings it back, AT&F does not."""
    bench.host.ask("AT+CMEE=1;&W")
    bench.host.ask("AT+CMEE=2")
    bench.host.ask("ATZ")
    assert bench.host.ask("AT+CMEE?") == "+CMEE: 1\r\nOK"
    bench.host.ask("AT&F")
    bench.host.ask("ATE0")
    assert bench.host.ask("AT+CMEE?") == "+CMEE: 0\r\nOK"


def test_registration_is_told_where_asked(bench: Bench) -> None:
    """+CREG=1 makes changes heard, each once; +CSQ knows nothing without a network."""
    bench.host.ask("AT+CREG=1")
    bench.device.set_coverage(2)
    bench.device.set_coverage(2)
    assert bench.host.hear() == b"\r\n+CREG: 2\r\n"
    assert bench.host.ask("AT+CREG?;+CSQ;+COPS?") == "+CREG: 1,2\r\n+CSQ: 99,99\r\n+COPS: 0\r\nOK"
    bench.device.set_coverage(5)
    assert bench.host.hear() == b"\r\n+CREG: 5\r\n"


def test_the_radio_goes_off_and_on(bench: Bench) -> None:
    """+CFUN=4 leaves the network; after +CFUN=1 it takes the family's time to be back."""
    bench.host.ask("AT+CREG=1")
    assert bench.host.ask("AT+CFUN=4") == "+CREG: 0\r\nOK"
    assert bench.host.ask("AT+CFUN=1") == "+CREG: 2\r\nOK"
    assert bench.host.hear(3.9) == b""
    assert bench.host.hear(0.2) == b"\r\n+CREG: 1\r\n"


def test_what_waits_comes_when_coverage_does(bench: Bench) -> None:
    """Without coverage the service centre keeps a message; with it, the message comes."""
    bench.device.set_coverage(2)
    bench.network.phone("+447700900123").send(bench.sim.number, "hi")
    assert bench.host.hear(60.0) == b""
    bench.device.set_coverage(1)
    assert bench.host.hear(5.0) == b'\r\n+CMTI: "SM",1\r\n'


def test_the_network_is_left_and_found_again(bench: Bench) -> None:
    """+COPS=2 leaves it, +COPS=0 registers as at boot."""
    bench.host.ask("AT+CREG=1")
    assert bench.host.ask("AT+COPS=2") == "+CREG: 0\r\nOK"
    assert bench.host.ask("AT+COPS?") == "+COPS: 2\r\nOK"
    assert bench.host.ask("AT+COPS=0") == "+CREG: 2\r\nOK"
    assert bench.host.hear(4.0) == b"\r\n+CREG: 1\r\n"
    assert bench.host.ask("AT+COPS?") == '+COPS: 0,0,"Emulated"\r\nOK'


@pytest.mark.parametrize(
    ("command", "answer", "mode"),
    [
        pytest.param('AT+COPS=1,2,"20801"', "OK", 1, id="by number"),
        pytest.param('AT+COPS=1,0,"Emulated"', "OK", 1, id="by name"),
        pytest.param('AT+COPS=1,2,"00000"', "+CME ERROR: 30", 0, id="one that is not there"),
        pytest.param('AT+COPS=1,2,"20802"', "+CME ERROR: 32", 0, id="one that is not the SIM's"),
        pytest.param('AT+COPS=4,2,"00000"', "OK", 0, id="by hand, else by itself"),
        pytest.param("AT+COPS=7", "+CME ERROR: 50", 0, id="a mode that is none"),
    ],
)
def test_an_operator_is_chosen_by_hand(bench: Bench, command: str, answer: str, mode: int) -> None:
    """The SIM's own network can be chosen; a refusal leaves the mode as it was."""
    bench.network.operator("20802")
    bench.host.ask("AT+CMEE=1")
    assert bench.host.ask(command) == answer
    assert bench.host.ask("AT+COPS?").startswith(f"+COPS: {mode},0,")


def test_a_clock_that_is_set_goes_on(bench: Bench) -> None:
    """+CCLK shows what was set, and the time since, also after a restart; a time that is none is refused."""
    assert bench.host.ask('AT+CCLK="30/01/02,03:04:05+00"') == "OK"
    bench.timers.run(60.0)
    assert bench.host.ask("AT+CCLK?") == '+CCLK: "30/01/02,03:05:05+00"\r\nOK'
    bench.host.ask("AT+CMEE=1")
    assert bench.host.ask('AT+CCLK="30/13/02,03:04:05+00"') == "+CME ERROR: 50"


@pytest.mark.parametrize("typed", ["AT+CMGS=18", 'AT+CMGS="+447700900123"'], ids=["PDU", "text"])
def test_without_a_service_centre_nothing_is_sent(bench: Bench, typed: str) -> None:
    """With an empty +CSCA, what names no centre of its own is refused with 330."""
    bench.sim.smsc = ""
    if '"' in typed:
        bench.host.ask("AT+CMGF=1")
        assert bench.host.ask(typed) == "+CMS ERROR: 330"
    else:
        assert bench.host.send(HELLO) == "+CMS ERROR: 330"
    assert bench.references == []
