"""Questions that are open."""

from __future__ import annotations

from modemd.store.consent import questions
from tests.store.bench import ALICE, BOB, Bench


def ask(bench: Bench, answers: str) -> int:
    """A message that declares answer words (JSON)."""
    message = bench.submit(ALICE)
    bench.db.execute("UPDATE message SET answers = ? WHERE id = ?", (answers, message))
    return message


def test_a_question_is_open_for_a_day_after_it_was_sent(bench: Bench) -> None:
    """Not before it left, and only to its recipient; its words are compared as words of consent are."""
    ask(bench, '["Yes", "N\u00f3"]')
    assert questions.read_open(bench.db, ALICE, bench.now) is None
    bench.send()
    assert questions.read_open(bench.db, ALICE, bench.now) == frozenset({"yes", "no"})
    assert questions.read_open(bench.db, BOB, bench.now) is None
    bench.passes(hours=23)
    assert questions.read_open(bench.db, ALICE, bench.now) is not None
    bench.passes(hours=2)
    assert questions.read_open(bench.db, ALICE, bench.now) is None
