"""Closes a port after a capture, and names it in the errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from modemd.errors import PortGone, ReplyTimeout
from modemd.modem.link.port import Port


@contextmanager
def closing_port(port: Port, name: str) -> Iterator[None]:
    """Closes the port at the end of the block. ReplyTimeout and PortGone in the block are raised with `name`, the port's name."""
    try:
        yield
    except ReplyTimeout as error:
        raise ReplyTimeout(f"{name}: {error}; is this its AT port, at this speed?") from error
    except PortGone as error:
        raise PortGone(f"{name}: the port went away: {error}") from error
    finally:
        port.close()
