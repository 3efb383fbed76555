"""Targets of webhooks: the parts of an address of the web, and which IP addresses may be called."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass

Network = IPv4Network | IPv6Network

LONGEST_URL = 2000
_PORTS = {"http": 80, "https": 443}
# Networks whose addresses have an IPv4 address in their last octets (RFC 6052, RFC 3056).
_NAT64 = ip_network("64:ff9b::/96")
_6TO4 = ip_network("2002::/16")
_THIS_NETWORK = ip_network("0.0.0.0/8")


@dataclass(frozen=True, slots=True)
class WebTarget:
    """Address of the web. `host`: a name, or an IP address without brackets; `path`: with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_secure(self) -> bool:
        """True if it is called over TLS."""
        return self.scheme == "https"

    @property
    def origin(self) -> str:
        """Scheme, host and port, which tell one receiver from another."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host, and the port if it is not that of the scheme, as the header `Host` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str) -> WebTarget:
    """Returns the parts of an address. Raises Refused (`bad_url`) if it is none that can be called."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode() if ":" not in (parts.hostname or "") else parts.hostname
    except ValueError:  # a port that is none, brackets that are not closed, a name that IDNA does not know
        raise _refuse(url, "it is no address of the web") from None
    if parts.scheme not in _PORTS or not host:
        raise _refuse(url, "write it as https://crm.example.com/sms")
    if len(url) > LONGEST_URL:
        raise _refuse(url, f"it is longer than {LONGEST_URL} characters")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise _refuse(url, "escape blanks and letters beyond ASCII with %")
    if parts.username is not None or parts.password is not None:
        raise _refuse(url, "it must have no name and no password; the signature proves who calls")
    if parts.fragment:
        raise _refuse(url, "it must have no #")
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    return WebTarget(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, path)


def _refuse(url: str, why: str) -> Refused:
    # What stands behind a question mark, and a name with a password, may be secret: neither is repeated.
    shown = url.partition("?")[0].rpartition("@")[2][:80]
    return Refused(ErrorCode.BAD_URL, f"{shown!r} cannot be called: {why}")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Policy about private addresses: `allows_private`: all may be called; else those in `networks`, and public ones."""

    allows_private: bool = False
    networks: tuple[Network, ...] = ()

    def allows(self, address: str) -> bool:
        """Returns whether an IP address may be called. Nothing calls a multicast address, or an unspecified one."""
        found = _unwrap(ip_address(address.partition("%")[0]))
        if found.is_multicast or found.is_unspecified or found in _THIS_NETWORK:
            return False
        return found.is_global or self.allows_private or any(found in network for network in self.networks)

    def allows_host(self, host: str) -> bool:
        """Returns False if a host is an IP address that may not be called. A name is judged when it is called."""
        try:
            return self.allows(host)
        except ValueError:
            return True


def _unwrap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Returns the IPv4 address that an IPv6 address leads to, if it leads to one."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address
