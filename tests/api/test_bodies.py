"""Bodies of requests: their size and their time, and a client that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from modemd.api.bodies import BodyBounds

MOST = 1000


class Exchange:
    """One request, piece by piece, to an application behind the bounds, and what it answers."""

    def __init__(self, pieces: Iterable[bytes], announced: int | None = None, *, ends: str = "whole") -> None:
        self._pieces = list(pieces)
        self._ends = ends
        self.read = 0
        self.bodies: list[bytes] = []
        self.sent: list[Any] = []
        headers = [(b"content-length", str(announced).encode())] if announced is not None else []
        self.scope: Scope = {"type": "http", "method": "POST", "path": "/there", "headers": headers}

    async def run(self) -> None:
        await BodyBounds(self._answer, lambda path: MOST if path == "/there" else 0, within_s=0.01)(
            self.scope, self._receive, self._send
        )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        assert message["more_body"] is False
        self.bodies.append(message["body"])

    async def _receive(self) -> dict[str, Any]:
        if not self._pieces:
            if self._ends == "never":
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        piece = self._pieces.pop(0)
        self.read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces) or self._ends != "whole"}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        start = self.sent[0]
        assert (b"connection", b"close") in start["headers"]
        status: int = start["status"]
        return status


async def test_a_body_arrives_whole() -> None:
    """Pieces are joined; a body of the largest size passes."""
    exchange = Exchange([b"a" * 999, b"b"], MOST)
    await exchange.run()
    assert exchange.bodies == [b"a" * 999 + b"b"]


@pytest.mark.parametrize("announced", [MOST + 1, 300 * 1024 * 1024, 10**30])
async def test_a_body_that_is_announced_too_large_is_not_read(announced: int) -> None:
    """It is refused with 413 before an octet of it is read, and the connection closes."""
    exchange = Exchange([b"x" * MOST], announced)
    await exchange.run()
    assert (exchange.status, exchange.read, exchange.bodies) == (413, 0, [])


async def test_a_body_without_a_length_is_read_up_to_the_bound() -> None:
    """A chunked body is refused with the piece that exceeds the bound; the rest is not read."""
    exchange = Exchange([b"x" * 600] * 1000)
    await exchange.run()
    assert (exchange.status, exchange.read, exchange.bodies) == (413, 1200, [])


async def test_a_slow_body_has_a_deadline() -> None:
    """A client that sends half of its body and waits gets 408."""
    exchange = Exchange([b"half"], 8, ends="never")
    await exchange.run()
    assert (exchange.status, exchange.bodies) == (408, [])


async def test_a_client_that_goes_away_has_asked_for_nothing() -> None:
    """Half a body is passed to nobody, and nobody is answered."""
    exchange = Exchange([b"half"], 8, ends="gone")
    await exchange.run()
    assert (exchange.sent, exchange.bodies) == ([], [])
