"""Registration of a modem: asks the commands of 2G, 3G and LTE for it, and the operator's name if none of them tells."""

from __future__ import annotations

from functools import partial

from modemd.at import replies
from modemd.at.replies import Registration
from modemd.errors import DecodeError, ReplyTimeout
from modemd.modem.link.charset import decode_string
from modemd.modem.link.dialogue import Dialogue

# AT+COPS? can take three minutes; a name is not worth that.
OPERATOR_TIMEOUT_S = 5.0
_COMMANDS = ("+CREG?", "+CGREG?", "+CEREG?")  # 3GPP TS 27.007 7.2, 10.1.20, 10.1.22


async def read_registration(dialogue: Dialogue) -> Registration:
    """Returns the best answer of +CREG, +CGREG and +CEREG: a modem that has only LTE may report it only to +CEREG.

    If a modem answers none of them, a network that `AT+COPS?` names means that it is registered: 27.007 7.3 gives the name of the
    operator only then. Whether that is the home network is not told.
    """
    found: Registration | None = None
    for command in _COMMANDS:
        reply = await dialogue.ask(command)
        try:
            state = replies.parse_registration(reply.lines)
        except DecodeError:
            continue
        if state.is_registered:
            return state
        if found in (None, Registration.UNKNOWN) or state is Registration.DENIED:
            found = state
    if found is not None:
        return found
    try:
        return Registration.HOME if await read_operator(dialogue) else Registration.UNKNOWN
    except ReplyTimeout:
        return Registration.UNKNOWN


async def read_operator(dialogue: Dialogue) -> str | None:
    """Returns the name of the network; None if the modem tells none. Raises ReplyTimeout."""
    reply = await dialogue.ask("+COPS?", timeout_s=OPERATOR_TIMEOUT_S)
    try:
        return (
            replies.parse_operator(reply.lines, partial(decode_string, charset=dialogue.charset)) if reply.ok else None
        )
    except DecodeError:
        return None
