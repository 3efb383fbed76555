"""Addresses of receivers: what can be called, and what must not be."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from modemd.errors import Refused
from modemd.rules.webhooks.targets import AddressPolicy, WebTarget, parse_target


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        ("https://crm.example.com/sms?a=b", WebTarget("https", "crm.example.com", 443, "/sms?a=b"), "crm.example.com"),
        ("http://CRM.example.com:8080", WebTarget("http", "crm.example.com", 8080, "/"), "crm.example.com:8080"),
        ("http://[2001:db8::1]/x", WebTarget("http", "2001:db8::1", 80, "/x"), "[2001:db8::1]"),
        ("https://192.0.2.7:443/", WebTarget("https", "192.0.2.7", 443, "/"), "192.0.2.7"),
    ],
)
def test_an_address_has_parts(url: str, target: WebTarget, authority: str) -> None:
    """Host, port and path; the header `Host` leaves out the port of the scheme."""
    assert parse_target(url) == target
    assert target.authority == authority
    assert target.origin == f"{target.scheme}://{authority}"


@pytest.mark.parametrize(
    "url",
    [
        "", "crm.example.com", "ftp://crm.example.com", "file:///etc/passwd", "https://", "https://x:99999/", "https://[::1/",
        "https://ana:secret@crm.example.com/", "https://crm.example.com/#x", "https://crm.example.com/a b",
        "https://crm.example.com/é", "https://crm.example.com/\r\nHost: x", f"https://crm.example.com/{'x' * 2000}",
        "https://crm..example.com/",
    ],
)  # fmt: skip
def test_what_cannot_be_called_is_refused(url: str) -> None:
    """In one line, which repeats no secret."""
    with pytest.raises(Refused) as refused:
        parse_target(url)
    assert refused.value.code == "bad_url"
    assert "secret" not in refused.value.reason
    assert "\n" not in refused.value.reason


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.7.9", "169.254.169.254", "100.64.0.1", "::1", "fe80::1%eth0", "fd00::1",
    "::ffff:127.0.0.1", "::ffff:192.168.7.9", "64:ff9b::c0a8:709", "2002:c0a8:709::1", "198.18.0.1", "240.0.0.1",
]  # fmt: skip
NOWHERE = ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "0.1.2.3", "::ffff:0.0.0.0"]  # noqa: S104 - nothing listens there
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_called_only_if_that_is_allowed(address: str) -> None:
    """In whatever form an IPv6 address has one in it."""
    assert not AddressPolicy().allows(address)
    assert AddressPolicy(allows_private=True).allows(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called(address: str) -> None:
    """By everybody."""
    assert AddressPolicy().allows(address)


@pytest.mark.parametrize("address", NOWHERE)
def test_what_is_no_one_machine_is_never_called(address: str) -> None:
    """Whatever is allowed."""
    assert not AddressPolicy(allows_private=True).allows(address)


def test_networks_are_allowed_one_by_one() -> None:
    """Other private addresses stay denied."""
    policy = AddressPolicy(networks=(ip_network("192.168.7.0/24"), ip_network("fd00::/8")))
    assert [policy.allows(each) for each in ("192.168.7.9", "::ffff:192.168.7.9", "fd00::1", "192.168.8.9", "127.0.0.1")] == [
        True, True, True, False, False,
    ]  # fmt: skip
