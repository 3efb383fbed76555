"""Identify what answers on a port, and put it into the one state in which modemd uses modems."""

from __future__ import annotations

from modemd import logs
from modemd.at import replies
from modemd.errors import CommandFailed
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.busy_sim import BUSY_WAIT_S, is_busy, run_when_ready
from modemd.modem.setup.first_words import read_identity, send_first_commands
from modemd.modem.setup.identity import MAX_READS, read_iccid, read_imei, read_imsi
from modemd.modem.setup.negotiation import Storage, negotiate
from modemd.modem.setup.sim import NO_PINS, PinSource, open_sim
from modemd.modem.status import Identity
from modemd.profiles import GENERIC, Profile, Profiles

log = logs.get(__name__)

# How often a modem that says nothing of itself yet is asked, BUSY_WAIT_S apart: until its SIM is read (ZTE takes 8 s and more).
STARTING_TRIES = 15


async def identify(dialogue: Dialogue, profiles: Profiles, driver: str | None, pins: PinSource = NO_PINS) -> Identity:
    """Ask who it is. `driver` names a profile; None: by its manufacturer and model. `pins` opens a SIM that is locked;
    SimUnusable where it cannot be used.

    A SIM that tells no ICCID is known by its IMSI: it is the same SIM in every stick all the same.
    """
    if driver is not None:
        await send_first_commands(dialogue, profiles.find_by_name(driver))
    await dialogue.ask("+CMEE=1")  # else a missing or busy SIM is a bare ERROR
    manufacturer, model, profile = await _identify_family(dialogue, profiles, driver, pins)
    if driver is None:
        await send_first_commands(dialogue, profile)
    equipment = await read_imei(dialogue)
    firmware = await read_identity(dialogue, "+CGMR")
    await open_sim(dialogue, profile, pins)
    card, subscriber = await read_iccid(dialogue, profile), await read_imsi(dialogue)
    if card is None and subscriber is None:
        raise CommandFailed("reading the SIM", f"neither +CIMI nor any of {', '.join(profile.iccid)} told a number")
    return Identity(
        imei=equipment,
        manufacturer=manufacturer,
        model=model,
        firmware=firmware,
        iccid=card or subscriber or "",
        imsi=subscriber,
        number=await _read_own_number(dialogue),
        profile=profile,
    )


async def initialise_modem(dialogue: Dialogue, profile: Profile, used: set[str] | None = None) -> Storage:
    """PDU mode, numbered errors, storage and notices: the full set-up, from any state. Where arrivals lie then, which is added to
    `used` as soon as they go there.

    CommandFailed names what was refused. A modem that refuses all notices is used without: the sweep finds its messages.
    """

    async def run(command: str) -> object:
        return await run_when_ready(dialogue, command)

    for command in profile.init:
        await run(command)
    for command in profile.optional:
        await dialogue.ask(command)
    return await negotiate(dialogue, profile, run, used)


async def _identify_family(
    dialogue: Dialogue, profiles: Profiles, driver: str | None, pins: PinSource
) -> tuple[str, str, Profile]:
    """Manufacturer, model, and the profile. What no family fits must come twice alike: a name that the line damaged would have
    the modem driven as one like any, and some of those hang at that."""
    seen: set[tuple[str, str]] = set()
    while True:
        manufacturer = await _read_manufacturer(dialogue)
        if not manufacturer:  # a ZTE stick says who it is when its SIM is open
            await open_sim(dialogue, profiles.find_by_name(driver or GENERIC), pins)
            manufacturer = await _read_manufacturer(dialogue)
        said = manufacturer, await read_identity(dialogue, "+CGMM")
        profile = profiles.find_by_name(driver) if driver is not None else profiles.match(*said)
        if driver is not None or profile.name != GENERIC or said in seen or len(seen) == MAX_READS:
            return *said, profile
        seen.add(said)


async def _read_manufacturer(dialogue: Dialogue) -> str:
    """Who made it. A ZTE stick answers everything with ERROR until it was asked for the PIN's state, and has read the SIM."""
    for _ in range(STARTING_TRIES):
        if said := await read_identity(dialogue, "+CGMI"):
            return said
        reply = await dialogue.ask("+CPIN?")
        if reply.ok or not (is_busy(reply) or reply.result.family == "error"):
            break
        await dialogue.pause(BUSY_WAIT_S)
    await dialogue.ask("+CMEE=1")
    return await read_identity(dialogue, "+CGMI")


async def _read_own_number(dialogue: Dialogue) -> str | None:
    """The SIM's number, where it was written on it: mostly it was not."""
    reply = await dialogue.ask("+CNUM")
    for line in reply.lines if reply.ok else ():
        values = replies.split_fields(line)
        if line.startswith("+CNUM") and len(values) > 1 and values[1].removeprefix("+").isdecimal():
            return values[1]
    return None
