"""Listings for the API: reads that are not hot, newest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.states import MessageState
from modemd.store.consent import reviews
from modemd.store.rows import (
    AnyRow,
    AttemptRow,
    ConsentEventRow,
    ContactRow,
    EventRow,
    HeldCount,
    InboxRow,
    MessageRow,
    OptOutRow,
    PartRow,
    ReportRow,
    SimRow,
    StoreCounts,
    WaitingCount,
    read_row,
)
from modemd.store.timestamps import from_text, to_text

_MESSAGES = """
    SELECT m.id, m.number AS recipient, m.text, m.class AS message_class, m.state, m.reason, m.parts,
           (SELECT count(*) FROM part p
            WHERE p.message_id = m.id AND p.state IN ('sent', 'delivered', 'undelivered')) AS parts_sent,
           m.created_at, m.at, m.expires_at, m.sent_at, m.delivered_at, m.closed_at, m.sim, m.pinned AS only_sim,
           m.key, m.list AS list_name, coalesce(m.answers, '[]') AS answers, m.has_notice, m.submitted_text,
           (SELECT min(due) FROM part p WHERE p.message_id = m.id) AS until
    FROM message m
"""

_REPORTS = """
    SELECT r.id, r.stored_at, coalesce(s.number, r.sim) AS sim, r.number AS recipient, r.reference, r.status, r.outcome,
           r.accepted_at, r.discharged_at, a.message_id, p.seq AS part, r.attempt_id
    FROM report r LEFT JOIN sim s ON s.iccid = r.sim LEFT JOIN attempt a ON a.id = r.attempt_id
        LEFT JOIN part p ON p.id = a.part_id
"""

_INBOX = """
    SELECT i.id, i.sender, coalesce(s.number, i.to_sim) AS to_sim, i.text, i.kind, i.sent_at, i.stored_at,
           i.parts, i.total, i.complete, i.seen_at
    FROM (SELECT *, coalesce(shown_at, stored_at) AS seen_at FROM inbox
          WHERE complete = 1 OR shown_at IS NOT NULL) i LEFT JOIN sim s ON s.iccid = i.to_sim
"""


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Choice of outbound messages; None or empty: every one. `numbers`: any of these recipients; accepted from `since` on and
    before `until`; sent by `sim`, an ICCID or the number of a SIM; tried by `modem`, an IMEI; `before`: only older ones, with
    smaller ids."""

    id: int | None = None
    state: str | None = None
    batch: int | None = None
    numbers: tuple[str, ...] = ()
    message_class: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sim: str | None = None
    modem: str | None = None
    before: int | None = None

    @property
    def is_by_state_alone(self) -> bool:
        """True if only the state narrows the list: there is an index for that."""
        return self.state is not None and self == MessageFilter(state=self.state, before=self.before)


def list_messages(
    db: sqlite3.Connection,
    *,
    id: int | None = None,
    state: str | None = None,
    batch: int | None = None,
    limit: int = 50,
    chosen: MessageFilter | None = None,
) -> list[MessageRow]:
    """Returns outbound messages, newest first; `limit` 0 means all. `chosen`: further conditions instead of the single ones."""
    chosen = chosen or MessageFilter(id=id, state=state, batch=batch)
    where, values = _choose_messages(chosen)
    if chosen.is_by_state_alone:
        before = chosen.before if chosen.before is not None else LARGEST_ID
        where, values = f"WHERE m.id IN ({_NEWEST_IN_STATE})", (chosen.state, before, limit or -1) * len(MessageClass)
    return _fetch_rows(MessageRow, db, f"{_MESSAGES}{where} ORDER BY m.id DESC LIMIT ?", (*values, limit or -1))


def find_messages(db: sqlite3.Connection, ids: Collection[int]) -> dict[int, MessageRow]:
    """Returns the outbound messages with these ids, by id."""
    return {each.id: each for each in _fetch_rows(MessageRow, db, *_choose_ids(_MESSAGES, "m", ids))}


def find_inbound(db: sqlite3.Connection, ids: Collection[int]) -> dict[int, InboxRow]:
    """Returns the inbound messages with these ids, by id."""
    return {each.id: each for each in _fetch_rows(InboxRow, db, *_choose_ids(_INBOX, "i", ids))}


