"""Deliveries: what each receiver is still to be told, when it is tried again, and what it did not take.

A lane is one receiver. In a lane, what was never tried goes first; of one subject, such as a message, only the oldest row can go.
So an event that a receiver does not take holds up those behind it of the same message, and no others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.webhooks.backoff import GIVE_UP_AFTER
from modemd.store.changes.feed import Cursor
from modemd.store.rows import read_row
from modemd.store.timestamps import from_text, to_text
from modemd.store.webhooks import mark


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """Delivery to make, to a webhook or to the callback of a message. `change_id` and `subject`: as in `store.changes.feed`."""

    lane: str
    subject: str
    change_id: str
    kind: str
    webhook: int | None = None
    callback: int | None = None


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """Delivery that may be tried now. `attempts`: how often it was tried; `strikes`: how often a receiver that worked did not
    take it."""

    id: int
    change_id: str
    webhook: int | None
    callback: int | None
    attempts: int
    strikes: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """Delivery as it is listed. `webhook`: None for the callback of the message `callback`; `event`: the id of the event;
    `status`: of the last answer, None if there was none; `error`: why it failed last."""

    id: int
    webhook: int | None
    callback: int | None
    event: str
    kind: str
    state: Literal["waiting", "delivered", "dead"]
    created_at: str
    due_at: str
    attempts: int
    status: int | None
    error: str | None
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Choice of deliveries; None: every one. `webhook`: only to this one; `is_dead`: only those that were given up; `before`:
    only with smaller ids; `owner`: only to the webhooks and callbacks of this API key."""

    webhook: int | None = None
    is_dead: bool = False
    before: int | None = None
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Failure of a delivery: the status of the answer, if there was one, and why; and when it is tried again. `is_strike`: the
    receiver works otherwise."""

    status: int | None
    error: str
    due: datetime
    is_strike: bool


def add(db: sqlite3.Connection, new: Sequence[NewDelivery], cursor: Cursor, now: datetime) -> None:
    """Adds deliveries, but for those to webhooks that were removed meanwhile; and moves the mark behind the changes of which they
    were made."""
    at = to_text(now)
    there = {None, *(row["id"] for row in db.execute("SELECT id FROM webhook"))}
    db.executemany(
        """INSERT INTO webhook_delivery (lane, subject, change_id, kind, webhook, callback, created_at, due)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            (each.lane, each.subject, each.change_id, each.kind, each.webhook, each.callback, at, at)
            for each in new
            if each.webhook in there
        ],
    )
    mark.move(db, cursor)


def list_lanes(db: sqlite3.Connection) -> list[str]:
    """Returns the lanes in which something waits."""
    return [row["lane"] for row in db.execute("SELECT DISTINCT lane FROM webhook_delivery WHERE state = 'waiting'")]


def list_due(db: sqlite3.Connection, lane: str, now: datetime, limit: int) -> list[DueDelivery]:
    """Returns the next deliveries of a lane, at most one of each subject."""
    return [
        read_row(DueDelivery, row)
        for row in db.execute(
            """SELECT id, change_id, webhook, callback, attempts, strikes
               FROM webhook_delivery d INDEXED BY webhook_delivery_next
               WHERE lane = :lane AND state = 'waiting' AND due <= :now
                     AND NOT EXISTS (
                         SELECT 1 FROM webhook_delivery e INDEXED BY webhook_delivery_subject
                         WHERE e.lane = :lane AND e.subject = d.subject AND e.id < d.id AND e.state = 'waiting')
               ORDER BY tried_at, id LIMIT :limit""",
            {"lane": lane, "now": to_text(now), "limit": limit},
        )
    ]


def find_next_due(db: sqlite3.Connection, lane: str) -> datetime | None:
    """Returns when the next delivery of a lane may be tried; None if nothing waits there."""
    row = db.execute(
        """SELECT min(due) FROM webhook_delivery d INDEXED BY webhook_delivery_next
           WHERE lane = :lane AND state = 'waiting'
                 AND NOT EXISTS (
                     SELECT 1 FROM webhook_delivery e INDEXED BY webhook_delivery_subject
                     WHERE e.lane = :lane AND e.subject = d.subject AND e.id < d.id AND e.state = 'waiting')""",
        {"lane": lane},
    ).fetchone()
    return from_text(row[0]) if row[0] is not None else None


