"""Reports that are ordered to be odd."""

from __future__ import annotations

import pytest

from modemd.emulator import Device
from modemd.emulator.network.status_reports import Oddity
from modemd.pdu import compose
from tests.emulator.bench import ALICE, HELLO_WORLD, START, Bench


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
        told = [str(report.recipient) for report in routed.host.hear_reports(seconds)]
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
    assert (routed.host.hear_reports(30.0), network.reports_lost) == ([], 1)


def test_orders_wait_their_turn(routed: Bench) -> None:
    """The first is for the next report, the second for the one after."""
    routed.network.next_report("never")
    routed.network.next_report("twice")
    counts = []
    for _ in range(3):
        routed.host.send(HELLO_WORLD, 3.2)
        counts.append(len(routed.host.hear_reports(30.0)))
    assert counts == [0, 2, 1]


def test_an_order_stands_above_chance(routed: Bench) -> None:
    """A network that loses every report sends the one that is ordered late."""
    routed.network.report_loss = 1.0
    routed.network.next_report("late", seconds=10)
    routed.host.send(HELLO_WORLD, 3.2)
    assert len(routed.host.hear_reports(30.0)) == 1
