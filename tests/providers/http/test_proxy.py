"""The proxy: its address, and the tunnel through it."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from modemd.errors import ConfigError
from modemd.providers.exchange import NotSent, ResponseLost
from modemd.providers.http.client import HttpLimits
from modemd.providers.http.proxy import Proxy, parse_proxy
from modemd.providers.secret import Secret, make_basic_authorization
from tests.free_port import free_port
from tests.providers.http.clients import QUICK, Hook, client
from tests.providers.http.peers import OK, SECRET, answering, make_certificate, post, relay, serving, silent

HUSH = Secret("hush")


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://proxy.example.com:3128", Proxy("proxy.example.com", 3128)),
        ("http://proxy.example.com/", Proxy("proxy.example.com", 80)),
        ("http://[::1]:3128", Proxy("::1", 3128)),
        ("http://me:h%75sh@p:1", Proxy("p", 1, make_basic_authorization("me", HUSH))),
    ],
)
def test_an_address(url: str, proxy: Proxy) -> None:
    """Name and password are escaped as in any address."""
    assert parse_proxy(url) == proxy
    assert "hush" not in repr(proxy)


@pytest.mark.parametrize(
    "url",
    [
        *("https://hush@p", "socks5://p:1080", "p:3128", "http://", "http://p:99999", "http://p/x", "http://me:@p"),
        *("http://me%3Ax:hush@p", "http://me:hush%0A@p", ""),
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    """The mistake is told without the password."""
    with pytest.raises(ConfigError) as failed:
        parse_proxy(url)
    assert "hush" not in "".join(traceback.format_exception(failed.value))


async def test_a_tunnel_leads_to_the_server(tmp_path: Path) -> None:
    """The proxy hears the name and the port; TLS is with the server, so the proxy hears neither credentials nor text."""
    tls, ca_file = make_certificate(tmp_path, "localhost")
    async with serving(relay) as proxy, serving(answering(OK), tls) as peer:
        route = Proxy("127.0.0.1", proxy.port, make_basic_authorization("me", HUSH))
        async with client(HttpLimits(), ca_file, route) as provider:
            hook = Hook(peer)
            for _ in range(2):
                assert (await provider.send(post(peer.port, "localhost", "https"), hook)).status == 201
        ((head, body),) = proxy.heard
        assert head.startswith(f"CONNECT localhost:{peer.port} HTTP/1.1\r\n")
        assert f"\r\nHost: localhost:{peer.port}\r\n" in head
        assert "\r\nProxy-Authorization: Basic bWU6aHVzaA==\r\n" in head
        assert SECRET.reveal() not in head
        assert body == b""
        assert [each[0].startswith("POST ") for each in peer.heard] == [True, True]
        assert "Proxy-Authorization" not in peer.heard[0][0]
        assert hook.calls == [0, 1]


async def test_the_name_of_the_server_is_checked_behind_a_proxy(tmp_path: Path) -> None:
    """A proxy can lead elsewhere."""
    tls, ca_file = make_certificate(tmp_path, "other.example.com")
    async with serving(relay) as proxy, serving(answering(OK), tls) as peer:
        async with client(HttpLimits(), ca_file, Proxy("127.0.0.1", proxy.port)) as provider:
            with pytest.raises(NotSent, match="Hostname mismatch"):
                await provider.send(post(peer.port, "localhost", "https"), Hook())
        assert peer.heard == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "HTTP status 407"),
        (b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", "HTTP status 503"),
        (b"HTTP/1.1 302 x\r\nLocation: http://p/\r\n\r\n", "HTTP status 302"),
        (b"garbage\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200", "closed the connection"),
        (b"", "closed the connection"),
        (b"HTTP/1.1 200 OK\r\n\r\nmore", "more than its answer"),
    ],
)
async def test_a_proxy_that_refuses(answer: bytes, why: str) -> None:
    """Nothing was sent, and the hook did not run."""
    authorization = make_basic_authorization("me", HUSH)
    async with (
        serving(answering(answer, closes=True)) as proxy,
        client(proxy=Proxy("127.0.0.1", proxy.port, authorization)) as provider,
    ):
        hook = Hook()
        with pytest.raises(NotSent, match=why) as failed:
            await provider.send(post(443, "localhost", "https"), hook)
        assert hook.calls == []
        assert "aHVzaA" not in "".join(traceback.format_exception(failed.value))


async def test_a_proxy_that_hangs_or_is_not_there() -> None:
    """Its time is part of that for connecting."""
    async with (
        serving(silent) as proxy,
        client(HttpLimits(connect_s=0.05), proxy=Proxy("127.0.0.1", proxy.port)) as provider,
    ):
        with pytest.raises(NotSent, match=r"within 0\.05 s"):
            await provider.send(post(443, "localhost", "https"))
    async with client(proxy=Proxy("127.0.0.1", free_port())) as provider:
        with pytest.raises(NotSent, match="no connection"):
            await provider.send(post(443, "localhost", "https"))


async def test_an_answer_lost_behind_a_proxy_is_lost(tmp_path: Path) -> None:
    """A tunnel that breaks after the request is no proxy that refuses."""
    tls, ca_file = make_certificate(tmp_path, "localhost")
    async with serving(relay) as proxy, serving(answering(OK[:30], closes=True), tls) as peer:
        async with client(QUICK, ca_file, Proxy("127.0.0.1", proxy.port)) as provider:
            with pytest.raises(ResponseLost):
                await provider.send(post(peer.port, "localhost", "https"), Hook())
        assert len(peer.heard) == 1
