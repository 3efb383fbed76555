"""Rows are typed: each field out of the column of its name."""

from __future__ import annotations

import dataclasses
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.states import MessageState, PartState
from modemd.store import rows
from modemd.store.rows import read_row

CLASSES = [each for each in vars(rows).values() if dataclasses.is_dataclass(each)]


@dataclass(frozen=True, slots=True)
class Example:
    """A field of each type that SQLite has otherwise."""

    state: MessageState
    part: PartState
    message_class: MessageClass | None
    complete: bool
    at: datetime | None
    detail: dict[str, Any]
    ids: tuple[int, ...]
    kind: Literal["text", "data"]
    text: str | None


def fetch(sql: str) -> sqlite3.Row:
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    row: sqlite3.Row = db.execute(sql).fetchone()
    db.close()
    return row


WHOLE = """SELECT 'text' AS kind, 'queued' AS state, 'sent' AS part, 'alarm' AS message_class, 1 AS complete, 7 AS other,
                  '2026-11-22T12:00:00.000000+00:00' AS at, '{"part": 1}' AS detail, '[3, 4]' AS ids, '7' AS text"""


def test_values_have_the_types_of_the_fields() -> None:
    """Whatever the order of the columns, and whichever others there are."""
    found = read_row(Example, fetch(WHOLE))
    assert found == Example(
        MessageState.QUEUED, PartState.SENT, MessageClass.ALARM, True, datetime(2026, 11, 22, 12, tzinfo=UTC),
        {"part": 1}, (3, 4), "text", "7",
    )  # fmt: skip
    assert (type(found.state), type(found.message_class), type(found.complete)) == (MessageState, MessageClass, bool)


def test_null_is_none() -> None:
    """Nothing is made of it."""
    sql = WHOLE.replace("'alarm' AS", "NULL AS").replace("'2026-11-22T12:00:00.000000+00:00' AS", "NULL AS")
    found = read_row(Example, fetch(sql))
    assert (found.message_class, found.at) == (None, None)


def test_a_query_without_a_column_is_a_mistake() -> None:
    """It is not taken for NULL."""
    with pytest.raises(IndexError):
        read_row(Example, fetch("SELECT 'queued' AS state"))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_rows_never_change(kind: Any) -> None:
    """They cross from the reader's thread to the loop: each is frozen, and has no place for more."""
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)
