"""USSD sessions for people and programs: sends codes and replies one by one, and ends every session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from modemd import logs
from modemd.errors import CommandFailed, DecodeError, EncodeError, ErrorCode, ModemError, Refused, ReplyTimeout
from modemd.light_dataclass import dataclass
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.modem import Modem
from modemd.modem.status import Identity, ModemHealth
from modemd.modem.ussd import session as ussd_session
from modemd.modem.ussd.coding import UssdMessage, UssdState
from modemd.modem.ussd.session import UssdExchange

log = logs.get(__name__)

ANSWER_S = 65.0
"""How long an answer is waited for, by default. A network that gives up says so after 60 s, if ever."""
LONGEST_ANSWER_S = 90.0
QUEUE_S = 75.0
"""How long the modem may be busy with something else first: a part on the air takes up to a minute."""
REPLY_S = 90.0
"""How long a session waits for the next reply before it is ended."""
END_S = 5.0

_NOT_READY = frozenset(
    {
        ModemHealth.OPENING,
        ModemHealth.SETTING_UP,
        ModemHealth.SEARCHING,
        ModemHealth.NEEDS_PERSON,
        ModemHealth.GONE,
        ModemHealth.STOPPED,
    }
)
_FAILURE_CODES = {
    UssdState.ENDED: ErrorCode.USSD_ENDED,
    UssdState.OTHER_CLIENT: ErrorCode.USSD_REFUSED,
    UssdState.NOT_SUPPORTED: ErrorCode.USSD_NOT_SUPPORTED,
    UssdState.TIMED_OUT: ErrorCode.USSD_TIMED_OUT,
}
# Errors that a USSD code can meet (3GPP TS 27.007 9.2).
_ERROR_MEANINGS = {
    "+CME ERROR: 3": "not allowed now, perhaps because of another session",
    "+CME ERROR: 4": "this modem or network has no USSD",
    "+CME ERROR: 14": "the SIM is busy",
    "+CME ERROR: 30": "no network",
    "+CME ERROR: 31": "the network did not answer in time",
    "+CME ERROR: 32": "the network allows emergency calls only",
    "+CMS ERROR: 304": "the modem knows neither coding: see `ussd` in drivers/README.md",
    "ERROR": "no reason given; the modem may know no USSD",
}


@dataclass(frozen=True, slots=True)
class UssdResult:
    """Answer of the network. `state`: in words; `session`: the number of the session if it waits for a reply."""

    state: str
    text: str | None
    session: int | None


@dataclass(slots=True)
class _OpenSession:
    """Session that waits for a reply; `number` tells it from others on the same modem."""

    number: int
    timeout: asyncio.TimerHandle


class UssdSessions:
    """USSD sessions of all modems, at most one on each. A modem is occupied while an answer is awaited, and free between
    answers."""

    def __init__(self, find_modem: Callable[[str], Modem]) -> None:
        self._find_modem = find_modem
        self._loop = asyncio.get_running_loop()
        self._busy_modems: set[str] = set()
        self._open_sessions: dict[str, _OpenSession] = {}
        self._learned_codings: dict[str, str] = {}  # by device: the coding that the modem understood last
        self._cancellations: set[asyncio.Task[None]] = set()
        self._last_number = 0

    async def send(
        self, name: str, text: str, *, session: int | None = None, answer_s: float | None = None
    ) -> UssdResult:
        """Sends a USSD code by a modem, or a reply within a `session`. Returns what the network answers: `text`, `state` in
        words, and the `session` that waits for a reply, else None.

        Raises Refused: `no_modem`, `no_session`, `bad_ussd`, `not_ready`, `ussd_busy`, `ussd_refused`, `ussd_not_supported`,
        `ussd_timed_out`, `ussd_ended`, `ussd_garbled`.
        """
        modem, answer_s = self._find_modem(name), answer_s or ANSWER_S
        if session is None:
            return await self._begin(modem, text, answer_s)
        return await self._reply(modem, session, text, answer_s)

    async def end(self, name: str, session: int) -> None:
        """Ends a session whose network waits for a reply. Raises Refused (`no_modem`, `no_session`)."""
        await self._end(self._find_modem(name), session)

    async def _begin(self, modem: Modem, code: str, answer_s: float = ANSWER_S) -> UssdResult:
        name = modem.line.name
        if name in self._busy_modems or name in self._open_sessions:
            raise Refused(ErrorCode.USSD_BUSY, f"{name} has a USSD session; end that one, or wait a minute")
        return await self._exchange(modem, code, answer_s, ussd_session.send_code)

    async def _reply(self, modem: Modem, session: int, text: str, answer_s: float = ANSWER_S) -> UssdResult:
        self._remove_session(modem, session)
        return await self._exchange(modem, text, answer_s, ussd_session.send_text)

    async def _end(self, modem: Modem, session: int) -> None:
        self._remove_session(modem, session)
        await self._cancel_session(modem)

    async def query(self, modem: Modem, texts: Sequence[str]) -> str:
        """Sends a code and replies, one after the other, and ends the session. Returns the last answer. Raises Refused, as
        `send` says."""
        answer = await self._begin(modem, texts[0])
        for text in texts[1:]:
            if answer.session is None:
                raise Refused(
                    ErrorCode.USSD_ENDED, f"the network had no question that {text!r} could answer: {answer.text}"
                )
            answer = await self._reply(modem, answer.session, text)
        if answer.session is not None:
            await self._end(modem, answer.session)
        return answer.text or ""

    async def close(self, modems: Sequence[Modem]) -> None:
        """Ends all open sessions, when the daemon stops."""
        open_now = [modem for modem in modems if modem.line.name in self._open_sessions]
        for modem in open_now:
            self._remove_session(modem, self._open_sessions[modem.line.name].number)
        await asyncio.gather(*(self._cancel_session(modem) for modem in open_now), *self._cancellations)

    def _remove_session(self, modem: Modem, session: int) -> None:
        found = self._open_sessions.get(modem.line.name)
        if found is None or found.number != session:
            raise Refused(ErrorCode.NO_SESSION, f"{modem.line.name} has no USSD session {session}; it has ended")
        found.timeout.cancel()
        del self._open_sessions[modem.line.name]

    async def _exchange(self, modem: Modem, text: str, answer_s: float, step: UssdExchange) -> UssdResult:
        name = modem.line.name
        if modem.status.health in _NOT_READY:
            raise Refused(
                ErrorCode.NOT_READY, f"{name} is {modem.status.health}: {modem.status.reason or 'wait a little'}"
            )

        async def work(dialogue: Dialogue, identity: Identity) -> UssdMessage:
            coding = self._learned_codings.get(identity.device, identity.profile.ussd)
            try:
                message, used_coding = await step(dialogue, identity.profile, text, coding=coding, limit_s=answer_s)
            except (ReplyTimeout, DecodeError, CommandFailed):
                await ussd_session.end_session(dialogue)
                raise
            self._learned_codings[identity.device] = used_coding
            return message

        self._busy_modems.add(name)
        try:
            message = await modem.run_request(work, within_s=answer_s + QUEUE_S)
        except EncodeError as error:
            raise Refused(ErrorCode.BAD_USSD, error.reason) from error
        except CommandFailed as error:
            meaning = _ERROR_MEANINGS.get(error.result)
            raise Refused(
                ErrorCode.USSD_REFUSED, f"{name} answered {error.result}{f': {meaning}' if meaning else ''}"
            ) from error
        except ReplyTimeout as error:
            raise Refused(ErrorCode.USSD_TIMED_OUT, f"{name}: {error}") from error
        except DecodeError as error:
            raise Refused(ErrorCode.USSD_GARBLED, f"{name}: {error.reason}") from error
        finally:
            self._busy_modems.discard(name)
        return self._make_answer(modem, message)

    def _make_answer(self, modem: Modem, message: UssdMessage) -> UssdResult:
        code = _FAILURE_CODES.get(message.state)
        if code is not None and not message.text:
            raise Refused(code, f"{modem.line.name}: {message.state.label}")
        session = self._start_session(modem) if message.state is UssdState.REPLY_WANTED else None
        return UssdResult(message.state.label, message.text, session)

    def _start_session(self, modem: Modem) -> int:
        self._last_number += 1
        timeout = self._loop.call_later(REPLY_S, self._expire_session, modem)
        self._open_sessions[modem.line.name] = _OpenSession(self._last_number, timeout)
        return self._last_number

    def _expire_session(self, modem: Modem) -> None:
        self._open_sessions.pop(modem.line.name, None)
        task = self._loop.create_task(self._cancel_session(modem), name=f"end the USSD session of {modem.line.name}")
        self._cancellations.add(task)
        task.add_done_callback(self._cancellations.discard)

    async def _cancel_session(self, modem: Modem) -> None:
        try:
            await modem.run_request(lambda dialogue, identity: ussd_session.end_session(dialogue), within_s=END_S)
        except ModemError as error:
            # The network ends it by itself, a little later.
            log.info("a USSD session was not ended", modem=modem.line.name, error=str(error))
