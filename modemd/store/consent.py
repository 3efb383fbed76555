"""Consent statements of contacts, stored append-only; an opt-out cancels the marketing that waits, in the same transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.store.ending import cancel_waiting_messages
from modemd.store.timestamps import from_text, to_text

# After this many statements within a day no confirmation is sent: two machines are answering each other.
MAX_STATEMENTS_A_DAY = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ConsentStatement:
    """Statement about one number: a keyword in a message, or a person's entry. `channel` is `sms` or names who entered it;
    `stated_at`: the network's stamp of the message, None if it is not known."""

    number: str
    opts_in: bool
    keyword: str | None
    language: str | None
    channel: str
    inbox_id: int | None = None
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentEffect:
    """Effect of a statement. `needs_confirmation`: one confirmation is due; `withdrawn_messages`: how many were cancelled."""

    has_changed: bool
    needs_confirmation: bool
    withdrawn_messages: int = 0


def read_marketing(db: sqlite3.Connection, number: str) -> Marketing:
    """Returns what a number has said about marketing so far."""
    row = db.execute("SELECT marketing FROM contact WHERE number = ?", (number,)).fetchone()
    return Marketing(row["marketing"]) if row else Marketing.UNKNOWN


def apply_statement(db: sqlite3.Connection, statement: ConsentStatement, now: datetime) -> ConsentEffect:
    """Stores an opt-out or opt-in, and withdraws the marketing that waits after an opt-out.

    An opt-in counts only for someone who had opted out; else nothing is stored. An opt-out that is repeated is stored, and gets
    no confirmation.
    """
    before = read_marketing(db, statement.number)
    wanted = Marketing.OPTED_IN if statement.opts_in else Marketing.OPTED_OUT
    if statement.opts_in and (before is not Marketing.OPTED_OUT or _is_older_than_opt_out(db, statement)):
        return ConsentEffect(has_changed=False, needs_confirmation=False)
    db.execute(
        "INSERT INTO consent_event (number, at, action, word, language, channel, inbox_id, said_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            statement.number,
            to_text(now),
            "opt_in" if statement.opts_in else "opt_out",
            statement.keyword,
            statement.language,
            statement.channel,
            statement.inbox_id,
            to_text(statement.stated_at) if statement.stated_at else None,
        ),
    )
    if before is wanted:
        return ConsentEffect(has_changed=False, needs_confirmation=False)
    answer = statement.channel == "sms" and _count_statements(db, statement.number, now) <= MAX_STATEMENTS_A_DAY
    db.execute(
        """INSERT INTO contact (number, marketing, marketing_since, language, confirmed_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (number) DO UPDATE SET marketing = excluded.marketing, marketing_since = excluded.marketing_since,
               language = coalesce(excluded.language, language), confirmed_at = coalesce(excluded.confirmed_at, confirmed_at)""",
        (statement.number, wanted, to_text(now), statement.language, to_text(now) if answer else None),
    )
    # A confirmation of an earlier statement that still waits would now be wrong.
    cancel_waiting_messages(db, statement.number, MessageClass.SYSTEM, now, "superseded")
    withdrawn = (
        0
        if statement.opts_in
        else cancel_waiting_messages(db, statement.number, MessageClass.MARKETING, now, "opted_out")
    )
    return ConsentEffect(has_changed=True, needs_confirmation=answer, withdrawn_messages=withdrawn)


def _is_older_than_opt_out(db: sqlite3.Connection, statement: ConsentStatement) -> bool:
    """Returns True if an opt-in was stated before the stored opt-out: though it came later, it undoes nothing."""
    newest = db.execute(
        "SELECT max(said_at) FROM consent_event WHERE number = ? AND action = 'opt_out'", (statement.number,)
    ).fetchone()[0]
    return statement.stated_at is not None and newest is not None and to_text(statement.stated_at) < newest


def _count_statements(db: sqlite3.Connection, number: str, now: datetime) -> int:
    """Returns how many statements a number has made within a day, this one included."""
    rows = db.execute(
        "SELECT at FROM consent_event WHERE number = ? ORDER BY id DESC LIMIT ?", (number, MAX_STATEMENTS_A_DAY + 1)
    )
    return sum(from_text(row["at"]) > now - _DAY for row in rows)


def read_language(db: sqlite3.Connection, number: str) -> str | None:
    """Returns the language of a contact's last keyword; None if there was none."""
    row = db.execute("SELECT language FROM contact WHERE number = ?", (number,)).fetchone()
    return row["language"] if row else None


def find_by_ending(db: sqlite3.Connection, digits: str) -> list[str]:
    """Returns the contacts whose number ends with these digits. Scans the table: for the rare sender whose country is unknown."""
    rows = db.execute(
        "SELECT number FROM contact WHERE substr(number, ?) = ? AND number <> ?", (-len(digits), digits, digits)
    )
    return [row["number"] for row in rows]
