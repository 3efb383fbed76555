"""A client that keeps nothing and decides nothing. What it measures is the emulator and the pty: above that nobody can come."""

from __future__ import annotations

import os
import time
from types import TracebackType

from benchmarks.daemon_process import folder
from benchmarks.modem_process import modems
from modemd.pdu import compose, frame


class Port:
    """One command after the other on a port, each awaited."""

    def __init__(self, path: os.PathLike[str]) -> None:
        self._port = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.ask(b"ATE0\r")

    def __enter__(self) -> Port:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._port)

    def ask(self, octets: bytes, until: bytes = b"OK\r\n") -> None:
        """Write, and read until the answer ends so."""
        os.write(self._port, octets)
        answer = b""
        while until not in answer:
            answer += os.read(self._port, 4096)


def round_trips(count: int) -> list[float]:
    """Seconds from `AT` to its OK."""
    with folder() as made, modems(made / "lab", 1, latency_s=0.0) as built, Port(built.ports[0]) as port:
        lasted = []
        for _ in range(count):
            began = time.monotonic()
            port.ask(b"AT\r")
            lasted.append(time.monotonic() - began)
        return lasted


def busy(latency_s: float, sends: int) -> float:
    """The busy fraction of one modem that is given the same part so many times."""
    (part,) = compose("+33612345678", "Your order is ready.")
    tpdu = part.encode()
    length, octets = f"AT+CMGS={len(tpdu)}\r".encode(), frame(tpdu).hex().upper().encode() + b"\x1a"
    with folder() as made, modems(made / "lab", 1, latency_s=latency_s) as built, Port(built.ports[0]) as port:
        port.ask(b"AT+CMGF=0\r")
        for _ in range(sends + 1):
            port.ask(length, until=b"> ")
            port.ask(octets)
        accepted = built.accepted()
    return sends * latency_s / (accepted[-1] - accepted[0])
