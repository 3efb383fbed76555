"""What one family does and others do not: each oddity that a host can see on the wire."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from modemd.emulator import families
from modemd.emulator.device.family_sections import Storage
from modemd.emulator.network.message_memory import StoredMessage
from modemd.emulator.network.messages import Mms
from modemd.pdu import StatusReport, unframe
from tests.emulator.bench import ALICE, HELLO, HELLO_WORLD, Bench


def _ready(name: str, notify: str = "2,1,0,0,0") -> Bench:
    bench = Bench(name)
    bench.host.set_up(notify)
    return bench


def _restart(bench: Bench) -> str:
    """Restart, open the port again where it went, echo off; what was heard from the boot."""
    bench.device.restart()
    if bench.device.family.dialogue.usb:
        bench.timers.run(bench.device.family.boot.gone_s)
        bench.host.open()
    heard = bench.host.hear(30.0).decode()
    bench.host.ask("ATE0")
    return heard


# -- Huawei


def test_huawei_talks_until_it_is_told_not_to() -> None:
    """^BOOT and its like come until AT^CURC=0, and again after a restart."""
    bench = _ready("huawei_e3372")
    bench.device.chatty = True
    bench.host.port.close()
    bench.host.open()
    assert b"^BOOT:" in bench.host.hear(25.0)
    assert bench.host.ask("AT^CURC=0") == "OK"
    assert bench.host.hear(600.0) == b""
    assert "^BOOT:" in _restart(bench)


# -- a full store


@pytest.mark.parametrize(
    ("name", "switch", "notice"),
    [
        ("huawei_e3372", "", '^SMMEMFULL: "SM"'),
        ("quectel_ec25", '+QINDCFG="smsfull",1', '+QIND: "smsfull","SM"'),
        ("cinterion_bgs5", "^SMGO=1", "^SMGO: 2"),
        ("generic", "", ""),
    ],
)
def test_a_full_store_is_told_of(name: str, switch: str, notice: str) -> None:
    """With the last slot taken the family says so; some only where a switch asks for it."""
    heard = []
    for asked in (False, True):
        bench = Bench(name, capacity=1)
        bench.host.set_up(f"2,1,0,0,{families[name].notify.bfr[0]}")
        if asked and switch:
            assert bench.host.ask(f"AT{switch}") == "OK"
        bench.network.phone(ALICE).send(bench.sim.number, "hi")
        _, *rest = [line for line in bench.host.hear(5.0).decode().split("\r\n") if line]
        heard.append(rest)
    said = [notice] if notice else []
    assert heard == [[] if switch else said, said]


# -- Quectel


def test_quectel_tells_of_a_report_where_it_is_not() -> None:
    """With ds=2 the report is in SR, but +CDSI says SM,0: there is nothing, or somebody's message."""
    bench = _ready("quectel_ec25", "2,1,0,2,0")
    assert bench.host.send(HELLO_WORLD).endswith('OK\r\n+CDSI: "SM",0')
    assert bench.host.ask("AT+CMGR=0") == "OK"
    bench.network.phone(ALICE).send(bench.sim.number, "mine")
    bench.host.hear(5.0)
    assert bench.host.ask("AT+CMGR=0").startswith("+CMGR: 0,,")
    bench.host.ask('AT+CPMS="SR"')
    line = bench.host.ask("AT+CMGR=0").split("\r\n")[1]
    assert StatusReport.decode(unframe(bytes.fromhex(line))[1]).reference == bench.references[0]


def test_quectel_keeps_settings_by_itself() -> None:
    """Format, notices, memories and service survive a restart without AT&W; the rest does not."""
    bench = _ready("quectel_ec25", "2,1,0,1,0")
    bench.host.ask('AT+CMGF=1;+CSMS=1;+CPMS="ME","ME","ME";+CMEE=1')
    _restart(bench)
    assert bench.host.ask("AT+CMGF?;+CNMI?;+CSMS?;+CMEE?").split("\r\n") == [
        "+CMGF: 1",
        "+CNMI: 2,1,0,1,0",
        "+CSMS: 1,1,1,1",
        "+CMEE: 0",
        "OK",
    ]
    assert bench.host.ask("AT+CPMS?").startswith('+CPMS: "ME",0,255,"ME"')


