"""The line in memory."""

from __future__ import annotations

import pytest

from tests.emulator.bench import Bench


def test_nothing_happens_inside_a_write(bench: Bench) -> None:
    """Octets go over when timers run, both ways, in order."""
    seen: list[bytes] = []
    bench.host.port.on_data = seen.append
    bench.host.port.write(b"AT\r")
    bench.host.port.write(b"AT+CSQ\r")
    assert seen == []
    bench.timers.run()
    assert b"".join(seen) == b"\r\nOK\r\n\r\n+CSQ: 17,99\r\n\r\nOK\r\n"


def test_one_host_at_a_time(bench: Bench) -> None:
    """A second opener is refused until the first closes."""
    with pytest.raises(OSError, match="in use"):
        bench.link.open()
    bench.host.port.close()
    bench.host.open()
    assert bench.host.ask("AT") == "OK"


def test_nothing_stale_reaches_the_next_host(bench: Bench) -> None:
    """What was on its way to a host that closed is gone; what that host wrote has been heard."""
    bench.host.port.write(b"AT+CMEE=2\r")
    bench.host.port.close()
    bench.host.open()
    assert bench.host.hear(1.0) == b""
    assert bench.host.ask("AT+CMEE?") == "+CMEE: 2\r\nOK"


def test_a_closed_port_cannot_be_written(bench: Bench) -> None:
    """Writing after close() is an OSError; closing twice is nothing."""
    bench.host.port.close()
    bench.host.port.close()
    with pytest.raises(OSError, match="gone"):
        bench.host.port.write(b"AT\r")
    assert bench.host.lost == 0
