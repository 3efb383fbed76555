"""What contacts have said, kept append-only, and its effect."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.store.ending import withdraw_waiting
from modemd.store.timestamps import from_text, to_text

# After this many changes of mind within a day the answers stop: two machines are talking to each other.
MAX_STATEMENTS_A_DAY = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ConsentStatement:
    """A consent word, or a person's entry, about one number. `channel` is `sms` or says who entered it; `said_at` when it was
    said (the network's stamp), None where that is not known."""

    number: str
    opts_in: bool
    keyword: str | None
    language: str | None
    channel: str
    inbox_id: int | None = None
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentEffect:
    """What a word did. `answer`: whether one confirmation is due; `withdrawn`: how many messages were cancelled."""

    has_changed: bool
    needs_confirmation: bool
    withdrawn_messages: int = 0


def read_marketing(db: sqlite3.Connection, number: str) -> Marketing:
    """What a number has said about marketing so far."""
    row = db.execute("SELECT marketing FROM contact WHERE number = ?", (number,)).fetchone()
    return Marketing(row["marketing"]) if row else Marketing.UNKNOWN


def apply_statement(db: sqlite3.Connection, said: ConsentStatement, now: datetime) -> ConsentEffect:
    """Keep an opt-out or opt-in, and withdraw the marketing that waits after an opt-out.

    An opt-in counts only for someone who had opted out, and leaves no trace else. An opt-out said again leaves its event,
    and gets no answer.
    """
    before = read_marketing(db, said.number)
    wanted = Marketing.OPTED_IN if said.opts_in else Marketing.OPTED_OUT
    if said.opts_in and (before is not Marketing.OPTED_OUT or _is_older_than_opt_out(db, said)):
        return ConsentEffect(has_changed=False, needs_confirmation=False)
    db.execute(
        "INSERT INTO consent_event (number, at, action, word, language, channel, inbox_id, said_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            said.number,
            to_text(now),
            "opt_in" if said.opts_in else "opt_out",
            said.keyword,
            said.language,
            said.channel,
            said.inbox_id,
            to_text(said.stated_at) if said.stated_at else None,
        ),
    )
    if before is wanted:
        return ConsentEffect(has_changed=False, needs_confirmation=False)
    answer = said.channel == "sms" and _count_statements(db, said.number, now) <= MAX_STATEMENTS_A_DAY
    db.execute(
        """INSERT INTO contact (number, marketing, marketing_since, language, confirmed_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (number) DO UPDATE SET marketing = excluded.marketing, marketing_since = excluded.marketing_since,
               language = coalesce(excluded.language, language), confirmed_at = coalesce(excluded.confirmed_at, confirmed_at)""",
        (said.number, wanted, to_text(now), said.language, to_text(now) if answer else None),
    )
    # An answer to an earlier change of mind that still waits would now be wrong.
    withdraw_waiting(db, said.number, MessageClass.SYSTEM, now, "superseded")
    withdrawn = 0 if said.opts_in else withdraw_waiting(db, said.number, MessageClass.MARKETING, now, "opted_out")
    return ConsentEffect(has_changed=True, needs_confirmation=answer, withdrawn_messages=withdrawn)


def _is_older_than_opt_out(db: sqlite3.Connection, said: ConsentStatement) -> bool:
    """Whether an opt-in was said before the opt-out that is stored: read later, it undoes nothing."""
    newest = db.execute(
        "SELECT max(said_at) FROM consent_event WHERE number = ? AND action = 'opt_out'", (said.number,)
    ).fetchone()[0]
    return said.stated_at is not None and newest is not None and to_text(said.stated_at) < newest


def _count_statements(db: sqlite3.Connection, number: str, now: datetime) -> int:
    """How often a number has spoken within a day, this time included."""
    rows = db.execute(
        "SELECT at FROM consent_event WHERE number = ? ORDER BY id DESC LIMIT ?", (number, MAX_STATEMENTS_A_DAY + 1)
    )
    return sum(from_text(row["at"]) > now - _DAY for row in rows)


def read_language(db: sqlite3.Connection, number: str) -> str | None:
    """The language in which a contact has spoken to us; None where it has not."""
    row = db.execute("SELECT language FROM contact WHERE number = ?", (number,)).fetchone()
    return row["language"] if row else None


def find_by_ending(db: sqlite3.Connection, digits: str) -> list[str]:
    """The contacts whose number ends with these digits. A scan: for the rare sender whose country nobody knows."""
    rows = db.execute(
        "SELECT number FROM contact WHERE substr(number, ?) = ? AND number <> ?", (-len(digits), digits, digits)
    )
    return [row["number"] for row in rows]
