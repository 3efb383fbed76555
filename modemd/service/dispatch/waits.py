"""Waits: collects the facts by which messages are sent or not, for the sentence that says why one waits (`rules/waits.py`).

The state of modems, breakers and pauses is taken on the loop, as a value; the rest is read in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from modemd.clock import Clock
from modemd.light_dataclass import dataclass
from modemd.rules.routing import RoutingSnapshot
from modemd.rules.send_decision import SendConditions
from modemd.rules.sending_rules import SendingRules
from modemd.rules.sim_breaker import SimBreakers
from modemd.rules.states import PartState
from modemd.rules.waits import (
    CONTACT_HOLDS,
    HeldFacts,
    QueuedFacts,
    ServiceFacts,
    SimObstacles,
    UnknownFacts,
    Wait,
    explain_wait,
)
from modemd.service.dispatch.dispatcher import Dispatcher
from modemd.service.dispatch.policy import SendingPolicy
from modemd.service.rules_in_force import RulesInForce
from modemd.store import Store
from modemd.store.queue.waiting import MOST_COUNTED, WaitingFacts, WaitingPart
from modemd.store.rows import PauseRow


@dataclass(frozen=True, slots=True)
class ModemFacts:
    """Facts about a modem, or a device that cannot be used. `sim`: the ICCID of its SIM; `fault`: why no message can pass, None
    if one can; `rate`: its pace in parts per second, None if it has no limit."""

    name: str
    sim: str | None
    fault: str | None
    rate: float | None


@dataclass(frozen=True, slots=True)
class _Sim:
    """SIM that is here, with what holds it up."""

    iccid: str
    obstacles: SimObstacles
    avoided: frozenset[int]
    conditions: SendConditions


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """State of the service at one moment."""

    service: ServiceFacts
    terms: RoutingSnapshot
    sims: tuple[_Sim, ...]
    rules: SendingRules
    pauses: tuple[PauseRow, ...]


class Waits:
    """Says why messages wait. `list_modems` returns the modems; `list_pauses` what a person has paused."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        rules: RulesInForce,
        sending_policy: SendingPolicy,
        breakers: SimBreakers,
        clock: Clock,
        zone: ZoneInfo,
        *,
        list_modems: Callable[[], Sequence[ModemFacts]],
        list_pauses: Callable[[], Sequence[PauseRow]],
        is_running: Callable[[], bool],
        is_clock_trusted: Callable[[], bool],
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._rules = rules
        self._sending_policy = sending_policy
        self._breakers = breakers
        self._clock = clock
        self._zone = zone
        self._list_modems = list_modems
        self._list_pauses = list_pauses
        self._is_running = is_running
        self._is_clock_trusted = is_clock_trusted

    async def explain(self, ids: Sequence[int]) -> Mapping[int, Wait]:
        """Returns why messages wait, by their ids; those that do not wait, or of which a part is on the air, are left out."""
        return await self._store.read(partial(_explain_all, tuple(ids), self._take_snapshot())) if ids else {}

    def _take_snapshot(self) -> _Snapshot:
        now, modems = self._clock.now(), self._list_modems()
        failure = self._store.failure
        service = ServiceFacts(
            is_running=self._is_running(),
            failure=str(failure) if failure is not None else None,
            is_clock_trusted=self._is_clock_trusted(),
            now=now,
            zone=self._zone,
            faults=tuple(f"{modem.name}: {modem.fault}" for modem in modems if modem.fault is not None),
        )
        sims = tuple(self._make_sim(modem.sim, modem, now) for modem in modems if modem.sim is not None)
        return _Snapshot(
            service, self._sending_policy.snapshot(), sims, self._rules.current(), tuple(self._list_pauses())
        )

    def _make_sim(self, iccid: str, modem: ModemFacts, now: datetime) -> _Sim:
        rests_until, error = self._breakers.open_until(iccid, now) or (None, "")
        obstacles = SimObstacles(modem.name, fault=modem.fault, rests_until=rests_until, error=error, rate=modem.rate)
        avoided = self._breakers.list_avoided_parts(iccid, now)
        return _Sim(iccid, obstacles, avoided, self._dispatcher.conditions_of(iccid))


def _explain_all(ids: Sequence[int], snapshot: _Snapshot, db: sqlite3.Connection) -> dict[int, Wait]:
    facts = WaitingFacts(db, snapshot.terms, snapshot.service.now)
    found: dict[int, Wait] = {}
    for id in ids:
        part = facts.find_part(id)
        if part is not None and not (part.state is PartState.UNKNOWN and part.is_closed):
            found[id] = explain_wait(_collect(part, facts, snapshot), part.expires_at, snapshot.service)
    return found


def _collect(part: WaitingPart, facts: WaitingFacts, snapshot: _Snapshot) -> QueuedFacts | HeldFacts | UnknownFacts:
    if part.state is PartState.UNKNOWN:
        return UnknownFacts(part.due)
    if part.state is PartState.HELD:
        return HeldFacts(part.reason, part.due, part.tries, part.window, _explain_hold(part, snapshot))
    able = [sim for sim in snapshot.sims if snapshot.terms.routes.find_access(sim.iccid, part.lane) is not None]
    bound_to = None if part.lane.is_shared else part.lane.home
    iccids = [sim.iccid for sim in able]
    earlier = (facts.find_earlier(part, iccid) for iccid in iccids)
    return QueuedFacts(
        sims=tuple(_make_obstacles(part, sim, facts, snapshot) for sim in able),
        bound_to=bound_to,
        bound_seen=facts.find_last_seen(bound_to) if bound_to is not None else None,
        has_sims=bool(snapshot.sims),
        earlier=next((each for each in earlier if each is not None), None),
        ahead=facts.count_ahead(part, iccids),
        counted=MOST_COUNTED,
    )


def _explain_hold(part: WaitingPart, snapshot: _Snapshot) -> str | None:
    """Returns what the rules on a contact say about a part that they hold, at the time that it is planned for; None if they hold
    it no more, or never did."""
    if part.reason not in CONTACT_HOLDS:
        return None
    now = snapshot.service.now
    begins = max(now, part.planned_at) if part.planned_at is not None else now
    hold = snapshot.rules.find_hold(part.message_class, part.number, part.contact, begins, part.parts)
    return hold.because if hold is not None else None


def _make_obstacles(part: WaitingPart, sim: _Sim, facts: WaitingFacts, snapshot: _Snapshot) -> SimObstacles:
    """Returns what holds a part up on a SIM. A pause binds what has not begun."""
    known = sim.obstacles
    pauses = (
        str(pause)
        for pause in snapshot.pauses
        if not part.is_started and pause.what.stops(sim.iccid, part.message_class)
    )
    others = [other.obstacles.modem for other in snapshot.sims if other.iccid != sim.iccid]
    return SimObstacles(
        known.modem,
        fault=known.fault,
        rests_until=known.rests_until,
        error=known.error,
        pause=next(pauses, None),
        decision=sim.conditions.decide(part.facts(facts.usage_of(sim.iccid))),
        is_left_to_others=part.id in sim.avoided,
        goes_first=" or ".join(others) or "another SIM" if facts.is_deferred(part, sim.iccid) else None,
        rate=known.rate,
    )
