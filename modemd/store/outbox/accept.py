"""Accepts messages: stores each with its parts, queued, held or refused, once for each key."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import states
from modemd.rules.access.callers import show_idempotency_key
from modemd.rules.consent.notice_rules import NoticeLack
from modemd.rules.queue_place import QueuePlace
from modemd.rules.refusals import RefusalCode
from modemd.rules.send_decision import OUTSIDE_WINDOW
from modemd.rules.sending_rules import ContactFacts, SendingRules
from modemd.rules.windows import Window
from modemd.store import lanes
from modemd.store.consent import contact_facts, statements
from modemd.store.events import add_event
from modemd.store.keyed_hashes.suppression import ensure_contact
from modemd.store.outbox import notices, staged_rows
from modemd.store.outbox.notices import FinalMessage
from modemd.store.outbox.outbound_message import OutboundMessage, make_stored_answers
from modemd.store.rows import MessageRow
from modemd.store.timestamps import to_text


@dataclass(frozen=True, slots=True)
class Submitted:
    """Answer to a submit. `is_repetition`: the key was known, and this is the first answer again; `lacks`: settings that the
    message should have; `row`: the message as a list of messages shows it, None if it is not new."""

    id: int
    state: states.MessageState
    reason: str | None
    is_repetition: bool = False
    lacks: tuple[NoticeLack, ...] = ()
    row: MessageRow | None = None


@dataclass(frozen=True, slots=True)
class BatchAcceptance:
    """Identity of a message that was accepted with its batch: its id, the batch, and when that was accepted."""

    id: int
    batch: int
    accepted_at: datetime


def submit(db: sqlite3.Connection, new: OutboundMessage, rules: SendingRules, now: datetime) -> Submitted:
    """Accepts a message, or stores it as refused if consent forbids it. Raises Refused with `key_reused` if its key belongs to
    other content, with `bad_text` if the notice of marketing makes it too long."""
    staged_rows.take_over_key(db, new)
    # Accepted before it: what a batch still holds for its number, or under its key.
    for row in staged_rows.list_rows_ahead(db, new):
        create_message(db, row.new, rules, now, BatchAcceptance(row.message_id, row.batch, row.accepted_at))
        staged_rows.remove_promoted(db, row)
    return find_by_key(db, new) or create_message(db, new, rules, now)


def create_message(
    db: sqlite3.Connection,
    new: OutboundMessage,
    rules: SendingRules,
    now: datetime,
    place: BatchAcceptance | None = None,
) -> Submitted:
    """Stores an accepted message: queued, held until its time, or refused by consent. `place`: it was accepted before, with a
    batch; then one that its notice makes too long is stored as refused. Raises Refused (`bad_text`) for any other."""
    stored = ensure_contact(db, new.number)
    marketing = statements.find_marketing(db, new.number, stored)
    contact = contact_facts.read_with_marketing(db, new.number, marketing, new.message_class, now, new.list_name)
    objection = rules.find_objection(new.message_class, new.number, contact)
    submitted, final = new, FinalMessage(new)
    try:
        final = notices.finish(db, new, rules) if objection is None else final
    except Refused:
        if place is None:
            raise
        objection = RefusalCode.TOO_LONG
    new = final.new
    start = (
        Start(states.MessageState.REFUSED, objection)
        if objection is not None
        else decide_start(new, rules, contact, now)
    )
    is_over = start.state in states.FINAL_MESSAGES
    accepted_at, expires_at = to_text(place.accepted_at if place else now), to_text(new.expires_at)
    at, closed_at = to_text(new.at) if new.at else None, to_text(now) if is_over else None
    submitted_text = submitted.text if submitted.text != new.text else None
    key = None if objection is not None else new.key  # the key of what is refused stays free: the reason may pass
    message_id = db.execute(
        """INSERT INTO message
               (id, key, number, text, submitted_text, class, state, reason, parts, report, created_at, at, expires_at,
                closed_at, pinned, batch, window, list, answers, has_notice)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            place.id if place else None,
            key,
            new.number,
            new.text,
            submitted_text,
            new.message_class,
            start.state,
            start.reason,
            new.parts,
            new.report,
            accepted_at,
            at,
            expires_at,
            closed_at,
            new.pinned,
            place.batch if place else None,
            new.window,
            new.list_name,
            make_stored_answers(new.answers),
            final.has_notice,
        ),
    ).lastrowid
    assert message_id is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    due = to_text(start.begins_at) if start.begins_at is not None and not is_over else None
    if not is_over:
        rank, started = QueuePlace(new.message_class).columns
        lane = lanes.choose_lane(db, new.number, new.message_class, new.pinned, stored.last_sim)
        db.executemany(
            """INSERT INTO part (message_id, seq, state, number, rank, started, lane, due, expires_at, queued_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                (message_id, seq, start.state, new.number, rank, started, lane, due, expires_at, to_text(now))
                for seq in range(1, new.parts + 1)
            ],
        )
    batch = place.batch if place else None
    added = ", ".join(final.added) or None
    told = {"reason": start.reason, "batch": batch, "added": added, "class": new.message_class}
    add_event(db, message_id, now, f"message {start.state}", **told)
    row = MessageRow(
        message_id, new.number, new.text, new.message_class, start.state, start.reason, new.parts, 0, accepted_at, at,
        expires_at, None, None, closed_at, None, new.pinned, key, new.list_name, new.answers, final.has_notice,
        submitted_text, due,
    )  # fmt: skip
    return Submitted(message_id, start.state, start.reason, lacks=final.lacks, row=row)


@dataclass(frozen=True, slots=True)
class Start:
    """Start of an accepted message: its first state, the reason, and when it begins if it is held."""

    state: states.MessageState
    reason: str | None = None
    begins_at: datetime | None = None


def decide_start(new: OutboundMessage, rules: SendingRules, contact: ContactFacts, now: datetime) -> Start:
    """Returns how a message starts that nothing forbids: queued, or held for its time, its window or its contact's sake. It
    expires at once if quiet hours outlast it."""
    if new.at is not None and new.at > now:
        # What else will hold it then nobody knows: caps and reviews change until its time.
        hold = rules.find_hold(new.message_class, new.number, ContactFacts(), new.at, new.parts)
        if hold is None:
            return Start(states.MessageState.HELD, "scheduled", new.at)
        if hold.outlasts(new.expires_at):
            return Start(states.MessageState.EXPIRED, hold.reason)
        return Start(states.MessageState.HELD, hold.reason, hold.find_end(new.expires_at))
    opening = Window.parse_stored(new.window).find_hold_end(now, new.parts) if new.window is not None else None
    if opening is not None:
        return Start(states.MessageState.HELD, OUTSIDE_WINDOW, opening)
    hold = rules.find_hold(new.message_class, new.number, contact, now, new.parts)
    if hold is None:
        return Start(states.MessageState.QUEUED)
    if hold.outlasts(new.expires_at):
        return Start(states.MessageState.EXPIRED, hold.reason)
    return Start(states.MessageState.HELD, hold.reason, hold.find_end(new.expires_at))


def find_by_key(db: sqlite3.Connection, new: OutboundMessage) -> Submitted | None:
    """Returns the message that was accepted under this key; None if there is none. Raises Refused with `key_reused` if its
    content is another."""
    if new.key is None:
        return None
    row = db.execute("SELECT * FROM message WHERE key = ?", (new.key,)).fetchone()
    if row is None:
        return None
    same = (new.number, new.text, new.message_class, to_text(new.at) if new.at else None)
    text = row["text"] if row["submitted_text"] is None else row["submitted_text"]
    if (row["number"], text, row["class"], row["at"]) != same:
        raise Refused(
            ErrorCode.KEY_REUSED,
            f"idempotency key {show_idempotency_key(new.key)!r} belongs to message {row['id']}, whose content is another; "
            "take a new one",
        )
    return Submitted(row["id"], states.MessageState(row["state"]), row["reason"], is_repetition=True)


def has_key(db: sqlite3.Connection, key: str) -> bool:
    """Returns True if a message was accepted under this key."""
    return db.execute("SELECT 1 FROM message WHERE key = ?", (key,)).fetchone() is not None
