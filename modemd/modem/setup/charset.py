"""Choice of the character set: brings a modem into one in which numbers are plain digits, if it can."""

from __future__ import annotations

from modemd import logs
from modemd.at import replies
from modemd.errors import DecodeError
from modemd.modem.link.charset import PREFERRED, UCS2, decode_string
from modemd.modem.link.dialogue import Dialogue

log = logs.get(__name__)


async def choose_charset(dialogue: Dialogue) -> None:
    """Sets a preferred character set, and reads it back. A modem that takes none keeps its own: `dialogue.charset` says in which
    one its strings are, None if it does not tell.

    Other programs leave modems in UCS2 (ModemManager, gammu); some keep it over a restart (Option GTM382).
    """
    dialogue.charset = await read_charset(dialogue)
    if dialogue.charset is None or dialogue.charset in PREFERRED:
        return
    for wanted in PREFERRED:
        if await set_charset(dialogue, wanted):
            return
    log.info("the modem keeps its character set; its strings are decoded by it", charset=dialogue.charset)


async def set_charset(dialogue: Dialogue, wanted: str) -> bool:
    """Sets a character set. Returns whether the modem is in it afterwards, by its own word if it tells one."""
    if not (await dialogue.ask(f'+CSCS="{wanted}"')).ok:
        return False
    dialogue.charset = await read_charset(dialogue) or wanted
    return dialogue.charset == wanted


async def read_charset(dialogue: Dialogue) -> str | None:
    """Returns the character set that the modem is in; None if it does not tell."""
    reply = await dialogue.ask("+CSCS?")
    try:
        name = replies.parse_identity([replies.find_line(reply.lines, "+CSCS")], "+CSCS") if reply.ok else ""
    except DecodeError:
        return None
    # Some modems write even this string in the character set.
    return (decode_string(name, UCS2) if len(name) > len(UCS2) else name).upper() or None
