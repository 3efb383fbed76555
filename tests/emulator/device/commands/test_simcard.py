"""PIN and PUK, and what a SIM that is not ready says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modemd.emulator import Device, Network
from modemd.emulator.device.family_sections import Boot
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


def test_a_blocked_sim_says_so(locked: Bench) -> None:
    """After ten wrong PUKs +CPIN? is a SIM failure, and so is every message command."""
    for pin in ['"0000"'] * 3 + ['"00000000","4321"'] * 10:
        assert locked.host.ask(f"AT+CPIN={pin}") == "+CME ERROR: 16"
    assert locked.host.ask("AT+CPIN?") == "+CME ERROR: 13"
    assert locked.host.ask("AT+CMGF=0") == "+CMS ERROR: 313"
    locked.device.restart()
    locked.timers.run(60.0)
    locked.host.open()
    locked.host.ask("ATE0;+CMEE=1")
    assert locked.host.ask("AT+CPIN?") == "+CME ERROR: 13"


def test_the_new_pin_of_a_puk_must_be_one(locked: Bench) -> None:
    """Neither a try of the PUK nor the SIM is spent on a PIN that is none."""
    for _ in range(3):
        locked.host.ask('AT+CPIN="0000"')
    assert locked.host.ask('AT+CPIN="12345678","12"') == "+CME ERROR: 16"
    assert (locked.sim.pin_tries, locked.sim.puk_tries) == (0, 10)


def test_a_sim_is_busy_after_its_pin() -> None:
    """Message commands end in CMS 314 and others in CME 14 for the family's time; its lines tell of the end."""
    bench = Bench("sim800", pin="1234")
    bench.timers.run(60.0)
    bench.host.ask("ATE0;+CMEE=1")
    bench.host.hear()
    assert bench.host.ask('AT+CPIN="1234"') == "OK"
    assert bench.host.ask("AT+CMGF=0") == "+CMS ERROR: 314"
    assert bench.host.ask("AT+CIMI") == "+CME ERROR: 14"
    said = bench.host.hear(60.0)
    assert said.startswith(b"\r\n+CPIN: READY\r\n")
    assert b"\r\nSMS Ready\r\n" in said
    assert bench.host.ask("AT+CMGF=0") == "OK"
    assert bench.host.send(HELLO).endswith("OK")


def test_the_busy_time_ends_with_the_power() -> None:
    """A restart amid it leaves no SIM that is busy for ever."""
    bench = Bench("sim800", pin="1234")
    bench.host.ask('AT+CPIN="1234"')
    bench.sim.pin_enabled = False
    bench.device.restart()
    bench.timers.run(60.0)
    bench.host.hear()
    bench.host.ask("ATE0")
    assert bench.host.ask("AT+CMGF=0") == "OK"


def test_another_sim_is_not_busy() -> None:
    """The busy time is that of the SIM the PIN was for."""
    bench = Bench("sim800", pin="1234")
    bench.host.ask('ATE0;+CPIN="1234"')
    bench.device.family = replace(bench.device.family, boot=Boot())
    bench.device.insert_sim(bench.network.sim("+33700000002"))
    bench.timers.run(2.0)
    bench.host.hear()
    assert bench.host.ask("AT+CMGF=0") == "OK"


def test_the_pin_can_be_asked_for_or_not(locked: Bench) -> None:
    """+CLCK "SC": asked after, switched off with the PIN, and on again."""
    locked.host.ask('AT+CPIN="1234"')
    locked.timers.run(10.0)
    assert locked.host.ask("AT+CLCK=?") == '+CLCK: ("SC")\r\nOK'
    assert locked.host.ask('AT+CLCK="SC",2') == "+CLCK: 1\r\nOK"
    assert locked.host.ask('AT+CLCK="SC",0,"9999"') == "+CME ERROR: 16"
    assert locked.host.ask('AT+CLCK="SC",0,"1234"') == "OK"
    assert locked.host.ask('AT+CLCK="SC",2') == "+CLCK: 0\r\nOK"
    locked.device.restart()
    locked.timers.run(60.0)
    locked.host.open()
    locked.host.ask("ATE0;+CMEE=1")
    assert locked.host.ask("AT+CPIN?") == "+CPIN: READY\r\nOK"
    assert locked.host.ask('AT+CLCK="SC",1,"1234"') == "OK"
    assert locked.host.ask('AT+CLCK="FD",2') == "+CME ERROR: 4"
    assert locked.host.ask('AT+CLCK="SC",7') == "+CME ERROR: 50"


def test_a_sim_that_asked_for_no_pin_has_one(bench: Bench) -> None:
    """0000, until it is changed."""
    bench.host.ask("AT+CMEE=1")
    assert bench.host.ask('AT+CLCK="SC",2') == "+CLCK: 0\r\nOK"
    assert bench.host.ask('AT+CPWD="SC","0000","4711"') == "+CME ERROR: 3"
    assert bench.host.ask('AT+CLCK="SC",1,"0000"') == "OK"
    assert bench.host.ask('AT+CPWD="SC","0000","47"') == "+CME ERROR: 50"
    assert bench.host.ask('AT+CPWD="SC","0000","4711"') == "OK"
    bench.device.restart()
    bench.timers.run(60.0)
    bench.host.open()
    bench.host.ask("ATE0")
    assert bench.host.ask("AT+CPIN?") == "+CPIN: SIM PIN\r\nOK"
    assert bench.host.ask('AT+CPIN="4711"') == "OK"


def test_changing_the_pin_costs_tries_too(bench: Bench) -> None:
    """Three wrong ones and the SIM wants its PUK, in the middle of its work."""
    bench.host.ask('AT+CMEE=1;+CLCK="SC",1,"0000"')
    answers = [bench.host.ask('AT+CPWD="SC","1111","4711"') for _ in range(3)]
    assert answers == ["+CME ERROR: 16", "+CME ERROR: 16", "+CME ERROR: 12"]
    assert bench.host.ask("AT+CPIN?;+CREG?") == "+CPIN: SIM PUK\r\n+CREG: 0,0\r\nOK"
    assert bench.host.ask("AT+CPWD=?") == '+CPWD: ("SC",8)\r\nOK'
    assert bench.host.ask('AT+CPWD="P2","1","1"') == "+CME ERROR: 12"


def test_a_reply_of_the_family_tells_the_tries() -> None:
    """A PIN counter follows the SIM."""
    bench = Bench("sim800", pin="1234")
    bench.timers.run(60.0)
    bench.host.ask("ATE0")
    assert bench.host.ask("AT+SPIC") == "+SPIC: 3,10,0,10\r\nOK"
    bench.host.ask('AT+CPIN="9999"')
    assert bench.host.ask("AT+SPIC") == "+SPIC: 2,10,0,10\r\nOK"
