"""What comes from the network: stored, told of, routed, acknowledged."""

from __future__ import annotations

import re

import pytest

from modemd.emulator.network.messages import Text
from modemd.pdu import Deliver, decode_incoming, unframe
from tests.emulator.bench import ALICE, HELLO_WORLD, Bench


def _write(bench: Bench, text: str = "hi", seconds: float = 5.0) -> bytes:
    """What the host hears when a phone writes to the SIM."""
    bench.network.phone(ALICE).send(bench.sim.number, text)
    return bench.host.hear(seconds)


def _text(line: bytes) -> str | None:
    deliver = decode_incoming(unframe(bytes.fromhex(line.decode()))[1])
    assert isinstance(deliver, Deliver)
    return deliver.text


@pytest.mark.parametrize(
    ("mt", "heard"), [pytest.param(0, b"", id="mt=0"), pytest.param(1, b'\r\n+CMTI: "SM",1\r\n', id="mt=1")]
)
def test_a_message_is_stored_and_told_of_as_asked(bench: Bench, mt: int, heard: bytes) -> None:
    """The SIM has the message either way; +CMTI is said with mt=1 only."""
    bench.host.ask(f"AT+CNMI=2,{mt}")
    assert _write(bench) == heard
    assert bench.sim.memory.used == 1


def test_without_a_host_the_message_is_stored_and_the_notice_lost(bench: Bench) -> None:
    """A host that opens the port later hears nothing of it, and finds it by looking."""
    bench.host.port.close()
    assert _write(bench) == b""
    bench.host.open()
    assert bench.host.hear(60.0) == b""
    assert bench.host.ask("AT+CMGL=4").startswith("+CMGL: 1,0,,")


def test_messages_go_to_the_memory_chosen_for_them(bench: Bench) -> None:
    """The third memory of +CPMS takes what comes in."""
    bench.host.ask('AT+CPMS="SM","SM","ME"')
    assert _write(bench) == b'\r\n+CMTI: "ME",1\r\n'
    assert bench.sim.memory.used == 0


@pytest.mark.parametrize(
    ("ds", "heard"),
    [
        pytest.param(0, rb"", id="ds=0: the report goes nowhere"),
        pytest.param(1, rb"\r\n\+CDS: 25\r\n[0-9A-F]{66}\r\n", id="ds=1: +CDS with its PDU"),
        pytest.param(2, rb'\r\n\+CDSI: "SM",1\r\n', id="ds=2: stored, +CDSI"),
    ],
)
def test_reports_are_routed_as_asked(bench: Bench, ds: int, heard: bytes) -> None:
    """+CNMI's ds says what becomes of a status report."""
    bench.host.ask(f"AT+CNMI=2,1,0,{ds},0")
    bench.host.send(HELLO_WORLD, 3.2)
    assert re.fullmatch(heard, bench.host.hear(10.0))
    assert bench.sim.memory.used == (1 if ds == 2 else 0)


def test_a_full_memory_leaves_the_rest_at_the_service_centre() -> None:
    """No slot: no notice, no loss. A deleted message makes room, and the next one comes."""
    bench = Bench(capacity=2)
    bench.host.set_up("2,1,0,0,0")
    for text in ("one", "two", "three"):
        _write(bench, text)
    assert (bench.sim.memory.used, bench.network.waiting(bench.sim.number)) == (2, 1)
    assert bench.host.hear(60.0) == b""
    assert bench.host.ask("AT+CMGD=1") == "OK"
    assert bench.host.hear(5.0) == b'\r\n+CMTI: "SM",1\r\n'
    assert bench.network.waiting(bench.sim.number) == 0


def test_huawei_says_that_its_memory_is_full() -> None:
    """The message that takes the last slot is followed by ^SMMEMFULL."""
    bench = Bench("huawei_e3372", capacity=1)
    bench.host.set_up("2,1,0,0,0")
    assert _write(bench) == b'\r\n+CMTI: "SM",0\r\n\r\n^SMMEMFULL: "SM"\r\n'


