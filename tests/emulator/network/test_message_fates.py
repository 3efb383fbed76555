"""Messages that the network refuses, and messages that it accepts and never delivers."""

from __future__ import annotations

import pytest

from modemd.pdu import compose, frame
from tests.emulator.bench import ALICE, HELLO, HELLO_WORLD, START, Bench


@pytest.mark.parametrize(
    ("status", "told", "arrives"),
    [
        pytest.param(0x01, [0x01], True, id="forwarded, not confirmed"),
        pytest.param(0x02, [0x02], True, id="replaced by the SC"),
        pytest.param(0x21, [0x21, 0x46], False, id="busy, until it expires"),
        pytest.param(0x41, [0x41], False, id="incompatible destination"),
        pytest.param(0x43, [0x43], False, id="not obtainable"),
        pytest.param(0x45, [0x45], False, id="no interworking"),
        pytest.param(0x60, [0x60], False, id="congestion, no longer tried"),
        pytest.param(0x65, [0x65], False, id="error in the phone, no longer tried"),
        pytest.param(0x80, [0x80], False, id="reserved"),
    ],
)
def test_a_recipient_has_its_fate(routed: Bench, status: int, told: list[int], arrives: bool) -> None:
    """Its messages come to that end; nobody else's do; and it can be lifted."""
    network = routed.network
    network.fate(ALICE, status)
    routed.host.send(HELLO_WORLD, 3.2)
    assert [report.status for report in routed.host.hear_reports(25 * 3600.0)] == told
    assert (routed.inbox(), network.waiting(ALICE)) == (["Hello world"] if arrives else [], 0)
    network.fate(ALICE, None)
    routed.host.send(HELLO_WORLD, 3.2)
    assert [report.status for report in routed.host.hear_reports(30.0)] == [0]
    assert routed.inbox()[-1] == "Hello world"


def test_what_was_tried_in_vain_arrives_once_the_fate_is_lifted(routed: Bench) -> None:
    """20 to 3F: the service centre still has it."""
    routed.network.fate(ALICE, 0x22)
    routed.host.send(HELLO_WORLD, 3.2)
    assert [report.status for report in routed.host.hear_reports(3600.0)] == [0x22]
    assert routed.network.waiting(ALICE) == 1
    routed.network.fate(ALICE, None)
    assert [report.status for report in routed.host.hear_reports(30.0)] == [0]
    assert routed.inbox() == ["Hello world"]


def test_a_fate_is_an_octet_and_can_be_seen(routed: Bench) -> None:
    """ValueError for what no report can say."""
    with pytest.raises(ValueError, match="256"):
        routed.network.fate(ALICE, 256)
    routed.network.fate("0612345678", 0x41)
    assert routed.network.fates == {"+33612345678": 0x41}


def test_phones_are_spared_a_fate(routed: Bench) -> None:
    """A fate is what becomes of messages from SIMs; what phones write arrives."""
    routed.network.fate(ALICE, 0x41)
    routed.network.phone("+33612345678").send(ALICE, "hello")
    routed.timers.run(5.0)
    assert routed.inbox() == ["hello"]


def test_a_fate_of_success_is_not_told_before_the_phone_has_the_message(routed: Bench) -> None:
    """A phone that is off takes the message later; until then nothing is reported."""
    routed.network.fate(ALICE, 0x01)
    phone = routed.network.phone(ALICE)
    phone.switch_off()
    routed.host.send(HELLO_WORLD, 3.2)
    assert routed.host.hear_reports(60.0) == []
    phone.switch_on()
    assert [report.status for report in routed.host.hear_reports()] == [0x01]
    assert routed.inbox() == ["Hello world"]


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


def test_an_operator_refuses_for_itself(bench: Bench) -> None:
    """Its SIMs get the cause, those of another operator do not; both can be told to refuse, and no longer."""
    network = bench.network
    network.reject(ALICE, 38, network.home)
    assert bench.host.send(HELLO).endswith("+CMS ERROR: 38")
    (submit,) = compose(ALICE, "hi")
    british = network.sim("+447700900001", operator=network.operator("23415"))
    network.submit(british, submit, submit.encode(), device="south", first_octet_at=START)
    network.accept(ALICE)
    assert bench.host.send(HELLO).endswith("OK")


def test_an_operator_refuses_a_share() -> None:
    """Refusals at random come at their rate, the same for the same seed, and are not journaled."""

    def refused() -> list[int]:
        bench = Bench(seed=1)
        bench.host.set_up()
        bench.network.home.refusals = {38: 0.2}
        answers = [bench.host.send(HELLO).endswith("+CMS ERROR: 38") for _ in range(200)]
        assert len(bench.network.journal) == answers.count(False)
        return [index for index, answer in enumerate(answers) if answer]

    first = refused()
    assert 20 <= len(first) <= 60
    assert refused() == first