def test_quectel_refuses_the_radio_switch_until_the_sim_is_read() -> None:
    """AT+CFUN=4 in the first seconds is an error."""
    bench = _ready("quectel_ec25")
    bench.device.restart()
    bench.timers.run(15.0)
    bench.host.open()
    bench.timers.run(5.0)
    bench.host.hear()
    assert bench.host.say(b"ATE0+CMEE=1;+CFUN=4\r").endswith(b"+CME ERROR: 14\r\n")
    bench.timers.run(10.0)
    assert bench.host.ask("AT+CFUN=4").endswith("OK")


def test_quectel_wants_a_pause_after_asking_for_the_link() -> None:
    """AT+CMMS= in the seconds after AT+CMMS? is refused."""
    bench = _ready("quectel_ec25")
    assert bench.host.ask("AT+CMMS?") == "+CMMS: 0\r\nOK"
    assert bench.host.ask("AT+CMMS=1") == "+CMS ERROR: 500"
    bench.timers.run(5.0)
    assert bench.host.ask("AT+CMMS=1;+CMMS?") == "+CMMS: 1\r\nOK"


# -- ZTE


def test_zte_knows_nothing_but_the_pin_before_it() -> None:
    """Until the SIM is read and open, +CPIN and the basic commands are all it answers."""
    bench = Bench("zte_mf190", pin="1234")
    bench.host.ask("ATE0")
    assert [bench.host.ask(f"AT{one}") for one in ("+CGSN", "+CMEE=1", "+CPMS?")] == ["ERROR"] * 3
    assert bench.host.ask("AT+CPIN?") == "+CPIN: SIM PIN\r\nOK"
    bench.host.ask('AT+CPIN="1234"')
    bench.host.hear(10.0)
    assert bench.host.ask("AT+CMEE=1") == "OK"


def test_zte_floods_until_it_is_asked_for_its_memories() -> None:
    """+ZUSIMR:2 comes again and again until AT+CPMS?."""
    bench = _ready("zte_mf190")
    bench.device.chatty = True
    bench.host.port.close()
    bench.host.open()
    assert bench.host.hear(60.0).count(b"+ZUSIMR:2") == 30
    bench.host.ask("AT+CPMS?")
    assert bench.host.hear(600.0) == b""


def test_zte_forgets_its_service_centre_with_csmp() -> None:
    """AT+CSMP= empties +CSCA, and what names no centre of its own is refused until it is set again."""
    bench = _ready("zte_mf190")
    centre = bench.sim.smsc
    assert bench.host.ask("AT+CSMP=17,167,0,0") == "OK"
    assert bench.host.send(HELLO) == "+CMS ERROR: 330"
    assert bench.host.send("07913306091093F0" + HELLO[2:]).endswith("OK")
    assert bench.host.ask(f'AT+CSCA="{centre}"') == "OK"
    assert bench.host.send(HELLO).endswith("OK")


def test_zte_has_a_comma_too_many_and_a_status_too_few() -> None:
    """+CDS: ,25 routes a report; +CMGL and +CMGR show no stat."""
    bench = _ready("zte_mf190", "2,1,0,1,0")
    assert re.search(r"OK\r\n\+CDS: ,\d+\r\n[0-9A-F]+$", bench.host.send(HELLO_WORLD))
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    bench.host.hear(5.0)
    assert re.match(r"\+CMGL: 1,,\d+\r\n", bench.host.ask("AT+CMGL=4"))
    assert re.match(r"\+CMGR: ,\d+\r\n", bench.host.ask("AT+CMGR=1"))


# -- SIMCom


def test_sim800_names_a_wap_push() -> None:
    """+CMTI has a third value for the notification of a picture message, and two for any other."""
    bench = _ready("sim800")
    phone = bench.network.phone(ALICE)
    phone.send(bench.sim.number, Mms("http://mmsc/x1"))
    assert bench.host.hear(5.0) == b'\r\n+CMTI: "SM",1,"MMS PUSH"\r\n'
    phone.send(bench.sim.number, "hi")
    assert bench.host.hear(5.0) == b'\r\n+CMTI: "SM",2\r\n'


def test_sim800_saves_no_memories() -> None:
    """AT&W keeps format and notices over a restart, but not +CPMS."""
    bench = _ready("sim800", "2,1,0,1,0")
    bench.host.ask('AT+CPMS="ME","ME","ME"')
    bench.host.ask("AT&W")
    bench.device.restart()
    bench.host.hear(10.0)
    assert bench.host.ask("AT+CNMI?") == "+CNMI: 2,1,0,1,0\r\nOK"
    assert bench.host.ask("AT+CPMS?").startswith('+CPMS: "SM"')


