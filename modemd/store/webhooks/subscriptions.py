"""Webhooks: the addresses that are told of changes, by the kinds of events that each wants."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from typing import Literal

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.store.changes import feed
from modemd.store.events import add_event
from modemd.store.rows import read_row
from modemd.store.timestamps import to_text
from modemd.store.webhooks import mark

WebhookFormat = Literal["modemd", "twilio"]
FORMATS: tuple[WebhookFormat, ...] = ("modemd", "twilio")
# Each gets its own row for every event.
MOST_WEBHOOKS = 50


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """Webhook. `events`: patterns of kinds; `key_id`: the API key that it belongs to, None if it was made on the machine itself;
    `previous_until`: until when the former secret signs, too; `waiting` and `dead`: how many of its deliveries are in each
    state."""

    id: int
    url: str
    events: tuple[str, ...]
    format: WebhookFormat
    key_id: int | None
    created_at: str
    previous_until: str | None
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Webhook as a delivery needs it. `secrets`: those that sign now, the newest first; `starts`: the position in the feed behind
    which it begins."""

    id: int
    url: str
    events: tuple[str, ...]
    format: WebhookFormat
    key_id: int | None
    secrets: tuple[str, ...]
    starts: feed.Cursor


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """Webhook to add."""

    url: str
    events: tuple[str, ...]
    format: WebhookFormat
    secret: str
    key_id: int | None


def add(db: sqlite3.Connection, new: NewWebhook, now: datetime) -> WebhookRow:
    """Adds a webhook, which is told of what comes from now on. Raises Refused (`too_many_webhooks`)."""
    if db.execute("SELECT count(*) FROM webhook").fetchone()[0] >= MOST_WEBHOOKS:
        raise Refused(ErrorCode.TOO_MANY_WEBHOOKS, f"there are {MOST_WEBHOOKS} webhooks, the most; remove one of them")
    id = db.execute(
        """INSERT INTO webhook (url, events, format, secret, key_id, created_at, starts) VALUES (?, ?, ?, ?, ?, ?, '0')
           RETURNING id""",
        (new.url, json.dumps(new.events), new.format, new.secret, new.key_id, to_text(now)),
    ).fetchone()["id"]
    add_event(db, None, now, "webhook added", webhook=id)
    starts = feed.find_end(db)
    db.execute("UPDATE webhook SET starts = ? WHERE id = ?", (str(starts), id))
    mark.start(db, starts)
    return _read(db, id)


def remove(db: sqlite3.Connection, id: int, now: datetime, *, owner: int | None = None) -> WebhookRow:
    """Removes a webhook with its deliveries, and returns it as it was. `owner`: the API key that it must belong to, None for any.
    Raises Refused (`not_found`)."""
    row = _read(db, id, owner)
    db.execute("DELETE FROM webhook_delivery WHERE webhook = ?", (id,))
    db.execute("DELETE FROM webhook WHERE id = ?", (id,))
    add_event(db, None, now, "webhook removed", webhook=id)
    mark.end_if_idle(db)
    return row


def rotate(
    db: sqlite3.Connection, id: int, secret: str, until: datetime, now: datetime, *, owner: int | None = None
) -> WebhookRow:
    """Gives a webhook a new secret; the one of before signs beside it until then. `owner`: the API key that it must belong to,
    None for any. Raises Refused (`not_found`; `bad_format` if the token of its API key signs)."""
    if (row := _read(db, id, owner)).format == "twilio":
        raise Refused(
            ErrorCode.BAD_FORMAT,
            f"webhook {id} has no secret of its own: the auth token of API key {row.key_id} signs; modemd keys rotate "
            f"{row.key_id} gives another",
        )
    db.execute(
        "UPDATE webhook SET previous_secret = secret, previous_until = ?, secret = ? WHERE id = ?",
        (to_text(until), secret, id),
    )
    add_event(db, None, now, "webhook rotated", webhook=id)
    return _read(db, id)


def list_webhooks(db: sqlite3.Connection, *, owner: int | None = None) -> list[WebhookRow]:
    """Returns the webhooks of an API key, or all, oldest first."""
    rows = db.execute(f"{_ROWS} WHERE (?1 IS NULL OR w.key_id = ?1) ORDER BY w.id", (owner,))
    return [read_row(WebhookRow, row) for row in rows]


def list_targets(db: sqlite3.Connection, now: datetime) -> list[WebhookTarget]:
    """Returns the webhooks as deliveries need them, with the secrets that sign `now`; without those whose API key has ended."""
    rows = db.execute(f"SELECT * FROM webhook WHERE {_MAY_KNOW} ORDER BY id", {"now": to_text(now)})  # noqa: S608 - our own
    return [_make_target(row, now) for row in rows]


def find_target(db: sqlite3.Connection, id: int, now: datetime) -> WebhookTarget | None:
    """Returns a webhook as a delivery needs it; None if it was removed, or its API key has ended."""
    sql = f"SELECT * FROM webhook WHERE id = :id AND {_MAY_KNOW}"  # noqa: S608 - our own words
    row = db.execute(sql, {"id": id, "now": to_text(now)}).fetchone()
    return _make_target(row, now) if row is not None else None


# Whoever has lost the key is told nothing more. A key that is not in the database (a test, a restore) ends nothing.
_MAY_KNOW = """NOT EXISTS (
    SELECT 1 FROM api_key k WHERE k.id = webhook.key_id AND (k.revoked_at IS NOT NULL OR k.expires_at <= :now))"""

_ROWS = """
    SELECT w.id, w.url, w.events, w.format, w.key_id, w.created_at, w.previous_until,
           (SELECT count(*) FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'waiting') AS waiting,
           (SELECT count(*) FROM webhook_delivery d WHERE d.webhook = w.id AND d.state = 'dead') AS dead
    FROM webhook w
"""


def _read(db: sqlite3.Connection, id: int, owner: int | None = None) -> WebhookRow:
    row = db.execute(f"{_ROWS} WHERE w.id = ?1 AND (?2 IS NULL OR w.key_id = ?2)", (id, owner)).fetchone()
    if row is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no webhook {id}; modemd webhooks list lists them")
    return read_row(WebhookRow, row)


def _make_target(row: sqlite3.Row, now: datetime) -> WebhookTarget:
    former = row["previous_secret"] if (row["previous_until"] or "") > to_text(now) else None
    return WebhookTarget(
        row["id"],
        row["url"],
        tuple(json.loads(row["events"])),
        row["format"],
        row["key_id"],
        tuple(secret for secret in (row["secret"], former) if secret is not None),
        feed.parse_cursor(row["starts"]),
    )
