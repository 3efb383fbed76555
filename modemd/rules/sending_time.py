"""Sending time: estimates when the SIMs will have sent some work, by their pace and limits. Pure: the time goes in.

The estimate is a fair one, not a promise: refusals, lost networks, the SIM that a contact talked with last, and messages that
come later are left out of account, and a modem that is slower than its pace takes longer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.lanes import Lane
from modemd.rules.queue_place import QueuePlace
from modemd.rules.quotas import PartCounts, QuotaUsage, find_window_starts
from modemd.rules.windows import Window

# Work that takes longer is not followed to its end.
HORIZON = timedelta(days=31)
# Zones change their time, and quotas their windows, at quarters of an hour.
_SLICE_S = 900.0
# Pace of a SIM without a limit, in parts per second. No modem is faster.
_FASTEST = 100.0


@dataclass(frozen=True, slots=True)
class SimCapacity:
    """Capacity of a SIM. `rate`: its pace in parts per second, None if it has no limit; `price` of a part, None if it is not
    known; `stopped`: the classes that it does not send now."""

    sim: str
    rate: float | None
    usage: QuotaUsage
    price: float | None = None
    stopped: frozenset[MessageClass] = frozenset()


@dataclass(frozen=True, slots=True)
class Work:
    """Parts of one class for one lane. They are sent from `begins_at` on, inside the window, until `expires_at`."""

    lane: Lane
    message_class: MessageClass
    parts: int
    begins_at: datetime
    expires_at: datetime | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class SendingTime:
    """Estimate. `ends_at`: when the last part will have gone out, None if that is not within the horizon, or if no SIM may send
    some of the work; `expiring`: parts whose validity will end before."""

    ends_at: datetime | None
    expiring: int


FindSims = Callable[[Lane, MessageClass], Sequence[SimCapacity]]


def estimate(work: Iterable[Work], ahead: Iterable[Work], find_sims: FindSims, now: datetime) -> SendingTime:
    """Estimates when `work` will have been sent, if it shares the SIMs with what waits `ahead` of it. `find_sims` returns the
    SIMs that send what is in a lane."""
    lines: dict[str, _Line] = {}

    def enlist(each: Work, *, is_ours: bool) -> _Task:
        sims = find_sims(each.lane, each.message_class)
        mine = [lines.setdefault(sim.sim, _Line(sim)) for sim in sims if each.message_class not in sim.stopped]
        return _Task(each, mine, now, is_ours)

    tasks = [enlist(each, is_ours=False) for each in ahead] + [enlist(each, is_ours=True) for each in work]
    tasks.sort(key=lambda task: QueuePlace(task.work.message_class))
    ours = [task for task in tasks if task.is_ours]
    at = 0.0
    while at < HORIZON.total_seconds() and any(task.is_open for task in ours):
        moment = now + timedelta(seconds=at)
        end = min((task.find_change(moment) for task in tasks if task.is_open), default=_SLICE_S)
        end = at + min(end, _SLICE_S - moment.timestamp() % _SLICE_S)
        for line in lines.values():
            line.enter(moment)
        for task in tasks:
            if task.is_open and task.may_send(moment):
                task.run(at, end)
        at = end
    ends = [task.ended_s for task in ours]
    last = max((end for end in ends if end is not None), default=0.0)
    is_whole = all(end is not None for end in ends)
    return SendingTime(now + timedelta(seconds=last) if is_whole else None, round(sum(task.expired for task in ours)))


class _Line:
    """SIM while its work is estimated: what it has used of its quotas, and until when, in seconds, it is busy."""

    def __init__(self, capacity: SimCapacity) -> None:
        self._limits = capacity.usage.limits
        self._first_seen = capacity.usage.counts.first_seen
        counts = capacity.usage.counts
        self._used = [float(counts.hour), float(counts.day), float(counts.month), float(counts.marketing)]
        self._now = capacity.usage.now
        self._starts = find_window_starts(self._now, self._limits.zone)
        self.rate = min(capacity.rate or _FASTEST, _FASTEST)
        self.busy_until = 0.0

    def enter(self, now: datetime) -> None:
        """Goes on to `now`; windows that have begun since have nothing used."""
        starts = find_window_starts(now, self._limits.zone)
        for period, (old, new) in enumerate(zip(self._starts, starts, strict=True)):
            if new > old:
                self._used[period] = 0.0
                if not period:
                    self._used[3] = 0.0
        self._now, self._starts = now, starts

    def find_room(self, message_class: MessageClass) -> float:
        """Returns how many parts of a class the SIM may send before a limit holds it."""
        hour, day, month, marketing = (int(used + 0.5) for used in self._used)
        usage = QuotaUsage(self._limits, PartCounts(hour, day, month, marketing, self._first_seen), self._now)
        return float(
            min((each.limit - each.used for each in usage.list_ceilings(message_class)), default=10_000_000_000)
        )

    def send(self, message_class: MessageClass, parts: float) -> None:
        """Counts parts."""
        for period in range(3):
            self._used[period] += parts
        if message_class is MessageClass.MARKETING:
            self._used[3] += parts


class _Task:
    """Work while it is estimated. `ended_s`: when, in seconds, nothing of it is left; None before, and if no SIM sends it."""

    def __init__(self, work: Work, lines: Sequence[_Line], now: datetime, is_ours: bool) -> None:
        self.work = work
        self.is_ours = is_ours
        self.expired = 0.0
        self.ended_s: float | None = None if work.parts else 0.0
        self._lines = lines
        self._began = now
        self._left = float(work.parts)

    @property
    def is_open(self) -> bool:
        """True while something is left that a SIM can send."""
        return self.ended_s is None and bool(self._lines)

    def find_change(self, moment: datetime) -> float:
        """Returns in how many seconds the work begins, or its window opens or closes next."""
        changes = [self.work.begins_at]
        if self.work.window is not None:
            changes += [self.work.window.find_closing(moment) or self.work.window.find_opening(moment)]
        if self.work.expires_at is not None:
            changes.append(self.work.expires_at)
        return min(((each - moment).total_seconds() for each in changes if each > moment), default=_SLICE_S)

    def may_send(self, moment: datetime) -> bool:
        """Returns True if the work may go out now. Work that is worth nothing any more counts as expired, and is over."""
        if self.work.expires_at is not None and moment >= self.work.expires_at:
            self.expired, self._left = self._left, 0.0
            self.ended_s = max(0.0, (self.work.expires_at - self._began).total_seconds())
            return False
        window = self.work.window
        return moment >= self.work.begins_at and (window is None or window.find_closing(moment) is not None)

    def run(self, begin: float, end: float) -> None:
        """Sends from `begin` to `end` what pace and limits of the SIMs allow; they work side by side."""
        at, kind = begin, self.work.message_class
        while self._left > 0 and at < end:
            able = [line for line in self._lines if line.find_room(kind) >= 1]
            free = [line for line in able if line.busy_until <= at]
            if not free:
                at = min((line.busy_until for line in able), default=end)
                continue
            rate = sum(line.rate for line in free)
            until = min(
                end,
                at + self._left / rate,
                *(at + line.find_room(kind) / line.rate for line in free),
                *(line.busy_until for line in able if line.busy_until > at),
            )
            for line in free:
                line.send(kind, line.rate * (until - at))
                line.busy_until = until
            self._left -= rate * (until - at)
            if self._left < 0.01:
                self._left, self.ended_s = 0.0, until
            at = until
