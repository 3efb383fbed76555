"""The numbers by which stick and SIM are known, read so that noise on the line makes no other stick or SIM of them.

A digit lost or changed between modem and host would be a new identity: quotas, history and conversations of nobody. So a
number counts when it came twice alike, or proves itself by its check digit; and a refusal counts when it came twice.
"""

from __future__ import annotations

from collections.abc import Callable

from modemd.at import replies
from modemd.errors import CommandFailed, DecodeError
from modemd.modem.link import check_digit
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.busy_sim import BUSY_TRIES, BUSY_WAIT_S, is_busy
from modemd.profiles import Profile

MAX_READS = 6
"""How often a number is asked for that comes differently each time."""
MATCHES_NEEDED = 2
"""How often the same must come to be believed."""
IMEI_DIGITS = 15


async def read_imei(dialogue: Dialogue) -> str:
    """`AT+CGSN`: 15 digits, the last a check digit (3GPP TS 23.003 6.2.1); any other number of digits must come twice alike.
    CommandFailed where the modem tells none."""
    found = await _read_number(dialogue, "+CGSN", 14, _is_imei)
    if found is None:
        raise CommandFailed("AT+CGSN", "no IMEI in its answer")
    return found


async def read_iccid(dialogue: Dialogue, profile: Profile) -> str | None:
    """The SIM card's number, by the first of the family's commands that tells one; None where none does.

    Its check digit proves nothing: cards exist without one, and a lost digit leaves a number of a usual length.
    """
    for command in profile.iccid:
        found = await _read_number(dialogue, command, 18, _never_proven)
        if found is not None:
            return found
    return None


async def read_imsi(dialogue: Dialogue) -> str | None:
    """`AT+CIMI` (3GPP TS 27.007 5.6): 14 or 15 digits, without a check digit. None where the modem tells none."""
    return await _read_number(dialogue, "+CIMI", 14, _never_proven)


def _is_imei(found: str) -> bool:
    return len(found) == IMEI_DIGITS and check_digit.is_valid(found)


def _never_proven(found: str) -> bool:
    return False


async def _read_number(
    dialogue: Dialogue, command: str, minimum: int, proves_itself: Callable[[str], bool]
) -> str | None:
    """The number that `command` tells. None: it was refused, or told none, twice. CommandFailed where it never comes alike: such
    a line is no use."""
    seen: dict[str | None, int] = {}
    busy = 0
    while sum(seen.values()) < MAX_READS:
        reply = await dialogue.ask(command)
        if is_busy(reply) and busy < BUSY_TRIES:
            busy += 1
            await dialogue.pause(BUSY_WAIT_S)
            continue
        try:
            found = replies.parse_digits(reply.lines, command, minimum) if reply.ok else None
        except DecodeError:
            found = None
        seen[found] = seen.get(found, 0) + 1
        if seen[found] == MATCHES_NEEDED or (found is not None and proves_itself(found)):
            return found
    raise CommandFailed(f"AT{command}", f"{MAX_READS} different answers: noise on the line?")
