"""What was kept long enough goes, a step at a time."""

from __future__ import annotations

import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.lanes import ANY
from modemd.store import alarms, retention
from modemd.store.events import add_event
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.lanes import ensure_lane
from modemd.store.retention import RetentionAges
from modemd.store.timestamps import to_text
from tests.store.bench import ALICE, BOB, WEST, Bench

NEVER = timedelta.max
AGES = RetentionAges(
    timedelta(days=90), timedelta(days=400), timedelta(days=90), timedelta(days=400), timedelta(days=400)
)


def keep_house(bench: Bench, ages: RetentionAges = AGES) -> list[int]:
    """Every step there is to take now."""
    steps = []
    while done := retention.run_step(bench.db, ages, bench.now):
        steps.append(done)
        assert len(steps) < 1000
    return steps


def delivered(bench: Bench, key: str | None = None) -> int:
    id = bench.submit(text="my secret", key=key)
    bench.send(reference=9)
    bench.report(9)
    assert bench.state(id) == "delivered"
    return id


def count(bench: Bench, table: str) -> int:
    return int(bench.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_texts_go_first_and_rows_later(bench: Bench) -> None:
    """After 90 days the text is blank, and everything else is told as before; after 400 the message has never been."""
    id = delivered(bench)
    bench.passes(days=89)
    assert keep_house(bench) == []
    bench.passes(days=2)
    keep_house(bench)
    row = bench.message(id)
    assert (row["text"], row["number"], row["state"], row["redacted_at"]) == (
        "",
        ALICE,
        "delivered",
        to_text(bench.now),
    )
    bench.passes(days=300)
    keep_house(bench)
    bench.passes(days=10)
    keep_house(bench)
    assert [count(bench, table) for table in ("message", "part", "attempt", "report")] == [0] * 4
    # One takes the place of the last: no id is given again.
    assert [row["what"] for row in bench.db.execute("SELECT what FROM event")] == ["rows deleted"]


def test_what_is_open_stays_however_old(bench: Bench) -> None:
    """Age is counted from the end of a message."""
    waiting = bench.submit(at=bench.now + timedelta(days=600), valid=timedelta(days=700))
    bench.passes(days=500)
    assert keep_house(bench) == []
    assert bench.message(waiting)["text"] == "hello"


def test_a_key_is_known_for_thirty_days_past_the_end(bench: Bench) -> None:
    """Then the same key is a new message."""
    first = delivered(bench, key="order-17")
    bench.passes(days=29)
    keep_house(bench)
    assert bench.submitted(text="my secret", key="order-17").is_repetition
    bench.passes(days=2)
    keep_house(bench)
    again = bench.submitted(text="another", key="order-17")
    assert (again.is_repetition, again.id) == (False, first + 1)


def test_what_came_in_goes_as_well(bench: Bench) -> None:
    """Its octets are blanked with its text, for they say the same; what was said about consent is kept for ever."""
    arrival = Arrival(WEST, b"octets", BOB, "text", "STOP", bench.now)
    whole = inbox.store_arrival(bench.db, arrival, lambda tpdus: ("text", ""), bench.now)
    assert whole is not None
    bench.says(BOB)
    bench.db.execute("UPDATE consent_event SET inbox_id = ?", (whole.inbox_id,))
    bench.passes(days=91)
    keep_house(bench)
    row = bench.db.execute("SELECT text, sender FROM inbox").fetchone()
    assert tuple(row) == ("", BOB)
    assert bench.db.execute("SELECT tpdu FROM inbox_part").fetchone()["tpdu"] == b""
    bench.passes(days=310)
    keep_house(bench)
    assert (count(bench, "inbox"), count(bench, "inbox_part"), count(bench, "consent_event")) == (0, 0, 1)
    assert bench.submitted(BOB, MessageClass.MARKETING).state == "refused"


def test_alarms_and_what_belongs_to_nothing_go_with_age(bench: Bench) -> None:
    """Cleared alarms, unmatched reports, events of no message; an alarm that stands stays."""
    for code in ("over", "standing"):
        alarms.raise_alarm(bench.db, code, "", "text", bench.now)
    alarms.clear(bench.db, "over", "", bench.now)
    bench.report(1)
    add_event(bench.db, None, bench.now, "something")
    bench.passes(days=401)
    keep_house(bench)
    assert [row["code"] for row in bench.db.execute("SELECT code FROM alarm")] == ["standing"]
    assert (count(bench, "report"), count(bench, "event")) == (0, 1)  # the place of the last event


def test_forever_is_for_ever(bench: Bench) -> None:
    """Where nothing has an age, only keys go."""
    delivered(bench, key="k")
    bench.passes(days=4000)
    assert keep_house(bench, RetentionAges(NEVER, NEVER, NEVER, NEVER, NEVER)) == [1]
    assert bench.db.execute("SELECT text FROM message").fetchone()["text"] == "my secret"


def test_a_text_that_went_cannot_be_read_from_the_file(bench: Bench) -> None:
    """Neither in the database nor in its log, once that has been moved into it."""
    path = bench.db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    assert bench.db.execute("PRAGMA secure_delete").fetchone()[0] == 1  # ON; some builds of SQLite do so unasked
    delivered(bench)
    bench.passes(days=91)
    bench.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"my secret" in Path(path).read_bytes()
    keep_house(bench)
    bench.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"my secret" not in Path(path).read_bytes()


def fill(bench: Bench, many: int) -> None:
    """So many messages that ended long ago, each with part, attempt and report."""
    bench.db.execute("BEGIN")
    text = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) "
    lane = ensure_lane(bench.db, ANY)
    given = {"many": many, "at": to_text(bench.now), "number": ALICE, "sim": WEST, "lane": lane}
    for statement in (
        """INSERT INTO message (id, number, text, class, state, parts, report, created_at, expires_at, closed_at)
           SELECT i, :number, 'x', 'otp', 'delivered', 1, 1, :at, :at, :at FROM n""",
        """INSERT INTO part (id, message_id, seq, state, number, rank, lane, expires_at)
           SELECT i, i, 1, 'delivered', :number, 1, :lane, :at FROM n""",
        """INSERT INTO attempt (id, part_id, message_id, number, sim, modem, opened_at, outcome, reference, matchable)
           SELECT i, i, i, :number, :sim, 'stick', :at, 'sent', i % 256, 0 FROM n""",
        """INSERT INTO report (sim, tpdu, reference, number, status, outcome, stored_at, attempt_id, last_attempt, fingerprint)
           SELECT :sim, x'00', i % 256, :number, 0, 'delivered', :at, i, i, CAST(i AS BLOB) FROM n""",
        "INSERT INTO event (message_id, at, what) SELECT i, :at, 'message delivered' FROM n",
    ):
        bench.db.execute(text + statement, given)
    bench.db.execute("COMMIT")