def test_sim800_begins_in_text_mode() -> None:
    """A SIM800 nobody set up is in text mode."""
    bench = Bench("sim800")
    bench.host.ask("ATE0")
    assert bench.host.ask("AT+CMGF?") == "+CMGF: 1\r\nOK"


def test_a7670_is_silent_before_its_banner() -> None:
    """What is typed before *ATREADY is lost without a word."""
    bench = _ready("simcom_a7670")
    bench.device.restart()
    bench.timers.run(10.0)
    bench.host.open()
    assert bench.host.say(b"AT\r", 7.0) == b""
    assert bench.host.hear(1.5).startswith(b"\r\n*ATREADY: 1\r\n")
    assert bench.host.say(b"AT\r") == b"AT\r\r\nOK\r\n"


def test_words_stand_only_for_errors_that_have_them() -> None:
    """With +CMEE=2 a network's cause stays a number."""
    bench = _ready("simcom_sim7600")
    bench.network.reject(ALICE, 38)
    assert bench.host.send(HELLO) == "+CMS ERROR: 38"


# -- Cinterion


def test_cinterion_saves_power_on_the_network() -> None:
    """+CFUN 7 to 9 stay registered, 4 does not."""
    bench = _ready("cinterion_bgs5", "2,1,0,0,1")
    for function in (7, 8, 9):
        assert bench.host.ask(f"AT+CFUN={function};+CREG?") == "+CREG: 0,1\r\nOK"
    assert bench.host.ask("AT+CFUN=4;+CREG?") == "+CREG: 0,0\r\nOK"


def test_cinterion_prints_a_blank_line_too_many() -> None:
    """Information and result each have one more CR LF before them."""
    bench = _ready("cinterion_bgs5", "2,1,0,0,1")
    assert bench.host.say(b"AT+CFUN?\r") == b"\r\n\r\n+CFUN: 1,0\r\n\r\n\r\nOK\r\n"


def test_cinterion_tells_of_its_sim_where_asked() -> None:
    """^SCKS: 1 comes at a boot with AT^SCKS=1, which a saved profile would have to keep."""
    family = families["cinterion_bgs5"]
    lines = [line for line in family.boot.lines if line.needs == "^SCKS=1"]
    assert [line.say for line in lines] == ["^SCKS: 1", "^SCKS: 1", "^SCKS: 0"]
    assert family.switched({"^SCKS": "1"}, lines[0].needs)
    assert not family.switched({}, lines[0].needs)


# -- Wavecom


def test_wavecom_damages_reports_it_stores() -> None:
    """What is in SR begins 000000FF00, and the last four octets of the report are lost, its status with them."""
    bench = _ready("wavecom_q2403", "2,1,0,2,0")
    assert bench.host.send(HELLO_WORLD).endswith('+CDSI: "SR",1')
    assert bench.host.ask('AT+CPMS="SR","SM"').endswith("OK")
    line = bench.host.ask("AT+CMGR=1").split("\r\n")[1]
    assert line.startswith("000000FF00")
    report = StatusReport.decode(bytes.fromhex(line[10:] + "00000000"))
    assert (report.reference, report.status) == (bench.references[0], 0)
    assert bench.host.ask('AT+CMGF=1;+CMGL="ALL"').endswith("OK")


def test_wavecom_asks_to_wait_under_a_number_of_its_own() -> None:
    """Until its SIM is read, 515 is said of it, in +CMS and in +CME."""
    bench = _ready("wavecom_q2403")
    bench.device.restart()
    assert bench.host.hear(3.0).decode().split() == ["+WIND:", "1", "+WIND:", "3", "+WIND:", "7"]
    bench.host.ask("ATE0+CMEE=1")
    assert bench.host.ask("AT+CMGF=0") == "+CMS ERROR: 515"
    assert bench.host.ask("AT+CPIN?") == "+CME ERROR: 515"


def test_two_memories_leave_the_sim_for_what_comes() -> None:
    """A family with two memories receives into SM whatever is read."""
    bench = _ready("wavecom_q2403")
    bench.host.ask('AT+CPMS="SR","SM"')
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    assert bench.host.hear(5.0) == b'\r\n+CMTI: "SM",1\r\n'


