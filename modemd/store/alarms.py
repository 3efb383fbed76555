"""Alarms: each is active once for its code and subject, from when it is raised until it is cleared."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.store.events import add_event
from modemd.store.rows import AlarmRow, read_row
from modemd.store.timestamps import from_text, to_text


@dataclass(frozen=True, slots=True)
class ActiveAlarm:
    """Alarm that is active, or over since `cleared_at`; and when it was told by SMS and by command, None if it was not told that
    way."""

    id: int
    code: str
    subject: str
    text: str
    raised_at: datetime
    sms_at: datetime | None
    command_at: datetime | None
    cleared_at: datetime | None = None


def raise_alarm(db: sqlite3.Connection, code: str, subject: str, text: str, now: datetime) -> int | None:
    """Raises an alarm, and returns its id. None: it is active already, and is left as it was."""
    row = db.execute(
        """INSERT INTO alarm (code, subject, text, raised_at) VALUES (?, ?, ?, ?)
           ON CONFLICT (code, subject) WHERE cleared_at IS NULL DO NOTHING RETURNING id""",
        (code, subject, text, to_text(now)),
    ).fetchone()
    if row is None:
        return None
    add_event(db, None, now, "alarm raised", alarm=row["id"], code=code, subject=subject or None)
    return int(row["id"])


def clear(
    db: sqlite3.Connection, code: str, subject: str, now: datetime, *, all_clear: Collection[str] = ()
) -> int | None:
    """Clears an alarm, and returns its id. None: it is not active. `all_clear`: the ways by which it is told that the alarm is
    over, if it was told that way."""
    row = db.execute(
        """UPDATE alarm SET cleared_at = :now, clear_sms = :sms AND sms_at IS NOT NULL,
               clear_command = :command AND command_at IS NOT NULL
           WHERE code = :code AND subject = :subject AND cleared_at IS NULL RETURNING id""",
        {"now": to_text(now), "code": code, "subject": subject, **{way: way in all_clear for way in _WAYS}},
    ).fetchone()
    if row is None:
        return None
    add_event(db, None, now, "alarm cleared", alarm=row["id"], code=code, subject=subject or None)
    return int(row["id"])


_WAYS = ("sms", "command")


def list_all_clears(db: sqlite3.Connection, way: str) -> list[ActiveAlarm]:
    """Returns the alarms of which it is to be told by `way` that they are over, oldest first."""
    if way not in _WAYS:
        raise ValueError(f"alarms are not told by {way}")
    rows = db.execute(
        f"""SELECT * FROM alarm INDEXED BY alarm_all_clear
            WHERE (clear_sms = 1 OR clear_command = 1) AND clear_{way} = 1 ORDER BY id"""  # noqa: S608 - one of two
    )
    return [_parse_alarm(row) for row in rows]


def mark_all_clear(db: sqlite3.Connection, way: str, alarms: Sequence[int]) -> None:
    """Notes that it was told by `way` that alarms are over."""
    if way not in _WAYS:
        raise ValueError(f"alarms are not told by {way}")
    db.executemany(f"UPDATE alarm SET clear_{way} = 0 WHERE id = ?", [(id,) for id in alarms])  # noqa: S608 - one of two


def list_active(db: sqlite3.Connection) -> list[ActiveAlarm]:
    """Returns the active alarms, oldest first."""
    rows = db.execute("SELECT * FROM alarm INDEXED BY alarm_standing WHERE cleared_at IS NULL").fetchall()
    return sorted((_parse_alarm(row) for row in rows), key=lambda alarm: alarm.id)


def _parse_alarm(row: sqlite3.Row) -> ActiveAlarm:
    return ActiveAlarm(
        row["id"],
        row["code"],
        row["subject"],
        row["text"],
        from_text(row["raised_at"]),
        from_text(row["sms_at"]) if row["sms_at"] else None,
        from_text(row["command_at"]) if row["command_at"] else None,
        from_text(row["cleared_at"]) if row["cleared_at"] else None,
    )


def mark_notified(db: sqlite3.Connection, way: str, alarms: Sequence[int], now: datetime) -> None:
    """Notes that alarms were told by `way`: `sms` or `command`."""
    if way not in ("sms", "command"):
        raise ValueError(f"alarms are not told by {way}")
    db.executemany(f"UPDATE alarm SET {way}_at = ? WHERE id = ?", [(to_text(now), id) for id in alarms])  # noqa: S608 - one of two


def find_last_notification(db: sqlite3.Connection, way: str, alarm: ActiveAlarm) -> datetime | None:
    """Returns when an alarm of the same code and subject was told last by `way`; None if it never was."""
    if way not in ("sms", "command"):
        raise ValueError(f"alarms are not told by {way}")
    row = db.execute(
        f"SELECT max({way}_at) FROM alarm WHERE code = ? AND subject = ?",  # noqa: S608 - one of two
        (alarm.code, alarm.subject),
    ).fetchone()
    return from_text(row[0]) if row[0] is not None else None


def select_for_notification(
    db: sqlite3.Connection, way: str, hold_down: timedelta, now: datetime, at_once: Collection[str] = ()
) -> tuple[list[ActiveAlarm], datetime | None]:
    """Returns the active alarms to tell by `way` now; and when the next one is due that is held down: one like it was told less
    than `hold_down` ago. The codes `at_once` are never held down."""
    due: list[ActiveAlarm] = []
    later: list[datetime] = []
    for alarm in list_active(db):
        if (alarm.sms_at if way == "sms" else alarm.command_at) is not None:
            continue
        last = find_last_notification(db, way, alarm)
        if alarm.code in at_once or last is None or last + hold_down <= now or last > now:
            due.append(alarm)
        else:
            later.append(last + hold_down)
    return due, min(later, default=None)


def list_alarms(db: sqlite3.Connection, *, cleared: bool, before: int | None = None, limit: int = 50) -> list[AlarmRow]:
    """Returns alarms, newest first; with those that were cleared, or only the active ones. `before`: only with smaller ids;
    `limit` 0 means all."""
    sql = f"""SELECT id, code, subject, text, raised_at, cleared_at, sms_at, command_at FROM alarm
              {_choose(cleared)} ORDER BY id DESC LIMIT ?2"""  # noqa: S608 - our own words
    return [read_row(AlarmRow, row) for row in db.execute(sql, (before, limit or -1)).fetchall()]


def count_alarms(db: sqlite3.Connection, *, cleared: bool, before: int | None) -> int:
    """Returns how many alarms `list_alarms` has."""
    return int(db.execute(f"SELECT count(*) FROM alarm {_choose(cleared)}", (before,)).fetchone()[0])  # noqa: S608 - one of two


def _choose(cleared: bool) -> str:
    return f"WHERE (?1 IS NULL OR id < ?1){'' if cleared else ' AND cleared_at IS NULL'}"
