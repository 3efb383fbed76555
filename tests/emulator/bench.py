"""A bench for devices: timers turned by hand, and a host that knows nothing but bytes."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from modemd.emulator import Device, Network, Sim
from modemd.emulator.links import MemoryLink, MemoryPort
from modemd.pdu import Deliver, RelativeValidity, StatusReport, Submit, compose, decode_incoming, frame, unframe

START = datetime(2025, 3, 11, 9, 15, 0, tzinfo=UTC)
ALICE = "+447700900123"
SIM_NUMBER = "+33700000001"

HELLO = "0001000C91447700091032000005C8329BFD06"
"""SUBMIT "Hello" to ALICE, no report asked for: 18 octets."""
HELLO_WORLD = "0031000C914477000910320000A70BC8329BFD06DDDF723619"
"""SUBMIT "Hello world" to ALICE, 24 hours, report asked for: 24 octets."""


async def becomes(true: Callable[[], bool], deadline_s: float = 10.0) -> None:
    """Wait, on a loop in real time, until this is true; TimeoutError if it never is."""
    async with asyncio.timeout(deadline_s):
        while not true():  # noqa: ASYNC110 - the kernel tells no event of the things waited for here
            await asyncio.sleep(0.001)


class _Pending:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class HandTimers:
    """Timers that run only when told to."""

    def __init__(self) -> None:
        self._now = START
        self._queue: list[tuple[datetime, int, Callable[[], None], _Pending]] = []
        self._count = itertools.count()

    def now(self) -> datetime:
        return self._now

    def after(self, seconds: float, action: Callable[[], None]) -> _Pending:
        pending = _Pending()
        heapq.heappush(self._queue, (self._now + timedelta(seconds=seconds), next(self._count), action, pending))
        return pending

    def run(self, seconds: float = 0.0) -> None:
        """Let this much time pass, and everything happen that falls in it."""
        end = self._now + timedelta(seconds=seconds)
        while self._queue and self._queue[0][0] <= end:
            self._now, _, action, pending = heapq.heappop(self._queue)
            if not pending.cancelled:
                action()
        self._now = end


class Host:
    """The host's end of a device in memory. `heard` collects what comes; `lost` counts lost ports."""

    def __init__(self, timers: HandTimers, link: MemoryLink) -> None:
        self.timers = timers
        self.link = link
        self.heard = b""
        self.lost = 0
        self.port = self.open()

    def open(self) -> MemoryPort:
        """Open the port (again)."""
        self.port = self.link.open()
        self.port.on_data = self._data
        self.port.on_lost = self._lost
        return self.port

    def _data(self, data: bytes) -> None:
        self.heard += data

    def _lost(self) -> None:
        self.lost += 1

    def hear(self, seconds: float = 0.0) -> bytes:
        """What comes within this time, and has come since the last question."""
        self.timers.run(seconds)
        heard, self.heard = self.heard, b""
        return heard

    def say(self, data: bytes, seconds: float = 0.0) -> bytes:
        """Write, and hear what comes within this time."""
        self.port.write(data)
        return self.hear(seconds)

    def ask(self, command: str, seconds: float = 0.0) -> str:
        """Write a command with its CR; the answer without the line ends at both ends."""
        return self._lines(self.say(command.encode() + b"\r", seconds))

    def set_up(self, notify: str = "2,1,0,0,0") -> Host:
        """Echo off, PDU mode, notices; without `notify`, the notices stay as they are."""
        for command in ("ATE0", "AT+CMGF=0", *([f"AT+CNMI={notify}"] if notify else [])):
            assert self.ask(command).endswith("OK"), command
        return self

    def send(self, pdu: str, seconds: float = 10.0) -> str:
        """`+CMGS` with its prompt, the PDU, and what comes within this time."""
        octets = bytes.fromhex(pdu)
        prompt = self.say(b"AT+CMGS=%d\r" % (len(octets) - 1 - octets[0]), 1.0)
        assert prompt.endswith(self.link.device.family.dialogue.prompt.encode()), prompt
        return self._lines(self.say(pdu.encode() + b"\x1a", seconds))

    def _lines(self, heard: bytes) -> str:
        """What was heard without blank lines and line ends at both ends, each line end as CR LF."""
        end = self.link.device.family.dialogue.line_end
        return re.sub(f"(?:{end})+", "\r\n", heard.decode()).strip("\r\n")

    def hear_incoming(self, seconds: float = 0.0) -> list[Deliver | StatusReport]:
        """The PDUs that are routed to the host within this time."""
        lines = [
            line for line in self.hear(seconds).decode().split("\r\n") if line and set(line) <= set("0123456789ABCDEF")
        ]
        return [decode_incoming(unframe(bytes.fromhex(line))[1]) for line in lines]

    def hear_reports(self, seconds: float = 20.0) -> list[StatusReport]:
        """The status reports among them."""
        return [one for one in self.hear_incoming(seconds) if isinstance(one, StatusReport)]


class Bench:
    """A network, one device on it, and its host."""

    def __init__(self, family: str = "generic", *, seed: int = 0, pin: str | None = None, capacity: int = 50) -> None:
        self.timers = HandTimers()
        self.network = Network(self.timers, seed=seed)
        self.sim: Sim = self.network.sim(SIM_NUMBER, pin=pin, capacity=capacity)
        self.device = Device("modem0", family, self.network, self.timers, self.sim, seed=seed, send_latency_s=3.0)
        self.link = MemoryLink(self.device, self.timers)
        self.host = Host(self.timers, self.link)

    @property
    def references(self) -> list[int]:
        return [entry.reference for entry in self.network.journal]

    def inbox(self, number: str = ALICE) -> list[str | None]:
        return [received.text for received in self.network.phone(number).inbox]


def pdus(to: str, text: str, **wishes: Any) -> list[str]:
    """The PDU lines of a message."""
    return [frame(part.encode()).hex().upper() for part in compose(to, text, **wishes)]


def pdu(to: str, text: str, *, minutes: int | None = None, report: bool = True) -> str:
    """The PDU line of a short message."""
    validity = RelativeValidity.at_least(timedelta(minutes=minutes)) if minutes is not None else None
    parts: list[Submit] = compose(to, text, validity=validity, report_requested=report)
    assert len(parts) == 1
    return frame(parts[0].encode()).hex().upper()
