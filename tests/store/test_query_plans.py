"""The hot queries use their indexes: asked of SQLite itself, for every statement that the functions really run."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.pauses import Pause
from modemd.store import listings
from modemd.store.changes import feed
from modemd.store.consent import marketing_history, opt_in_requests, reviews
from modemd.store.events import Authorship
from modemd.store.inbound import inbox, reassembly
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.outbox import batches, due
from modemd.store.queue import candidates, outcomes, pauses
from tests.store.bench import ALICE, BOB, START, WEST, Bench

_HAS_ANY_ROW = re.compile(r"SELECT 1 FROM \w+ LIMIT 1")


def plans(bench: Bench, act: Callable[[], object]) -> dict[str, str]:
    """The plan of every SELECT, UPDATE and DELETE that `act` runs, by its text with the values put in; without the questions
    whether a table has a row at all."""
    statements: list[str] = []
    bench.db.set_trace_callback(statements.append)
    act()
    bench.db.set_trace_callback(None)
    asked = {text for text in statements if text.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))}
    asked = {text for text in asked if not _HAS_ANY_ROW.fullmatch(text)}
    return {text: plan_of(bench.db, text) for text in asked}


def plan_of(db: sqlite3.Connection, statement: str) -> str:
    return "\n".join(row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}"))


def claim_and_close(bench: Bench) -> None:
    bench.send(reference=7)


def look_beside_a_pause(bench: Bench) -> None:
    pauses.pause(bench.db, Pause(MessageClass.TRANSACTIONAL), Authorship("alice", "a test"), bench.now)
    candidates.list_candidates(bench.db, WEST, bench.now)


ACTS: dict[str, Callable[[Bench], object]] = {
    "submit": lambda bench: bench.submit(key="k"),
    "candidates": lambda bench: candidates.list_candidates(bench.db, WEST, bench.now),
    "candidates beside a pause": look_beside_a_pause,
    "claim and close": claim_and_close,
    "unknown": lambda bench: bench.lose(),
    "promote": lambda bench: bench.promote(),
    "next batch": lambda bench: batches.next_accepted(bench.db),
    "promote a batch": lambda bench: batches.promote(bench.db, 1, bench.rules, bench.now, 3),
    "clear away a batch": lambda bench: batches.discard_unaccepted(bench.db, 3),
    "expire": lambda bench: bench.expire(),
    "close overdue": lambda bench: due.close_overdue(bench.db, bench.now),
    "next due": lambda bench: bench.next_due(),
    "report": lambda bench: bench.report(7),
    "match again": lambda bench: bench.match_again(),
    "opt out": lambda bench: bench.says(ALICE),
    "opt out of a list": lambda bench: bench.says(ALICE, list_name="promo"),
    "review": lambda bench: reviews.read_hold_until(bench.db, ALICE),
    "consent due": lambda bench: (
        reviews.find_next_due(bench.db),
        reviews.list_overdue(bench.db, bench.now, 100),
        opt_in_requests.find_next_due(bench.db),
        opt_in_requests.list_overdue(bench.db, bench.now, 100),
        opt_in_requests.list_to_remind(bench.db, bench.now, 100),
    ),
    "recover": lambda bench: outcomes.close_interrupted_attempts(bench.db, bench.now),
    "keep": lambda bench: inbox.store_arrival(
        bench.db, Arrival(WEST, b"1", ALICE, "text", "1", START, "a/8/1/2", 1, 2), lambda tpdus: ("text", ""), bench.now
    ),
    "inbox": lambda bench: listings.list_inbox(bench.db, kind="call", limit=50),
    "story": lambda bench: listings.list_events(bench.db, 1),
    "marketing times": lambda bench: marketing_history.list_marketing_times(bench.db, ALICE, START),
    "feed": lambda bench: feed.read_changes(bench.db, feed.check_cursor(bench.db, feed.Cursor()), 100),
    "show incomplete": lambda bench: reassembly.show_incomplete(bench.db, bench.now),
}


@pytest.fixture
def busy(bench: Bench) -> Bench:
    """A database with something in every table that is walked."""
    for days in range(3):
        bench.submit(ALICE, MessageClass.OTP, at=bench.now + timedelta(days=days), parts=2)
        bench.submit(ALICE, MessageClass.MARKETING, valid=timedelta(hours=1))
    bench.lose()
    bench.submit(ALICE)
    bench.send(reference=7)
    bench.report(99)
    bench.passes(hours=1)
    bench.submit(BOB, parts=2)
    return bench


# The head of a lane, of bounded length; the lanes that hold something; what a person has paused; the drafts of the modems.
SHORT = ("SCAN CONSTANT ROW", "SCAN q", "SCAN each", "SCAN pause", "SCAN json_each VIRTUAL TABLE INDEX 1:")


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_nothing_is_searched_from_end_to_end(busy: Bench, act: Callable[[Bench], object]) -> None:
    """No hot statement scans a table or sorts in a temporary tree, however large the database has grown.

    `SHORT` is what stays short.
    """
    found = plans(busy, lambda: act(busy))
    assert found, "nothing was asked"
    slow = {
        text: plan
        for text, plan in found.items()
        if any(
            (line.startswith("SCAN") and "USING" not in line and line not in SHORT) or "TEMP B-TREE" in line
            for line in plan.split("\n")
        )
    }
    assert slow == {}


@pytest.mark.parametrize(
    ("act", "index"),
    [
        ("candidates", "part_queue"),
        ("candidates", "part_queue (lane=? AND rank>? AND rank<?)"),
        ("candidates", "part_in_flight (number=? AND rank=? AND message_id<?)"),
        ("candidates beside a pause", "part_queue (lane=? AND rank=? AND started=?)"),
        ("promote", "part_due"),
        ("expire", "part_expiry"),
        ("close overdue", "message_open"),
        ("next due", "part_due"),
        ("next due", "part_expiry"),
        ("next due", "message_open"),
        ("report", "attempt_reference"),
        ("report", "attempt_unanswered"),
        ("match again", "report_unmatched"),
        ("report", "reference=? AND <expr>=?"),
        ("opt out", "part_held"),
        ("story", "event_message"),
        ("recover", "attempt_unanswered"),
        ("keep", "inbox_part_fingerprint"),
        ("keep", "inbox_part_set"),
        ("inbox", "inbox_kind"),
        ("show incomplete", "inbox_collecting"),
        ("marketing times", "message_marketing (number=? AND closed_at=?)"),
        ("marketing times", "message_marketing (number=? AND closed_at>?)"),
        ("marketing times", "attempt_message (message_id=?)"),
    ],
)
def test_each_index_serves_its_query(busy: Bench, act: str, index: str) -> None:
    """The indexes are there for these queries, and SQLite takes them."""
    assert any(index in plan for plan in plans(busy, lambda: ACTS[act](busy)).values())


def test_partial_indexes_are_whole_to_their_queries(bench: Bench) -> None:
    """A claim looks at no part that is not queued: ten thousand messages that are done cost it nothing."""
    bench.db.execute("BEGIN")
    for _ in range(300):
        bench.submit()
        bench.send()
    waiting = bench.submit()
    bench.db.execute("COMMIT")
    assert steps_of(bench, lambda: bench.candidates() == [waiting]) < 500


def test_a_listing_looks_at_its_own_state_alone(bench: Bench) -> None:
    """The newest of a state that is rare are found behind twenty thousand newer messages."""
    rare = [bench.submit() for _ in range(3)]
    bench.db.execute(
        """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
           INSERT INTO message (number, text, class, state, parts, report, created_at, expires_at)
           SELECT 'n', 'x', 'marketing', 'delivered', 1, 0, '', '' FROM n"""
    )

    def found(state: str) -> list[int]:
        return [row.id for row in listings.list_messages(bench.db, state=state)]

    assert steps_of(bench, lambda: found("queued") == rare[::-1]) < 2000
    assert steps_of(bench, lambda: len(found("delivered")) == 50) < 5000


def test_what_is_held_for_a_number_is_not_walked(bench: Bench) -> None:
    """A thousand messages that are planned for a number stand in nobody's way: they cost those to it that may go nothing."""
    for _ in range(1000):
        bench.submit(ALICE, at=bench.now + timedelta(days=1))
    going = bench.submit(ALICE)
    assert steps_of(bench, lambda: bench.candidates() == [going]) < 500


