"""Recurring sends: cron expressions from modemd's own table; each run is done once for its local date and time."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from modemd import logs
from modemd.clock import Clock
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.states import MessageState
from modemd.service.authorship import check_authorship
from modemd.service.calendar.cron import CronTimes, parse_cron
from modemd.service.keys.keys import Spending
from modemd.service.messages.decisions import Authorship
from modemd.service.messages.submission import MessageRequest, Submission
from modemd.service.named_sim import MESSAGES_WAIT, find_warnings
from modemd.service.pages import PagedList, read_paged_list
from modemd.service.rules_in_force import RulesInForce
from modemd.service.store_retry import StoreRetry
from modemd.store import Store, schedules
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.rows import RunRow
from modemd.store.schedules import RunOutcome, Schedule, ScheduleContent

log = logs.get(__name__)

# Wall time may be stepped while a timer runs; this bounds how long that stays unnoticed.
LONGEST_WAIT_S = 30.0
# A run that is later than this was missed: the process did not run, or clock or database could not be used.
ON_TIME_TOLERANCE = timedelta(minutes=2)
MOST_RECIPIENTS = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)

# Counts messages against the budget of the key with an id (None: no key), as `ApiKeys.spending` does. Raises Refused with
# `forbidden` if the key has ended, with `budget_spent`.
SpendFor = Callable[[int | None, int], AbstractAsyncContextManager[Spending]]


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """Recurring send as it was asked for: `request` goes to each recipient, `cron` gives its times in the configured zone,
    `late` says whether a missed run is made up for; `api_key`: the id of the key of the caller, which binds its runs."""

    name: str
    cron: str
    to: tuple[str, ...]
    request: MessageRequest
    late: bool
    api_key: int | None = None


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """Recurring send. `next_run`: in its own zone; None while it is paused."""

    schedule: Schedule
    next_run: datetime | None


@dataclass(frozen=True, slots=True)
class ScheduleStory(ScheduleView):
    """Recurring send with its last runs, newest first."""

    runs: tuple[RunRow, ...]


@dataclass(frozen=True, slots=True)
class AddedSchedule(ScheduleStory):
    """Recurring send that was added, with warnings about its numbers and its SIM."""

    warnings: tuple[str, ...]


class RecurringSends:
    """One task (`run`) that submits the runs that are due, and the functions that the faces call."""

    def __init__(
        self,
        store: Store,
        submission: Submission,
        rules: RulesInForce,
        clock: Clock,
        zone: ZoneInfo,
        on_queued: Callable[[Submitted, MessageClass], None],
        is_clock_trusted: Callable[[], bool],
        spending: SpendFor,
    ) -> None:
        self._store = store
        self._submission = submission
        self._rules = rules
        self._clock = clock
        self._zone = zone
        self._on_queued = on_queued
        self._is_clock_trusted = is_clock_trusted
        self._spending = spending
        self._wakeup = asyncio.Event()
        self._next_runs: dict[int, tuple[datetime, datetime | None]] = {}

    # Called by the faces

    async def add(self, schedule: ScheduleRequest) -> AddedSchedule:
        """Checks a recurring send and everything that its messages are made of, and stores it.
        Raises Refused (`bad_name`, `bad_recipients`, `bad_schedule`, `bad_cron`, `name_taken`, or what `Submission.check`
        raises)."""
        if _NAME.fullmatch(schedule.name) is None:
            raise Refused(
                ErrorCode.BAD_NAME,
                f"{schedule.name!r} cannot be a name; a name has 1 to 40 small letters, digits, _ and -",
            )
        if not 0 < len(schedule.to) <= MOST_RECIPIENTS:
            raise Refused(
                ErrorCode.BAD_RECIPIENTS,
                f"a schedule has 1 to {MOST_RECIPIENTS} recipients, not {len(schedule.to)}; for more, make several schedules, or "
                "let cron run `modemd send --csv FILE --key NAME-DATE`",
            )
        if schedule.request.at is not None or schedule.request.key is not None:
            raise Refused(ErrorCode.BAD_SCHEDULE, "a schedule says when by its cron expression, and makes its own keys")
        times, now = parse_cron(schedule.cron, self._zone), self._clock.now()
        if times.next_after(now) is None:
            raise Refused(ErrorCode.BAD_CRON, f"{schedule.cron!r} never comes")
        checked = self._submission.check_each(schedule.request, schedule.to)
        first = checked[0][0]
        new = ScheduleContent(
            name=schedule.name,
            cron=schedule.cron,
            zone=self._zone.key,
            recipients=tuple(message.number for message, _ in checked),
            text=first.text,
            message_class=first.message_class,
            report=first.report,
            valid_s=self._submission.valid_s(schedule.request),
            window=schedule.request.window,
            pinned=first.pinned,
            list_name=first.list_name,
            answers=first.answers,
            late=schedule.late,
            api_key=schedule.api_key,
        )
        await self._store.write(partial(schedules.add, new=new, now=now))
        self._wakeup.set()
        added = await self.describe(schedule.name)
        warnings = tuple(each for _, some in checked for each in some)
        warnings += await find_warnings(self._store, first.pinned, MESSAGES_WAIT)
        return AddedSchedule(added.schedule, added.next_run, added.runs, warnings)

    async def list_schedules(self, *, after: str = "", limit: int = 0) -> PagedList[ScheduleView]:
        """Returns the recurring sends, by name, behind the name `after`; `limit` 0 means all."""

        async def read(last: ScheduleView | None, rows: int) -> list[ScheduleView]:
            behind = last.schedule.name if last is not None else after
            found = await self._store.read(partial(schedules.list_schedules, after=behind, limit=rows))
            return [ScheduleView(each, self._find_shown_run(each)) for each in found]

        async def count() -> int:
            return await self._store.read(partial(schedules.count_schedules, after=after))

        return await read_paged_list(read, count, limit=limit)

    async def describe(self, name: str) -> ScheduleStory:
        """Returns a recurring send with its last runs. Raises Refused (`not_found`)."""
        found = await self._store.read(partial(schedules.find_by_name, name=name))
        runs = await self._store.read(partial(schedules.list_runs, id=found.id))
        return ScheduleStory(found, self._find_shown_run(found), tuple(runs))

    async def pause(self, name: str, authorship: Authorship) -> ScheduleStory:
        """Pauses a recurring send until it is resumed. Returns it as it is then. Raises Refused (`not_found`, `no_reason`)."""
        return await self._apply_decision(schedules.pause, name, authorship)

    async def resume(self, name: str, authorship: Authorship) -> ScheduleStory:
        """Resumes a recurring send from now on; runs of the pause are not made up for. Returns it as it is then. Raises Refused
        (`not_found`, `no_reason`)."""
        return await self._apply_decision(schedules.resume, name, authorship)

    async def remove(self, name: str, authorship: Authorship) -> ScheduleStory:
        """Removes a recurring send; the messages that it has submitted go on. Returns it as it was. Raises Refused (`not_found`,
        `no_reason`)."""
        shown = await self.describe(name)
        authorship = check_authorship(authorship)
        await self._store.write(
            partial(schedules.remove, name=name, now=self._clock.now(), by=authorship.by, why=authorship.why)
        )
        self._wakeup.set()
        return shown

    async def _apply_decision(self, change: Callable[..., None], name: str, authorship: Authorship) -> ScheduleStory:
        authorship = check_authorship(authorship)
        await self._store.write(partial(change, name=name, now=self._clock.now(), by=authorship.by, why=authorship.why))
        self._wakeup.set()
        return await self.describe(name)

    def _find_shown_run(self, schedule: Schedule) -> datetime | None:
        at = None if schedule.paused else _cron_times(schedule).next_after(max(self._clock.now(), schedule.looked_at))
        return at.astimezone(ZoneInfo(schedule.zone)) if at is not None else None

    # The task

    async def run(self) -> None:
        """Submits what is due until it is cancelled. While the clock is not trusted, nothing is run."""
        retry = StoreRetry(log, "recurring sends wait for the database")
        while True:
            self._wakeup.clear()
            wait = await retry.run(self._run_due) if self._is_clock_trusted() else LONGEST_WAIT_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wakeup.wait()

    async def _run_due(self) -> float:
        """Runs one send that is due. Returns the seconds until the next one is due; 0 if one was run."""
        waits = [LONGEST_WAIT_S]
        for schedule in await self._store.read(schedules.list_schedules):
            if schedule.paused:
                continue
            now = self._clock.now()
            following = self._next_run(schedule)
            if following is not None and following <= now:
                times = _cron_times(schedule)
                await self._run_schedule(schedule, times, times.latest_between(schedule.looked_at, now) or following)
                return 0.0
            if following is not None:
                waits.append((following - now).total_seconds())
        return max(min(waits), 0.0)

    def _next_run(self, schedule: Schedule) -> datetime | None:
        """Returns the first time that was not looked at yet; the trigger is asked for it once."""
        known = self._next_runs.get(schedule.id)
        if known is None or known[0] != schedule.looked_at:
            known = self._next_runs[schedule.id] = (
                schedule.looked_at,
                _cron_times(schedule).next_after(schedule.looked_at),
            )
        return known[1]

    async def _run_schedule(self, schedule: Schedule, times: CronTimes, at: datetime) -> None:
        now = self._clock.now()
        on_time = now - at <= ON_TIME_TOLERANCE
        outcome, error = (RunOutcome.SENT if on_time else RunOutcome.LATE if schedule.late else RunOutcome.MISSED), None
        local = times.local_name(at)
        messages: list[OutboundMessage] = []
        if outcome is not RunOutcome.MISSED:
            try:
                messages = [
                    self._submission.check(_run_request(schedule, number, f"schedule:{schedule.id}:{local}:{number}"))[
                        0
                    ]
                    for number in schedule.recipients
                ]
            except Refused as refused:
                outcome, error = RunOutcome.FAILED, refused.reason
        ran = partial(schedules.execute_run, schedule=schedule, local=local, rules=self._rules.current(), now=now)
        try:
            async with self._spending(schedule.api_key, len(messages)) as spending:
                submitted = await self._store.write(partial(ran, messages=messages, outcome=outcome, error=error))
                spending.accepted = _count_accepted(submitted or ())
        except Refused as refused:  # its key has ended or has no budget left; or a text that its notice makes too long
            is_of_key = refused.code in (ErrorCode.FORBIDDEN, ErrorCode.BUDGET_SPENT)
            messages, outcome = [], RunOutcome.REFUSED if is_of_key else RunOutcome.FAILED
            error = refused.reason
            submitted = await self._store.write(partial(ran, messages=messages, outcome=outcome, error=error))
        if submitted is None:
            # Done before, by another occurrence of the same local time or before the clock was stepped.
            await self._store.write(partial(schedules.mark_checked, id=schedule.id, now=now))
            return
        log.info("schedule", name=schedule.name, local=local, outcome=outcome, messages=len(submitted), error=error)
        for each, message in zip(submitted, messages, strict=True):
            self._on_queued(each, message.message_class)


def _count_accepted(submitted: Sequence[Submitted]) -> int:
    return sum(not each.is_repetition and each.state is not MessageState.REFUSED for each in submitted)


def _cron_times(schedule: Schedule) -> CronTimes:
    return parse_cron(schedule.cron, ZoneInfo(schedule.zone))


def _run_request(schedule: Schedule, number: str, key: str) -> MessageRequest:
    return MessageRequest(
        number,
        schedule.text,
        schedule.message_class,
        key=key,
        report=schedule.report,
        short_code=not number.startswith("+"),
        valid=f"{schedule.valid_s}s" if schedule.valid_s is not None else None,
        window=schedule.window,
        sim=schedule.pinned,
        list_name=schedule.list_name,
        answers=schedule.answers,
    )
