"""Initialisation: identifies the modem on a port, and brings it into the one state in which modemd uses modems."""

from __future__ import annotations

from modemd import logs
from modemd.at import replies
from modemd.errors import CommandFailed, NotNow
from modemd.modem.link.charset import decode_number
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.pdu_mode import SET_PDU_MODE, is_in_pdu_mode
from modemd.modem.setup.busy_sim import BUSY_WAIT_S, is_busy, run_when_ready
from modemd.modem.setup.charset import choose_charset
from modemd.modem.setup.first_words import read_identity, send_first_commands
from modemd.modem.setup.identity import MAX_READS, read_iccid, read_imei, read_imsi
from modemd.modem.setup.negotiation import Storage, negotiate
from modemd.modem.setup.sim_pin import NO_PINS, PinSource, open_sim
from modemd.modem.status import Identity
from modemd.profiles import GENERIC, Profile, Profiles

log = logs.get(__name__)

# Number of times, BUSY_WAIT_S apart, that a modem is asked until it tells its manufacturer: it reads its SIM first (ZTE takes 8 s
# and more).
STARTING_TRIES = 15


async def set_up_modem(
    dialogue: Dialogue,
    profiles: Profiles,
    driver: str | None,
    pins: PinSource = NO_PINS,
    name: str = "modem",
    used_memories: set[str] | None = None,
) -> tuple[Identity, Storage]:
    """Sets up a modem that is awake: `identify`, then `initialise_modem`, with the driver that it needs. The doctor calls it as
    the daemon does, so that both come to the same end."""
    identity = await identify(dialogue, profiles, driver, pins, name)
    dialogue.apply_profile(identity.profile)
    dialogue.expect_restarts(identity.profile.restart)
    return identity, await initialise_modem(dialogue, identity.profile, used_memories)


async def identify(
    dialogue: Dialogue, profiles: Profiles, driver: str | None, pins: PinSource = NO_PINS, name: str = "modem"
) -> Identity:
    """Identifies modem and SIM. `driver` names the profile; if it is None, manufacturer and model choose it. `pins` opens a SIM
    that is locked. `name` is the name of the modem. Raises SimUnusable if the SIM cannot be used.

    A SIM that tells no ICCID is known by its IMSI, which is the same in every modem. One that tells neither is known by the modem
    that it is in, and a modem without an IMEI by its name: that is enough to send, and a remark says so.
    """
    if driver is not None:
        await send_first_commands(dialogue, profiles.find_by_name(driver))
    await dialogue.ask("+CMEE=1")  # without it, a missing or busy SIM is a bare ERROR
    manufacturer, model, profile = await _identify_family(dialogue, profiles, driver, pins)
    if driver is None:
        await send_first_commands(dialogue, profile)
    await choose_charset(dialogue)
    imei = await read_imei(dialogue)
    firmware = await read_identity(dialogue, "+CGMR")
    await open_sim(dialogue, profile, pins)
    iccid, imsi = await read_iccid(dialogue, profile), await read_imsi(dialogue)
    return Identity(
        imei=imei,
        manufacturer=manufacturer,
        model=model,
        firmware=firmware,
        iccid=iccid or imsi or f"unknown-in-{imei or name}",
        imsi=imsi,
        number=await _read_own_number(dialogue),
        profile=profile,
        name=name,
        remark=_make_remark(imei, iccid or imsi, name),
    )


def _make_remark(imei: str | None, sim: str | None, name: str) -> str | None:
    """Returns what a person should know about missing identities; None if nothing is missing."""
    if sim is None:
        return (
            "the SIM tells neither ICCID nor IMSI: its messages and quotas are kept by the modem, so do not put another SIM "
            "into it without changing the name of the modem"
        )
    if imei is None:
        return f"the modem tells no IMEI: it is known by its port, as {name}"
    return None


async def initialise_modem(dialogue: Dialogue, profile: Profile, used_memories: set[str] | None = None) -> Storage:
    """Sets PDU mode, numbered errors, storage and notices, from any state. Returns where arrivals are stored then; that memory
    is added to `used_memories` as soon as arrivals go there.

    Only PDU mode is a condition: raises CommandFailed if the modem neither takes it nor says that it is in it, and NotNow
    after a minute. All else is a wish: some modems refuse to switch off their echo, or have one form of errors only. A modem that
    refuses all notices is used without: the sweep finds its messages. A modem without storage hands its messages over.
    """

    async def run(command: str) -> tuple[str, ...]:
        return await run_when_ready(dialogue, command)

    refused = {}
    for command in profile.init:
        try:
            await run(command)
        except NotNow:
            raise
        except CommandFailed as error:
            refused[command] = error
            log.info("the modem refuses a command of the set-up", command=error.command, result=error.result)
    if SET_PDU_MODE in refused and not await is_in_pdu_mode(dialogue):
        # Modems without text mode refuse to set what cannot be otherwise.
        refusal = refused[SET_PDU_MODE]
        raise CommandFailed(refusal.command, refusal.result, "modemd sends in PDU mode only (+CMGF? must answer 0)")
    for command in profile.optional:
        await dialogue.ask(command)
    return await negotiate(dialogue, profile, run, used_memories)


async def _identify_family(
    dialogue: Dialogue, profiles: Profiles, driver: str | None, pins: PinSource
) -> tuple[str, str, Profile]:
    """Returns manufacturer, model and profile. A name that fits no family must come twice alike: if noise had damaged it,
    the generic profile would be used, and some modems hang at its commands."""
    seen: set[tuple[str, str]] = set()
    while True:
        manufacturer = await _read_manufacturer(dialogue)
        if not manufacturer:  # a ZTE modem tells it once its SIM is open
            await open_sim(dialogue, profiles.find_by_name(driver or GENERIC), pins)
            manufacturer = await _read_manufacturer(dialogue)
        names = manufacturer, await read_identity(dialogue, "+CGMM")
        profile = profiles.find_by_name(driver) if driver is not None else profiles.match(*names)
        if driver is not None or profile.name != GENERIC or names in seen or len(seen) == MAX_READS:
            return *names, profile
        seen.add(names)


async def _read_manufacturer(dialogue: Dialogue) -> str:
    """Returns the manufacturer. A ZTE modem answers ERROR to everything until it was asked for the PIN's state and has read
    the SIM."""
    for _ in range(STARTING_TRIES):
        if manufacturer := await read_identity(dialogue, "+CGMI"):
            return manufacturer
        reply = await dialogue.ask("+CPIN?")
        if reply.ok or not (is_busy(reply) or reply.result.family == "error"):
            break
        await dialogue.pause(BUSY_WAIT_S)
    await dialogue.ask("+CMEE=1")
    return await read_identity(dialogue, "+CGMI")


async def _read_own_number(dialogue: Dialogue) -> str | None:
    """Returns the SIM's own number, if it is stored on the SIM; mostly it is not."""
    reply = await dialogue.ask("+CNUM")
    for line in reply.lines if reply.ok else ():
        values = replies.split_fields(line)
        if line.startswith("+CNUM") and len(values) > 1:
            number = decode_number(values[1], dialogue.charset)
            if number.removeprefix("+").isdecimal():
                return number
    return None
