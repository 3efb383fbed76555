"""Proxy: its address as a person writes it, and the tunnel through it (CONNECT, RFC 9110 9.3.6). The proxies of the environment
are not used: what the daemon does must be in its configuration."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import h11

from modemd.errors import ConfigError
from modemd.light_dataclass import dataclass
from modemd.providers.exchange import NotSent
from modemd.providers.http.streams import Streams
from modemd.providers.secret import Secret, make_basic_authorization

_PORT = 80
_READ_OCTETS = 4096


@dataclass(frozen=True, slots=True)
class Proxy:
    """Proxy. `authorization`: the value of the header `Proxy-Authorization`, if it wants one."""

    host: str
    port: int
    authorization: Secret | None = None


def parse_proxy(url: str) -> Proxy:
    """Returns the proxy that an address (`http://[name:password@]host[:port]`) names. ConfigError, without the password, if it
    names none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        authorization = None
        if parts.username:
            authorization = make_basic_authorization(unquote(parts.username), Secret(unquote(parts.password or "")))
    except ValueError:
        raise ConfigError(["proxy: it is no address, or its name or password cannot be used"]) from None
    if parts.scheme != "http" or not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError(
            ["proxy: write it as http://proxy.example.com:3128; only such proxies, by CONNECT, can be used"]
        )
    return Proxy(host, _PORT if port is None else port, authorization)


async def open_tunnel(streams: Streams, proxy: Proxy, host: str, port: int) -> None:
    """Asks a proxy, to which `streams` lead, for a connection to a server. Raises NotSent if it refuses, and OSError."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = [("Host", authority)]
    if proxy.authorization is not None:
        headers.append(("Proxy-Authorization", proxy.authorization.reveal()))
    connection = h11.Connection(h11.CLIENT)
    octets = connection.send(h11.Request(method="CONNECT", target=authority, headers=headers)) or b""
    connection.send(h11.EndOfMessage())
    streams.expect()
    streams.writer.write(octets)
    try:
        while not isinstance(event := connection.next_event(), h11.Response):
            if event is h11.NEED_DATA:
                connection.receive_data(await streams.reader.read(_READ_OCTETS))
    except h11.RemoteProtocolError:
        raise NotSent("the proxy closed the connection, or does not speak HTTP") from None
    if not 200 <= event.status_code < 300:
        raise NotSent(f"the proxy refuses the connection with HTTP status {event.status_code}")
    if connection.trailing_data != (b"", False):
        raise NotSent("the proxy sent more than its answer")
    streams.rest()
