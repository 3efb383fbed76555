"""Backups while others write, and what a restoring makes of them."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from modemd.errors import StoreDamaged, StoreError, StoreLocked
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.store import Store
from modemd.store.connection import connect
from modemd.store.consent import ledger, statements, verification
from modemd.store.consent.verification import Anchor, AnchorFile, Fault
from modemd.store.contacts import erasure
from modemd.store.events import Authorship
from modemd.store.files import backup
from modemd.store.files import restore as files_restore
from modemd.store.files.opening import restore
from modemd.store.keyed_hashes.keys import read_keys
from modemd.store.schema import VERSION
from tests.store.bench import ALICE, BOB, START, Bench


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "modemd.db"


@pytest.fixture
def home(database: Path) -> Bench:
    return Bench(database)


def test_a_backup_is_one_whole_file(home: Bench, database: Path, tmp_path: Path) -> None:
    """What is committed is in it, it needs no log beside it, and nobody else may read it or its keys."""
    id = home.submit()
    copy = tmp_path / "copy.db"
    assert backup.back_up(database, copy) == VERSION
    assert sorted(path.name for path in tmp_path.glob("copy.db*")) == ["copy.db", "copy.db.key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("copy.db*")} == {0o600}
    with sqlite3.connect(f"file:{copy}?immutable=1", uri=True) as found:
        assert found.execute("SELECT id FROM message").fetchall() == [(id,)]
    found.close()


def test_a_backup_is_made_while_others_write(home: Bench, database: Path, tmp_path: Path) -> None:
    """It ends however fast changes come, and holds the moment at which it began."""
    home.db.execute("CREATE TABLE ballast (b BLOB)")
    home.db.execute("INSERT INTO ballast VALUES (zeroblob(30000000))")
    ended, written = threading.Event(), [0]

    def write() -> None:
        own = connect(database)
        while not ended.is_set():
            own.execute("INSERT INTO event (at, what) VALUES ('2026', 'x')")
            written[0] += 1
        own.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup.back_up(database, tmp_path / "copy.db")
    finally:
        ended.set()
        writer.join()
    assert written[0] > 10
    backup.check_backup(tmp_path / "copy.db")


def test_a_backup_replaces_nothing(home: Bench, database: Path, tmp_path: Path) -> None:
    """A file that is there is left as it is, and told."""
    copy = tmp_path / "copy.db"
    copy.write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match="never replaces"):
        backup.back_up(database, copy)
    assert copy.read_text(encoding="utf-8") == "mine"
    with pytest.raises(StoreError, match="there is no database"):
        backup.back_up(tmp_path / "none.db", tmp_path / "other.db")
    with pytest.raises(StoreError, match="No such file"):
        backup.back_up(database, tmp_path / "no folder" / "copy.db")


def test_a_backup_that_was_cut_leaves_no_file_of_that_name(
    home: Bench, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name appears when everything behind it is synced; what is left of an earlier try is in nobody's way."""
    copy = tmp_path / "copy.db"
    with monkeypatch.context() as cut:
        cut.setattr(os, "link", _raise(OSError(28, "No space left on device")))
        with pytest.raises(StoreError, match="make room"):
            backup.back_up(database, copy)
    assert list(tmp_path.glob("copy.db*")) == []
    copy.with_name("copy.db.part").write_text("rubbish", encoding="utf-8")
    backup.back_up(database, copy)


def _raise(error: Exception):  # type: ignore[no-untyped-def]  # it returns never
    def act(*given: object) -> None:
        raise error

    return act


def put_back(database: Path, copy: Path, **later: float) -> files_restore.RestoreResult:
    return restore(copy, database, START + timedelta(**later))


def test_what_is_open_is_held_until_it_is_released(home: Bench, database: Path, tmp_path: Path) -> None:
    """After a restoring nothing goes out by itself: queued, planned, begun, and unknown. A release lets it go, what is planned
    at its time."""
    sent = home.submit()
    home.send(reference=3)
    begun = home.submit(BOB, parts=3)
    home.send(reference=4)
    unknown = home.submit(ALICE, MessageClass.ALARM)
    home.lose()
    flying = home.submit(ALICE, MessageClass.OTP)
    home.claimed()
    queued = home.submit()
    planned = home.submit(at=home.now + timedelta(hours=5))
    backup.back_up(database, tmp_path / "copy.db")
    home.submit()
    home.db.close()

    restored = put_back(database, tmp_path / "copy.db", minutes=1)
    assert restored.held_messages == 3
    again = Bench(database)
    again.passes(hours=6)
    assert [again.message(id)["reason"] for id in (begun, queued, planned)] == ["restored"] * 3
    assert [again.state(id) for id in (sent, begun, unknown, flying, queued, planned)] == [
        "sent", "held", "unknown", "unknown", "held", "held",
    ]  # fmt: skip
    assert again.promote() == set()
    assert again.candidates() == []
    assert again.db.execute("SELECT count(*) FROM message").fetchone()[0] == 6

    again.now = START + timedelta(hours=1)
    assert files_restore.release_messages(again.db, again.now, by="ann", why="looked") == 3
    assert files_restore.release_messages(again.db, again.now, by="ann", why="looked") == 0
    assert again.promote() == {begun, queued}
    assert (again.state(queued), again.state(planned)) == ("queued", "held")
    assert again.message(planned)["reason"] == "scheduled"
    again.passes(hours=5)
    assert again.promote() == {planned}
    assert again.events(queued)[-3:] == ["released", "promoted", "message queued"]


