"""Decisions about batches in the service: in small steps, while other messages go on."""

from __future__ import annotations

import asyncio

import pytest

from modemd.config import CurrentSettings
from modemd.errors import Refused
from modemd.rules.pauses import BATCH_PAUSED
from modemd.service.messages import batch_decisions
from modemd.service.messages.batch_decisions import BatchDecisions
from modemd.service.messages.decisions import Authorship
from modemd.service.rules_in_force import RulesInForce
from modemd.store.outbox import batch_decisions as stored
from modemd.store.outbox.batch_decisions import CANCELLING, RESUMING
from tests.service.assembled import NOON, AssembledService
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


@pytest.mark.parametrize(
    ("reason", "state"),
    [(CANCELLING, "cancelled"), (BATCH_PAUSED, "held"), (RESUMING, "held")],
    ids=["cancel", "pause", "resume"],
)
async def test_a_decision_that_was_cut_short_is_finished(assembled: AssembledService, reason: str, state: str) -> None:
    """A process that ended between two steps leaves the decision to the next one, with who decided and why."""
    answer = await assembled.service.messages.batches.accept(file(120))
    decisions, id = assembled.service.messages.batch_decisions, answer.batch.id
    async with promoting(assembled):
        pass
    if reason == RESUMING:
        await decisions.pause(id, WORD)
        await assembled.store.write(lambda db: stored.begin_resume(db, id, WORD, NOON))
    else:
        await assembled.store.write(lambda db: stored.hold(db, id, reason, WORD, NOON))
    await decisions.finish_interrupted()
    assert await counted(assembled, f"SELECT count(*) FROM message WHERE state = '{state}'") == 120
    await decisions.finish_interrupted()  # and once more at each start, for nothing
    assert await counted(assembled, f"SELECT count(*) FROM message WHERE state = '{state}'") == 120
    if reason == RESUMING:  # they are due now
        assert await counted(assembled, "SELECT count(*) FROM message WHERE reason = 'resumed'") == 120
    by = "SELECT count(*) FROM event WHERE json_extract(detail, '$.by') = 'ann'"
    assert await counted(assembled, by) >= 120


@pytest.mark.parametrize(
    ("name", "state"),
    [("cancel", "cancelled"), ("pause", "held"), ("resume", "held")],
    ids=["cancel", "pause", "resume"],
)
async def test_the_end_of_the_service_ends_a_decision(assembled: AssembledService, name: str, state: str) -> None:
    """It says that the rest is done at the next start, and so it is."""
    answer = await assembled.service.messages.batches.accept(file(120))
    decisions, id = assembled.service.messages.batch_decisions, answer.batch.id
    async with promoting(assembled):
        pass
    if name == "resume":
        await decisions.pause(id, WORD)
    at_work = asyncio.ensure_future(getattr(decisions, name)(id, WORD))
    await assembled.service.stop(0)
    with pytest.raises(
        Refused, match=f"the {name} of batch {id} is stored, and is finished at the next start"
    ) as refused:
        await at_work
    assert refused.value.code == "stopping"
    again = BatchDecisions(
        assembled.store, RulesInForce(CurrentSettings(assembled.settings)), assembled.clock, on_released=lambda: None
    )
    await again.finish_interrupted()
    assert await counted(assembled, f"SELECT count(*) FROM message WHERE state = '{state}'") == 120


async def make_messages(assembled: AssembledService) -> int:
    """A batch of 120 messages: several steps."""
    answer = await assembled.service.messages.batches.accept(file(120))
    async with promoting(assembled):
        return answer.batch.id


async def test_of_two_decisions_at_once_the_earlier_is_told_that_it_is_superseded(assembled: AssembledService) -> None:
    """It does not go on behind the back of the later one."""
    decisions, id = assembled.service.messages.batch_decisions, await make_messages(assembled)
    paused, resumed = await asyncio.gather(
        decisions.pause(id, WORD), decisions.resume(id, WORD), return_exceptions=True
    )
    assert isinstance(paused, Refused)
    assert paused.code == "superseded"
    assert not isinstance(resumed, BaseException)
    assert await counted(assembled, "SELECT count(*) FROM part WHERE state = 'held' AND due IS NULL") == 0


async def test_nothing_ends_a_cancel(assembled: AssembledService) -> None:
    """A pause or resume meanwhile is refused, and every message is cancelled."""
    decisions, id = assembled.service.messages.batch_decisions, await make_messages(assembled)
    await decisions.pause(id, WORD)
    done, *others = await asyncio.gather(
        decisions.cancel(id, WORD), decisions.resume(id, WORD), decisions.pause(id, WORD), return_exceptions=True
    )
    assert [other.code for other in others if isinstance(other, Refused)] == ["cancelling"] * 2
    assert done == batch_decisions.BatchDecisionResult(id, 120)


async def test_a_complete_pause_is_not_finished_at_each_start(
    assembled: AssembledService, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing was cut short, and the log does not say so."""
    decisions, id = assembled.service.messages.batch_decisions, await make_messages(assembled)
    await decisions.pause(id, WORD)
    await decisions.finish_interrupted()
    assert "cut short" not in caplog.text
