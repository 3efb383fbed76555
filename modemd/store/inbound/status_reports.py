"""Status reports: stores each, and settles the attempt that it certainly belongs to."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from modemd.rules import phone_numbers, states
from modemd.rules.report_matching import AttemptFacts, FindOwner, MatchDoubt, ReportFacts, ReportMatch
from modemd.store.events import add_event
from modemd.store.queue.outcomes import UNANSWERED_SQL, is_provable
from modemd.store.timestamps import from_text, to_text
from modemd.store.transitions import advance_part, update_message_state

# An unmatched report that is older than this was not early: no attempt will own it. Such reports gather, and are not searched.
AWAITED = timedelta(days=1)
# How far back an attempt may own a report: the month that a service centre keeps a message at most, and a week.
MATCH_HORIZON = timedelta(days=37)


class DeliveryOutcome(StrEnum):
    """Meaning of TP-Status (3GPP TS 23.040 9.2.3.15). STOPPED: a temporary error, and the service centre has given up."""

    DELIVERED = "delivered"
    TRYING = "trying"
    PERMANENT = "permanent"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class NewReport:
    """Status report as it came in. Times are aware; None if the octets are rubbish."""

    sim: str
    tpdu: bytes
    facts: ReportFacts
    outcome: DeliveryOutcome
    status: int
    discharged_at: datetime | None


def record_report(db: sqlite3.Connection, new: NewReport, owner: FindOwner, now: datetime) -> int | None:
    """Stores a report and settles its attempt. Returns the message that it speaks of; None if that is not certain, or the report
    came before."""
    attempt = _match(db, new, owner, now)
    kept_as = db.execute(
        """INSERT INTO report (sim, tpdu, reference, number, status, outcome, accepted_at, discharged_at, stored_at, attempt_id,
                               fingerprint)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO NOTHING RETURNING id""",
        (
            new.sim,
            new.tpdu,
            new.facts.reference,
            new.facts.number,
            new.status,
            str(new.outcome),
            to_text(new.facts.accepted_at) if new.facts.accepted_at else None,
            to_text(new.discharged_at) if new.discharged_at else None,
            to_text(now),
            attempt["id"] if attempt is not None else None,
            _fingerprint(new),
        ),
    ).fetchone()
    if kept_as is None or attempt is None:
        return None
    return _apply_report(db, attempt, new, kept_as["id"], now, now)


def find_written_at(db: sqlite3.Connection, new: NewReport) -> datetime | None:
    """Returns when the attempt that a stored report belongs to was written; None if it belongs to none."""
    row = db.execute(
        "SELECT a.written_at FROM report r JOIN attempt a ON a.id = r.attempt_id WHERE r.fingerprint = ?",
        (_fingerprint(new),),
    ).fetchone()
    return from_text(row["written_at"]) if row is not None and row["written_at"] else None


def _fingerprint(new: NewReport) -> bytes:
    return hashlib.sha256(new.sim.encode() + b"\0" + new.tpdu).digest()


def rematch_reports(db: sqlite3.Connection, sim: str, owner: FindOwner, now: datetime) -> set[int]:
    """Matches the unmatched reports of a SIM again, after an attempt of it was closed. Returns the messages they settled."""
    waiting = db.execute(
        """SELECT * FROM report INDEXED BY report_unmatched WHERE sim = ? AND attempt_id IS NULL AND stored_at > ?
           ORDER BY stored_at DESC, id DESC LIMIT 50""",
        (sim, to_text(now - AWAITED)),
    ).fetchall()
    return {message for report in reversed(waiting) if (message := _match_late(db, report, owner, now)) is not None}


def _match_late(db: sqlite3.Connection, report: sqlite3.Row, owner: FindOwner, now: datetime) -> int | None:
    """Matches a report that was stored without an attempt. Returns the message that it settled; None if it still has no
    attempt."""
    new, stored_at = _parse_report(report), from_text(report["stored_at"])
    attempt = _match(db, new, owner, now, stored_at)
    if attempt is None:
        return None
    db.execute("UPDATE report SET attempt_id = ? WHERE id = ?", (attempt["id"], report["id"]))
    return _apply_report(db, attempt, new, report["id"], stored_at, now)


class UnmatchedReason(StrEnum):
    """Reason why a report is unmatched though the rule would give it to an attempt."""

    ANSWER_AWAITED = "answer_awaited"  # the modem has not answered the attempt yet
    NOT_THEN = "not_then"  # no attempt fitted when it came, nor within a day after


MatchReport = Callable[[ReportFacts, Sequence[AttemptFacts]], ReportMatch]


def explain_unmatched(db: sqlite3.Connection, report_id: int, weigh: MatchReport) -> MatchDoubt | UnmatchedReason:
    """Returns why an unmatched report belongs to no attempt, by what is known of the attempts now."""
    report = db.execute("SELECT * FROM report WHERE id = ?", (report_id,)).fetchone()
    new, stored_at = _parse_report(report), from_text(report["stored_at"])
    by_id = _find_possible_attempts(db, new, stored_at, stored_at)
    finding = weigh(new.facts, [_parse_attempt(row) for row in by_id.values()])
    if finding.doubt is not None:
        return finding.doubt
    awaited = finding.attempt_id is not None and by_id[finding.attempt_id]["outcome"] == "open"
    return UnmatchedReason.ANSWER_AWAITED if awaited else UnmatchedReason.NOT_THEN


def _parse_report(report: sqlite3.Row) -> NewReport:
    """Returns a stored report as it came in."""
    return NewReport(
        report["sim"],
        report["tpdu"],
        ReportFacts(report["reference"], report["number"], _parse_optional_time(report["accepted_at"])),
        DeliveryOutcome(report["outcome"]),
        report["status"],
        _parse_optional_time(report["discharged_at"]),
    )


def _parse_optional_time(text: str | None) -> datetime | None:
    return from_text(text) if text is not None else None


def _match(
    db: sqlite3.Connection, new: NewReport, owner: FindOwner, now: datetime, stored_at: datetime | None = None
) -> sqlite3.Row | None:
    """Returns the attempt that a report is of; None if that is not certain, or the attempt's answer is still awaited, after which
    `rematch_reports` follows. `stored_at`: when the report came, if not now."""
    by_id = _find_possible_attempts(db, new, now, stored_at or now)
    found = owner(new.facts, [_parse_attempt(row) for row in by_id.values()])
    if found is None or by_id[found]["outcome"] == "open":
        return None
    return by_id[found]


def _find_possible_attempts(
    db: sqlite3.Connection, new: NewReport, now: datetime, stored_at: datetime
) -> dict[int, sqlite3.Row]:
    """Returns the attempts that may own a report, by id. Attempts to other numbers are left out if the end of the number tells
    them: of one reference there are a thousand in a month."""
    end = phone_numbers.tail(new.facts.number)
    rows = db.execute(
        _POSSIBLE.format(among="AND substr(number, -6) = :end" if end is not None else ""),
        {"sim": new.sim, "reference": new.facts.reference, "horizon": to_text(now - MATCH_HORIZON), "end": end},
    ).fetchall()
    # A report cannot speak of what was written after it came.
    return {row["id"]: row for row in rows if (row["written_at"] or row["opened_at"]) <= to_text(stored_at)}


_POSSIBLE = f"""
    SELECT * FROM attempt INDEXED BY attempt_reference
    WHERE sim = :sim AND reference = :reference AND outcome = 'sent' AND opened_at > :horizon {{among}}
    UNION ALL
    SELECT * FROM attempt INDEXED BY attempt_unanswered WHERE sim = :sim AND matchable = 1 AND {UNANSWERED_SQL}
