"""Change feed: everything that changes, in order, out of the rows that are there anyway.

There are two sources: the events, and the consent ledger. The one writer thread gives both their ids in the order of its
commits, so whoever has read a source up to an id, and sees committed rows only, has missed nothing of it. A cursor is a position
in each source. Between the sources the order is that of the times.

A change names the row that it is about, and that row is read when the feed is: a message may have moved on since. An erasure
reaches the feed by that, too.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from heapq import merge
from typing import Any

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.changes.kinds import EventKind
from modemd.store import listings, modems
from modemd.store.consent.ledger import ConsentAction
from modemd.store.rows import AlarmRow, ConsentEventRow, InboxRow, MessageRow, ReportRow, read_row
from modemd.store.timestamps import from_text

# An integer of SQLite has at most 19 digits.
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{1,16})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Position in the feed: the last event and the last row of the ledger that were read. `stamp`: when that event was, by which
    a restored database is known: it gives ids a second time."""

    event: int = 0
    ledger: int = 0
    stamp: str = "0"

    def __str__(self) -> str:
        """Returns the cursor as text, as `parse_cursor` reads it."""
        return f"{self.event}.{self.ledger}.{self.stamp}"


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """Event of the consent ledger, and the number that it is about; empty if that was erased."""

    number: str
    event: ConsentEventRow


Subject = MessageRow | InboxRow | ReportRow | AlarmRow | ConsentChange


@dataclass(frozen=True, slots=True)
class Change:
    """Change. `id`: stable, and never given to another, also after a restore; `cursor`: the position behind it; `detail`: what
    was known then, by names; `data`: the row that it is about, as it is now; None if there is none, or none any more."""

    id: str
    kind: EventKind
    at: str
    message_id: int | None
    detail: dict[str, Any]
    data: Subject | None
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class ChangeHead:
    """Change without the row that it is about. `subject`: changes of one subject are told in their order."""

    id: str
    kind: EventKind
    message_id: int | None
    subject: str
    cursor: Cursor

    def is_behind(self, start: Cursor) -> bool:
        """Returns whether the change comes behind a position, in its own source."""
        return self.cursor.ledger > start.ledger if self.id.startswith("c") else self.cursor.event > start.event


