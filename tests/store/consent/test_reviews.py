"""Reviews: one open item a number and kind, what it holds, and how it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from modemd.errors import ErrorCode, Refused
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.store.consent import lists, resolutions, reviews, statements
from modemd.store.consent.reviews import ReviewKind, ReviewRow, ReviewText
from modemd.store.contacts import erasure
from modemd.store.events import Authorship
from tests.store.bench import ALICE, BOB, Bench
from tests.store.consent.test_lists import PROMO, subscribe

ANNA = Authorship("anna", "a test")


def due(bench: Bench) -> datetime:
    return bench.now + timedelta(days=2)


def open_item(
    bench: Bench, kind: ReviewKind = ReviewKind.AMBIGUOUS, text: str = "the bus stop", number: str = ALICE
) -> int:
    due_at = due(bench) if kind is ReviewKind.AMBIGUOUS else None
    return reviews.open_item(bench.db, ReviewText(number, kind, text, word="stop", tier=3), due_at, bench.now)


def item(bench: Bench, review_id: int) -> ReviewRow:
    found = reviews.find(bench.db, review_id)
    assert found is not None
    return found


def held_offer(bench: Bench) -> int:
    """Marketing that waits for a review."""
    offer = bench.submit(ALICE, MessageClass.MARKETING, at=due(bench))
    bench.db.execute("UPDATE message SET reason = 'under_review' WHERE id = ?", (offer,))
    return offer


def test_an_ambiguous_text_holds_marketing_until_it_is_due(bench: Bench) -> None:
    """Of this number only."""
    open_item(bench)
    assert reviews.read_hold_until(bench.db, ALICE) == due(bench)
    assert reviews.read_hold_until(bench.db, BOB) is None


def test_an_item_to_check_holds_nothing(bench: Bench) -> None:
    """What it tells of is done."""
    open_item(bench, ReviewKind.CHECK)
    assert reviews.read_hold_until(bench.db, ALICE) is None
    assert reviews.find_next_due(bench.db) is None


def test_a_second_text_is_added_to_the_open_item(bench: Bench) -> None:
    """Its time does not move: who keeps writing is not made to wait longer."""
    first, until = open_item(bench), due(bench)
    bench.passes(days=1)
    assert open_item(bench, text="non-stop") == first
    assert item(bench, first).text == "the bus stop\nnon-stop"
    assert reviews.read_hold_until(bench.db, ALICE) == until
    assert open_item(bench, ReviewKind.FLIPS) != first
    assert open_item(bench, number=BOB) != first


def test_mails_without_a_number_are_items_of_their_own(bench: Bench) -> None:
    """Nobody knows whether two are of one person."""
    assert open_item(bench, ReviewKind.MAIL, number="") != open_item(bench, ReviewKind.MAIL, number="")


def test_dismissal_releases_what_waited(bench: Bench) -> None:
    """At once; and the number has said nothing."""
    review, offer = open_item(bench), held_offer(bench)
    resolutions.dismiss(bench.db, review, ANNA, bench.now)
    assert reviews.read_hold_until(bench.db, ALICE) is None
    bench.promote()
    assert bench.state(offer) == "queued"
    found = item(bench, review)
    assert (found.resolution, found.by, found.why) == ("dismissed", "anna", "a test")
    assert statements.read_marketing(bench.db, ALICE) is Marketing.UNKNOWN


def test_dismissal_does_not_move_what_waits_for_its_time(bench: Bench) -> None:
    """Only what the review has held is due."""
    review = open_item(bench)
    planned = bench.submit(ALICE, MessageClass.MARKETING, at=due(bench))
    resolutions.dismiss(bench.db, review, ANNA, bench.now)
    bench.promote()
    assert bench.state(planned) == "held"


def test_an_opt_out_by_review_is_one_like_any_other(bench: Bench) -> None:
    """What waits is cancelled, every list is closed, and the ledger has it; nothing is answered."""
    subscribe(bench)
    review, offer = open_item(bench), held_offer(bench)
    effect = resolutions.opt_out(bench.db, review, ANNA, bench.now)
    assert (effect.has_changed, effect.needs_confirmation, effect.withdrawn_messages) == (True, False, 1)
    assert bench.state(offer) == "cancelled"
    assert lists.read_state(bench.db, ALICE, PROMO) is Marketing.OPTED_OUT
    rows = bench.db.execute("SELECT action, channel, word FROM consent_event WHERE action = 'opt_out'")
    assert [tuple(row) for row in rows] == [("opt_out", "review", "stop")]
    assert item(bench, review).resolution == "opt_out"


def test_nobodys_decision_is_an_opt_out(bench: Bench) -> None:
    """At its time, not before."""
    review = open_item(bench)
    assert reviews.find_next_due(bench.db) == due(bench)
    bench.passes(days=2, seconds=-1)
    assert resolutions.resolve_due(bench.db, bench.now) == 0
    bench.passes(seconds=1)
    assert resolutions.resolve_due(bench.db, bench.now) == 1
    assert resolutions.resolve_due(bench.db, bench.now) == 0
    assert statements.read_marketing(bench.db, ALICE) is Marketing.OPTED_OUT
    assert (item(bench, review).by, reviews.find_next_due(bench.db)) == ("modemd", None)


def test_a_decision_is_made_once(bench: Bench) -> None:
    """The second one is refused: the first may have been acted on."""
    review = open_item(bench)
    resolutions.opt_out(bench.db, review, ANNA, bench.now)
    for decide in (resolutions.opt_out, resolutions.dismiss):
        with pytest.raises(Refused) as refused:
            decide(bench.db, review, ANNA, bench.now)
        assert refused.value.code is ErrorCode.RESOLVED
        with pytest.raises(Refused) as refused:
            decide(bench.db, 99, ANNA, bench.now)
        assert refused.value.code is ErrorCode.NOT_FOUND


@pytest.mark.parametrize("then", ["STOP", "START after STOP"])
def test_a_clear_word_settles_an_ambiguous_one(bench: Bench, then: str) -> None:
    """An opt-out and its review may race: whichever comes second finds nothing to do, and nothing is stored twice."""
    review = open_item(bench)
    bench.passes(hours=1)
    bench.says(ALICE)
    if then != "STOP":
        bench.passes(hours=1)
        bench.says(ALICE, opts_in=True)
    bench.passes(days=3)
    assert resolutions.resolve_due(bench.db, bench.now) == 0
    assert item(bench, review).resolution == "superseded"
    wanted = Marketing.OPTED_OUT if then == "STOP" else Marketing.OPTED_IN
    assert statements.read_marketing(bench.db, ALICE) is wanted
    with pytest.raises(Refused) as refused:
        resolutions.dismiss(bench.db, review, ANNA, bench.now)
    assert refused.value.code is ErrorCode.RESOLVED


def test_a_phrase_taken_for_an_opt_out_can_be_undone(bench: Bench) -> None:
    """The number is as it was before, on every list."""
    subscribe(bench)
    subscribe(bench, None)
    bench.passes(days=1)
    bench.says(ALICE, channel="phrase")
    review = reviews_of_last_word(bench)
    resolutions.undo(bench.db, review, ANNA, bench.now)
    assert statements.read_marketing(bench.db, ALICE) is Marketing.OPTED_IN
    assert lists.read_state(bench.db, ALICE, PROMO) is Marketing.OPTED_IN
    assert item(bench, review).resolution == "undone"


def reviews_of_last_word(bench: Bench) -> int:
    """An item to check about the last opt-out, whose message is number 7."""
    bench.db.execute("PRAGMA foreign_keys = OFF")
    bench.db.execute("UPDATE consent_event SET inbox_id = 7 WHERE id = (SELECT max(id) FROM consent_event)")
    new = ReviewText(ALICE, ReviewKind.CHECK, "stop that nonsense", inbox_id=7, word="stop", tier=2)
    return reviews.open_item(bench.db, new, None, bench.now)


@pytest.mark.parametrize("when", ["before", "since"])
def test_a_clear_word_is_not_undone(bench: Bench, when: str) -> None:
    """Only START from that number ends what its own STOP said."""
    if when == "before":
        bench.says(ALICE)
        bench.passes(hours=1)
    bench.says(ALICE)
    review = reviews_of_last_word(bench)
    if when == "since":
        bench.passes(hours=1)
        bench.says(ALICE)
    with pytest.raises(Refused) as refused:
        resolutions.undo(bench.db, review, ANNA, bench.now)
    assert refused.value.code is ErrorCode.OWN_OPT_OUT
    assert statements.read_marketing(bench.db, ALICE) is Marketing.OPTED_OUT


def test_an_opt_out_that_nobody_decided_can_be_undone(bench: Bench) -> None:
    """A dismissal that came too late."""
    review = open_item(bench)
    bench.passes(days=2)
    resolutions.resolve_due(bench.db, bench.now)
    resolutions.undo(bench.db, review, ANNA, bench.now)
    assert statements.read_marketing(bench.db, ALICE) is Marketing.UNKNOWN
    with pytest.raises(Refused) as refused:
        resolutions.undo(bench.db, review, ANNA, bench.now)
    assert refused.value.code is ErrorCode.RESOLVED


def test_a_mail_without_a_number_opts_nobody_out(bench: Bench) -> None:
    """The person has to be found first."""
    review = open_item(bench, ReviewKind.MAIL, number="")
    with pytest.raises(Refused) as refused:
        resolutions.opt_out(bench.db, review, ANNA, bench.now)
    assert refused.value.code is ErrorCode.NEEDS_NUMBER


def test_erasure_blanks_and_resolves_every_review(bench: Bench) -> None:
    """The number and the text. That it was decided stays; what was open is resolved, and holds nothing any more."""
    decided, still_open = open_item(bench), open_item(bench, ReviewKind.FLIPS)
    resolutions.dismiss(bench.db, decided, ANNA, bench.now)
    erasure.finish(bench.db, [ALICE], ANNA, bench.now)
    found = [item(bench, each) for each in (decided, still_open)]
    assert [(each.number, each.text) for each in found] == [("", ""), ("", "")]
    assert all(each.resolved_at is not None for each in found)


def test_the_lists_of_items(bench: Bench) -> None:
    """The open ones, or all; and how many are older than a day."""
    first, second = open_item(bench), open_item(bench, number=BOB)
    resolutions.dismiss(bench.db, first, ANNA, bench.now)
    assert [each.id for each in reviews.list_items(bench.db)] == [second]
    assert [each.id for each in reviews.list_items(bench.db, resolved=True)] == [second, first]
    assert (reviews.count_items(bench.db), reviews.count_items(bench.db, resolved=True)) == (1, 2)
    bench.passes(days=1)
    assert reviews.count_open(bench.db, bench.now) == 1
    assert reviews.count_open(bench.db, bench.now - timedelta(days=1)) == 0