"""  # noqa: S608 - our own words


def _parse_attempt(row: sqlite3.Row) -> AttemptFacts:
    return AttemptFacts(
        attempt_id=row["id"],
        reference=row["reference"],
        number=row["number"],
        written_at=from_text(row["written_at"] or row["opened_at"]),
        is_settled=bool(row["settled"]) or not row["matchable"],
        answered_at=from_text(row["closed_at"]) if row["closed_at"] else None,
    )


def _apply_report(
    db: sqlite3.Connection, attempt: sqlite3.Row, new: NewReport, report_id: int, stored_at: datetime, now: datetime
) -> int:
    """Applies a report to the part of its attempt, and returns the message. A part that a later attempt has taken further keeps
    its state."""
    message_id: int = attempt["message_id"]
    part = db.execute(_PART, (attempt["part_id"],)).fetchone()
    detail = {"attempt": attempt["id"], "report": report_id, "status": f"{new.status:02X}"}
    final = new.outcome is not DeliveryOutcome.TRYING
    if attempt["outcome"] == "unknown":
        db.execute(
            "UPDATE attempt SET outcome = 'sent', reference = ?, settled = max(settled, ?) WHERE id = ?",
            (new.facts.reference, final, attempt["id"]),
        )
        if attempt["matchable"] and is_provable(part):
            advance_part(db, part, states.PartEvent.ACCEPTED, now, **detail)
            part = db.execute(_PART, (part["id"],)).fetchone()
    elif final:
        db.execute("UPDATE attempt SET settled = 1 WHERE id = ?", (attempt["id"],))
    delivered = new.outcome is DeliveryOutcome.DELIVERED
    # The part has arrived if one of two attempts has; that one has not proves nothing about the other.
    hopeful = not delivered and db.execute(_OTHER, (part["id"], attempt["id"])).fetchone()
    if not final or part["state"] != states.PartState.SENT or hopeful or part["closed"]:
        add_event(db, message_id, now, f"report {new.outcome}", part=part["seq"], **detail)
        update_message_state(db, message_id, now)
    elif delivered:
        advance_part(db, part, states.PartEvent.DELIVERED, now, **detail)
        update_message_state(db, message_id, now, delivered_at=to_text(new.discharged_at or stored_at))
    else:
        advance_part(db, part, states.PartEvent.UNDELIVERED, now, **detail)
        update_message_state(db, message_id, now, f"status_{new.status:02X}")
    return message_id


# `closed`: its message keeps its name, and what comes later is noted, and changes nothing.
_PART = """
    SELECT p.*, m.closed_at IS NOT NULL AND m.state IN ('sent', 'unknown') AS closed
    FROM part p JOIN message m ON m.id = p.message_id WHERE p.id = ?
"""

_OTHER = """SELECT 1 FROM attempt WHERE part_id = ? AND id <> ?
            AND (outcome IN ('open', 'unknown') OR outcome = 'sent' AND settled = 0) LIMIT 1"""
