"""Joined writes: one system call for a short answer, and no head that waits for a body."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
import pytest

from modemd.http.joined_writes import JoinedWrites

HEAD = h11.Response(status_code=200, headers=[("content-length", "4")])


class Wire:
    """Transport that keeps what was written, and a connection that has read a request."""

    def __init__(self) -> None:
        self.sent: list[bytes | str] = []
        self.conn = h11.Connection(h11.SERVER)
        self.transport: Any = JoinedWrites(self, self.conn, asyncio.get_running_loop())  # type: ignore[arg-type]
        self.take_request()

    def take_request(self) -> None:
        self.conn.receive_data(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert isinstance(self.conn.next_event(), h11.Request)
        assert isinstance(self.conn.next_event(), h11.EndOfMessage)

    def answer(self, *events: Any) -> None:
        for event in events:
            self.transport.write(self.conn.send(event))

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append("closed")

    def abort(self) -> None:
        self.sent.append("aborted")

    def is_closing(self) -> bool:
        return False


async def test_an_answer_is_one_write() -> None:
    """And so is the next one on the same connection."""
    wire = Wire()
    for _ in range(2):
        wire.answer(HEAD, h11.Data(data=b"done"), h11.EndOfMessage())
        wire.conn.start_next_cycle()
        wire.take_request()
    assert [str(each).count("200") for each in wire.sent] == [1, 1]
    assert all(isinstance(each, bytes) and each.endswith(b"\r\n\r\ndone") for each in wire.sent)
    await asyncio.sleep(0)
    assert len(wire.sent) == 2


async def test_a_head_does_not_wait_for_a_body_that_comes_later() -> None:
    """A stream of events begins at once, and each event goes out by itself."""
    wire = Wire()
    wire.answer(HEAD)
    assert wire.sent == []
    await asyncio.sleep(0)
    assert len(wire.sent) == 1
    wire.answer(h11.Data(data=b"do"))
    wire.answer(h11.Data(data=b"ne"))
    assert wire.sent[1:] == [b"do", b"ne"]


@pytest.mark.parametrize(("end", "sent"), [("close", 2), ("abort", 1)])
async def test_the_end_of_a_connection(end: str, sent: int) -> None:
    """What was written is sent before it is closed, and not if it is cut."""
    wire = Wire()
    wire.answer(HEAD)
    getattr(wire.transport, end)()
    await asyncio.sleep(0)
    assert len(wire.sent) == sent
    assert not wire.transport.is_closing()
