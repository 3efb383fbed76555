"""What came in: once however often it is repeated, and whole however its parts arrive."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import pytest

from modemd.rules.classes import KINDS, Kind
from modemd.store import listings
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.inbound.inbox import CompleteMessage
from tests.store.bench import ALICE, BOB, EAST, START, WEST, Bench
from tests.store.inbound.bench import SINGLE, keep, part, shown


def test_a_message_is_whole_at_once(bench: Bench) -> None:
    """A message of one part is complete with its arrival."""
    assert keep(bench, SINGLE) == CompleteMessage(1, ALICE, WEST, "text", "hello")
    (row,) = listings.list_inbox(bench.db)
    assert (row.sender, row.to_sim, row.parts, row.complete) == (ALICE, WEST, 1, True)
    assert row.sent_at == START.isoformat("T", "microseconds")


def test_a_repetition_is_not_kept_again(bench: Bench) -> None:
    """The same TPDU on the same SIM within seven days is the same message; later, or on another SIM, it is another one."""
    keep(bench, SINGLE)
    bench.passes(days=6, hours=23)
    assert keep(bench, SINGLE) is None
    assert keep(bench, replace(SINGLE, sim=EAST)) is not None
    bench.passes(hours=1)
    assert keep(bench, SINGLE) is not None
    assert len(shown(bench)) == 3


@pytest.mark.parametrize("days", [8, 100])
def test_what_its_slot_still_holds_is_no_new_message(bench: Bench, days: int) -> None:
    """A modem that does not delete a message hands it over again, long after: it was stored once. Another message in that slot
    ends this, and what comes from no slot, or from another one, is new after seven days."""
    held = replace(SINGLE, slot="SM/1")
    for _ in range(2):  # stored; and still there
        keep(bench, held)
    bench.passes(days=days)
    assert keep(bench, held) is None
    assert keep(bench, replace(held, slot="SM/2")) is not None
    assert keep(bench, replace(SINGLE, tpdu=b"other", slot="SM/1")) is not None
    bench.passes(days=days)
    assert keep(bench, held) is not None
    assert len(shown(bench)) == 4


def test_what_was_deleted_in_its_slot_is_not_held_there(bench: Bench) -> None:
    """A message that was read from a slot once may come again to the same slot after seven days."""
    held = replace(SINGLE, slot="SM/1")
    keep(bench, held)
    bench.passes(days=8)
    assert keep(bench, held) is not None


def test_a_redelivery_is_told_by_what_lasts(bench: Bench) -> None:
    """The service centre says with each delivery whether more messages wait: that is no part of the message."""
    keep(bench, replace(SINGLE, tpdu=b"04hello", lasting=b"hello"))
    assert keep(bench, replace(SINGLE, tpdu=b"00hello", lasting=b"hello")) is None


def test_a_join_that_fails_keeps_nothing(bench: Bench) -> None:
    """Where the text of a set cannot be made the change raises, and its savepoint is the caller's to roll back."""
    keep(bench, part(1, "one", key="alice/8/1/2"))

    def fails(tpdus: Sequence[bytes]) -> tuple[Kind, str]:
        raise ValueError("no text")

    bench.db.execute("SAVEPOINT change")
    with pytest.raises(ValueError, match="no text"):
        inbox.store_arrival(bench.db, part(2, "two", key="alice/8/1/2"), fails, bench.now)
    bench.db.execute("ROLLBACK TO change")
    assert bench.db.execute("SELECT count(*) FROM inbox_part").fetchone()[0] == 1


def test_data_and_undecodable_arrivals_are_kept(bench: Bench) -> None:
    """What is not text is kept all the same, without a sender or a time where there is none."""
    keep(bench, Arrival(WEST, b"\xff", "", "undecodable", "FF", None))
    keep(bench, replace(SINGLE, sender=BOB, kind="data", text="CAFE", tpdu=b"data"))
    assert [(row.sender, row.kind, row.sent_at is None) for row in listings.list_inbox(bench.db)] == [
        (BOB, "data", False),
        ("", "undecodable", True),
    ]


def test_a_kind_is_one_of_a_closed_list(bench: Bench) -> None:
    """The schema holds the closed list."""
    with pytest.raises(sqlite3.IntegrityError, match="kind"):
        keep(bench, replace(SINGLE, kind="picture"))  # type: ignore[arg-type]  # what the types forbid, the schema does too


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_kept_and_can_be_asked_for(bench: Bench, kind: Kind) -> None:
    """The schema takes what the list holds, and a listing narrows to it."""
    keep(bench, SINGLE)
    keep(bench, replace(SINGLE, kind=kind, tpdu=b"another"))
    assert {row.kind for row in listings.list_inbox(bench.db, kind=kind)} == {kind}


def test_each_call_is_a_row(bench: Bench) -> None:
    """The same caller twice has called twice; a withheld number is empty."""
    for caller in (ALICE, ALICE, ""):
        inbox.store_missed_call(bench.db, WEST, caller, bench.now)
    rows = listings.list_inbox(bench.db, kind="call")
    assert [(row.sender, row.text, row.complete) for row in rows] == [
        ("", "missed call", True),
        (ALICE, "missed call", True),
        (ALICE, "missed call", True),
    ]
