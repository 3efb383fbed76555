"""Waits: says in one sentence why a message is not sent yet, from the facts by which the dispatcher decides. Pure.

`service/dispatch/waits.py` collects the facts; `modemd explain`, `status` and `messages` show the sentence. A message that waits
in the queue waits because each SIM that may send it has an obstacle, or because others go before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.rules.pauses import BATCH_PAUSED
from modemd.rules.refusals import RefusalCode
from modemd.rules.send_decision import OUTSIDE_WINDOW, SendDecision, SendVerdict
from modemd.rules.windows import Window

# A message that is unknown closes so long after its validity (`store/outbox/due.py`).
CLOSES_AFTER = timedelta(days=1)


class WaitCode(StrEnum):
    """Reason why a message waits, for programs."""

    NO_DAEMON = "no_daemon"
    DATABASE = "database"
    CLOCK = "clock_not_trusted"
    NOT_READY = "none_ready"
    SIM_UNKNOWN = "sim_unknown"
    SIM_ABSENT = "sim_absent"
    NO_ROUTE = "no_route"
    SIM_RESTS = "sim_rests"
    PAUSED = "paused"
    ROAMING = "roaming"
    QUOTA = "quota"
    WINDOW = "outside_window"
    OVER = "over"
    OTHER_SIM = "other_sim_first"
    EARLIER = "earlier_message"
    PACE = "pace"
    SCHEDULED = "scheduled"
    RESTORED = "restored"
    BACK_OFF = "back_off"
    CONTACT = "held_for_contact"
    REPEAT = "repeat"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True)
class Wait:
    """Reason why a message waits: a code, a sentence to go after "waits because", and until when; None if that is not known."""

    code: WaitCode
    message: str
    until: datetime | None = None


ExplainWaits = Callable[[Sequence[int]], Awaitable[Mapping[int, Wait]]]
"""Returns why messages wait, by their ids; those that do not wait are left out."""


SEND = SendDecision(SendVerdict.SEND)


@dataclass(frozen=True, slots=True)
class SimObstacles:
    """Facts about a SIM that may send a message. `modem`: the name of the modem that it is in; `fault`: why no message can pass
    there, None if one can; `rests_until` and `error`: it was refused too often; `pause`: what a person has paused, who and why;
    `decision`: what a claim would decide now; `is_left_to_others`: it has refused this part; `goes_first`: another SIM that goes
    first for a while; `rate`: parts per second."""

    modem: str
    fault: str | None = None
    rests_until: datetime | None = None
    error: str = ""
    pause: str | None = None
    decision: SendDecision = SEND
    is_left_to_others: bool = False
    goes_first: str | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """Facts about the service: whether it runs, why its database takes no changes, whether its clock is trusted, the time, and
    the configured time zone; `faults`: why each modem cannot send."""

    is_running: bool
    failure: str | None
    is_clock_trusted: bool
    now: datetime
    zone: tzinfo
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueuedFacts:
    """Facts about a part that is queued. `sims`: those here that may send it; `bound_to`: the only SIM that may, if there is
    one, and `bound_seen`: when that was seen last, None if it never was; `has_sims`: any SIM is here; `earlier`: an earlier
    message to the same number, which goes first; `ahead`: the parts that go before it, at most `counted`."""

    sims: tuple[SimObstacles, ...]
    bound_to: str | None
    bound_seen: datetime | None
    has_sims: bool
    earlier: int | None
    ahead: int
    counted: int


@dataclass(frozen=True, slots=True)
class HeldFacts:
    """Facts about a part that is held: the reason of its message, until when, how often it was tried, and its window.
    `because`: what the rules on its contact say now, None if they hold it no more."""

    reason: str | None
    until: datetime | None
    tries: int
    window: Window | None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownFacts:
    """Facts about a part of unknown outcome: when it is repeated, if it is."""

    repeated_at: datetime | None


def explain_wait(facts: QueuedFacts | HeldFacts | UnknownFacts, expires_at: datetime, service: ServiceFacts) -> Wait:
    """Returns why a message waits, and until when. The sentence says when it is given up, if it may be; once its validity has
    ended, only that: the daemon ends it with its next sweep."""
    match facts:
        case UnknownFacts():
            return _explain_unknown(facts, expires_at, service)
        case _ if service.is_clock_trusted and expires_at <= service.now:
            return Wait(
                WaitCode.OVER,
                f"its validity ended at {_clock(expires_at, service)}: it has expired and will not be sent",
            )
        case HeldFacts():
            found = _explain_held(facts, service)
        case QueuedFacts():
            found = _explain_queued(facts, service)
    if not service.is_running and found.code is not WaitCode.NO_DAEMON:
        found = Wait(found.code, f"{found.message}; and no daemon runs", found.until)
    if found.code is WaitCode.PACE:
        return found
    return Wait(found.code, f"{found.message} (valid until {_clock(expires_at, service)})", found.until)


def _clock(moment: datetime, service: ServiceFacts) -> str:
    return f"{moment.astimezone(service.zone):%Y-%m-%d %H:%M:%S}"


def _explain_unknown(facts: UnknownFacts, expires_at: datetime, service: ServiceFacts) -> Wait:
    if facts.repeated_at is not None:
        again = _clock(facts.repeated_at, service)
        return Wait(
            WaitCode.REPEAT,
            f"its outcome is unknown; if nothing proves it sent, it goes out once more at {again}",
            facts.repeated_at,
        )
    closes = expires_at + CLOSES_AFTER
    return Wait(
        WaitCode.UNPROVED,
        f"its outcome is unknown; a report may prove it until {_clock(closes, service)}, or a person settles or resends it",
        closes,
    )


# Reasons for which the rules on its contact hold a message.
CONTACT_HOLDS = frozenset(
    {
        RefusalCode.UNDER_REVIEW,
        RefusalCode.FREQUENCY_CAP,
        RefusalCode.QUIET_HOURS,
        RefusalCode.PUBLIC_HOLIDAY,
        RefusalCode.ZONE_UNKNOWN,
        RefusalCode.HOLIDAYS_UNKNOWN,
    }
)
_QUOTAS = {
    "quota_hour": "the quota of its SIM for an hour is used up",
    "quota_day": "the quota of its SIM for a day is used up",
    "quota_month": "the quota of its SIM for a month is used up",
    "marketing_brake": "its SIM has sent as much marketing as it may in an hour",
    "warm_up": "its SIM is new and has sent as much as it may today",
}


def _explain_held(facts: HeldFacts, service: ServiceFacts) -> Wait:
    """Returns why a held part waits. What is due and not queued waits for a clock that is trusted."""
    until, reason = facts.until, facts.reason
    if reason == BATCH_PAUSED:
        return Wait(WaitCode.PAUSED, "a person has paused its batch: modemd batches shows it")
    if until is None:
        return Wait(WaitCode.RESTORED, "it comes from a restored backup: a person must release or cancel it")
    if until <= service.now and not service.is_clock_trusted:
        return Wait(WaitCode.CLOCK, "the clock of the machine is not trusted")
    at = _clock(until, service)
    if reason == "scheduled":
        return Wait(WaitCode.SCHEDULED, f"its time is {at}", until)
    if reason == OUTSIDE_WINDOW:
        hours = f" {facts.window}" if facts.window is not None else ""
        return Wait(WaitCode.WINDOW, f"its window{hours} opens at {at}", until)
    if reason in _QUOTAS:
        return Wait(WaitCode.QUOTA, f"{_QUOTAS[reason]}, until {at}", until)
    if reason in CONTACT_HOLDS:
        because = facts.because or RefusalCode(reason).sentence
        return Wait(WaitCode.CONTACT, f"{because}; it is looked at again at {at}", until)
    tries = f"try {facts.tries} has failed" if facts.tries else "the last try has failed"
    return Wait(WaitCode.BACK_OFF, f"{tries}{f' ({reason})' if reason else ''}, and the next is at {at}", until)


def _explain_queued(facts: QueuedFacts, service: ServiceFacts) -> Wait:
    """Returns why a queued part waits: for the service, for a SIM, for an earlier message, or for its turn."""
    if not service.is_running:
        return Wait(WaitCode.NO_DAEMON, "no daemon runs")
    if service.failure is not None:
        return Wait(WaitCode.DATABASE, f"the database takes no changes: {service.failure}")
    if not facts.sims:
        return _explain_absence(facts, service)
    obstacles = [_find_obstacle(sim, service) for sim in facts.sims]
    found = [each for each in obstacles if each is not None]
    if len(found) == len(obstacles):
        return _join(found)
    if facts.earlier is not None:
        return Wait(WaitCode.EARLIER, f"message {facts.earlier} to the same number goes first")
    rates = [sim.rate for sim, obstacle in zip(facts.sims, obstacles, strict=True) if obstacle is None]
    return Wait(WaitCode.PACE, _describe_turn(facts, rates))


def _explain_absence(facts: QueuedFacts, service: ServiceFacts) -> Wait:
    if facts.bound_to is not None and facts.bound_seen is None:
        return Wait(WaitCode.SIM_UNKNOWN, f"its SIM {facts.bound_to} was never met; no other may send it")
    if facts.bound_to is not None and facts.bound_seen is not None:
        seen = _clock(facts.bound_seen, service)
        return Wait(
            WaitCode.SIM_ABSENT,
            f"its SIM {facts.bound_to} is in no modem that answers (last seen {seen}); no other may send it",
        )
    if facts.has_sims:
        return Wait(
            WaitCode.NO_ROUTE, "no SIM that is here may write to its number: see routes and sims.<iccid>.prefixes"
        )
    return Wait(WaitCode.NOT_READY, f"no modem is ready: {_list_first(service.faults, 2) or 'none is found'}")


def _find_obstacle(sim: SimObstacles, service: ServiceFacts) -> Wait | None:
    """Returns why a SIM does not send the part now; None if only its pace and other parts are before it."""
    if sim.rests_until is not None:
        until = _clock(sim.rests_until, service)
        return Wait(
            WaitCode.SIM_RESTS,
            f"the SIM in {sim.modem} was refused too often ({sim.error}) and rests until {until}",
            sim.rests_until,
        )
    if sim.fault is not None:
        return Wait(WaitCode.NOT_READY, f"{sim.modem} is not ready: {sim.fault}")
    if sim.pause is not None:
        return Wait(WaitCode.PAUSED, sim.pause)
    decision = sim.decision
    match decision.verdict:
        case SendVerdict.HOLD if decision.until is not None:
            held = HeldFacts(decision.reason, decision.until, 0, None)
            return _explain_held(held, service)
        case SendVerdict.WAIT if decision.reason == RefusalCode.ROAMING:
            return Wait(WaitCode.ROAMING, f"{sim.modem} is in a foreign network, where marketing waits")
        case SendVerdict.WAIT:
            return Wait(WaitCode.CLOCK, "the clock of the machine is not trusted")
        case SendVerdict.CANCEL | SendVerdict.EXPIRE:
            return Wait(WaitCode.OVER, f"it is about to end: {decision.reason}")
    if sim.is_left_to_others:
        return Wait(WaitCode.OTHER_SIM, f"the SIM in {sim.modem} has refused it, and it is left to another")
    if sim.goes_first is not None:
        return Wait(WaitCode.OTHER_SIM, f"{sim.goes_first} goes first for it")
    return None


def _join(found: Sequence[Wait]) -> Wait:
    """Returns one wait for several SIMs: each sentence once, and the time at which the first of them may send."""
    timed = [(wait.until, index) for index, wait in enumerate(found) if wait.until is not None]
    first = found[min(timed)[1]] if timed else found[0]
    sentences = dict.fromkeys([first.message, *(wait.message for wait in found)])
    return Wait(first.code, _list_first(list(sentences), 3), first.until)


def _list_first(sentences: Sequence[str], most: int) -> str:
    """Returns the first sentences in one, with how many more there are."""
    more = len(sentences) - most
    return "; ".join(sentences[:most]) + (f"; and {more} more" if more > 0 else "")


def _describe_turn(facts: QueuedFacts, rates: Sequence[float | None]) -> str:
    if facts.ahead == 0:
        return "its turn is next"
    more = "more than " if facts.ahead >= facts.counted else ""
    verb = "part goes" if facts.ahead == 1 else "parts go"
    pace = sum(rate for rate in rates if rate is not None)
    return f"{more}{facts.ahead} {verb} before it" + (f", {pace:g} a second" if pace and None not in rates else "")
