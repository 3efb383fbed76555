"""Stored changes of the words of consent."""

from __future__ import annotations

from datetime import UTC, datetime

from modemd.rules.consent.words.keywords import ChangeKind, KeywordAction, WordChange
from modemd.store.consent import words
from modemd.store.events import Authorship
from tests.store.bench import Bench

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
JANE = Authorship("jane", "customers write it")


def test_changes_come_back_as_they_were_stored(bench: Bench) -> None:
    """With who made them, why and when; a change for a country stands beside that for all."""
    everywhere = WordChange(ChangeKind.ADD, "Terminé", KeywordAction.OPT_OUT, "fr")
    in_belgium = WordChange(ChangeKind.DISABLE, "TERMINE", country="BE")
    for change in (everywhere, in_belgium):
        words.store_change(bench.db, change, JANE, NOW)
    found = words.list_changes(bench.db)
    assert [row.change for row in found] == [everywhere, in_belgium]
    assert {(row.by, row.why, row.at[:10]) for row in found} == {("jane", "customers write it", "2026-11-22")}
    told = bench.db.execute("SELECT what, detail FROM event ORDER BY id").fetchall()
    assert [row["what"] for row in told] == ["word add", "word disable"]
    assert "jane" in told[0]["detail"]


def test_a_later_change_takes_the_place_of_the_earlier(bench: Bench) -> None:
    """However the word is spelt."""
    later = WordChange(ChangeKind.REASSIGN, "TERMINÉ", KeywordAction.HELP, "fr")
    words.store_change(bench.db, WordChange(ChangeKind.ADD, "termine", KeywordAction.OPT_OUT, "fr"), JANE, NOW)
    words.store_change(bench.db, later, JANE, NOW)
    assert [row.change for row in words.list_changes(bench.db)] == [later]