def find_reports(db: sqlite3.Connection, ids: Collection[int]) -> dict[int, ReportRow]:
    """Returns the status reports with these ids, by id."""
    return {each.id: each for each in _fetch_rows(ReportRow, db, *_choose_ids(_REPORTS, "r", ids))}


def _choose_ids(listing: str, table: str, ids: Collection[int]) -> tuple[str, tuple[object, ...]]:
    return f"{listing} WHERE {table}.id IN ({', '.join('?' * len(ids))})", tuple(ids)


def count_messages(db: sqlite3.Connection, chosen: MessageFilter) -> int:
    """Returns how many outbound messages there are of a choice."""
    where, values = _choose_messages(chosen)
    return int(db.execute(f"SELECT count(*) FROM message m {where}", values).fetchone()[0])  # noqa: S608 - our own words


def _choose_messages(chosen: MessageFilter) -> tuple[str, tuple[object, ...]]:
    return _make_where_clause(
        ("m.id = ?", chosen.id),
        ("m.state = ?", chosen.state),
        ("m.batch = ?", chosen.batch),
        ("m.class = ?", chosen.message_class),
        ("m.created_at >= ?", to_text(chosen.since) if chosen.since else None),
        ("m.created_at < ?", to_text(chosen.until) if chosen.until else None),
        ("m.sim IN (SELECT iccid FROM sim WHERE iccid = ? OR number = ? UNION SELECT ?)", chosen.sim),
        ("EXISTS (SELECT 1 FROM attempt a WHERE a.message_id = m.id AND a.modem = ?)", chosen.modem),
        ("m.id < ?", chosen.before),
        any_of=("m.number", chosen.numbers),
    )


# The largest integer of SQLite: every id is below it.
LARGEST_ID = 2**63 - 1
# The index has states by class: of each class as many as are asked for, among which are the newest of all.
_NEWEST_IN_STATE = " UNION ALL ".join(
    f"""SELECT * FROM (SELECT id FROM message INDEXED BY message_state
        WHERE state = ? AND class = '{each}' AND id < ? ORDER BY id DESC LIMIT ?)"""  # noqa: S608 - our own words
    for each in MessageClass
)


def list_events(db: sqlite3.Connection, message_id: int) -> list[EventRow]:
    """Returns the events of a message, oldest first."""
    sql = "SELECT at, what, coalesce(detail, '{}') AS detail FROM event WHERE message_id = ? ORDER BY id"
    return _fetch_rows(EventRow, db, sql, (message_id,))


def list_attempts(db: sqlite3.Connection, message_id: int) -> list[AttemptRow]:
    """Returns the attempts of a message, oldest first."""
    return _fetch_rows(
        AttemptRow,
        db,
        """SELECT a.id, p.seq AS part, a.sim, a.modem, a.opened_at, a.written_at, a.closed_at, a.outcome, a.reference, a.error
           FROM attempt a JOIN part p ON p.id = a.part_id WHERE a.message_id = ? ORDER BY a.id""",
        (message_id,),
    )


def list_parts(db: sqlite3.Connection, message_id: int) -> list[PartRow]:
    """Returns the parts of a message, in order; `until`: when something happens to a part by itself."""
    sql = "SELECT seq AS part, state, tries, repeats, due AS until FROM part WHERE message_id = ? ORDER BY seq"
    return _fetch_rows(PartRow, db, sql, (message_id,))


