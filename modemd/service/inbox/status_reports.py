"""Status reports as they arrive: stored, matched with their attempts, and read for the network's time."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from modemd import logs, pdu
from modemd.clock import Clock
from modemd.connector import Sender
from modemd.rules.report_matching import FindOwner, ReportFacts, make_owner_finder
from modemd.store.inbound import status_reports

log = logs.get(__name__)

# If the part was written longer ago, our clock may have been stepped since, and is not compared with the report's stamp.
RECENT_AGE = timedelta(hours=1)

# Is called with a stamp of the network, the time of our clock that belongs to it (None: our clock is only known to be no earlier
# than the stamp), and the source: two stamps of one source are one witness.
NoteNetworkTime = Callable[[datetime, datetime | None, str | None], None]
# `Store.write`, or `write_lazily`.
Write = Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]]


class StatusReports:
    """Storage of status reports. `on_network_time` is called with the stamps in them."""

    def __init__(self, clock: Clock, on_network_time: NoteNetworkTime) -> None:
        self._clock = clock
        self._on_network_time = on_network_time

    async def store(self, sender: Sender, tpdu: bytes, report: pdu.StatusReport, write: Write) -> None:
        """Stores a report and matches it with its attempt. When this returns the report is durable."""
        new = status_reports.NewReport(
            sim=sender.id,
            tpdu=pdu.clear_more_to_send(tpdu),  # a report that is delivered again may differ in it
            facts=ReportFacts(report.reference, str(report.recipient), report.timestamp.value),
            outcome=status_reports.DeliveryOutcome(report.outcome.value),
            status=report.status,
            discharged_at=report.discharge.value,
        )
        now = self._clock.now()
        owner = make_owner_finder(timedelta(seconds=sender.send_timeout_s))
        message, written_at = await write(lambda db: _record(db, new, owner, now))
        self._note_time(report.timestamp.value, report.discharge.value, written_at, now, f"report {tpdu.hex()}")
        log.info("status report", message=message, reference=report.reference, status=f"{report.status:02X}")

    def _note_time(
        self,
        accepted: datetime | None,
        discharged: datetime | None,
        written_at: datetime | None,
        now: datetime,
        source: str,
    ) -> None:
        """Calls `on_network_time`: with both times if the report is about a part that was written lately; else with the latest
        stamp alone."""
        if accepted is not None and written_at is not None and now - written_at <= RECENT_AGE:
            self._on_network_time(accepted, written_at, source)
        elif (latest := discharged or accepted) is not None:
            self._on_network_time(latest, None, source)


def _record(
    db: sqlite3.Connection, new: status_reports.NewReport, owner: FindOwner, now: datetime
) -> tuple[int | None, datetime | None]:
    """Stores a report. Returns its message, and when the part that it is about was written."""
    message = status_reports.record_report(db, new, owner, now)
    return message, status_reports.find_written_at(db, new) if message is not None else None