def mark_delivered(db: sqlite3.Connection, delivered: Collection[tuple[int, int | None]], now: datetime) -> None:
    """Notes deliveries that were taken: their ids, each with the status of the answer; None if there was nothing to send."""
    at = to_text(now)
    db.executemany(
        """UPDATE webhook_delivery SET state = 'delivered', status = ?, error = NULL, attempts = attempts + 1, tried_at = ?,
               ended_at = ? WHERE id = ?""",
        [(status, at, at, id) for id, status in delivered],
    )


def mark_failed(db: sqlite3.Connection, id: int, failure: Failure, now: datetime) -> int:
    """Notes that a delivery has failed. If it has waited for too long, all of its receiver that have are dead letters then, but
    for those behind it of its subject, which were held up by it and have their turn now. Returns how many."""
    at, oldest = to_text(now), to_text(now - GIVE_UP_AFTER)
    row = db.execute(
        """UPDATE webhook_delivery SET status = ?, error = ?, due = ?, tried_at = ?, attempts = attempts + 1,
               strikes = strikes + ? WHERE id = ? RETURNING lane, subject, created_at""",
        (failure.status, failure.error, to_text(failure.due), at, failure.is_strike, id),
    ).fetchone()
    if row is None or row["created_at"] > oldest:
        return 0
    return db.execute(
        """UPDATE webhook_delivery SET state = 'dead', ended_at = ?, error = coalesce(error, ?)
           WHERE lane = ? AND state = 'waiting' AND created_at <= ? AND (id = ? OR subject <> ?)""",
        (at, failure.error, row["lane"], oldest, id, row["subject"]),
    ).rowcount


def bury(db: sqlite3.Connection, id: int, why: str, now: datetime) -> None:
    """Makes a delivery a dead letter: what it is about is gone."""
    db.execute(
        "UPDATE webhook_delivery SET state = 'dead', error = ?, ended_at = ? WHERE id = ?", (why, to_text(now), id)
    )


def list_deliveries(db: sqlite3.Connection, chosen: DeliveryFilter, limit: int) -> list[DeliveryRow]:
    """Returns deliveries, newest first; `limit` 0 means all."""
    where, values = _make_where(chosen)
    rows = db.execute(
        f"""SELECT id, webhook, callback, change_id AS event, kind, state, created_at, due AS due_at, attempts, status, error,
                   ended_at
            FROM webhook_delivery WHERE {where} ORDER BY id DESC LIMIT ?""",  # noqa: S608 - our own words
        (*values, limit or -1),
    )
    return [read_row(DeliveryRow, row) for row in rows]


def count_deliveries(db: sqlite3.Connection, chosen: DeliveryFilter) -> int:
    """Returns how many deliveries there are of a choice."""
    where, values = _make_where(chosen)
    return int(db.execute(f"SELECT count(*) FROM webhook_delivery WHERE {where}", values).fetchone()[0])  # noqa: S608


def _make_where(chosen: DeliveryFilter) -> tuple[str, tuple[int, ...]]:
    conditions, values = ["TRUE"], []
    if chosen.is_dead:
        conditions.append("state = 'dead'")
    for condition, value in (("webhook = ?", chosen.webhook), ("id < ?", chosen.before), (_OWNED, chosen.owner)):
        if value is not None:
            conditions.append(condition)
            values += [value] * condition.count("?")
    return " AND ".join(conditions), tuple(values)


_OWNED = """(webhook IN (SELECT id FROM webhook WHERE key_id = ?)
    OR callback IN (SELECT message_id FROM webhook_callback WHERE key_id = ?))"""


def replay(
    db: sqlite3.Connection, *, id: int | None, webhook: int | None, owner: int | None = None, now: datetime
) -> list[str]:
    """Lets dead letters wait anew, for as long as new ones: the one with this id, which may be delivered already; else those of a
    webhook, or all. `owner`: only those to the webhooks and callbacks of this API key. Returns their lanes. Raises Refused
    (`not_found`)."""
    which = "id = :id AND state <> 'waiting'"
    if id is None:
        which = "state = 'dead' AND (:webhook IS NULL OR webhook = :webhook)"
    rows = db.execute(
        f"""UPDATE webhook_delivery SET state = 'waiting', created_at = :now, due = :now, tried_at = NULL, strikes = 0,
                ended_at = NULL, error = NULL
            WHERE {which} AND (:owner IS NULL OR {_OWNED.replace("?", ":owner")}) RETURNING lane""",  # noqa: S608 - our own
        {"id": id, "webhook": webhook, "owner": owner, "now": to_text(now)},
    )
    lanes = [row["lane"] for row in rows.fetchall()]
    if id is not None and not lanes:
        raise Refused(
            ErrorCode.NOT_FOUND, f"there is no delivery {id} that has ended; modemd webhooks deliveries lists them"
        )
    return lanes