def list_reports(
    db: sqlite3.Connection,
    *,
    id: int | None = None,
    message_id: int | None = None,
    matched: bool | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[ReportRow]:
    """Returns status reports, newest first; `matched` narrows to those that belong to an attempt, or to none; `before` to those
    with smaller ids; `limit` 0 means all."""
    where, values = _choose_reports(id, matched, before, message_id)
    return _fetch_rows(ReportRow, db, f"{_REPORTS}{where} ORDER BY r.id DESC LIMIT ?", (*values, limit or -1))


def count_reports(db: sqlite3.Connection, *, id: int | None, matched: bool | None, before: int | None) -> int:
    """Returns how many status reports there are of a choice."""
    where, values = _choose_reports(id, matched, before)
    return int(db.execute(f"SELECT count(*) FROM report r {where}", values).fetchone()[0])  # noqa: S608 - our own words


def _choose_reports(
    id: int | None, matched: bool | None, before: int | None, message_id: int | None = None
) -> tuple[str, tuple[object, ...]]:
    return _make_where_clause(
        ("r.id = ?", id),
        ("a.message_id = ?", message_id),
        ("(r.attempt_id IS NOT NULL) = ?", matched),
        ("r.id < ?", before),
    )


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Choice of inbound messages; None or empty: every one. `numbers`: from any of these senders; seen from `since` on; `before`:
    only those with smaller ids."""

    id: int | None = None
    kind: str | None = None
    numbers: tuple[str, ...] = ()
    since: datetime | None = None
    before: int | None = None


def list_inbox(
    db: sqlite3.Connection,
    *,
    id: int | None = None,
    kind: str | None = None,
    limit: int = 50,
    chosen: InboxFilter | None = None,
) -> list[InboxRow]:
    """Returns inbound messages that are complete, or shown though parts are missing, newest first; `limit` 0 means all.
    `chosen`: further conditions instead of the single ones."""
    where, values = _choose_inbound(chosen or InboxFilter(id=id, kind=kind))
    return _fetch_rows(InboxRow, db, f"{_INBOX}{where} ORDER BY i.id DESC LIMIT ?", (*values, limit or -1))


def count_inbox(db: sqlite3.Connection, chosen: InboxFilter) -> int:
    """Returns how many inbound messages there are of a choice."""
    where, values = _choose_inbound(chosen)
    return int(db.execute(f"SELECT count(*) FROM ({_INBOX}{where})", values).fetchone()[0])  # noqa: S608 - our own words


def _choose_inbound(chosen: InboxFilter) -> tuple[str, tuple[object, ...]]:
    return _make_where_clause(
        ("i.id = ?", chosen.id),
        ("i.kind = ?", chosen.kind),
        ("i.seen_at >= ?", to_text(chosen.since) if chosen.since else None),
        ("i.id < ?", chosen.before),
        any_of=("i.sender", chosen.numbers),
    )


def list_sims(db: sqlite3.Connection) -> list[SimRow]:
    """Returns the known SIMs, by number and ICCID; `modem`: the IMEI of the modem that the SIM was in when it was seen last."""
    return _fetch_rows(
        SimRow,
        db,
        """SELECT iccid, number, imsi, smsc, modem, first_seen, last_seen, admitted_at
           FROM sim ORDER BY number, iccid""",
        (),
    )


def list_arrived_since(
    db: sqlite3.Connection, chosen: InboxFilter, *, after: tuple[str, int] | None = None, limit: int
) -> list[InboxRow]:
    """Returns the inbound messages that came to be seen at `chosen.since` or later, oldest first. A long one is seen when its
    last part is there, or when they are waited for no longer, so its id says nothing about that. `after`: only what comes behind
    the row with this `seen_at` and id."""
    where, values = _choose_inbound(chosen)
    if after is not None:
        where, values = f"{where}{' AND' if where else 'WHERE'} (i.seen_at, i.id) > (?, ?)", (*values, *after)
    return _fetch_rows(InboxRow, db, f"{_INBOX} {where} ORDER BY i.seen_at, i.id LIMIT ?", (*values, limit or -1))


def list_opt_outs(db: sqlite3.Connection, *, after: tuple[str, str] | None = None, limit: int = 50) -> list[OptOutRow]:
    """Returns the numbers that have opted out, since when, and by which word, newest first; `limit` 0 means all. `after`: only
    what comes behind the row with this `since` and number."""
    since, number = after if after is not None else ("~", "")  # behind every time
    return _fetch_rows(
        OptOutRow,
        db,
        """SELECT c.number, c.marketing_since AS since, e.word, e.language, e.channel
           FROM contact c LEFT JOIN consent_event e ON e.id = (
               SELECT max(id) FROM consent_event WHERE number = c.number AND action = 'opt_out')
           WHERE c.marketing = 'opted_out'
               AND (c.marketing_since < ? OR (c.marketing_since = ? AND c.number > ?))
           ORDER BY c.marketing_since DESC, c.number LIMIT ?""",
        (since, since, number, limit or -1),
    )


def read_contact(db: sqlite3.Connection, number: str) -> ContactRow | None:
    """Returns what is stored about a contact; None if there is nothing."""
    sql = "SELECT number, marketing, marketing_since AS since, language FROM contact WHERE number = ?"
    return next(iter(_fetch_rows(ContactRow, db, sql, (number,))), None)


def list_consent_events(db: sqlite3.Connection, number: str, *, limit: int) -> list[ConsentEventRow]:
    """Returns the events of the consent ledger about a number, newest first; `limit` 0 means all."""
    sql = "SELECT * FROM consent_event WHERE number = ? ORDER BY id DESC LIMIT ?"
    return _fetch_rows(ConsentEventRow, db, sql, (number, limit or -1))


def read_counts(db: sqlite3.Connection) -> StoreCounts:
    """Returns how many messages are in each state, wait by class, and are held by reason; how many rows of accepted batches are
    no messages yet; how many numbers have opted out; how many reports are unmatched; and how many reviews are open."""
    return StoreCounts(
        waiting=tuple(count_waiting(db)),
        held=tuple(count_held(db)),
        states=count_states(db),
        in_batches=count_rows_in_batches(db),
        unmatched_reports=read_count(db, "unmatched"),
        opted_out=read_count(db, "opted_out"),
        open_reviews=reviews.count_items(db),
    )


def _make_where_clause(
    *conditions: tuple[str, object], any_of: tuple[str, tuple[object, ...]] = ("", ())
) -> tuple[str, tuple[object, ...]]:
    """Returns a WHERE of the conditions that have a value, with the values for its marks. `any_of`: a column with the values of
    which it must have one; empty: any value."""
    given = [(condition, value) for condition, value in conditions if value is not None]
    words = [condition for condition, _ in given]
    values = [value for condition, value in given for _ in range(condition.count("?"))]
    column, choices = any_of
    if choices:
        words.append(f"{column} IN ({', '.join('?' * len(choices))})")
        values += choices
    return (f"WHERE {' AND '.join(words)}", tuple(values)) if words else ("", ())


def _fetch_rows(kind: type[AnyRow], db: sqlite3.Connection, sql: str, values: tuple[object, ...] = ()) -> list[AnyRow]:
    return [read_row(kind, row) for row in db.execute(sql, values).fetchall()]


_WAITING = ("held", "queued", "sending", "unknown")


def count_waiting(db: sqlite3.Connection) -> list[WaitingCount]:
    """Returns how many messages are in each state that is not final, by class, and when the oldest was accepted."""
    rows = db.execute(
        f"""SELECT state, class, sum(amount) AS messages FROM tally
            WHERE kind = 'message' AND state IN {_WAITING} GROUP BY state, class HAVING sum(amount) > 0"""  # noqa: S608 - our own
    ).fetchall()
    return [
        WaitingCount(
            MessageState(row["state"]),
            MessageClass(row["class"]),
            row["messages"],
            *_find_oldest(db, row["state"], row["class"]),
        )
        for row in rows
    ]


def _find_oldest(db: sqlite3.Connection, state: str, message_class: str) -> tuple[datetime | None, int | None]:
    """Returns when the oldest message of a class in a state was accepted, and its id."""
    sql = (
        "SELECT id, created_at FROM message INDEXED BY message_state WHERE state = ? AND class = ? ORDER BY id LIMIT 1"
    )
    row = db.execute(sql, (state, message_class)).fetchone()
    return (from_text(row["created_at"]), row["id"]) if row is not None else (None, None)


def count_held(db: sqlite3.Connection) -> list[HeldCount]:
    """Returns how many messages are held, by reason."""
    sql = """SELECT reason, sum(amount) AS messages FROM tally WHERE kind = 'message' AND state = 'held'
             GROUP BY reason HAVING sum(amount) > 0 ORDER BY messages DESC, reason"""
    return _fetch_rows(HeldCount, db, sql)


def count_states(db: sqlite3.Connection) -> dict[MessageState, int]:
    """Returns how many messages there are in each state."""
    rows = db.execute(
        "SELECT state, sum(amount) AS messages FROM tally WHERE kind = 'message' GROUP BY state"
    ).fetchall()
    return {MessageState(row["state"]): row["messages"] for row in rows if row["messages"]}


def count_rows_in_batches(db: sqlite3.Connection) -> int:
    """Returns how many rows of accepted batches are no messages yet."""
    sql = """SELECT coalesce(sum(rows - again - promoted), 0) FROM batch INDEXED BY batch_state
             WHERE state IN ('accepted', 'held')"""
    return int(db.execute(sql).fetchone()[0])


def read_count(db: sqlite3.Connection, kind: str) -> int:
    """Returns a count that has no states: `opted_out` or `unmatched`."""
    return int(db.execute("SELECT coalesce(sum(amount), 0) FROM tally WHERE kind = ?", (kind,)).fetchone()[0])
