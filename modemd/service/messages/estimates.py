"""Estimates: how many parts messages take, why not fewer, what they cost, and until about when they will have been sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from modemd.clock import Clock
from modemd.light_dataclass import dataclass
from modemd.rules import sending_time
from modemd.rules.classes import MessageClass
from modemd.rules.lanes import ANY, Lane
from modemd.rules.routing import Routes
from modemd.rules.sending_time import SimCapacity, Work
from modemd.service.messages.workload import CostlyCharacter, Workload
from modemd.store import Store
from modemd.store.outbox import backlog
from modemd.store.outbox.backlog import WaitingParts

# How many characters an estimate names.
MOST_CHARACTERS = 10
# To count a million parts takes a second. One count serves for so many times as long as it took.
COUNT_SERVES = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimate of some messages. `extra_parts`: because of `characters` that the GSM alphabet does not have; `sims`: how many
    SIMs send them; `ahead`: parts that wait already and go first; `ends_at`: until about when, at pace and limits, None if that
    cannot be said; `duration_s`: from now on; `expiring`: parts that will not go out while they are worth sending; `cost`: by
    the prices of the SIMs, None if they have none."""

    messages: int
    parts: int
    extra_parts: int
    characters: tuple[CostlyCharacter, ...]
    sims: int
    ahead: int
    ends_at: datetime | None
    duration_s: int | None
    expiring: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Backlog of parts when a request came, and the capacities of the SIMs."""

    waiting: tuple[WaitingParts, ...]
    capacities: tuple[SimCapacity, ...]


class Estimates:
    """Estimates of requests and files. `list_capacities` returns what the SIMs can send."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        routes: Routes,
        list_capacities: Callable[[], Awaitable[Sequence[SimCapacity]]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._routes = routes
        self._lanes = routes.make_lane_table()
        self._list_capacities = list_capacities
        self._waiting: tuple[WaitingParts, ...] = ()
        self._count_ends = 0.0  # time of the loop
        self._added: list[WaitingParts] = []  # since the count

    def make_workload(self) -> Workload:
        """Returns a workload in which nothing is counted yet."""
        return Workload(self._lanes)

    async def read_backlog(self) -> Backlog:
        """Returns what waits now. To be read before what is estimated is stored. While the queue is long, it is not counted for
        each file anew: then it is the last count, and what files have added since."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        if began >= self._count_ends:
            self._added.clear()
            self._waiting = tuple(await self._store.read(backlog.count_waiting_parts))
            self._count_ends = loop.time() + COUNT_SERVES * (loop.time() - began)
        return Backlog((*self._waiting, *self._added), tuple(await self._list_capacities()))

    def note_accepted(self, load: Workload) -> None:
        """Adds the workload of an accepted file to the last count of the backlog."""
        now = self._clock.now()
        self._added += [
            WaitingParts(each.lane, each.message_class, each.parts)
            for each in load.list_work(now)
            if each.begins_at <= now
        ]

    def estimate(self, load: Workload, before: Backlog) -> Estimate:
        """Returns the estimate of a workload that came after a backlog."""
        now, work = self._clock.now(), load.list_work(self._clock.now())
        find_sims = partial(self._find_sims, before.capacities)
        highest = max((each.message_class.rank for each in work), default=0)
        ahead = [
            Work(each.lane or ANY, each.message_class, each.parts, now)
            for each in before.waiting
            if each.message_class.rank <= highest
        ]
        found = sending_time.estimate(work, ahead, find_sims, now)
        sims = {sim.sim for each in work for sim in find_sims(each.lane, each.message_class)}
        return Estimate(
            messages=load.messages,
            parts=load.parts,
            extra_parts=load.extra_parts,
            characters=tuple(load.list_characters(MOST_CHARACTERS)),
            sims=len(sims),
            ahead=sum(each.parts for each in ahead),
            ends_at=found.ends_at,
            duration_s=int((found.ends_at - now).total_seconds()) if found.ends_at is not None else None,
            expiring=found.expiring,
            cost=self._compute_cost(load, before.capacities),
        )

    def _find_sims(
        self, capacities: Iterable[SimCapacity], lane: Lane, message_class: MessageClass
    ) -> list[SimCapacity]:
        """Returns the SIMs that send what is in a lane: those that go first, if there are any; else all that may."""
        able = [
            (each, access) for each in capacities if (access := self._routes.find_access(each.sim, lane)) is not None
        ]
        first = [each for each, access in able if access.is_own and message_class not in each.stopped]
        return first or [each for each, _ in able]

    def _compute_cost(self, load: Workload, capacities: Sequence[SimCapacity]) -> float | None:
        """Returns what a workload costs; None if the price of a part of it is not known."""
        cost = 0.0
        for lane, parts in load.count_parts_by_lane().items():
            prices = [each.price for each in self._find_sims(capacities, lane, MessageClass.TRANSACTIONAL)]
            known = [price for price in prices if price is not None]
            if not known:
                return None
            cost += parts * min(known)
        return round(cost, 6)