def test_the_marketing_of_others_and_of_last_year_is_not_walked(bench: Bench) -> None:
    """Frequency caps cost the same beside twenty thousand messages to others, and a thousand old ones to the same number."""
    bench.submit(ALICE, MessageClass.MARKETING)
    bench.send()

    def is_found() -> bool:
        since = bench.now - timedelta(days=7)
        return marketing_history.list_marketing_times(bench.db, ALICE, since) == [bench.now]

    alone = steps_of(bench, is_found)
    add_sent_marketing(bench, BOB, 20_000, "2026-11-22T11")
    add_sent_marketing(bench, ALICE, 1000, "2025-11-22T11")
    assert steps_of(bench, is_found) <= alone + 50


def add_sent_marketing(bench: Bench, number: str, count: int, closed_at: str) -> None:
    """Rows of marketing messages that were sent, and are closed."""
    bench.db.execute(
        """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
           INSERT INTO message (number, text, class, state, parts, report, created_at, expires_at, sim, closed_at)
           SELECT ?, 'x', 'marketing', 'delivered', 1, 0, '', '', 'sim', ? FROM n""",
        (count, number, closed_at),
    )


def steps_of(bench: Bench, holds: Callable[[], bool]) -> int:
    """How many steps of SQLite's machine it takes to see that something holds."""
    steps = [0]

    def count() -> None:
        steps[0] += 1

    bench.db.set_progress_handler(count, 1)
    assert holds()
    bench.db.set_progress_handler(None, 1)
    return steps[0]
