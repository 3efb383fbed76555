"""What was answered lately."""

from __future__ import annotations

from datetime import timedelta

from modemd.rules.consent.texts.kinds import TextKind
from modemd.store.consent import answers
from modemd.store.consent.answers import AnswerCounts, StatementCounts
from tests.store.bench import ALICE, Bench


def test_answers_are_counted_by_number_prefix_and_hour(bench: Bench) -> None:
    """Of the last day to the number, of the last hour to its prefix and to all; older ones count no more."""
    answers.note(bench.db, 1, ALICE, TextKind.OPT_OUT_REPLY, bench.now)
    answers.note(bench.db, 2, "+33612000000", TextKind.HELP_REPLY, bench.now)
    answers.note(bench.db, 3, "+4915112345678", TextKind.HELP_REPLY, bench.now)
    assert answers.read_counts(bench.db, ALICE, bench.now) == AnswerCounts((TextKind.OPT_OUT_REPLY,), 1, 2, 3)
    bench.passes(hours=2)
    assert answers.read_counts(bench.db, ALICE, bench.now) == AnswerCounts((TextKind.OPT_OUT_REPLY,), 1, 0, 0)
    bench.passes(hours=23)
    assert answers.read_counts(bench.db, ALICE, bench.now) == AnswerCounts((), 0, 0, 0)


def test_old_answers_are_forgotten(bench: Bench) -> None:
    """A new one deletes those that bound nothing any more."""
    answers.note(bench.db, 1, ALICE, TextKind.OPT_OUT_REPLY, bench.now)
    answers.note(bench.db, 2, ALICE, TextKind.OPT_OUT_REPLY, bench.now + timedelta(days=3))
    assert [row[0] for row in bench.db.execute("SELECT message_id FROM consent_answer")] == [2]


def test_changes_of_mind_are_told_from_words(bench: Bench) -> None:
    """STOP twice is two words and one change; what was said a day before counts no more."""
    for opts_in in (False, False, True):
        bench.says(ALICE, opts_in=opts_in)
        bench.passes(seconds=1)
    assert answers.read_statements(bench.db, ALICE, bench.now) == StatementCounts(words=3, changes=2)
    bench.passes(hours=24)
    assert answers.read_statements(bench.db, ALICE, bench.now) == StatementCounts(words=0, changes=0)