def test_one_class_is_released_alone(home: Bench, database: Path, tmp_path: Path) -> None:
    """And what is over meanwhile expires as ever."""
    alarm, news = home.submit(ALICE, MessageClass.ALARM), home.submit(ALICE, MessageClass.MARKETING)
    backup.back_up(database, tmp_path / "copy.db")
    home.db.close()
    put_back(database, tmp_path / "copy.db")
    again = Bench(database)
    assert files_restore.release_messages(again.db, again.now, MessageClass.ALARM, by="ann", why="urgent") == 1
    assert again.promote() == {alarm}
    again.passes(days=2)
    again.expire()
    assert (again.state(alarm), again.state(news)) == ("expired", "expired")


def test_a_stop_outlives_a_restoring(home: Bench, database: Path, tmp_path: Path) -> None:
    """What was said since the backup is taken over from the replaced database; it binds what is held."""
    home.submit(BOB, MessageClass.MARKETING)
    backup.back_up(database, tmp_path / "copy.db")
    home.says(BOB)
    home.db.close()
    restored = put_back(database, tmp_path / "copy.db")
    assert restored.consent_statements == 1
    again = Bench(database)
    assert again.submitted(BOB, MessageClass.MARKETING).state == "refused"
    files_restore.release_messages(again.db, again.now, by="ann", why="ok")
    again.promote()
    assert again.claim() is None


def test_the_database_before_is_kept_whole(home: Bench, database: Path, tmp_path: Path) -> None:
    """With what was in its log: it can be put back in its turn."""
    backup.back_up(database, tmp_path / "copy.db")
    id = home.submit()
    home.db.close()
    restored = put_back(database, tmp_path / "copy.db")
    assert restored.previous_database is not None
    with sqlite3.connect(restored.previous_database) as before:
        assert before.execute("SELECT id FROM message").fetchall() == [(id,)]
    before.close()


def test_a_database_that_cannot_be_read_is_replaced_too(home: Bench, database: Path, tmp_path: Path) -> None:
    """It is kept as it is, and that its STOPs are lost is told."""
    backup.back_up(database, tmp_path / "copy.db")
    home.db.close()
    database.write_bytes(b"rubbish" * 1000)
    restored = put_back(database, tmp_path / "copy.db")
    assert restored.consent_statements is None
    assert restored.previous_database is not None
    assert restored.previous_database.read_bytes() == b"rubbish" * 1000
    Bench(database).submit()


async def test_a_daemon_that_runs_is_in_the_way(home: Bench, database: Path, tmp_path: Path) -> None:
    """Nothing is replaced under a daemon."""
    backup.back_up(database, tmp_path / "copy.db")
    home.db.close()
    store = await Store.open(database)
    with pytest.raises(StoreLocked):
        put_back(database, tmp_path / "copy.db")
    await store.close()
    put_back(database, tmp_path / "copy.db")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            lambda db: db.execute(f"PRAGMA user_version = {VERSION + 1}"), "newer modemd", id="a newer schema"
        ),
        pytest.param(lambda db: db.execute("DROP TABLE part"), "no database of modemd", id="something else"),
        pytest.param(
            lambda db: db.execute("PRAGMA application_id = 0"), "no database of modemd", id="before the first release"
        ),
    ],
)
def test_what_will_not_do_is_refused(home: Bench, database: Path, tmp_path: Path, spoil: object, said: str) -> None:
    """And the database is as it was."""
    copy = tmp_path / "copy.db"
    backup.back_up(database, copy)
    id = home.submit()
    home.db.close()
    with sqlite3.connect(copy) as db:
        spoil(db)  # type: ignore[operator]  # a parameter of the table above
    db.close()
    with pytest.raises(StoreError, match=said):
        put_back(database, copy)
    assert Bench(database).state(id) == "queued"


