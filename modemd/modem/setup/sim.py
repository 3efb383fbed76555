"""The SIM before it can be used: there, open, opened with its PIN, or in a state that asks for a person.

A PIN is given once: whether it may be is decided by `may_enter`, and that it will be is made durable before it goes out, so that
no crash spends a second try. A PUK is never given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from modemd import logs
from modemd.at import Reply, replies
from modemd.errors import CommandFailed, DecodeError, ReplyTimeout, SimUnusable
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup import identity
from modemd.modem.setup.busy_sim import is_busy, run_when_ready
from modemd.profiles import Profile

log = logs.get(__name__)

# The last try is a person's: a wrong one there leaves the PUK alone between the SIM and the bin.
MIN_TRIES_LEFT = 2
ALL_TRIES = 3  # of a SIM that took its PIN the last time (3GPP TS 31.101 9.5)
# From an accepted PIN to READY: the modem reads the SIM meanwhile.
OPENING_TRIES = 15
OPENING_WAIT_S = 2.0
# Qualcomm's firmware says "not inserted" in the first seconds after a start, of a SIM that is there.
ABSENT_TRIES = 5
ABSENT_WAIT_S = 2.0

ABSENT = "no SIM"
FAILED = "SIM failure"
LOCKED = "SIM PIN"
# PIN2 guards prices and fixed dialling, not messages.
_OPEN_STATES = ("READY", "SIM PIN2", "SIM PUK2")
# What firmware says where the standard has an error: SIM800, SIM7600.
_STATE_ALIASES = {"NOT INSERTED": ABSENT, "SIM REMOVED": ABSENT, "NOT READY": FAILED}
_ERRORS = {
    "+CME ERROR: 10": ABSENT,
    "+CMS ERROR: 310": ABSENT,
    "+CME ERROR: SIM not inserted": ABSENT,
    "+CMS ERROR: SIM not inserted": ABSENT,
    "+CME ERROR: 13": FAILED,
    "+CMS ERROR: 313": FAILED,
    "+CME ERROR: SIM failure": FAILED,
    "+CME ERROR: 15": "SIM wrong",
    "+CME ERROR: 262": "SIM blocked",  # Siemens
    "+CME ERROR: 770": "SIM rejected",
}
SIM_ERRORS = frozenset({*_ERRORS, "+CME ERROR: 11", "+CME ERROR: 12", "+CMS ERROR: 311", "+CMS ERROR: 316"})
"""What any command answers where the SIM is absent, closed or broken (3GPP TS 27.007 9.2, TS 27.005 3.2.5)."""
# Errors of `AT+CPIN=`; 16 is "incorrect password", 11 and 12 that PIN or PUK is wanted now (3GPP TS 27.007 9.2).
_NO_SIM_ANY_MORE = frozenset(error for error, state in _ERRORS.items() if state == ABSENT)

REMEDIES = {
    ABSENT: "no SIM; insert one",
    FAILED: "the SIM cannot be read; take it out, clean its contacts and put it back, or try another",
    LOCKED: "the SIM asks for its PIN; name a file with it as sims.<iccid>.pin_file or modems[].pin_file, or take the PIN off "
    "in a phone",
    "SIM PUK": "the SIM asks for its PUK after three wrong PINs; unlock it in a phone",
    "SIM wrong": "the modem does not take this SIM; try another",
    "SIM blocked": "the SIM is blocked for good; ask the operator for another",
    "SIM rejected": "the network rejects this SIM; ask the operator",
    "PH-SIM PIN": "the modem is locked to another SIM; unlock it, or put that SIM in",
    "PH-NET PIN": "the modem is locked to another operator; unlock it, or use that operator's SIM",
}
_OTHER_REMEDY = "put the SIM into a phone and see what it asks"


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN and where it is from, in words. Its `digits` are shown nowhere."""

    digits: str
    source: str

    def __repr__(self) -> str:
        return f"Pin(from {self.source})"

    def digest(self, holder: str) -> bytes:
        """What is kept of a PIN that was tried: enough to know it again. It was a wrong one, or is forgotten once accepted."""
        return hashlib.sha256(f"{holder}\0{self.digits}".encode()).digest()


@dataclass(frozen=True, slots=True)
class PinTries:
    """What is kept of a SIM's tries: digests of PINs that were refused, and of those whose answer never came."""

    refused: Collection[bytes] = ()
    unanswered: Collection[bytes] = ()


class PinSource(Protocol):
    """Where the PINs of SIMs in one modem are from, and the memory of those that were tried. A `holder` is a SIM by its ICCID, or
    where that cannot be read before the PIN, the modem by its `name`."""

    @property
    def name(self) -> str: ...

    def find_pin(self, iccid: str | None) -> Pin | None:
        """The PIN for a SIM; None where none is configured. SimUnusable where it is, and its file is no good."""

    async def read_tries(self, holder: str) -> PinTries: ...

    async def record_try(self, holder: str, digest: bytes) -> None:
        """Durable when it returns: the PIN goes out now."""

    async def record_refusal(self, holder: str, digest: bytes) -> None: ...

    async def forget_tries(self, holder: str) -> None:
        """The SIM is open: what was tried before is forgotten."""

    async def forget_try(self, holder: str, digest: bytes) -> None:
        """The modem did not look at the PIN after all."""


