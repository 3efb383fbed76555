"""Connecting: names, TLS, and what is not trusted, against real servers on this machine."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modemd.providers.exchange import NotSent
from modemd.providers.http import addresses, streams
from modemd.providers.http.client import HttpLimits, ProviderClient
from tests.providers.http.clients import Hook, client
from tests.providers.http.peers import OK, Peer, answering, make_certificate, post, serving

NOW = datetime.now(UTC)


async def test_a_private_authority_is_trusted_if_it_is_named(tmp_path: Path) -> None:
    """With its file the server is trusted, and the connection is kept as any other."""
    tls, ca_file = make_certificate(tmp_path, "localhost")
    async with serving(answering(OK), tls) as peer, client(ca_file=ca_file) as provider:
        hook = Hook(peer)
        for _ in range(3):
            assert (await provider.send(post(peer.port, "localhost", "https"), hook)).status == 201
        assert hook.calls == [0, 1, 2]
        assert peer.connections == 1


async def test_a_server_that_closes_tls_is_not_used_again(tmp_path: Path) -> None:
    """Its end of TLS is seen before the next request is written."""
    tls, ca_file = make_certificate(tmp_path, "localhost")
    async with serving(answering(OK, closes=True), tls) as peer, client(ca_file=ca_file) as provider:
        for number in range(1, 4):
            assert (await provider.send(post(peer.port, "localhost", "https"), Hook())).status == 201
            await asyncio.gather(*peer.tasks)
            assert peer.connections == len(peer.heard) == number


async def refuse(provider: ProviderClient, peer: Peer, host: str = "localhost") -> str:
    """Why nothing was sent. The server has heard nothing, and the hook did not run."""
    hook = Hook()
    with pytest.raises(NotSent) as failed:
        await provider.send(post(peer.port, host, "https"), hook)
    assert hook.calls == []
    assert peer.heard == []
    return str(failed.value)


async def test_an_authority_that_nobody_named_is_not_trusted(tmp_path: Path) -> None:
    """The authorities of the system do not sign for this machine."""
    tls, _ = make_certificate(tmp_path, "localhost")
    async with serving(answering(OK), tls) as peer, client() as provider:
        assert "the certificate is not trusted: self-signed certificate" in await refuse(provider, peer)


async def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    """Whoever has signed it; for an address, too."""
    tls, ca_file = make_certificate(tmp_path, "other.example.com")
    async with serving(answering(OK), tls) as peer, client(ca_file=ca_file) as provider:
        assert "Hostname mismatch" in await refuse(provider, peer)
        assert "IP address mismatch" in await refuse(provider, peer, "127.0.0.1")


async def test_an_expired_certificate_is_not_trusted(tmp_path: Path) -> None:
    """Nor one of tomorrow."""
    for moment, word in ((NOW - timedelta(days=2000), "expired"), (NOW + timedelta(days=1), "not yet valid")):
        tls, ca_file = make_certificate(tmp_path, "localhost", now=moment)
        async with serving(answering(OK), tls) as peer, client(ca_file=ca_file) as provider:
            assert word in await refuse(provider, peer)


async def test_a_server_without_tls_is_refused(tmp_path: Path) -> None:
    """What it answers to the greeting of TLS is no TLS."""

    async def script(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    _, ca_file = make_certificate(tmp_path, "localhost")
    async with serving(script) as peer, client(ca_file=ca_file) as provider:
        assert "TLS failed" in await refuse(provider, peer)


async def test_an_old_tls_is_refused(tmp_path: Path) -> None:
    """TLS 1.2 is the least."""
    tls, ca_file = make_certificate(tmp_path, "localhost")
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(answering(OK), tls) as peer, client(ca_file=ca_file) as provider:
        assert (await refuse(provider, peer)).startswith("no connection: ")  # which side says so differs


async def test_a_handshake_that_hangs_ends(tmp_path: Path) -> None:
    """The time for connecting is for all its steps, and nothing was sent then."""

    async def script(peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    _, ca_file = make_certificate(tmp_path, "localhost")
    limits = HttpLimits(connect_s=0.1)
    async with serving(script) as peer, client(limits, ca_file) as provider:
        assert await refuse(provider, peer) == "no connection within 0.1 s"


async def test_a_name_without_an_address_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one whose look-up takes too long."""

    release = threading.Event()

    def fail(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def hang(host: str, port: int) -> list[str]:
        release.wait(5)
        return []

    async with serving(answering(OK)) as peer, client(HttpLimits(connect_s=0.05)) as provider:
        monkeypatch.setattr(addresses, "resolve", fail)
        assert await refuse(provider, peer) == "no connection: the name has no address (Name or service not known)"
        monkeypatch.setattr(addresses, "resolve", hang)
        assert await refuse(provider, peer) == "no connection within 0.05 s"
    release.set()


@pytest.fixture
def lead(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes every name lead to these addresses, and the time for each of them short."""

    def make(*given: str) -> None:
        monkeypatch.setattr(addresses, "resolve", lambda host, port: list(given))
        monkeypatch.setattr(streams, "ADDRESS_S", 0.05)

    return make


async def test_the_next_address_is_tried(lead: Callable[..., None]) -> None:
    """One that refuses (127.0.0.2), and one that nobody answers (of a network for documents): then the one that works."""
    async with serving(answering(OK)) as peer, client() as provider:
        lead("127.0.0.2", "192.0.2.1", "127.0.0.1")
        assert (await provider.send(post(peer.port, "localhost"))).status == 201


async def test_ipv4_has_its_turn_before_a_second_ipv6(lead: Callable[..., None]) -> None:
    """A broken IPv6 with many addresses takes no more than one turn."""
    async with serving(answering(OK)) as peer, client(HttpLimits(connect_s=0.8)) as provider:
        lead(*(f"2001:db8::{each}" for each in range(1, 40)), "127.0.0.1")
        assert (await provider.send(post(peer.port, "localhost"))).status == 201


async def test_the_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the daemon does is in its configuration."""
    async with serving(answering(OK)) as proxy, serving(answering(OK)) as peer:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with client() as provider:
            await provider.send(post(peer.port))
        assert (proxy.connections, peer.connections) == (0, 1)
