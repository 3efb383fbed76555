"""Store and forward, reports, and the truth journal."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from modemd.emulator import Device, Journal, Network
from modemd.errors import EncodeError, Refused
from modemd.pdu import Deliver, StatusReport, compose, decode_incoming, decode_outgoing, unframe
from tests.emulator.bench import ALICE, HELLO, HELLO_WORLD, START, Bench, HandTimers, pdu, pdus


def _stored(bench: Bench) -> list[Deliver | StatusReport]:
    return [decode_incoming(stored.tpdu) for _, stored in bench.sim.memory]


def test_a_report_follows_the_delivery(bench: Bench) -> None:
    """A report asked for names the reference, the recipient, the time of acceptance and that of delivery."""
    bench.host.ask("AT+CNMI=2,1,0,2,0")
    bench.host.send(HELLO_WORLD)
    (entry,) = bench.network.journal
    (report,) = _stored(bench)
    assert isinstance(report, StatusReport)
    assert (report.reference, str(report.recipient), report.status) == (entry.reference, ALICE, 0)
    assert report.timestamp.value == entry.at.replace(microsecond=0)
    assert report.discharge.value == (entry.at + timedelta(seconds=0.5)).replace(microsecond=0)


def test_no_report_that_nobody_asked_for(bench: Bench) -> None:
    """Without TP-SRR no report comes."""
    bench.host.ask("AT+CNMI=2,1,0,2,0")
    bench.host.send(HELLO, 60.0)
    assert _stored(bench) == []


def test_a_phone_that_is_off_gets_its_messages_when_it_comes_back(bench: Bench) -> None:
    """What waited is delivered in order, once each, and reported then."""
    phone = bench.network.phone(ALICE)
    phone.switch_off()
    bench.host.ask("AT+CNMI=2,1,0,2,0")
    for text in ("one", "two", "three"):
        bench.host.send(pdu(ALICE, text))
    bench.timers.run(3600.0)
    assert (bench.inbox(), bench.network.waiting(ALICE), _stored(bench)) == ([], 3, [])
    phone.switch_on()
    bench.timers.run(60.0)
    assert (bench.inbox(), bench.network.waiting(ALICE), len(_stored(bench))) == (["one", "two", "three"], 0, 3)
    bench.timers.run(7 * 86400.0)
    assert bench.inbox() == ["one", "two", "three"]


def test_validity_runs_out(bench: Bench) -> None:
    """A message whose validity ends undelivered is reported as expired, and is not delivered later."""
    phone = bench.network.phone(ALICE)
    phone.switch_off()
    bench.host.ask("AT+CNMI=2,1,0,2,0")
    bench.host.send(pdu(ALICE, "late", minutes=5))
    bench.timers.run(240.0)
    assert _stored(bench) == []
    bench.timers.run(60.0)
    (report,) = _stored(bench)
    assert isinstance(report, StatusReport)
    assert report.status == 0x46
    phone.switch_on()
    bench.timers.run(60.0)
    assert bench.inbox() == []


def test_a_long_message_is_whole_on_the_phone(bench: Bench) -> None:
    """Parts are joined in order of sequence, whatever order they arrive in, and each is journaled."""
    text = "Grüße! " * 40 + "\N{GRINNING FACE}"
    lines = pdus(ALICE, text, reference=7)
    assert len(lines) > 2
    for line in reversed(lines):
        bench.host.send(line)
    assert bench.inbox() == [text]
    (received,) = bench.network.phone(ALICE).inbox
    assert (received.parts, received.sender) == (len(lines), bench.sim.number)
    assert len(bench.network.journal) == len(lines)


def test_a_part_missing_shows_nothing(bench: Bench) -> None:
    """An incomplete message is not shown; when the sender uses its reference again, the old part is not mixed in."""
    first = pdus(ALICE, "a" * 200, reference=9)
    second = pdus(ALICE, "b" * 200, reference=9)
    bench.host.send(first[0])
    bench.timers.run(60.0)
    assert bench.inbox() == []
    for line in second:
        bench.host.send(line)
    assert bench.inbox() == ["b" * 200]


def test_a_part_that_comes_twice_is_one_part(bench: Bench) -> None:
    """Sent again later, it has another time stamp: it begins no message anew, and what came between is kept."""
    first, second, third = pdus(ALICE, "d" * 400, reference=9)
    for line in (first, second):
        bench.host.send(line)
    bench.timers.run(60.0)
    for line in (first, third):
        bench.host.send(line)
    assert bench.inbox() == ["d" * 400]


def test_the_same_message_twice_is_shown_twice(bench: Bench) -> None:
    """The phone hides no duplicate: that would hide ours."""
    for _ in range(2):
        bench.host.send(HELLO)
    for line in pdus(ALICE, "c" * 200, reference=1) * 2:
        bench.host.send(line)
    assert bench.inbox() == ["Hello", "Hello", "c" * 200, "c" * 200]


def test_octets_that_are_no_text_are_shown_as_such(bench: Bench) -> None:
    """8-bit data has no text, and the DELIVER is there to look at."""
    bench.host.send("0001000C9144770009103200040401020304")
    (received,) = bench.network.phone(ALICE).inbox
    assert received.text is None
    deliver = decode_incoming(received.tpdus[0])
    assert isinstance(deliver, Deliver)
    assert deliver.user_data.payload == b"\x01\x02\x03\x04"


def test_a_message_to_a_sim_arrives_there(bench: Bench) -> None:
    """A SUBMIT to the number of a SIM is stored on that SIM, from the sender's number."""
    other = bench.network.sim("+33700000002")
    Device("modem1", "generic", bench.network, bench.timers, other)
    bench.host.send(pdu("+33700000002", "between us"))
    ((_, stored),) = other.memory
    deliver = decode_incoming(stored.tpdu)
    assert isinstance(deliver, Deliver)
    assert (str(deliver.originator), deliver.text) == (bench.sim.number, "between us")


