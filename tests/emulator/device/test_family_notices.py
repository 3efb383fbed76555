"""Oddities of +CNMI, of what it sets, and of the notices themselves."""

from __future__ import annotations

import pytest

from modemd.pdu import StatusReport, unframe
from tests.emulator.bench import ALICE, HELLO_WORLD, Bench


def _ready(name: str, notify: str = "2,1,0,0,0") -> Bench:
    bench = Bench(name)
    bench.host.set_up(notify)
    return bench


def test_nordic_has_four_values() -> None:
    """nRF9160: +CNMI? shows four, a fifth is refused, and mode is 3 and no other."""
    bench = _ready("nordic_nrf9160", "")
    assert bench.host.ask("AT+CNMI?") == "+CNMI: 0,0,0,0\r\nOK"
    for values in ("3,2,0,1,0", "2,2,0,1", "3,1,0,1"):
        assert bench.host.ask(f"AT+CNMI={values}") == "ERROR"
    assert bench.host.ask("AT+CNMI=3,2,0,1;+CNMI?") == "+CNMI: 3,2,0,1\r\nOK"


def test_nordic_awaits_an_acknowledgement_of_a_report() -> None:
    """nRF9160: without +CSMS, a +CDS waits for +CNMA too."""
    bench = _ready("nordic_nrf9160", "3,2,0,1")
    assert bench.host.ask("AT+CSMS=1") == "ERROR"
    header, line = bench.host.send(HELLO_WORLD).split("\r\n")[2:]
    tpdu = unframe(bytes.fromhex(line))[1]
    assert header == f"+CDS: {len(tpdu)}"
    assert StatusReport.decode(tpdu).reference == bench.references[0]
    assert bench.network.waiting(bench.sim.number) == 1
    assert bench.host.ask("AT+CNMA") == "OK"
    bench.timers.run()
    assert bench.network.waiting(bench.sim.number) == 0


def test_cuttlefish_hands_over_from_the_start() -> None:
    """+CMT: 0 and a line, each ended by CR; nothing is set, nothing is awaited, and +CNMA is always OK."""
    bench = Bench("android_cuttlefish")
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    heard = bench.host.hear(5.0)
    assert heard.startswith(b"+CMT: 0\r07913306")
    assert heard.count(b"\r") == 2
    assert b"\n" not in heard
    assert bench.network.waiting(bench.sim.number) == 0
    assert bench.host.ask("AT+CNMA;+CNMA") == "OK"
    assert bench.host.ask("AT+CNMI?") == "ERROR"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("quectel_m26", "2,1,0,0,0"),
        ("siemens_mc35i", "0,0,0,0,1"),
        ("cinterion_bgs5", "0,0,0,0,1"),
        ("generic", "0,0,0,0,0"),
    ],
)
def test_values_after_power_on(name: str, values: str) -> None:
    """Some begin with notices, or with the only fifth value that they take; and a SIM that is put in brings them back."""
    bench = Bench(name)
    bench.host.ask("ATE0")
    assert bench.host.ask("AT+CNMI?") == f"+CNMI: {values}\r\nOK"
    bench.host.ask("AT+CNMI=1,1,0,0," + values[-1])
    sim = bench.sim
    bench.device.remove_sim()
    bench.device.insert_sim(sim)
    bench.host.hear(30.0)
    assert bench.host.ask("AT+CNMI?") == f"+CNMI: {values}\r\nOK"


def test_siemens_takes_1_alone_as_the_fifth_value() -> None:
    """MC35i: bfr 0, mt 2 and ds 1 are refused with 302."""
    bench = _ready("siemens_mc35i", "2,1,0,2,1")
    for values in ("2,1,0,2,0", "2,2,0,0,1", "2,1,0,1,1"):
        assert bench.host.ask(f"AT+CNMI={values}") == "+CMS ERROR: 302"


def test_m26_has_no_service_1() -> None:
    """+CSMS takes 0 and 128."""
    bench = _ready("quectel_m26")
    assert bench.host.ask("AT+CSMS=?") == "+CSMS: (0,128)\r\nOK"
    assert bench.host.ask("AT+CSMS=1").endswith("ERROR")
    assert bench.host.ask("AT+CSMS=128;+CSMS?").endswith("+CSMS: 128,1,1,1\r\nOK")


def test_phonesim_offers_no_reports_and_tells_no_setting() -> None:
    """ds is 0, +CNMI? is an error."""
    bench = _ready("ofono_phonesim")
    assert bench.host.ask("AT+CNMI=?") == "+CNMI: (0,1,2,3),(0,1),(0,1,2),(0),(0,1)\r\nOK"
    assert bench.host.ask("AT+CNMI?") == "ERROR"
    assert bench.host.send(HELLO_WORLD, 60.0) == "+CMGS: 0\r\nOK"


def test_e1752_talks_while_it_is_listened_to() -> None:
    """^RSSI, ^MODE and ^DSFLOWRPT come every few seconds, and +CREG beside them."""
    bench = _ready("huawei_e1752")
    bench.device.chatty = True
    bench.host.port.close()
    bench.host.open()
    heard = bench.host.hear(30.0)
    for line in (b"^RSSI:14", b"^MODE:5,4", b"^SRVST:0", b"^DSFLOWRPT:", b"+CREG: 1, E006B, ABE0016"):
        assert line in heard


def test_e1752_talks_before_an_echo() -> None:
    """With every seventh command ^SRVST:0 precedes the echo, in the same packet."""
    bench = Bench("huawei_e1752")
    bench.device.chatty = True
    heard = [bench.host.say(b"AT\r") for _ in range(8)]
    assert heard[6] == b"^SRVST:0\r\nAT\r\r\nOK\r\n"
    assert {*heard[:6], heard[7]} == {b"AT\r\r\nOK\r\n"}


def test_option_talks_of_its_signal() -> None:
    """_OSIGQ comes by itself."""
    bench = _ready("option_gtm382")
    bench.device.chatty = True
    bench.host.port.close()
    bench.host.open()
    assert b"_OSIGQ: 12,0" in bench.host.hear(12.0)
