"""Store and forward: what is tried again, in which order, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.emulator import Text
from modemd.pdu import AbsoluteValidity, RelativeValidity, StatusReport, Timestamp, Validity, compose, decode_incoming
from tests.emulator.bench import ALICE, START, Bench


@pytest.fixture
def unacknowledged(bench: Bench) -> Bench:
    """A bench whose host wants to acknowledge what it is handed."""
    assert bench.host.ask("AT+CSMS=1").endswith("OK")
    assert bench.host.ask("AT+CNMI=2,2,0,0,0") == "OK"
    return bench


def test_what_was_not_acknowledged_is_tried_again(unacknowledged: Bench) -> None:
    """The service centre keeps it, and comes again every five minutes until it is taken; then no more."""
    bench = unacknowledged
    bench.network.phone(ALICE).send(bench.sim.number, "again and again")

    def tries(seconds: int) -> int:
        """How often it comes to a host that turns routing on again whenever the device has turned it off."""
        count = 0
        for _ in range(seconds // 10):
            count += bench.host.hear(10.0).count(b"+CMT:")
            count += bench.host.ask("AT+CNMI=2,2,0,0,0").count("+CMT:")
        return count

    assert 10 <= tries(3600) <= 12
    assert bench.network.waiting(bench.sim.number) == 1
    while b"+CMT:" not in bench.host.hear(1.0):
        assert bench.timers.now() < START + timedelta(hours=2)
    assert bench.host.ask("AT+CNMA") == "OK"
    assert (tries(3600), bench.network.waiting(bench.sim.number)) == (0, 0)


def test_the_time_between_tries_can_be_turned(unacknowledged: Bench) -> None:
    """`retry_s` is a knob."""
    bench = unacknowledged
    bench.network.retry_s = 60.0
    bench.network.phone(ALICE).send(bench.sim.number, "soon again")
    assert b"+CMT:" in bench.host.hear(20.0)
    bench.host.ask("AT+CNMI=2,2,0,0,0")
    assert b"+CMT:" in bench.host.hear(60.0)


def test_what_waits_leaves_in_order_behind_what_is_not_taken(unacknowledged: Bench) -> None:
    """One at a time: the second is not handed over before the first is acknowledged."""
    bench = unacknowledged
    for text in ("first", "second"):
        bench.network.phone(ALICE).send(bench.sim.number, text)
    assert bench.host.hear(5.0).count(b"+CMT:") == 1
    assert bench.host.ask("AT+CNMA").count("+CMT:") == 1
    assert bench.host.ask("AT+CNMA") == "OK"
    assert bench.network.waiting(bench.sim.number) == 0


@pytest.mark.parametrize(
    ("validity", "lives"),
    [
        pytest.param(None, timedelta(hours=72), id="none: the network's"),
        pytest.param(RelativeValidity.at_least(timedelta(minutes=10)), timedelta(minutes=10), id="relative"),
        pytest.param(AbsoluteValidity(Timestamp.of(START + timedelta(hours=2))), timedelta(hours=2), id="absolute"),
    ],
)
def test_a_message_waits_until_its_validity_ends(bench: Bench, validity: Validity | None, lives: timedelta) -> None:
    """A minute before, it is still there; a minute after, it has expired, and is reported so."""
    bench.network.phone(ALICE).switch_off()
    bench.host.ask("AT+CNMI=2,1,0,2,0")
    (submit,) = compose(ALICE, "hi", validity=validity, report_requested=True)
    bench.network.submit(bench.sim, submit, submit.encode(), device="any", first_octet_at=START)
    bench.timers.run(lives.total_seconds() - 60)
    assert (bench.network.waiting(ALICE), bench.sim.memory.used) == (1, 0)
    bench.timers.run(120)
    assert bench.network.waiting(ALICE) == 0
    ((_, stored),) = bench.sim.memory
    report = decode_incoming(stored.tpdu)
    assert isinstance(report, StatusReport)
    assert report.status == 0x46


def test_a_letter_expires_like_any_message(bench: Bench) -> None:
    """What a phone wrote waits for as long as the network's validity, and nobody is told."""
    bench.network.validity = timedelta(hours=1)
    phone = bench.network.phone(ALICE)
    phone.switch_off()
    bench.network.phone("MyBank").send(ALICE, Text("too late"))
    bench.timers.run(3500)
    assert bench.network.waiting(ALICE) == 1
    bench.timers.run(200)
    phone.switch_on()
    bench.timers.run(60)
    assert (bench.network.waiting(ALICE), bench.inbox()) == (0, [])
