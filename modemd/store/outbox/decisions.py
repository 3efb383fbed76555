"""Decisions of a person about a message: settles what is unknown, cancels what waits, sends again what has ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum

from modemd.errors import ErrorCode, Refused
from modemd.rules import states
from modemd.rules.classes import MessageClass
from modemd.rules.sending_rules import SendingRules
from modemd.store.events import RESENT, Authorship, add_event
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage, parse_stored_answers
from modemd.store.transitions import advance_part, list_parts, update_message_state

# Reason of a state that a person has chosen; the author is in the events.
BY_HAND = "by_hand"
_WAITING = (states.PartState.HELD, states.PartState.QUEUED)


class Settlement(StrEnum):
    """Settlement of an unknown part by a person."""

    SENT = "sent"
    NOT_SENT = "not-sent"


def settle(
    db: sqlite3.Connection,
    message_id: int,
    verdict: Settlement,
    authorship: Authorship,
    now: datetime,
    *,
    part: int | None = None,
) -> None:
    """Settles the unknown parts of a message, or the one named `part`. Raises Refused with `not_found`, `no_part`, `not_unknown`,
    `closed`.

    A part that was sent waits for its report as any other. A part that was not sent has failed, and the parts that wait fail with
    it; a report that says otherwise later is stored as an event, and changes nothing.
    """
    message = _read_message(db, message_id)
    if message["closed_at"] is not None and message["state"] in states.CLOSABLE_MESSAGES:
        raise Refused(
            ErrorCode.CLOSED,
            f"message {message_id} closed as {message['state']} on {message['closed_at']} and keeps that name; "
            "resend sends it anew",
        )
    parts = list_parts(db, message_id)
    if part is not None and part not in (each["seq"] for each in parts):
        raise Refused(ErrorCode.NO_PART, f"message {message_id} has no part {part}; it has {len(parts)}")
    unknown = [each for each in parts if each["state"] == states.PartState.UNKNOWN and part in (None, each["seq"])]
    if not unknown:
        what = f"message {message_id}" if part is None else f"part {part} of message {message_id}"
        raise Refused(ErrorCode.NOT_UNKNOWN, f"{what} is not unknown; only what is unknown can be settled")
    for each in unknown:
        event = states.PartEvent.SETTLED_SENT if verdict is Settlement.SENT else states.PartEvent.SETTLED_NOT_SENT
        advance_part(db, each, event, now, **asdict(authorship))
    if verdict is Settlement.NOT_SENT:
        _fail_remaining_parts(db, message_id, now)
    update_message_state(db, message_id, now, BY_HAND if verdict is Settlement.NOT_SENT else None)
    for each in unknown:  # evidence is weighed with them as before: a person's word makes no report certain
        db.execute("UPDATE attempt SET matchable = 1 WHERE part_id = ? AND outcome = 'unknown'", (each["id"],))


def _fail_remaining_parts(db: sqlite3.Connection, message_id: int, now: datetime) -> None:
    """Fails the waiting parts of a message that lacks a part, and repeats none: a message with a gap says nothing."""
    for each in list_parts(db, message_id):
        if each["state"] in _WAITING:
            advance_part(
                db, each, states.PartEvent.GIVEN_UP if each["repeats"] else states.PartEvent.REFUSED, now, error=BY_HAND
            )
    db.execute("UPDATE part SET due = NULL WHERE message_id = ? AND state = 'unknown'", (message_id,))


def cancel(db: sqlite3.Connection, message_id: int, authorship: Authorship, now: datetime) -> None:
    """Cancels a message of which nothing can have left. Raises Refused with `not_found` or `too_late`.

    An attempt that the network refused, or that was withdrawn before its first octet, has sent nothing. An attempt that is open,
    accepted or unknown may have.
    """
    message = _read_message(db, message_id)
    if message["state"] in states.FINAL_MESSAGES:
        raise Refused(ErrorCode.TOO_LATE, f"message {message_id} is {message['state']} already")
    if has_left(db, message_id):
        raise Refused(
            ErrorCode.TOO_LATE,
            f"message {message_id} is {message['state']}: what a modem was given cannot be called back",
        )
    for part in list_parts(db, message_id):
        if part["state"] in _WAITING:
            advance_part(db, part, states.PartEvent.CANCELLED, now, **asdict(authorship))
    update_message_state(db, message_id, now, BY_HAND)


def has_left(db: sqlite3.Connection, message_id: int) -> bool:
    """Returns True if a part of a message may have left: an attempt of it is open, accepted or unknown."""
    sql = "SELECT 1 FROM attempt WHERE message_id = ? AND outcome IN ('open', 'sent', 'unknown') LIMIT 1"
    return db.execute(sql, (message_id,)).fetchone() is not None


def resend(
    db: sqlite3.Connection,
    message_id: int,
    authorship: Authorship,
    validity: Callable[[MessageClass], timedelta],
    rules: SendingRules,
    now: datetime,
    choose_sim: Callable[[str | None], str | None] = lambda _: None,
) -> Submitted:
    """Accepts a new message with the recipient, text and class of one that has ended; consent binds it as any other.

    `choose_sim` returns the SIM of the new message, None for any, by that of the old one.

    Its key is made of the old one's id: asked twice, because the first answer was lost, it sends once. Raises Refused with
    `not_found`, `on_its_way`, `bad_class`, `bad_number` if it was erased, or `empty_text` if its text was removed.
    """
    message = _read_message(db, message_id)
    message_class = MessageClass(message["class"])
    if message_class is MessageClass.SYSTEM:
        raise Refused(ErrorCode.BAD_CLASS, f"message {message_id} is a confirmation of modemd's own; those go out once")
    _require_ended(db, message)
    if not message["number"]:
        raise Refused(ErrorCode.BAD_NUMBER, f"message {message_id} has no recipient any more: it was erased")
    if message["redacted_at"] is not None:
        raise Refused(ErrorCode.EMPTY_TEXT, f"message {message_id} has no text any more: it was removed; write it anew")
    new = OutboundMessage(
        number=message["number"],
        text=message["text"],
        message_class=message_class,
        parts=message["parts"],
        expires_at=now + validity(message_class),
        report=bool(message["report"]),
        list_name=message["list"],
        answers=parse_stored_answers(message["answers"]),
        key=_make_resend_key(message_id),
        pinned=choose_sim(message["pinned"]),
    )
    submitted = accept.submit(db, new, rules, now)
    if not submitted.is_repetition:
        add_event(db, message_id, now, RESENT, message=submitted.id, **asdict(authorship))
        add_event(db, submitted.id, now, "resend", message=message_id, **asdict(authorship))
    return submitted


def _make_resend_key(message_id: int) -> str:
    return f"resend:{message_id}"


def _require_ended(db: sqlite3.Connection, message: sqlite3.Row) -> None:
    """Raises Refused with `on_its_way` if modemd itself may still send the message."""
    due = db.execute("SELECT min(due) FROM part WHERE message_id = ?", (message["id"],)).fetchone()[0]
    if message["state"] in (states.MessageState.HELD, states.MessageState.QUEUED, states.MessageState.SENDING):
        raise Refused(
            ErrorCode.ON_ITS_WAY,
            f"message {message['id']} is {message['state']} and goes out by itself; wait for its end, or cancel it first",
        )
    if due is not None:
        raise Refused(
            ErrorCode.ON_ITS_WAY,
            f"message {message['id']} is sent once more by itself at {due}; wait what becomes of that",
        )


def _read_message(db: sqlite3.Connection, message_id: int) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute("SELECT * FROM message WHERE id = ?", (message_id,)).fetchone()
    if row is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no message {message_id}")
    return row
