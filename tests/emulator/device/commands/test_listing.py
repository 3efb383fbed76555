"""Reading and deleting stored messages."""

from __future__ import annotations

import pytest

from modemd.emulator.network.message_memory import MessageStatus, StoredMessage
from tests.emulator.bench import ALICE, Bench

TPDU = bytes.fromhex("040C9144770009406500005230119051800008C834888E2ECBCB")
SMSC = bytes.fromhex("07913306091093F0")
LINE = (SMSC + TPDU).hex().upper()


def _fill(bench: Bench, *statuses: MessageStatus) -> None:
    for status in statuses:
        bench.sim.memory.store(StoredMessage(SMSC, TPDU, status))


def _indices(answer: str) -> list[str]:
    return [line.split()[1].split(",")[0] for line in answer.splitlines() if line.startswith("+CMGL")]


def test_a_list_shows_header_and_pdu(bench: Bench) -> None:
    """+CMGL gives index, status and the length without the SMSC field, the PDU on the next line, and marks it read."""
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    bench.host.hear(5.0)
    ((_, stored),) = bench.sim.memory
    octets = len(stored.tpdu)
    assert bench.host.ask("AT+CMGL=4") == f"+CMGL: 1,0,,{octets}\r\n{stored.hex()}\r\nOK"
    assert bench.host.ask("AT+CMGL=4") == f"+CMGL: 1,1,,{octets}\r\n{stored.hex()}\r\nOK"


@pytest.mark.parametrize(
    ("command", "indices"),
    [
        pytest.param("AT+CMGL", ["1"], id="left out: unread"),
        pytest.param("AT+CMGL=0", ["1"], id="unread"),
        pytest.param("AT+CMGL=1", ["2"], id="read"),
        pytest.param("AT+CMGL=2", ["3"], id="unsent"),
        pytest.param("AT+CMGL=3", ["4"], id="sent"),
        pytest.param("AT+CMGL=4", ["1", "2", "3", "4"], id="all"),
    ],
)
def test_lists_by_status(bench: Bench, command: str, indices: list[str]) -> None:
    """A list holds what has the status asked for."""
    _fill(bench, MessageStatus.UNREAD, MessageStatus.READ, MessageStatus.UNSENT, MessageStatus.SENT)
    assert _indices(bench.host.ask(command)) == indices


def test_reading_marks_as_read(bench: Bench) -> None:
    """+CMGR shows one message; the second time it is no longer unread."""
    _fill(bench, MessageStatus.UNREAD)
    assert bench.host.ask("AT+CMGR=1") == f"+CMGR: 0,,26\r\n{LINE}\r\nOK"
    assert bench.host.ask("AT+CMGR=1") == f"+CMGR: 1,,26\r\n{LINE}\r\nOK"


@pytest.mark.parametrize(
    ("family", "answer"),
    [("generic", "+CMS ERROR: 321"), ("huawei_e3372", "+CMS ERROR: 321"), ("sim800", "OK")],
)
def test_an_empty_slot_reads_as_the_family_says(family: str, answer: str) -> None:
    """An empty slot is an error in one family, a bare OK in another."""
    bench = Bench(family)
    bench.host.set_up()
    assert bench.host.ask("AT+CMGR=2") == answer


@pytest.mark.parametrize("command", ["AT+CMGR=0", "AT+CMGR=51", "AT+CMGD=0", "AT+CMGD=51", "AT+CMGR", "AT+CMGD"])
def test_a_slot_that_is_not_there(bench: Bench, command: str) -> None:
    """An index outside the memory is +CMS ERROR: 321."""
    assert bench.host.ask(command) == "+CMS ERROR: 321"


@pytest.mark.parametrize(
    ("family", "first"), [("generic", 1), ("huawei_e3372", 0), ("sim800", 1)], ids=["generic", "huawei", "sim800"]
)
def test_slots_count_from_the_familys_first(family: str, first: int) -> None:
    """Notice, list, read and delete agree about a message's number."""
    bench = Bench(family)
    bench.host.set_up("2,1,0,0,0")
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    assert bench.host.hear(5.0) == f'\r\n+CMTI: "SM",{first}\r\n'.encode()
    assert _indices(bench.host.ask("AT+CMGL=4")) == [str(first)]
    assert bench.host.ask(f"AT+CMGR={first}").startswith("+CMGR: 1,")
    assert bench.host.ask(f"AT+CMGD={first}") == "OK"
    assert bench.sim.memory.used == 0


