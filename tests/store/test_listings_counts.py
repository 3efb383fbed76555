"""Counts that are kept say what counting would."""

from __future__ import annotations

import time
from random import Random

import pytest

from modemd.rules.classes import MessageClass
from modemd.store import listings, retention
from modemd.store.events import Authorship
from modemd.store.outbox import decisions, due
from modemd.store.rows import HeldCount
from modemd.store.timestamps import to_text
from tests.store.bench import ALICE, BOB, Bench

COUNTED = """
    SELECT state, class, CASE state WHEN 'held' THEN coalesce(reason, '') ELSE '' END AS why, count(*) AS amount
    FROM message GROUP BY state, class, why
"""


def kept_as_counted(bench: Bench) -> None:
    rows = bench.db.execute("SELECT state, class, reason, amount FROM tally WHERE kind = 'message' AND amount <> 0")
    assert sorted(map(tuple, rows)) == sorted(map(tuple, bench.db.execute(COUNTED)))
    out = bench.db.execute("SELECT count(*) FROM contact WHERE marketing = 'opted_out'").fetchone()[0]
    unmatched = bench.db.execute("SELECT count(*) FROM report WHERE attempt_id IS NULL").fetchone()[0]
    assert (listings.read_count(bench.db, "opted_out"), listings.read_count(bench.db, "unmatched")) == (out, unmatched)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_counts_are_right(bench: Bench, seed: int) -> None:
    """Submits, sends, losses, reports, opt-outs, cancels, promotions, expiries and deletions, in any order."""
    chance = Random(seed)
    numbers = [f"+3361234{index:04d}" for index in range(30)]
    reference = 0
    for _ in range(100):
        match chance.randrange(9):
            case 0 | 1 | 2:
                planned = bench.now.replace(year=2027) if chance.random() < 0.2 else None
                bench.submit(
                    chance.choice(numbers), chance.choice(list(MessageClass)), parts=chance.randint(1, 3), at=planned
                )
            case 3 if bench.candidates():
                reference += 1
                bench.send(reference=reference % 256)
            case 4 if bench.candidates():
                bench.lose()
            case 5:
                bench.report(chance.randrange(256), number=chance.choice(numbers))
            case 6:
                bench.says(chance.choice(numbers), opts_in=chance.random() < 0.3)
            case 7:
                bench.passes(hours=chance.randint(0, 30))
                due.promote_due(bench.db, bench.now)
                due.expire_overdue(bench.db, bench.now)
                due.close_overdue(bench.db, bench.now)
            case _:
                waiting = bench.db.execute("SELECT id FROM message WHERE state = 'held'").fetchone()
                if waiting is not None:
                    decisions.cancel(bench.db, waiting["id"], Authorship("ann", "no"), bench.now)
    kept_as_counted(bench)
    bench.passes(days=500)
    due.expire_overdue(bench.db, bench.now, 10_000)
    due.close_overdue(bench.db, bench.now, 10_000)
    while retention.run_step(bench.db, AGES, bench.now):
        pass
    kept_as_counted(bench)


AGES = retention.RetentionAges(*[retention.KEY_LIFETIME] * 5)


def test_what_waits_is_told_by_class_reason_and_age(bench: Bench) -> None:
    """The oldest of each class in each state, and what is held, by its reason."""
    first = bench.now
    bench.submit(ALICE, MessageClass.MARKETING)
    bench.passes(minutes=5)
    bench.submit(BOB, MessageClass.MARKETING)
    bench.submit(ALICE, MessageClass.ALARM)
    bench.submit(BOB, at=bench.now.replace(year=2027))
    counts = listings.read_counts(bench.db)
    assert [(row.state, row.message_class, row.messages) for row in counts.waiting] == [
        ("held", "transactional", 1), ("queued", "alarm", 1), ("queued", "marketing", 2),
    ]  # fmt: skip
    assert counts.waiting[2].oldest == first
    assert counts.held == (HeldCount("scheduled", 1),)
    assert counts.states == {"held": 1, "queued": 3}


def test_a_status_of_many_rows_is_quick(bench: Bench) -> None:
    """200,000 messages, most of them done, cost it no more than a few thousand steps of SQLite's machine."""
    bench.db.execute("BEGIN")
    for state, message_class, many in (
        ("delivered", "marketing", 120_000), ("queued", "marketing", 60_000), ("queued", "otp", 100), ("held", "otp", 19_900),
    ):  # fmt: skip
        bench.db.execute(
            """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
               INSERT INTO message (number, text, class, state, parts, report, created_at, expires_at)
               SELECT ?, 'x', ?, ?, 1, 0, ?, ? FROM n""",
            (many, ALICE, message_class, state, to_text(bench.now), to_text(bench.now)),
        )
    bench.db.execute("COMMIT")
    steps = [0]

    def count() -> None:
        steps[0] += 1

    bench.db.set_progress_handler(count, 1)
    began = time.perf_counter()
    counts = listings.read_counts(bench.db)
    took_s = time.perf_counter() - began
    bench.db.set_progress_handler(None, 1)
    assert sum(row.messages for row in counts.waiting) == 80_000
    assert steps[0] < 3000
    assert took_s < 0.5