@pytest.mark.parametrize(("bfr", "heard"), [("0", b'\r\n+CMTI: "SM",1\r\n'), ("1", b"")], ids=["flushed", "cleared"])
def test_mode_0_keeps_notices_back(bench: Bench, bfr: str, heard: bytes) -> None:
    """With mode 0 notices wait; leaving it says them (bfr=0) or forgets them (bfr=1)."""
    bench.host.ask("AT+CNMI=0,1,0,0,0")
    assert _write(bench) == b""
    bench.host.port.write(f"AT+CNMI=2,1,0,0,{bfr}\r".encode())
    assert bench.host.hear() == heard + b"\r\nOK\r\n"


def test_direct_routing_without_acknowledgement(bench: Bench) -> None:
    """mt=2 under CSMS 0: +CMT with the PDU on the next line, nothing stored, nothing asked."""
    bench.host.ask("AT+CNMI=2,2,0,0,0")
    header, line = _write(bench, "direct").strip().split(b"\r\n")
    assert re.fullmatch(rb"\+CMT: ,\d+", header)
    assert _text(line) == "direct"
    assert bench.sim.memory.used == 0
    assert bench.host.ask("AT+CNMA") == "+CMS ERROR: 340"


def test_acknowledged_routing_is_one_at_a_time(bench: Bench) -> None:
    """Under CSMS 1 the next message comes only after +CNMA; a second +CNMA is 340."""
    bench.host.ask("AT+CSMS=1")
    bench.host.ask("AT+CNMI=2,2,0,0,0")
    assert b"+CMT" in _write(bench, "one")
    assert _write(bench, "two") == b""
    assert bench.host.ask("AT+CNMA").startswith("OK\r\n+CMT")
    assert bench.host.ask("AT+CNMA") == "OK"
    assert bench.host.ask("AT+CNMA") == "+CMS ERROR: 340"
    assert bench.network.waiting(bench.sim.number) == 0


def test_without_acknowledgement_routing_falls_silent(bench: Bench) -> None:
    """No +CNMA in time: mt and ds are 0, the message stays with the network and is stored at its next try."""
    bench.host.ask("AT+CSMS=1")
    bench.host.ask("AT+CNMI=2,2,0,1,0")
    assert b"+CMT" in _write(bench)
    bench.timers.run(15.0)
    assert bench.host.ask("AT+CNMI?") == "+CNMI: 2,0,0,0,0\r\nOK"
    assert bench.network.waiting(bench.sim.number) == 1
    assert bench.host.hear(600.0) == b""
    assert (bench.sim.memory.used, bench.network.waiting(bench.sim.number)) == (1, 0)


def test_power_lost_before_the_acknowledgement(bench: Bench) -> None:
    """A message routed and not acknowledged comes again after a restart."""
    bench.host.ask("AT+CSMS=1")
    bench.host.ask("AT+CNMI=2,2,0,0,0")
    assert b"+CMT" in _write(bench)
    bench.device.restart()
    bench.timers.run(600.0)
    assert bench.sim.memory.used == 1


def test_long_messages_come_in_parts(bench: Bench) -> None:
    """A phone's long text takes as many slots as parts, each told of."""
    assert _write(bench, "x" * 300) == b'\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n'


def test_a_message_that_replaces_takes_the_slot_of_the_one_before(bench: Bench) -> None:
    """By sender and replace type (3GPP TS 23.040 9.2.3.9), with a notice of that slot; another type takes a slot of its own. What
    a host deletes without having read it is known."""
    bench.host.ask("AT+CNMI=2,1")
    for replaces, text, slot in ((1, "old", 1), (2, "other", 2), (1, "new", 1)):
        bench.network.phone(ALICE).send(bench.sim.number, Text(text, replaces=replaces))
        assert bench.host.hear(5.0) == f'\r\n+CMTI: "SM",{slot}\r\n'.encode()
    bench.host.ask("AT+CMGR=2")
    assert [bench.host.ask(f"AT+CMGD={slot}") for slot in (1, 2)] == ["OK", "OK"]
    assert [Deliver.decode(message.tpdu).text for message, _ in bench.device.deleted_unread] == ["new"]
