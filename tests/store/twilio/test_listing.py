"""One list of both directions."""

from __future__ import annotations

from pathlib import Path

from modemd.service.messages.submission import MessageRequest
from modemd.store.twilio import listing
from modemd.store.twilio.listing import TwilioChoice, TwilioRow
from tests.service.assembled import assembled_service
from tests.service.twilio.own_sims import ALICE, BOB, CONFIGURED, EAST, WEST, arrive, meet_sims, report, try_next


async def test_pages_have_each_message_once(tmp_path: Path) -> None:
    """Whatever the size of a page, and also of messages that came in the same moment."""
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        for number in range(6):
            await assembled.service.messages.submission.submit(MessageRequest(ALICE, f"out {number}"))
            await arrive(assembled, BOB, f"in {number}")
            if number % 2:
                assembled.clock.passes(seconds=1)

        async def read(chosen: TwilioChoice, limit: int) -> list[TwilioRow]:
            return await assembled.store.read(lambda db: listing.list_messages(db, chosen, limit))

        whole = await read(TwilioChoice(), 100)
        assert len(whole) == 12
        assert [row.created_at for row in whole] == sorted((row.created_at for row in whole), reverse=True)
        for size in (1, 2, 5, 12):
            found: list[TwilioRow] = []
            out, inbound = listing.LARGEST_ID, listing.LARGEST_ID
            while page := await read(TwilioChoice(before_out=out, before_in=inbound), size):
                found += page
                out = min([out, *(row.id for row in page if row.direction == "out")])
                inbound = min([inbound, *(row.id for row in page if row.direction == "in")])
            assert found == whole
        assert {row.direction for row in await read(TwilioChoice(with_inbound=False), 100)} == {"out"}


async def test_a_row_has_what_a_status_needs(tmp_path: Path) -> None:
    """The SIM that was asked for, then the one that sent; the reason, if nothing arrived."""
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        submission = assembled.service.messages.submission
        await submission.submit(MessageRequest(ALICE, "hello", sim=WEST))
        await submission.submit(MessageRequest(BOB, "hello", "conversational"))

        async def read(id: int) -> TwilioRow:
            row = await assembled.store.read(lambda db: listing.read_message(db, "out", id))
            assert row is not None
            return row

        first, second = await read(1), await read(2)
        assert (first.sim, first.is_pinned, first.is_answer, first.state) == (WEST, True, False, "queued")
        assert (second.sim, second.is_pinned, second.is_answer, second.state) == (None, False, True, "queued")
        await try_next(assembled)
        await try_next(assembled, EAST, reference=9)
        await report(assembled, status=0x43)
        first, second = await read(1), await read(2)
        assert (first.state, first.reason, first.is_closed) == ("undelivered", "status_43", True)
        assert (second.sim, second.reason, second.is_closed) == (EAST, None, False)
        assert await assembled.store.read(lambda db: listing.read_message(db, "in", 1)) is None
