"""Decisions about batches in the service: in small steps, while other messages go on."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from modemd.service.messages import batch_decisions
from modemd.service.messages.decisions import Authorship
from tests.service.assembled import AssembledService
from tests.service.messages.test_batches import ROWS, counted, file, promoting

WORD = Authorship("ann", "wrong price")


async def test_a_large_batch_is_cancelled_in_steps(assembled: AssembledService) -> None:
    """All rows of a file that nobody has promoted end as cancelled messages."""
    answer = await assembled.service.messages.batches.accept(file())
    done = await assembled.service.messages.batch_decisions.cancel(answer.batch.id, WORD)
    assert (done.batch, done.changed) == (answer.batch.id, ROWS)
    assert await counted(assembled, "SELECT count(*) FROM message WHERE state = 'cancelled'") == ROWS
    assert await counted(assembled, "SELECT count(*) FROM staged") == 0


async def test_a_paused_batch_goes_on_when_it_is_resumed(assembled: AssembledService) -> None:
    """The task promotes nothing of it meanwhile, and all of it afterwards."""
    answer = await assembled.service.messages.batches.accept(file())
    decisions = assembled.service.messages.batch_decisions
    await decisions.pause(answer.batch.id, WORD)
    assert not await assembled.service.messages.batches.run_step()
    async with promoting(assembled):
        await decisions.resume(answer.batch.id, WORD)
    assert await counted(assembled, "SELECT count(*) FROM message WHERE state = 'queued'") == ROWS


async def test_who_decides_and_why_is_needed(assembled: AssembledService) -> None:
    """As for every decision; and nothing is held before it is known."""
    answer = await assembled.service.messages.batches.accept(file(3))
    decisions = assembled.service.messages.batch_decisions
    for decide in (decisions.cancel, decisions.pause, decisions.resume):
        with pytest.raises(Refused) as refused:
            await decide(answer.batch.id, Authorship("ann", " "))
        assert refused.value.code == "no_reason"
    assert await counted(assembled, "SELECT count(*) FROM message WHERE state = 'queued'") == 3
    assert batch_decisions.MESSAGES_PER_STEP > 3
