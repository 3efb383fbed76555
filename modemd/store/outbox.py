"""Messages as they are accepted, promoted, expired, cancelled and closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.errors import Refused
from modemd.rules import states, windows
from modemd.rules.classes import MessageClass, started_rank, waiting_rank
from modemd.rules.consent.policy import ConsentPolicy, Marketing
from modemd.rules.routing import is_shared
from modemd.rules.send_decision import OUTSIDE_WINDOW
from modemd.store import lanes, staging
from modemd.store.journal import advance, note, refresh
from modemd.store.moments import kept, moment
from modemd.store.newmessage import NewMessage as NewMessage  # together with `submit`

# The rest of a message of which a part has left gets this much longer than its validity.
REST = timedelta(hours=24)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submit. `again`: the key was known, and this is the first answer."""

    id: int
    state: states.Message
    reason: str | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What the acceptance of a batch has fixed for one of its messages: its identity, its batch, and when it was accepted."""

    id: int
    batch: int
    accepted_at: datetime


def submit(db: sqlite3.Connection, new: NewMessage, policy: ConsentPolicy, now: datetime) -> Submitted:
    """Accept a message, or keep it as refused where consent forbids it. A key with other content raises Refused."""
    staging.take_key(db, new)
    # Accepted before it: what a batch still holds for its number, or under its key.
    for row in staging.ahead(db, new):
        keep(db, row.new, policy, now, Place(row.id, row.batch, row.accepted_at))
        staging.taken(db, row)
    return known_by_key(db, new) or keep(db, new, policy, now)


def keep(
    db: sqlite3.Connection, new: NewMessage, policy: ConsentPolicy, now: datetime, place: Place | None = None
) -> Submitted:
    """Make a message of what is accepted: queued, held until its time, or refused by consent. `place`: it was accepted before,
    with a batch."""
    db.execute("INSERT INTO contact (number) VALUES (?) ON CONFLICT DO NOTHING", (new.number,))
    said = db.execute("SELECT marketing FROM contact WHERE number = ?", (new.number,)).fetchone()["marketing"]
    objection = policy.objection(new.message_class, new.number, Marketing(said))
    opening = None
    if objection is not None:
        state, key = states.Message.REFUSED, None  # the key stays free: the reason may pass
    elif new.at is not None and new.at > now:
        state, key = states.Message.HELD, new.key
    else:
        opening = _opening(new, now)
        state, key = states.Message.QUEUED if opening is None else states.Message.HELD, new.key
    scheduled = new.at is not None and new.at > now
    reason = objection or (None if state is states.Message.QUEUED else "scheduled" if scheduled else OUTSIDE_WINDOW)
    message_id = db.execute(
        """INSERT INTO message
               (id, key, number, text, class, state, reason, parts, report, created_at, at, expires_at, closed_at, pinned, batch,
                window)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            place.id if place else None,
            key,
            new.number,
            new.text,
            new.message_class,
            state,
            reason,
            new.parts,
            new.report,
            kept(place.accepted_at if place else now),
            kept(new.at) if new.at else None,
            kept(new.expires_at),
            kept(now) if objection else None,
            new.pinned,
            place.batch if place else None,
            new.window,
        ),
    ).lastrowid
    assert message_id is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    if objection is None:
        begins = (new.at if scheduled else opening) if state is states.Message.HELD else None
        due = kept(begins) if begins is not None else None
        rank = waiting_rank(new.message_class)
        lane = lanes.lane_of(db, new.number, new.message_class, new.pinned)
        db.executemany(
            """INSERT INTO part (message_id, seq, state, number, rank, lane, due, expires_at, queued_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                (message_id, seq, state, new.number, rank, lane, due, kept(new.expires_at), kept(now))
                for seq in range(1, new.parts + 1)
            ],
        )
    batch = place.batch if place else None
    note(db, message_id, now, f"message {state}", reason=reason, batch=batch, **{"class": new.message_class})
    return Submitted(message_id, state, reason)


def _opening(new: NewMessage, now: datetime) -> datetime | None:
    """When the window of a message opens in which it may begin; None where it may begin now."""
    if new.window is None:
        return None
    window = windows.kept(new.window)
    return None if window.fits(now, new.parts) else window.opening(now)


def known_by_key(db: sqlite3.Connection, new: NewMessage) -> Submitted | None:
    """The message that was accepted under this key, if there is one. Refused where its content is another."""
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
            _choose_lane(db, part, now)
            advance(db, part, states.Event.PROMOTED, now)
    messages = {part["message_id"] for part in due}
    for message_id in messages:
        refresh(db, message_id, now)
    return messages


def _choose_lane(db: sqlite3.Connection, part: sqlite3.Row, now: datetime) -> None:
    """Which SIMs may send a part that is queued now; what is one SIM's stays so."""
    if is_shared(part["lane"]):
        message = db.execute("SELECT class FROM message WHERE id = ?", (part["message_id"],)).fetchone()
        lane = lanes.lane_of(db, part["number"], MessageClass(message["class"]), None)
        db.execute("UPDATE part SET lane = ?, queued_at = ? WHERE id = ?", (lane, kept(now), part["id"]))


# Ranks come in pairs, started and not (`started_rank`); the two highest classes are alarm and otp.
_GOES_ON = f"(tries > 0 OR rank < {MessageClass.SYSTEM.rank * 2})"


def next_going_on(db: sqlite3.Connection) -> datetime | None:
    """When something is due next that a clock which is not trusted does not stop."""
    due = db.execute(f"SELECT min(due) FROM part WHERE due IS NOT NULL AND {_GOES_ON}").fetchone()[0]  # noqa: S608 - the same
    return moment(due) if due is not None else None


def _repeat(db: sqlite3.Connection, part: sqlite3.Row, now: datetime) -> None:
    """Queue an unknown part once more, while its message is valid: a lone part for any SIM, one of several for the SIM whose
    reference it carries. What is not valid any more stays unknown."""
    message = db.execute(
        "SELECT parts, class, pinned, expires_at FROM message WHERE id = ?", (part["message_id"],)
    ).fetchone()
    if message["expires_at"] <= kept(now):
        db.execute("UPDATE part SET due = NULL WHERE id = ?", (part["id"],))
        return
    lane = part["lane"]
    if message["parts"] == 1:
        lane = lanes.lane_of(db, part["number"], MessageClass(message["class"]), message["pinned"])
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
    asked = (number, started_rank(message_class), waiting_rank(message_class))
    waiting = db.execute(_WAITING, (*asked, *asked)).fetchall()
    return _cancel(db, sorted(waiting, key=lambda part: (part["rank"], part["id"])), now, reason)


_WAITING = """
    SELECT * FROM part INDEXED BY part_held WHERE number = ? AND rank IN (?, ?) AND state = 'held'
    UNION ALL
    SELECT * FROM part INDEXED BY part_in_flight
    WHERE number = ? AND rank IN (?, ?) AND state IN ('queued', 'sending') AND state = 'queued'
"""


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