def test_a_step_is_small_however_much_there_is_to_do(bench: Bench) -> None:
    """With 20,000 messages to blank and delete, no step takes longer than with a few: nobody waits for it."""
    fill(bench, 20_000)
    bench.passes(days=500)
    longest_s = 0.0
    for age in (AGES, RetentionAges(NEVER, timedelta(days=400), NEVER, NEVER, NEVER)):
        for _ in range(20):
            began = time.perf_counter()
            bench.db.execute("BEGIN IMMEDIATE")
            assert retention.run_step(bench.db, age, bench.now) == retention.ROWS_PER_STEP
            bench.db.execute("COMMIT")
            longest_s = max(longest_s, time.perf_counter() - began)
    assert longest_s < 0.25


@pytest.mark.parametrize("ages", [AGES, RetentionAges(NEVER, AGES.outbox_rows, NEVER, AGES.inbox_rows, AGES.log)])
def test_no_step_looks_through_a_table(bench: Bench, ages: RetentionAges) -> None:
    """The work of a step, counted in the steps of SQLite's machine, does not grow with what is kept."""

    def work(many: int) -> int:
        fill(bench, many)
        steps = [0]

        def step() -> None:
            steps[0] += 1

        bench.db.set_progress_handler(step, 1)
        retention.run_step(bench.db, ages, bench.now + timedelta(days=500))
        bench.db.set_progress_handler(None, 1)
        for table in ("report", "attempt", "part", "event", "message"):
            bench.db.execute(f"DELETE FROM {table}")
        return steps[0]

    if ages is not AGES:
        bench.db.execute("CREATE TRIGGER blank AFTER INSERT ON message BEGIN "
                         "UPDATE message SET redacted_at = closed_at WHERE id = NEW.id; END")  # fmt: skip
    assert work(6000) < 1.5 * work(300)


def test_the_log_file_is_given_back(bench: Bench) -> None:
    """What a long reader let the write-ahead log grow to is cut at the next move into the database."""
    path = bench.db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchone()
    bench.db.execute("CREATE TABLE blob (b BLOB)")
    for _ in range(12):
        bench.db.execute("INSERT INTO blob VALUES (zeroblob(2000000))")
    log = path + "-wal"
    assert _size(log) > 20_000_000
    reader.execute("COMMIT")
    reader.close()
    for _ in range(3):
        bench.db.execute("INSERT INTO blob VALUES (zeroblob(100))")
    assert _size(log) <= 8 * 1024 * 1024


def _size(path: str) -> int:
    return Path(path).stat().st_size


def test_a_message_that_a_modem_still_holds_keeps_its_row(bench: Bench) -> None:
    """Its text goes, and the row by which it is known stays: without it the message would come in anew."""
    arrival = Arrival(WEST, b"secret", ALICE, "text", "secret", None, slot="SM/1")
    for _ in range(2):
        inbox.store_arrival(bench.db, arrival, lambda tpdus: ("text", ""), bench.now)
    bench.passes(days=500)
    keep_house(bench)
    assert [tuple(row) for row in bench.db.execute("SELECT text FROM inbox")] == [("",)]
    assert inbox.store_arrival(bench.db, arrival, lambda tpdus: ("text", ""), bench.now) is None
