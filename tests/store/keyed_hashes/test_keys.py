"""Keys of the ledger: made once, never replaced, and never waited for."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from modemd.store import Store
from modemd.store.files.keys import ensure_key
from modemd.store.keyed_hashes import suppression
from modemd.store.keyed_hashes.keys import format_keys, key_file, parse_keys, read_keys


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """It is the owner's alone; a second opening finds it, also by a link to the database."""
    database = tmp_path / "modemd.db"
    database.touch()
    made = ensure_key(database)
    assert (len(made.keys), made.problem) == (1, None)
    assert stat.S_IMODE(key_file(database).stat().st_mode) == 0o600
    (tmp_path / "link.db").symlink_to(database)
    assert ensure_key(tmp_path / "link.db").keys == made.keys
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.db", "modemd.db", "modemd.db.key"]


@pytest.mark.parametrize("content", [b"", b"secret\n", b"00\n", b"\xff" * 64, b"0" * 65])
async def test_what_is_no_key_is_left_and_told(tmp_path: Path, content: bytes) -> None:
    """A file that somebody has spoilt is not replaced, and the database opens and takes changes all the same."""
    key_file(tmp_path / "modemd.db").write_bytes(content)
    store = await Store.open(tmp_path / "modemd.db")
    await store.write(lambda db: db.execute("SELECT consent_salt()"))
    problem = store.key_problem
    await store.close()
    assert problem is not None
    assert "key" in problem
    assert key_file(tmp_path / "modemd.db").read_bytes() == content


async def test_reading_makes_no_key(tmp_path: Path) -> None:
    """A command that reads finds that there is none."""
    await (await Store.open(tmp_path / "modemd.db")).close()
    key_file(tmp_path / "modemd.db").unlink()
    store = await Store.open_to_read(tmp_path / "modemd.db")
    assert store.key_problem is not None
    assert "is not there" in store.key_problem
    await store.close()
    assert not key_file(tmp_path / "modemd.db").exists()


def test_several_keys_keep_their_order() -> None:
    """One a line; the last is in use; blank lines and a key that is there twice do not matter."""
    keys = (bytes(range(32)), bytes(32))
    assert parse_keys(format_keys(keys)) == keys
    assert parse_keys(b"\n" + format_keys((*keys, keys[1])) + b"\n") == keys
    assert read_keys(Path("/nowhere/modemd.db")).ids == ()


async def test_a_lost_key_of_erased_numbers_is_told(tmp_path: Path) -> None:
    """The next start makes a new key; the store says how many opt-outs bind nobody until the old one is back."""
    path = tmp_path / "modemd.db"
    store = await Store.open(path)
    await store.write(lambda db: suppression.suppress(db, "+33612345678", "2026"))
    await store.close()
    old = key_file(path).read_bytes()
    key_file(path).unlink()
    store = await Store.open(path)
    assert store.key_problem is not None
    assert store.key_problem.startswith("1 erased numbers that had opted out are not recognised")
    await store.close()
    key_file(path).write_bytes(old + key_file(path).read_bytes())
    store = await Store.open(path)
    assert store.key_problem is None
    assert await store.read(lambda db: suppression.find_suppression(db, "+33612345678")) == "2026"
    await store.close()
