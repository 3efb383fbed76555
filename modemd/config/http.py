"""Settings of the second door: the API on a TCP address, with keys, and with TLS if others can listen."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from modemd.config.values import FilePath, Frozen, rejection_message

LISTEN_FORM = "an address and a port, such as 127.0.0.1:8080 or [::1]:8080"
NETWORKS_FORM = "a list of addresses or networks, such as [127.0.0.1, 10.0.0.0/24]"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ListenAddress(Frozen):
    """Address and port to listen at."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """True if only programs of this machine reach it."""
        return ipaddress.ip_address(self.host).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _parse_listen(value: object) -> object:
    if isinstance(value, ListenAddress):
        return value
    if not isinstance(value, str):
        raise ValueError(rejection_message(value))
    host, colon, port = value.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(rejection_message(value))
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        raise ValueError(f"{host!r} is no IP address") from None
    if (address.version == 6) is not host.startswith("["):
        raise ValueError(f"{value!r}: an IPv6 address stands in brackets, and no other does")
    return ListenAddress(host=str(address), port=int(port))


def _parse_networks(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError(rejection_message(value))
    return tuple(_parse_network(each) for each in value)


def _parse_network(value: object) -> Network:
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return value
    if not isinstance(value, str):
        raise ValueError(rejection_message(value))
    try:
        return ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no address or network: {error}") from None


class TlsSettings(Frozen):
    """Certificate of the second door, and its key."""

    certificate: FilePath = Field(
        description="the path of a PEM file with the certificate, and those between it and the root"
    )
    key: FilePath = Field(
        description="the path of a PEM file with the private key of the certificate, without a passphrase"
    )


class HttpSettings(Frozen):
    """Second door. Without `listen` it is shut."""

    listen: Annotated[ListenAddress, BeforeValidator(_parse_listen)] | None = Field(
        default=None, description=LISTEN_FORM
    )
    tls: TlsSettings | None = Field(default=None, description="certificate and key: the paths of two PEM files")
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_parse_networks)] = Field(
        default=(), description=NETWORKS_FORM
    )
    """Networks whose proxies have checked TLS, and say in X-Forwarded-For where a request came from."""


def find_mistakes(settings: HttpSettings) -> Iterator[str]:
    """Yields the mistakes that show only when each value by itself is right."""
    listen = settings.listen
    if listen is not None and not listen.is_loopback and settings.tls is None and not settings.trusted_proxies:
        yield (
            f"{listen} can be reached from other machines, and API keys would cross the network in clear: set http.tls (modemd "
            "tls self-signed makes a certificate), or http.trusted_proxies if a proxy does TLS"
        )