# -- Telit, u-blox, Sierra


def test_telit_tells_when_sms_can_be_used() -> None:
    """#QSS: 1, 2, 3 come at a boot where AT#QSS=2 asked for them."""
    bench = _ready("telit_le910")
    assert "#QSS" not in _restart(bench)
    assert bench.host.ask("AT#QSS=2") == "OK"
    assert re.findall("#QSS: .", _restart(bench)) == ["#QSS: 1", "#QSS: 2", "#QSS: 3"]


def test_telit_says_when_the_service_centre_took_it() -> None:
    """With +CSMS=1 the time stands after the reference, and without it does not."""
    bench = _ready("telit_le910")
    assert re.fullmatch(r"\+CMGS: \d+\r\nOK", bench.host.send(HELLO))
    bench.host.ask("AT+CSMS=1")
    assert re.fullmatch(r'\+CMGS: \d+,"25/03/11,09:15:\d\d\+00"\r\nOK', bench.host.send(HELLO))


def test_ublox_loses_notices_of_a_host_in_a_hurry() -> None:
    """A send begun within 20 ms of the last result is deaf to notices until its own; one begun later is not."""
    for pause_s, told in ((0.0, False), (0.03, True)):
        bench = _ready("ublox_sara_u2")
        bench.host.ask("AT")
        bench.timers.run(pause_s)
        bench.host.port.write(b"AT+CMGS=18\r")
        bench.host.hear(1.0)
        bench.host.say(HELLO.encode() + b"\x1a", 1.0)
        bench.network.phone(ALICE).send(bench.sim.number, "hi")
        heard = bench.host.hear(10.0)
        assert b"+CMGS: " in heard
        assert (b"+CMTI" in heard) is told
        bench.timers.run(1.0)
        bench.network.phone(ALICE).send(bench.sim.number, "hi")
        assert b"+CMTI" in bench.host.hear(5.0)


def test_ublox_has_numbers_of_its_own_for_a_networks_causes() -> None:
    """21 is 354 there; what is no network's cause stays."""
    bench = _ready("ublox_sara_u2")
    bench.network.reject(ALICE, 21)
    assert bench.host.send(HELLO) == "+CMS ERROR: 354"
    assert bench.host.ask("AT+CMGR=7") == "+CMS ERROR: 321"


def test_sierra_sends_blind_while_positions_are_told() -> None:
    """With NMEA output on, OK follows the prompt, the message goes out, no +CMGS comes; a refusal freezes the port."""
    bench = _ready("sierra_mc7455")
    assert bench.host.ask("AT!GPSNMEACONFIG=1") == "OK"
    assert bench.host.say(b"AT+CMGS=18\r", 1.0) == b"\r\n> \r\nOK\r\n"
    assert bench.host.say(HELLO.encode() + b"\x1a", 60.0) == b""
    assert bench.inbox() == ["Hello"]
    bench.network.reject(ALICE, 38)
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    assert bench.host.say(HELLO.encode() + b"\x1a", 60.0) == b""
    assert bench.host.say(b"AT\r", 3600.0) == b""
    _restart(bench)
    assert bench.host.ask("AT") == "OK"


# -- what any family may have


def test_a_quoted_name_in_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A family can show an empty name in quotes."""
    storage = Storage(memories=("SM",), index_base=1, listed='{index},{status},"",{length}')
    bench = _ready("generic")
    monkeypatch.setattr(bench.device, "family", replace(families["generic"], storage=storage))
    tpdu = bytes.fromhex("040C9144770009406500005230119051800008C834888E2ECBCB")
    bench.sim.memory.store(StoredMessage(bytes.fromhex("07913306091093F0"), tpdu))
    assert bench.host.ask("AT+CMGL=4").startswith('+CMGL: 1,0,"",26\r\n')


def test_references_follow_the_family() -> None:
    """They count on over a restart, begin at 0 after it, or are the host's own."""
    seen = {}
    for name in ("generic", "sim800", "wavecom_q2403"):
        bench = _ready(name)
        bench.device.reference = 41
        bench.host.send(HELLO)
        _restart(bench)
        bench.host.ask("AT+CMGF=0")
        bench.host.send(HELLO)
        seen[families[name].dialogue.references] = bench.references
    assert seen == {"counts": [41, 42], "restarts": [41, 0], "repeats": [0, 0]}
