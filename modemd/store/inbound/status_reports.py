"""Status reports: stores each, and settles the attempt that it certainly belongs to."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from modemd.light_dataclass import dataclass
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

# A report's attempt is looked for so far around its stamp: the clocks' skew, the longest send time-out and the late acceptance.
RIVAL_MARGIN = timedelta(minutes=30)
# Another message to the same number in so long before an attempt may be the owner of its report, by a clock and a time-out.
PROOF_MARGIN = timedelta(minutes=20)


class DeliveryOutcome(StrEnum):
    """Meaning of TP-Status (3GPP TS 23.040 9.2.3.15). UNCONFIRMED: forwarded or replaced, which is no receipt of the phone.
    STOPPED: a temporary error, and the service centre has given up."""

    DELIVERED = "delivered"
    UNCONFIRMED = "unconfirmed"
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
    last_attempt = _find_last_ended(db, new.sim)
    attempt = _match(db, new, owner, now, last_attempt)
    kept_as = db.execute(
        """INSERT INTO report (sim, tpdu, reference, number, status, outcome, accepted_at, discharged_at, stored_at, attempt_id,
                               last_attempt, fingerprint)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO NOTHING RETURNING id""",
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
            last_attempt,
            _fingerprint(new),
        ),
    ).fetchone()
    if kept_as is None:
        return None
    if attempt is None:
        add_event(db, None, now, "report unmatched", report=kept_as["id"])
        return None
    message = _apply_report(db, attempt, new, kept_as["id"], now, now)
    # What this report has proved may tell whose the earlier ones about the number are.
    for report in _list_unmatched(db, new.sim, now, new.facts.number):
        _match_late(db, report, owner, now)
    return message


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
    waiting = _list_unmatched(db, sim, now)
    return {message for report in waiting if (message := _match_late(db, report, owner, now)) is not None}


def _list_unmatched(db: sqlite3.Connection, sim: str, now: datetime, number: str | None = None) -> list[sqlite3.Row]:
    """Returns the latest unmatched reports of a SIM, oldest first; with `number` those that may be about that number."""
    end = phone_numbers.tail(number) if number is not None else None
    rows = db.execute(
        _UNMATCHED.format(among="AND substr(number, -6) = :end" if end is not None else ""),
        {"sim": sim, "since": to_text(now - AWAITED), "end": end},
    ).fetchall()
    return rows[::-1]


_UNMATCHED = """
    SELECT * FROM report INDEXED BY report_unmatched WHERE sim = :sim AND attempt_id IS NULL AND stored_at > :since {among}
    ORDER BY stored_at DESC, id DESC LIMIT 50
"""


def _match_late(db: sqlite3.Connection, report: sqlite3.Row, owner: FindOwner, now: datetime) -> int | None:
    """Matches a report that was stored without an attempt. Returns the message that it settled; None if it still has no
    attempt."""
    new, stored_at = _parse_report(report), from_text(report["stored_at"])
    attempt = _match(db, new, owner, now, report["last_attempt"], stored_at)
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
    by_id = _find_possible_attempts(db, new, stored_at, report["last_attempt"], stored_at)
    finding = weigh(*_gather_facts(db, new, by_id, stored_at))
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


def _find_last_ended(db: sqlite3.Connection, sim: str) -> int:
    """Returns an attempt up to which all of a SIM have ended; 0 if none has."""
    first_open = f"SELECT min(id) AS id FROM attempt WHERE sim = ? AND outcome = 'open' AND {UNANSWERED_SQL}"  # noqa: S608 - our own words
    opened = db.execute(first_open, (sim,)).fetchone()["id"]
    if opened is not None:
        return int(opened) - 1
    return db.execute("SELECT max(id) AS id FROM attempt").fetchone()["id"] or 0


def _match(
    db: sqlite3.Connection,
    new: NewReport,
    owner: FindOwner,
    now: datetime,
    last_attempt: int,
    stored_at: datetime | None = None,
) -> sqlite3.Row | None:
    """Returns the attempt that a report is of; None if that is not certain, or the attempt's answer is still awaited, after which
    `rematch_reports` follows. `stored_at`: when the report came, if not now; `last_attempt`: the last one that had ended then."""
    by_id = _find_possible_attempts(db, new, now, last_attempt, stored_at or now)
    found = owner(*_gather_facts(db, new, by_id, now))
    if found is None or by_id[found]["outcome"] == "open":
        return None
    return by_id[found]


def _find_possible_attempts(
    db: sqlite3.Connection, new: NewReport, now: datetime, last_attempt: int, stored_at: datetime
) -> dict[int, sqlite3.Row]:
    """Returns the attempts that may own a report, by id. Attempts to other numbers are left out if the end of the number tells
    them: of one reference there are a thousand in a month."""
    end, moment = phone_numbers.tail(new.facts.number), new.facts.accepted_at or stored_at
    parameters = {
        "sim": new.sim,
        "reference": new.facts.reference,
        "horizon": to_text(now - MATCH_HORIZON),
        "end": end,
        "from": to_text(moment - RIVAL_MARGIN),
        "until": to_text(moment + RIVAL_MARGIN),
    }
    rows = db.execute(
        _POSSIBLE.format(among="AND substr(number, -6) = :end" if end is not None else ""), parameters
    ).fetchall()
    if end is not None:
        rows += db.execute(_RIVALS, parameters).fetchall()
    # A report cannot speak of what was written after it came. The times alone do not tell, if the clock was set back between.
    return {
        row["id"]: row
        for row in rows
        if row["id"] <= last_attempt or (row["written_at"] or row["opened_at"]) <= to_text(stored_at)
    }


# `settled_stamp`: when the service centre took the message, by the report that settled the attempt: received (TP-Status 0), or a
# final error (from 0x40 on). One that it is still trying, was forwarded or replaced settles nothing.
_ATTEMPT = """SELECT *, (
                  SELECT max(r.accepted_at) FROM report r
                  WHERE r.attempt_id = attempt.id AND (r.status = 0 OR r.status >= 64)
              ) AS settled_stamp
              FROM attempt"""
_POSSIBLE = f"""
    {_ATTEMPT} INDEXED BY attempt_reference
    WHERE sim = :sim AND reference = :reference AND outcome = 'sent' AND opened_at > :horizon {{among}}
    UNION ALL
    {_ATTEMPT} INDEXED BY attempt_unanswered WHERE sim = :sim AND matchable = 1 AND {UNANSWERED_SQL}
