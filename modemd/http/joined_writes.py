"""Joined writes: the head of an answer goes out together with the first octets of its body.

uvicorn writes them one after the other, and asyncio sends each write at once: two system calls, each of which wakes the client.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11


class JoinedWrites:
    """Transport of a connection of `h11`, which holds the head of an answer until more is written, or the loop has its next turn.
    All else is done by the transport that it stands for."""

    def __init__(self, transport: asyncio.Transport, conn: h11.Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._conn = conn
        self._loop = loop
        self._head = b""
        self._is_in_body = False
        self._flushing: asyncio.Handle | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends octets, but for the head of an answer that has a body."""
        had_begun, self._is_in_body = self._is_in_body, self._conn.our_state is h11.SEND_BODY
        if self._is_in_body and not had_begun:
            self._head += data
            self._flushing = self._loop.call_soon(self._flush)
        elif self._head:
            self._head += data
            self._flush()
        elif data:
            self._transport.write(data)

    def close(self) -> None:
        """Closes the connection after what was written is sent."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Closes the connection at once."""
        self._head = b""
        self._transport.abort()

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)
