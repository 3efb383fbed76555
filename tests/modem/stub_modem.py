"""Stub modem: answers every command from a table, and OK to commands that it does not know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from modemd.errors import PortGone
from tests.modem.scripted_port import framed

ANSWERS = {
    "+CGMI": "Generic|OK",
    "+CGMM": "Stick|OK",
    "+CGSN": "351234050000017|OK",
    "+CGMR": "1.0|OK",
    "+CPIN?": "+CPIN: READY|OK",
    "+CCID": "8944100030123456789|OK",
    "+CIMI": "234150000000001|OK",
    "+CREG?": "+CREG: 0,1|OK",
    "+CSQ": "+CSQ: 17,99|OK",
    "+CNMI?": "+CNMI: 2,1,0,2,0|OK",
}
ANSWER_S = 0.01


class StubModem:
    """Modem with its socket. `open` is what `Modem` opens ports with; `answers` may be changed while it runs.

    `received` has every command with its time, `PDU` for an octet string at the prompt; an answer of "" is silence.
    """

    def __init__(self) -> None:
        self.answers = dict(ANSWERS)
        self.answer_s = ANSWER_S
        self.send_s = 1.0
        self.plugged = True
        self.opened: list[float] = []
        self.received: list[tuple[float, str]] = []
        self.ports: list[StubPort] = []
        self.references = 0

    async def open(self, name: str) -> StubPort:
        self.opened.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.001)
        if not self.plugged:
            raise PortGone(f"{name}: No such file or directory")
        self.ports.append(StubPort(self))
        return self.ports[-1]

    def commands(self) -> list[str]:
        return [command for _, command in self.received]

    def times(self, command: str) -> list[float]:
        return [at for at, received in self.received if received == command]

    def say(self, *lines: str) -> None:
        """Writes lines unasked."""
        self.ports[-1].on_data(framed(*lines))

    def unplug(self) -> None:
        self.plugged = False
        self.ports[-1].lose("unplugged")

    def answer(self, command: str) -> tuple[float, bytes]:
        """Returns after how many seconds the modem answers, and with which octets."""
        if command == "PDU":
            self.references += 1
            answer = self.answers.get("PDU", f"+CMGS: {self.references}|OK")
            return self.send_s, framed(*answer.split("|")) if answer else b""
        if command in self.answers:
            answer = self.answers[command]
            return self.answer_s, framed(*answer.split("|")) if answer else b""
        return self.answer_s, b"\r\n> " if command.startswith("+CMGS=") else framed("OK")


class StubPort:
    """`modemd.modem.link.port.Port` of a stub modem."""

    def __init__(self, stub: StubModem) -> None:
        self._stub = stub
        self._loop = asyncio.get_running_loop()
        self._lost: str | None = None
        self.closed = False
        self.unwritten = 0
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_lost: Callable[[str], None] = lambda reason: None

    def write(self, data: bytes) -> None:
        if self._lost is not None:
            raise PortGone(self._lost)
        if data == b"\x1b\r":
            return
        command = "PDU" if data.endswith(b"\x1a") else data.decode().removeprefix("AT").removesuffix("\r")
        command = command.removeprefix("+CMGF=0;")  # PDU mode, said in the line of each part
        self._stub.received.append((self._loop.time(), command))
        after_s, answer = self._stub.answer(command)
        self._loop.call_later(after_s, self._say, answer)

    def _say(self, answer: bytes) -> None:
        if self._lost is None and not self.closed and answer:
            self.on_data(answer)

    def lose(self, reason: str) -> None:
        self._lost = reason
        if not self.closed:
            self.on_lost(reason)

    def close(self) -> None:
        self.closed = True
