"""Lists of subscribers: what each number has said about each list. `change` is the one place where a subscription changes.

A general STOP closes every subscription of a number, and a general START opens again what that STOP has closed. What a number has
said about all marketing is in the table `contact` (`store/consent/statements.py`); a request to confirm, its answer and its
expiry go through `change` there, too.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules.consent.double_opt_in import OptInEvent, find_next_state
from modemd.rules.consent.policy import Marketing
from modemd.store.consent import ledger, opt_in_requests
from modemd.store.consent.ledger import ConsentEvent
from modemd.store.keyed_hashes import suppression
from modemd.store.timestamps import to_text


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """Statement of a number about a list: its state, and since when."""

    list_name: str
    state: Marketing
    since: str


def read_state(db: sqlite3.Connection, number: str, list_name: str) -> Marketing:
    """Returns what a number has said about a list; UNKNOWN if it has said nothing. A general STOP is in it if the number had a
    subscription then; what it has said about all marketing is beside this, in `statements.read_marketing`."""
    row = db.execute("SELECT state FROM subscription WHERE number = ? AND list = ?", (number, list_name)).fetchone()
    if row is not None:
        return Marketing(row["state"])
    is_suppressed = suppression.find_suppression(db, number, list_name) is not None
    return Marketing.OPTED_OUT if is_suppressed else Marketing.UNKNOWN


def list_subscriptions(db: sqlite3.Connection, number: str) -> list[SubscriptionRow]:
    """Returns what a number has said about each list, by the list's name."""
    rows = db.execute("SELECT list, state, since FROM subscription WHERE number = ? ORDER BY list", (number,))
    return [SubscriptionRow(row["list"], Marketing(row["state"]), row["since"]) for row in rows]


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """Number with what it has said about one list, and since when."""

    number: str
    state: Marketing
    since: str


def list_subscribers(db: sqlite3.Connection, list_name: str, *, after: str = "", limit: int = 0) -> list[SubscriberRow]:
    """Returns what each number has said about a list, by number, behind `after`; `limit` 0 means all."""
    rows = db.execute(
        """SELECT number, state, since FROM subscription INDEXED BY subscription_list
           WHERE list = ? AND number > ? ORDER BY number LIMIT ?""",
        (list_name, after, limit or -1),
    )
    return [SubscriberRow(row["number"], Marketing(row["state"]), row["since"]) for row in rows]


def count_subscribers(db: sqlite3.Connection, list_name: str) -> int:
    """Returns how many numbers have said something about a list."""
    sql = "SELECT count(*) FROM subscription INDEXED BY subscription_list WHERE list = ?"
    return int(db.execute(sql, (list_name,)).fetchone()[0])


def change(db: sqlite3.Connection, event: OptInEvent, entry: ConsentEvent, now: datetime) -> Marketing:
    """Moves the number of a ledger entry to the state that `event` leads to, on the entry's list or for all marketing if it
    names none, and adds the entry to the ledger. Returns the new state. Raises OptInError if the table of states has no such
    transition.

    For all marketing, opt-outs and STARTs are `statements.apply_statement`'s, which withdraws messages as well."""
    number, list_name = entry.number, entry.list_name
    before = read_state(db, number, list_name) if list_name is not None else _read_general(db, number)
    after = find_next_state(before, event)
    ledger.add(db, entry, now)
    if before is Marketing.PENDING:
        opt_in_requests.close(db, number, list_name, now, after.value if after is not Marketing.UNKNOWN else "expired")
    if after is before:
        return after
    if after is Marketing.OPTED_IN:
        forget_notice(db, number)
        suppression.lift(db, number, list_name)
    if list_name is None:
        db.execute(
            """INSERT INTO contact (number, marketing, marketing_since, language) VALUES (?, ?, ?, ?)
               ON CONFLICT (number) DO UPDATE SET marketing = excluded.marketing,
                   marketing_since = excluded.marketing_since, language = coalesce(excluded.language, language)""",
            (number, after, to_text(now), entry.language),
        )
    elif after is Marketing.UNKNOWN:
        db.execute("DELETE FROM subscription WHERE number = ? AND list = ?", (number, list_name))
    else:
        db.execute(
            """INSERT INTO subscription (number, list, state, since) VALUES (?, ?, ?, ?)
               ON CONFLICT (number, list) DO UPDATE SET state = excluded.state, since = excluded.since,
                   is_closed_by_stop = 0""",
            (number, list_name, after, to_text(now)),
        )
    return after


def close_all(db: sqlite3.Connection, number: str, now: datetime) -> None:
    """Closes every subscription of a number after a general STOP, and every open request to it."""
    for request in opt_in_requests.list_of(db, number):
        opt_in_requests.close(db, number, request.list_name, now, "opted_out")
    db.execute(
        """UPDATE subscription SET is_closed_by_stop = state = 'opted_in', state = 'opted_out', since = ?
           WHERE number = ? AND state <> 'opted_out'""",
        (to_text(now), number),
    )


def reopen_all(db: sqlite3.Connection, number: str, now: datetime) -> None:
    """Opens again what a general STOP of a number has closed: it said START, or the STOP was undone."""
    db.execute(
        """UPDATE subscription SET state = 'opted_in', is_closed_by_stop = 0, since = ?
           WHERE number = ? AND is_closed_by_stop = 1""",
        (to_text(now), number),
    )


def forget_notice(db: sqlite3.Connection, number: str) -> None:
    """Lets the next marketing to a number say again how to end it: the number has opted in."""
    db.execute("UPDATE contact SET noticed_at = NULL WHERE number = ? AND noticed_at IS NOT NULL", (number,))


def erase(db: sqlite3.Connection, number: str) -> None:
    """Deletes the subscriptions of a number. Lists that it has left by itself stay on the suppression
    list, or as they are if the ledger has no key."""
    rows = db.execute(
        "SELECT list, since, state = 'opted_out' AND NOT is_closed_by_stop AS was_left FROM subscription WHERE number = ?",
        (number,),
    ).fetchall()
    for row in rows:
        if not row["was_left"] or suppression.suppress(db, number, row["since"], row["list"]):
            db.execute("DELETE FROM subscription WHERE number = ? AND list = ?", (number, row["list"]))


def restore_opt_out(db: sqlite3.Connection, number: str, list_name: str, since: str) -> None:
    """Closes a subscription that was closed in a database which a restore replaces."""
    db.execute(
        """INSERT INTO subscription (number, list, state, since) VALUES (?, ?, 'opted_out', ?)
           ON CONFLICT (number, list) DO UPDATE SET state = excluded.state, since = excluded.since, is_closed_by_stop = 0
           WHERE state <> 'opted_out'""",
        (number, list_name, since),
    )


def _read_general(db: sqlite3.Connection, number: str) -> Marketing:
    row = db.execute("SELECT marketing FROM contact WHERE number = ?", (number,)).fetchone()
    return Marketing(row["marketing"]) if row else Marketing.UNKNOWN
