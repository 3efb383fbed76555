"""Messages as they are accepted, promoted, expired, cancelled and closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.errors import Refused
from modemd.rules import states
from modemd.rules.claiming import ConsentPolicy, Marketing
from modemd.rules.classes import MessageClass
from modemd.store.journal import advance, note, refresh
from modemd.store.moments import kept, moment

ANY_SIM = "any"
# The rest of a message of which a part has left gets this much longer than its validity.
REST = timedelta(hours=24)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to accept. `parts`: how many its text takes; `at`: not before; `key`: the submitter's own, once only;
    `pinned`: the only SIM that may send it (ICCID)."""

    number: str
    text: str
    message_class: MessageClass
    parts: int
    expires_at: datetime
    report: bool = True
    at: datetime | None = None
    key: str | None = None
    pinned: str | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submit. `again`: the key was known, and this is the first answer."""

    id: int
    state: states.Message
    reason: str | None
    again: bool = False


def submit(db: sqlite3.Connection, new: NewMessage, policy: ConsentPolicy, now: datetime) -> Submitted:
    """Accept a message, or keep it as refused where consent forbids it. A key with other content raises Refused."""
    known = _known(db, new)
    if known is not None:
        return known
    db.execute("INSERT INTO contact (number) VALUES (?) ON CONFLICT DO NOTHING", (new.number,))
    said = db.execute("SELECT marketing FROM contact WHERE number = ?", (new.number,)).fetchone()["marketing"]
    objection = policy.objection(new.message_class, new.number, Marketing(said))
    if objection is not None:
        state, key = states.Message.REFUSED, None  # the key stays free: the reason may pass
    elif new.at is not None and new.at > now:
        state, key = states.Message.HELD, new.key
    else:
        state, key = states.Message.QUEUED, new.key
    reason = objection or ("scheduled" if state is states.Message.HELD else None)
    message_id = db.execute(
        """INSERT INTO message
               (key, number, text, class, state, reason, parts, report, created_at, at, expires_at, closed_at, pinned)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            key,
            new.number,
            new.text,
            new.message_class,
            state,
            reason,
            new.parts,
            new.report,
            kept(now),
            kept(new.at) if new.at else None,
            kept(new.expires_at),
            kept(now) if objection else None,
            new.pinned,
        ),
    ).lastrowid
    assert message_id is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    if objection is None:
        due = kept(new.at) if new.at and state is states.Message.HELD else None
        rank, lane = waiting_rank(new.message_class), new.pinned or ANY_SIM
        db.executemany(
            "INSERT INTO part (message_id, seq, state, number, rank, lane, due, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (message_id, seq, state, new.number, rank, lane, due, kept(new.expires_at))
                for seq in range(1, new.parts + 1)
            ],
        )
    note(db, message_id, now, f"message {state}", reason=reason, **{"class": new.message_class})
    return Submitted(message_id, state, reason)


def _known(db: sqlite3.Connection, new: NewMessage) -> Submitted | None:
    if new.key is None:
        return None
    row = db.execute("SELECT * FROM message WHERE key = ?", (new.key,)).fetchone()
    if row is None:
        return None
    same = (new.number, new.text, new.message_class, kept(new.at) if new.at else None)
    if (row["number"], row["text"], row["class"], row["at"]) != same:
        raise Refused(
            "key_reused", f"key {new.key!r} belongs to message {row['id']}, whose content is another; take a new key"
        )
    return Submitted(row["id"], states.Message(row["state"]), row["reason"], again=True)


def known(db: sqlite3.Connection, key: str) -> bool:
    """Whether a message was accepted under this key."""
    return db.execute("SELECT 1 FROM message WHERE key = ?", (key,)).fetchone() is not None


def waiting_rank(message_class: MessageClass) -> int:
    """Place in the queue of a message that has not started. A started one goes before its class (`started_rank`)."""
    return message_class.rank * 2 + 1


def started_rank(message_class: MessageClass) -> int:
    """Place in the queue of the rest of a message: before its own and lower classes, behind higher ones."""
    return message_class.rank * 2


def promote(db: sqlite3.Connection, now: datetime, limit: int = 500, *, trusted: bool = True) -> set[int]:
    """Queue what is due: held parts, and unknown ones of classes that are sent at least once. The ids of their messages.
    While the clock is not `trusted`, only alarms and otps, and what was tried before: the calendar stops."""
    going_on = "" if trusted else f"AND {_GOES_ON}"
    due = db.execute(
        f"SELECT * FROM part WHERE due <= ? {going_on} ORDER BY due, id LIMIT ?",  # noqa: S608 - our own constant
        (kept(now), limit),
    ).fetchall()
    for part in due:
        if part["state"] == states.Part.UNKNOWN:
            _repeat(db, part, now)
        else:
            advance(db, part, states.Event.PROMOTED, now)
    messages = {part["message_id"] for part in due}
    for message_id in messages:
        refresh(db, message_id, now)
    return messages


# Ranks come in pairs, started and not (`started_rank`); the two highest classes are alarm and otp.
_GOES_ON = f"(tries > 0 OR rank < {MessageClass.SYSTEM.rank * 2})"


