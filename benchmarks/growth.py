"""What a claim, a send, its report and an arrival cost with a million rows in the way, beside ten thousand.

In this process, one thread. Both databases take each change in turn, now one first and now the other, on a disk that takes no
time: so what else the machine does meets both alike.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from benchmarks.daemon_process import MEMORY, folder
from benchmarks.figures import figure, say
from modemd.config import CurrentSettings, Settings
from modemd.rules.classes import MessageClass
from modemd.rules.consent.words.matching import Words
from modemd.rules.pauses import Pause
from modemd.rules.report_matching import ReportFacts, make_owner_finder
from modemd.rules.routing import Routes
from modemd.rules.send_decision import decide
from modemd.rules.sending_rules import SendingRules
from modemd.rules.sending_time import SimCapacity
from modemd.service.messages.batches import Batches
from modemd.service.messages.estimates import Estimates
from modemd.service.messages.submission import Submission
from modemd.service.rules_in_force import RulesInForce
from modemd.store import Store
from modemd.store.connection import connect
from modemd.store.events import Authorship
from modemd.store.inbound import inbox, status_reports
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.inbound.status_reports import NewReport
from modemd.store.outbox import accept
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.queue import claims, outcomes, pauses
from modemd.store.queue.claims import Claim
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult
from modemd.store.schema import migrate

WEST, PAUSED = "8933010000000000010", "8933010000000000028"
RULES = SendingRules()
OWNER = make_owner_finder(timedelta(seconds=60))
NOW = datetime.now(UTC)
SMALL, LARGE = 10_000, 1_000_000
TIMES = 400

Made = TypeVar("Made")


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


# The case that is named, and the SIM that what is queued is pinned to.
CASES = (("in every SIM's lane", None), ("pinned to a paused SIM", PAUSED))


def measure(large: int = LARGE, rows: int = 20_000) -> None:
    """Queued, held and done rows in equal shares; then the same with the queued ones pinned to a SIM that is paused."""
    for where, pinned in CASES:
        few, many = costs((SMALL, large), pinned)
        for what in few:
            figure(f"{what}: {large:,} rows {where} over {SMALL:,}", many[what] / few[what], most=1.2)
            say(f"  {many[what] * 1e6:.0f} µs over {few[what] * 1e6:.0f}")
    figure("enqueued a second, checked and accepted, by CSV", asyncio.run(enqueued(rows)), "rows/s", least=6000)


def costs(sizes: tuple[int, ...], pinned: str | None) -> list[dict[str, float]]:
    """The median seconds of each change, in databases of these sizes."""
    with folder(MEMORY) as made:
        rooms = [Room(connect(made / f"{rows}.db"), rows, pinned) for rows in sizes]
        for index in range(TIMES):
            for room in rooms if index % 2 else reversed(rooms):
                room.work(index)
        for room in rooms:
            room.db.close()
    return [{what: statistics.median(seconds) for what, seconds in room.lasted.items()} for room in rooms]


class Room:
    """A database with so many rows in the way, and how long the changes in it lasted."""

    def __init__(self, db: sqlite3.Connection, rows: int, pinned: str | None) -> None:
        self.db, self._pinned = db, pinned
        self.lasted: dict[str, list[float]] = defaultdict(list)
        migrate(db)
        fill(db, rows, pinned)
        if pinned is not None:
            db.execute("BEGIN")
            pauses.pause(db, Pause(sim=pinned), Authorship("the benchmark", "to see what waits"), NOW)
            db.execute("COMMIT")
        for index in range(TIMES):  # what is claimed, where the rest is another SIM's
            self._takes(partial(accept.submit, db, new(f"+3368{index:07d}"), RULES, NOW))

    def work(self, index: int) -> None:
        """One of each."""
        db = self.db
        claim = self._takes(partial(claimed, db, WEST), "claim")
        if claim is None:
            raise RuntimeError("nothing was queued")
        reference = index % 256
        self._takes(
            partial(
                outcomes.close_attempt, db, AttemptOutcome(claim.attempt_id, AttemptResult.SENT, NOW, reference), NOW
            ),
            "outcome kept",
        )
        report = delivered(claim.candidate.number, reference, index)
        if self._takes(partial(status_reports.record_report, db, report, OWNER, NOW), "status report") is None:
            raise RuntimeError("the report is nobody's")
        self._takes(partial(accept.submit, db, new(f"+3369{index:07d}"), RULES, NOW), "submit")
        arrival = Arrival(WEST, index.to_bytes(4, "big"), f"+3369{index:07d}", "text", "hi", NOW)
        self._takes(partial(inbox.store_arrival, db, arrival, lambda tpdus: ("text", ""), NOW), "arrival")
        if self._pinned is not None and self._takes(partial(claimed, db, self._pinned), "claim by the SIM itself"):
            raise RuntimeError("a paused SIM sends")

    def _takes(self, change: Callable[[], Made], what: str | None = None) -> Made:
        """Make a change, with its commit; on the list under `what`."""
        began = time.perf_counter()
        self.db.execute("BEGIN IMMEDIATE")
        made = change()
        self.db.execute("COMMIT")
        if what is not None:
            self.lasted[what].append(time.perf_counter() - began)
        return made


def new(number: str, pinned: str | None = None) -> OutboundMessage:
    ends = NOW + timedelta(days=1)
    return OutboundMessage(
        number, "Your order is ready.", MessageClass.TRANSACTIONAL, 1, ends, report=True, pinned=pinned
    )


def claimed(db: sqlite3.Connection, sim: str) -> Claim | None:
    return claims.claim(db, sim, "imei", lambda facts: decide(facts, RULES, NOW), NOW)


def delivered(number: str, reference: int, index: int) -> NewReport:
    told = ReportFacts(reference, number, NOW.replace(microsecond=0))
    return NewReport(WEST, index.to_bytes(8, "big"), told, status_reports.DeliveryOutcome.DELIVERED, 0, NOW)


def fill(db: sqlite3.Connection, rows: int, pinned: str | None) -> None:
    """A third done, a third queued, a third held; copied inside SQLite from one message of each kind.

    What is done was sent by one SIM over a month, with every reference in turn, and each was delivered.
    """
    db.execute("BEGIN")
    accept.submit(db, new("+33600000001"), RULES, NOW)
    claim = claimed(db, WEST)
    assert claim is not None
    outcomes.close_attempt(db, AttemptOutcome(claim.attempt_id, AttemptResult.SENT, NOW, 0), NOW)
    status_reports.record_report(db, delivered("+33600000001", 0, -1 % 2**64), OWNER, NOW)
    accept.submit(db, new("+33600000002", pinned), RULES, NOW)
    ends = NOW + timedelta(days=9)
    later = OutboundMessage("+33600000003", "later", MessageClass.TRANSACTIONAL, 1, ends, at=NOW + timedelta(days=8))
    accept.submit(db, later, RULES, NOW)
    for table, own in _COPIED:
        _copy(db, table, own, rows // 3 - 1)
    db.execute("INSERT OR IGNORE INTO contact (number, last_sim) SELECT DISTINCT number, sim FROM message")
    db.execute("COMMIT")


# Tables in the order in which they need one another, and what says whose a row is.
_COPIED = (
    ("message", "id"),
    ("part", "message_id"),
    ("attempt", "message_id"),
    ("report", "attempt_id"),
    ("event", "message_id"),
)
_MONTH_S = 30 * 86400


def _copy(db: sqlite3.Connection, table: str, own: str, times: int) -> None:
    """Each row so many times, of messages three further on each time, to other numbers; what was tried, earlier each time."""
    columns = [row["name"] for row in db.execute(f"PRAGMA table_info({table})")]
    told = {
        "id": "id + 3 * k" if own == "id" else "NULL",
        "message_id": "message_id + 3 * k",
        "part_id": "part_id + 3 * k",
        "attempt_id": "attempt_id + k",
        "number": "printf('+337%08d', substr(number, -1) + 3 * k)",
    }
    if table in ("attempt", "report"):
        for at in ("opened_at", "written_at", "closed_at", "accepted_at", "discharged_at", "stored_at"):
            told[at] = (
                f"strftime('%Y-%m-%dT%H:%M:%f000+00:00', {at}, printf('-%.3f seconds', {_MONTH_S}.0 * k / {times}))"
            )
        told |= {"reference": "(reference + k) % 256", "tpdu": "randomblob(8)", "fingerprint": "randomblob(32)"}
    values = ", ".join(told.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    db.execute(
        f"""WITH RECURSIVE counting (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM counting WHERE k < {times})
            INSERT INTO {table} ({names}) SELECT {values} FROM (SELECT * FROM {table}) CROSS JOIN counting
            ORDER BY k, id"""  # noqa: S608 - names of our own
    )


class NoModems:
    """Nobody is woken."""

    def __call__(self, *given: object) -> None: ...


async def list_no_capacities() -> Sequence[SimCapacity]:
    """No SIM was seen yet."""
    return ()


async def enqueued(rows: int) -> float:
    """Rows a second of a CSV, from the call to its answer: numbers parsed, parts counted, consent asked, durable."""
    with folder() as made:
        store = await Store.open(made / "modemd.db")
        settings = Settings.model_validate(
            {"database": str(made / "modemd.db"), "modems": [{"name": "m", "port": "/dev/m"}]}
        )
        current, clock = CurrentSettings(settings), SystemClock()
        submitting = Submission(store, current, RulesInForce(current), clock, NoModems(), Words.load)
        estimates = Estimates(store, clock, Routes(), list_no_capacities)
        batching = Batches(store, current, submitting, RulesInForce(current), clock, estimates, NoModems())
        file = "to,text,class\n" + "".join(
            f"+336{row:08d},Your order {row} is ready.,transactional\n" for row in range(rows)
        )
        began = time.perf_counter()
        await batching.accept(file.encode())
        lasted = time.perf_counter() - began
        await store.close()
    return rows / lasted


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else LARGE)