"""
# The other attempts to the number, in the time in which the report's can have been written.
_RIVALS = f"""
    {_ATTEMPT} INDEXED BY attempt_recipient
    WHERE sim = :sim AND substr(number, -6) = :end AND opened_at BETWEEN :from AND :until AND outcome = 'sent'
    ORDER BY opened_at DESC LIMIT 50
"""
# The modems whose reference a report of this SIM had, of the latest reports: that of an attempt without an answer was no answer.
# A report proves nothing if another message had gone to the number shortly before, or since: it may be the other's.
_PROVED = """
    SELECT a.modem FROM report r JOIN attempt a ON a.id = r.attempt_id
    WHERE r.id > (SELECT max(id) FROM report) - 500 AND r.sim = :sim AND a.reference = r.reference AND a.error IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM attempt b INDEXED BY attempt_recipient
            WHERE b.outcome = 'sent' AND b.sim = a.sim AND substr(b.number, -6) = substr(a.number, -6) AND b.id <> a.id
                AND b.opened_at > strftime('%Y-%m-%dT%H:%M:%f', a.opened_at, :margin) AND b.opened_at < r.stored_at
        )
"""


def _gather_facts(
    db: sqlite3.Connection, new: NewReport, by_id: dict[int, sqlite3.Row], now: datetime
) -> tuple[ReportFacts, list[AttemptFacts]]:
    """Returns a report and the attempts that it may be of, as the rule takes them. What is proved of references is looked up only
    if there are several."""
    if len(by_id) < 2:
        return new.facts, [_parse_attempt(row, is_proved=False) for row in by_id.values()]
    proved = {
        row["modem"] for row in db.execute(_PROVED, {"sim": new.sim, "margin": f"-{PROOF_MARGIN.seconds} seconds"})
    }
    about = _list_unmatched(db, new.sim, now, new.facts.number)
    siblings = frozenset(
        row["reference"] for row in about if phone_numbers.is_same_number(row["number"], new.facts.number)
    )
    attempts = [_parse_attempt(row, is_proved=row["modem"] in proved) for row in by_id.values()]
    return replace(new.facts, siblings=siblings), attempts


def _parse_attempt(row: sqlite3.Row, *, is_proved: bool) -> AttemptFacts:
    return AttemptFacts(
        attempt_id=row["id"],
        reference=row["reference"],
        number=row["number"],
        written_at=from_text(row["written_at"] or row["opened_at"]),
        is_settled=bool(row["settled"]) or not row["matchable"],
        is_accepted=row["outcome"] == "sent",
        settled_stamp=_parse_optional_time(row["settled_stamp"]) if row["settled"] else None,
        has_proved_reference=is_proved,
        answered_at=_parse_optional_time(row["closed_at"]),
        part_id=row["part_id"],
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
    elif new.outcome is DeliveryOutcome.UNCONFIRMED:
        add_event(db, message_id, now, f"report {new.outcome}", part=part["seq"], **detail)
        update_message_state(db, message_id, now, f"status_{new.status:02X}")
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
