"""Reviews as the faces decide them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from modemd.errors import ErrorCode, Refused
from modemd.service.consent.reviews import open_review
from modemd.store.consent.reviews import ReviewKind, ReviewText
from modemd.store.events import Authorship
from tests.service.assembled import AssembledService, all_rows

ALICE = "+33612345678"
ANNA = Authorship("anna", "asked by phone")


async def opened(assembled: AssembledService, kind: ReviewKind, number: str = ALICE) -> int:
    new = ReviewText(number, kind, "the bus stop", word="stop", tier=3)
    now = assembled.clock.now()
    return await assembled.store.write(lambda db: open_review(db, assembled.settings, new, now))


@pytest.mark.parametrize(
    ("kind", "due_at"),
    [
        # From a Sunday: all of Monday and Tuesday in Paris.
        (ReviewKind.AMBIGUOUS, datetime(2026, 11, 24, 23, tzinfo=UTC)),
        (ReviewKind.REASSIGNED, datetime(2026, 11, 24, 23, tzinfo=UTC)),
        (ReviewKind.MAIL, None),
        (ReviewKind.CHECK, None),
        (ReviewKind.FLIPS, None),
    ],
)
async def test_what_may_be_an_opt_out_is_due_after_two_business_days(
    assembled: AssembledService, kind: ReviewKind, due_at: datetime | None
) -> None:
    """What is decided already, or is no wish, waits without an end."""
    await opened(assembled, kind)
    (item,) = await all_rows(await assembled.service.consent.reviews.list_items(is_every=False, before=None, limit=0))
    assert (datetime.fromisoformat(item.due_at) if item.due_at else None) == due_at


async def test_a_decision_is_stored_with_its_author(assembled: AssembledService) -> None:
    """An opt-out moves the consent epoch before it is stored, so that a PDU that is about to leave is stopped."""
    reviews, before = assembled.service.consent.reviews, assembled.store.consent_epoch
    review = await opened(assembled, ReviewKind.AMBIGUOUS)
    item = await reviews.opt_out(review, ANNA)
    assert (item.resolution, item.by, item.why) == ("opt_out", "anna", "asked by phone")
    assert assembled.store.consent_epoch == before + 1
    assert (await assembled.service.consent.records.show(ALICE)).marketing == "opted_out"


async def test_every_decision_needs_a_reason(assembled: AssembledService) -> None:
    """And somebody who has made it."""
    reviews = assembled.service.consent.reviews
    review = await opened(assembled, ReviewKind.AMBIGUOUS)
    for decide in (reviews.opt_out, reviews.dismiss, reviews.undo):
        with pytest.raises(Refused) as refused:
            await decide(review, Authorship("anna", " "))
        assert refused.value.code is ErrorCode.NO_REASON


async def test_old_items_are_counted(assembled: AssembledService) -> None:
    """Those that have been open for more than a day."""
    reviews = assembled.service.consent.reviews
    await opened(assembled, ReviewKind.FLIPS)
    assert await reviews.count_old() == 0
    assembled.clock.passes(days=1, seconds=1)
    assert await reviews.count_old() == 1
