"""USSD session on a modem: sends a text and awaits the answer, and ends the session. Only the modem's own task calls it."""

from __future__ import annotations

import contextlib
from typing import Protocol

from modemd.errors import CommandFailed, PortGone, ReplyTimeout
from modemd.modem.link.charset import GSM, UCS2
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.ussd import coding as ussd_coding
from modemd.modem.ussd.coding import UssdCommand, UssdMessage, UssdState
from modemd.profiles import Profile

ANSWER_NOTICE = "+CUSD:"
_ERRORS = ("+CME ERROR:", "+CMS ERROR:", "ERROR")
"""Beginnings of final errors, which are notices when no command is pending (27.007 7.15: `+CME ERROR: 258` after OK)."""
TWICE_S = 0.3
"""Time after an answer, in seconds, in which more answers are dropped: some networks repeat an answer at once, or send a
bare `+CUSD: 2` after it, and these do not belong to the next exchange."""


class UssdExchange(Protocol):
    """Sends one text, a code or a reply. Returns the network's answer, and the coding that the modem understood."""

    async def __call__(
        self, dialogue: Dialogue, profile: Profile, text: str, *, coding: str, limit_s: float
    ) -> tuple[UssdMessage, str]:
        """Sends `text` in `coding`, and awaits the answer for `limit_s` seconds."""


async def send_code(
    dialogue: Dialogue, profile: Profile, text: str, *, coding: str, limit_s: float
) -> tuple[UssdMessage, str]:
    """Sends a code, like `send_text`, but once more in the other coding if the modem seems to need that one.

    The codings in the drivers are known from single modems and firmware only (E169 beside E173, SIM7600). A modem that needs
    packed hex refuses text; one that needs text takes hex for a code, which no network knows.
    """
    try:
        message, _ = await send_text(dialogue, profile, text, coding=coding, limit_s=limit_s)
    except CommandFailed as error:
        found = None
        if error.result in _OTHER_CODING:
            found = await _retry_other_coding(dialogue, profile, text, coding, limit_s)
        if found is None:
            raise
        return found
    if message.state is UssdState.NOT_SUPPORTED and coding == "packed_hex":
        return await _retry_other_coding(dialogue, profile, text, coding, limit_s) or (message, coding)
    return message, coding


_OTHER_CODING = frozenset({"ERROR", "+CMS ERROR: 304"})


async def _retry_other_coding(
    dialogue: Dialogue, profile: Profile, text: str, coding: str, limit_s: float
) -> tuple[UssdMessage, str] | None:
    """Returns the answer and the other coding; None if the modem does not understand that one either."""
    other = "charset" if coding == "packed_hex" else "packed_hex"
    try:
        message, _ = await send_text(dialogue, profile, text, coding=other, limit_s=limit_s)
    except CommandFailed:
        return None
    return None if message.state is UssdState.NOT_SUPPORTED else (message, other)


async def send_text(
    dialogue: Dialogue, profile: Profile, text: str, *, coding: str, limit_s: float
) -> tuple[UssdMessage, str]:
    """Sends a code, or a reply to a menu. Returns the network's answer, which must come within `limit_s` seconds of the modem's
    OK, and `coding`.

    Raises EncodeError if the text cannot be encoded, CommandFailed if the modem or the network refuses, ReplyTimeout if no answer
    comes or the modem restarts meanwhile, and PortGone. None of them ends the session: call `end_session`.
    """
    command = ussd_coding.encode_text(text, coding)
    before = dialogue.charset
    charset = await _set_charset(dialogue, command.charset) if command.charset is not None else None
    if command.charset is not None and charset == UCS2:
        command = ussd_coding.in_ucs2(text, command)
    try:
        return await _exchange(dialogue, profile, command, charset, coding, limit_s), coding
    finally:
        await _restore_charset(dialogue, before or GSM)


async def _exchange(
    dialogue: Dialogue, profile: Profile, command: UssdCommand, charset: str | None, coding: str, limit_s: float
) -> UssdMessage:
    """Sends a command, and returns the network's answer."""
    _drop_late_answers(dialogue)
    reply = await dialogue.ask(f'+CUSD=1,"{command.string}",{command.dcs}')
    if not reply.ok:
        raise CommandFailed("USSD", reply.result.line)
    early = [line for line in reply.lines if line.startswith(ANSWER_NOTICE)]
    line = early[0] if early else await _wait_for_answer(dialogue, profile, limit_s)
    message = ussd_coding.decode_line(line, coding, charset)
    await dialogue.pause(TWICE_S)
    _drop_late_answers(dialogue)
    return message


async def _wait_for_answer(dialogue: Dialogue, profile: Profile, limit_s: float) -> str:
    """Returns the line of the network's answer. Raises CommandFailed if an error comes in its place: some modems say OK first,
    and then that the network refused."""
    urc = await dialogue.wait_for_notice((ANSWER_NOTICE, *_ERRORS), unless=profile.restart, timeout_s=limit_s)
    if urc.line.startswith(ANSWER_NOTICE):
        return urc.line
    raise CommandFailed("USSD", urc.line)


async def end_session(dialogue: Dialogue) -> None:
    """Ends the session, for a network that waits for a reply. A refusal means that there is no session."""
    await dialogue.ask("+CUSD=2")
    _drop_late_answers(dialogue)


async def _set_charset(dialogue: Dialogue, wanted: str) -> str | None:
    """Sets the character set. Returns the one that the modem is in then; None if it has no `GSM`, and does not tell its own: then
    the text is written as it is. Raises CommandFailed if the modem has no UCS2, and the text needs it."""
    reply = await dialogue.ask(f'+CSCS="{wanted}"')
    if reply.ok:
        dialogue.charset = wanted
        return wanted
    if wanted == UCS2:
        raise CommandFailed(f'AT+CSCS="{wanted}"', reply.result.line)
    return dialogue.charset


async def _restore_charset(dialogue: Dialogue, wanted: str) -> None:
    """Sets the character set of before a text, in which the modem's numbers and names are read. If the modem does not answer now,
    its strings are decoded by the set that it was left in."""
    if dialogue.charset in (None, wanted) or dialogue.loss_reason is not None:
        return
    with contextlib.suppress(ReplyTimeout, PortGone):
        if (await dialogue.ask(f'+CSCS="{wanted}"')).ok:
            dialogue.charset = wanted


def _drop_late_answers(dialogue: Dialogue) -> None:
    """Drops answers and errors that nobody waits for any more."""
    dialogue.take_notices((ANSWER_NOTICE, *_ERRORS))
