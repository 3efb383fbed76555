"""A port of this machine for a server of a test."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Returns a TCP port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
