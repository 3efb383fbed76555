"""Listening on TCP, and certificates."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from modemd.errors import ConfigError
from modemd.http.tcp import TlsCertificate, listening_tcp


def test_an_address_that_is_taken_is_told() -> None:
    """Also one that is none of this machine."""
    with listening_tcp("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError, match="Address already in use"), listening_tcp("127.0.0.1", port):
            pass
    with pytest.raises(ConfigError, match=r"http\.listen"), listening_tcp("192.0.2.1", 0):
        pass
    with listening_tcp("127.0.0.1", port), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


async def test_an_answer_waits_for_nobody() -> None:
    """asyncio turns Nagle's algorithm off on each connection: head and body of an answer are two writes, and the second would
    wait for the client to acknowledge the first."""
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with listening_tcp("127.0.0.1", 0) as listener:
        async with await asyncio.start_server(accept, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            assert await accepted
            writer.close()


def test_files_that_are_no_certificate_are_told(tmp_path: Path) -> None:
    """What is missing, and what is something else."""
    with pytest.raises(ConfigError, match="No such file"):
        TlsCertificate(tmp_path / "a.crt", tmp_path / "a.key")
    for name in ("a.crt", "a.key"):
        (tmp_path / name).write_text("nonsense")
    with pytest.raises(ConfigError, match=r"http\.tls"):
        TlsCertificate(tmp_path / "a.crt", tmp_path / "a.key")
