"""What a power cut may leave of a database: the bytes that were synced before the last answer, and anything behind them.

A `Tape` records the files after each answered group. What a group had in flight when the power went is told from two
recordings: the first octet of the log in which they differ is the first that was not yet synced. (That SQLite syncs before a
commit answers is seen from outside, in tests/system/test_power.py.)
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

from modemd.store.connection import connect
from modemd.store.consent import verification
from modemd.store.consent.verification import AnchorFile
from modemd.store.files.integrity import check_database
from modemd.store.keyed_hashes.keys import LedgerKeys
from modemd.store.writer import Change, QueuedChange, run_group

SECTOR = 512
KEYS = LedgerKeys((bytes(range(32)),))
# The header of a write-ahead log (https://www.sqlite.org/fileformat2.html#the_write_ahead_log), in octets.
LOG_HEADER = 32


@dataclass(frozen=True)
class Frame:
    """The two files as they were when a group was answered, and what the database then said."""

    database: bytes
    log: bytes
    says: str


@dataclass
class Tape:
    """Groups of changes through the writer's own commit, recorded."""

    path: Path
    connection: sqlite3.Connection
    frames: list[Frame] = field(default_factory=list)

    def group(self, *changes: Change) -> None:
        """One commit, answered: it must have been kept."""
        loop = asyncio.new_event_loop()
        jobs = [QueuedChange(change, loop.create_future()) for change in changes]
        run_group(self.connection, jobs)
        loop.close()
        assert [job.error for job in jobs] == [None] * len(jobs)
        self.record()

    def record(self) -> None:
        self.frames.append(Frame(self.path.read_bytes(), log_of(self.path).read_bytes(), content(self.connection)))

    def flights(self) -> Iterator[Flight]:
        """Each group as it was under way, behind the answered one before it."""
        for before, after in zip(self.frames, self.frames[1:], strict=False):
            yield Flight(before, after)


@dataclass(frozen=True)
class Flight:
    """A group under way. Until its commit returned, the log was as before up to `synced`, and anything behind."""

    before: Frame
    after: Frame

    @property
    def begins_anew(self) -> bool:
        """True if the log was moved into the database before, and is now written from its start."""
        return self.before.log[:LOG_HEADER] != self.after.log[:LOG_HEADER]

    @property
    def synced(self) -> int:
        """How many octets of the log are on the disk for certain: as they were when the last answer was given. SQLite syncs the
        header of a log that begins anew before it writes a frame (sqlite3WalFrames; https://sqlite.org/src/info/ff5be73dee):
        behind the header of before, old and new frames never mix."""
        if self.begins_anew:
            return LOG_HEADER
        old, new = self.before.log, self.after.log
        low, high = 0, min(len(old), len(new))
        while low < high:  # halve what may be equal: a log is long
            middle = (low + high + 1) // 2
            low, high = (middle, high) if old[low:middle] == new[low:middle] else (low, middle - 1)
        return low


Damage = Callable[[Random, bytes, bytes], bytes]
"""What becomes of the octets in flight: chance, what lay there before, what was being written."""


def cut(chance: Random, old: bytes, new: bytes) -> bytes:
    """Written up to some octet; the file ends there."""
    return new[: chance.randint(0, len(new))]


def torn(chance: Random, old: bytes, new: bytes) -> bytes:
    """Sector by sector, either what was written or what lay there; beyond the old end, zeros."""
    old = old.ljust(len(new), b"\0")
    places = range(0, len(new), SECTOR)
    return b"".join(chance.choice((old, new))[place : place + SECTOR] for place in places)


def zeroed(chance: Random, old: bytes, new: bytes) -> bytes:
    """The file has grown, and its end was never written."""
    kept = chance.randint(0, len(new))
    return new[:kept].ljust(len(new), b"\0")


def garbled(chance: Random, old: bytes, new: bytes) -> bytes:
    """Noise from some octet on."""
    kept = chance.randint(0, len(new))
    return new[:kept] + chance.randbytes(len(new) - kept)


def flipped(chance: Random, old: bytes, new: bytes) -> bytes:
    """One bit of what was written is wrong."""
    place = chance.randrange(len(new))
    return new[:place] + bytes([new[place] ^ 1 << chance.randrange(8)]) + new[place + 1 :]


DAMAGES: tuple[Damage, ...] = (cut, torn, zeroed, garbled, flipped)


def torn_checkpoint(chance: Random, flight: Flight) -> bytes:
    """The database while a checkpoint was writing into it: its log is whole, and it is partly old and partly new."""
    return torn(chance, flight.before.database, flight.after.database)


def reopened(path: Path, database: bytes, log: bytes, index: bytes | None = None) -> str:
    """Lay the files down as a cut has left them, open them as a start does, and say what the database says. A database that is
    not sound fails, as does one whose consent ledger is not whole."""
    path.write_bytes(database)
    log_of(path).write_bytes(log)
    shm = path.with_name(f"{path.name}-shm")
    if index is None:
        shm.unlink(missing_ok=True)
    else:
        shm.write_bytes(index)
    check_database(path)
    with contextlib.closing(connect(path, KEYS)) as connection:
        connection.execute(
            "PRAGMA synchronous = OFF"
        )  # what is looked at has happened; the closing checkpoint need not last
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert verification.verify(connection, AnchorFile()).problems == ()
        return content(connection)


def content(connection: sqlite3.Connection) -> str:
    """Everything that the database says, in one line."""
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    said = [[tuple(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in tables]
    return sha256(repr((tables, said)).encode()).hexdigest()


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
