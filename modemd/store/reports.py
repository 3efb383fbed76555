"""Status reports: each is kept, and each that certainly belongs to an attempt settles it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from modemd.rules import states
from modemd.rules.evidence import Doubt, Finding, Told, Tried
from modemd.store.claims import proves
from modemd.store.journal import advance, note, refresh
from modemd.store.moments import kept, moment

# An unmatched report that is older than this was not early: nobody will own it. Such reports gather, and cost no look.
AWAITED = timedelta(days=1)
# How far back an attempt may own a report: the month that a service centre keeps a message at most, and a week.
HORIZON = timedelta(days=37)


class Outcome(StrEnum):
    """What TP-Status says (3GPP TS 23.040 9.2.3.15). STOPPED: a temporary error, and the service centre has given up."""

    DELIVERED = "delivered"
    TRYING = "trying"
    PERMANENT = "permanent"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class NewReport:
    """A status report as it came in. Times are aware; None where the octets are rubbish."""

    sim: str
    tpdu: bytes
    told: Told
    outcome: Outcome
    status: int
    discharged_at: datetime | None


Owner = Callable[[Told, Sequence[Tried]], int | None]


def record(db: sqlite3.Connection, new: NewReport, owner: Owner, now: datetime) -> int | None:
    """Keep a report and settle its attempt. The message it speaks of; None: none for certain, or it came before."""
    report = db.execute(
        """INSERT INTO report (sim, tpdu, reference, number, status, outcome, accepted_at, discharged_at, stored_at, fingerprint)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO NOTHING RETURNING *""",
        (
            new.sim,
            new.tpdu,
            new.told.reference,
            new.told.number,
            new.status,
            new.outcome,
            kept(new.told.accepted_at) if new.told.accepted_at else None,
            kept(new.discharged_at) if new.discharged_at else None,
            kept(now),
            _fingerprint(new),
        ),
    ).fetchone()
    return _match(db, report, owner, now) if report is not None else None


def written_at(db: sqlite3.Connection, new: NewReport) -> datetime | None:
    """When the attempt that a kept report belongs to was written."""
    row = db.execute(
        "SELECT a.written_at FROM report r JOIN attempt a ON a.id = r.attempt_id WHERE r.fingerprint = ?",
        (_fingerprint(new),),
    ).fetchone()
    return moment(row["written_at"]) if row is not None and row["written_at"] else None


def _fingerprint(new: NewReport) -> bytes:
    return hashlib.sha256(new.sim.encode() + b"\0" + new.tpdu).digest()


def match_again(db: sqlite3.Connection, sim: str, owner: Owner, now: datetime) -> set[int]:
    """Look again at the unmatched reports of a SIM, after an attempt of it was closed. The messages they settled."""
    waiting = db.execute(
        """SELECT * FROM report INDEXED BY report_unmatched WHERE sim = ? AND attempt_id IS NULL AND stored_at > ?
           ORDER BY stored_at DESC, id DESC LIMIT 50""",
        (sim, kept(now - AWAITED)),
    ).fetchall()
    settled = (_match(db, report, owner, now) for report in reversed(waiting))
    return {message for message in settled if message is not None}


class Unmatched(StrEnum):
    """Why a report is unmatched though the rule would give it to somebody."""

    ANSWER_AWAITED = "answer_awaited"  # the modem has not said yet what became of the attempt
    NOT_THEN = "not_then"  # nothing fitted when it came, and within a day after


Weigh = Callable[[Told, Sequence[Tried]], Finding]


def why_unmatched(db: sqlite3.Connection, report_id: int, weigh: Weigh) -> Doubt | Unmatched:
    """Why an unmatched report belongs to nobody, as attempts are known now."""
    report = db.execute("SELECT * FROM report WHERE id = ?", (report_id,)).fetchone()
    by_id = _possible(db, report, moment(report["stored_at"]))
    finding = weigh(_told(report), [_tried(row) for row in by_id.values()])
    if finding.doubt is not None:
        return finding.doubt
    awaited = finding.attempt is not None and by_id[finding.attempt]["outcome"] == "open"
    return Unmatched.ANSWER_AWAITED if awaited else Unmatched.NOT_THEN


def _told(report: sqlite3.Row) -> Told:
    return Told(report["reference"], report["number"], moment(report["accepted_at"]) if report["accepted_at"] else None)


def _match(db: sqlite3.Connection, report: sqlite3.Row, owner: Owner, now: datetime) -> int | None:
    by_id = _possible(db, report, now)
    found = owner(_told(report), [_tried(row) for row in by_id.values()])
    if found is None or by_id[found]["outcome"] == "open":
        return None  # nobody's for certain, or its answer is still awaited: `match_again` follows
    db.execute("UPDATE report SET attempt_id = ? WHERE id = ?", (found, report["id"]))
    _settle(db, by_id[found], report, now)
    return int(by_id[found]["message_id"])


def _possible(db: sqlite3.Connection, report: sqlite3.Row, now: datetime) -> dict[int, sqlite3.Row]:
    """The attempts that may own a report, by id."""
    rows = db.execute(
        """SELECT * FROM attempt INDEXED BY attempt_reference
           WHERE sim = :sim AND reference = :reference AND outcome = 'sent' AND opened_at > :horizon
           UNION ALL
           SELECT * FROM attempt INDEXED BY attempt_unknown
           WHERE sim = :sim AND matchable = 1 AND outcome IN ('open', 'unknown')""",
        {"sim": report["sim"], "reference": report["reference"], "horizon": kept(now - HORIZON)},
    ).fetchall()
    # A report cannot speak of what was written after it came.
    return {row["id"]: row for row in rows if (row["written_at"] or row["opened_at"]) <= report["stored_at"]}


def _tried(row: sqlite3.Row) -> Tried:
    return Tried(
        attempt=row["id"],
        reference=row["reference"],
        number=row["number"],
        written_at=moment(row["written_at"] or row["opened_at"]),
        settled=bool(row["settled"]) or not row["matchable"],
        answered_at=moment(row["closed_at"]) if row["closed_at"] else None,
    )


def _settle(db: sqlite3.Connection, attempt: sqlite3.Row, report: sqlite3.Row, now: datetime) -> None:
    """Apply a report to the part of its attempt. A part that a later attempt has taken further keeps its state."""
    part = db.execute("SELECT * FROM part WHERE id = ?", (attempt["part_id"],)).fetchone()
    detail = {"attempt": attempt["id"], "report": report["id"], "status": f"{report['status']:02X}"}
    outcome = Outcome(report["outcome"])
    final = outcome is not Outcome.TRYING
    db.execute(
        "UPDATE attempt SET outcome = 'sent', reference = ?, settled = max(settled, ?) WHERE id = ?",
        (report["reference"], final, attempt["id"]),
    )
    if attempt["outcome"] == "unknown" and attempt["matchable"] and proves(part):
        advance(db, part, states.Event.ACCEPTED, now, **detail)
        part = db.execute("SELECT * FROM part WHERE id = ?", (part["id"],)).fetchone()
    delivered = outcome is Outcome.DELIVERED
    closed = db.execute(_CLOSED, (attempt["message_id"],)).fetchone()
    # Whichever of two attempts arrives, the part has arrived; that one did not says nothing about the other.
    hopeful = not delivered and db.execute(_OTHER, (part["id"], attempt["id"])).fetchone()
    if not final or part["state"] != states.Part.SENT or hopeful or closed:
        note(db, attempt["message_id"], now, f"report {outcome}", part=part["seq"], **detail)
        refresh(db, attempt["message_id"], now)
        return
    advance(db, part, states.Event.DELIVERED if delivered else states.Event.UNDELIVERED, now, **detail)
    message_state = refresh(db, attempt["message_id"], now, None if delivered else f"status_{report['status']:02X}")
    if message_state is states.Message.DELIVERED:
        db.execute(
            "UPDATE message SET delivered_at = ? WHERE id = ?",
            (report["discharged_at"] or report["stored_at"], attempt["message_id"]),
        )


# Closed, keeping its name: what comes later is noted, and changes nothing.
_CLOSED = "SELECT 1 FROM message WHERE id = ? AND closed_at IS NOT NULL AND state IN ('sent', 'unknown')"
_OTHER = """SELECT 1 FROM attempt WHERE part_id = ? AND id <> ?
            AND (outcome IN ('open', 'unknown') OR outcome = 'sent' AND settled = 0) LIMIT 1"""
