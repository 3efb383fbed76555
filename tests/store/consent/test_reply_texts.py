"""Texts that administrators have changed."""

from __future__ import annotations

from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import ConsentText
from modemd.store.consent import reply_texts
from modemd.store.events import Authorship
from modemd.store.timestamps import to_text
from tests.store.bench import Bench

ANN = Authorship("ann", "friendlier")
BYE = ConsentText("fr", TextKind.OPT_OUT_REPLY, "Au revoir", segments=2)


def test_a_changed_text_is_stored_with_its_author(bench: Bench) -> None:
    """Who changed it, when and why stands beside it."""
    changed = reply_texts.put(bench.db, BYE, ANN, bench.now)
    assert changed == reply_texts.list_changed(bench.db)
    (stored,) = changed
    assert (stored.language, stored.kind, stored.text, stored.segments) == ("fr", BYE.kind, "Au revoir", 2)
    assert (stored.changed_by, stored.why, stored.changed_at) == ("ann", "friendlier", to_text(bench.now))
    assert (stored.source, stored.is_proofread) == ("administrator", False)


def test_the_later_change_holds_and_both_are_told(bench: Bench) -> None:
    """A text has one form at a time; the journal keeps each."""
    reply_texts.put(bench.db, BYE, ANN, bench.now)
    later = ConsentText("fr", TextKind.OPT_OUT_REPLY, "Adieu", is_proofread=True)
    (stored,) = reply_texts.put(bench.db, later, ANN, bench.now)
    assert (stored.text, stored.is_proofread, stored.segments) == ("Adieu", True, 1)
    told = bench.db.execute("SELECT detail FROM event WHERE what = 'consent text changed' ORDER BY id").fetchall()
    assert ["Au revoir" in row["detail"] for row in told] == [True, False]


def test_a_change_can_be_taken_back(bench: Bench) -> None:
    """What was never changed cannot be taken back."""
    reply_texts.put(bench.db, BYE, ANN, bench.now)
    assert reply_texts.delete(bench.db, "de", BYE.kind, ANN, bench.now) is None
    assert reply_texts.delete(bench.db, "fr", BYE.kind, ANN, bench.now) == []
    assert reply_texts.delete(bench.db, "fr", BYE.kind, ANN, bench.now) is None
    assert reply_texts.list_changed(bench.db) == []
