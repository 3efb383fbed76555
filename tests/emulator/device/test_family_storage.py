"""Oddities of storage: families without it, and what some say of it."""

from __future__ import annotations

import pytest

from modemd.emulator.device.results import FinalResult
from tests.emulator.bench import ALICE, HELLO, Bench


def _ready(name: str, notify: str = "2,1,0,0,0") -> Bench:
    bench = Bench(name)
    bench.host.set_up(notify)
    return bench


def test_without_storage_a_message_waits_for_a_host_that_takes_it() -> None:
    """nRF9160: before +CNMI the network keeps the message; with +CNMI it comes, and +CNMA ends it."""
    bench = _ready("nordic_nrf9160", "")
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    assert bench.host.hear(5.0) == b""
    assert bench.network.waiting(bench.sim.number) == 1
    assert bench.host.ask("AT+CNMI=3,2,0,1") == "OK"
    assert bench.host.hear(5.0).startswith(b'\r\n+CMT: "+447700900123",')
    assert bench.host.ask("AT+CNMA") == "OK"
    bench.timers.run()
    assert bench.network.waiting(bench.sim.number) == 0
    assert bench.sim.memory.used == 0


def test_without_storage_a_lost_power_leaves_a_message_with_the_network() -> None:
    """nRF9160: a message that was handed over and not acknowledged comes again after a restart."""
    bench = _ready("nordic_nrf9160", "3,2,0,1")
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    first = bench.host.hear(5.0)
    bench.device.restart()
    assert bench.host.hear(60.0) == b"\r\nReady\r\n"
    bench.host.set_up("3,2,0,1")
    assert bench.host.hear(5.0) == first


@pytest.mark.parametrize("name", ["nordic_nrf9160", "nokia_n79", "android_cuttlefish"])
def test_without_storage_nothing_can_be_filled(name: str) -> None:
    """fill_memory() finds no memory, though the SIM has one."""
    bench = Bench(name)
    with pytest.raises(FinalResult, match="302"):
        bench.device.fill_memory()


def test_nokia_offers_no_memory() -> None:
    """N79: empty lists, empty values, and any setting is an error."""
    bench = _ready("nokia_n79", "")
    assert bench.host.ask("AT+CPMS=?") == "+CPMS: (),(),()\r\nOK"
    assert bench.host.ask("AT+CPMS?") == "+CPMS: ,,,,,,,,\r\nOK"
    assert bench.host.ask('AT+CPMS="SM","SM","SM"') == "ERROR"
    assert bench.host.ask("AT+CNMI=?") == "ERROR"
    assert bench.host.ask("AT+CGMR").split("\r\n")[2:] == ["RM-348", "(c) Nokia", "11.049", "OK"]
    assert bench.host.send(HELLO).endswith("OK")


@pytest.mark.parametrize("name", ["brovi_e3372_325", "ofono_phonesim"])
def test_some_want_all_memories_named(name: str) -> None:
    """+CPMS with one or two memories is an error; with three it is taken."""
    bench = _ready(name)
    for names in ('"SM"', '"SM","SM"', '"SM",,"SM"'):
        assert bench.host.ask(f"AT+CPMS={names}") == "ERROR"
    assert bench.host.ask('AT+CPMS="ME","SM","SM"').startswith("+CPMS: 0,")


def test_phonesim_has_an_error_for_an_empty_list() -> None:
    """+CMGL of nothing is +CMS ERROR: 321, of something it is a list."""
    bench = _ready("ofono_phonesim")
    assert bench.host.ask("AT+CMGL=4") == "+CMS ERROR: 321"
    assert bench.host.ask("AT+CPMS?") == "ERROR"
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    bench.host.hear(5.0)
    assert bench.host.ask("AT+CMGL=4").startswith("+CMGL: 1,0,,")


def test_siemens_shows_an_empty_slot_as_a_message_of_no_length() -> None:
    """MC35i: +CMGR: 0,,0 and OK; ME is refused as the third memory with 302."""
    bench = _ready("siemens_mc35i", "2,1,0,2,1")
    assert bench.host.ask("AT+CMGR=3") == "+CMGR: 0,,0\r\nOK"
    assert bench.host.ask('AT+CPMS="ME","ME","ME"') == "+CMS ERROR: 302"
    assert bench.host.ask("AT+CPMS=?") == '+CPMS: ("MT","SM","ME"),("MT","SM","ME"),("MT","SM")\r\nOK'
    assert bench.host.ask("AT+CMMS=1") == "ERROR"


def test_option_and_e1752_name_their_memories_in_an_order_of_their_own() -> None:
    """SM, MT, ME, SR; and ME, MT, SM, SR."""
    offered = [_ready(name).host.ask("AT+CPMS=?") for name in ("option_gtm382", "huawei_e1752")]
    assert offered[0].startswith('+CPMS: ("SM","MT","ME","SR"),')
    assert offered[1].startswith('+CPMS: ("ME","MT","SM","SR"),')
