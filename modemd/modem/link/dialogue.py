"""Dialogue over a port: writes commands, awaits answers with deadlines, and keeps notices in order.

After a timeout or a cancellation the dialogue synchronises before the next command: ESC to leave a possible prompt, probes
until the modem answers, then silence, so that no late answer is taken for the answer to another command.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from modemd.at import Channel, Prompt, Reply, Urc, parse_result
from modemd.at.channel import ESC, is_reference
from modemd.at.notices import begins_with
from modemd.errors import AnswerLost, CommandFailed, PortGone, PortHangs, ReplyTimeout, Restarted, Silent
from modemd.modem.link.port import Port
from modemd.modem.link.wire_log import WireLog
from modemd.profiles import Profile

# Together 15 s, in which the slowest modems finish what they were doing; a modem that answers again is noticed soon.
PROBE_TIMEOUT_S = 1.5
PROBES = 10
# Silence after the answer to a probe that makes the dialogue count as synchronised.
QUIET_S = 0.2
# A modem that is never silent, because of its notices, counts as synchronised after this time.
LONGEST_NOISE_S = 1.0
# An error after a bare AT is the PDU's if the AT's own OK follows within this time; else nobody knows whose it is.
DOUBT_S = 2.0
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
        self._is_at_prompt = False
        self._prompt_end: Reply | Restarted | None = None
        self._has_probed = False
        self._needs_reference = False
        self._doubtful: Reply | None = None  # an error that may be the PDU's or the AT's
        self._probe_timer: asyncio.TimerHandle | None = None
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
        self._prompt_end = None
        answer = await self._exchange(
            self._channel.start_command(command, prompt=True), f"AT{command}", timeout_s, is_sending=True
        )
        if isinstance(answer, Prompt):
            return None
        self._is_synchronised = True
        return answer

    def find_prompt_end(self) -> Reply | None:
        """Returns the final error by which the modem has left its prompt since; None while the prompt is there. Raises Restarted
        if the modem has announced a restart since."""
        if isinstance(self._prompt_end, Restarted):
            raise self._prompt_end
        return self._prompt_end

    async def send_pdu(
        self,
        pdu: str,
        *,
        timeout_s: float,
        needs_reference: bool = False,
        probe_after_s: float | None = None,
        listen_s: float = 0.0,
    ) -> Reply:
        """Answers the prompt with a PDU in hex and Ctrl-Z, and returns the reply. The first octet is written before the first
        await.

        With `needs_reference` an OK counts only after a `+CMGS`. With `listen_s` the Ctrl-Z follows so many seconds later: an
        answer that comes before it is a notice, because it cannot be the PDU's. After `probe_after_s` seconds without a line of
        the answer a bare AT is written, once. An error after it is the PDU's only if the network gave it, or if the OK of the AT
        follows.

        Raises AnswerLost if the AT is answered and the PDU is not, or if nobody knows which of them was. Raises Restarted if the
        modem announces a restart meanwhile: then nobody knows whether the PDU went out. Else like `ask`.
        """
        data = self._channel.begin_pdu(pdu)
        if listen_s:
            self._is_synchronised = False
            self._write(data)
            data = b""
            await self.pause(listen_s)
            if (ended := self.find_prompt_end()) is not None:
                return ended
        self._needs_reference = needs_reference
        data += self._channel.end_pdu(needs_reference=needs_reference)
        answer = await self._exchange(data, "the PDU", timeout_s, is_sending=True, probe_after_s=probe_after_s)
        if isinstance(answer, Prompt):
            raise ReplyTimeout("the PDU was answered by another prompt")
        self._is_synchronised = not self._has_probed  # the answer to the AT is still to come
        return answer

    async def await_second_answer(self, wait_s: float, *, timeout_s: float) -> Reply | None:
        """Returns a further answer to a PDU, which shows that the first one was another PDU's. Listens for `wait_s` seconds, and
        then writes a bare AT: a modem that answers it with OK has no more to say, and None is returned. Raises AnswerLost if it
        answers with an error that may be the AT's own. Else like `ask`."""
        mark = len(self.notices)
        deadline = self._loop.time() + wait_s
        while (left := deadline - self._loop.time()) > 0 and self._loss_reason is None:
            if (answer := self._take_answer(mark)) is not None:
                self._is_synchronised = False  # its OK may still come
                return answer
            self._notice_arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._notice_arrived.wait(), left)
        reply = await self.ask("", timeout_s=timeout_s)
        answer = self._take_answer(mark)
        if answer is None and reply.result.is_of_network:
            answer = reply
        self._is_synchronised = answer is None and reply.ok
        if answer is None and not reply.ok:
            raise AnswerLost(f"the answer to AT was {reply.result.line}, which may be the answer to the PDU")
        return answer

    def _take_answer(self, mark: int) -> Reply | None:
        """Removes from the notices after the first `mark` the first that is the answer to a PDU, and returns it as a reply."""
        for notice in list(self.notices)[mark:]:
            result = parse_result("OK" if notice.line.startswith("+CMGS:") else notice.line)
            if result is not None and (not result.ok or notice.line != "OK"):
                self.notices.remove(notice)
                return Reply((notice.line,) if result.ok else (), result)
        return None

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

    async def _exchange(
        self,
        data: bytes,
        what: str,
        timeout_s: float,
        *,
        is_sending: bool = False,
        probe_after_s: float | None = None,
    ) -> Reply | Prompt:
        """Writes, and returns the answer. The dialogue counts as unsynchronised until the caller says otherwise, because a
        cancellation may come at any await."""
        self._is_synchronised = self._is_at_prompt = self._has_probed = False
        self._doubtful = None
        self._is_sending = is_sending
        answer: asyncio.Future[Reply | Prompt] = self._loop.create_future()
        self._answer = answer
        deadline = self._loop.call_later(timeout_s, _fail_overdue, answer)
        if probe_after_s is not None:
            self._start_probe(answer, probe_after_s, probe_after_s)
        try:
            self._write(data)
            return await answer
        except (Restarted, AnswerLost):
            self.notices += self._channel.abandon()
            raise
        except TimeoutError:
            self.notices += self._channel.abandon()
            if self._port.unwritten:
                raise PortHangs(f"the port takes no more bytes ({self._port.unwritten} wait)") from None
            raise ReplyTimeout(f"{what}: no answer in {timeout_s:g} s") from None
        finally:
            deadline.cancel()
            if self._probe_timer is not None:
                self._probe_timer.cancel()
                self._probe_timer = None
            self._answer = None

    def _start_probe(self, answer: asyncio.Future[Reply | Prompt], patience_s: float, after_s: float) -> None:
        self._probe_timer = self._loop.call_later(after_s, self._probe, answer, patience_s)

    def _probe(self, answer: asyncio.Future[Reply | Prompt], patience_s: float) -> None:
        """Writes a bare AT; if a part of the answer has come, not before it has been silent as long."""
        if answer.done() or self._port.unwritten or self._loss_reason is not None:
            return
        left_s = self._last_data_at + patience_s - self._loop.time()
        if self._channel.has_part_of_answer and left_s > 0:
            self._start_probe(answer, patience_s, left_s)
            return
        self._has_probed = True
        self._write(self._channel.encode_probe())

    async def pause(self, seconds: float) -> None:
        """Waits between two commands. Raises PortGone afterwards if the port was lost meanwhile."""
        await asyncio.sleep(seconds)
        if self._loss_reason is not None:
            raise PortGone(self._loss_reason)

    async def _wait_for_silence(self) -> None:
        latest = self._loop.time() + LONGEST_NOISE_S
        while (wait := min(self._last_data_at + QUIET_S, latest) - self._loop.time()) > 0:  # noqa: ASYNC110 - silence is no event
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
                self._end_by_probe(event.line)
            elif self._answer is not None and not self._answer.done():
                if self._has_probed and isinstance(event, Reply) and _may_be_probes(event):
                    self._doubtful = event
                    self._probe_timer = self._loop.call_later(DOUBT_S, self._end_doubt, self._answer)
                    continue
                self._is_at_prompt = isinstance(event, Prompt)
                self._answer.set_result(event)
            elif self._is_at_prompt and isinstance(event, Reply):
                self._prompt_end = event

    def _end_by_probe(self, line: str) -> None:
        """Ends a send that awaits its answer if the modem has answered the bare AT: the answer will not come, or it was the error
        before. A reference after an error shows that the error was the AT's; it is a late answer then."""
        if not self._has_probed or self._answer is None or self._answer.done():
            return
        if self._doubtful is None:
            if line == "OK":
                self._answer.set_exception(AnswerLost("the modem answers AT again, and said nothing of the PDU"))
        elif line == "OK" and self._needs_reference:
            self._answer.set_result(self._doubtful)
        elif line == "OK" or is_reference(line):
            self._end_doubt(self._answer)

    def _end_doubt(self, answer: asyncio.Future[Reply | Prompt]) -> None:
        """Ends a send that awaits its answer: an error has come, and nobody knows whether it was the PDU's or the AT's."""
        if not answer.done() and self._doubtful is not None:
            answer.set_exception(
                AnswerLost(f"after AT the modem said {self._doubtful.result.line}, which may be the answer to it")
            )

    def _end_by_restart(self, line: str) -> None:
        """Ends a send that awaits its answer if the notice announces a restart: the answer will not come."""
        if not self._restart_notices or not begins_with(line, self._restart_notices):
            return
        restarted = Restarted(f"the modem has restarted: {line}")
        answer = self._answer if self._is_sending else None
        if answer is not None and not answer.done():
            answer.set_exception(restarted)
        elif self._is_at_prompt:
            self._prompt_end = restarted

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


def _may_be_probes(reply: Reply) -> bool:
    """Returns whether a reply may be the answer to a bare AT: an error without anything that only a PDU gets."""
    return not (reply.ok or reply.result.is_of_network or any(map(is_reference, reply.lines)))


def _do_nothing() -> None:
    """Takes the place of a callback until somebody waits for notices."""