class NoPins:
    """None are configured, and none tried."""

    name = ""

    def find_pin(self, iccid: str | None) -> Pin | None:
        return None

    async def read_tries(self, holder: str) -> PinTries:
        return PinTries()

    async def record_try(self, holder: str, digest: bytes) -> None:
        raise AssertionError("there is no PIN to try")

    async def record_refusal(self, holder: str, digest: bytes) -> None:
        raise AssertionError("there was no PIN to refuse")

    async def forget_tries(self, holder: str) -> None:
        raise AssertionError("there was no PIN to accept")

    async def forget_try(self, holder: str, digest: bytes) -> None:
        raise AssertionError("there was no PIN to try")


NO_PINS = NoPins()


def find_pin_objection(pin: bytes, tried: PinTries, tries_left: int | None) -> str | None:
    """Why a PIN (its digest) must not be given; None where it may. `tries_left` is the SIM's counter, None where it is not told.

    Without a counter one PIN is tried, ever: a second one could be the third.
    """
    if pin in tried.refused:
        return "was refused already; put the right one into it"
    if pin in tried.unanswered and tries_left != ALL_TRIES:
        return "was given before, and nobody knows what became of it; unlock the SIM in a phone"
    if tries_left is None and (tried.refused or tried.unanswered):
        return "is another than the one before, and the modem does not tell how many tries are left; unlock the SIM in a phone"
    if tries_left is not None and tries_left < MIN_TRIES_LEFT:
        return f"is not given: {_format_tries(tries_left)}; unlock the SIM in a phone"
    return None


async def open_sim(dialogue: Dialogue, profile: Profile, pins: PinSource) -> None:
    """Have the SIM open, by its PIN if need be. SimUnusable where a person is needed."""
    state = await read_sim_state(dialogue)
    for _ in range(ABSENT_TRIES):
        if state not in (ABSENT, FAILED):
            break
        await dialogue.pause(ABSENT_WAIT_S)
        state = await read_sim_state(dialogue)
    if state in _OPEN_STATES:
        return
    if state != LOCKED:
        raise SimUnusable(state, REMEDIES.get(state, f"+CPIN said {state}; {_OTHER_REMEDY}"))
    await _enter_pin(dialogue, profile, pins)


async def read_sim_state(dialogue: Dialogue) -> str:
    """What `AT+CPIN?` says (`READY`, `SIM PIN`; 3GPP TS 27.007 8.3), or the state that its error stands for."""
    told_before = len(dialogue.notices)
    try:
        lines = await run_when_ready(dialogue, "+CPIN?")
    except CommandFailed as error:
        if error.result in _ERRORS:
            return _ERRORS[error.result]
        raise
    except ReplyTimeout:
        # Wavecom and Sierra SL8084 end +CPIN? without OK.
        if told := dialogue.take_notices("+CPIN:", since=told_before):
            return _parse_state([told[0].line])
        raise
    return _parse_state([line for line in lines if line.startswith("+CPIN")])


def _parse_state(lines: Sequence[str]) -> str:
    said = replies.parse_identity(lines, "+CPIN")
    return _STATE_ALIASES.get(said, said)


async def read_tries_left(dialogue: Dialogue, profile: Profile) -> int | None:
    """How many tries the PIN has left, by the family's own command; None where it has none, or tells nothing."""
    if not profile.pin_tries:
        return None
    reply = await dialogue.ask(profile.pin_tries)
    try:
        return replies.parse_pin_tries(reply.lines, profile.pin_tries_field) if reply.ok else None
    except DecodeError:
        return None


async def _enter_pin(dialogue: Dialogue, profile: Profile, pins: PinSource) -> None:
    iccid = await identity.read_iccid(dialogue, profile)
    pin = pins.find_pin(iccid)
    if pin is None:
        raise SimUnusable(LOCKED, REMEDIES[LOCKED])
    holder = iccid or f"modem {pins.name}"
    digest = pin.digest(holder)
    objection = find_pin_objection(digest, await pins.read_tries(holder), await read_tries_left(dialogue, profile))
    if objection is not None:
        raise SimUnusable(LOCKED, f"the SIM asks for its PIN, and that in {pin.source} {objection}")
    await pins.record_try(holder, digest)
    log.info("the SIM asks for its PIN; it is given", iccid=iccid, source=pin.source)
    reply = await _send_pin(dialogue, pin)
    if reply.ok:
        await _wait_until_open(dialogue)
        await pins.forget_tries(holder)
    elif is_busy(reply) or reply.result.line in _NO_SIM_ANY_MORE:
        await pins.forget_try(holder, digest)
        raise CommandFailed("AT+CPIN=", reply.result.line)
    else:
        await pins.record_refusal(holder, digest)
        left = await read_tries_left(dialogue, profile)
        told = f"; {_format_tries(left)}" if left is not None else ""
        raise SimUnusable(
            LOCKED, f"the PIN in {pin.source} was refused ({reply.result.line}){told}; put the right one into it"
        )


async def _send_pin(dialogue: Dialogue, pin: Pin) -> Reply:
    """`AT+CPIN="..."`. An error that names the command would name the PIN."""
    try:
        return await dialogue.ask(f'+CPIN="{pin.digits}"')
    except ReplyTimeout:
        raise ReplyTimeout("AT+CPIN=: no answer; whether the PIN was taken is not known") from None


async def _wait_until_open(dialogue: Dialogue) -> None:
    """Until the SIM says that it is open; whatever the modem says of that is not a restart."""
    for _ in range(OPENING_TRIES):
        if await read_sim_state(dialogue) in _OPEN_STATES:
            dialogue.take_notices("+CPIN:")
            return
        await dialogue.pause(OPENING_WAIT_S)
    raise CommandFailed("AT+CPIN=", "OK, but the SIM stays closed")


def _format_tries(left: int) -> str:
    return f"{left} {'try is' if left == 1 else 'tries are'} left"
