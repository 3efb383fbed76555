"""Faults of a device, each met by a client that knows nothing but bytes."""

from __future__ import annotations

import re

import pytest

from modemd.emulator.network.message_memory import MessageStatus
from tests.emulator.bench import ALICE, HELLO, Bench


def test_a_full_memory_is_told_of_and_keeps_messages_out() -> None:
    """fill_memory() fills the SIM: Huawei says so, and what comes waits until a slot is deleted."""
    bench = Bench("huawei_e3372", capacity=3)
    bench.host.set_up()
    bench.device.fill_memory()
    assert bench.host.hear() == b'\r\n^SMMEMFULL: "SM"\r\n'
    assert bench.host.ask('AT+CPMS="SM"').startswith("+CPMS: 3,3,")
    assert bench.host.ask("AT+CMGL=1").count("+CMGL") == 3
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    assert bench.host.hear(5.0) == b""
    bench.host.ask("AT+CMGD=1")
    assert bench.host.hear(5.0).startswith(b'\r\n+CMTI: "SM",1\r\n')


@pytest.mark.parametrize("command", ["AT+CMGD=2", "AT+CMGD=1,4"])
def test_a_slot_that_cannot_be_deleted(bench: Bench, command: str) -> None:
    """stick_slot(): +CMGD says 320 and the message stays, until free_slot()."""
    bench.device.fill_memory()
    bench.device.stick_slot("SM", 2)
    assert bench.host.ask(command) == "+CMS ERROR: 320"
    assert bench.host.ask("AT+CMGR=2").startswith("+CMGR: 1,")
    bench.device.free_slot("SM", 2)
    assert bench.host.ask(command) == "OK"
    assert all(message.status is MessageStatus.READ for _, message in bench.sim.memory)


def test_a_sim_taken_out_and_put_in_again() -> None:
    """SIM800 says +CPIN: NOT READY and refuses; put in again it is busy, then ready, and what waited comes."""
    bench = Bench("sim800")
    bench.host.set_up()
    bench.host.ask("AT+CREG=1;+CMEE=1")
    bench.device.remove_sim()
    assert bench.host.hear() == b"\r\n+CPIN: NOT READY\r\n\r\n+CREG: 0\r\n"
    assert bench.host.ask("AT+CPIN?") == "+CME ERROR: 10"
    assert bench.host.ask("AT+CMGS=18", 1.0) == "+CMS ERROR: 310"
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    bench.host.hear(60.0)
    bench.device.insert_sim(bench.sim)
    assert bench.host.ask("AT+CMGF=0") == "+CMS ERROR: 314"
    heard = bench.host.hear(30.0)
    # what +CNMI had set is gone: no +CMTI
    assert heard == b"\r\n+CREG: 2\r\n\r\n+CPIN: READY\r\n\r\nSMS Ready\r\n\r\n+CREG: 1\r\n"
    assert bench.host.ask("AT+CMGL=0").startswith("+CMGL: 1,0,")
    assert bench.host.send(HELLO).endswith("OK")


def test_a_sim_moves_to_another_device(bench: Bench) -> None:
    """insert_sim() takes it out of where it was; its number is reached where it is now."""
    other = Bench("huawei_e3372")
    other.host.set_up()
    other.device.insert_sim(bench.sim)
    assert other.sim.terminal is None
    assert bench.sim.terminal is other.device
    assert bench.host.ask("AT+CPIN?") == "ERROR"
    assert other.host.hear(20.0) == b"\r\n^SIMST:255\r\n\r\n^SIMST:1\r\n"
    assert other.host.ask("AT+CNUM").startswith(f'+CNUM: "","{bench.sim.number}"')


def test_taking_out_no_sim_says_nothing() -> None:
    """A second remove_sim() does nothing."""
    bench = Bench("sim800")
    bench.device.remove_sim()
    bench.host.hear()
    bench.device.remove_sim()
    assert bench.host.hear() == b""


def test_a_notice_inside_a_reply(bench: Bench) -> None:
    """interrupt_next_answer(): between the information and OK, once."""
    bench.device.interrupt_next_answer('+CREG: 1,"1A2B","0C3D4E5F",7')
    answer = bench.host.ask("AT+CSQ")
    assert answer == '+CSQ: 17,99\r\n+CREG: 1,"1A2B","0C3D4E5F",7\r\nOK'
    assert bench.host.ask("AT+CSQ") == "+CSQ: 17,99\r\nOK"


def test_junk_octets_on_the_line(bench: Bench) -> None:
    """noise(inserted=): junk between the octets; without it the answer is whole. 0 ends it."""
    bench.device.set_noise(inserted=0.5)
    heard = bench.host.say(b"AT+CSQ\r")
    assert heard != b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n"
    assert re.sub(rb"[\x80-\xff\x00\x7f]", b"", heard) == b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n"
    bench.device.set_noise()
    assert bench.host.ask("AT+CSQ") == "+CSQ: 17,99\r\nOK"


