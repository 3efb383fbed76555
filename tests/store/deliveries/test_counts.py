"""Counts of deliveries by day."""

from __future__ import annotations

from datetime import timedelta

from modemd.rules.classes import MessageClass
from modemd.rules.filter_watch.judgement import DeliveryCount, MessageFate, SentMessage
from modemd.rules.pauses import Pause
from modemd.store.deliveries import counts
from modemd.store.deliveries.fates import ConcludedMessage, DeliveryGroup, FateBatch
from modemd.store.events import Authorship
from modemd.store.queue import pauses
from modemd.store.timestamps import to_text
from tests.store.bench import ALICE, EAST, START, WEST, Bench

GROUP = DeliveryGroup(WEST, "+336", True)
WHO = Authorship("alice", "a test")


def batch(*fates: MessageFate, days: int = 0, group: DeliveryGroup = GROUP) -> FateBatch:
    at = to_text(START - timedelta(days=days))
    return FateBatch(tuple(ConcludedMessage(group, at, SentMessage(ALICE, fate)) for fate in fates), None)


def test_counts_add_up_by_group(bench: Bench) -> None:
    """Late, missing and undeliverable messages are missed; what was refused, or had no report asked for, is not counted."""
    counts.add_counts(bench.db, counts.count_by_day(batch(*MessageFate), 10), bench.now)
    other = DeliveryGroup(EAST, "+336", True)
    counts.add_counts(bench.db, counts.count_by_day(batch(MessageFate.DELIVERED, days=1, group=other), 11), bench.now)
    counts.add_counts(bench.db, counts.count_by_day(batch(MessageFate.DELIVERED, days=2), 12), bench.now)
    assert counts.read_history(bench.db, bench.now) == {GROUP: DeliveryCount(2, 3), other: DeliveryCount(1, 0)}


def test_nothing_is_counted_twice(bench: Bench) -> None:
    """A step that was counted already changes nothing."""
    assert counts.find_last_counted(bench.db) is None
    for _ in range(2):
        counts.add_counts(bench.db, counts.count_by_day(batch(MessageFate.DELIVERED), 10), bench.now)
    assert counts.find_last_counted(bench.db) == 10
    assert counts.read_history(bench.db, bench.now) == {GROUP: DeliveryCount(1, 0)}


def test_history_is_four_weeks(bench: Bench) -> None:
    """Older days do not count, and their rows are deleted."""
    counts.add_counts(bench.db, counts.count_by_day(batch(MessageFate.DELIVERED, days=28), 10), bench.now)
    assert counts.read_history(bench.db, bench.now) == {GROUP: DeliveryCount(1, 0)}
    assert counts.read_history(bench.db, bench.now + timedelta(days=1)) == {}
    counts.add_counts(bench.db, counts.count_by_day(batch(), 11), bench.now + timedelta(days=1))
    assert bench.db.execute("SELECT count(*) FROM delivery_count").fetchone()[0] == 0


def test_a_resume_is_remembered(bench: Bench) -> None:
    """Only of this class on one SIM: other pauses are not those of the watch."""
    marketing = MessageClass.MARKETING
    for what in (Pause(marketing, WEST), Pause(marketing), Pause(None, EAST), Pause(MessageClass.OTP, EAST)):
        pauses.pause(bench.db, what, WHO, bench.now)
        pauses.resume(bench.db, what, WHO, bench.now)
    assert counts.read_resumes(bench.db, marketing, START - timedelta(days=1)) == {WEST: START}
    assert counts.read_resumes(bench.db, marketing, START) == {}
