"""What a claim, a send and an arrival cost with a million rows in the way, beside ten thousand. In this process, one thread."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from benchmarks.figures import figure
from benchmarks.house import MEMORY, folder
from modemd.config import Settings
from modemd.rules.claiming import ConsentPolicy, Decision, Facts, decide
from modemd.rules.classes import MessageClass
from modemd.service.batching import Batching
from modemd.service.submitting import Submitting
from modemd.store import Store, claims, inbox, outbox
from modemd.store.claims import Outcome, Result
from modemd.store.inbox import Arrival
from modemd.store.outbox import NewMessage
from modemd.store.schema import migrate
from modemd.store.store import connect

WEST, PAUSED = "8933010000000000010", "8933010000000000028"
POLICY = ConsentPolicy()
NOW = datetime.now(UTC)
SMALL, LARGE = 10_000, 1_000_000
TIMES = 400


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def measure(large: int = LARGE, rows: int = 20_000) -> None:
    """Queued, held and done rows in equal shares; then the same with the queued ones pinned to a SIM that is not there."""
    for pinned in (False, True):
        few, many = costs((SMALL, large), pinned=pinned)
        where = "pinned to a SIM that is not there" if pinned else "in every SIM's lane"
        for what in few:
            figure(f"{what}: {large:,} rows {where} over {SMALL:,}", many[what] / few[what], most=1.2)
    figure("enqueued a second, checked and accepted, by CSV", asyncio.run(enqueued(rows)), "rows/s", least=6000)


def costs(sizes: tuple[int, ...], *, pinned: bool) -> list[dict[str, float]]:
    """The median seconds of each, in databases of these sizes; in turn, so that what else the machine does meets all alike."""
    with folder(MEMORY) as made:
        databases = [connect(made / f"{rows}.db") for rows in sizes]
        for db, rows in zip(databases, sizes, strict=True):
            migrate(db)
            fill(db, rows, PAUSED if pinned else None)
            for index in range(TIMES):
                took(db, partial(outbox.submit, db, new(f"+3368{index:07d}"), POLICY, NOW))
        found: list[dict[str, list[float]]] = [{"claim and send": [], "submit": [], "arrival": []} for _ in sizes]
        for index in range(TIMES):
            for db, lasted in zip(databases, found, strict=True):
                arrival = Arrival(WEST, index.to_bytes(4, "big"), f"+3369{index:07d}", "text", "hi", NOW)
                lasted["claim and send"].append(took(db, partial(send, db)))
                lasted["submit"].append(took(db, partial(outbox.submit, db, new(f"+3369{index:07d}"), POLICY, NOW)))
                lasted["arrival"].append(took(db, partial(inbox.keep, db, arrival, lambda tpdus: ("text", ""), NOW)))
        for db in databases:
            db.close()
    return [{what: statistics.median(seconds) for what, seconds in each.items()} for each in found]


def took(db: sqlite3.Connection, work: Callable[[], object]) -> float:
    """Seconds of a change with its commit, on a disk that takes no time: that is the same however many rows there are."""
    began = time.perf_counter()
    db.execute("BEGIN IMMEDIATE")
    work()
    db.execute("COMMIT")
    return time.perf_counter() - began


def new(number: str, pinned: str | None = None) -> NewMessage:
    return NewMessage(
        number, "Your order is ready.", MessageClass.TRANSACTIONAL, 1, NOW + timedelta(days=1), pinned=pinned
    )


def send(db: sqlite3.Connection) -> None:
    claim = claims.claim(db, WEST, "imei", _decided, NOW)
    if claim is None:
        raise RuntimeError("nothing was queued")
    claims.close(db, Outcome(claim.attempt_id, Result.SENT, NOW, claim.attempt_id % 256), NOW)


def _decided(facts: Facts) -> Decision:
    return decide(facts, POLICY, NOW)


def fill(db: sqlite3.Connection, rows: int, pinned: str | None) -> None:
    """A third done, a third queued, a third held; copied inside SQLite from one message of each kind."""
    db.execute("BEGIN")
    outbox.submit(db, new("+33600000001"), POLICY, NOW)
    send(db)
    outbox.submit(db, new("+33600000002", pinned), POLICY, NOW)
    ends = NOW + timedelta(days=9)
    later = NewMessage("+33600000003", "later", MessageClass.TRANSACTIONAL, 1, ends, at=NOW + timedelta(days=8))
    outbox.submit(db, later, POLICY, NOW)
    for table, own in (("message", "id"), ("part", "message_id"), ("attempt", "message_id"), ("event", "message_id")):
        _copy(db, table, own, rows // 3 - 1)
    db.execute("INSERT OR IGNORE INTO contact (number) SELECT number FROM message")
    db.execute("COMMIT")


def _copy(db: sqlite3.Connection, table: str, own: str, times: int) -> None:
    """Each row so many times, of messages three further on each time, to other numbers."""
    columns = [row["name"] for row in db.execute(f"PRAGMA table_info({table})")]
    told = {
        "id": "id + 3 * k" if own == "id" else "NULL",
        "message_id": "message_id + 3 * k",
        "part_id": "part_id + 3 * k",
        "number": "printf('+337%08d', substr(number, -1) + 3 * k)",
    }
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


async def enqueued(rows: int) -> float:
    """Rows a second of a CSV, from the call to its answer: numbers parsed, parts counted, consent asked, durable."""
    with folder() as made:
        store = await Store.open(made / "modemd.db")
        settings = Settings.model_validate(
            {"database": str(made / "modemd.db"), "modems": [{"name": "m", "port": "/dev/m"}]}
        )
        submitting = Submitting(store, settings, POLICY, SystemClock(), NoModems())
        batching = Batching(store, submitting, POLICY, SystemClock(), NoModems())
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
