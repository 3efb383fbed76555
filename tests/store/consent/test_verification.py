"""Verification of the ledger: whatever was changed, taken away or put in is found, and named."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path
from random import Random

import pytest

from modemd.errors import StoreDamaged
from modemd.store.connection import connect
from modemd.store.consent import ledger, verification
from modemd.store.consent.ledger import ConsentAction, ConsentEvent
from modemd.store.consent.proof import EvidenceFile, store_file
from modemd.store.consent.verification import Anchor, AnchorFile, Fault, Verification
from modemd.store.keyed_hashes.keys import LedgerKeys
from tests.store.bench import ALICE, BOB, START, Bench

ROWS = 12
NOTE = EvidenceFile("note.txt", b"she agreed")
FULL = ConsentEvent(
    ALICE, ConsentAction.OPT_IN, "form", occurred_at=START, zone="Europe/Paris", list_name="promo", sender="8933", actor="ann",
    word="start", language="fr", words="Start!", inbox_id=7, said_at=START, wording="Yes, write to me", wording_version="3",
    wording_language="en", messages=(1, 2), basis="consent", evidence="ticked", evidence_file=NOTE.digest,
    evidence_name=NOTE.name, url="https://example.org", ip="192.0.2.1", user_agent="Firefox", contact_id="c-9",
)  # fmt: skip


def fill(bench: Bench, rows: int = ROWS) -> None:
    """Events of two people in turn."""
    store_file(bench.db, NOTE, bench.now)
    for number in range(rows):
        ledger.add(bench.db, dataclasses.replace(FULL, number=(ALICE, BOB)[number % 2]), bench.now)


def check(db: sqlite3.Connection, *anchors: Anchor) -> Verification:
    return verification.verify(db, AnchorFile(anchors))


def faults(db: sqlite3.Connection, *anchors: Anchor) -> set[tuple[Fault, int, int]]:
    return {(problem.fault, problem.first, problem.last) for problem in check(db, *anchors).problems}


def anchor(db: sqlite3.Connection) -> Anchor:
    rows, chain = ledger.read_head(db)
    return Anchor(START, rows, chain.hex(), "")


def test_a_ledger_that_nobody_touched_is_whole(bench: Bench) -> None:
    """All rows are checked, the anchor agrees, and nothing is wrong."""
    fill(bench)
    found = check(bench.db, anchor(bench.db))
    assert (found.rows, found.erased, found.last, found.anchors, found.problems) == (ROWS, 0, ROWS, 1, ())
    assert found.head == ledger.read_head(bench.db)[1].hex()


COLUMNS = [*ledger.SEALED, "salt", "digest", "chain"]


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("id", [1, 6, ROWS])
def test_a_change_of_any_column_of_any_row_is_named(bench: Bench, column: str, id: int) -> None:
    """Whatever is put in its place, the row is named."""
    fill(bench)
    before = bench.db.execute(f"SELECT {column} FROM consent_event WHERE id = ?", (id,)).fetchone()[0]
    other: object = bytes(32) if isinstance(before, bytes) else 99 if isinstance(before, int) else f"{before}x"
    if column == "action":
        other = "opt_out"
    bench.db.execute(f"UPDATE consent_event SET {column} = ? WHERE id = ?", (other, id))
    assert (Fault.CHANGED, id, id) in faults(bench.db)


def test_a_column_that_is_new_is_sealed() -> None:
    """Every column of the table is part of the content, or of what protects it."""
    db = sqlite3.connect(":memory:")
    from modemd.store.tables import STATEMENTS

    db.execute(next(each for each in STATEMENTS if "TABLE consent_event" in each))
    columns = {row[1] for row in db.execute("PRAGMA table_info(consent_event)")}
    assert columns == {"id", *ledger.SEALED, "salt", "digest", "key_id", "chain"}
    assert all(getattr(FULL, field.name) for field in dataclasses.fields(FULL)), "each field has a value in these tests"


@pytest.mark.parametrize("id", range(1, ROWS + 1))
def test_a_row_that_was_deleted_is_named(bench: Bench, id: int) -> None:
    """In the middle as at either end, without any anchor."""
    fill(bench)
    bench.db.execute("DELETE FROM consent_event WHERE id = ?", (id,))
    assert faults(bench.db) == {(Fault.CUT_OFF if id == ROWS else Fault.MISSING, id, id)}


@pytest.mark.parametrize("seed", range(10))
def test_rows_in_another_order_are_named(bench: Bench, seed: int) -> None:
    """Two rows that change places are both named, even if each is whole."""
    fill(bench)
    first, second = Random(seed).sample(range(1, ROWS + 1), 2)
    for old, new in ((first, -1), (second, first), (-1, second)):
        bench.db.execute("UPDATE consent_event SET id = ? WHERE id = ?", (new, old))
    assert {(Fault.CHANGED, first, first), (Fault.CHANGED, second, second)} <= faults(bench.db)


def test_a_row_of_another_branch_is_named(bench: Bench) -> None:
    """A row that was added to a copy of the database, with the right key: the row behind it does not follow from it."""
    fill(bench, 4)
    ledger.add(bench.db, FULL, bench.now)
    other = dict(bench.db.execute("SELECT * FROM consent_event WHERE id = 5").fetchone())
    bench.db.execute("DELETE FROM consent_event WHERE id = 5")
    bench.db.execute("UPDATE sqlite_sequence SET seq = 4 WHERE name = 'consent_event'")
    ledger.add(bench.db, dataclasses.replace(FULL, action=ConsentAction.OPT_OUT), bench.now)
    ledger.add(bench.db, FULL, bench.now)
    assert faults(bench.db) == set()
    values = ", ".join(f"{name} = :{name}" for name in other if name != "id")
    bench.db.execute(f"UPDATE consent_event SET {values} WHERE id = 5", other)
    assert faults(bench.db) == {(Fault.CHANGED, 6, 6)}


def test_a_tail_that_was_cut_off_is_found_by_the_anchor(bench: Bench) -> None:
    """Also if the database's own count was made to fit, and if new rows came behind."""
    fill(bench)
    stood = anchor(bench.db)
    bench.db.execute("DELETE FROM consent_event WHERE id > 9")
    bench.db.execute("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'consent_event'")
    assert faults(bench.db) == set()
    assert faults(bench.db, stood) == {(Fault.CUT_OFF, 10, ROWS)}
    fill(bench, 5)
    assert faults(bench.db, stood) == {(Fault.ANCHOR_DIFFERS, ROWS, ROWS)}


