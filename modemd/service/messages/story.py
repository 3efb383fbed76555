"""Story of a message: its parts, attempts, status reports and events."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from modemd.errors import Refused
from modemd.pdu.fields import status
from modemd.profiles import Profile
from modemd.rules import phone_numbers, report_matching
from modemd.rules.report_matching import Doubt, Finding, Told, Tried
from modemd.store import listings
from modemd.store.inbound import status_reports
from modemd.store.inbound.status_reports import Unmatched


def report_view(report: dict[str, Any], doubt: Doubt | Unmatched | None) -> dict[str, Any]:
    """A status report, its status in words, and of an unmatched one why it is nobody's."""
    words = {"reason": doubt.value, "because": BECAUSE[doubt]} if doubt is not None else {}
    return report | {"status": f"{report['status']:02X}", "meaning": status.describe(report["status"])} | words


BECAUSE: dict[Doubt | Unmatched, str] = {
    Doubt.NOBODY: "nothing that this SIM has sent to that number has the reference, and nothing of it is unknown",
    Doubt.REFERENCE_TAKEN: "an unknown attempt fits, but the reference belongs to another one",
    Doubt.SEVERAL: "more than one attempt can be meant",
    Doubt.OUT_OF_TIME: "an unknown attempt to that number does not fit its time",
    Doubt.NO_TIME: "its time cannot be read, and without it an unknown attempt is not proved",
    Doubt.SETTLED: "the owner of the reference had its final report, and the time fits no other",
    Unmatched.ANSWER_AWAITED: "the modem has not said yet what became of the attempt",
    Unmatched.NOT_THEN: "nothing fitted when it came, nor within a day after",
}


def _story(id: int, db: sqlite3.Connection) -> dict[str, Any]:
    found = listings.messages(db, id=id, limit=1)
    if not found:
        raise Refused("not_found", f"there is no message {id}")
    came = [report_view(row, None) for row in reversed(listings.reports(db, message_id=id, limit=0))]
    return found[0] | {
        "progress": listings.parts(db, id),
        "attempts": listings.attempts(db, id),
        "reports": came,
        "events": listings.events(db, id),
    }


def _reports(db: sqlite3.Connection, *, matched: bool | None, limit: int) -> list[dict[str, Any]]:
    rows = listings.reports(db, matched=matched, limit=limit)
    return [
        report_view(row, status_reports.why_unmatched(db, row["id"], _weigh) if row["attempt"] is None else None)
        for row in rows
    ]


def _weigh(told: Told, attempts: Sequence[Tried]) -> Finding:
    # Which modem it was that came with the report is not known any more: the usual time that one waits for an answer.
    timeout = timedelta(seconds=Profile("generic").send_timeout_s)
    return report_matching.weigh(told, attempts, phone_numbers.same_number, timeout)
