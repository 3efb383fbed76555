"""Filter watch: pauses marketing on a SIM whose messages stop arriving, or are refused one after the other."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.config.filter_watch import FilterWatchSettings
from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.filter_watch.judgement import FilterThresholds, SentMessage, count_deliveries, judge
from modemd.rules.pauses import find_stopped_classes
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.deliveries import counts, fates
from modemd.store.deliveries.counts import DayCounts
from modemd.store.deliveries.fates import DeliveryGroup
from modemd.store.events import Authorship
from modemd.store.rows import PauseRow

log = logs.get(__name__)

AUTHOR = "filter watch"
"""Author of its pauses."""
# A message without a report counts as missing after this time, and one that is delivered later as late.
SOON = timedelta(minutes=15)
# The messages that are judged; older ones are history.
RECENT = timedelta(days=1)
INTERVAL_S = 1800.0
# Attempts that are read at once: some 50 ms on a reader's thread.
STEP = 5_000
# Attempts that are judged at most. If there are more in a day, the older ones are history.
MOST_JUDGED = 20_000
# Between two steps that read what is not counted yet.
STEP_PAUSE_S = 1.0

PauseMarketing = Callable[[str, str, Authorship], Awaitable[object]]
"""Pauses a class (the first) on a SIM (the second)."""


@dataclass(frozen=True, slots=True)
class FilteredSim:
    """SIM whose marketing is to be paused, and why."""

    sim: str
    because: str


class FilterWatch:
    """One task (`run`). `list_ready_sims` returns the SIMs of the modems that can send; `list_pauses` the active pauses."""

    def __init__(
        self,
        store: Store,
        settings: FilterWatchSettings,
        clock: Clock,
        *,
        pause: PauseMarketing,
        list_pauses: Callable[[], Sequence[PauseRow]],
        list_ready_sims: Callable[[], Collection[str]],
        is_clock_trusted: Callable[[], bool],
    ) -> None:
        self._store = store
        self._thresholds = FilterThresholds(settings.fall, settings.least)
        self._clock = clock
        self._pause = pause
        self._list_pauses = list_pauses
        self._list_ready_sims = list_ready_sims
        self._is_clock_trusted = is_clock_trusted
        self._ready_before: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Checks twice an hour until it is cancelled. While the clock is not trusted, nothing is judged."""
        retry = StoreRetry(log, "the filter watch waits for the database", retry_s=INTERVAL_S)
        while True:
            self._ready_before = frozenset(self._list_ready_sims())
            await asyncio.sleep(INTERVAL_S)
            if self._is_clock_trusted():
                await retry.run(self.check)

    async def check(self) -> list[FilteredSim]:
        """Pauses marketing on each SIM whose messages are filtered. Returns those SIMs.

        Judges only SIMs that were ready at the check before, too: while a modem is unplugged, its reports wait."""
        now = self._clock.now()
        last = await self._count_history(now)
        steady = self._ready_before & frozenset(self._list_ready_sims())
        pauses = [each.what for each in self._list_pauses()]
        open_sims = frozenset(sim for sim in steady if MessageClass.MARKETING not in find_stopped_classes(pauses, sim))
        judge_all = partial(judge_sims, after=last, sims=open_sims, thresholds=self._thresholds, now=now)
        found = await self._store.read(judge_all)
        for each in found:
            log.warning("marketing is paused", sim=each.sim, because=each.because)
            await self._pause(MessageClass.MARKETING, each.sim, Authorship(AUTHOR, each.because))
        return found

    async def _count_history(self, now: datetime) -> int:
        """Adds to the history what is older than `RECENT`, step by step. Returns the last attempt that is counted."""
        last, end = await self._store.read(partial(_find_uncounted, now=now))
        while last < end:
            added = await self._store.read(partial(_count_step, after=last, until=end, now=now))
            await self._store.write(partial(counts.add_counts, added=added, now=now))
            last = added.last_attempt
            await asyncio.sleep(STEP_PAUSE_S)
        return last


def _find_uncounted(db: sqlite3.Connection, now: datetime) -> tuple[int, int]:
    """Returns the last attempt that is counted, and the last one that is to be: the ends of what is history now."""
    last = counts.find_last_counted(db)
    if last is None:
        last = fates.find_last_attempt(db, now - counts.HISTORY)
    newest = fates.find_last_attempt(db, now)
    return last, max(fates.find_last_attempt(db, now - RECENT), newest - MOST_JUDGED)


def _count_step(db: sqlite3.Connection, after: int, until: int, now: datetime) -> DayCounts:
    batch = fates.read_fates(db, after, until, now - SOON, SOON, STEP)
    return counts.count_by_day(batch, until if batch.last_attempt is None else batch.last_attempt)


def judge_sims(
    db: sqlite3.Connection, after: int, sims: Collection[str], thresholds: FilterThresholds, now: datetime
) -> list[FilteredSim]:
    """Returns those of `sims` that are filtered, by the attempts after `after` and the history before. Of a SIM whose pause a
    person has ended, only what was sent since then is judged; what was sent before is history."""
    if not sims:
        return []
    batch = fates.read_fates(db, after, fates.find_last_attempt(db, now), now - SOON, SOON, 2 * MOST_JUDGED)
    resumes = counts.read_resumes(db, MessageClass.MARKETING, now - RECENT)
    history = counts.read_history(db, now)
    newest: dict[DeliveryGroup, list[SentMessage]] = {}
    for each in batch.messages:
        resumed = resumes.get(each.group.sim)
        if resumed is not None and each.began_at <= resumed:
            history[each.group] = history.get(each.group, counts.NOTHING) + count_deliveries([each.sent])
        elif each.group.sim in sims:
            newest.setdefault(each.group, []).append(each.sent)
    evidence: dict[str, list[str]] = {}
    for group, messages in newest.items():
        finding = judge(messages, history.get(group, counts.NOTHING), thresholds)
        if finding is not None:
            evidence.setdefault(group.sim, []).append(f"{_name_group(group)}: {finding.because}")
    # Each has the figures; an alarm has room for one.
    return [FilteredSim(sim, texts[0]) for sim, texts in sorted(evidence.items())]


def _name_group(group: DeliveryGroup) -> str:
    return f"{'marketing' if group.is_marketing else 'messages other than marketing'} to {group.destination}..."
