"""Reports that are ordered to be odd, and recipients whose messages come to another end."""

from __future__ import annotations

import pytest

from modemd.emulator import Device
from modemd.emulator.network.status_reports import Oddity
from modemd.pdu import Deliver, StatusReport, compose, decode_incoming, unframe
from tests.emulator.bench import ALICE, HELLO_WORLD, START, Bench


@pytest.fixture
def routed(bench: Bench) -> Bench:
    """A bench whose host has messages and reports handed to it."""
    assert bench.host.ask("AT+CNMI=2,2,0,1,0") == "OK"
    return bench


def reports(bench: Bench, seconds: float) -> list[StatusReport]:
    heard = bench.host.hear(seconds).decode()
    lines = [line for line in heard.split("\r\n") if line and not line.startswith(("+C", "OK"))]
    read: list[Deliver | StatusReport] = [decode_incoming(unframe(bytes.fromhex(line))[1]) for line in lines]
    return [one for one in read if isinstance(one, StatusReport)]


@pytest.mark.parametrize(
    ("oddity", "at_once", "later"),
    [
        pytest.param("late", [], [ALICE], id="late"),
        pytest.param("never", [], [], id="never"),
        pytest.param("twice", [ALICE, ALICE], [], id="twice"),
        pytest.param("foreign", [ALICE, "another"], [], id="foreign"),
    ],
)
def test_the_next_report_is_odd_and_no_other(
    routed: Bench, oddity: Oddity, at_once: list[str], later: list[str]
) -> None:
    """One order is good for one report; the one after it is as always."""
    routed.network.next_report(oddity, seconds=60)
    routed.host.send(HELLO_WORLD, 3.2)

    def recipients(seconds: float) -> list[str]:
        told = [str(report.recipient) for report in reports(routed, seconds)]
        return sorted(number if number == ALICE else "another" for number in told)

    assert recipients(30.0) == at_once
    assert recipients(40.0) == later
    assert routed.network.reports_lost == (1 if oddity == "never" else 0)
    routed.host.send(HELLO_WORLD, 3.2)
    assert recipients(30.0) == [ALICE]


def test_an_order_may_be_for_one_sim(routed: Bench) -> None:
    """Another SIM's report does not use it up."""
    network = routed.network
    other = network.sim("+33700000002")
    Device("modem1", "generic", network, routed.timers, other)
    network.next_report("never", sim=routed.sim)
    (submit,) = compose(ALICE, "hi", report_requested=True)
    network.submit(other, submit, submit.encode(), device="modem1", first_octet_at=START)
    routed.timers.run(5.0)
    assert network.reports_lost == 0
    routed.host.send(HELLO_WORLD, 3.2)
    assert (reports(routed, 30.0), network.reports_lost) == ([], 1)


def test_orders_wait_their_turn(routed: Bench) -> None:
    """The first is for the next report, the second for the one after."""
    routed.network.next_report("never")
    routed.network.next_report("twice")
    counts = []
    for _ in range(3):
        routed.host.send(HELLO_WORLD, 3.2)
        counts.append(len(reports(routed, 30.0)))
    assert counts == [0, 2, 1]


def test_an_order_stands_above_chance(routed: Bench) -> None:
    """A network that loses every report sends the one that is ordered late."""
    routed.network.report_loss = 1.0
    routed.network.next_report("late", seconds=10)
    routed.host.send(HELLO_WORLD, 3.2)
    assert len(reports(routed, 30.0)) == 1


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
    assert [report.status for report in reports(routed, 25 * 3600.0)] == told
    assert (routed.inbox(), network.waiting(ALICE)) == (["Hello world"] if arrives else [], 0)
    network.fate(ALICE, None)
    routed.host.send(HELLO_WORLD, 3.2)
    assert [report.status for report in reports(routed, 30.0)] == [0]
    assert routed.inbox()[-1] == "Hello world"


def test_what_was_tried_in_vain_arrives_once_the_fate_is_lifted(routed: Bench) -> None:
    """20 to 3F: the service centre still has it."""
    routed.network.fate(ALICE, 0x22)
    routed.host.send(HELLO_WORLD, 3.2)
    assert [report.status for report in reports(routed, 3600.0)] == [0x22]
    assert routed.network.waiting(ALICE) == 1
    routed.network.fate(ALICE, None)
    assert [report.status for report in reports(routed, 30.0)] == [0]
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
