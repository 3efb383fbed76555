"""Restore: puts a backup in the place of the database, and holds everything open until a person releases it.

A message that was queued when the backup was made may have gone out since. Consent events since then are taken over from the
replaced database, if that can be read: a STOP outlives a restore. So do the erasures of consent events, and the suppression list.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from modemd.light_dataclass import dataclass
from modemd.rules import states
from modemd.rules.classes import MessageClass
from modemd.store.consent import ledger, lists
from modemd.store.events import add_event
from modemd.store.files import backup
from modemd.store.files.keys import merge_keys
from modemd.store.files.new_files import fsync_path, give_as
from modemd.store.keyed_hashes.keys import key_file
from modemd.store.keyed_hashes.suppression import ensure_contact
from modemd.store.queue import outcomes
from modemd.store.schema import migrate, refuse_newer
from modemd.store.timestamps import find_latest_stored
from modemd.store.transitions import advance_part, list_parts, release_message, update_message_state

RESTORED = "restored"
# Messages that a step of a release takes, so that no other change waits long.
MESSAGES_PER_STEP = 200


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """Result of a restore: how many messages are held, how many consent events were taken over (None: the replaced database
    could not be read), and the path of the replaced database (None: there was none)."""

    held_messages: int
    consent_statements: int | None
    previous_database: Path | None


def restore(source: Path, database: Path, now: datetime) -> RestoreResult:
    """Puts the backup `source` in the place of `database`, whose lock the caller has. Raises StoreError if the backup is not
    whole, or its schema is newer than this program.

    Until the last step, a renaming, the database is as it was; the replaced one is kept beside it.
    """
    refuse_newer(backup.check_backup(source), source)
    part = database.with_name(f"{database.name}.restoring")
    for suffix in ("", "-wal", "-shm", "-journal", ".key"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
    keys = merge_keys(source, database)
    backup.back_up(source, part)
    key_file(part).unlink(missing_ok=True)  # they are among those of the database
    with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        keys.register(db)
        db.execute("PRAGMA foreign_keys = ON")
        migrate(db)
        now = max(now, find_latest_stored(db) or now)  # by whatever clock: the history goes on
        db.execute("BEGIN IMMEDIATE")
        consent = _merge_consent(db, database, source.name, now)
        outcomes.close_interrupted_attempts(db, now)
        held = hold_everything(db, now)
        add_event(db, None, now, "restored", file=source.name, held=held, consent=consent)
        db.execute("COMMIT")
    fsync_path(part)
    give_as(part, database)
    before = _keep_previous(database, now)
    os.replace(part, database)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    fsync_path(database.parent)
    return RestoreResult(held, consent, before)


def _keep_previous(database: Path, now: datetime) -> Path | None:
    """Keeps the database, and its log if it has one, under another name, and returns its path. If the database can be read, its
    log is moved into it first."""
    if not database.exists() or database.stat().st_size == 0:
        return None
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    name = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%S%fZ}")
    for suffix in ("-wal", ""):
        file = database.with_name(database.name + suffix)
        if file.exists() and file.stat().st_size > 0:
            _link(file, name.with_name(name.name + suffix))
    fsync_path(database.parent)
    return name


def _link(file: Path, to: Path) -> None:
    try:
        os.link(file, to)
    except OSError:  # a file system without hard links
        shutil.copy2(file, to)
        fsync_path(to)


def _merge_consent(db: sqlite3.Connection, database: Path, source: str, now: datetime) -> int | None:
    """Adds the consent events since the backup, and an event of the restore; returns how many were added. Only opt-outs take
    effect: a lost opt-in harms nobody."""
    if not database.exists() or database.stat().st_size == 0:
        ledger.note_restore(db, source, None, now)
        return 0
    try:
        said, opted_out, suppressed, files, left = (list(_read_rows(database, sql)) for sql in _MERGED)
    except sqlite3.Error:
        ledger.note_restore(db, source, None, now)
        return None
    replaced = (said[-1]["id"], said[-1]["chain"]) if said else (0, ledger.START)
    ledger.note_restore(db, source, replaced, now)
    db.executemany("INSERT INTO consent_evidence (digest, content, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", files)
    taken = ledger.take_over(db, said)
    db.executemany(
        "INSERT INTO suppression (digest, key_id, at, is_ending) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", suppressed
    )
    for row in opted_out:
        ensure_contact(db, row["number"])
        db.execute(
            "UPDATE contact SET marketing = 'opted_out', marketing_since = ? WHERE number = ? AND marketing <> 'opted_out'",
            (row["marketing_since"], row["number"]),
        )
    for row in left:
        lists.restore_opt_out(db, row["number"], row["list"], row["since"])
    return taken


_MERGED = (
    "SELECT * FROM consent_event ORDER BY id",
    "SELECT number, marketing_since FROM contact WHERE marketing = 'opted_out'",
    "SELECT digest, key_id, at, is_ending FROM suppression",
    "SELECT digest, content, at FROM consent_evidence",
    "SELECT number, list, since FROM subscription WHERE state = 'opted_out'",
)


def _read_rows(database: Path, sql: str) -> Iterator[sqlite3.Row]:
    uri = f"{database.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield from connection.execute(sql)


def hold_everything(db: sqlite3.Connection, now: datetime) -> int:
    """Holds everything that would go out by itself, and returns how many messages. Unknown parts are not repeated, batches are
    not promoted, and schedules are paused."""
    open_ = "SELECT DISTINCT message_id FROM part WHERE state IN ('queued', 'held')"
    messages = [row["message_id"] for row in db.execute(open_)]
    for message_id in messages:
        for part in list_parts(db, message_id):
            if part["state"] == states.PartState.QUEUED:
                advance_part(db, part, states.PartEvent.PUT_OFF, now, error=RESTORED)
        db.execute("UPDATE part SET due = NULL WHERE message_id = ?", (message_id,))
        update_message_state(db, message_id, now, RESTORED)
    db.execute("UPDATE part SET due = NULL WHERE state = 'unknown'")
    db.execute("UPDATE batch SET state = 'held', reason = ? WHERE state = 'accepted'", (RESTORED,))
    db.execute("UPDATE schedule SET paused = 1 WHERE removed_at IS NULL AND paused = 0")
    return len(messages)


def release_messages(
    db: sqlite3.Connection, now: datetime, message_class: MessageClass | None = None, **word: str
) -> int:
    """Releases a few of the messages that a restore holds, and returns how many; 0: none is left. A message planned for later
    keeps its time; one whose validity is over expires."""
    rows = next(
        filter(None, (_list_held(db, each) for each in ([message_class] if message_class else MessageClass))), []
    )
    for row in rows:
        release_message(db, row["id"], row["at"], now, "released")
        add_event(db, row["id"], now, "released", **word)
    return len(rows)


def _list_held(db: sqlite3.Connection, message_class: MessageClass) -> list[sqlite3.Row]:
    return db.execute(
        """SELECT id, at FROM message INDEXED BY message_state
           WHERE state = 'held' AND class = ? AND reason = ? ORDER BY id LIMIT ?""",
        (message_class, RESTORED, MESSAGES_PER_STEP),
    ).fetchall()


def release_batches(db: sqlite3.Connection, now: datetime, **word: str) -> int:
    """Releases the batches that a restore holds, and returns how many."""
    batches = db.execute(
        "UPDATE batch SET state = 'accepted', reason = NULL WHERE state = 'held' AND reason = ?", (RESTORED,)
    ).rowcount
    if batches:
        add_event(db, None, now, "batches released", batches=batches, **word)
    return batches
