"""Commands and answers over a port, with deadlines. After a timeout or a cancellation the dialogue settles before the next
command: ESC at a possible prompt, a probe until the modem answers, and silence until nothing stale can be taken for an answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from modemd.at import Channel, Prompt, Reply, Urc
from modemd.at.channel import ESC
from modemd.errors import CommandFailed, PortGone, PortHangs, ReplyTimeout, Restarted, Silent
from modemd.modem.link.port import Port
from modemd.modem.link.wire_log import WireLog
from modemd.profiles import Profile

# Together 15 s, in which the slowest modems get over what they were at; and one that can hear again is heard soon.
PROBE_TIMEOUT_S = 1.5
PROBES = 10
# After an answer to a probe: how long nothing may come before the dialogue counts as settled.
QUIET_S = 0.2
# How long a modem of which nothing is known yet has to leave a prompt, before the probe (warthog618/modem waits as long).
ESCAPE_S = 0.02


class Dialogue:
    """The dialogue of one open port. One task owns it; only that task calls it. What passes is noted in `wire`."""

    def __init__(self, port: Port, wire: WireLog | None = None) -> None:
        self._port = port
        self._wire = wire
        self._channel = Channel()
        self._command_timeout_s = 10.0
        self._guard_s = 0.0
        self._escape_s = ESCAPE_S
        self._restart_notices: tuple[str, ...] = ()
        self._sending = False
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Reply | Prompt] | None = None
        self._loss_reason: str | None = None
        self._is_synchronised = True
        self._last_data_at = self._loop.time()
        self._notice_arrived = asyncio.Event()
        self.notices: deque[Urc] = deque()
        self.on_notice: Callable[[], None] = _do_nothing
        port.on_data = self._handle_data
        port.on_lost = self._handle_loss

    def apply_profile(self, profile: Profile) -> None:
        """Takes over what the driver says of this family, once it is known. Called between two commands."""
        self._channel = Channel(profile.notices)
        self._command_timeout_s = profile.command_timeout_s
        self._guard_s = profile.guard_s
        self._escape_s = profile.escape_s

    def expect_restarts(self, notices: tuple[str, ...]) -> None:
        """Takes notices that begin so for a restart of the modem from now on: a command that is waited for then ends."""
        self._restart_notices = notices

    def take_notices(self, beginning: str, *, since: int = 0) -> list[Urc]:
        """Takes the notices that begin so out of `notices`, and returns them; `since`: without the first so many."""
        taken = [notice for notice in list(self.notices)[since:] if notice.line.startswith(beginning)]
        for notice in taken:
            self.notices.remove(notice)
        return taken

    @property
    def loss_reason(self) -> str | None:
        """Why the port is gone; None while it is there."""
        return self._loss_reason

    async def ask(self, command: str, *, timeout_s: float | None = None) -> Reply:
        """The reply to `AT<command>`, whatever its result. ReplyTimeout, PortGone."""
        await self._wait_until_writable()
        answer = await self._exchange(
            self._channel.start_command(command), f"AT{command}", timeout_s or self._command_timeout_s
        )
        if isinstance(answer, Prompt):
            raise ReplyTimeout(f"AT{command} was answered by a prompt")
        self._is_synchronised = True
        return answer

    async def run_command(self, command: str, *, timeout_s: float | None = None) -> tuple[str, ...]:
        """The information lines that `AT<command>` answers. CommandFailed where its result is not OK."""
        reply = await self.ask(command, timeout_s=timeout_s)
        if not reply.ok:
            raise CommandFailed(f"AT{command}", reply.result.line)
        return reply.lines

    async def request_prompt(self, command: str, *, timeout_s: float) -> Reply | None:
        """Ask a command that is answered by a prompt. None: the prompt is there; a Reply: it was refused.

        At a prompt, only `data` makes sense; any other call escapes first. Restarted where the modem says so meanwhile.
        """
        await self._wait_until_writable()
        answer = await self._exchange(
            self._channel.start_command(command, prompt=True), f"AT{command}", timeout_s, sends=True
        )
        if isinstance(answer, Prompt):
            return None
        self._is_synchronised = True
        return answer

    async def send_pdu(self, pdu: str, *, timeout_s: float) -> Reply:
        """Answer the prompt with a PDU in hex and Ctrl-Z. The first octet goes out before this first waits. Restarted where the
        modem says so meanwhile: what had become of the PDU it does not know any more."""
        answer = await self._exchange(self._channel.encode_pdu(pdu), "the PDU", timeout_s, sends=True)
        if isinstance(answer, Prompt):
            raise ReplyTimeout("the PDU was answered by another prompt")
        self._is_synchronised = True
        return answer

    async def wait_for_notice(self, beginning: str, *, timeout_s: float, unless: tuple[str, ...] = ()) -> Urc:
        """The first notice that begins so, taken out of `notices`. ReplyTimeout; also at once, where a notice begins with one of
        `unless`: what was waited for will not come. PortGone."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    self._notice_arrived.clear()
                    for notice in self.notices:
                        if notice.line.startswith(beginning):
                            self.notices.remove(notice)
                            return notice
                        if unless and notice.line.startswith(unless):
                            raise ReplyTimeout(f"no {beginning} will come: the modem said {notice.line}")
                    if self._loss_reason is not None:
                        raise PortGone(self._loss_reason)
                    await self._notice_arrived.wait()
        except TimeoutError:
            raise ReplyTimeout(f"no {beginning} in {timeout_s:g} s") from None

    def mark_unsynchronised(self) -> None:
        """Nothing is known of the modem's state: the next call settles first."""
        self._is_synchronised = False

    async def synchronise(self) -> None:
        """Bring the dialogue into a known state, from a prompt too. Silent where the modem answers no probe."""
        if self._is_synchronised:
            return
        self.notices += self._channel.abandon()
        self._write(f"{ESC}\r".encode())
        await asyncio.sleep(self._escape_s)
        for last in (*[False] * (PROBES - 1), True):
            try:
                await self._exchange(self._channel.start_command(""), "AT", PROBE_TIMEOUT_S)
            except ReplyTimeout:
                if last:
                    raise Silent(f"no answer to AT in {PROBES * PROBE_TIMEOUT_S:g} s") from None
                continue
            break
        await self._wait_for_silence()
        self._is_synchronised = True

    async def _wait_until_writable(self) -> None:
        """Until a command may be written."""
        await self.synchronise()
        if (wait := self._last_data_at + self._guard_s - self._loop.time()) > 0:
            await asyncio.sleep(wait)

    async def _exchange(self, data: bytes, what: str, timeout_s: float, *, sends: bool = False) -> Reply | Prompt:
        """Write, and wait for what answers. Unsettled until the caller says otherwise: a cancellation may come at any await."""
        self._is_synchronised = False
        self._sending = sends
        answer: asyncio.Future[Reply | Prompt] = self._loop.create_future()
        self._answer = answer
        deadline = self._loop.call_later(timeout_s, _fail_overdue, answer)
        try:
            self._write(data)
            return await answer
        except Restarted:
            self.notices += self._channel.abandon()
            raise
        except TimeoutError:
            self.notices += self._channel.abandon()
            if self._port.unwritten:
                raise PortHangs(f"the port takes no more bytes ({self._port.unwritten} wait)") from None
            raise ReplyTimeout(f"{what}: no answer in {timeout_s:g} s") from None
        finally:
            deadline.cancel()
            self._answer = None

    async def pause(self, seconds: float) -> None:
        """Wait between two commands. PortGone at its end, where the port went meanwhile."""
        await asyncio.sleep(seconds)
        if self._loss_reason is not None:
            raise PortGone(self._loss_reason)

    async def _wait_for_silence(self) -> None:
        while (wait := self._last_data_at + QUIET_S - self._loop.time()) > 0:  # noqa: ASYNC110 - silence is no event
            await asyncio.sleep(wait)

    def _write(self, data: bytes) -> None:
        if self._loss_reason is not None:
            raise PortGone(self._loss_reason)
        if self._wire is not None:
            self._wire.note_written(self._loop.time(), data)
        self._port.write(data)

    def _handle_data(self, data: bytes) -> None:
        self._last_data_at = self._loop.time()
        if self._wire is not None:
            self._wire.note_read(self._last_data_at, data)
        for event in self._channel.feed(data):
            if isinstance(event, Urc):
                self.notices.append(event)
                self._notice_arrived.set()
                self.on_notice()
                self._end_by_restart(event.line)
            elif self._answer is not None and not self._answer.done():
                self._answer.set_result(event)

    def _end_by_restart(self, line: str) -> None:
        """A brown-out in the middle of a send is no reason to wait for its answer until the time is up."""
        waits = self._sending and self._answer is not None and not self._answer.done()
        if waits and self._answer is not None and self._restart_notices and line.startswith(self._restart_notices):
            self._answer.set_exception(Restarted(f"the modem has restarted: {line}"))

    def _handle_loss(self, reason: str) -> None:
        self._loss_reason = reason
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(PortGone(reason))
        self._notice_arrived.set()
        self.on_notice()


def _fail_overdue(answer: asyncio.Future[Reply | Prompt]) -> None:
    """The deadline of a command; cheaper, four times a part, than a timeout that cancels its task."""
    if not answer.done():
        answer.set_exception(TimeoutError())


def _do_nothing() -> None:
    """Nobody waits for notices yet."""
