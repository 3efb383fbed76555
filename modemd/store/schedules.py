"""Schedules: stores recurring sends and their runs, once for each local date and time; and jobs that run once a day."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.sending_rules import SendingRules
from modemd.store.events import add_event
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage, make_stored_answers, parse_stored_answers
from modemd.store.rows import RunRow, read_row
from modemd.store.timestamps import from_text, to_text


class RunOutcome(StrEnum):
    """Outcome of a run."""

    SENT = "sent"
    LATE = "late"  # submitted after its time, because modemd did not run then
    MISSED = "missed"
    FAILED = "failed"  # nothing could be submitted: the number or text is not accepted any more
    REFUSED = "refused"  # the API key of the schedule has ended, or its budget of the day is spent


@dataclass(frozen=True, slots=True)
class ScheduleContent:
    """Recurring send to store. `late`: a run that was missed is made up for, once; `valid_s`: the validity of each message in
    seconds, None: that of its class; `window`, `pinned`, `list_name` and `answers`: as in `OutboundMessage`;
    `api_key`: the id of the key that made it, None: it came by the Unix socket."""

    name: str
    cron: str
    zone: str
    recipients: tuple[str, ...]
    text: str
    message_class: str
    report: bool
    valid_s: int | None
    window: str | None
    pinned: str | None
    list_name: str | None
    answers: tuple[str, ...]
    late: bool
    api_key: int | None


@dataclass(frozen=True, slots=True)
class Schedule(ScheduleContent):
    """Recurring send. `looked_at`: up to when its times were checked."""

    id: int
    paused: bool
    created_at: datetime
    looked_at: datetime


def add(db: sqlite3.Connection, new: ScheduleContent, now: datetime) -> int:
    """Stores a recurring send, and returns its id. Raises Refused with `name_taken`."""
    row = db.execute(
        """INSERT INTO schedule
               (name, cron, zone, recipients, text, class, report, valid_s, window, pinned, list, answers, late, api_key,
                created_at, looked_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (name) WHERE removed_at IS NULL DO NOTHING RETURNING id""",
        (
            new.name, new.cron, new.zone, json.dumps(new.recipients), new.text, new.message_class, new.report, new.valid_s,
            new.window, new.pinned, new.list_name, make_stored_answers(new.answers), new.late, new.api_key, to_text(now),
            to_text(now),
        ),
    ).fetchone()  # fmt: skip
    if row is None:
        raise Refused(
            ErrorCode.NAME_TAKEN, f"there is a schedule {new.name!r} already; remove it first, or take another name"
        )
    add_event(db, None, now, "schedule added", schedule=row["id"], name=new.name)
    return int(row["id"])


def find_by_name(db: sqlite3.Connection, name: str) -> Schedule:
    """Returns the schedule of that name. Raises Refused with `not_found`."""
    row = db.execute("SELECT * FROM schedule WHERE name = ? AND removed_at IS NULL", (name,)).fetchone()
    if row is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no schedule {name!r}")
    return _parse_schedule(row)


def list_schedules(db: sqlite3.Connection, *, after: str = "", limit: int = 0) -> list[Schedule]:
    """Returns the schedules that are not removed, by name, behind the name `after`; `limit` 0 means all."""
    rows = db.execute(
        "SELECT * FROM schedule WHERE removed_at IS NULL AND name > ? ORDER BY name LIMIT ?", (after, limit or -1)
    ).fetchall()
    return [_parse_schedule(row) for row in rows]


def count_schedules(db: sqlite3.Connection, *, after: str) -> int:
    """Returns how many schedules `list_schedules` has."""
    sql = "SELECT count(*) FROM schedule WHERE removed_at IS NULL AND name > ?"
    return int(db.execute(sql, (after,)).fetchone()[0])


def _parse_schedule(row: sqlite3.Row) -> Schedule:
    return Schedule(
        name=row["name"],
        cron=row["cron"],
        zone=row["zone"],
        recipients=tuple(json.loads(row["recipients"])),
        text=row["text"],
        message_class=row["class"],
        report=bool(row["report"]),
        valid_s=row["valid_s"],
        window=row["window"],
        pinned=row["pinned"],
        list_name=row["list"],
        answers=parse_stored_answers(row["answers"]),
        late=bool(row["late"]),
        api_key=row["api_key"],
        id=row["id"],
        paused=bool(row["paused"]),
        created_at=from_text(row["created_at"]),
        looked_at=from_text(row["looked_at"]),
    )


def pause(db: sqlite3.Connection, name: str, now: datetime, **word: str) -> None:
    """Pauses a schedule: no run happens until it is resumed."""
    schedule = find_by_name(db, name)
    db.execute("UPDATE schedule SET paused = 1 WHERE id = ?", (schedule.id,))
    add_event(db, None, now, "schedule paused", schedule=schedule.id, name=name, **word)


def resume(db: sqlite3.Connection, name: str, now: datetime, **word: str) -> None:
    """Resumes a schedule. Runs of the time of the pause were not wanted, and are not made up for."""
    schedule = find_by_name(db, name)
    if schedule.paused:
        db.execute("UPDATE schedule SET paused = 0, looked_at = ? WHERE id = ?", (to_text(now), schedule.id))
    add_event(db, None, now, "schedule resumed", schedule=schedule.id, name=name, **word)


def remove(db: sqlite3.Connection, name: str, now: datetime, **word: str) -> None:
    """Removes a schedule. The messages that it submitted go on."""
    schedule = find_by_name(db, name)
    db.execute("UPDATE schedule SET removed_at = ? WHERE id = ?", (to_text(now), schedule.id))
    add_event(db, None, now, "schedule removed", schedule=schedule.id, name=name, **word)


def execute_run(
    db: sqlite3.Connection,
    schedule: Schedule,
    local: str,
    messages: Sequence[OutboundMessage],
    rules: SendingRules,
    now: datetime,
    outcome: RunOutcome,
    error: str | None = None,
) -> list[Submitted] | None:
    """Does the run of one local date and time, once, however often it is called; its mark and its messages are one change.
    Returns what was submitted; None if it was done before, or the schedule was paused or removed meanwhile."""
    row = db.execute(
        "SELECT * FROM schedule WHERE id = ? AND removed_at IS NULL AND paused = 0", (schedule.id,)
    ).fetchone()
    if row is None:
        return None
    mark_checked(db, schedule.id, now)
    new = db.execute(
        "INSERT INTO schedule_run (schedule_id, local, at, outcome, error) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (schedule.id, local, to_text(now), outcome, error),
    )
    if not new.rowcount:
        return None
    submitted = [accept.submit(db, each, rules, now) for each in messages]
    ids = json.dumps([each.id for each in submitted]) if submitted else None
    db.execute("UPDATE schedule_run SET messages = ? WHERE schedule_id = ? AND local = ?", (ids, schedule.id, local))
    return submitted


def mark_checked(db: sqlite3.Connection, id: int, now: datetime) -> None:
    """Stores up to when a schedule's times were checked; an earlier time changes nothing."""
    db.execute("UPDATE schedule SET looked_at = max(looked_at, ?) WHERE id = ?", (to_text(now), id))


def list_runs(db: sqlite3.Connection, id: int, limit: int = 20) -> list[RunRow]:
    """Returns the runs of a schedule, newest first; `limit` 0 means all."""
    rows = db.execute(
        """SELECT local, at, outcome, coalesce(messages, '[]') AS messages, error
           FROM schedule_run WHERE schedule_id = ? ORDER BY local DESC LIMIT ?""",
        (id, limit or -1),
    ).fetchall()
    return [read_row(RunRow, row) for row in rows]


_DAY = timedelta(days=1)
Work = Callable[[sqlite3.Connection, datetime], None]


def run_once_a_day(db: sqlite3.Connection, job: str, day: date, work: Work, now: datetime) -> bool:
    """Runs `work` unless `job` has run on that local `day`. Returns True if it ran."""
    new = db.execute(
        "INSERT INTO calendar_run (job, day, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (job, day.isoformat(), to_text(now)),
    )
    if not new.rowcount:
        return False
    work(db, now)
    return True


def run_nightly_maintenance(db: sqlite3.Connection, now: datetime) -> None:
    """Does the nightly maintenance: evidence about messages that closed a day ago is no longer searched for, and SQLite renews
    statistics by which it plans queries, if they are stale."""
    db.execute(
        """UPDATE attempt SET matchable = 0
           WHERE matchable = 1 AND outcome IN ('open', 'unknown')
                 AND message_id IN (SELECT id FROM message WHERE closed_at <= ?)""",
        (to_text(now - _DAY),),
    )
    db.execute("PRAGMA analysis_limit = 1000")
    db.execute("PRAGMA optimize")
