"""Commands and answers over a port, with deadlines. After a timeout or a cancellation the dialogue settles before the next
command: ESC at a possible prompt, a probe until the modem answers, and silence until nothing stale can be taken for an answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from modemd.at import Channel, Prompt, Reply, Urc
from modemd.at.channel import ESC
from modemd.errors import CommandFailed, PortGone, ReplyTimeout
from modemd.modem.port import Port

PROBE_TIMEOUT_S = 5.0
PROBES = 3
# After an answer to a probe: how long nothing may come before the dialogue counts as settled.
QUIET_S = 0.2


class Dialogue:
    """The dialogue of one open port. One task owns it; only that task calls it."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._channel = Channel()
        self._command_timeout_s = 10.0
        self._guard_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Reply | Prompt] | None = None
        self._lost: str | None = None
        self._settled = True
        self._heard_at = self._loop.time()
        self.notices: deque[Urc] = deque()
        self.on_notice: Callable[[], None] = _nothing
        port.on_data = self._data
        port.on_lost = self._port_lost

    def adopt(self, *, urcs: Iterable[str], command_timeout_s: float, guard_s: float) -> None:
        """Take over what the profile says of this family, once it is known. Call it between two commands."""
        self._channel = Channel(urcs)
        self._command_timeout_s = command_timeout_s
        self._guard_s = guard_s

    @property
    def lost(self) -> str | None:
        """Why the port is gone; None while it is there."""
        return self._lost

    async def ask(self, command: str, *, timeout_s: float | None = None) -> Reply:
        """The reply to `AT<command>`, whatever its result. ReplyTimeout, PortGone."""
        await self._turn()
        answer = await self._exchange(
            self._channel.start(command), f"AT{command}", timeout_s or self._command_timeout_s
        )
        if isinstance(answer, Prompt):
            raise ReplyTimeout(f"AT{command} was answered by a prompt")
        self._settled = True
        return answer

    async def command(self, command: str, *, timeout_s: float | None = None) -> tuple[str, ...]:
        """The information lines that `AT<command>` answers. CommandFailed where its result is not OK."""
        reply = await self.ask(command, timeout_s=timeout_s)
        if not reply.ok:
            raise CommandFailed(f"AT{command}", reply.result.line)
        return reply.lines

    async def prompt(self, command: str, *, timeout_s: float) -> Reply | None:
        """Ask a command that is answered by a prompt. None: the prompt is there; a Reply: it was refused.

        At a prompt, only `data` and `escape` make sense; any other call escapes first.
        """
        await self._turn()
        answer = await self._exchange(self._channel.start(command, prompt=True), f"AT{command}", timeout_s)
        if isinstance(answer, Prompt):
            return None
        self._settled = True
        return answer

    async def data(self, pdu: str, *, timeout_s: float) -> Reply:
        """Answer the prompt with a PDU in hex and Ctrl-Z. The first octet goes out before this first waits."""
        answer = await self._exchange(self._channel.data(pdu), "the PDU", timeout_s)
        if isinstance(answer, Prompt):
            raise ReplyTimeout("the PDU was answered by another prompt")
        self._settled = True
        return answer

    def unsettle(self) -> None:
        """Nothing is known of the modem's state: the next call settles first."""
        self._settled = False

    async def settle(self) -> None:
        """Bring the dialogue into a known state, from a prompt too. ReplyTimeout where the modem answers no probe."""
        if self._settled:
            return
        self.notices += self._channel.abandon()
        self._write(f"{ESC}\r".encode())
        for last in (*[False] * (PROBES - 1), True):
            try:
                await self._exchange(self._channel.start(""), "AT", PROBE_TIMEOUT_S)
            except ReplyTimeout:
                if last:
                    raise
                continue
            break
        await self._silence()
        self._settled = True

    async def _turn(self) -> None:
        """Until a command may be written."""
        await self.settle()
        if (wait := self._heard_at + self._guard_s - self._loop.time()) > 0:
            await asyncio.sleep(wait)

    async def _exchange(self, data: bytes, what: str, timeout_s: float) -> Reply | Prompt:
        """Write, and wait for what answers. Unsettled until the caller says otherwise: a cancellation may come at any await."""
        self._settled = False
        self._answer = self._loop.create_future()
        try:
            self._write(data)
            async with asyncio.timeout(timeout_s):
                return await self._answer
        except TimeoutError:
            self.notices += self._channel.abandon()
            if self._port.unwritten:
                raise PortGone(f"the port takes no more bytes ({self._port.unwritten} wait)") from None
            raise ReplyTimeout(f"{what}: no answer in {timeout_s:g} s") from None
        finally:
            self._answer = None

    async def pause(self, seconds: float) -> None:
        """Wait between two commands. PortGone at its end, where the port went meanwhile."""
        await asyncio.sleep(seconds)
        if self._lost is not None:
            raise PortGone(self._lost)

    async def _silence(self) -> None:
        while (wait := self._heard_at + QUIET_S - self._loop.time()) > 0:  # noqa: ASYNC110 - silence is no event
            await asyncio.sleep(wait)

    def _write(self, data: bytes) -> None:
        if self._lost is not None:
            raise PortGone(self._lost)
        self._port.write(data)

    def _data(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        for event in self._channel.feed(data):
            if isinstance(event, Urc):
                self.notices.append(event)
                self.on_notice()
            elif self._answer is not None and not self._answer.done():
                self._answer.set_result(event)

    def _port_lost(self, reason: str) -> None:
        self._lost = reason
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(PortGone(reason))
        self.on_notice()


def _nothing() -> None:
    """Nobody waits for notices yet."""