@pytest.mark.parametrize(
    ("flag", "left"),
    [
        pytest.param("2", ["1", "3", "4"], id="by index"),
        pytest.param("2,0", ["1", "3", "4"], id="flag 0"),
        pytest.param("1,1", ["1", "3", "4"], id="flag 1: what is read"),
        pytest.param("1,2", ["1", "3"], id="flag 2: and what was sent"),
        pytest.param("1,3", ["1"], id="flag 3: and what was not"),
        pytest.param("1,4", [], id="flag 4: all"),
    ],
)
def test_deleting(bench: Bench, flag: str, left: list[str]) -> None:
    """+CMGD deletes a slot, or all of a kind."""
    _fill(bench, MessageStatus.UNREAD, MessageStatus.READ, MessageStatus.UNSENT, MessageStatus.SENT)
    assert bench.host.ask(f"AT+CMGD={flag}") == "OK"
    assert _indices(bench.host.ask("AT+CMGL=4")) == left


def test_deleting_twice_is_ok_and_the_slot_is_used_again(bench: Bench) -> None:
    """An empty slot may be deleted; the lowest free one takes the next message."""
    _fill(bench, MessageStatus.READ, MessageStatus.READ)
    assert [bench.host.ask("AT+CMGD=1") for _ in range(2)] == ["OK", "OK"]
    assert bench.host.ask("AT+CMGD=?") == "+CMGD: (2),(0-4)\r\nOK"
    _fill(bench, MessageStatus.UNREAD)
    assert _indices(bench.host.ask("AT+CMGL=4")) == ["1", "2"]


@pytest.mark.parametrize("command", ["AT+CMGL=5", "AT+CMGL=", "AT+CMGD=1,5"])
def test_what_no_status_or_flag_is(bench: Bench, command: str) -> None:
    """A status or flag that does not exist is +CMS ERROR: 304."""
    assert bench.host.ask(command) == "+CMS ERROR: 304"


def test_sim800_lists_without_marking() -> None:
    """A second parameter of 1 leaves what is unread unread."""
    bench = Bench("sim800")
    bench.host.set_up()
    _fill(bench, MessageStatus.UNREAD)
    for _ in range(2):
        assert bench.host.ask("AT+CMGL=4,1").startswith("+CMGL: 1,0,")
    assert bench.host.ask("AT+CMGR=1").startswith("+CMGR: 0,")
    assert bench.host.ask("AT+CMGL=4").startswith("+CMGL: 1,1,")


def test_mt_is_sim_and_device_as_one(bench: Bench) -> None:
    """MT counts the SIM's slots first, then the device's; reading and deleting reach both."""
    _fill(bench, MessageStatus.READ)
    bench.device.memory("ME").store(StoredMessage(SMSC, TPDU, MessageStatus.READ))
    assert bench.host.ask('AT+CPMS="MT"') == "+CPMS: 2,150,1,50,1,50\r\nOK"
    assert _indices(bench.host.ask("AT+CMGL=4")) == ["1", "51"]
    assert bench.host.ask("AT+CMGR=51") == f"+CMGR: 1,,26\r\n{LINE}\r\nOK"
    assert bench.host.ask("AT+CMGD=51") == "OK"
    assert bench.host.ask("AT+CMGR=151") == "+CMS ERROR: 321"
    assert (bench.device.memory("ME").used, bench.sim.memory.used) == (0, 1)


def test_mt_overflows_into_the_device() -> None:
    """What comes into MT goes to the SIM until that is full, then into the device."""
    bench = Bench(capacity=1)
    bench.host.set_up()
    bench.host.ask('AT+CPMS="MT","MT","MT"')
    for text in ("one", "two"):
        bench.network.phone(ALICE).send(bench.sim.number, text)
    assert bench.host.hear(5.0) == b'\r\n+CMTI: "MT",1\r\n\r\n+CMTI: "MT",2\r\n'
    assert (bench.sim.memory.used, bench.device.memory("ME").used) == (1, 1)
