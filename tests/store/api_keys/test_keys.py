"""API keys in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from modemd.store import Store
from modemd.store.api_keys import keys
from modemd.store.api_keys.keys import NewApiKey, find_digest

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def new(name: str) -> NewApiKey:
    return NewApiKey(name, find_digest(name), ("all",), ("8933", "8944"), 60, None, NOW + timedelta(days=1))


async def test_a_key_comes_back_as_it_was_made(tmp_path: Path) -> None:
    """Its account is derived, and stays the same at each start."""
    path = tmp_path / "modemd.db"
    accounts = []
    for _ in range(2):
        store = await Store.open(path)
        try:
            await store.write(lambda db: keys.add_key(db, new("shop"), NOW))
            (row,) = await store.read(keys.list_keys)
        finally:
            await store.close()
        accounts.append(row.account_sid)
    assert (row.name, row.scopes, row.lines, row.per_minute, row.per_day) == (
        "shop",
        ("all",),
        ("8933", "8944"),
        60,
        None,
    )
    assert (row.created_at, row.expires_at, row.revoked_at) == (NOW, NOW + timedelta(days=1), None)
    assert accounts[0] == accounts[1]
    assert len(accounts[0]) == 34


async def test_what_is_revoked_is_no_secret_any_more(tmp_path: Path) -> None:
    """It stays in the list, and can be neither rotated nor revoked again."""
    store = await Store.open(tmp_path / "modemd.db")
    try:
        id = await store.write(lambda db: keys.add_key(db, new("shop"), NOW))
        assert id is not None
        assert await store.write(lambda db: keys.revoke_key(db, id, NOW))
        assert not await store.write(lambda db: keys.revoke_key(db, id, NOW))
        assert not await store.write(lambda db: keys.rotate_key(db, id, b"x", NOW, NOW))
        assert await store.read(keys.read_secrets) == []
        assert len(await store.read(keys.list_keys)) == 1
    finally:
        await store.close()


async def test_days_are_counted_apart(tmp_path: Path) -> None:
    """What is given back never makes a day negative."""
    store = await Store.open(tmp_path / "modemd.db")
    try:
        id = await store.write(lambda db: keys.add_key(db, new("shop"), NOW))
        assert id is not None
        for day, count in (("2026-11-30", 5), ("2026-11-30", -2), ("2026-12-01", 1), ("2026-12-01", -4)):
            await store.write(partial(keys.add_to_day, id=id, day=day, messages=count))
        days = ("2026-11-30", "2026-12-01")
        counts = [await store.read(partial(keys.count_day, id=id, day=day)) for day in days]
        assert counts == [3, 0]
    finally:
        await store.close()
