"""Settings of webhooks."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field

from modemd.config.values import FilePath, Frozen, rejection_message
from modemd.rules.webhooks.targets import AddressPolicy, Network


def parse_networks(value: object) -> object:
    """Returns a word as it is, and a list of networks as such. ValueError if it is neither."""
    if value in ("deny", "allow"):
        return value
    if not isinstance(value, list | tuple):
        raise ValueError(rejection_message(value))
    if not value:
        raise ValueError("the list is empty")
    return tuple(_parse_network(each) for each in value)


def _parse_network(value: object) -> Network:
    if not isinstance(value, str):
        raise ValueError(rejection_message(value))
    try:
        return ip_network(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a network") from None


class WebhookSettings(Frozen):
    """Receivers that webhooks may have."""

    private_targets: Annotated[str | tuple[Network, ...], BeforeValidator(parse_networks)] = Field(
        default="deny",
        description="deny, allow, or a list of networks, such as [192.168.7.0/24]: private addresses that may be called",
    )
    """`deny`, `allow`, or the networks."""
    ca_file: FilePath | None = Field(
        default=None, description="the path of a PEM file with the certificates to trust, instead of the system's"
    )

    @property
    def policy(self) -> AddressPolicy:
        """Policy about the addresses that may be called."""
        if isinstance(self.private_targets, tuple):
            return AddressPolicy(networks=self.private_targets)
        return AddressPolicy(allows_private=self.private_targets == "allow")
