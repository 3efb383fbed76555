"""What holds marketing for its contact's sake is asked when a message is accepted, and again in the claim."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.consent.caps import FrequencyCaps
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.geography.geography import Geography
from modemd.rules.quiet_hours.holidays import Holidays
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.rules.quiet_hours.table import HoursTable
from modemd.rules.sending_rules import SendingRules
from modemd.store.consent import reviews
from modemd.store.consent.reviews import ReviewKind, ReviewText
from modemd.store.queue.outcomes import AttemptResult
from tests.store.bench import ALICE, BOB, Bench

MONDAY_EVENING = datetime(2026, 11, 23, 18, 58, tzinfo=UTC)
"""Two minutes before France's hours end."""
OFFER = MessageClass.MARKETING


@pytest.fixture
def busy(bench: Bench) -> Bench:
    """A bench with every rule, in an open window."""
    holidays = Holidays.build([("FR", "", 2026)], [], {})
    bench.rules = SendingRules(
        ConsentPolicy(),
        Geography(frozenset({"FR"})),
        FrequencyCaps(),
        QuietHours(HoursTable.load(), holidays, home="FR"),
    )
    bench.now = MONDAY_EVENING
    return bench


def test_what_was_queued_in_the_window_is_held_after_it(busy: Bench) -> None:
    """It waits for the next morning; other classes go on."""
    offer, order = busy.submit(ALICE, OFFER, valid=timedelta(days=2)), busy.submit(BOB)
    assert busy.state(offer) == "queued"
    busy.passes(minutes=2)
    assert busy.send().candidate.message_id == order
    assert busy.claim() is None
    message = busy.message(offer)
    assert (message["state"], message["reason"]) == ("held", "quiet_hours")
    assert busy.next_due() == datetime(2026, 11, 24, 7, tzinfo=UTC)


def test_the_second_of_two_queued_offers_is_held_when_the_first_has_gone(busy: Bench) -> None:
    """Both were below the cap when they were accepted."""
    busy.now -= timedelta(hours=3)
    first, second = busy.submit(ALICE, OFFER, parts=3), busy.submit(ALICE, OFFER, valid=timedelta(days=3))
    assert [busy.state(each) for each in (first, second)] == ["queued", "queued"]
    assert [busy.send().candidate.message_id for _ in range(3)] == [first] * 3
    assert busy.claim() is None
    assert (busy.state(second), busy.message(second)["reason"]) == ("held", "frequency_cap")


def test_a_refused_attempt_and_the_parts_of_a_message_count_for_no_cap(busy: Bench) -> None:
    """The next goes, though an attempt was made; a message of three parts counts as one of the two in seven days."""
    busy.now -= timedelta(hours=3)
    busy.submit(ALICE, OFFER)
    busy.close(busy.claimed(), AttemptResult.REFUSED)
    second = busy.submit(ALICE, OFFER, parts=3)
    assert [busy.send().candidate.message_id for _ in range(3)] == [second] * 3
    busy.passes(hours=20)
    third = busy.submit(ALICE, OFFER)
    assert busy.send().candidate.message_id == third
    busy.passes(hours=20)
    assert busy.submitted(ALICE, OFFER, valid=timedelta(days=7)).reason == "frequency_cap"


def test_a_review_that_opens_after_the_acceptance_holds(busy: Bench) -> None:
    """Until a person has decided, or its time is over."""
    busy.now -= timedelta(hours=3)
    offer = busy.submit(ALICE, OFFER, valid=timedelta(days=3))
    due_at = busy.now + timedelta(days=2)
    reviews.open_item(busy.db, ReviewText(ALICE, ReviewKind.AMBIGUOUS, "stop this bill"), due_at, busy.now)
    assert busy.claim() is None
    assert (busy.state(offer), busy.message(offer)["reason"]) == ("held", "under_review")
    assert busy.next_due() == due_at


def test_a_list_that_was_left_after_the_acceptance_cancels(busy: Bench) -> None:
    """Whatever withdrew its messages, or forgot to: the claim asks, too."""
    busy.now -= timedelta(hours=3)
    offer = busy.submit(ALICE, OFFER, list_name="promo")
    busy.db.execute(
        "INSERT INTO subscription (number, list, state, since) VALUES (?, 'promo', 'opted_out', '')", (ALICE,)
    )
    assert busy.claim() is None
    assert (busy.state(offer), busy.message(offer)["reason"]) == ("cancelled", "list_opted_out")


def test_a_country_that_is_not_allowed_is_refused_at_once(busy: Bench) -> None:
    """Nothing waits that can never go."""
    submitted = busy.submitted("+4915112345678", OFFER)
    assert (submitted.state, submitted.reason) == ("refused", "country_not_allowed")


def test_an_offer_that_would_be_stale_in_the_morning_expires_at_the_claim(busy: Bench) -> None:
    """It was accepted in the window; after the closing it can no longer go in its time."""
    offer = busy.submit(ALICE, OFFER, valid=timedelta(hours=2))
    busy.passes(minutes=2)
    assert busy.claim() is None
    assert (busy.state(offer), busy.message(offer)["reason"]) == ("expired", "quiet_hours")


def test_the_rest_of_a_message_waits_for_the_morning(busy: Bench) -> None:
    """Its second part was refused, and the hours ended meanwhile. It is finished in the morning, though its validity is over."""
    offer = busy.submit(ALICE, OFFER, parts=3, valid=timedelta(hours=1))
    busy.send()
    busy.close(busy.claimed(), AttemptResult.REFUSED, retry=lambda tries, ends_at: busy.now + timedelta(minutes=2))
    busy.passes(minutes=2)
    busy.promote()
    assert busy.claim() is None
    assert (busy.parts(offer), busy.message(offer)["reason"]) == (["sent", "held", "held"], "quiet_hours")
    busy.expire()
    busy.now = datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert busy.next_due() == busy.now
    busy.expire()
    busy.promote()
    assert [busy.send().candidate.seq for _ in range(2)] == [2, 3]


def test_the_rest_of_a_message_waits_for_a_review(busy: Bench) -> None:
    """What was said after its first part may be an opt-out."""
    busy.now -= timedelta(hours=3)
    offer = busy.submit(ALICE, OFFER, parts=2)
    busy.send()
    due_at = busy.now + timedelta(days=2)
    reviews.open_item(busy.db, ReviewText(ALICE, ReviewKind.AMBIGUOUS, "stop this bill"), due_at, busy.now)
    assert busy.claim() is None
    assert (busy.parts(offer), busy.message(offer)["reason"]) == (["sent", "held"], "under_review")
