"""What the network does to reports and to order, as a client sees it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.pdu import Deliver, StatusReport, compose, decode_incoming, frame, unframe
from tests.emulator.bench import ALICE, HELLO_WORLD, START, Bench


@pytest.fixture
def routed(bench: Bench) -> Bench:
    """A bench whose host has messages and reports handed to it."""
    assert bench.host.ask("AT+CNMI=2,2,0,1,0") == "OK"
    return bench


def _incoming(heard: bytes) -> list[Deliver | StatusReport]:
    lines = [line for line in heard.decode().split("\r\n") if line and not line.startswith(("+C", "OK"))]
    return [decode_incoming(unframe(bytes.fromhex(line))[1]) for line in lines]


def _reports(bench: Bench, seconds: float = 20.0) -> list[StatusReport]:
    return [one for one in _incoming(bench.host.hear(seconds)) if isinstance(one, StatusReport)]


def test_a_report_comes_twice(routed: Bench) -> None:
    """The same report again, later."""
    routed.network.unkind.reports_twice = 1.0
    routed.host.send(HELLO_WORLD, 3.2)
    first, again = _reports(routed)
    assert first == again


def test_a_foreign_report_comes(routed: Bench) -> None:
    """Beside the report comes one for a number nobody wrote to."""
    routed.network.unkind.reports_foreign = 1.0
    routed.host.send(HELLO_WORLD, 3.2)
    own, foreign = _reports(routed)
    assert (own.reference, str(own.recipient)) == (routed.references[0], ALICE)
    assert str(foreign.recipient) != ALICE


def test_a_recipient_in_national_form(routed: Bench) -> None:
    """A number of the network's country is written as dialled at home; others stay."""
    routed.network.unkind.reports_national = 1.0
    (submit,) = compose("+33612345678", "hi", report_requested=True)
    recipients = []
    for line in (frame(submit.encode()).hex().upper(), HELLO_WORLD):
        routed.host.send(line, 3.2)
        recipients += [str(report.recipient) for report in _reports(routed)]
    assert recipients == ["0612345678", ALICE]


def test_a_temporary_report_comes_before_the_final_one(routed: Bench) -> None:
    """While the phone is off: 30, still trying. When it is back: 00."""
    routed.network.unkind.temporary_reports = 1.0
    phone = routed.network.phone(ALICE)
    phone.switch_off()
    routed.host.send(HELLO_WORLD, 3.2)
    assert [report.status for report in _reports(routed)] == [0x30]
    phone.switch_on()
    assert [report.status for report in _reports(routed)] == [0x00]


def test_messages_overtake_each_other(routed: Bench) -> None:
    """With reordering all arrive, each once, and not in the order they were written."""
    routed.network.unkind.reordered = 1.0
    texts = [f"number {n}" for n in range(12)]
    for text in texts:
        routed.network.phone(ALICE).send(routed.sim.number, text)
    arrived = [one.text for one in _incoming(routed.host.hear(10.0)) if isinstance(one, Deliver)]
    assert sorted(arrived, key=str) == sorted(texts)
    assert arrived != texts


def test_the_service_centres_clock_is_off(routed: Bench) -> None:
    """TP-SCTS is what that clock says."""
    routed.network.unkind.clock_off = timedelta(minutes=-7)
    routed.network.phone(ALICE).send(routed.sim.number, "hi")
    (deliver,) = _incoming(routed.host.hear(5.0))
    assert deliver.timestamp.value == START - timedelta(minutes=7)


@pytest.mark.parametrize(
    ("reject", "on", "answer"),
    [
        pytest.param(True, False, "+CMS ERROR: 197", id="still held"),
        pytest.param(False, False, "OK", id="not asked for"),
        pytest.param(True, True, "OK", id="delivered already"),
    ],
)
def test_a_duplicate_is_rejected_where_asked(bench: Bench, reject: bool, on: bool, answer: str) -> None:
    """TP-RD: the same reference to the same number while the first is held is refused with 197, and not journaled."""
    (submit,) = compose(ALICE, "hi", reject_duplicates=reject)
    line = frame(submit.encode()).hex().upper()
    phone = bench.network.phone(ALICE)
    if not on:
        phone.switch_off()
    bench.device.reference = 5
    bench.host.send(line)
    bench.host.hear(5.0)
    bench.device.reference = 5
    assert bench.host.send(line).endswith(answer)
    assert len(bench.network.journal) == (1 if "ERROR" in answer else 2)


def test_another_sim_may_use_the_same_reference(bench: Bench) -> None:
    """A duplicate is one of the same sender."""
    (submit,) = compose(ALICE, "hi", reject_duplicates=True)
    bench.network.phone(ALICE).switch_off()
    other = bench.network.sim("+33700000002")
    for sim in (bench.sim, other):
        tpdu = submit.encode()
        bench.network.submit(sim, submit, tpdu, device="any", first_octet_at=START)
    assert bench.network.waiting(ALICE) == 2


def test_a_network_in_python_is_kind_until_it_is_asked() -> None:
    """Kind: nothing is lost or disguised, the time is right. Unkind: as networks are; and back."""
    network = Bench().network
    assert (network.kind, network.report_loss, network.unkind.clock_off) == (True, 0, timedelta())
    network.be_unkind()
    assert (network.kind, network.report_loss, network.unkind.reports_national) == (False, 0.1, 0.1)
    network.be_kind()
    assert (network.kind, network.report_loss, network.unkind.clock_off) == (True, 0, timedelta())


def test_a_usual_clock_is_off_by_up_to_ten_minutes() -> None:
    """By how much is the seed's: the same for the same, ahead for some and behind for others."""
    off = []
    for seed in range(100):
        network = Bench(seed=seed).network
        network.be_unkind()
        off.append(network.unkind.clock_off)
    again = Bench(seed=7).network
    again.be_unkind()
    assert again.unkind.clock_off == off[7]
    assert -timedelta(minutes=10) <= min(off) < -timedelta(minutes=8)
    assert timedelta(minutes=8) < max(off) <= timedelta(minutes=10)


def test_the_usual_losses_are_a_tenth() -> None:
    """Of 400 reports, some 40 never come, and of those for its own country's numbers some tenth is in national form."""
    bench = Bench(seed=3, capacity=1)
    bench.host.set_up("2,2,0,1,0")
    bench.network.be_unkind()
    (submit,) = compose("+33612345678", "hi", report_requested=True)
    line = frame(submit.encode()).hex().upper()
    recipients = []
    for _ in range(400):
        bench.host.send(line, 3.2)
        recipients += [str(report.recipient) for report in _reports(bench, 3.0)]
    assert 25 <= bench.network.reports_lost <= 60
    assert len(recipients) + bench.network.reports_lost == 400
    assert 20 <= recipients.count("0612345678") <= 60
    assert set(recipients) == {"0612345678", "+33612345678"}
