"""Sending: prompt, PDU, the air, the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.emulator import Device
from tests.emulator.bench import ALICE, HELLO, HELLO_WORLD, START, Bench, pdu


def test_a_message_goes_out(bench: Bench) -> None:
    """Prompt, PDU, Ctrl-Z: the phone has the text, the journal the truth, the host its reference and OK."""
    answer = bench.host.send(HELLO)
    (entry,) = bench.network.journal
    assert answer == f"+CMGS: {entry.reference}\r\nOK"
    assert bench.inbox() == ["Hello"]
    assert (entry.sender, entry.recipient, entry.text) == (bench.sim.number, ALICE, "Hello")
    assert (entry.iccid, entry.device) == (bench.sim.iccid, "modem0")
    assert entry.tpdu.hex().upper() == f"01{entry.reference:02X}" + HELLO[6:]


def test_the_times_of_a_send(bench: Bench) -> None:
    """The prompt takes the prompt latency; from Ctrl-Z to acceptance it takes the send latency."""
    bench.host.say(b"AT+CMGS=18\r")
    assert bench.host.hear(0.04) == b""
    assert bench.host.hear(0.02) == b"\r\n> "
    bench.timers.run(10.0)
    bench.host.say(HELLO.encode(), 2.0)
    bench.host.say(b"\x1a", 10.0)
    (entry,) = bench.network.journal
    assert entry.first_octet_at == START + timedelta(seconds=10.06)
    assert entry.at == entry.first_octet_at + timedelta(seconds=2.0 + 3.0)


def test_references_count_and_wrap(bench: Bench) -> None:
    """TP-MR counts up by one a message, modulo 256."""
    bench.device.reference = 254
    for _ in range(4):
        bench.host.send(HELLO)
    assert bench.references == [254, 255, 0, 1]


def test_the_first_octet_is_told_of_as_it_arrives(bench: Bench) -> None:
    """first_octet_hooks run once a PDU, at its first octet, before anything is journaled."""
    seen: list[tuple[Device, bytes, int]] = []
    bench.device.first_octet_hooks.append(
        lambda device, octet: seen.append((device, octet, len(bench.network.journal)))
    )
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    assert seen == []
    bench.host.say(HELLO[:1].encode())
    assert seen == [(bench.device, b"0", 0)]
    bench.host.say(HELLO[1:].encode() + b"\x1a", 10.0)
    assert len(seen) == 1


def test_escape_at_the_prompt_sends_nothing(bench: Bench) -> None:
    """ESC ends the entry with OK; no first octet is told of, nothing is accepted."""
    seen: list[bytes] = []
    bench.device.first_octet_hooks.append(lambda device, octet: seen.append(octet))
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    assert bench.host.say(b"\x1b") == b"\r\nOK\r\n"
    assert bench.host.ask("AT", 60.0) == "OK"
    assert (seen, len(bench.network.journal)) == ([], 0)


def test_escape_in_the_middle_of_a_pdu_sends_nothing(bench: Bench) -> None:
    """What was typed before ESC is forgotten, and the next PDU is whole."""
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    assert bench.host.say(HELLO[:20].encode() + b"\x1b", 60.0) == b"\r\nOK\r\n"
    assert bench.host.send(HELLO).endswith("OK")
    assert bench.inbox() == ["Hello"]


@pytest.mark.parametrize(
    ("length", "typed"),
    [
        pytest.param(17, HELLO, id="one octet too many"),
        pytest.param(19, HELLO, id="one octet missing"),
        pytest.param(18, HELLO[:-4], id="cut short"),
        pytest.param(18, HELLO[:-1], id="half an octet"),
        pytest.param(18, "XX" + HELLO[2:], id="not hex"),
        pytest.param(18, "", id="nothing at all"),
        pytest.param(4, "0001000C91", id="a SUBMIT that ends in its address"),
        pytest.param(18, "0000" + HELLO[4:], id="a DELIVER"),
    ],
)
def test_a_wrong_pdu_is_refused(bench: Bench, length: int, typed: str) -> None:
    """Digits, length or content that do not fit give +CMS ERROR: 304, and nothing is accepted."""
    bench.host.say(b"AT+CMGS=%d\r" % length, 1.0)
    assert bench.host.say(typed.encode() + b"\x1a", 60.0) == b"\r\n+CMS ERROR: 304\r\n"
    assert len(bench.network.journal) == 0
    assert bench.host.ask("AT") == "OK"


@pytest.mark.parametrize("length", ["0", "165", "-1", ""])
def test_an_impossible_length_gets_no_prompt(bench: Bench, length: str) -> None:
    """A length no SUBMIT can have is refused before any prompt."""
    answer = bench.host.ask(f"AT+CMGS={length}", 5.0)
    assert "ERROR" in answer
    assert ">" not in answer


def test_a_pdu_may_name_its_service_centre(bench: Bench) -> None:
    """The SMSC field is not part of the length."""
    assert bench.host.send("07913306091093F0" + HELLO[2:]).endswith("OK")
    assert bench.inbox() == ["Hello"]


def test_without_network_nothing_leaves(bench: Bench) -> None:
    """Not registered: the prompt comes, then +CMS ERROR: 331."""
    bench.device.set_coverage(2)
    assert bench.host.send(HELLO) == "+CMS ERROR: 331"
    bench.device.set_coverage(1)
    assert bench.host.send(HELLO).endswith("OK")
    assert bench.inbox() == ["Hello"]


def test_the_network_lost_on_the_way(bench: Bench) -> None:
    """Coverage that goes between Ctrl-Z and acceptance: 331, nothing accepted."""
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    bench.host.say(HELLO.encode() + b"\x1a", 1.0)
    bench.device.set_coverage(2)
    assert bench.host.hear(10.0) == b"\r\n+CMS ERROR: 331\r\n"
    assert len(bench.network.journal) == 0


def test_a_recipient_the_network_refuses(bench: Bench) -> None:
    """reject() answers with its cause, journals nothing, and touches nobody else."""
    bench.network.reject(ALICE, 21)
    assert bench.host.send(HELLO) == "+CMS ERROR: 21"
    assert bench.host.send(pdu("+447700900456", "hi")).endswith("OK")
    bench.network.accept(ALICE)
    assert bench.host.send(HELLO).endswith("OK")
    assert [entry.recipient for entry in bench.network.journal] == ["+447700900456", ALICE]


def test_a_refusal_by_script(bench: Bench) -> None:
    """refuse_next() is for one message."""
    bench.device.refuse_next(38)
    assert bench.host.send(HELLO) == "+CMS ERROR: 38"
    assert bench.host.send(HELLO).endswith("OK")
    assert len(bench.network.journal) == 1


def test_an_answer_can_be_lost(bench: Bench) -> None:
    """The journal has the message, neither +CMGS nor OK ever comes, and the device works on."""
    bench.device.lose_next_answer()
    assert bench.host.send(HELLO, 300.0) == ""
    assert len(bench.network.journal) == 1
    assert bench.inbox() == ["Hello"]
    assert bench.host.ask("AT") == "OK"
    assert bench.host.send(HELLO).startswith("+CMGS: ")


def test_an_answer_can_be_late(bench: Bench) -> None:
    """A late answer comes after all, and before that of the command typed meanwhile."""
    bench.device.delay_next_answer(90.0)
    assert bench.host.send(HELLO, 60.0) == ""
    assert len(bench.network.journal) == 1
    assert bench.host.say(b"AT\r") == b""
    assert bench.host.hear(60.0) == b"\r\n+CMGS: %d\r\n\r\nOK\r\n\r\nOK\r\n" % bench.references[0]


def test_a_prompt_can_be_lost(bench: Bench) -> None:
    """Without its prompt the entry is open all the same: commands vanish in it, ESC ends it."""
    bench.device.lose_next_prompt()
    assert bench.host.say(b"AT+CMGS=18\r", 30.0) == b""
    assert bench.host.say(b"AT\r") == b""
    assert bench.host.say(b"\x1b") == b"\r\nOK\r\n"
    assert bench.host.send(HELLO).endswith("OK")


@pytest.mark.parametrize(
    ("after_s", "accepted"), [pytest.param(2.9, 0, id="before acceptance"), pytest.param(3.1, 1, id="after it")]
)
def test_power_lost_in_the_middle(bench: Bench, after_s: float, accepted: int) -> None:
    """A reset before acceptance means nothing was sent; after it, the message is out."""
    bench.device.delay_next_answer(30.0)
    bench.host.say(b"AT+CMGS=18\r", 1.0)
    bench.host.say(HELLO.encode() + b"\x1a", after_s)
    bench.device.restart()
    bench.timers.run(60.0)
    assert len(bench.network.journal) == accepted


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Two benches with one seed hear the same to the octet; another seed begins elsewhere."""

    def dialogue(seed: int) -> list[str]:
        bench = Bench("huawei_e3372", seed=seed)
        bench.device.send_latency_s = None
        bench.host.set_up("2,1,0,2,0")
        return [bench.host.send(HELLO_WORLD, 7.0) for _ in range(5)] + [bench.host.ask("AT+CMGL=4")]

    assert dialogue(1) == dialogue(1)
    assert dialogue(1) != dialogue(2)
