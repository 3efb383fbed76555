"""The ledger: how rows are added, and by whom."""

from __future__ import annotations

import re
from pathlib import Path

from modemd.store.consent import ledger
from modemd.store.consent.ledger import ConsentAction, ConsentEvent
from tests.sim.world.store import fresh_database
from tests.store.bench import ALICE, START, Bench

PACKAGE = Path(ledger.__file__).resolve().parents[2]


def test_only_the_ledger_writes_its_rows() -> None:
    """No other module of the package adds, changes or deletes a row."""
    writes = re.compile(r"(INTO|UPDATE|DELETE FROM)\s+consent_event\b")
    found = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if writes.search(path.read_text())}
    assert found == {"store/consent/ledger.py"}


def test_every_row_has_a_salt_of_its_own(bench: Bench) -> None:
    """The same event twice has two digests: nobody can tell by it who is meant."""
    event = ConsentEvent(ALICE, ConsentAction.OPT_OUT, "sms")
    ids = [ledger.add(bench.db, event, START) for _ in range(3)]
    rows = bench.db.execute("SELECT DISTINCT salt, digest FROM consent_event").fetchall()
    assert ids == [1, 2, 3]
    assert len(rows) == 3
    assert {len(row["salt"]) for row in rows} == {16}


def test_a_seeded_run_has_the_same_ledger_again() -> None:
    """Salts and key of a simulation come from its seed."""

    def run() -> tuple[int, bytes]:
        db = fresh_database()
        ledger.add(db, ConsentEvent(ALICE, ConsentAction.OPT_OUT, "sms"), START)
        return ledger.read_head(db)

    assert run() == run()


def test_an_id_is_not_given_twice(bench: Bench) -> None:
    """Behind a tail that was cut off, the ids of that are missing."""
    event = ConsentEvent(ALICE, ConsentAction.OPT_OUT, "sms")
    for _ in range(3):
        ledger.add(bench.db, event, START)
    bench.db.execute("DELETE FROM consent_event WHERE id > 1")
    assert ledger.add(bench.db, event, START) == 4


def test_a_long_history_is_blanked_in_steps(bench: Bench) -> None:
    """Each step blanks a few rows, and says which in a row of its own."""
    for _ in range(5):
        ledger.add(bench.db, ConsentEvent(ALICE, ConsentAction.OPT_OUT, "sms"), START)
    assert [ledger.blank(bench.db, [ALICE], "ann", "asked", START, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    rows = bench.db.execute("SELECT actor, evidence, number FROM consent_event WHERE action = 'erase'").fetchall()
    assert [tuple(row) for row in rows] == [("ann", "asked", "")] * 3
