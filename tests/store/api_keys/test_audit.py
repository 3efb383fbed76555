"""The audit log in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from modemd.store import Store
from modemd.store.api_keys import audit
from modemd.store.api_keys.audit import AuditedChange
from modemd.store.retention import RetentionAges, run_step

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


async def test_changes_are_listed_by_pages_and_deleted_by_age(tmp_path: Path) -> None:
    """The newest comes first; a page begins below the id of the one before."""
    store = await Store.open(tmp_path / "modemd.db")
    try:
        for day in range(4):
            at = NOW + timedelta(days=day)
            change = AuditedChange(at, None if day else 7, "socket", "", "POST", f"/v1/messages/{day}", 202)
            await store.write(partial(audit.add_changes, changes=[change]))
        rows = await store.read(lambda db: audit.list_changes(db, None, 2))
        assert [(row.id, row.at, row.key, row.route) for row in rows] == [
            (4, NOW + timedelta(days=3), None, "/v1/messages/3"),
            (3, NOW + timedelta(days=2), None, "/v1/messages/2"),
        ]
        assert [row.id for row in await store.read(lambda db: audit.list_changes(db, 3, 0))] == [2, 1]
        old = timedelta(days=10)
        ages = RetentionAges(timedelta.max, timedelta.max, timedelta.max, timedelta.max, old)
        assert await store.write(lambda db: run_step(db, ages, NOW + old + timedelta(days=1))) == 2
        assert [row.id for row in await store.read(lambda db: audit.list_changes(db, None, 0))] == [4, 3]
    finally:
        await store.close()
