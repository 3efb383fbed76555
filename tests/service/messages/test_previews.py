"""What is told before anything is sent: parts, duration, cost; and that nothing is stored by it."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.errors import Refused
from modemd.service.messages.csv_rows import BadRows, FileOptions
from modemd.service.messages.submission import MessageRequest
from modemd.store import sims
from tests.service.assembled import NOON, AssembledService, assembled_service

ALICE, BOB = "+33612345678", "+33698765432"
WEST, EAST = "8933010000000000010", "8933010000000000011"
OFFER = "Maïté, 10 % de remise ce week-end dans notre boutique, sur présentation de ce message. Stop au 36180"
CONFIG: dict[str, Any] = {
    "sims": {WEST: {"price": 0.04}, EAST: {"price": 0.06}},
    "limits": {"marketing_per_hour": 200},
}


async def meet(assembled: AssembledService, *iccids: str, admit: bool = True) -> None:
    def change(db: sqlite3.Connection) -> None:
        for iccid in iccids:
            sims.record_sim(db, iccid, None, None, "861234029413211", NOON, admit=admit)

    await assembled.store.write(change)


def offers(count: int) -> bytes:
    rows = "".join(f'+336{row:08d},"{OFFER}",marketing\n' for row in range(count))
    return f"to,text,class\n{rows}".encode()


async def count_rows(assembled: AssembledService) -> int:
    sql = "SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM batch) + (SELECT count(*) FROM staged)"
    return int(await assembled.store.read(lambda db: db.execute(sql).fetchone()[0]))


async def test_a_file_is_told_before_it_is_sent(tmp_path: Path) -> None:
    """Parts, the letter that doubles them, the end by the brake of marketing, and the cost by the cheapest SIM."""
    async with assembled_service(tmp_path, **CONFIG) as assembled:
        await meet(assembled, WEST, EAST)
        preview = await assembled.service.messages.previews.preview_file(offers(304))
        found = preview.estimate
        assert (preview.rows, found.messages, found.parts, found.extra_parts) == (304, 304, 608, 304)
        assert [(each.character, each.messages) for each in found.characters] == [("ï", 304)]
        assert (found.sims, found.cost) == (1, 24.32)
        assert found.ends_at is not None
        assert found.duration_s == int((found.ends_at - NOON).total_seconds())
        assert found.ends_at - NOON == pytest.approx(timedelta(hours=3, seconds=8), abs=timedelta(seconds=10))
        assert await count_rows(assembled) == 0


async def test_the_answer_to_a_file_has_the_same_estimate(tmp_path: Path) -> None:
    """What was told before is told again when it is accepted; what is accepted does not wait for itself."""
    async with assembled_service(tmp_path, **CONFIG) as assembled:
        await meet(assembled, WEST, EAST)
        preview = await assembled.service.messages.previews.preview_file(offers(120))
        answer = await assembled.service.messages.batches.accept(offers(120))
        assert answer.estimate == preview.estimate
        again = await assembled.service.messages.previews.preview_file(offers(120))
        assert again.estimate.ahead == 240
        assert again.warnings[0].startswith("the same file was accepted before, as batch 1")


async def test_what_will_not_be_sent_costs_nothing(assembled: AssembledService) -> None:
    """Refused rows, rows whose key is known, and numbers that are sent once are told apart."""
    await assembled.stop_word(BOB)
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "known", "otp", key="k"))
    rows = f"to,text,class,key\n{ALICE},known,otp,k\n{BOB},x,marketing,\n{BOB},x,otp,\n+33612345670,x,otp,\n".encode()
    preview = await assembled.service.messages.previews.preview_file(rows, options=FileOptions(once_per_number=True))
    assert (preview.rows, preview.again, preview.refused, preview.left_out) == (3, 1, 1, 1)
    assert preview.estimate.messages == 1


async def test_messages_are_told_before_they_are_sent(assembled: AssembledService) -> None:
    """The same for recipients that are named; a number that is named twice counts once."""
    await meet(assembled, WEST)
    preview = await assembled.service.messages.previews.preview_messages(
        MessageRequest("", "x" * 161, valid="1s"), [ALICE, BOB, ALICE]
    )
    assert (preview.estimate.messages, preview.estimate.parts, preview.estimate.extra_parts) == (2, 4, 0)
    assert preview.warnings == (f"{ALICE} is named 2 times; it gets one message",)


async def test_a_preview_warns_of_a_sim_that_was_never_met(tmp_path: Path) -> None:
    """Once for all messages, as the answer to a CSV does."""
    async with assembled_service(tmp_path) as assembled:
        messages, options = assembled.service.messages, FileOptions(sim=WEST)
        preview = await messages.previews.preview_messages(MessageRequest("", "hello", sim=WEST), [ALICE, BOB])
        of_file = await messages.previews.preview_file(offers(3), None, options)
        accepted = await messages.batches.accept(offers(3), None, options)
    never = f"SIM {WEST} was never met: the messages wait until it is in a modem; modemd sims list shows the SIMs"
    assert {preview.warnings, of_file.warnings, accepted.warnings} == {(never,)}


async def test_without_a_sim_nobody_knows_how_long_it_takes(assembled: AssembledService) -> None:
    """No SIM was met, or none is admitted: the end is not known, the parts are."""
    await meet(assembled, WEST, admit=False)
    preview = await assembled.service.messages.previews.preview_messages(MessageRequest("", "x"), [ALICE])
    assert (preview.estimate.parts, preview.estimate.sims, preview.estimate.ends_at) == (1, 0, None)


async def test_a_preview_refuses_what_would_be_refused(assembled: AssembledService) -> None:
    """The errors are those of the real thing."""
    previews = assembled.service.messages.previews
    with pytest.raises(BadRows, match="line 2: 'nobody' is not"):
        await previews.preview_file(b"to,text,class\nnobody,x,otp\n")
    with pytest.raises(Refused, match=r"^the text is empty"):
        await previews.preview_messages(MessageRequest("", ""), [ALICE])
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "known", key="k"))
    with pytest.raises(Refused, match=r"^idempotency key 'k' belongs to message 1"):
        await previews.preview_messages(MessageRequest("", "other", key="k"), [ALICE])


async def test_a_file_whose_key_is_known_would_not_be_sent_again(assembled: AssembledService) -> None:
    """All its rows are known; another file under the key would be refused."""
    await assembled.service.messages.batches.accept(offers(3), "k")
    previews = assembled.service.messages.previews
    preview = await previews.preview_file(offers(3), "k")
    assert (preview.rows, preview.again, preview.estimate.messages, preview.warnings) == (3, 3, 0, ())
    with pytest.raises(Refused, match=r"^idempotency key 'k' belongs to batch 1"):
        await previews.preview_file(offers(4), "k")


NOTICED: dict[str, Any] = {"consent": {"notice": "auto", "caps": []}, "brand": "Acme"}


async def stored_parts(assembled: AssembledService) -> int:
    return int(await assembled.store.read(lambda db: db.execute("SELECT sum(parts) FROM message").fetchone()[0]))


async def test_a_preview_counts_the_notice(tmp_path: Path) -> None:
    """The parts that it tells are those that are stored, for messages and for files of one step and of several."""
    async with assembled_service(tmp_path, **NOTICED) as assembled:
        messages, request = assembled.service.messages, MessageRequest("", "x" * 150, "marketing")
        preview = await messages.previews.preview_messages(request, [ALICE, BOB])
        assert preview.estimate.parts == 4, "the notice makes a second part"
        await messages.submission.submit_to_each(request, [ALICE, BOB])
        assert await stored_parts(assembled) == 4
        for count in (3, 120):
            before = await stored_parts(assembled)
            rows = "to,text,class\n" + "".join(f"+336{row:08d},{'x' * 150},marketing\n" for row in range(count))
            told = await messages.previews.preview_file(rows.encode())
            answer = await messages.batches.accept(rows.encode())
            while await messages.batches.run_step():
                pass
            assert answer.estimate is not None
            assert told.estimate.parts == answer.estimate.parts == await stored_parts(assembled) - before == count * 2


async def test_a_preview_tells_what_a_notice_lacks(tmp_path: Path) -> None:
    """Once for a file; the answers tell the same."""
    async with assembled_service(tmp_path, consent={"notice": "auto"}) as assembled:
        messages, request = assembled.service.messages, MessageRequest(ALICE, "Sale", "marketing")
        rows = f"to,text,class\n{ALICE},Sale,marketing\n{BOB},Sale,marketing\n".encode()
        told = [
            (await messages.previews.preview_messages(request, [ALICE])).warnings,
            (await messages.previews.preview_file(rows)).warnings,
            (await messages.submission.submit(request)).warnings,
            (await messages.batches.accept(rows)).warnings,
        ]
    assert set(told) == {("marketing to FR must name its sender, and no brand is configured: set brand",)}


async def test_a_preview_refuses_what_a_notice_makes_too_long(tmp_path: Path) -> None:
    """As it refuses any text of more parts than a message can have; so does the real thing."""
    async with assembled_service(tmp_path, **NOTICED) as assembled:
        request = MessageRequest(ALICE, "x" * 255 * 153, "marketing")
        complaint = r"^with its opt-out notice, the text cannot be sent: .*; shorten it$"
        with pytest.raises(Refused, match=complaint):
            await assembled.service.messages.previews.preview_messages(request, [ALICE])
        with pytest.raises(Refused, match=complaint):
            await assembled.service.messages.submission.submit(request)
        assert await count_rows(assembled) == 0
