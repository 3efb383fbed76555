"""Voice calls, in and out, as a host on the line sees them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modemd.emulator import Device
from modemd.emulator.device.family import families
from modemd.emulator.device.family_sections import Voice
from modemd.emulator.links import MemoryLink
from modemd.emulator.network.voice_calls import CallState
from tests.emulator.bench import ALICE, HELLO, SIM_NUMBER, Bench, Host

BOB = "+33612345678"
RING = b"\r\nRING\r\n"


def test_a_call_rings_until_the_caller_gives_up(bench: Bench) -> None:
    """RING every few seconds, then NO CARRIER; the caller hung up."""
    call = bench.network.phone(BOB).call(SIM_NUMBER, for_s=10)
    assert bench.host.hear() == RING
    assert bench.host.hear(9.0) == RING * 2
    assert bench.host.ask("AT+CLCC") == f'+CLCC: 1,1,4,0,0,"{BOB}",145\r\nOK'
    assert bench.host.hear(2.0) == b"\r\nNO CARRIER\r\n"
    assert call.state is CallState.HUNG_UP
    assert bench.host.ask("AT+CLCC") == "OK"
    assert bench.host.hear(60.0) == b""


def test_nobody_answers_for_half_a_minute(bench: Bench) -> None:
    """The network ends it then."""
    call = bench.network.phone(BOB).call(SIM_NUMBER)
    assert bench.host.hear(60.0) == RING * 8 + b"\r\nNO CARRIER\r\n"
    assert call.state is CallState.NO_ANSWER


def test_who_calls_and_what(bench: Bench) -> None:
    """+CLIP with each ring, and +CRING in place of RING, where the host asked for them."""
    assert bench.host.ask("AT+CLIP=1;+CRC=1") == "OK"
    bench.network.phone(BOB).call(SIM_NUMBER, for_s=5)
    shown = f'\r\n+CRING: VOICE\r\n\r\n+CLIP: "{BOB}",145,"",0,"",0\r\n'.encode()
    assert bench.host.hear(4.5) == shown * 2


@pytest.mark.parametrize("command", ["ATH", "AT+CHUP"])
def test_a_call_is_refused(bench: Bench, command: str) -> None:
    """OK, and it rings no more; the caller is told."""
    call = bench.network.phone(BOB).call(SIM_NUMBER)
    bench.host.hear()
    assert bench.host.ask(command) == "OK"
    assert call.state is CallState.REFUSED
    assert bench.host.hear(60.0) == b""


def test_a_call_is_taken_and_ended(bench: Bench) -> None:
    """ATA, then ATH, or the other hangs up: NO CARRIER. Without a call ATA finds none."""
    assert bench.host.ask("ATA") == "NO CARRIER"
    phone = bench.network.phone(BOB)
    call = phone.call(SIM_NUMBER)
    bench.host.hear()
    assert bench.host.ask("ATA") == "OK"
    assert call.state is CallState.ANSWERED
    assert bench.host.ask("AT+CLCC") == f'+CLCC: 1,1,0,0,0,"{BOB}",145\r\nOK'
    assert bench.host.hear(600.0) == b""
    assert bench.network.phone(ALICE).call(SIM_NUMBER).state is CallState.BUSY
    phone.hang_up()
    assert bench.host.hear() == b"\r\nNO CARRIER\r\n"
    call = phone.call(SIM_NUMBER)
    bench.host.hear()
    bench.host.ask("ATA")
    assert bench.host.ask("ATH") == "OK"
    assert (call.state, bench.host.hear(60.0)) == (CallState.HUNG_UP, b"")


def test_it_answers_by_itself(bench: Bench) -> None:
    """S0 is the ring at which it does."""
    bench.host.ask("ATS0=2")
    call = bench.network.phone(BOB).call(SIM_NUMBER)
    states = []
    for seconds in (3.0, 60.0):
        assert bench.host.hear(seconds) == RING
        states.append(call.state)
    assert states == [CallState.RINGING, CallState.ANSWERED]


def test_a_ring_by_number(bench: Bench) -> None:
    """Under ATV0 RING is 2 and NO CARRIER 3; under ATQ1 nothing is said."""
    bench.host.ask("ATV0")
    phone = bench.network.phone(BOB)
    phone.call(SIM_NUMBER, for_s=1)
    assert bench.host.hear(2.0) == b"2\r3\r"
    bench.host.ask("ATQ1")
    phone.call(SIM_NUMBER, for_s=1)
    assert bench.host.hear(2.0) == b""


def test_a_ring_waits_for_the_end_of_a_pdu(bench: Bench) -> None:
    """No ring lands inside an entry."""
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    bench.network.phone(BOB).call(SIM_NUMBER, for_s=1)
    assert bench.host.hear(2.0) == b""
    assert bench.host.say(HELLO.encode() + b"\x1a") == RING + b"\r\nNO CARRIER\r\n"


def test_a_ring_by_number_waits_too(bench: Bench) -> None:
    """Under ATV0 as well."""
    bench.host.ask("ATV0")
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    bench.network.phone(BOB).call(SIM_NUMBER, for_s=1)
    assert bench.host.hear(2.0) == b""
    assert bench.host.say(HELLO.encode() + b"\x1a") == b"2\r3\r"


def test_a_sim800_refuses_calls_while_it_sends() -> None:
    """During +CMGS the caller finds it busy; the message goes out."""
    bench = Bench("sim800")
    bench.timers.run(60.0)
    bench.host.set_up()
    phone = bench.network.phone(BOB)
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    assert phone.call(SIM_NUMBER).state is CallState.BUSY
    bench.host.say(HELLO.encode() + b"\x1a", 1.0)
    assert phone.call(SIM_NUMBER).state is CallState.BUSY
    assert b"\r\n+CMGS: " in bench.host.hear(10.0)
    assert phone.call(SIM_NUMBER, for_s=1).state is CallState.RINGING


def test_a_send_that_a_restart_ended_refuses_no_calls() -> None:
    """What was on the air before is no reason."""
    bench = Bench("sim800")
    bench.timers.run(60.0)
    bench.host.set_up()
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    bench.host.say(HELLO.encode() + b"\x1a", 1.0)
    bench.device.restart()
    bench.timers.run(60.0)
    assert bench.network.phone(BOB).call(SIM_NUMBER).state is CallState.RINGING


def test_a_missed_call_is_told_of() -> None:
    """Where the family does so; a call that was answered is not missed."""
    bench = Bench()
    bench.host.set_up()
    bench.device.family = replace(
        families["generic"], voice=Voice(missed="MISSED_CALL: {time:%I:%M%p} {number}", ring_every_s=30)
    )
    phone = bench.network.phone(BOB)
    phone.call(SIM_NUMBER, for_s=1)
    assert bench.host.hear(2.0) == RING + f"\r\nNO CARRIER\r\n\r\nMISSED_CALL: 09:15AM {BOB}\r\n".encode()
    phone.call(SIM_NUMBER, for_s=5)
    bench.host.hear()
    bench.host.ask("ATA")
    assert bench.host.hear(10.0) == b"\r\nNO CARRIER\r\n"


def test_who_has_no_network_is_not_rung(bench: Bench) -> None:
    """A modem that is off, or loses its network in a call."""
    phone = bench.network.phone(BOB)
    call = phone.call(SIM_NUMBER)
    bench.host.hear()
    bench.device.set_coverage(2)
    assert bench.host.hear(60.0) == b"\r\nNO CARRIER\r\n"
    assert not call.open
    assert phone.call(SIM_NUMBER).state is CallState.UNREACHABLE
    bench.device.set_coverage(1)
    call = phone.call(SIM_NUMBER)
    bench.host.hear()
    bench.device.remove_sim()
    assert not call.open


def test_a_phone_that_is_switched_off_hangs_up(bench: Bench) -> None:
    """Its call is over for the modem too."""
    phone = bench.network.phone(BOB)
    phone.call(SIM_NUMBER)
    bench.host.hear()
    phone.switch_off()
    assert bench.host.hear(60.0) == b"\r\nNO CARRIER\r\n"


def test_a_phone_that_is_off_calls_nobody(bench: Bench) -> None:
    """Nothing rings."""
    phone = bench.network.phone(BOB)
    phone.switch_off()
    assert phone.call(SIM_NUMBER).state is CallState.UNREACHABLE
    assert bench.host.hear(60.0) == b""


def test_a_number_is_dialled(bench: Bench) -> None:
    """OK at once; the phone takes it, and NO CARRIER comes when it hangs up."""
    phone = bench.network.phone(BOB)
    assert bench.host.ask(f"ATD{BOB};") == "OK"
    bench.host.hear(5.0)
    assert [call.state for call in phone.calls] == [CallState.ANSWERED]
    assert bench.host.ask("AT+CLCC") == f'+CLCC: 1,0,0,0,0,"{BOB}",145\r\nOK'
    phone.hang_up()
    assert bench.host.hear() == b"\r\nNO CARRIER\r\n"


def test_how_a_dialled_call_fails(bench: Bench) -> None:
    """Off: NO CARRIER; in a call: BUSY; not picked up: NO ANSWER; without `;`, or a network: NO CARRIER at once."""
    phone = bench.network.phone(BOB)
    phone.switch_off()
    bench.host.ask(f"ATD{BOB};")
    assert bench.host.hear(5.0) == b"\r\nNO CARRIER\r\n"
    phone.switch_on()
    phone.call(ALICE)
    bench.host.ask(f"ATD{BOB};")
    assert bench.host.hear(5.0) == b"\r\nBUSY\r\n"
    phone.hang_up()
    phone.picks_up = False
    bench.host.ask(f"ATD{BOB};")
    assert bench.host.hear(60.0) == b"\r\nNO ANSWER\r\n"
    assert bench.host.ask(f"ATD{BOB}") == "NO CARRIER"
    bench.host.ask(f"ATD{BOB};")
    assert bench.host.ask("ATH") == "OK"
    assert bench.host.hear(60.0) == b""
    bench.host.ask(f"ATD{BOB};")
    bench.device.set_coverage(2)
    assert bench.host.hear(60.0) == b"\r\nNO CARRIER\r\n"
    assert bench.host.ask(f"ATD{BOB};") == "NO CARRIER"


def test_one_modem_calls_another(bench: Bench) -> None:
    """A call to the number of a SIM rings that SIM's modem."""
    sim = bench.network.sim("+33700000002")
    callee = Host(bench.timers, MemoryLink(Device("m2", "generic", bench.network, bench.timers, sim), bench.timers))
    bench.host.ask("ATD0700000002;")
    bench.timers.run(3.5)
    assert callee.hear() == RING
    callee.say(b"ATE0\r")
    assert callee.ask("ATA") == "OK"
    bench.host.ask("ATH")
    assert callee.hear() == b"\r\nNO CARRIER\r\n"


@pytest.mark.parametrize("family", list(families))
def test_every_family_rings_and_takes_calls(family: str) -> None:
    """RING, ATA, and the end of the call, whatever the family says besides."""
    bench = Bench(family)
    bench.host.say(b"ATE0\rAT+CPMS?\r", 1.0)
    call = bench.network.phone(BOB).call(SIM_NUMBER)
    assert b"RING" in bench.host.hear(1.0)
    assert bench.host.ask("ATA", 0.1).endswith("OK")
    call.hang_up(call.caller)
    assert b"NO CARRIER" in bench.host.hear(1.0)
