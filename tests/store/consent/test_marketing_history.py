"""When marketing went to a number, as the frequency caps count it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.consent.caps import CapHold, FrequencyCaps
from modemd.store.connection import connect
from modemd.store.consent.marketing_history import list_marketing_times
from modemd.store.outbox import due
from modemd.store.queue.outcomes import AttemptResult
from tests.store.bench import ALICE, BOB, EAST, START, Bench

MARKETING = MessageClass.MARKETING
WEEK = timedelta(days=7)


def times(bench: Bench, number: str = ALICE, *, exclude: int | None = None) -> list[datetime]:
    return list_marketing_times(bench.db, number, bench.now - WEEK, exclude=exclude)


def hold(bench: Bench) -> CapHold | None:
    return FrequencyCaps().find_hold(times(bench), bench.now)


def test_each_message_counts_once_and_not_by_its_parts(bench: Bench) -> None:
    """A message of six parts that left over minutes is one message, of the time of its first part."""
    bench.submit(ALICE, MARKETING, parts=6)
    for _ in range(6):
        bench.send()
        bench.passes(seconds=20)
    assert times(bench) == [START]
    bench.passes(hours=20)
    assert hold(bench) is None


def test_a_second_message_counts_from_its_own_time(bench: Bench) -> None:
    """In order of time, whatever the order of acceptance."""
    bench.submit(ALICE, MARKETING, at=START + timedelta(hours=2))
    bench.submit(ALICE, MARKETING)
    bench.send()
    bench.passes(hours=2)
    bench.promote()
    bench.send()
    assert times(bench) == [START, START + timedelta(hours=2)]


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        (AttemptResult.SENT, True), (AttemptResult.UNKNOWN, True), (AttemptResult.REFUSED, False),
        (AttemptResult.WITHDRAWN, False),
    ],
)  # fmt: skip
def test_what_may_have_left_counts(bench: Bench, result: AttemptResult, counts: bool) -> None:
    """Also while nobody knows; what the network refused, or no modem wrote, does not."""
    bench.submit(ALICE, MARKETING)
    claim = bench.claimed()
    assert times(bench) == [START], "on the air"
    bench.close(claim, result)
    assert times(bench) == ([START] if counts else [])


def test_a_message_counts_from_the_attempt_that_was_not_refused(bench: Bench) -> None:
    """A refused first try has not disturbed anybody; the second one, of another SIM, has."""
    bench.submit(ALICE, MARKETING)
    bench.close(bench.claimed(), AttemptResult.REFUSED, retry=lambda tries, expires: bench.now + timedelta(hours=1))
    bench.passes(hours=1)
    bench.promote()
    bench.send(EAST)
    assert times(bench) == [START + timedelta(hours=1)]


def end_delivered(bench: Bench) -> None:
    bench.report(1)


def end_overdue(bench: Bench) -> None:
    bench.passes(days=3)
    due.close_overdue(bench.db, bench.now)


@pytest.mark.parametrize("end", [end_delivered, end_overdue])
def test_a_message_counts_after_its_end_too(bench: Bench, end: Callable[[Bench], None]) -> None:
    """Until the window has slid over it, and not longer."""
    bench.submit(ALICE, MARKETING)
    bench.send()
    end(bench)
    assert bench.message(1)["closed_at"] is not None
    assert times(bench) == [START]
    bench.now = START + WEEK - timedelta(microseconds=1)
    assert times(bench) == [START]
    bench.now = START + WEEK
    assert times(bench) == []


def test_other_classes_and_numbers_do_not_count(bench: Bench) -> None:
    """An OTP or an order is no marketing, and another person is not disturbed."""
    for message_class in MessageClass:
        if message_class is not MARKETING:
            bench.submit(ALICE, message_class)
            bench.send()
    bench.submit(BOB, MARKETING)
    bench.send()
    assert times(bench) == []


def test_what_only_waits_does_not_count(bench: Bench) -> None:
    """A planned or queued message has not left."""
    bench.submit(ALICE, MARKETING)
    bench.submit(ALICE, MARKETING, at=START + timedelta(days=1))
    assert times(bench) == []


def test_the_message_that_is_to_go_does_not_count(bench: Bench) -> None:
    """Its own earlier attempt does not hold its next part."""
    going = bench.submit(ALICE, MARKETING, parts=2)
    bench.send()
    assert times(bench) == [START]
    assert times(bench, exclude=going) == []


def test_caps_count_across_restarts(bench: Bench) -> None:
    """The times are in the rows: another connection, after the process has ended, finds them, and the cap holds on."""
    bench.submit(ALICE, MARKETING)
    bench.send()
    bench.submit(ALICE, MARKETING)
    bench.passes(hours=21)
    bench.lose()
    before = hold(bench)
    path = bench.db.execute("PRAGMA database_list").fetchone()["file"]
    bench.db.close()
    bench.db = connect(path)
    assert hold(bench) == before
    assert before is not None
    assert before.until == START + WEEK
