"""The suppression list: known by hashes alone, and looked up in the same time however long it is."""

from __future__ import annotations

import hashlib

import pytest

from modemd.rules.classes import MessageClass
from modemd.store.consent import statements
from modemd.store.keyed_hashes import suppression
from modemd.store.keyed_hashes.keys import LedgerKeys
from tests.store.bench import ALICE, BOB, START, Bench
from tests.store.test_query_plans import plans

SINCE = "2026-01-01T00:00:00.000000+00:00"


def test_a_lookup_asks_the_primary_key(bench: Bench) -> None:
    """Whatever asks for the list, no statement walks it."""
    suppression.suppress(bench.db, BOB, SINCE)

    def ask() -> None:
        statements.read_marketing(bench.db, ALICE)
        bench.submit(message_class=MessageClass.MARKETING)

    asked = {text: plan for text, plan in plans(bench, ask).items() if "suppression" in text}
    assert len(asked) >= 2
    assert all("SEARCH suppression USING" in plan and "SCAN suppression" not in plan for plan in asked.values()), asked


def test_the_work_does_not_grow_with_the_list(bench: Bench) -> None:
    """With 50,000 numbers on the list a lookup costs SQLite as many steps as with one."""
    suppression.suppress(bench.db, BOB, SINCE)

    def count_steps() -> int:
        steps = 0

        def step() -> int:
            nonlocal steps
            steps += 1
            return 0

        bench.db.set_progress_handler(step, 1)
        statements.read_marketing(bench.db, ALICE)
        bench.db.set_progress_handler(None, 1)
        return steps

    few = count_steps()
    digests = ((hashlib.sha256(str(number).encode()).digest(), "00000000", SINCE, 0) for number in range(50_000))
    bench.db.execute("BEGIN")
    bench.db.executemany("INSERT INTO suppression (digest, key_id, at, is_ending) VALUES (?, ?, ?, ?)", digests)
    bench.db.execute("COMMIT")
    assert abs(count_steps() - few) <= 2


def test_a_hash_of_an_older_key_still_binds(bench: Bench) -> None:
    """All keys in the file are tried; a number that was hashed by a key that is not here is counted."""
    first, second = bytes(range(32)), bytes(32)
    LedgerKeys((first,)).register(bench.db)
    suppression.suppress(bench.db, ALICE, SINCE)
    LedgerKeys((first, second)).register(bench.db)
    assert suppression.find_suppression(bench.db, ALICE) == SINCE
    assert suppression.count_unknown_keys(bench.db) == {}
    LedgerKeys((second,)).register(bench.db)
    assert suppression.find_suppression(bench.db, ALICE) is None
    assert suppression.count_unknown_keys(bench.db) == {LedgerKeys((first,)).ids[0]: 1}


@pytest.mark.parametrize("number", [ALICE, "MyBank", "36111", "0612345678"])
def test_any_sender_can_be_kept(bench: Bench, number: str) -> None:
    """A number, a name, a short code and digits without a country; without a key none of them."""
    assert suppression.suppress(bench.db, number, SINCE)
    suppression.ensure_contact(bench.db, number)
    assert tuple(bench.db.execute("SELECT marketing, marketing_since FROM contact").fetchone()) == ("opted_out", SINCE)
    suppression.lift(bench.db, number)
    assert suppression.find_suppression(bench.db, number) is None
    LedgerKeys((), "gone").register(bench.db)
    assert not suppression.suppress(bench.db, number, START.isoformat())
