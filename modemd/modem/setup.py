"""Identify what answers on a port, and put it into the one state in which modemd uses modems."""

from __future__ import annotations

from modemd import logs
from modemd.at import replies
from modemd.errors import CommandFailed, DecodeError, NeedsPerson, ReplyTimeout
from modemd.modem.desk import Identity
from modemd.modem.dialogue import Dialogue
from modemd.profiles import Profile, Profiles

log = logs.get(__name__)

# Right after power-on the first AT may be lost to auto-baud, and a modem stuck at a prompt needs its ESC first.
KNOCKS = 4
KNOCK_TIMEOUT_S = 2.0
# SIM busy (+CME ERROR: 14, +CMS ERROR: 314) is normal for up to a minute after power-on or PIN entry.
BUSY_TRIES = 30
BUSY_WAIT_S = 2.0
# In numbers, and in the words that some firmware uses in spite of CMEE=1.
_BUSY = (
    "+CME ERROR: 14",
    "+CMS ERROR: 314",
    "+CMS ERROR: 515",
    "+CME ERROR: 515",
    "+CME ERROR: SIM busy",
    "+CMS ERROR: SIM busy",
)
_NO_SIM = ("+CME ERROR: 10", "+CMS ERROR: 310", "+CME ERROR: SIM not inserted", "+CMS ERROR: SIM not inserted")


async def knock(dialogue: Dialogue) -> None:
    """Wake the modem, out of any prompt, echo off. ReplyTimeout where nothing answers."""
    dialogue.unsettle()  # whoever had the port before may have left the modem at a prompt
    for last in (*[False] * (KNOCKS - 1), True):
        try:
            await dialogue.command("E0", timeout_s=KNOCK_TIMEOUT_S)
            return
        except (ReplyTimeout, CommandFailed):
            if last:
                raise


async def identify(dialogue: Dialogue, profiles: Profiles, driver: str | None) -> Identity:
    """Ask who it is. `driver` names a profile; None: by its manufacturer and model. NeedsPerson where the SIM is locked."""
    await dialogue.ask("+CMEE=1")  # else a missing or busy SIM is a bare ERROR
    manufacturer = await _plain(dialogue, "+CGMI")
    model = await _plain(dialogue, "+CGMM")
    profile = profiles.named(driver) if driver else profiles.match(manufacturer, model)
    imei = replies.digits(await dialogue.command("+CGSN"), "+CGSN", 14)
    firmware = await _plain(dialogue, "+CGMR")
    await _unlocked(dialogue)
    return Identity(
        imei=imei,
        manufacturer=manufacturer,
        model=model,
        firmware=firmware,
        iccid=await _iccid(dialogue, profile),
        imsi=await _imsi(dialogue),
        number=await _own_number(dialogue),
        profile=profile,
    )


async def prepare(dialogue: Dialogue, profile: Profile) -> str:
    """PDU mode, numbered errors, storage and notices: the full set-up, from any state. The memory in use (`SM`).

    CommandFailed names what was refused. A modem that refuses all notices is used without: the sweep finds its messages.
    """
    for command in profile.init:
        await _when_ready(dialogue, command)
    for command in profile.optional:
        await dialogue.ask(command)
    storage = await _first_accepted(dialogue, profile.storage)
    try:
        await _first_accepted(dialogue, profile.notify)
    except CommandFailed as error:
        log.warning("modem gives no notices; messages are found by the sweep alone", error=str(error))
    return storage.partition('"')[2].partition('"')[0]


async def _when_ready(dialogue: Dialogue, command: str) -> tuple[str, ...]:
    """A command that waits for a busy SIM."""
    for _ in range(BUSY_TRIES):
        reply = await dialogue.ask(command)
        if reply.ok:
            return reply.lines
        if reply.result.line not in _BUSY:
            raise CommandFailed(f"AT{command}", reply.result.line)
        await dialogue.pause(BUSY_WAIT_S)
    raise CommandFailed(f"AT{command}", "SIM busy for a minute")


async def _first_accepted(dialogue: Dialogue, commands: tuple[str, ...]) -> str:
    """Ask until one is accepted: the first of `commands` that is accepted and read back as set."""
    refused = CommandFailed("no command", "the profile lists none")
    for command in commands:
        try:
            await _when_ready(dialogue, command)
        except CommandFailed as error:
            refused = error
            continue
        if await _reads_back(dialogue, command):
            return command
        refused = CommandFailed(f"AT{command}", "accepted, but reads back as something else")
    raise refused


async def _reads_back(dialogue: Dialogue, command: str) -> bool:
    """Whether `AT+NAME?` says what `+NAME=...` set. A modem that cannot be asked is believed; +CPMS answers when set."""
    name, _, wanted = command.partition("=")
    if name != "+CNMI":
        return True
    reply = await dialogue.ask(f"{name}?")
    if not reply.ok or not reply.lines:
        return True
    said = replies.fields(replies.line_of(reply.lines, name))
    given = wanted.split(",")
    return said[: len(given)] == given


async def _plain(dialogue: Dialogue, command: str) -> str:
    """An identity in the modem's own words; empty where it has none (Wavecom answers +CGMR with ERROR)."""
    reply = await dialogue.ask(command)
    try:
        return replies.plain(reply.lines, command) if reply.ok else ""
    except DecodeError:
        return ""


async def _unlocked(dialogue: Dialogue) -> None:
    lines = await _pin_state(dialogue)
    state = replies.plain([line for line in lines if line.startswith("+CPIN")], "+CPIN")
    if state != "READY":
        raise NeedsPerson(f"+CPIN said {state}; {_REMEDY.get(state, 'put the SIM into a phone and see what it asks')}")


_REMEDY = {
    "SIM PIN": "take the PIN off in a phone, then replug",
    "SIM PUK": "unlock the SIM with its PUK in a phone, then replug",
}


async def _pin_state(dialogue: Dialogue) -> tuple[str, ...]:
    told_before = len(dialogue.notices)
    try:
        return await _when_ready(dialogue, "+CPIN?")
    except CommandFailed as error:
        if error.result in _NO_SIM:
            raise NeedsPerson("no SIM; insert one, then replug") from error
        raise
    except ReplyTimeout:
        # Wavecom and Sierra SL8084 end +CPIN? without OK.
        for notice in list(dialogue.notices)[told_before:]:
            if notice.line.startswith("+CPIN:"):
                dialogue.notices.remove(notice)
                return (notice.line,)
        raise


async def _iccid(dialogue: Dialogue, profile: Profile) -> str:
    for command in profile.iccid:
        reply = await dialogue.ask(command)
        if reply.ok:
            try:
                return replies.digits(reply.lines, "ICCID", 18)
            except DecodeError:
                continue
    raise CommandFailed("reading the ICCID", f"nothing to {', '.join(profile.iccid)}")


async def _imsi(dialogue: Dialogue) -> str | None:
    reply = await dialogue.ask("+CIMI")
    try:
        return replies.digits(reply.lines, "+CIMI", 14) if reply.ok else None
    except DecodeError:
        return None


async def _own_number(dialogue: Dialogue) -> str | None:
    """The SIM's number, where it was written on it: mostly it was not."""
    reply = await dialogue.ask("+CNUM")
    for line in reply.lines if reply.ok else ():
        values = replies.fields(line)
        if line.startswith("+CNUM") and len(values) > 1 and values[1].removeprefix("+").isdecimal():
            return values[1]
    return None
