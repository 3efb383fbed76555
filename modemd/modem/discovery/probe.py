"""Asking a port who is behind it, before it is any modem's: AT, and the IMEI by which a stick is known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from modemd.errors import ModemError, ReplyTimeout
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.port import Port
from modemd.modem.setup import identity
from modemd.modem.setup.first_words import read_identity, send_first_commands
from modemd.profiles import Profile, Profiles

# ModemManager probes three to six times. A modem that boots answers none of the first.
AT_TRIES = 3
AT_TIMEOUT_S = 2.0
# Time for a SIM that is busy after power-on, where the ICCID is wanted.
IDENTIFY_TIMEOUT_S = 90.0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Who answers. `iccid` None: it was not wanted, or the SIM tells none (locked, absent)."""

    imei: str
    iccid: str | None = None


async def identify_modem(port: Port, profiles: Profiles, driver: str | None, *, wants_iccid: bool) -> ProbeResult:
    """Ask an open port; `driver` names the profile that is expected there. ReplyTimeout where nothing answers AT;
    CommandFailed where what answers tells no IMEI; PortGone.

    The port stays open, and nobody listens to it any more.
    """
    dialogue = Dialogue(port)
    try:
        await _wait_for_answer(dialogue)
        async with asyncio.timeout(IDENTIFY_TIMEOUT_S):
            return await _identify(dialogue, profiles, driver, wants_iccid=wants_iccid)
    except TimeoutError:
        raise ReplyTimeout(f"no IMEI in {IDENTIFY_TIMEOUT_S:g} s") from None
    finally:
        port.on_data = _ignore
        port.on_lost = _ignore


async def _wait_for_answer(dialogue: Dialogue) -> None:
    """Until it answers, out of any prompt. ReplyTimeout."""
    for _ in range(AT_TRIES):
        dialogue.mark_unsynchronised()
        try:
            async with asyncio.timeout(AT_TIMEOUT_S):
                await dialogue.synchronise()
                return
        except TimeoutError:
            continue
    raise ReplyTimeout(f"nothing answers AT in {AT_TRIES * AT_TIMEOUT_S:g} s")


async def _identify(dialogue: Dialogue, profiles: Profiles, driver: str | None, *, wants_iccid: bool) -> ProbeResult:
    if driver is not None:
        await _apply_profile(dialogue, profiles.find_by_name(driver))
    await dialogue.ask("E0")
    imei = await identity.read_imei(dialogue)
    if not wants_iccid:
        return ProbeResult(imei)
    await dialogue.ask("+CMEE=1")  # else a busy SIM is a bare ERROR
    profile = profiles.match(await _read_identity(dialogue, "+CGMI"), await _read_identity(dialogue, "+CGMM"))
    await _apply_profile(dialogue, profile)
    try:
        return ProbeResult(imei, await identity.read_iccid(dialogue, profile))
    except ReplyTimeout:  # some hang at another family's command
        return ProbeResult(imei)


async def _apply_profile(dialogue: Dialogue, profile: Profile) -> None:
    dialogue.apply_profile(profile)
    await send_first_commands(dialogue, profile)


async def _read_identity(dialogue: Dialogue, command: str) -> str:
    """The same as `read_identity`; empty also if the modem does not answer: some hang at another family's command."""
    try:
        return await read_identity(dialogue, command)
    except ModemError:
        return ""


def _ignore(_: object) -> None:
    """Between two listeners, what comes is nobody's."""
