"""Dialogue over a port: writes commands, awaits answers with deadlines, and keeps notices in order.

After a timeout or a cancellation the dialogue synchronises before the next command: ESC to leave a possible prompt, probes
until the modem answers, then silence, so that no late answer is taken for the answer to another command.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from modemd.at import Channel, Prompt, Reply, Urc
from modemd.at.channel import ESC
from modemd.at.notices import begins_with
from modemd.errors import CommandFailed, PortGone, PortHangs, ReplyTimeout, Restarted, Silent
from modemd.modem.link.port import Port
from modemd.modem.link.wire_log import WireLog
from modemd.profiles import Profile

# Together 15 s, in which the slowest modems finish what they were doing; a modem that answers again is noticed soon.
PROBE_TIMEOUT_S = 1.5
PROBES = 10
# Silence after the answer to a probe that makes the dialogue count as synchronised.
QUIET_S = 0.2
# Time between ESC and the first probe while the driver is not known yet (warthog618/modem waits as long).
ESCAPE_S = 0.02


class Dialogue:
    """Dialogue over one open port. Only the task that owns it may call it. What passes is noted in `wire`."""

    def __init__(self, port: Port, wire: WireLog | None = None) -> None:
        self._port = port
        self._wire = wire
        self._channel = Channel()
        self._command_timeout_s = 10.0
        self._guard_s = 0.0
        self._escape_s = ESCAPE_S
        self._restart_notices: tuple[str, ...] = ()
        self._is_sending = False
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Reply | Prompt] | None = None
        self._loss_reason: str | None = None
        self._is_synchronised = True
        self._last_data_at = self._loop.time()
        self._notice_arrived = asyncio.Event()
        self.charset: str | None = None
        """Character set that the modem's strings are in (`+CSCS`); None if it is not known."""
        self.notices: deque[Urc] = deque()
        self.on_notice: Callable[[], None] = _do_nothing
        port.on_data = self._handle_data
        port.on_lost = self._handle_loss

    def apply_profile(self, profile: Profile) -> None:
        """Applies the values of the driver, once the family is known. Called between two commands."""
        self._channel = Channel(profile.notices)
        self._command_timeout_s = profile.command_timeout_s
        self._guard_s = profile.guard_s
        self._escape_s = profile.escape_s

    def expect_restarts(self, notices: tuple[str, ...]) -> None:
        """Sets the beginnings of notices that announce a restart of the modem. Such a notice ends a send that awaits its
        prompt or its answer, with Restarted."""
        self._restart_notices = notices

    def take_notices(self, beginning: str | tuple[str, ...], *, since: int = 0) -> list[Urc]:
        """Removes from `notices` those that start with `beginning`, and returns them. The first `since` notices are left
        alone."""
        taken = [notice for notice in list(self.notices)[since:] if notice.line.startswith(beginning)]
        for notice in taken:
            self.notices.remove(notice)
        return taken

    @property
    def loss_reason(self) -> str | None:
        """Reason why the port is lost; None while it is open."""
        return self._loss_reason

    async def ask(self, command: str, *, timeout_s: float | None = None) -> Reply:
        """Returns the reply to `AT<command>`, whatever its result. Raises ReplyTimeout if none comes in time, and PortGone
        if the port is lost."""
        await self._wait_until_writable()
        answer = await self._exchange(
            self._channel.start_command(command), f"AT{command}", timeout_s or self._command_timeout_s
        )
        if isinstance(answer, Prompt):
            raise ReplyTimeout(f"AT{command} was answered by a prompt")
        self._is_synchronised = True
        return answer

    async def run_command(self, command: str, *, timeout_s: float | None = None) -> tuple[str, ...]:
        """Returns the information lines of the reply to `AT<command>`. Raises CommandFailed if its result is not OK; else
        like `ask`."""
        reply = await self.ask(command, timeout_s=timeout_s)
        if not reply.ok:
            raise CommandFailed(f"AT{command}", reply.result.line)
        return reply.lines

    async def request_prompt(self, command: str, *, timeout_s: float) -> Reply | None:
        """Writes a command that is answered by a prompt. Returns None once the prompt is there, or the reply that came instead.

        At a prompt, only `send_pdu` makes sense; any other call leaves the prompt first. Raises Restarted if the modem
        announces a restart meanwhile; else like `ask`.
        """
        await self._wait_until_writable()
        answer = await self._exchange(
            self._channel.start_command(command, prompt=True), f"AT{command}", timeout_s, is_sending=True
        )
        if isinstance(answer, Prompt):
            return None
        self._is_synchronised = True
        return answer

    async def send_pdu(self, pdu: str, *, timeout_s: float) -> Reply:
        """Answers the prompt with a PDU in hex and Ctrl-Z, and returns the reply. The first octet is written before the first
        await.

        Raises Restarted if the modem announces a restart meanwhile: then nobody knows whether the PDU went out. Else like
        `ask`.
        """
        answer = await self._exchange(self._channel.encode_pdu(pdu), "the PDU", timeout_s, is_sending=True)
        if isinstance(answer, Prompt):
            raise ReplyTimeout("the PDU was answered by another prompt")
        self._is_synchronised = True
        return answer

    async def wait_for_notice(
        self, beginning: str | tuple[str, ...], *, timeout_s: float, unless: tuple[str, ...] = ()
    ) -> Urc:
        """Removes from `notices` the first that starts with `beginning` (or with one of several, the awaited one first), and
        returns it; awaits it if need be.

        Raises ReplyTimeout after `timeout_s` seconds, or at once if a notice starts with one of `unless`, because then the
        awaited one will not come. Raises PortGone if the port is lost.
        """
        awaited = beginning if isinstance(beginning, str) else beginning[0]
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    self._notice_arrived.clear()
                    for notice in self.notices:
                        if notice.line.startswith(beginning):
                            self.notices.remove(notice)
                            return notice
                        if unless and notice.line.startswith(unless):
                            raise ReplyTimeout(f"no {awaited} will come: the modem said {notice.line}")
                    if self._loss_reason is not None:
                        raise PortGone(self._loss_reason)
                    await self._notice_arrived.wait()
        except TimeoutError:
            raise ReplyTimeout(f"no {awaited} in {timeout_s:g} s") from None

    def mark_unsynchronised(self) -> None:
        """Declares the state of the modem unknown: the next call synchronises first."""
        self._is_synchronised = False

    async def synchronise(self) -> None:
        """Brings the dialogue into a known state, out of a prompt too. Raises Silent if the modem answers no probe."""
        if self._is_synchronised:
            return
        self.notices += self._channel.abandon()
        self._write(f"{ESC}\r".encode())
        await asyncio.sleep(self._escape_s)
        for is_last in (*[False] * (PROBES - 1), True):
            try:
                await self._exchange(self._channel.start_command(""), "AT", PROBE_TIMEOUT_S)
            except ReplyTimeout:
                if is_last:
                    raise Silent(f"no answer to AT in {PROBES * PROBE_TIMEOUT_S:g} s") from None
                continue
            break
        await self._wait_for_silence()
        self._is_synchronised = True

    async def _wait_until_writable(self) -> None:
        """Waits until a command may be written."""
        await self.synchronise()
        if (wait := self._last_data_at + self._guard_s - self._loop.time()) > 0:
            await asyncio.sleep(wait)

    async def _exchange(self, data: bytes, what: str, timeout_s: float, *, is_sending: bool = False) -> Reply | Prompt:
        """Writes, and returns the answer. The dialogue counts as unsynchronised until the caller says otherwise, because a
        cancellation may come at any await."""
        self._is_synchronised = False
        self._is_sending = is_sending
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
        """Waits between two commands. Raises PortGone afterwards if the port was lost meanwhile."""
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
        """Ends a send that awaits its answer if the notice announces a restart: the answer will not come."""
        answer = self._answer if self._is_sending else None
        if answer is not None and not answer.done() and begins_with(line, self._restart_notices):
            answer.set_exception(Restarted(f"the modem has restarted: {line}"))

    def _handle_loss(self, reason: str) -> None:
        self._loss_reason = reason
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(PortGone(reason))
        self._notice_arrived.set()
        self.on_notice()


def _fail_overdue(answer: asyncio.Future[Reply | Prompt]) -> None:
    """Ends a command at its deadline. Cheaper than a timeout that cancels the task, and needed four times a part."""
    if not answer.done():
        answer.set_exception(TimeoutError())


def _do_nothing() -> None:
    """Takes the place of a callback until somebody waits for notices."""
