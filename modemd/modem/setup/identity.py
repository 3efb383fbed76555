"""Numbers that identify modem and SIM, read so that noise on the line never turns one modem or SIM into another.

A digit that is lost or changed between modem and host would be a new identity, with quotas, history and conversations of
nobody. Therefore a number counts only if it came twice alike, or has a right check digit; and a refusal counts if it came
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modemd.at import replies
from modemd.errors import DecodeError, NotNow
from modemd.modem.link import check_digit
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.busy_sim import BUSY_TRIES, BUSY_WAIT_S, is_busy
from modemd.profiles import Profile

MAX_READS = 6
"""Number of reads after which a number that differs each time is given up."""
MATCHES_NEEDED = 2
"""Number of equal answers that make an answer count."""
IMEI_DIGITS = 15
SHORTEST_IMSI = 6
"""Digits of country and network, and at least one of the subscriber."""


async def read_imei(dialogue: Dialogue) -> str | None:
    """Returns the IMEI (`AT+CGSN`): 15 digits, the last a check digit (3GPP TS 23.003 6.2.1). Any other number of at least 14
    digits must come twice alike.

    None if the modem tells none. That happens: a SIMCom A7670 loses it in an upgrade, a Huawei E1612 tells zeros, and others a
    serial number (3GPP TS 27.007 5.4).
    """
    found = await _read_number(dialogue, "+CGSN", _parse_imei, _is_imei)
    return found if found is not None and found.strip("0") else None


async def read_iccid(dialogue: Dialogue, profile: Profile) -> str | None:
    """Returns the number of the SIM card, by the first of the family's commands that answers with one; None if none does. Digits
    that come swapped, as they lie on the SIM (AT+CRSM, old Huawei firmware), are put in order.

    Its check digit proves nothing: there are cards without one, and a number that lost a digit still has a usual length.
    """
    for command in profile.iccid:
        found = await _read_number(dialogue, command, replies.parse_iccid, _never_proven)
        if found is not None:
            return found
    return None


async def read_imsi(dialogue: Dialogue) -> str | None:
    """Returns the IMSI (`AT+CIMI`; 3GPP TS 27.007 5.6): up to 15 digits, without a check digit; test SIMs have fewer (3GPP TS
    23.003 2.2). None if the modem tells none."""
    return await _read_number(dialogue, "+CIMI", _parse_imsi, _never_proven)


def _parse_imei(lines: Sequence[str], command: str) -> str:
    return replies.parse_digits(lines, command, 14)


def _parse_imsi(lines: Sequence[str], command: str) -> str:
    return replies.parse_digits(lines, command, SHORTEST_IMSI)


def _is_imei(found: str) -> bool:
    return len(found) == IMEI_DIGITS and check_digit.is_valid(found)


def _never_proven(found: str) -> bool:
    return False


async def _read_number(
    dialogue: Dialogue,
    command: str,
    parse: Callable[[Sequence[str], str], str],
    is_proven: Callable[[str], bool],
) -> str | None:
    """Returns the number that `command` answers with; None if it was refused, or had no number, twice. Raises CommandFailed
    if no answer comes twice: the line is too noisy to use."""
    counts: dict[str | None, int] = {}
    times_busy = 0
    while sum(counts.values()) < MAX_READS:
        reply = await dialogue.ask(command)
        if is_busy(reply) and times_busy < BUSY_TRIES:
            times_busy += 1
            await dialogue.pause(BUSY_WAIT_S)
            continue
        try:
            found = parse(reply.lines, command) if reply.ok else None
        except DecodeError:
            found = None
        counts[found] = counts.get(found, 0) + 1
        if counts[found] == MATCHES_NEEDED or (found is not None and is_proven(found)):
            return found
    raise NotNow(f"AT{command}", f"{MAX_READS} different answers: noise on the line?")