@pytest.mark.parametrize(
    ("dialled", "known"),
    [
        pytest.param("0612345678", "+33612345678", id="national"),
        pytest.param("0033612345678", "+33612345678", id="international with 00"),
        pytest.param("36200", "36200", id="short code"),
    ],
)
def test_numbers_are_completed_as_dialled(bench: Bench, dialled: str, known: str) -> None:
    """A national number finds the phone known by its international one; a short code stays one."""
    bench.host.send(pdu(dialled, "hi"))
    assert bench.inbox(known) == ["hi"]
    assert bench.network.phone(dialled) is bench.network.phone(known)


def test_phones_write_to_phones_and_names_write_too(bench: Bench) -> None:
    """Whatever has a number or a name can write to a phone."""
    bench.network.phone("+447700900456").send(ALICE, "from a friend")
    bench.network.phone("MyBank").send(ALICE, "from a bank")
    bench.timers.run(5.0)
    assert [received.sender for received in bench.network.phone(ALICE).inbox] == ["+447700900456", "MyBank"]


def test_a_phone_can_answer_by_itself(bench: Bench) -> None:
    """on_received is where a phone's behaviour goes: here an answer that reaches the SIM."""
    phone = bench.network.phone(ALICE)
    phone.on_received.append(lambda received: phone.send(received.sender, "STOP"))
    bench.host.send(HELLO)
    (deliver,) = _stored(bench)
    assert isinstance(deliver, Deliver)
    assert (str(deliver.originator), deliver.text) == (ALICE, "STOP")


def test_a_text_that_cannot_be_put_on_the_air_is_refused(bench: Bench) -> None:
    """A phone cannot send what no number of parts can carry."""
    with pytest.raises(EncodeError):
        bench.network.phone(ALICE).send(bench.sim.number, "x" * 100_000)


def test_a_number_has_one_owner(bench: Bench) -> None:
    """A SIM's number is no phone's, and a phone's number no SIM's."""
    with pytest.raises(Refused, match="number of a SIM"):
        bench.network.phone(bench.sim.number)
    bench.network.phone(ALICE)
    with pytest.raises(Refused, match="in use"):
        bench.network.sim(ALICE)


def test_reports_get_lost_at_the_rate_asked_for() -> None:
    """report_loss takes that share of reports, the same ones for the same seed."""

    def lost(seed: int) -> tuple[int, int]:
        bench = Bench(seed=seed, capacity=1000)
        bench.host.set_up("2,1,0,2,0")
        bench.network.report_loss = 0.3
        for _ in range(200):
            bench.host.send(HELLO_WORLD)
        return bench.network.reports_lost, bench.sim.memory.used

    reports_lost, came = lost(1)
    assert 40 <= reports_lost <= 80
    assert reports_lost + came == 200
    assert lost(1) == (reports_lost, came)


def test_the_journal_is_in_its_file_before_the_modem_answers(tmp_path: Path) -> None:
    """Each acceptance is one JSON line, written at the moment of acceptance."""
    sink = tmp_path / "journal.jsonl"
    timers = HandTimers()
    network = Network(timers, journal=Journal(sink))
    sim = network.sim("+33700000001")
    (submit,) = compose(ALICE, "né à 7 h")
    network.submit(sim, submit, submit.encode(), device="modem0", first_octet_at=START)
    (line,) = sink.read_text(encoding="utf-8").splitlines()
    entry = json.loads(line)
    assert entry == network.journal.accepted[0].as_json()
    assert (entry["text"], entry["recipient"], entry["at"]) == ("né à 7 h", ALICE, "2025-03-11T09:15:00+00:00")
    assert decode_outgoing(bytes.fromhex(entry["tpdu"])) == submit
    network.journal.close()


def test_a_journal_file_is_appended_to(tmp_path: Path) -> None:
    """A second run adds to the truth of the first; what is closed is still readable."""
    sink = tmp_path / "journal.jsonl"
    for text in ("first", "second"):
        network = Network(HandTimers(), journal=Journal(sink))
        (submit,) = compose(ALICE, text)
        network.submit(network.sim("+33700000001"), submit, submit.encode(), device="m", first_octet_at=START)
        network.journal.close()
        assert [entry.text for entry in network.journal] == [text]
    assert [json.loads(line)["text"] for line in sink.read_text().splitlines()] == ["first", "second"]


def test_a_sim_moves_with_what_waits_for_it(bench: Bench) -> None:
    """What the SC holds for a SIM without a device comes when it sits in one again."""
    lonely = bench.network.sim("+33700000009")
    bench.network.phone(ALICE).send(lonely.number, "are you there?")
    bench.timers.run(60.0)
    assert bench.network.waiting(lonely.number) == 1
    Device("modem9", "generic", bench.network, bench.timers, lonely)
    bench.timers.run(60.0)
    assert (lonely.memory.used, bench.network.waiting(lonely.number)) == (1, 0)


def test_pdu_lines_of_the_bench_are_what_they_say() -> None:
    """The vectors used throughout say what their names say."""
    for line, text in ((HELLO, "Hello"), (HELLO_WORLD, "Hello world")):
        submit = decode_outgoing(unframe(bytes.fromhex(line))[1])
        assert getattr(submit, "text", None) == text
