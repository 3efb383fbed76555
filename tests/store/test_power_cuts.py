"""The power goes while a group is being written: every answered change is there, and of the others all or nothing."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.send_decision import decide
from modemd.rules.sending_rules import SendingRules
from modemd.store import Store, listings
from modemd.store.connection import connect
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.outbox import accept
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.queue import claims, outcomes
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult
from modemd.store.schema import migrate
from modemd.store.writer import Change
from tests.store.bench import ALICE, START, WEST
from tests.store.power_cut import DAMAGES, KEYS, LOG_HEADER, Tape, cut, log_of, reopened, torn_checkpoint

POLICY = SendingRules()
GROUPS = 40
SMALL_PAGE = 512


def submit(text: str, db: sqlite3.Connection) -> None:
    new = OutboundMessage(ALICE, text, MessageClass.TRANSACTIONAL, 1, START.replace(year=2027))
    accept.submit(db, new, POLICY, START)


def send(db: sqlite3.Connection) -> None:
    """Close the attempt that is open, and claim the next, as one change: what the daemon does most."""
    for row in db.execute("SELECT id FROM attempt WHERE outcome = 'open'").fetchall():
        outcomes.close_attempt(
            db, AttemptOutcome(row["id"], AttemptResult.SENT, START, reference=row["id"] % 256), START
        )
    claims.claim(db, WEST, "stick", partial(decide, rules=POLICY, now=START), START)


def stop(db: sqlite3.Connection) -> None:
    statements.apply_statement(
        db, ConsentStatement(ALICE, opts_in=False, keyword="stop", language="en", channel="sms"), START
    )


def start(db: sqlite3.Connection) -> None:
    statements.apply_statement(
        db, ConsentStatement(ALICE, opts_in=True, keyword="start", language="en", channel="sms"), START
    )


def changes(chance: Random) -> list[Change]:
    """A group as it might be: one to five changes of several kinds, texts short and long."""
    texts = (partial(submit, chance.choice("abc") * chance.choice((5, 200, 3000))) for _ in itertools.count())
    return [chance.choice((next(texts), next(texts), send, stop, start)) for _ in range(chance.randint(1, 5))]


def tape(path: Path, seed: int, *, page: int = 4096, checkpoint: int = 1000, groups: int = GROUPS) -> Iterator[Tape]:
    """A life of `groups` answered groups; `checkpoint`: after so many pages the log is written back and begun again."""
    chance = Random(seed)
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA page_size = {page:d}")
    raw.execute("PRAGMA journal_mode = WAL")  # writes the file, so that the size of its pages stands
    raw.close()
    connection = connect(path, KEYS)
    connection.execute(f"PRAGMA wal_autocheckpoint = {checkpoint:d}")
    migrate(connection)
    recorded = Tape(path, connection)
    recorded.record()
    for _ in range(groups):
        recorded.group(*changes(chance))
    yield recorded
    connection.close()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("checkpoint", [1000, 30], ids=["one long log", "many checkpoints"])
def test_every_answered_change_survives_a_cut(tmp_path: Path, seed: int, checkpoint: int) -> None:
    """Whatever became of the octets behind the last sync (cut, torn, zeroed, garbled, one bit flipped; the index lost or
    stale), the database says what it said at the last answer, or that and the whole group in flight."""
    chance, after = Random(seed), tmp_path / "after"
    after.mkdir()
    (recorded,) = tape(tmp_path / "modemd.db", seed, checkpoint=checkpoint)
    seen = set()
    for flight in recorded.flights():
        synced = flight.synced
        damage = chance.choice(DAMAGES)
        left = (
            damage(chance, flight.before.log[synced:], flight.after.log[synced:])
            if synced < len(flight.after.log)
            else b""
        )
        index = chance.choice((None, b"", chance.randbytes(32768)))
        says = reopened(after / "modemd.db", flight.before.database, flight.after.log[:synced] + left, index)
        assert says in (flight.before.says, flight.after.says), damage.__name__
        seen.add((damage.__name__, says == flight.before.says))
    assert len({name for name, _ in seen}) == len(DAMAGES), "each kind of damage was done"
    assert any(back for _, back in seen), "some group in flight was lost"


@pytest.mark.parametrize("seed", range(4))
def test_a_checkpoint_that_was_cut_is_made_again(tmp_path: Path, seed: int) -> None:
    """While the database is written from the log, the log is whole: sectors old and new in any mixture do no harm."""
    chance, after = Random(seed), tmp_path / "after"
    after.mkdir()
    (recorded,) = tape(tmp_path / "modemd.db", seed, checkpoint=30)
    moved = [flight for flight in recorded.flights() if flight.before.database != flight.after.database]
    assert len(moved) > 3, "there were checkpoints"
    for flight in moved:
        says = reopened(after / "modemd.db", torn_checkpoint(chance, flight), flight.after.log)
        assert says == flight.after.says


def test_a_log_that_begins_anew_is_cut_in_its_header(tmp_path: Path) -> None:
    """The header is written alone, over that of a log which is in the database already: wherever it ends, nothing is lost."""
    after = tmp_path / "after"
    after.mkdir()
    (recorded,) = tape(tmp_path / "modemd.db", 1, checkpoint=30)
    anew = [flight for flight in recorded.flights() if flight.begins_anew]
    assert len(anew) > 3, "there were such logs"
    for flight in anew:
        for end in range(LOG_HEADER + 1):
            log = flight.after.log[:end] + flight.before.log[end:]
            assert reopened(after / "modemd.db", flight.before.database, log) == flight.before.says, end


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.system), 7])
def test_a_log_cut_at_every_octet(tmp_path: Path, step: int) -> None:
    """The log ends at each octet of the group in flight in turn, or at each seventh: only with its last octet is the group
    there."""
    after = tmp_path / "after"
    after.mkdir()
    for recorded in tape(tmp_path / "modemd.db", 1, page=SMALL_PAGE, groups=1):
        recorded.group(lambda db: db.execute("INSERT INTO contact (number) VALUES ('+33699999999')"))
    flight = list(recorded.flights())[-1]
    whole, synced = len(flight.after.log), flight.synced
    assert whole > synced == len(flight.before.log), "the group is appended"
    for end in (*range(synced, whole, step), whole):
        says = reopened(after / "modemd.db", flight.before.database, flight.after.log[:end])
        assert says == (flight.after.says if end == whole else flight.before.says), end


async def test_a_start_after_a_cut_goes_on(tmp_path: Path) -> None:
    """The store opens what a cut has left as it opens any database, and takes changes."""
    chance, after = Random(5), tmp_path / "after"
    after.mkdir()
    (recorded,) = tape(tmp_path / "modemd.db", 5, groups=5)
    flight = list(recorded.flights())[-1]
    path = after / "modemd.db"
    path.write_bytes(flight.before.database)
    synced = flight.synced
    log_of(path).write_bytes(flight.after.log[:synced] + cut(chance, b"", flight.after.log[synced:-1]))
    store = await Store.open(path)
    before = len(await store.read(listings.list_messages))
    await store.write(partial(submit, "after the cut"))
    assert len(await store.read(listings.list_messages)) == before + 1
    await store.close()