def next_going_on(db: sqlite3.Connection) -> datetime | None:
    """When something is due next that a clock which is not trusted does not stop."""
    due = db.execute(f"SELECT min(due) FROM part WHERE due IS NOT NULL AND {_GOES_ON}").fetchone()[0]  # noqa: S608 - the same
    return moment(due) if due is not None else None


def _repeat(db: sqlite3.Connection, part: sqlite3.Row, now: datetime) -> None:
    """Queue an unknown part once more, while its message is valid: a lone part for any SIM, one of several for the SIM whose
    reference it carries. What is not valid any more stays unknown."""
    message = db.execute("SELECT parts, pinned, expires_at FROM message WHERE id = ?", (part["message_id"],)).fetchone()
    if message["expires_at"] <= kept(now):
        db.execute("UPDATE part SET due = NULL WHERE id = ?", (part["id"],))
        return
    lane = message["pinned"] or ANY_SIM if message["parts"] == 1 else part["lane"]
    db.execute(
        "UPDATE part SET repeats = repeats + 1, lane = ?, expires_at = ? WHERE id = ?",
        (lane, message["expires_at"], part["id"]),
    )
    advance(db, part, states.Event.REPEATED, now)


def expire(db: sqlite3.Connection, now: datetime, limit: int = 500) -> int:
    """End what waits past its validity: how many parts."""
    over = db.execute(
        "SELECT * FROM part WHERE expires_at <= ? AND state IN ('held', 'queued') LIMIT ?", (kept(now), limit)
    ).fetchall()
    run_out(db, over, now)
    return len(over)


def run_out(db: sqlite3.Connection, parts: Sequence[sqlite3.Row], now: datetime) -> None:
    """End waiting parts whose time is over. They expire; the rest of a started message fails; and a repeat that was never
    sent leaves its part as unknown as it was."""
    for part in parts:
        advance(db, part, _ending(db, part), now)
    for message_id in {part["message_id"] for part in parts}:
        refresh(db, message_id, now, "validity_over")


def _ending(db: sqlite3.Connection, part: sqlite3.Row) -> states.Event:
    if part["repeats"]:
        return states.Event.GIVEN_UP
    started = db.execute(
        "SELECT 1 FROM part WHERE message_id = ? AND state NOT IN ('held', 'queued', 'expired') LIMIT 1",
        (part["message_id"],),
    ).fetchone()
    return states.Event.REFUSED if started else states.Event.EXPIRED


def close_overdue(db: sqlite3.Connection, now: datetime, limit: int = 500) -> int:
    """Close what is `sent` or `unknown` a day past its validity, keeping the name: how many messages."""
    rows = db.execute(
        """SELECT id FROM message INDEXED BY message_open
           WHERE state IN ('sent', 'unknown') AND closed_at IS NULL AND expires_at <= ? LIMIT ?""",
        (kept(now - _DAY), limit),
    ).fetchall()
    for row in rows:
        db.execute("UPDATE message SET closed_at = ? WHERE id = ?", (kept(now), row["id"]))
        db.execute("UPDATE attempt SET matchable = 0 WHERE message_id = ?", (row["id"],))
        note(db, row["id"], now, "closed")
    return len(rows)


def next_due(db: sqlite3.Connection) -> datetime | None:
    """When something is due next: a promotion, an expiry, or a closing."""
    found = [
        db.execute("SELECT min(due) FROM part WHERE due IS NOT NULL").fetchone()[0],
        db.execute("SELECT min(expires_at) FROM part WHERE state IN ('held', 'queued')").fetchone()[0],
    ]
    moments = [moment(text) for text in found if text is not None]
    closing = db.execute(
        """SELECT min(expires_at) FROM message INDEXED BY message_open
           WHERE state IN ('sent', 'unknown') AND closed_at IS NULL"""
    ).fetchone()[0]
    if closing is not None:
        moments.append(moment(closing) + _DAY)
    return min(moments, default=None)


def withdraw(db: sqlite3.Connection, number: str, message_class: MessageClass, now: datetime, reason: str) -> int:
    """Cancel what of a class waits for `number`, in part or whole: how many messages. What is on the air stays."""
    ranks = (started_rank(message_class), waiting_rank(message_class))
    waiting = db.execute(
        "SELECT * FROM part INDEXED BY part_waiting WHERE number = ? AND rank IN (?, ?) AND state IN ('held', 'queued')",
        (number, *ranks),
    ).fetchall()
    return _cancel(db, waiting, now, reason)


def cancel_rest(db: sqlite3.Connection, message_id: int, now: datetime, reason: str) -> int:
    """Cancel the parts of a message that still wait: 1 if there were any."""
    waiting = db.execute(
        "SELECT * FROM part WHERE message_id = ? AND state IN ('held', 'queued')", (message_id,)
    ).fetchall()
    return _cancel(db, waiting, now, reason)


def _cancel(db: sqlite3.Connection, parts: list[sqlite3.Row], now: datetime, reason: str) -> int:
    for part in parts:
        advance(db, part, states.Event.CANCELLED, now, reason=reason)
    messages = {part["message_id"] for part in parts}
    for message_id in messages:
        refresh(db, message_id, now, reason)
    return len(messages)
