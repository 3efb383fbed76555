"""Probe: asks a port which modem is behind it, before any modem task owns it, and reads the modem's IMEI."""

from __future__ import annotations

import asyncio

from modemd.errors import ModemError, ReplyTimeout
from modemd.light_dataclass import dataclass
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.port import Port
from modemd.modem.setup import identity
from modemd.modem.setup.first_words import read_identity, send_first_commands
from modemd.profiles import Profile, Profiles

# ModemManager probes three to six times. A modem that boots answers none of the first.
AT_TRIES = 3
AT_TIMEOUT_S = 2.0
# Long enough for a SIM that is busy after power-on, if the ICCID is wanted.
IDENTIFY_TIMEOUT_S = 90.0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Identity of the modem that answered. `iccid` is None if it was not wanted, or the SIM does not tell it (locked,
    absent). `imei` is None if the modem tells none."""

    imei: str | None
    iccid: str | None = None


NO_ANSWER = "nothing answers AT"
"""Beginning of the reason why a port has no modem."""


async def identify_modem(port: Port, profiles: Profiles, driver: str | None, *, wants_iccid: bool) -> ProbeResult:
    """Asks an open port for its modem. `driver` names the profile that is expected there.

    Raises ReplyTimeout if nothing answers AT, CommandFailed if the line is too noisy, and PortGone. The port stays open, with
    no callbacks.
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
    """Waits until the modem answers, out of any prompt. Raises ReplyTimeout."""
    for _ in range(AT_TRIES):
        dialogue.mark_unsynchronised()
        try:
            async with asyncio.timeout(AT_TIMEOUT_S):
                await dialogue.synchronise()
                return
        except TimeoutError:
            continue
    raise ReplyTimeout(f"{NO_ANSWER} in {AT_TRIES * AT_TIMEOUT_S:g} s")


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
    except ReplyTimeout:  # some modems hang at another family's command
        return ProbeResult(imei)


async def _apply_profile(dialogue: Dialogue, profile: Profile) -> None:
    dialogue.apply_profile(profile)
    await send_first_commands(dialogue, profile)


async def _read_identity(dialogue: Dialogue, command: str) -> str:
    """Returns what `read_identity` returns; empty also if the modem does not answer: some hang at another family's command."""
    try:
        return await read_identity(dialogue, command)
    except ModemError:
        return ""


def _ignore(_: object) -> None:
    """Takes the place of a callback while nobody listens."""
