"""What contacts have said, kept append-only, and its effect."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.rules.claiming import Marketing
from modemd.store.moments import kept, moment
from modemd.store.outbox import withdraw_marketing

# After this many changes of mind within a day the answers stop: two machines are talking to each other.
MAX_FLIPS_A_DAY = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Said:
    """A consent word, or a person's entry, about one number. `channel` is `sms` or says who entered it."""

    number: str
    opts_in: bool
    word: str | None
    language: str | None
    channel: str
    inbox_id: int | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a word did. `answer`: whether one confirmation is due; `withdrawn`: how many messages were cancelled."""

    changed: bool
    answer: bool
    withdrawn: int = 0


def marketing_of(db: sqlite3.Connection, number: str) -> Marketing:
    """What a number has said about marketing so far."""
    row = db.execute("SELECT marketing FROM contact WHERE number = ?", (number,)).fetchone()
    return Marketing(row["marketing"]) if row else Marketing.UNKNOWN


def apply(db: sqlite3.Connection, said: Said, now: datetime) -> Effect:
    """Keep an opt-out or opt-in, and withdraw the marketing that waits after an opt-out.

    An opt-in counts only for someone who had opted out, and leaves no trace else. An opt-out said again leaves its event,
    and gets no answer.
    """
    before = marketing_of(db, said.number)
    wanted = Marketing.OPTED_IN if said.opts_in else Marketing.OPTED_OUT
    if said.opts_in and before is not Marketing.OPTED_OUT:
        return Effect(changed=False, answer=False)
    db.execute(
        "INSERT INTO consent_event (number, at, action, word, language, channel, inbox_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            said.number,
            kept(now),
            "opt_in" if said.opts_in else "opt_out",
            said.word,
            said.language,
            said.channel,
            said.inbox_id,
        ),
    )
    if before is wanted:
        return Effect(changed=False, answer=False)
    answer = said.channel == "sms" and _flips(db, said.number, now) <= MAX_FLIPS_A_DAY
    db.execute(
        """INSERT INTO contact (number, marketing, marketing_since, language, confirmed_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (number) DO UPDATE SET marketing = excluded.marketing, marketing_since = excluded.marketing_since,
               language = coalesce(excluded.language, language), confirmed_at = coalesce(excluded.confirmed_at, confirmed_at)""",
        (said.number, wanted, kept(now), said.language, kept(now) if answer else None),
    )
    withdrawn = 0 if said.opts_in else withdraw_marketing(db, said.number, now)
    return Effect(changed=True, answer=answer, withdrawn=withdrawn)


def _flips(db: sqlite3.Connection, number: str, now: datetime) -> int:
    """How often a number has spoken within a day, this time included."""
    rows = db.execute(
        "SELECT at FROM consent_event WHERE number = ? ORDER BY id DESC LIMIT ?", (number, MAX_FLIPS_A_DAY + 1)
    )
    return sum(moment(row["at"]) > now - _DAY for row in rows)


def language_of(db: sqlite3.Connection, number: str) -> str | None:
    """The language in which a contact has spoken to us; None where it has not."""
    row = db.execute("SELECT language FROM contact WHERE number = ?", (number,)).fetchone()
    return row["language"] if row else None
