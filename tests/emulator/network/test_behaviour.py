"""What the network does to reports and to order, as a client sees it."""

from __future__ import annotations

from datetime import timedelta

from modemd.pdu import Deliver, compose, frame
from tests.emulator.bench import ALICE, HELLO_WORLD, START, Bench


def test_a_report_comes_twice(routed: Bench) -> None:
    """The same report again, later."""
    routed.network.unkind.reports_twice = 1.0
    routed.host.send(HELLO_WORLD, 3.2)
    first, again = routed.host.hear_reports()
    assert first == again


def test_a_foreign_report_comes(routed: Bench) -> None:
    """Beside the report comes one for a number nobody wrote to."""
    routed.network.unkind.reports_foreign = 1.0
    routed.host.send(HELLO_WORLD, 3.2)
    own, foreign = routed.host.hear_reports()
    assert (own.reference, str(own.recipient)) == (routed.references[0], ALICE)
    assert str(foreign.recipient) != ALICE


def test_a_recipient_in_national_form(routed: Bench) -> None:
    """A number of the network's country is written as dialled at home; others stay."""
    routed.network.unkind.reports_national = 1.0
    (submit,) = compose("+33612345678", "hi", report_requested=True)
    recipients = []
    for line in (frame(submit.encode()).hex().upper(), HELLO_WORLD):
        routed.host.send(line, 3.2)
        recipients += [str(report.recipient) for report in routed.host.hear_reports()]
    assert recipients == ["0612345678", ALICE]


def test_a_temporary_report_comes_before_the_final_one(routed: Bench) -> None:
    """While the phone is off: 30, still trying. When it is back: 00."""
    routed.network.unkind.temporary_reports = 1.0
    phone = routed.network.phone(ALICE)
    phone.switch_off()
    routed.host.send(HELLO_WORLD, 3.2)
    assert [report.status for report in routed.host.hear_reports()] == [0x30]
    phone.switch_on()
    assert [report.status for report in routed.host.hear_reports()] == [0x00]


def test_messages_overtake_each_other(routed: Bench) -> None:
    """With reordering all arrive, each once, and not in the order they were written."""
    routed.network.unkind.reordered = 1.0
    texts = [f"number {n}" for n in range(12)]
    for text in texts:
        routed.network.phone(ALICE).send(routed.sim.number, text)
    arrived = [one.text for one in routed.host.hear_incoming(10.0) if isinstance(one, Deliver)]
    assert sorted(arrived, key=str) == sorted(texts)
    assert arrived != texts


def test_the_service_centres_clock_is_off(routed: Bench) -> None:
    """TP-SCTS is what that clock says."""
    routed.network.unkind.clock_off = timedelta(minutes=-7)
    routed.network.phone(ALICE).send(routed.sim.number, "hi")
    (deliver,) = routed.host.hear_incoming(5.0)
    assert deliver.timestamp.value == START - timedelta(minutes=7)


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
        recipients += [str(report.recipient) for report in bench.host.hear_reports(3.0)]
    assert 25 <= bench.network.reports_lost <= 60
    assert len(recipients) + bench.network.reports_lost == 400
    assert 20 <= recipients.count("0612345678") <= 60
    assert set(recipients) == {"0612345678", "+33612345678"}