def test_octets_lost_on_the_line(bench: Bench) -> None:
    """noise(lost=): some of what is said never arrives; the same seed loses the same."""

    def heard(one: Bench) -> bytes:
        one.device.set_noise(lost=0.2)
        return one.host.say(b"AT+CSQ;+CREG?;+COPS?\r")

    answer = heard(bench)
    whole = b'\r\n+CSQ: 17,99\r\n\r\n+CREG: 0,1\r\n\r\n+COPS: 0,0,"Emulated"\r\n\r\nOK\r\n'
    assert 0 < len(answer) < len(whole)
    rest = iter(whole)
    assert all(octet in rest for octet in answer)  # in order, with gaps
    again = Bench()
    again.host.set_up()
    assert heard(again) == answer


def test_settings_are_forgotten_without_a_word() -> None:
    """forget_settings(): echo, text mode and no notices are back, though the device never restarted."""
    bench = Bench("sim800")
    bench.host.set_up()
    bench.device.forget_settings()
    assert bench.host.hear() == b""
    assert bench.host.say(b"AT+CMGF?\r") == b"AT+CMGF?\r\r\n+CMGF: 1\r\n\r\nOK\r\n"
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    assert bench.host.hear(5.0) == b""
    assert bench.sim.memory.used == 1


def test_a_command_that_hangs(bench: Bench) -> None:
    """hang_next(): nothing is answered meanwhile; then it works, and so does what was typed after it. Once."""
    bench.device.hang_next("+cmgl", 90.0)
    assert bench.host.say(b"AT+CSQ;+CMGL=4\r", 60.0) == b"\r\n+CSQ: 17,99\r\n"
    assert bench.host.say(b"AT+CPAS\r") == b""
    assert bench.host.hear(30.0) == b"\r\nOK\r\n\r\n+CPAS: 0\r\n\r\nOK\r\n"
    assert bench.host.ask("AT+CMGL=4") == "OK"


def test_power_lost_while_a_command_hangs() -> None:
    """A restart ends the hanging, and the command is forgotten."""
    bench = Bench("sim800")
    bench.device.hang_next("+CMGL", 900.0)
    bench.host.say(b"AT+CMGL=4\r")
    bench.device.restart()
    bench.host.hear(20.0)
    assert bench.host.say(b"AT\r").endswith(b"\r\nOK\r\n")
    assert bench.host.hear(1000.0) == b""


def test_a_notice_is_lost(bench: Bench) -> None:
    """lose_next_notice(): the message is on the SIM, and nothing told of it; the next is told of."""
    bench.device.lose_next_notice()
    bench.network.phone(ALICE).send(bench.sim.number, "one")
    assert bench.host.hear(5.0) == b""
    bench.network.phone(ALICE).send(bench.sim.number, "two")
    assert bench.host.hear(5.0) == b'\r\n+CMTI: "SM",2\r\n'


def test_a_flood_of_notices(bench: Bench) -> None:
    """flood(): so many lines, and between them commands are answered."""
    bench.device.flood("^RSSI:9", 500, 0.01)
    heard = bench.host.say(b"AT\r", 1.0)
    assert b"\r\nOK\r\n" in heard
    assert (heard + bench.host.hear(10.0)).count(b"\r\n^RSSI:9\r\n") == 500


@pytest.mark.parametrize(
    ("tries", "state", "answer"),
    [(3, "SIM PIN", 'AT+CPIN="1234"'), (0, "SIM PUK", 'AT+CPIN="12345678","4321"')],
    ids=["PIN", "PUK"],
)
def test_the_pin_is_asked_for_again(bench: Bench, tries: int, state: str, answer: str) -> None:
    """ask_pin(): no network and no messages until the PIN, or with no tries left the PUK, is given."""
    bench.host.ask("AT+CREG=1")
    bench.device.ask_pin(tries=tries)
    assert bench.host.hear() == b"\r\n+CREG: 0\r\n"
    assert bench.host.ask("AT+CPIN?") == f"+CPIN: {state}\r\nOK"
    assert bench.host.ask("AT+CMGS=18", 1.0).startswith("+CMS ERROR: 31")
    assert bench.host.ask(answer, 10.0).endswith("+CREG: 1")
    assert bench.host.send(HELLO).endswith("OK")


def test_a_restart_loses_what_trickles() -> None:
    """What was not yet said is not said later, and what comes after it is."""
    bench = Bench("sim800")
    bench.host.set_up()
    bench.device.set_trickle(1.0)
    assert bench.host.say(b"AT+CGSN\r", 2.5) == b"\r\n"
    bench.device.restart()
    assert bench.host.hear(30.0).startswith(b"\r\nRDY\r\n")


def test_each_hang_is_of_one_command(bench: Bench) -> None:
    """hang_next() twice: two commands of that name hang, one after the other, and the third does not."""
    for _ in range(2):
        bench.device.hang_next("+CSQ", 3.0)
    for _ in range(2):
        assert bench.host.ask("AT+CSQ", 2.9) == ""
        assert bench.host.hear(0.2).endswith(b"OK\r\n")
    assert bench.host.ask("AT+CSQ").endswith("OK")
