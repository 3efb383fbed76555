"""Due work of consent: done when it is due, also after a long downtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd.rules.classes import MessageClass
from modemd.service.consent.double_opt_in import OptInOrder
from modemd.service.consent.due import LONGEST_WAIT, UNTRUSTED_CHECK_S, ConsentDueWork
from modemd.service.consent.reviews import open_review
from modemd.store.consent.reviews import ReviewKind, ReviewText
from modemd.store.outbox.accept import Submitted
from tests.service.assembled import AssembledService, assembled_service

ALICE, BOB = "+33612345678", "+33698765432"
CONSENT = {
    "lists": {"promo": {"title": "Offers", "frequency": "weekly"}},
    "double_opt_in": {"reminder_after": "7d"},
}


def due_work(
    assembled: AssembledService, queued: list[Submitted] | None = None, *, trusted: bool = True
) -> ConsentDueWork:
    found: list[Submitted] = queued if queued is not None else []

    def note(submitted: Submitted, message_class: MessageClass) -> None:
        assert message_class is MessageClass.SYSTEM
        found.append(submitted)

    return ConsentDueWork(
        assembled.store, assembled.clock, assembled.service.consent.requests.rules, note, lambda: trusted
    )


async def prepare(assembled: AssembledService) -> None:
    """A review of Bob's, and a request to Alice."""
    new, now = ReviewText(BOB, ReviewKind.AMBIGUOUS, "the bus stop"), assembled.clock.now()
    await assembled.store.write(lambda db: open_review(db, assembled.settings, new, now))
    await assembled.service.consent.requests.request(OptInOrder(ALICE, "promo", "form", evidence="17", actor="anna"))


@pytest.mark.parametrize("days", [31, 366])
async def test_everything_ends_in_time_however_long_modemd_did_not_run(tmp_path: Path, days: int) -> None:
    """A review that nobody decided is an opt-out, a request that nobody answered expires."""
    async with assembled_service(tmp_path, brand="Chez Paul", consent=CONSENT) as assembled:
        await prepare(assembled)
        assembled.clock.passes(days=days)
        work, epoch = due_work(assembled), assembled.store.consent_epoch
        assert [await work.run_step(), await work.run_step()] == [0, LONGEST_WAIT.total_seconds()]
        assert assembled.store.consent_epoch == epoch + 1  # a PDU that is about to leave is stopped
        records = assembled.service.consent.records
        assert (await records.show(BOB)).marketing == "opted_out"
        assert [event.action for event in (await records.show(ALICE)).events] == ["expire", "request"]


async def test_nothing_ends_early_or_by_a_clock_that_is_not_trusted(tmp_path: Path) -> None:
    """The next look is when something is due, at the latest after some minutes."""
    async with assembled_service(tmp_path, brand="Chez Paul", consent=CONSENT) as assembled:
        await prepare(assembled)
        assert await due_work(assembled).run_step() == LONGEST_WAIT.total_seconds()
        assembled.clock.passes(days=366)
        assert await due_work(assembled, trusted=False).run_step() == UNTRUSTED_CHECK_S
        assert (await assembled.service.consent.records.show(BOB)).marketing == "unknown"


async def test_a_reminder_is_queued(tmp_path: Path) -> None:
    """Of a request that has left."""
    async with assembled_service(tmp_path, brand="Chez Paul", consent=CONSENT) as assembled:
        await prepare(assembled)
        sent_at = assembled.clock.now().isoformat(timespec="microseconds")
        await assembled.store.write(
            lambda db: (
                db.execute(
                    """INSERT INTO attempt (part_id, message_id, number, sim, modem, opened_at, written_at, outcome)
                   SELECT id, message_id, number, '8933010000000000010', 'west', ?, ?, 'sent' FROM part""",
                    (sent_at, sent_at),
                ).rowcount
            )
        )
        assembled.clock.passes(days=7)
        queued: list[Submitted] = []
        await due_work(assembled, queued).run_step()
        assert len(queued) == 1
