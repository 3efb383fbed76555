"""What a modem needs of the daemon around it: parts to send, and somebody to hand arrivals to.

The service implements `Desk`; tests may. Nothing here knows a database or a queue.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from modemd.profiles import Profile


class Health(StrEnum):
    """What a modem is at."""

    OPENING = "opening"
    SETTING_UP = "setting up"
    SEARCHING = "searching"
    READY = "ready"
    UNHEALTHY = "unhealthy"
    QUARANTINED = "quarantined"
    NEEDS_PERSON = "needs a person"
    GONE = "gone"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers on a port: the stick by its IMEI, the SIM by its ICCID."""

    imei: str
    manufacturer: str
    model: str
    firmware: str
    iccid: str
    imsi: str | None
    number: str | None
    profile: Profile


@dataclass(frozen=True, slots=True)
class Draft:
    """A part, chosen and encoded ahead of its claim. `tpdu` excludes the SMSC field; `rank` is its place in the queue."""

    part_id: int
    tpdu: bytes
    rank: int
    first_of_several: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """A journaled attempt, with the part that the claim chose (not always the draft's), encoded. `not_after`: its first octet is
    not written then or later, for the window of its message has closed. `following`: what this SIM would send next."""

    attempt_id: int
    part_id: int
    message_id: int
    tpdu: bytes
    epoch: int
    not_after: datetime | None = None
    following: Draft | None = None


class Ending(StrEnum):
    """How an attempt ended on the modem."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no answer"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Attempted:
    """What became of an attempt. `elapsed_s`: from Ctrl-Z to the answer. `error`: the final result line, or why none came.
    `no_network`: the modem had lost it, so that the refusal says nothing of the message."""

    attempt_id: int
    ending: Ending
    written_at: datetime | None = None
    reference: int | None = None
    code: int | None = None
    error: str | None = None
    elapsed_s: float = 0.0
    no_network: bool = False


class Desk(Protocol):
    """What the service does for a modem. Calls that return futures take effect in the order of the calls."""

    @property
    def consent_epoch(self) -> int:
        """Moves, on the loop, before any opt-out is stored."""

    async def choose(self, identity: Identity, *, urgent: bool = False) -> Draft | None:
        """The next part for this SIM, encoded; changes nothing stored. None: nothing is due, or nothing that is `urgent`: alarm
        or otp."""

    def presses(self, identity: Identity) -> bool:
        """Whether an alarm or otp may be waiting that this SIM has not looked for."""

    def claim(self, identity: Identity, draft: Draft, *, ahead: bool) -> Future[Claimed | None]:
        """Journal the next attempt; `ahead`: and choose what follows it. None: nothing may go now."""

    def close(self, identity: Identity, attempted: Attempted) -> Future[None]:
        """Journal what became of an attempt."""

    def close_with_next(self, identity: Identity, attempted: Attempted) -> None:
        """The same in the commit of the next claim, which is near."""

    def fresh(self, identity: Identity, draft: Draft) -> bool:
        """Whether nothing has come meanwhile that goes before the draft, and the SIM may send it still."""

    def release(self, draft: Draft) -> None:
        """A draft that a claim was made for: its part's state says what is to become of it."""

    def give_back(self, draft: Draft) -> None:
        """A draft that will not be claimed: another modem may choose the part, now."""

    def keep(self, identity: Identity, octets: bytes) -> Awaitable[None]:
        """Make an arrival (SMSC field and TPDU) durable, message or status report. Then the modem may delete it."""

    def keep_with_next(self, identity: Identity, octets: bytes) -> Awaitable[None]:
        """The same for a status report, in the commit of the next claim if one is near."""

    def sends_fail(self, identity: Identity) -> str | None:
        """Why sends fail in a row, where that is neither the messages' nor the SIM's own fault; each rest of the SIM in other
        words. None: they do not."""

    def met(self, identity: Identity) -> Awaitable[None]:
        """Note which SIM sits in which stick. NeedsPerson where it may not be used before a person admits it."""

    def ready(self) -> None:
        """A modem became able to send: what waits for one may go."""

    def called(self, identity: Identity, number: str) -> Awaitable[None]:
        """Keep a missed call; `number` is empty where it was withheld. StoreUnavailable: it cannot be kept now."""

    def heard_time(self, stamp: datetime, *, fresh: bool) -> None:
        """The network's time; `fresh`: as it is now, not as it was once set."""

    def roams(self, identity: Identity, roaming: bool) -> None:
        """Whether a SIM is in a foreign network."""

    def holds_marketing(self, identity: Identity) -> bool:
        """Whether a SIM sends no marketing because it roams."""

    def service_centre(self, identity: Identity, found: str) -> str | None:
        """The service centre that a SIM should have, where it has the one `found` (empty: none). None: nobody knows one."""

    @property
    def hangs_up(self) -> bool:
        """Whether calls are to be refused."""
