"""Changes that share a commit: each alone in its errors, all together in a failing commit."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modemd.client_work import WAITING_CHANGES
from modemd.errors import StoreError
from modemd.http.slices import own_slices
from modemd.store.connection import connect
from modemd.store.writer import (
    GATHERING_S,
    MAX_GROUP_CHANGES,
    Change,
    QueuedChange,
    ThreadWriter,
    deliver_results,
    run_group,
)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "numbers.db")
    connection.execute("CREATE TABLE number (value INTEGER PRIMARY KEY) STRICT")
    connection.execute(
        "CREATE TABLE shadow (value INTEGER REFERENCES number (value) DEFERRABLE INITIALLY DEFERRED) STRICT"
    )
    yield connection
    connection.close()


def insert(value: int) -> Change:
    return lambda db: db.execute("INSERT INTO number VALUES (?)", (value,)).lastrowid


def insert_then_fail(value: int) -> Change:
    def change(db: sqlite3.Connection) -> None:
        insert(value)(db)
        raise ValueError("changed my mind")

    return change


def break_commit(db: sqlite3.Connection) -> None:
    """A change that succeeds, and makes the commit fail: a reference that is checked only there."""
    db.execute("INSERT INTO shadow VALUES (999)")


def values(db: sqlite3.Connection) -> list[int]:
    return [row["value"] for row in db.execute("SELECT value FROM number ORDER BY rowid")]


async def run(db: sqlite3.Connection, *changes: Change) -> list[Any]:
    """Run a group: what each caller gets."""
    loop = asyncio.get_running_loop()
    group = [QueuedChange(change, loop.create_future()) for change in changes]
    run_group(db, group)
    deliver_results(group)
    return await asyncio.gather(*(job.answer for job in group), return_exceptions=True)


async def test_changes_share_a_commit_in_order(db: sqlite3.Connection) -> None:
    """A group runs in one transaction, in the order of submission, and each caller gets its own result."""
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    assert await run(db, insert(3), insert(1), lambda db: values(db)) == [3, 1, [1, 3]]
    assert [text for text in statements if text.startswith(("BEGIN", "COMMIT"))] == ["BEGIN IMMEDIATE", "COMMIT"]
    inserts = [text for text in statements if text.startswith("INSERT")]
    assert [text[-2] for text in inserts] == ["3", "1"]


async def test_a_change_that_raises_is_rolled_back_alone(db: sqlite3.Connection) -> None:
    """The error goes to the one who asked; what the others changed is kept, and nothing of the failed change is."""
    first, failed, last = await run(db, insert(1), insert_then_fail(2), insert(3))
    assert (first, last) == (1, 3)
    assert isinstance(failed, ValueError)
    assert values(db) == [1, 3]


async def test_a_transaction_that_is_gone_is_not_taken_for_kept(db: sqlite3.Connection) -> None:
    """SQLite gives up a transaction by itself on a failing disk; what went on all the same was kept no more than the others."""
    answers = await run(db, lambda db: db.execute("ROLLBACK").rowcount, insert(1))
    assert [type(answer) for answer in answers] == [StoreError, StoreError]
    assert values(db) == []


async def test_a_refusal_of_the_database_is_a_store_error(db: sqlite3.Connection) -> None:
    """A constraint that a change breaks is its own error, in the words of the store."""
    first, again = await run(db, insert(1), insert(1))
    assert first == 1
    assert isinstance(again, StoreError)
    assert "UNIQUE constraint failed" in str(again)


async def test_a_failing_commit_fails_all(db: sqlite3.Connection) -> None:
    """Where the commit fails nobody is told that their change was kept, and none was; the next group works."""
    answers = await run(db, insert(1), insert_then_fail(2), break_commit)
    assert [type(each) for each in answers] == [StoreError] * 3
    assert "check disk space and permissions" in str(answers[0])
    assert values(db) == []
    assert await run(db, insert(4)) == [4]


async def test_a_busy_database_fails_the_group(db: sqlite3.Connection, tmp_path: Path) -> None:
    """A group that cannot begin changes nothing, and says so to all."""
    other = connect(tmp_path / "numbers.db")
    other.execute("BEGIN IMMEDIATE")
    db.execute("PRAGMA busy_timeout = 0")
    (refused,) = await run(db, insert(1))
    other.execute("ROLLBACK")
    other.close()
    assert isinstance(refused, StoreError)
    assert await run(db, insert(1)) == [1]


async def test_a_caller_that_left_is_not_answered(db: sqlite3.Connection) -> None:
    """A change whose caller was cancelled meanwhile stands all the same."""
    job = QueuedChange(insert(1), asyncio.get_running_loop().create_future())
    job.answer.cancel()
    run_group(db, [job])
    deliver_results([job])
    assert values(db) == [1]


def counted(path: Path, commits: list[str]) -> sqlite3.Connection:
    connection = connect(path)
    connection.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)
    return connection


async def test_changes_that_wait_together_share_commits(db: sqlite3.Connection, tmp_path: Path) -> None:
    """While one change runs the others gather, and leave in groups, in the order of submission."""
    commits: list[str] = []
    gate = threading.Event()
    writer = ThreadWriter(lambda: counted(tmp_path / "numbers.db", commits))
    first = writer.submit(lambda db: gate.wait())
    many = [writer.submit(insert(value)) for value in range(1, 2 * MAX_GROUP_CHANGES + 1)]
    gate.set()
    assert await first
    assert await asyncio.gather(*many) == list(range(1, 2 * MAX_GROUP_CHANGES + 1))
    await writer.close()
    assert len(commits) < MAX_GROUP_CHANGES
    assert values(db) == list(range(1, 2 * MAX_GROUP_CHANGES + 1))


async def test_closing_finishes_what_was_submitted(db: sqlite3.Connection, tmp_path: Path) -> None:
    """A writer that is closed answers everybody first."""
    writer = ThreadWriter(lambda: connect(tmp_path / "numbers.db"))
    waiting = [writer.submit(insert(value)) for value in range(1, 11)]
    await writer.close()
    assert await asyncio.gather(*waiting) == list(range(1, 11))
    assert values(db) == list(range(1, 11))


async def test_a_writer_that_cannot_connect_says_so(tmp_path: Path) -> None:
    """Where the database cannot be opened every change is answered with the reason; nobody waits for ever."""
    writer = ThreadWriter(lambda: connect(tmp_path / "missing" / "numbers.db"))
    for _ in range(2):
        with pytest.raises(StoreError, match="unable to open database file"):
            await asyncio.wait_for(writer.submit(insert(1)), 10)
    await writer.close()


async def test_nothing_is_taken_after_closing(db: sqlite3.Connection, tmp_path: Path) -> None:
    """A change that comes after the end is refused at once."""
    writer = ThreadWriter(lambda: connect(tmp_path / "numbers.db"))
    await writer.close()
    with pytest.raises(StoreError, match="closed"):
        writer.submit(insert(1))


async def test_a_group_works_as_long_as_a_commit_takes(tmp_path: Path) -> None:
    """Nobody waits for the work of dozens of others, however many wait together."""
    path, commits = tmp_path / "numbers.db", []
    db = connect(path)
    db.execute("CREATE TABLE number (value INTEGER PRIMARY KEY) STRICT")
    db.close()

    def watched() -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA synchronous = OFF")
        connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
        return connection

    def change(value: int) -> Change:
        def insert_slowly(db: sqlite3.Connection) -> None:
            insert(value)(db)
            time.sleep(0.003)

        return insert_slowly

    writer = ThreadWriter(watched)
    await asyncio.gather(*[writer.submit(change(value)) for value in range(100)])
    assert 50 < len(commits) <= 100
    await writer.close()


@pytest.mark.parametrize("alone", [True, False], ids=["alone, in good time", "with the next one, before it"])
async def test_a_change_that_waits_for_another(tmp_path: Path, alone: bool) -> None:
    """It goes in the commit of the next one, before that; where none comes, alone after a moment."""
    path, commits = tmp_path / "numbers.db", []
    db = connect(path)
    db.execute("CREATE TABLE number (value INTEGER PRIMARY KEY) STRICT")

    def watched() -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
        return connection

    writer = ThreadWriter(watched)
    changes = [writer.submit_lazily(insert(1)), writer.submit_lazily(insert(2))]
    if not alone:
        changes.append(writer.submit(insert(3)))
    await asyncio.wait_for(asyncio.gather(*changes), 5)
    assert (values(db), len(commits)) == ([1, 2] if alone else [1, 2, 3], 1)
    await writer.close()
    db.close()


async def test_closing_the_writer_keeps_what_waits(tmp_path: Path) -> None:
    """Nothing that was handed over is forgotten, and nothing is taken any more."""
    path = tmp_path / "numbers.db"
    db = connect(path)
    db.execute("CREATE TABLE number (value INTEGER PRIMARY KEY) STRICT")
    writer = ThreadWriter(lambda: connect(path))
    waiting = writer.submit_lazily(insert(1))
    await writer.close()
    assert (await waiting, values(db)) == (1, [1])
    with pytest.raises(StoreError):
        writer.submit_lazily(insert(2))
    db.close()


async def test_what_runs_in_no_transaction_waits_for_the_commit(tmp_path: Path) -> None:
    """It comes behind what was submitted before and in front of what was submitted later; its error is its own."""
    path = tmp_path / "numbers.db"
    db = connect(path)
    db.execute("CREATE TABLE number (value INTEGER PRIMARY KEY) STRICT")
    writer = ThreadWriter(lambda: connect(path))

    def look(connection: sqlite3.Connection) -> tuple[bool, list[int], list[int]]:
        with contextlib.closing(connect(path)) as other:
            return connection.in_transaction, values(connection), values(other)

    before = writer.submit_lazily(insert(1))
    looked = writer.submit_outside(look)
    after = writer.submit(insert(2))
    failed = writer.submit_outside(break_syntax)
    assert await looked == (False, [1], [1])
    with pytest.raises(StoreError):
        await failed
    assert (await before, await after, await writer.submit(insert(3))) == (1, 2, 3)
    await writer.close()
    db.close()


def break_syntax(db: sqlite3.Connection) -> None:
    db.execute("NONSENSE")


class Journal:
    """A writer that is held up by its first change until `go` is set. `ran`: the changes, in the order in which they ran, with
    `|` for each commit."""

    def __init__(self, path: Path) -> None:
        self.ran: list[str] = []
        self.go = threading.Event()
        self.writer = ThreadWriter(lambda: self._connect(path))
        self._held = self.writer.submit(lambda db: self.go.wait(10))

    def _connect(self, path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(lambda sql: self.ran.append("|") if sql == "COMMIT" else None)
        return connection

    def change(self, name: str) -> Change:
        return lambda db: self.ran.append(name)

    async def finish(self, *answers: asyncio.Future[None]) -> str:
        """Lets the writer run, and returns what it did behind its first change."""
        self.go.set()
        await asyncio.gather(self._held, *answers)
        await self.writer.close()
        return "".join(self.ran).strip("|")


async def test_a_modem_does_not_wait_for_a_crowd_of_clients(tmp_path: Path) -> None:
    """A change of a modem runs before those of clients that were submitted earlier, and has its commit before them; each kind
    keeps its order."""
    journal = Journal(tmp_path / "turns.db")
    submit, change = journal.writer.submit, journal.change
    with own_slices():
        clients = [submit(change(name)) for name in "abc"]
    ours = [submit(change(name)) for name in "XY"]
    assert WAITING_CHANGES.count >= 2
    done = await journal.finish(*clients, *ours)
    assert done.replace("|", "") == "XYabc"
    assert done.index("Y") < done.index("|", done.index("Y")) < done.index("a")


async def test_the_end_and_what_runs_alone_wait_for_all(tmp_path: Path) -> None:
    """A change outside of transactions runs behind everything that was submitted before it, whosever it is, and before what
    was submitted later; closing finishes all."""
    journal = Journal(tmp_path / "turns.db")
    writer, change = journal.writer, journal.change
    with own_slices():
        clients = [writer.submit(change("a"))]
    alone = writer.submit_outside(change("-"))
    ours = [writer.submit(change("X"))]
    done = await journal.finish(*clients, alone, *ours)
    assert done.replace("|", "") == "a-X"


async def test_what_nobody_waits_for_goes_with_what_a_client_waits_for(tmp_path: Path) -> None:
    """In one commit and in order; the thread is not woken for it. If nothing else comes, it is stored all the same."""
    journal = Journal(tmp_path / "turns.db")
    submit, lazily, change = journal.writer.submit, journal.writer.submit_lazily, journal.change
    with own_slices():
        first = [lazily(change("a")), submit(change("b")), lazily(change("c"))]
    journal.go.set()
    await asyncio.gather(*first)
    with own_slices():
        alone = lazily(change("d"))
    assert await journal.finish(alone) == "abc|d"


async def test_clients_leave_the_interpreter_to_the_writer_until_the_commit(tmp_path: Path) -> None:
    """So long they are counted as waiting, and not a moment longer."""
    journal, before = Journal(tmp_path / "turns.db"), WAITING_CHANGES.count
    with own_slices():
        answer = journal.writer.submit(journal.change("a"))
        nobody_waits = journal.writer.submit_lazily(journal.change("b"))
    assert WAITING_CHANGES.count == before
    await asyncio.sleep(GATHERING_S)
    assert WAITING_CHANGES.count == before + 1
    await journal.finish(answer, nobody_waits)
    assert WAITING_CHANGES.count == before - 1  # with the change that held the writer up
