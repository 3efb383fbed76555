"""First commands to a modem: wakes it, sends the family's first commands, and reads manufacturer, model and firmware."""

from __future__ import annotations

import contextlib

from modemd.at import replies
from modemd.errors import DecodeError, ReplyTimeout, Silent
from modemd.modem.link.dialogue import Dialogue
from modemd.profiles import Profile

# Right after power-on the first AT may be lost to auto-baud, and a modem stuck at a prompt needs its ESC first.
AT_TRIES = 4
AT_TIMEOUT_S = 2.0


async def wake_modem(dialogue: Dialogue) -> None:
    """Wakes the modem, out of any prompt, and switches its echo off if it can: an echo does no harm. Raises Silent if it does
    not answer."""
    dialogue.mark_unsynchronised()  # another program may have left the modem at a prompt
    for is_last in (*[False] * (AT_TRIES - 1), True):
        try:
            await dialogue.ask("E0", timeout_s=AT_TIMEOUT_S)
            return
        except ReplyTimeout as error:
            if is_last or isinstance(error, Silent):
                raise


async def send_first_commands(dialogue: Dialogue, profile: Profile) -> None:
    """Sends the commands that a family needs before any other. Their results do not matter."""
    for command in profile.first:
        await dialogue.ask(command)


async def read_identity(dialogue: Dialogue, command: str) -> str:
    """Returns the answer to an identity command (`+CGMI`, `+CGMM`, `+CGMR`), its lines joined, for 3GPP TS 27.007 5.1 allows
    several; empty if the modem has none (Wavecom answers +CGMR with ERROR)."""
    reply = await dialogue.ask(command)
    found = []
    for line in reply.lines if reply.ok else ():
        with contextlib.suppress(DecodeError):
            found.append(replies.parse_identity([line], command))
    return " ".join(found)
