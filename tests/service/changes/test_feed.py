"""The feed as the faces follow it: from any position, without an end, until it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modemd.errors import Refused
from modemd.service.changes import feed
from modemd.service.changes.feed import ChangeFeed, StreamStep
from modemd.service.messages.submission import MessageRequest
from tests.service.assembled import AssembledService, assembled_service

ALICE = "+33612345678"


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, country="FR") as assembled:
        yield assembled


@pytest.fixture
def changes(assembled: AssembledService, monkeypatch: pytest.MonkeyPatch) -> ChangeFeed:
    monkeypatch.setattr(feed, "GATHER_S", 0.0)
    return ChangeFeed(assembled.store, lambda: True)


async def submit(assembled: AssembledService, text: str = "hello") -> None:
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, text))


async def next_step(stream: AsyncIterator[StreamStep]) -> StreamStep:
    async with asyncio.timeout(5):
        return await anext(stream)


def kinds(step: StreamStep) -> list[str]:
    return [change.kind.value for _, change in step.changes]


async def test_a_stream_tells_of_what_comes(assembled: AssembledService, changes: ChangeFeed) -> None:
    """From now on, and not of what was before; first where it stands."""
    await submit(assembled)
    stream = await changes.follow(None, ["*"])
    first = await next_step(stream)
    assert first.changes == ()
    await submit(assembled)
    step = await next_step(stream)
    assert kinds(step) == ["message.accepted"]
    assert step.position == step.changes[0][0] != first.position


async def test_a_stream_goes_on_where_another_has_ended(assembled: AssembledService, changes: ChangeFeed) -> None:
    """Nothing is missed in between, and nothing comes twice."""
    stream = await changes.follow("0", ["message.*"])
    await next_step(stream)
    await submit(assembled, "one")
    position = (await next_step(stream)).position
    for text in ("two", "three"):
        await submit(assembled, text)
    again = await changes.follow(position, ["message.*"])
    await next_step(again)
    step = await next_step(again)
    assert [getattr(change.data, "text", None) for _, change in step.changes] == ["two", "three"]


async def test_only_chosen_kinds_are_told(assembled: AssembledService, changes: ChangeFeed) -> None:
    """The others move the position all the same."""
    stream = await changes.follow("0", ["consent.*"], is_endless=False)
    first = await next_step(stream)
    assert [step async for step in stream] == []
    stream = await changes.follow("0", ["consent.*"])
    await next_step(stream)
    await submit(assembled)
    await assembled.stop_word(ALICE)
    step = await next_step(stream)
    assert kinds(step) == ["consent.opted_out"]
    assert step.position != first.position


async def test_a_silent_stream_says_that_it_is_there(changes: ChangeFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its position, though nothing has changed."""
    monkeypatch.setattr(feed, "KEEP_ALIVE_S", 0.01)
    stream = await changes.follow(None, ["*"])
    assert await next_step(stream) == await next_step(stream)


async def test_streams_end_when_the_feed_is_closed(assembled: AssembledService, changes: ChangeFeed) -> None:
    """After what is there: at the end of the service."""
    stream = await changes.follow("0", ["*"])
    await next_step(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await submit(assembled)
    changes.close()
    assert kinds(await waiting) == ["message.accepted"]
    assert [step async for step in stream] == []


async def test_a_silent_stream_ends_at_once_when_the_feed_is_closed(changes: ChangeFeed) -> None:
    """The end of the service does not wait for the next sign of life."""
    stream = await changes.follow(None, ["*"])
    await next_step(stream)
    waiting = asyncio.ensure_future(anext(stream, None))
    await asyncio.sleep(0.05)
    changes.close()
    async with asyncio.timeout(5):
        assert await waiting is None


async def test_without_a_running_service_a_stream_ends(assembled: AssembledService) -> None:
    """A command that asks without a daemon would wait for ever."""
    await submit(assembled)
    stream = await ChangeFeed(assembled.store, lambda: False).follow("0", ["*"])
    assert [kinds(step) for step in [step async for step in stream]] == [[], ["message.accepted"]]


async def test_a_stream_that_nobody_reads_holds_up_nothing(assembled: AssembledService, changes: ChangeFeed) -> None:
    """It keeps its place, and what comes meanwhile waits in the database."""
    slow = await changes.follow("0", ["*"])
    await next_step(slow)
    quick = await changes.follow("0", ["*"])
    await next_step(quick)
    for number in range(3 * feed.ROWS_PER_READ):
        await submit(assembled, f"{number}")
    told = 0
    while told < 3 * feed.ROWS_PER_READ:
        told += len((await next_step(quick)).changes)
    late = 0
    while late < 3 * feed.ROWS_PER_READ:
        step = await next_step(slow)
        assert len(step.changes) <= feed.ROWS_PER_READ
        late += len(step.changes)


async def test_streams_are_counted(changes: ChangeFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is refused, and has its place when another has ended."""
    monkeypatch.setattr(feed, "MOST_STREAMS", 1)
    first = await changes.follow(None, ["*"])
    await next_step(first)
    with pytest.raises(Refused) as refused:
        await changes.follow(None, ["*"])
    assert refused.value.code == "too_many_clients"
    await first.aclose()  # type: ignore[attr-defined]  # a generator
    await next_step(await changes.follow(None, ["*"]))


async def test_clients_that_come_at_the_same_moment_keep_to_the_limit(
    changes: ChangeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes its place before it begins to read."""
    monkeypatch.setattr(feed, "MOST_STREAMS", 3)
    opened = await asyncio.gather(*(changes.follow(None, ["*"]) for _ in range(10)), return_exceptions=True)
    refused = [each for each in opened if isinstance(each, Refused)]
    assert (len(refused), {str(each.code) for each in refused}) == (7, {"too_many_clients"})


async def test_a_stream_that_is_told_nothing_says_that_it_is_there(
    assembled: AssembledService, changes: ChangeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the database changes all the time: the others' changes do not put it off."""
    monkeypatch.setattr(feed, "KEEP_ALIVE_S", 0.1)
    stream = await changes.follow(None, ["alarm.raised"])
    await next_step(stream)

    async def go_on() -> None:
        while True:
            await submit(assembled)
            await asyncio.sleep(0.01)

    busy = asyncio.ensure_future(go_on())
    assert [(await next_step(stream)).changes for _ in range(2)] == [(), ()]
    busy.cancel()
