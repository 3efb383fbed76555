"""Fates of messages: what attempts and reports tell of each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.filter_watch.judgement import MessageFate
from modemd.store.deliveries.fates import ConcludedMessage, find_last_attempt, read_fates
from modemd.store.inbound.status_reports import DeliveryOutcome
from modemd.store.queue.outcomes import AttemptResult
from tests.store.bench import ALICE, START, WEST, Bench

SOON = timedelta(minutes=15)
MARKETING = MessageClass.MARKETING


def read(bench: Bench, after: int = 0) -> list[ConcludedMessage]:
    last = find_last_attempt(bench.db, bench.now + timedelta(seconds=1))
    return list(read_fates(bench.db, after, last, bench.now - SOON, SOON, 1000).messages)


def fates(bench: Bench) -> list[MessageFate]:
    return [each.sent.fate for each in read(bench)]


@pytest.mark.parametrize(
    ("minutes", "outcome", "fate"),
    [
        (1, DeliveryOutcome.DELIVERED, MessageFate.DELIVERED),
        (15, DeliveryOutcome.DELIVERED, MessageFate.DELIVERED),
        (16, DeliveryOutcome.DELIVERED, MessageFate.LATE),
        (1, DeliveryOutcome.PERMANENT, MessageFate.UNDELIVERABLE),
        (1, DeliveryOutcome.TRYING, MessageFate.MISSING),
        (1, DeliveryOutcome.STOPPED, MessageFate.MISSING),
        (1, DeliveryOutcome.UNCONFIRMED, MessageFate.MISSING),
    ],
)
def test_a_report_tells_the_fate(bench: Bench, minutes: int, outcome: DeliveryOutcome, fate: MessageFate) -> None:
    """By its outcome and by the stamps of the network: when modemd gets it does not matter."""
    bench.submit(ALICE, MARKETING)
    bench.send(reference=7)
    sent_at = bench.now
    bench.passes(hours=2)
    bench.report(7, outcome, accepted_at=sent_at, discharged_at=sent_at + timedelta(minutes=minutes))
    (found,) = read(bench)
    assert found.sent.fate is fate
    assert (found.group.sim, found.group.destination, found.group.is_marketing) == (WEST, "+336", True)
    assert found.began_at == START


def test_a_message_without_a_report_is_missing_after_a_while(bench: Bench) -> None:
    """Before that nothing is known of it."""
    bench.submit()
    bench.send()
    bench.passes(minutes=15)
    assert fates(bench) == []
    bench.passes(seconds=1)
    assert fates(bench) == [MessageFate.MISSING]
    assert not read(bench)[0].group.is_marketing


def test_a_message_of_which_no_report_was_asked_is_only_accepted(bench: Bench) -> None:
    """Nothing more can be known."""
    message = bench.submit()
    bench.db.execute("UPDATE message SET report = 0 WHERE id = ?", (message,))
    bench.send()
    assert fates(bench) == [MessageFate.ACCEPTED]


def test_the_parts_of_a_message_count_once(bench: Bench) -> None:
    """It is delivered if one of them is."""
    bench.submit(parts=3)
    for reference in (1, 2, 3):
        bench.send(reference=reference)
    bench.passes(minutes=16)
    assert fates(bench) == [MessageFate.MISSING]
    bench.report(2, accepted_at=START, discharged_at=START)
    assert fates(bench) == [MessageFate.DELIVERED]


@pytest.mark.parametrize(
    ("result", "error", "found"),
    [
        (AttemptResult.REFUSED, "+CMS ERROR: 21", [MessageFate.REFUSED]),
        (AttemptResult.REFUSED, "+CMS ERROR: 42", []),
        (AttemptResult.UNKNOWN, None, []),
        (AttemptResult.WITHDRAWN, None, []),
    ],
)
def test_of_what_was_not_accepted_only_a_refusal_tells_something(
    bench: Bench, result: AttemptResult, error: str | None, found: list[MessageFate]
) -> None:
    """Congestion, an answer that never came and a withdrawn attempt tell nothing of a filter."""
    bench.submit()
    bench.close(bench.claimed(), result, error=error)
    bench.passes(hours=1)
    assert fates(bench) == found


def test_messages_are_in_the_order_of_their_last_attempts(bench: Bench) -> None:
    """A message that was tried again is as new as its last try."""
    first = bench.submit("+33612345670")
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 42", retry=lambda tries, end: bench.now)
    bench.submit("+33612345671")
    bench.send()
    bench.promote()
    assert bench.send().candidate.message_id == first
    bench.passes(hours=1)
    assert [each.sent.number for each in read(bench)] == ["+33612345671", "+33612345670"]


def test_an_attempt_is_found_by_its_time(bench: Bench) -> None:
    """The last one before a moment, whatever was deleted."""
    assert find_last_attempt(bench.db, bench.now) == 0
    for _ in range(20):
        bench.submit()
        bench.send()
        bench.passes(minutes=1)
    bench.db.execute("DELETE FROM attempt WHERE id IN (1, 2, 3, 9, 10)")
    for attempt in range(4, 20):
        found = find_last_attempt(bench.db, START + timedelta(minutes=attempt))
        last = bench.db.execute("SELECT max(id) FROM attempt WHERE id <= ?", (found,)).fetchone()[0]
        assert last == ({9: 8, 10: 8}.get(attempt, attempt))
        assert found == {9: 10, 10: 10, 8: 10}.get(attempt, attempt)
    assert find_last_attempt(bench.db, START) <= 3
    assert find_last_attempt(bench.db, bench.now) == 20


def test_a_step_reads_no_more_than_its_limit(bench: Bench) -> None:
    """And says where the next one begins."""
    for index in range(5):
        bench.submit(f"+3361234567{index}")
        bench.send()
    bench.passes(hours=1)
    first = read_fates(bench.db, 0, 5, bench.now, SOON, 3)
    assert (len(first.messages), first.last_attempt) == (3, 3)
    rest = read_fates(bench.db, 3, 5, bench.now, SOON, 3)
    assert (len(rest.messages), rest.last_attempt) == (2, 5)
    assert read_fates(bench.db, 5, 5, bench.now, SOON, 3).last_attempt is None
