"""The connections of the client of a provider: which are used again, how many there are, and what closes them."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from modemd.providers.exchange import NotSent, ResponseLost
from modemd.providers.http.client import HttpLimits
from tests.providers.http.clients import Hook, client
from tests.providers.http.peers import OK, Peer, answering, post, serving, silent


async def test_a_body_until_the_end_of_the_connection() -> None:
    """It is whole when the server closes, and the connection is not used again."""
    async with serving(answering(b"HTTP/1.0 200 OK\r\n\r\n{}", closes=True)) as peer, client() as provider:
        assert (await provider.send(post(peer.port))).body == b"{}"
        assert (await provider.send(post(peer.port))).body == b"{}"
        assert peer.connections == 2


async def test_a_connection_that_the_server_has_closed_is_not_used() -> None:
    """The server closes after each answer, without a word about it; no request meets a closed connection."""
    async with serving(answering(OK, closes=True)) as peer, client() as provider:
        for number in range(1, 4):
            assert (await provider.send(post(peer.port))).status == 201
            await asyncio.gather(*peer.tasks)  # now it has closed, and the client was not asked since
            assert peer.connections == len(peer.heard) == number


async def test_a_close_that_the_loop_has_not_seen_is_seen() -> None:
    """The server closes while the loop is busy: the kernel knows, and the loop asks it before the next request is written."""
    close, closed = threading.Event(), threading.Event()

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            accepted, _ = listener.accept()
            with accepted:
                accepted.recv(4096)
                accepted.sendall(OK)
                close.wait(5)
            closed.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        async with client() as provider:
            port = listener.getsockname()[1]
            await provider.send(post(port))
            close.set()
            assert closed.wait(5)  # no turn of the loop until here
            assert (await provider.send(post(port))).status == 201
        thread.join(5)


async def test_a_connection_on_which_something_came_unasked_is_not_used() -> None:
    """A second answer behind the first would be taken for that to the next request."""
    late = asyncio.Event()

    async def script(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peer.read_request(reader)
        writer.write(OK)
        await late.wait()
        writer.write(OK.replace(b'"SM"', b'"XX"'))
        await peer.read_request(reader)

    for unasked in (OK + OK.replace(b'"SM"', b'"XX"'), OK):
        begin = answering(unasked) if unasked is not OK else script
        async with serving(begin) as peer, client() as provider:
            await provider.send(post(peer.port))
            late.set()
            for _ in range(20):
                await asyncio.sleep(0)
            assert (await provider.send(post(peer.port))).body == b'{"sid":"SM"}'
            assert peer.connections == 2


async def test_a_connection_that_closes_during_the_hook_is_not_written_to() -> None:
    """No octet is written, and the caller is told so although the hook has run."""

    async def script(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await closing.wait()

    closing = asyncio.Event()
    async with serving(script) as peer, client() as provider:

        async def hook() -> None:
            closing.set()
            await asyncio.gather(*peer.tasks)

        with pytest.raises(NotSent, match="before the first octet"):
            await provider.send(post(peer.port), hook)


@pytest.mark.parametrize(("method", "connections"), [("POST", 2), ("GET", 1)])
async def test_an_old_connection_carries_no_post(
    monkeypatch: pytest.MonkeyPatch, method: str, connections: int
) -> None:
    """30 seconds after it was opened; a look-up may use it, as long as it was in use."""
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, 0.0
    monkeypatch.setattr(loop, "time", lambda: real() + ahead)
    async with serving(answering(OK)) as peer, client(HttpLimits()) as provider:
        await provider.send(post(peer.port, method=method))
        ahead += 20
        await provider.send(post(peer.port, method="GET"))
        assert peer.connections == 1
        ahead += 11
        await provider.send(post(peer.port, method=method))
        assert peer.connections == connections
        ahead += 31
        await provider.send(post(peer.port, method="GET"))
        assert peer.connections == connections + 1
    monkeypatch.undo()


async def test_no_more_connections_than_the_window() -> None:
    """Who finds no place in time has sent nothing; a place is free again when an exchange is over, however it ended."""
    async with serving(silent) as peer, client(HttpLimits(place_s=0.05, answer_s=0.3, window=2)) as provider:
        found = await asyncio.gather(*(provider.send(post(peer.port)) for _ in range(3)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == ["NotSent", "ResponseLost", "ResponseLost"]
        assert peer.connections == 2
        with pytest.raises(ResponseLost):
            await provider.send(post(peer.port))


async def test_a_cancelled_request_frees_its_place_and_its_connection() -> None:
    """The connection is not used again: its answer could still come."""
    async with serving(silent) as peer, client(HttpLimits(window=1, place_s=0.05, answer_s=5)) as provider:
        written = asyncio.Event()

        async def hook() -> None:
            written.set()

        task = asyncio.ensure_future(provider.send(post(peer.port), hook))
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        task = asyncio.ensure_future(provider.send(post(peer.port)))
        await peer.wait_for_connection(2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_request_that_is_cancelled_while_it_takes_a_kept_connection() -> None:
    """At any turn of the loop, the connection is closed or kept, and not lost."""
    for turns in range(8):
        async with serving(answering(OK)) as peer, client(HttpLimits()) as provider:
            await provider.send(post(peer.port))
            task = asyncio.ensure_future(provider.send(post(peer.port), Hook()))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            provider.close()
            await asyncio.wait_for(asyncio.gather(*peer.tasks), 2)


async def test_a_closed_client_sends_nothing() -> None:
    """Its kept connections are closed; what comes then is not sent."""
    async with serving(answering(OK)) as peer, client() as provider:
        await provider.send(post(peer.port))
        provider.close()
        with pytest.raises(NotSent, match="closed"):
            await provider.send(post(peer.port))
        await asyncio.wait_for(asyncio.gather(*peer.tasks), 2)
        assert peer.connections == 1