def test_a_row_that_another_key_made_is_told(bench: Bench, tmp_path: Path) -> None:
    """A key that was lost and replaced: which rows cannot be checked, and which key is missing; the rows behind are checked."""
    fill(bench)
    other = connect(tmp_path / "modemd.db", LedgerKeys((bytes(32),)))
    ledger.add(other, FULL, START)
    (problem,) = check(other).problems
    lost = bench.db.execute("SELECT key_id FROM consent_event WHERE id = 1").fetchone()[0]
    assert problem.because == f"rows 1 to {ROWS} can not be checked: key {lost} is not here"
    assert (problem.fault, problem.first, problem.last) == (Fault.NO_KEY, 1, ROWS)
    other.execute("UPDATE consent_event SET action = 'opt_out' WHERE id = ?", (ROWS + 1,))
    assert (Fault.CHANGED, ROWS + 1, ROWS + 1) in faults(other)


def test_without_a_key_the_ledger_goes_on(tmp_path: Path, bench: Bench) -> None:
    """Rows are stored, and told as what nothing protects."""
    db = connect(tmp_path / "modemd.db", LedgerKeys((), "gone"))
    ledger.add(db, FULL, START)
    store_file(db, NOTE, START)
    assert faults(db) == {(Fault.NO_KEY, 1, 1)}


def test_a_chain_that_was_made_with_a_wrong_key_is_named(bench: Bench) -> None:
    """Somebody who changes a row and computes all chain values again lacks the key."""
    fill(bench)
    bench.db.execute("UPDATE consent_event SET word = 'no' WHERE id = 4")
    chain = bench.db.execute("SELECT chain FROM consent_event WHERE id = 3").fetchone()[0]
    wrong = LedgerKeys((bytes(32),))
    for row in bench.db.execute("SELECT * FROM consent_event WHERE id >= 4 ORDER BY id").fetchall():
        digest = ledger.compute_digest(row["salt"], row)
        made = wrong.compute_mac(wrong.ids[0], ledger.make_link(chain, row["id"], row["at"], row["action"], digest))
        bench.db.execute("UPDATE consent_event SET digest = ?, chain = ? WHERE id = ?", (digest, made, row["id"]))
        chain = made
    assert {(Fault.CHANGED, id, id) for id in range(4, ROWS + 1)} <= faults(bench.db)


