"""USSD with a modem: one thing said and its answer awaited, and the end of a session. For the modem's own task."""

from __future__ import annotations

from typing import Protocol

from modemd.errors import CommandFailed
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.ussd import coding as ussd_coding
from modemd.modem.ussd.coding import UssdMessage, UssdState
from modemd.profiles import Profile

ANSWER_NOTICE = "+CUSD:"
TWICE_S = 0.3
"""Some networks say an answer twice in one go, or a bare `+CUSD: 2` behind it: they are not of the next step."""


class UssdExchange(Protocol):
    """One thing said, a code or a reply: what the network answers, and the coding in which the modem understood."""

    async def __call__(
        self, dialogue: Dialogue, profile: Profile, text: str, *, coding: str, limit_s: float
    ) -> tuple[UssdMessage, str]: ...


async def send_code(
    dialogue: Dialogue, profile: Profile, text: str, *, coding: str, limit_s: float
) -> tuple[UssdMessage, str]:
    """Say a code; as `say`, but once more in the other coding where the modem seems to have that one.

    What is known of codings comes from single sticks and firmware (E169 beside E173, SIM7600). A modem that wants packed hex
    refuses text; one that wants text takes hex for a code, which no network knows.
    """
    try:
        said, _ = await send_text(dialogue, profile, text, coding=coding, limit_s=limit_s)
    except CommandFailed as error:
        found = None
        if error.result in _OTHER_CODING:
            found = await _retry_other_coding(dialogue, profile, text, coding, limit_s)
        if found is None:
            raise
        return found
    if said.state is UssdState.NOT_SUPPORTED and coding == "packed_hex":
        return await _retry_other_coding(dialogue, profile, text, coding, limit_s) or (said, coding)
    return said, coding


_OTHER_CODING = frozenset({"ERROR", "+CMS ERROR: 304"})


async def _retry_other_coding(
    dialogue: Dialogue, profile: Profile, text: str, coding: str, limit_s: float
) -> tuple[UssdMessage, str] | None:
    """None where it is understood no better so."""
    other = "charset" if coding == "packed_hex" else "packed_hex"
    try:
        said, _ = await send_text(dialogue, profile, text, coding=other, limit_s=limit_s)
    except CommandFailed:
        return None
    return None if said.state is UssdState.NOT_SUPPORTED else (said, other)


async def send_text(
    dialogue: Dialogue, profile: Profile, text: str, *, coding: str, limit_s: float
) -> tuple[UssdMessage, str]:
    """Say a code, or a reply to a menu; what the network answers within `limit_s` of the modem's OK, and `coding`.

    EncodeError where it cannot be said; CommandFailed where the modem refuses; ReplyTimeout where no answer comes, and where the
    modem restarts meanwhile; PortGone. The session is not ended by any of them: `end` it.
    """
    typed = ussd_coding.encode_text(text, coding)
    charset = await _set_charset(dialogue, typed.charset) if typed.charset is not None else None
    _drop_late_answers(dialogue)
    reply = await dialogue.ask(f'+CUSD=1,"{typed.string}",{typed.dcs}')
    if not reply.ok:
        raise CommandFailed("USSD", reply.result.line)
    early = [line for line in reply.lines if line.startswith(ANSWER_NOTICE)]
    line = (
        early[0]
        if early
        else (await dialogue.wait_for_notice(ANSWER_NOTICE, unless=profile.restart, timeout_s=limit_s)).line
    )
    said = ussd_coding.decode_line(line, coding, charset)
    await dialogue.pause(TWICE_S)
    _drop_late_answers(dialogue)
    return said, coding


async def end_session(dialogue: Dialogue) -> None:
    """End the session, as a network that waits for a reply should be told. A refusal says that there is none."""
    await dialogue.ask("+CUSD=2")
    _drop_late_answers(dialogue)


async def _set_charset(dialogue: Dialogue, wanted: str) -> str | None:
    """Ask for a character set. None: the modem has no `GSM`, and its own way to write the same text is taken as it is.
    CommandFailed where it has no UCS2, and the text needs it."""
    reply = await dialogue.ask(f'+CSCS="{wanted}"')
    if reply.ok:
        return wanted
    if wanted == "UCS2":
        raise CommandFailed(f'AT+CSCS="{wanted}"', reply.result.line)
    return None


def _drop_late_answers(dialogue: Dialogue) -> None:
    """Answers nobody waits for any more."""
    dialogue.take_notices(ANSWER_NOTICE)