def test_a_damaged_backup_is_refused(home: Bench, database: Path, tmp_path: Path) -> None:
    """Each page of it is looked at before anything is replaced."""
    copy = tmp_path / "copy.db"
    for _ in range(200):
        home.submit(text="x" * 100)
    backup.back_up(database, copy)
    home.db.close()
    octets = bytearray(copy.read_bytes())
    for page in range(10, len(octets) // 4096):
        octets[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    copy.write_bytes(octets)
    with pytest.raises(StoreDamaged):
        put_back(database, copy)
    Bench(database).submit()


def test_a_backup_is_synced_before_it_has_its_name(
    home: Bench, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut leaves no file of the name that is not whole: the keys are on the disk, then they are named, then their
    folder is synced; and then the copy likewise."""
    home.submit()
    order: list[str] = []
    fsync, link = os.fsync, os.link

    def synced(descriptor: int) -> None:
        order.append(f"sync {os.path.basename(os.readlink(f'/proc/self/fd/{descriptor}'))}")
        fsync(descriptor)

    def named(source: Path, target: Path) -> None:
        order.append("name")
        link(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", named)
    backup.back_up(database, tmp_path / "copy.db")
    named_whole = ["name", f"sync {tmp_path.name}"]
    assert order == ["sync copy.db.key.new", *named_whole, "sync copy.db.part", *named_whole]


def test_a_restored_database_has_no_old_log_beside_it(home: Bench, database: Path, tmp_path: Path) -> None:
    """Somebody reads the database meanwhile, so that its log cannot be moved into it: the log is not left to be played into the
    restored one."""
    id = home.submit()
    backup.back_up(database, tmp_path / "copy.db")
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchone()
    home.submit(BOB)
    home.db.close()
    put_back(database, tmp_path / "copy.db")
    assert [path.name for path in database.parent.glob(f"{database.name}-*")] == []
    assert [row["id"] for row in Bench(database).db.execute("SELECT id FROM message")] == [id]
    reader.close()


def test_a_restore_keeps_the_ledger_whole(home: Bench, database: Path, tmp_path: Path) -> None:
    """Rows that came after the backup are chained anew, erasures after it are done again, the suppression list stays, and the
    anchors of the replaced ledger are no fault. Whoever cuts rows off is found all the same."""
    home.says(ALICE)
    home.says(BOB)
    backup.back_up(database, tmp_path / "copy.db")
    carol = "+33612345600"
    home.says(carol)
    stood = Anchor(home.now, *_head(home))
    erasure.erase_consent_step(home.db, [ALICE], Authorship("ann", "asked"), home.now)
    erasure.finish(home.db, [ALICE], Authorship("ann", "asked"), home.now)
    home.db.close()
    assert put_back(database, tmp_path / "copy.db").consent_statements == 2
    after = Bench(database)
    found = verification.verify(after.db, AnchorFile((stood,)))
    assert (found.problems, found.erased) == ((), 1)
    assert [statements.read_marketing(after.db, number) for number in (BOB, carol)] == [Marketing.OPTED_OUT] * 2
    assert ALICE not in {row["number"] for row in after.db.execute("SELECT number FROM consent_event")}
    later = Anchor(after.now + timedelta(days=1), *_head(after))
    after.db.execute("DELETE FROM consent_event WHERE id > 2")
    after.db.execute("UPDATE sqlite_sequence SET seq = 2 WHERE name = 'consent_event'")
    problems = verification.verify(after.db, AnchorFile((stood, later))).problems
    assert {problem.fault for problem in problems} == {Fault.BLANKED, Fault.CUT_OFF}


def _head(bench: Bench) -> tuple[int, str, str]:
    rows, chain = ledger.read_head(bench.db)
    return rows, chain.hex(), ""


def test_a_restore_without_the_old_machine_brings_the_key(home: Bench, database: Path, tmp_path: Path) -> None:
    """On a new machine there is nothing but the backup and its keys: the ledger is checked, and suppressed numbers are known."""
    home.says(ALICE)
    erasure.finish(home.db, [ALICE], Authorship("ann", "asked"), home.now)
    backup.back_up(database, tmp_path / "copy.db")
    new = tmp_path / "new" / "modemd.db"
    new.parent.mkdir()
    restore(tmp_path / "copy.db", new, START)
    after = Bench(new)
    assert verification.verify(after.db, AnchorFile()).problems == ()
    assert statements.read_marketing(after.db, ALICE) is Marketing.OPTED_OUT
    assert sorted(path.name for path in new.parent.iterdir() if "-" not in path.name) == [
        "modemd.db", "modemd.db.key", "modemd.db.lock",
    ]  # fmt: skip


def test_two_ledgers_with_two_keys_are_both_checked(home: Bench, database: Path, tmp_path: Path) -> None:
    """The database that is replaced has another key than the backup: both are kept, and the key in use stays in use."""
    home.says(ALICE)
    backup.back_up(database, tmp_path / "copy.db")
    home.db.close()
    for file in tmp_path.glob("modemd.db*"):
        file.unlink()
    other = Bench(database)
    other.says(BOB)
    used = read_keys(database).keys
    other.db.close()
    put_back(database, tmp_path / "copy.db")
    assert read_keys(database).keys == (*read_keys(tmp_path / "copy.db").keys, *used)
    after = Bench(database)
    assert verification.verify(after.db, AnchorFile()).problems == ()