def test_an_erased_row_still_verifies(bench: Bench) -> None:
    """Its content and salt are gone, its digest is in the chain, and the row of the erasure names it."""
    fill(bench)
    assert ledger.blank(bench.db, [ALICE], "ann", "asked", bench.now) == ROWS // 2
    found = check(bench.db)
    assert (found.rows, found.erased, found.problems) == (ROWS + 1, ROWS // 2, ())
    assert ALICE not in "".join(map(str, bench.db.execute("SELECT * FROM consent_event").fetchall()[0]))
    bench.db.execute("UPDATE consent_event SET at = '2020' WHERE id = 1")
    assert (Fault.CHANGED, 1, 1) in faults(bench.db)


def test_a_row_that_was_blanked_without_an_erasure_is_named(bench: Bench) -> None:
    """Blanking what somebody said is no way round the ledger."""
    fill(bench)
    ledger.blank(bench.db, [ALICE], "ann", "asked", bench.now)
    bench.db.execute(ledger._BLANK, (2,))
    assert faults(bench.db) == {(Fault.BLANKED, 2, 2)}


def test_a_file_of_evidence_is_checked(bench: Bench) -> None:
    """One that is missing or was changed is named with its row; an erasure deletes it with the last row that has it."""
    fill(bench, 2)
    bench.db.execute("UPDATE consent_evidence SET content = x'00'")
    assert faults(bench.db) == {(Fault.EVIDENCE, 1, 1), (Fault.EVIDENCE, 2, 2)}
    ledger.blank(bench.db, [ALICE], "ann", "asked", bench.now)
    assert bench.db.execute("SELECT count(*) FROM consent_evidence").fetchone()[0] == 1
    ledger.blank(bench.db, [BOB], "ann", "asked", bench.now)
    assert bench.db.execute("SELECT count(*) FROM consent_evidence").fetchone()[0] == 0
    assert faults(bench.db) == set()


def test_an_absent_or_damaged_file_of_anchors_is_told(bench: Bench) -> None:
    """Absent is no fault as long as there cannot have been an anchor yet."""
    fill(bench, 1)
    absent = AnchorFile(is_there=False)
    assert verification.verify(bench.db, absent, "2026-11-22").problems == ()
    (problem,) = verification.verify(bench.db, absent, "2026-11-23").problems
    assert problem.fault is Fault.ANCHOR_ABSENT
    (problem,) = verification.verify(bench.db, AnchorFile((), "line 1 is no anchor"), "").problems
    assert problem.fault is Fault.ANCHOR_DAMAGED


def test_a_text_that_is_not_utf8_is_named(bench: Bench) -> None:
    """In any column of texts: the row is named, and the others are checked."""
    fill(bench)
    bench.db.execute("PRAGMA ignore_check_constraints = ON")
    columns = [row["name"] for row in bench.db.execute("PRAGMA table_info(consent_event)") if row["type"] == "TEXT"]
    assert {"number", "action", "word", "key_id"} <= set(columns)
    for column in columns:
        bench.db.execute("SAVEPOINT whole")
        bench.db.execute(f"UPDATE consent_event SET {column} = CAST(x'ff00' AS TEXT) WHERE id = 3")
        found = check(bench.db)
        places = {(problem.first, problem.last) for problem in found.problems}
        assert (column, (3, 3) in places, places <= {(3, 3), (4, 4)}, found.rows) == (column, True, True, ROWS)
        bench.db.execute("ROLLBACK TO whole")


def test_a_ledger_that_is_gone_is_damage(bench: Bench) -> None:
    """A table that is not there is no empty ledger."""
    bench.db.execute("ALTER TABLE consent_event RENAME TO other")
    with pytest.raises(StoreDamaged, match="no such table"):
        check(bench.db)
