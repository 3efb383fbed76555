"""Waits for a SIM that is busy, which is normal for up to a minute after power-on or PIN entry."""

from __future__ import annotations

from modemd.at import Reply
from modemd.errors import CommandFailed, NotNow
from modemd.modem.link.dialogue import Dialogue

BUSY_TRIES = 30
BUSY_WAIT_S = 2.0
# 3GPP TS 27.005 3.2.5, TS 27.007 9.2; 515 is Wavecom's.
_BUSY = frozenset({"+CME ERROR: 14", "+CMS ERROR: 314", "+CMS ERROR: 515", "+CME ERROR: 515"})


def is_busy(reply: Reply) -> bool:
    """True if the SIM is busy, or the modem still starts."""
    return reply.result.line in _BUSY


async def run_when_ready(dialogue: Dialogue, command: str) -> tuple[str, ...]:
    """Returns the information lines of a command, which is repeated while the SIM is busy. Raises CommandFailed if it is
    refused, and NotNow after a minute."""
    for _ in range(BUSY_TRIES):
        reply = await dialogue.ask(command)
        if reply.ok:
            return reply.lines
        if not is_busy(reply):
            raise CommandFailed(f"AT{command}", reply.result.line)
        await dialogue.pause(BUSY_WAIT_S)
    raise NotNow(f"AT{command}", "SIM busy for a minute")
