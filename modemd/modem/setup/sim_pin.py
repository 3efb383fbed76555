"""PIN of the SIM: reads the state of the SIM, opens it with its PIN, or reports that a person is needed.

A PIN is entered once. `find_pin_objection` decides whether it may be, and the try is made durable before the PIN goes out, so
that no crash can spend a second try. A PUK is never entered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Protocol

from modemd import logs
from modemd.at import Reply, replies
from modemd.errors import CommandFailed, DecodeError, NotNow, ReplyTimeout, SimUnusable
from modemd.light_dataclass import dataclass
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup import identity
from modemd.modem.setup.busy_sim import is_busy, run_when_ready
from modemd.profiles import Profile

log = logs.get(__name__)

# The last try is left to a person: after another wrong PIN, only the PUK could unlock the SIM.
MIN_TRIES_LEFT = 2
ALL_TRIES = 3  # tries of a SIM whose last PIN entry was accepted (3GPP TS 31.101 9.5)
# Wait from an accepted PIN to READY: the modem reads the SIM meanwhile.
OPENING_TRIES = 15
OPENING_WAIT_S = 2.0
# Qualcomm's firmware says "not inserted" in the first seconds after a start, although the SIM is there.
ABSENT_TRIES = 5
ABSENT_WAIT_S = 2.0

ABSENT = "no SIM"
FAILED = "SIM failure"
LOCKED = "SIM PIN"
# PIN2 guards prices and fixed dialling, not messages.
_OPEN_STATES = ("READY", "SIM PIN2", "SIM PUK2")
# States that SIM800 and SIM7600 answer instead of the standard's errors.
_STATE_ALIASES = {"NOT INSERTED": ABSENT, "SIM REMOVED": ABSENT, "NOT READY": FAILED}
# States that an error in place of an answer means (3GPP TS 27.007 9.2, TS 27.005 3.2.5).
_ERRORS = {
    "+CME ERROR: 10": ABSENT,
    "+CMS ERROR: 310": ABSENT,
    "+CME ERROR: 13": FAILED,
    "+CMS ERROR: 313": FAILED,
    "+CME ERROR: 11": LOCKED,
    "+CMS ERROR: 311": LOCKED,
    "+CME ERROR: 12": "SIM PUK",
    "+CMS ERROR: 316": "SIM PUK",
    "+CME ERROR: 5": "PH-SIM PIN",
    "+CMS ERROR: 312": "PH-SIM PIN",
    "+CME ERROR: 15": "SIM wrong",
    "+CMS ERROR: 315": "SIM wrong",
    "+CME ERROR: 40": "PH-NET PIN",
    "+CME ERROR: 262": "SIM blocked",  # Siemens
    "+CME ERROR: 770": "SIM rejected",
}
SIM_ERRORS = frozenset(_ERRORS)
"""Errors with which any command is answered if the SIM is absent, locked or broken (3GPP TS 27.007 9.2, TS 27.005 3.2.5)."""
# Errors of `AT+CPIN=` that mean that the SIM is gone. In 3GPP TS 27.007 9.2, 16 is "incorrect password", and 11 and 12 mean that
# PIN or PUK is wanted now.
_ABSENT_ERRORS = frozenset(error for error, state in _ERRORS.items() if state == ABSENT)

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
    """PIN with its source, in words. Its `digits` are shown nowhere."""

    digits: str
    source: str

    def __repr__(self) -> str:
        return f"Pin(from {self.source})"

    def digest(self, holder: str) -> bytes:
        """Returns the digest under which a try is remembered: enough to recognise the PIN. A digest that is kept belongs to
        a wrong PIN; that of an accepted one is forgotten."""
        return hashlib.sha256(f"{holder}\0{self.digits}".encode()).digest()


@dataclass(frozen=True, slots=True)
class PinTries:
    """Remembered tries of a SIM: digests of PINs that were refused, and of PINs whose answer never came."""

    refused: Collection[bytes] = ()
    unanswered: Collection[bytes] = ()


class PinSource(Protocol):
    """Source of the PINs for SIMs in one modem, and memory of the tries.

    A `holder` is a SIM by its ICCID; if that cannot be read before the PIN is entered, the modem by its `name`.
    """

    @property
    def name(self) -> str:
        """Name of the modem."""

    def find_pin(self, iccid: str | None) -> Pin | None:
        """Returns the PIN for a SIM, None if none is configured. Raises SimUnusable if one is configured, and its file
        cannot be used."""

    async def read_tries(self, holder: str) -> PinTries:
        """Returns the remembered tries."""

    async def record_try(self, holder: str, digest: bytes) -> None:
        """Makes a try durable before it returns. The PIN goes out next."""

    async def record_refusal(self, holder: str, digest: bytes) -> None:
        """Remembers that the PIN was refused."""

    async def forget_tries(self, holder: str) -> None:
        """Forgets all tries, because the SIM is open."""

    async def forget_try(self, holder: str, digest: bytes) -> None:
        """Forgets one try, because the modem did not check the PIN after all."""


class NoPins:
    """Source without PINs, and therefore without tries."""

    name = ""

    def find_pin(self, iccid: str | None) -> Pin | None:
        """Returns None."""
        return None

    async def read_tries(self, holder: str) -> PinTries:
        """Returns no try."""
        return PinTries()

    async def record_try(self, holder: str, digest: bytes) -> None:
        """Raises AssertionError, because there is no PIN."""
        raise AssertionError("there is no PIN to try")

    async def record_refusal(self, holder: str, digest: bytes) -> None:
        """Raises AssertionError, because there is no PIN."""
        raise AssertionError("there was no PIN to refuse")

    async def forget_tries(self, holder: str) -> None:
        """Raises AssertionError, because there is no PIN."""
        raise AssertionError("there was no PIN to accept")

    async def forget_try(self, holder: str, digest: bytes) -> None:
        """Raises AssertionError, because there is no PIN."""
        raise AssertionError("there was no PIN to try")


NO_PINS = NoPins()


def find_pin_objection(digest: bytes, tries: PinTries, tries_left: int | None) -> str | None:
    """Returns the reason why a PIN, given by its digest, must not be entered; None if it may. `tries_left` is the SIM's
    counter, None if the modem does not tell it.

    Without a counter only one PIN is ever tried: a second wrong one could be the third.
    """
    if digest in tries.refused:
        return "was refused already; put the right one into it"
    if digest in tries.unanswered and tries_left != ALL_TRIES:
        return "was given before, and nobody knows what became of it; unlock the SIM in a phone"
    if tries_left is None and (tries.refused or tries.unanswered):
        return "is another than the one before, and the modem does not tell how many tries are left; unlock the SIM in a phone"
    if tries_left is not None and tries_left < MIN_TRIES_LEFT:
        return f"is not given: {_format_tries(tries_left)}; unlock the SIM in a phone"
    return None


async def open_sim(dialogue: Dialogue, profile: Profile, pins: PinSource) -> None:
    """Opens the SIM, with its PIN if need be. Raises SimUnusable if a person is needed."""
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
    """Returns the answer to `AT+CPIN?` (`READY`, `SIM PIN`; 3GPP TS 27.007 8.3), or the state that its error means."""
    notices_before = len(dialogue.notices)
    try:
        lines = await run_when_ready(dialogue, "+CPIN?")
    except CommandFailed as error:
        if error.result in _ERRORS:
            return _ERRORS[error.result]
        raise
    except ReplyTimeout:
        # Wavecom and Sierra SL8084 end +CPIN? without OK.
        if notices := dialogue.take_notices("+CPIN:", since=notices_before):
            return _parse_state([notices[0].line])
        raise
    return _parse_state([line for line in lines if line.startswith("+CPIN")])


def _parse_state(lines: Sequence[str]) -> str:
    state = replies.parse_identity(lines, "+CPIN")
    return _STATE_ALIASES.get(state, state)


async def read_tries_left(dialogue: Dialogue, profile: Profile) -> int | None:
    """Returns how many tries the PIN has left, by the family's own command; None if the family has none, or the modem tells
    nothing."""
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
    elif is_busy(reply) or reply.result.line in _ABSENT_ERRORS:
        await pins.forget_try(holder, digest)
        raise NotNow("AT+CPIN=", reply.result.line)
    else:
        await pins.record_refusal(holder, digest)
        left = await read_tries_left(dialogue, profile)
        tries = f"; {_format_tries(left)}" if left is not None else ""
        raise SimUnusable(
            LOCKED, f"the PIN in {pin.source} was refused ({reply.result.line}){tries}; put the right one into it"
        )


async def _send_pin(dialogue: Dialogue, pin: Pin) -> Reply:
    """Sends `AT+CPIN="..."`. An error must not have the command in its text, because that has the PIN."""
    try:
        return await dialogue.ask(f'+CPIN="{pin.digits}"')
    except ReplyTimeout:
        raise ReplyTimeout("AT+CPIN=: no answer; whether the PIN was taken is not known") from None


async def _wait_until_open(dialogue: Dialogue) -> None:
    """Waits until the SIM is open. The notices that the modem sends about it do not count as a restart."""
    for _ in range(OPENING_TRIES):
        if await read_sim_state(dialogue) in _OPEN_STATES:
            dialogue.take_notices("+CPIN:")
            return
        await dialogue.pause(OPENING_WAIT_S)
    raise NotNow("AT+CPIN=", "OK, but the SIM stays closed")


def _format_tries(left: int) -> str:
    return f"{left} {'try is' if left == 1 else 'tries are'} left"
