"""Slices: the work of clients goes in short pieces, and everything else between two of them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from modemd.client_work import WAITING_CHANGES, is_for_client
from modemd.http import slices
from modemd.http.slices import SlicingLoop, own_slices
from modemd.http.unix import listening, request, serving

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def run() -> Run:
    """Runs a coroutine on a loop with slices."""

    def run(work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=SlicingLoop) as runner:
            runner.run(work)

    return run


def spend(seconds: float) -> None:
    """Holds the loop."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + seconds
    while loop.time() < ends_at:
        pass


def test_everything_else_goes_between_two_slices(run: Run) -> None:
    """Of a hundred clients that are ready, a few are served before a modem has its next turn, and none is forgotten."""
    turns: list[int] = []

    async def work() -> None:
        served: list[int] = []

        async def client(number: int) -> None:
            spend(0.0005)
            served.append(number)

        with own_slices():
            tasks = [asyncio.ensure_future(client(number)) for number in range(100)]
        while len(served) < 100:
            await asyncio.sleep(0)
            turns.append(len(served) - sum(turns))
        assert served == list(range(100))
        assert all(task.done() for task in tasks)

    run(work())
    assert max(turns) <= 4


def test_the_context_goes_on_to_what_a_request_begins(run: Run) -> None:
    """Tasks and callbacks of a task are of its server, also behind an await; others are not."""

    async def work() -> None:
        found: list[bool] = []

        async def inner() -> None:
            await asyncio.sleep(0)
            found.append(is_for_client())

        async def outer() -> None:
            await asyncio.to_thread(lambda: None)
            await asyncio.gather(inner(), asyncio.ensure_future(inner()))

        with own_slices():
            task = asyncio.ensure_future(outer())
        await task
        assert found == [True, True]
        assert not is_for_client()

    run(work())


def test_an_error_does_not_end_the_slices(run: Run) -> None:
    """What a callback raises is told to the loop, and what is behind it runs; a cancelled one does not."""
    told: list[str] = []

    async def work() -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(lambda _, context: told.append(str(context["exception"])))
        with own_slices():
            context = contextvars.copy_context()
        loop.call_soon(lambda: 1 / 0, context=context)
        loop.call_soon(lambda: told.append("cancelled"), context=context).cancel()
        loop.call_soon(done.set, context=context)
        await asyncio.wait_for(done.wait(), 5)

    run(work())
    assert told == ["division by zero"]


def test_clients_rest_while_somebody_waits_for_the_database(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer's thread gets the interpreter for itself between two slices; clients go on all the same."""
    monkeypatch.setattr(slices, "REST_S", 0.05)

    async def work() -> None:
        loop = asyncio.get_running_loop()

        async def client() -> float:
            began = loop.time()
            for _ in range(3):
                spend(slices.SLICE_S)
                await asyncio.sleep(0)
            return loop.time() - began

        async def serve() -> float:
            with own_slices():
                task = asyncio.ensure_future(client())
            return await task

        before = WAITING_CHANGES.count
        assert await serve() < 0.1
        answer: asyncio.Future[None] = loop.create_future()
        WAITING_CHANGES.begin()
        answer.add_done_callback(lambda _: WAITING_CHANGES.end())
        assert await serve() > 0.1
        monkeypatch.setattr(slices, "REST_S", 60)
        loop.call_later(0.05, answer.set_result, None)
        await asyncio.wait_for(serve(), 10)  # the rest ends when nobody waits any more
        await asyncio.sleep(0)
        assert WAITING_CHANGES.count == before

    run(work())


def test_a_server_is_served_in_slices(run: Run, tmp_path: Path) -> None:
    """The work on a request is marked, and the one who opened the server is not."""
    marked: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        marked.append(is_for_client())
        await receive()
        marked.append(is_for_client())
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def work() -> None:
        with listening(tmp_path / "s") as listener:
            async with serving(app, listener):
                assert (await asyncio.to_thread(request, tmp_path / "s", "GET", "/"))[0] == 204
                assert not is_for_client()

    run(work())
    assert marked == [True, True]
