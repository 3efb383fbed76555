"""PIN and PUK, and what a SIM that is not ready says."""

from __future__ import annotations

import pytest

from modemd.emulator import Device, Network
from modemd.emulator.links import MemoryLink
from tests.emulator.bench import HELLO, Bench, HandTimers, Host


@pytest.fixture
def locked() -> Bench:
    """A modem whose SIM asks for 1234."""
    bench = Bench(pin="1234")
    bench.host.ask("ATE0")
    bench.host.ask("AT+CMEE=1")
    return bench


def test_the_pin_opens_the_sim(locked: Bench) -> None:
    """Before the PIN no SMS and no network; after it both, in the family's time."""
    assert locked.host.ask("AT+CPIN?;+CREG?") == "+CPIN: SIM PIN\r\n+CREG: 0,0\r\nOK"
    assert locked.host.ask("AT+CMGF=0") == "+CMS ERROR: 311"
    assert locked.host.ask("AT+CIMI") == "+CME ERROR: 11"
    assert locked.host.ask('AT+CPIN="1234"') == "OK"
    assert locked.host.ask("AT+CPIN?;+CREG?") == "+CPIN: READY\r\n+CREG: 0,2\r\nOK"
    locked.timers.run(4.0)
    locked.host.ask("AT+CMGF=0")
    assert locked.host.send(HELLO).endswith("OK")


def test_a_second_pin_is_not_taken(locked: Bench) -> None:
    """A PIN for an open SIM is an operation not allowed."""
    locked.host.ask('AT+CPIN="1234"')
    assert locked.host.ask('AT+CPIN="1234"') == "+CME ERROR: 3"


def test_three_wrong_pins_lock_the_sim(locked: Bench) -> None:
    """A wrong PIN is CME 16 and costs a try; after three the PUK is wanted, and a PIN is no longer heard."""
    assert locked.host.ask('AT+CPIN="0000"') == "+CME ERROR: 16"
    assert locked.sim.pin_tries == 2
    for _ in range(2):
        locked.host.ask('AT+CPIN="0000"')
    assert locked.host.ask("AT+CPIN?") == "+CPIN: SIM PUK\r\nOK"
    assert locked.host.ask('AT+CPIN="1234"') == "+CME ERROR: 12"
    assert locked.host.ask("AT+CMGS=18") == "+CMS ERROR: 316"


def test_the_puk_sets_a_new_pin(locked: Bench) -> None:
    """The right PUK opens the SIM with the new PIN; a wrong one costs one of ten."""
    for _ in range(3):
        locked.host.ask('AT+CPIN="0000"')
    assert locked.host.ask('AT+CPIN="00000000","4321"') == "+CME ERROR: 16"
    assert locked.sim.puk_tries == 9
    assert locked.host.ask('AT+CPIN="12345678","4321"') == "OK"
    assert (locked.sim.pin, locked.sim.pin_tries, locked.sim.puk_tries) == ("4321", 3, 10)
    assert locked.host.ask("AT+CPIN?") == "+CPIN: READY\r\nOK"


def test_ten_wrong_puks_are_the_end(locked: Bench) -> None:
    """After ten wrong PUKs the right one no longer helps."""
    for _ in range(3):
        locked.host.ask('AT+CPIN="0000"')
    for _ in range(10):
        locked.host.ask('AT+CPIN="00000000","4321"')
    assert locked.host.ask('AT+CPIN="12345678","4321"') == "+CME ERROR: 16"


def test_a_restart_asks_for_the_pin_again(locked: Bench) -> None:
    """A PIN lasts until power is lost."""
    locked.host.ask('AT+CPIN="1234"')
    locked.device.restart()
    locked.timers.run(60.0)
    locked.host.open()
    locked.host.ask("ATE0")
    assert locked.host.ask("AT+CPIN?") == "+CPIN: SIM PIN\r\nOK"


def test_a_device_without_a_sim() -> None:
    """No SIM: +CME ERROR: 10 and +CMS ERROR: 310, no network, and the device still says who it is."""
    timers = HandTimers()
    device = Device("modem0", "generic", Network(timers), timers, None)
    host = Host(timers, MemoryLink(device, timers))
    for command, answer in (
        ("ATE0", "ATE0\r\r\nOK"),
        ("AT+CMEE=1", "OK"),
        ("AT+CPIN?", "+CME ERROR: 10"),
        ("AT+CIMI", "+CME ERROR: 10"),
        ("AT+CCID", "+CME ERROR: 10"),
        ("AT+CMGF=0", "+CMS ERROR: 310"),
        ("AT+CMGS=18", "+CMS ERROR: 310"),
        ("AT+CREG?", "+CREG: 0,0\r\nOK"),
        ("AT+CGSN", f"{device.imei}\r\nOK"),
    ):
        assert host.ask(command) == answer
