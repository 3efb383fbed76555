"""A port whose other end follows a transcript, written as logs are: what the host says (`>>`), what the modem says (`<<`).

    >> AT+CMGS=18               the host writes this and CR
    << ^RSSI:14                 the modem says this line, at once
    <<$ >                       the prompt
    >> 0001000C91...06 ^Z       a PDU, Ctrl-Z behind it and no CR
    << +CMGS: 12 | OK   [3]     two lines, 3 s after the line above
    >> 0001000C91...06 ...      a PDU, and nothing behind it yet
    >> ^[                       ESC and CR
    !! unplugged                the port is lost

The order is kept: to write something else, or before the modem has said its lines, fails the test.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from modemd.errors import PortGone
from tests.sim.world.loop import simulate

P = ParamSpec("P")
_STEP = re.compile(r"(?P<who>>>|<<\$|<<|!!) ?(?P<what>.*?)\s*(?:\[(?P<after_s>[\d.]+)\])?(?:\s+#.*)?")


_ENDINGS = {"^Z": b"\x1a", "...": b""}


@dataclass(frozen=True, slots=True)
class Step:
    """`>>` awaits `data` from the host, `<<` says it, `!!` hangs up; `after_s` after the step before."""

    who: str
    data: bytes
    after_s: float


def framed(*lines: str) -> bytes:
    """Lines as a modem ends them."""
    return "".join(f"\r\n{line}\r\n" for line in lines).encode("latin-1")


def steps(transcript: str) -> list[Step]:
    """The steps of a transcript, one a line."""
    found = []
    for line in filter(None, map(str.strip, transcript.split("\n"))):
        step = _STEP.fullmatch(line)
        assert step is not None, f"not a line of a transcript: {line!r}"
        who, what = step["who"], step["what"]
        if who == ">>":
            ending = next((data for mark, data in _ENDINGS.items() if what.endswith(mark)), b"\r")
            said = what.removesuffix("^Z").removesuffix("...").rstrip()
            data = b"\x1b\r" if what == "^[" else said.encode() + ending
        elif who == "<<$":
            who, data = "<<", b"\r\n> "
        else:
            data = framed(*what.split(" | ")) if who == "<<" else what.encode()
        found.append(Step(who, data, float(step["after_s"] or 0)))
    return found


class ScriptedPort:
    """`modemd.modem.link.port.Port`, with a transcript behind it. `written` is everything the host wrote."""

    def __init__(self, transcript: str) -> None:
        self._steps = deque(steps(transcript))
        self._loop = asyncio.get_running_loop()
        self._heard = b""
        self._gone: str | None = None
        self._speaking = False
        self.deviation: str | None = None
        self.written = b""
        self.unwritten = 0
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_lost: Callable[[str], None] = lambda reason: None
        self._speak()

    def write(self, data: bytes) -> None:
        if self._gone is not None:
            raise PortGone(self._gone)
        self.written += data
        self._heard += data
        while self._heard:
            expected = self._steps[0].data if self._steps and self._steps[0].who == ">>" else b""
            if not self._speaking and expected and self._heard.startswith(expected):
                self._heard = self._heard[len(expected) :]
                self._steps.popleft()
                self._speak()
            else:
                self.deviation = f"the host wrote {self._heard!r}; the transcript goes on with {list(self._steps)[:2]}"
                raise AssertionError(self.deviation)

    def close(self) -> None:
        self._gone = "closed"
        self.on_data = lambda data: None
        self.on_lost = lambda reason: None

    @property
    def over(self) -> bool:
        """Whether all of the transcript has happened."""
        return not self._steps

    def _speak(self) -> None:
        """Say what is next, when its time has come."""
        self._speaking = bool(self._steps) and self._steps[0].who != ">>"
        if self._speaking:
            self._loop.call_later(self._steps[0].after_s, self._say)

    def _say(self) -> None:
        while True:
            step = self._steps.popleft()
            if step.who == "!!":
                self._gone = step.data.decode()
                self.on_lost(self._gone)
            else:
                self.on_data(step.data)
            if not self._steps or self._steps[0].who == ">>" or self._steps[0].after_s:
                break
        self._speak()


@contextmanager
def script(transcript: str) -> Iterator[ScriptedPort]:
    """A port for the block; at its end all of the transcript must have happened, and nothing else."""
    port = ScriptedPort(transcript)
    yield port
    assert port.deviation is None, port.deviation
    assert port.over, f"did not happen: {list(port._steps)}"


def simulated(test: Callable[P, object]) -> Callable[P, None]:
    """Run an async test on the loop whose time jumps; an exception in the background fails it."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        simulate(test(*args, **kwargs))  # type: ignore[arg-type]  # a coroutine function, which ParamSpec cannot say shortly

    return run