@dataclass(frozen=True, slots=True)
class HeadPage:
    """Heads of changes in order; the rest as in `FeedPage`."""

    heads: tuple[ChangeHead, ...]
    cursor: Cursor
    has_more: bool


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Changes in order, the position behind all rows that were read, and whether there may be more behind it."""

    changes: tuple[Change, ...]
    cursor: Cursor
    has_more: bool


def parse_cursor(text: str) -> Cursor:
    """Returns a cursor out of its text; `0` is the beginning. Raises Refused (`bad_cursor`) if it is none."""
    if text == "0":
        return Cursor()
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Refused(ErrorCode.BAD_CURSOR, f"{text[:60]!r} is no position in the events; take the id of one, or 0")
    return Cursor(int(found[1]), int(found[2]), found[3])


def find_end(db: sqlite3.Connection) -> Cursor:
    """Returns the position behind everything."""
    row = db.execute("SELECT id, at FROM event WHERE id = (SELECT max(id) FROM event)").fetchone()
    ledger = db.execute("SELECT coalesce(max(id), 0) FROM consent_event").fetchone()[0]
    return Cursor(row["id"], ledger, make_stamp(row["at"])) if row is not None else Cursor(0, ledger)


def check_cursor(db: sqlite3.Connection, cursor: Cursor) -> Cursor:
    """Returns a cursor of earlier, or the position before the last restore if the cursor is of the database of before."""
    end = find_end(db)
    row = db.execute("SELECT at FROM event WHERE id = ?", (cursor.event,)).fetchone()
    if cursor.event <= end.event and (row is None or make_stamp(row["at"]) == cursor.stamp):
        return Cursor(cursor.event, min(cursor.ledger, end.ledger), cursor.stamp)
    restored = db.execute(
        "SELECT coalesce(max(id), 1) FROM event WHERE message_id IS NULL AND what = 'restored'"
    ).fetchone()[0]
    return Cursor(restored - 1, min(cursor.ledger, end.ledger))


def read_changes(
    db: sqlite3.Connection, cursor: Cursor, limit: int, kinds: Collection[EventKind] | None = None
) -> FeedPage:
    """Returns the changes behind a cursor, oldest first, out of at most `limit` rows; `kinds`: only these. A page may be empty
    though more follows: most events of a message are not told."""
    chosen, end, has_more = _find_rows(db, cursor, limit, kinds)
    return FeedPage(tuple(_make_changes(db, chosen)), end, has_more)


def read_heads(db: sqlite3.Connection, cursor: Cursor, limit: int, kinds: Collection[EventKind]) -> HeadPage:
    """Returns the heads of the changes of these kinds, as `read_changes`."""
    chosen, end, has_more = _find_rows(db, cursor, limit, kinds)
    return HeadPage(tuple(map(_make_head, chosen)), end, has_more)


def _make_head(found: _Found) -> ChangeHead:
    detail = {} if found.is_ledger else json.loads(found.row["detail"] or "{}")
    message_id = None if found.is_ledger else found.row["message_id"]
    # What is known of a report belongs to the message's own order.
    if message_id is not None:
        subject = f"message:{message_id}"
    else:
        name = found.kind.partition(".")[0]
        subject = f"{name}:{detail[name]}" if detail.get(name) else name
    return ChangeHead(_make_id(found), found.kind, message_id, subject, found.cursor)


def _find_rows(
    db: sqlite3.Connection, cursor: Cursor, limit: int, kinds: Collection[EventKind] | None
) -> tuple[list[_Found], Cursor, bool]:
    """Returns the rows behind a cursor that are told of, the position behind all that were read, and if more may follow."""
    events = db.execute("SELECT * FROM event WHERE id > ? ORDER BY id LIMIT ?", (cursor.event, limit)).fetchall()
    ledger = db.execute(
        "SELECT * FROM consent_event WHERE id > ? ORDER BY id LIMIT ?", (cursor.ledger, limit)
    ).fetchall()
    chosen: list[_Found] = []
    # A clock that was set back makes times fall within a source; its order stands all the same.
    in_order = merge(_pair(events, is_ledger=False), _pair(ledger, is_ledger=True), key=lambda found: found[0])
    for _, is_ledger, row in list(in_order)[:limit]:
        cursor = _move(cursor, row, is_ledger=is_ledger)
        kind = _find_ledger_kind(row) if is_ledger else _find_kind(row)
        if kind is not None and (kinds is None or kind in kinds):
            chosen.append(_Found(kind, row, is_ledger, cursor))
    return chosen, cursor, len(events) + len(ledger) >= limit


def read_change(db: sqlite3.Connection, id: str) -> Change | None:
    """Returns one change by its stable id; None if its row is there no more."""
    is_ledger, number, stamp = _parse_id(id)
    table = "consent_event" if is_ledger else "event"
    row = db.execute(f"SELECT * FROM {table} WHERE id = ?", (number,)).fetchone()  # noqa: S608 - one of two
    if row is None or make_stamp(row["at"]) != stamp:
        return None
    kind = _find_ledger_kind(row) if is_ledger else _find_kind(row)
    if kind is None:
        return None
    cursor = Cursor(0, number) if is_ledger else Cursor(number, 0, stamp)
    return next(iter(_make_changes(db, [_Found(kind, row, is_ledger, cursor)])))


def make_stamp(at: str) -> str:
    """Returns a stored time as microseconds since 1970, in hexadecimal digits."""
    moment = from_text(at)
    return f"{int(moment.timestamp()) * 1_000_000 + moment.microsecond:x}"


@dataclass(frozen=True, slots=True)
class _Found:
    kind: EventKind
    row: sqlite3.Row
    is_ledger: bool
    cursor: Cursor


def _pair(rows: Iterable[sqlite3.Row], *, is_ledger: bool) -> list[tuple[str, bool, sqlite3.Row]]:
    """Returns rows, each with the latest time up to it, which never falls."""
    latest, found = "", []
    for row in rows:
        latest = max(latest, row["at"])
        found.append((latest, is_ledger, row))
    return found


def _move(cursor: Cursor, row: sqlite3.Row, *, is_ledger: bool) -> Cursor:
    if is_ledger:
        return Cursor(cursor.event, row["id"], cursor.stamp)
    return Cursor(row["id"], cursor.ledger, make_stamp(row["at"]))


def _make_id(found: _Found) -> str:
    return f"{'c' if found.is_ledger else 'e'}{found.row['id']}-{make_stamp(found.row['at'])}"


def _parse_id(id: str) -> tuple[bool, int, str]:
    number, _, stamp = id[1:].partition("-")
    return id.startswith("c"), int(number), stamp


_STATES = {f"message {kind.partition('.')[2]}": kind for kind in EventKind if kind.startswith("message.")}
# Events that name their subject in `detail`, or are about the whole service.
_EVENTS = {
    "inbox received": EventKind.INBOX_RECEIVED,
    "missed call": EventKind.INBOX_RECEIVED,
    "report unmatched": EventKind.REPORT_UNMATCHED,
    "alarm raised": EventKind.ALARM_RAISED,
    "alarm cleared": EventKind.ALARM_CLEARED,
    "paused": EventKind.SENDING_PAUSED,
    "resumed": EventKind.SENDING_RESUMED,
    "schedule added": EventKind.SCHEDULE_ADDED,
    "schedule paused": EventKind.SCHEDULE_PAUSED,
    "schedule resumed": EventKind.SCHEDULE_RESUMED,
    "schedule removed": EventKind.SCHEDULE_REMOVED,
    modems.READY_EVENT: EventKind.MODEM_READY,
    modems.NOT_READY_EVENT: EventKind.MODEM_NOT_READY,
    "word add": EventKind.CONSENT_WORD_CHANGED,
    "word disable": EventKind.CONSENT_WORD_CHANGED,
    "word reassign": EventKind.CONSENT_WORD_CHANGED,
    "consent text changed": EventKind.CONSENT_TEXT_CHANGED,
    "consent text reset": EventKind.CONSENT_TEXT_CHANGED,
    "email added": EventKind.CONSENT_EMAIL_ADDED,
    "email removed": EventKind.CONSENT_EMAIL_REMOVED,
    "batch accepted": EventKind.BATCH_ACCEPTED,
    "batch paused": EventKind.BATCH_PAUSED,
    "batch resumed": EventKind.BATCH_RESUMED,
    "batch cancelled": EventKind.BATCH_CANCELLED,
    "sim seen": EventKind.SIM_SEEN,
    "sim admitted": EventKind.SIM_ADMITTED,
    "key created": EventKind.KEY_CREATED,
    "key rotated": EventKind.KEY_ROTATED,
    "key revoked": EventKind.KEY_REVOKED,
    "webhook added": EventKind.WEBHOOK_ADDED,
    "webhook rotated": EventKind.WEBHOOK_ROTATED,
    "webhook removed": EventKind.WEBHOOK_REMOVED,
    "restored": EventKind.DATABASE_RESTORED,
}
# Events of parts that a report led to. One that proves an unknown part adds `accepted` before one of these.
_BY_REPORT = ("delivered", "undelivered", "report ")
_ACCEPTED_STATES = ("message queued", "message held")
_LEDGER = {
    ConsentAction.REQUEST: EventKind.CONSENT_REQUESTED,
    ConsentAction.CONFIRM: EventKind.CONSENT_CONFIRMED,
    ConsentAction.OPT_IN: EventKind.CONSENT_OPTED_IN,
    ConsentAction.OPT_OUT: EventKind.CONSENT_OPTED_OUT,
    ConsentAction.UNDO: EventKind.CONSENT_UNDONE,
    ConsentAction.REVIEW: EventKind.CONSENT_REVIEW,
    ConsentAction.EXPIRE: EventKind.CONSENT_EXPIRED,
    ConsentAction.ERASE: EventKind.CONSENT_ERASED,
}


def _find_kind(row: sqlite3.Row) -> EventKind | None:
    """Returns what an event tells of; None if it is one of a part, or of something that is not told."""
    what = row["what"]
    if row["message_id"] is None:
        return _EVENTS.get(what)
    if what == "closed":
        return EventKind.MESSAGE_CLOSED
    detail = row["detail"] or ""
    if what in _ACCEPTED_STATES and '"class": ' in detail:  # only the acceptance names the class
        return EventKind.MESSAGE_ACCEPTED
    if what.startswith(_BY_REPORT) and '"report": ' in detail:
        return EventKind.REPORT_RECEIVED
    return _STATES.get(what)


def _find_ledger_kind(row: sqlite3.Row) -> EventKind | None:
    return _LEDGER.get(ConsentAction(row["action"]))


def _make_changes(db: sqlite3.Connection, chosen: Sequence[_Found]) -> Iterable[Change]:
    """Makes changes of rows; each table that they are about is asked once."""
    details = [{} if each.is_ledger else json.loads(each.row["detail"] or "{}") for each in chosen]
    pairs = list(zip(chosen, details, strict=True))
    known: dict[str, dict[int, Any]] = {
        subject: find(db, ids) if (ids := {_find_subject_id(each, detail) for each, detail in pairs
                                           if each.kind.startswith(f"{subject}.")} - {0}) else {}
        for subject, find in _FINDERS.items()
    }  # fmt: skip
    for each, detail in pairs:
        if each.is_ledger:
            data: Subject | None = ConsentChange(each.row["number"], read_row(ConsentEventRow, each.row))
        else:
            data = known.get(each.kind.partition(".")[0], {}).get(_find_subject_id(each, detail))
        message_id = None if each.is_ledger else each.row["message_id"]
        yield Change(_make_id(each), each.kind, each.row["at"], message_id, detail, data, each.cursor)


def _find_subject_id(found: _Found, detail: dict[str, Any]) -> int:
    """Returns the id of the row that an event is about; 0 if it names none by a number."""
    subject = found.kind.partition(".")[0]
    named = found.row["message_id"] if subject == "message" else detail.get(subject)
    return named if isinstance(named, int) else 0  # a modem and a SIM are named by text


def _find_alarms(db: sqlite3.Connection, ids: Collection[int]) -> dict[int, AlarmRow]:
    marks = ", ".join("?" * len(ids))
    sql = "SELECT id, code, subject, text, raised_at, cleared_at, sms_at, command_at FROM alarm"
    rows = db.execute(f"{sql} WHERE id IN ({marks})", tuple(ids))  # marks
    return {row["id"]: read_row(AlarmRow, row) for row in rows}


_FINDERS: dict[str, Callable[[sqlite3.Connection, Collection[int]], dict[int, Any]]] = {
    "message": listings.find_messages,
    "inbox": listings.find_inbound,
    "report": listings.find_reports,
    "alarm": _find_alarms,
}
