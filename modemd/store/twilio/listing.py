"""One list of the messages of both directions, newest first, read by pages that stay stable while messages come."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Literal

from modemd.light_dataclass import dataclass
from modemd.rules.states import MessageState
from modemd.store.rows import read_row
from modemd.store.timestamps import to_text

LARGEST_ID = 2**63 - 1  # the largest integer of SQLite: every id is below it


@dataclass(frozen=True, slots=True)
class TwilioRow:
    """Message of one direction. `number`: the other end; `sim`: the SIM (ICCID) that sent or received it, or is to send it, None
    if that is open; `state` and `reason`: None if it came in; `is_pinned`: one SIM was asked for; `is_closed`: nothing more is
    expected of it; `is_answer`: it answers somebody."""

    direction: Literal["out", "in"]
    id: int
    number: str
    sim: str | None
    text: str
    parts: int
    state: MessageState | None
    reason: str | None
    is_pinned: bool
    is_closed: bool
    is_answer: bool
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TwilioChoice:
    """Choice of messages; None: any. `to` and `sender`: the numbers and the SIMs that are meant by one end; sent from `since` on
    and before `until`; `before_out` and `before_in`: only those with smaller ids. `with_inbound`: also those that came in."""

    to: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    sender: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_out: int = LARGEST_ID
    before_in: int = LARGEST_ID
    with_inbound: bool = True


_OUTBOUND = """
    SELECT 'out' AS direction, m.id, m.number, coalesce(m.sim, m.pinned) AS sim, m.text, m.parts, m.state, m.reason,
           m.pinned IS NOT NULL AS is_pinned, m.closed_at IS NOT NULL AS is_closed, m.class = 'conversational' AS is_answer,
           m.created_at, m.sent_at,
           coalesce(m.redacted_at, m.closed_at, m.delivered_at, m.sent_at, m.created_at) AS updated_at
    FROM message m WHERE m.deleted_at IS NULL
"""
# Of what comes in, Twilio's API has texts only.
_INBOUND = """
    SELECT 'in' AS direction, i.id, i.sender AS number, i.to_sim AS sim, i.text, i.parts, NULL AS state, NULL AS reason,
           1 AS is_pinned, 1 AS is_closed, 0 AS is_answer, i.stored_at AS created_at,
           i.stored_at AS sent_at, coalesce(i.redacted_at, i.stored_at) AS updated_at
    FROM inbox i WHERE i.deleted_at IS NULL AND i.kind = 'text' AND (i.complete = 1 OR i.shown_at IS NOT NULL)
"""


def read_message(db: sqlite3.Connection, direction: Literal["out", "in"], id: int) -> TwilioRow | None:
    """Returns a message; None if there is none, or if it was deleted."""
    sql = f"{_OUTBOUND} AND m.id = ?" if direction == "out" else f"{_INBOUND} AND i.id = ?"
    row = db.execute(sql, (id,)).fetchone()
    return read_row(TwilioRow, row) if row is not None else None


def list_messages(db: sqlite3.Connection, chosen: TwilioChoice, limit: int) -> list[TwilioRow]:
    """Returns the messages of a choice behind its place, newest first."""
    outbound, inbound = _read_both(db, chosen, limit, is_before=True)
    # Each is in the order of its ids; of the two heads, the later one comes first. A page then ends with the smallest id of each
    # that it has, and the next goes on from there.
    found: list[TwilioRow] = []
    while len(found) < limit and (outbound or inbound):
        is_out = bool(outbound) and (not inbound or outbound[0].created_at >= inbound[0].created_at)
        found.append((outbound if is_out else inbound).pop(0))
    return found


def list_newer(db: sqlite3.Connection, chosen: TwilioChoice, limit: int) -> list[TwilioRow]:
    """Returns the messages of a choice that stand next before its place, newest first: the other way round, so that a page is the
    same one from both sides."""
    outbound, inbound = _read_both(db, chosen, limit, is_before=False)
    found: list[TwilioRow] = []
    while len(found) < limit and (outbound or inbound):
        is_out = bool(outbound) and (not inbound or outbound[0].created_at < inbound[0].created_at)
        found.append((outbound if is_out else inbound).pop(0))
    return found[::-1]


def _read_both(
    db: sqlite3.Connection, chosen: TwilioChoice, limit: int, *, is_before: bool
) -> tuple[list[TwilioRow], list[TwilioRow]]:
    """Returns the outbound and the inbound messages nearest to the place of a choice: those with smaller ids, the largest first,
    or the others, the smallest first."""
    sign, order = ("<", "DESC") if is_before else (">=", "ASC")
    outbound = [(f"m.id {sign} ?", (chosen.before_out,)), *_find_times("m.sent_at", chosen)]
    inbound = [(f"i.id {sign} ?", (chosen.before_in,)), *_find_times("i.stored_at", chosen)]
    if chosen.to is not None:
        outbound.append(_make_choice("m.number", chosen.to[0]))
        inbound.append(_make_choice("i.to_sim", chosen.to[1]))
    if chosen.sender is not None:
        outbound.append(_make_choice("coalesce(m.sim, m.pinned)", chosen.sender[1]))
        inbound.append(_make_choice("i.sender", chosen.sender[0]))
    return (
        _read(db, _OUTBOUND, outbound, f"m.id {order}", limit),
        _read(db, _INBOUND, inbound, f"i.id {order}", limit) if chosen.with_inbound else [],
    )


_Condition = tuple[str, tuple[object, ...]]


def _find_times(column: str, chosen: TwilioChoice) -> list[_Condition]:
    found: list[_Condition] = []
    if chosen.since is not None:
        found.append((f"{column} >= ?", (to_text(chosen.since),)))
    if chosen.until is not None:
        found.append((f"{column} < ?", (to_text(chosen.until),)))
    return found


def _make_choice(column: str, values: tuple[str, ...]) -> _Condition:
    return f"{column} IN ({', '.join('?' * len(values))})", values


def _read(db: sqlite3.Connection, sql: str, conditions: list[_Condition], order: str, limit: int) -> list[TwilioRow]:
    where = "".join(f" AND {condition}" for condition, _ in conditions)
    values = [value for _, given in conditions for value in given]
    rows = db.execute(f"{sql}{where} ORDER BY {order} LIMIT ?", (*values, limit))
    return [read_row(TwilioRow, row) for row in rows.fetchall()]
