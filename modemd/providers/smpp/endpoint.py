"""Endpoint: the address of a message centre, the account at it, and how the connection is kept."""

from __future__ import annotations

import ssl
from dataclasses import field
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.providers.secret import Secret
from modemd.smpp.limits import SessionLimits

# Look-up of the name, TCP and TLS together.
CONNECT_S = 10.0


class BindMode(StrEnum):
    """Purpose of a connection. Some centres want two connections instead of one transceiver."""

    TRANSCEIVER = "transceiver"
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"


@dataclass(frozen=True, slots=True)
class SmppEndpoint:
    """Endpoint of a route. `tls`: the context of the connection, None for a plain one; with it, the certificate must be for
    `host`. `connect_s`: seconds for name, TCP and TLS."""

    host: str
    port: int
    system_id: str
    password: Secret
    system_type: str = ""
    mode: BindMode = BindMode.TRANSCEIVER
    tls: ssl.SSLContext | None = None
    limits: SessionLimits = field(default_factory=SessionLimits)
    connect_s: float = CONNECT_S


def make_tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Returns the context of a verified connection. `ca_file`: certificates to trust instead of those of the system. OSError if
    it cannot be read, ssl.SSLError if it has none."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
