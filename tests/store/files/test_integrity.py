"""A damaged database: refused in words, left as it is, with one copy kept."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from modemd.errors import StoreDamaged
from modemd.store import Store, listings
from modemd.store.connection import connect
from modemd.store.schema import migrate
from tests.store.power_cut import log_of

PAGE = 1024


def database(path: Path, *, ended_well: bool) -> None:
    """A database of some pages, as a process leaves it that was let go well, or killed."""
    connection = connect(path)
    migrate(connection)
    connection.executemany(
        "INSERT INTO contact (number) VALUES (?)", [(f"+336{number:08d}",) for number in range(2000)]
    )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("INSERT INTO contact (number) VALUES ('+1')")
    files = {file: file.read_bytes() for file in (path, log_of(path))}
    connection.close()
    if not ended_well:
        for file, octets in files.items():
            file.write_bytes(octets)


def copies_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.damaged-*"))


def letter(path: Path) -> None:
    path.write_text("Dear Sir or Madam, this is not a database at all. " * 50, encoding="utf-8")


def emptied(path: Path) -> None:
    """The file was cut to nothing, and its log still holds what was answered."""
    database(path, ended_well=False)
    path.write_bytes(b"")


def schema_torn(path: Path) -> None:
    """Noise in the page that names the tables."""
    database(path, ended_well=True)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(Random(1).randbytes(PAGE - 100))


def page_lost(path: Path) -> None:
    """A page among the rows is zeros after a power cut."""
    database(path, ended_well=False)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // PAGE * 3 // 4 * PAGE)
        file.write(bytes(PAGE))


@pytest.mark.parametrize("harm", [letter, emptied, schema_torn, page_lost])
async def test_a_damaged_database_is_refused_and_a_copy_kept(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    """One line says what is wrong, where the copy is, and what to do; database and log are left as they were; and however
    often it is tried there is one copy."""
    path = tmp_path / "modemd.db"
    harm(path)
    files = [file for file in (path, log_of(path)) if file.exists()]
    before = [file.read_bytes() for file in files]
    said = set()
    for _ in range(3):
        with pytest.raises(StoreDamaged) as refused:
            await Store.open(path)
        said.add(str(refused.value))
    (line,) = said
    found = re.fullmatch(
        r'(.*): the database is damaged \((.+)\); a copy is kept as (.*)\. Restore a backup, or see "A damaged database" .*',
        line,
    )
    assert found is not None, line
    assert [file.read_bytes() for file in files] == before
    copy = Path(found[3])
    copies = copies_in(tmp_path)
    assert copies == sorted([copy, log_of(copy)][: len(files)])
    assert [file.read_bytes() for file in copies] == before
    assert {file.stat().st_mode & 0o777 for file in copies} == {0o600}


async def test_a_copy_that_does_not_fit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is refused all the same, and nothing half of a copy stays."""
    path = tmp_path / "modemd.db"
    letter(path)

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("modemd.store.files.integrity.shutil.copyfileobj", full)
    with pytest.raises(StoreDamaged, match=r"no copy could be kept \(No space left on device\)"):
        await Store.open(path)
    assert copies_in(tmp_path) == []


async def test_a_sound_database_of_a_killed_process_opens(tmp_path: Path) -> None:
    """What `kill -9` leaves is checked, found sound, and has what its log says."""
    path = tmp_path / "modemd.db"
    database(path, ended_well=False)
    store = await Store.open(path)
    assert await store.read(lambda db: db.execute("SELECT 1 FROM contact WHERE number = '+1'").fetchone()) is not None
    await store.close()
    assert copies_in(tmp_path) == []


async def test_damage_that_is_found_while_running_is_checked_for_at_the_next_start(tmp_path: Path) -> None:
    """A database let go well is not read page by page; one in which damage was met is: its log stays, which says so."""
    path = tmp_path / "modemd.db"
    database(path, ended_well=True)
    page = broken_index(path)
    store = await Store.open(path)
    await store.write(lambda db: db.execute("UPDATE contact SET language = 'en' WHERE number = '+1'") and None)
    with pytest.raises(StoreDamaged, match="the database is damaged"):
        await store.read(lambda db: db.execute("SELECT count(*) FROM contact NOT INDEXED").fetchone())
    assert isinstance(store.failure, StoreDamaged)
    assert not await store.retry_write(), "damage does not pass"
    await store.close()
    assert log_of(path).stat().st_size > 0
    with pytest.raises(StoreDamaged, match="a copy is kept"):
        await Store.open(path)
    assert page > 1


def broken_index(path: Path) -> int:
    """Noise in a leaf of the table of contacts: which page."""
    connection = sqlite3.connect(path)
    (page,) = connection.execute(
        "SELECT pageno FROM dbstat WHERE name = 'contact' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 3"
    ).fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(Random(2).randbytes(PAGE))
    return int(page)


async def test_listings_of_a_damaged_database_say_so(tmp_path: Path) -> None:
    """A query that meets damage is refused with the code for programs, not with SQLite's error."""
    path = tmp_path / "modemd.db"
    database(path, ended_well=True)
    broken_index(path)
    store = await Store.open(path)
    with pytest.raises(StoreDamaged) as refused:
        await store.read(
            lambda db: (listings.read_counts(db), db.execute("SELECT sum(reference) FROM contact").fetchone())
        )
    assert refused.value.code == "damaged"
    await store.close()
