"""Alarms: stores alarms, and notifies of each once, by SMS and by a command. `alarm_checks.py` decides when one is raised.

Raising and clearing only change what is in memory, so every part may do it at any moment, also while the database takes no
changes; one task stores and notifies."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from modemd import logs, pdu
from modemd.clock import Clock
from modemd.config import CurrentSettings, Settings
from modemd.config.alarms import AlarmSettings
from modemd.errors import ErrorCode, Refused, StoreError
from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.sending_rules import SendingRules
from modemd.service.pages import PagedList, read_paged_list
from modemd.service.rules_in_force import RulesInForce
from modemd.store import Store, alarms
from modemd.store.alarms import ActiveAlarm
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.rows import AlarmRow

log = logs.get(__name__)

# Alarms that are raised within this time share one SMS: a hub that is pulled out raises several.
GATHER_S = 10.0
# How often the task checks without being woken, and how long it waits for a database that takes no changes.
CHECK_INTERVAL_S = 60.0
RETRY_S = 5.0
# A command that has failed runs again after so long; the last period is repeated.
HOOK_RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
# Nothing can be sent: this is told each time it is raised.
NOTHING_PASSES = "none_ready"
TEST_TEXT = "modemd: this is a test of the alarms; nothing is wrong"
# Characters: an alarm takes two parts at most.
LONGEST_TEXT = 300

AlarmKey = tuple[str, str]
# A document and no class: the program gets these keys as JSON, and nothing in the service reads them.
AlarmDocument = dict[str, Any]
RunCommand = Callable[[Sequence[str], AlarmDocument, float], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class AlarmTest:
    """Result of a test: the messages that were queued, one for each administrator, and what became of the command: whether it is
    configured, and its failure."""

    messages: tuple[int, ...]
    has_command: bool
    failure: str | None


@dataclass(frozen=True, slots=True)
class _RaisedAlarm:
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _HookRun:
    raised: _RaisedAlarm
    at: datetime
    is_told: bool


@dataclass(frozen=True, slots=True)
class _HookFailure:
    times: int
    retry_at: datetime


class Alarms:
    """Active alarms; `run` is the task that stores them and notifies of them. `on_queued` is called with each message for an
    administrator."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        rules: RulesInForce,
        clock: Clock,
        on_queued: Callable[[Submitted, MessageClass], None],
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._current_settings = settings
        self._settings = settings.current().alarms  # read at the start
        self._rules = rules
        self._clock = clock
        self._on_queued = on_queued
        self._run_command = run_command
        self._active: dict[AlarmKey, _RaisedAlarm] = {}
        self._stored: set[AlarmKey] = set()
        self._hook_runs: dict[AlarmKey, _HookRun] = {}  # of alarms that the database had not taken then
        self._hook_failures: dict[int, _HookFailure] = {}  # by alarm
        self._wakeup = asyncio.Event()

    @property
    def active(self) -> frozenset[AlarmKey]:
        """Code and subject of each active alarm."""
        return frozenset(self._active)

    def raise_alarm(self, code: str, subject: str, text: str) -> None:
        """Raises an alarm; one that is active already stays as it is. `subject` tells apart several alarms of one code: an
        ICCID, a modem's name."""
        if (code, subject) not in self._active:
            log.error("alarm", code=code, subject=subject or None, what=text)
            self._active[code, subject] = _RaisedAlarm(text, self._clock.now())
            self._wakeup.set()

    def clear(self, code: str, subject: str = "") -> None:
        """Clears an alarm, if it is active."""
        if self._active.pop((code, subject), None) is not None:
            log.warning("alarm cleared", code=code, subject=subject or None)
            self._wakeup.set()

    def clear_others(self, code: str, subjects: Collection[str]) -> None:
        """Clears the active alarms of a code whose subject is not among `subjects`."""
        for own, subject in self.active:
            if own == code and subject not in subjects:
                self.clear(code, subject)

    async def list_alarms(self, *, cleared: bool, before: int | None, limit: int) -> PagedList[AlarmRow]:
        """Returns alarms, newest first: with `cleared` all of them, else those that are active. `before`: only with smaller ids;
        `limit` 0 means all."""

        async def read(last: AlarmRow | None, rows: int) -> list[AlarmRow]:
            end = last.id if last is not None else before
            return await self._store.read(partial(alarms.list_alarms, cleared=cleared, before=end, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(alarms.count_alarms, cleared=cleared, before=before))

        return await read_paged_list(read, count, limit=limit)

    async def list_active(self) -> list[AlarmRow]:
        """Returns the active alarms, newest first, as they are stored."""
        return await self._store.read(partial(alarms.list_alarms, cleared=False, limit=0))

    async def load(self) -> None:
        """Loads the alarms that were active when the previous process ended."""
        for alarm in await self._store.read(alarms.list_active):
            self._stored.add((alarm.code, alarm.subject))
            self._active.setdefault((alarm.code, alarm.subject), _RaisedAlarm(alarm.text, alarm.raised_at))

    async def run(self) -> None:
        """Stores and notifies until it is cancelled."""
        wait = 0.0
        while True:
            try:
                async with asyncio.timeout(wait):
                    await self._wakeup.wait()
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                pass
            self._wakeup.clear()
            try:
                await self._store_changes()
                wait = await self._notify()
            except StoreError as error:
                log.error("alarms wait for the database", error=str(error))
                await self._run_hook_for_unstored()
                wait = RETRY_S

    async def _store_changes(self) -> None:
        """Stores the alarms that were raised, and those that were cleared, since the last change."""
        now, wanted = self._clock.now(), dict(self._active)
        fresh = {key: raised for key, raised in wanted.items() if key not in self._stored}
        over = self._stored - wanted.keys()
        if not fresh and not over and not self._hook_runs:
            return
        ways = [way for way, is_configured in self._ways().items() if is_configured] if self._settings.all_clear else []
        commanded = {key: run.at for key, run in self._hook_runs.items() if key in fresh and run.is_told}

        def change(db: sqlite3.Connection) -> None:
            for code, subject in sorted(over):
                alarms.clear(db, code, subject, now, all_clear=ways)
            for (code, subject), raised in fresh.items():
                id = alarms.raise_alarm(db, code, subject, raised.text, raised.at)
                if id is not None and (code, subject) in commanded:
                    alarms.mark_notified(db, "command", [id], commanded[code, subject])

        await self._store.write(change)
        self._stored = set(wanted)
        runs, self._hook_runs = self._hook_runs, {}
        for key, run in runs.items():
            if key not in wanted and run.is_told and self._settings.all_clear:
                await self._run_hook(*key, run.raised.text, run.raised.at, now)

    def _ways(self) -> dict[str, bool]:
        """Returns the ways by which alarms are told, and whether each is configured."""
        return {"sms": bool(self._settings.to), "command": bool(self._settings.command)}

    async def _notify(self) -> float:
        """Sends the notifications that are due. Returns the seconds until the next is due, or until the next check."""
        now = self._clock.now()
        waits = [CHECK_INTERVAL_S]
        if self._settings.to:
            notify = partial(_submit_sms, alarm_settings=self._settings, settings=self._current_settings.current())
            submitted, later = await self._store.write(partial(notify, rules=self._rules.current(), now=now))
            for each in submitted:
                self._on_queued(each, MessageClass.ALARM)
            waits += [(later - now).total_seconds()] if later else []
        if self._settings.command:
            due, later = await self._store.read(
                partial(
                    alarms.select_for_notification,
                    way="command", hold_down=self._settings.hold_down, now=now, at_once=(NOTHING_PASSES,),
                )
            )  # fmt: skip
            over = await self._store.read(partial(alarms.list_all_clears, way="command"))
            concerned = {alarm.id for alarm in (*due, *over)}
            self._hook_failures = {id: each for id, each in self._hook_failures.items() if id in concerned}
            for alarm in (*due, *over):
                await self._notify_by_command(alarm)
            waits += [(later - now).total_seconds()] if later else []
            waits += [(each.retry_at - now).total_seconds() for each in self._hook_failures.values()]
        return max(min(waits), 1.0)

    async def _notify_by_command(self, alarm: ActiveAlarm) -> None:
        """Runs the command for an alarm that is raised, or over. It counts as told once the command has ended with 0; a command
        that fails runs again later."""
        last, now = self._hook_failures.get(alarm.id), self._clock.now()
        if last is not None and last.retry_at > now:
            return
        if await self._run_hook(alarm.code, alarm.subject, alarm.text, alarm.raised_at, alarm.cleared_at) is not None:
            times = last.times if last is not None else 0
            retry = HOOK_RETRIES[min(times, len(HOOK_RETRIES) - 1)]
            self._hook_failures[alarm.id] = _HookFailure(times + 1, self._clock.now() + retry)
            return
        self._hook_failures.pop(alarm.id, None)
        if alarm.cleared_at is not None:
            await self._store.write(partial(alarms.mark_all_clear, way="command", alarms=[alarm.id]))
        else:
            await self._store.write(
                partial(alarms.mark_notified, way="command", alarms=[alarm.id], now=self._clock.now())
            )

    async def test(self) -> AlarmTest:
        """Tells a test by every way by which alarms are told. Raises Refused (`no_alarm_way`) if none is configured."""
        if not any(self._ways().values()):
            raise Refused(ErrorCode.NO_ALARM_WAY, "nobody is told of alarms: set alarms.to or alarms.command")
        now, settings = self._clock.now(), self._current_settings.current()
        submit = partial(_submit_texts, text=TEST_TEXT, alarm_settings=self._settings, settings=settings)
        submitted = await self._store.write(partial(submit, rules=self._rules.current(), now=now))
        for each in submitted:
            self._on_queued(each, MessageClass.ALARM)
        has_command = bool(self._settings.command)
        failure = await self._run_hook("test", "", TEST_TEXT, now) if has_command else None
        return AlarmTest(tuple(each.id for each in submitted), has_command, failure)

    async def _run_hook_for_unstored(self) -> None:
        """Runs the command for alarms that the database does not take; a message cannot be sent then."""
        if not self._settings.command:
            return
        for key, raised in [each for each in self._active.items() if each[0] not in self._stored]:
            if key not in self._hook_runs:
                failure = await self._run_hook(*key, raised.text, raised.at)
                self._hook_runs[key] = _HookRun(raised, self._clock.now(), failure is None)

    async def notify_fatal(self, code: str, text: str) -> None:
        """Runs the command for an error that ends the service: nothing can be stored any more."""
        if self._settings.command:
            await self._run_hook(code, "", text, self._clock.now())

    async def _run_hook(
        self, code: str, subject: str, text: str, raised_at: datetime, cleared_at: datetime | None = None
    ) -> str | None:
        """Runs the command. Returns why it has failed; None if it ended with 0."""
        document = {
            "code": code,
            "subject": subject,
            "text": text,
            "raised_at": raised_at.isoformat(timespec="seconds"),
            "cleared_at": cleared_at.isoformat(timespec="seconds") if cleared_at is not None else None,
        }
        limit_s = self._settings.command_limit.total_seconds()
        failure = await self._run_command(self._settings.command, document, limit_s)
        if failure is not None:
            log.error("the command for alarms failed", command=self._settings.command[0], code=code, error=failure)
        return failure


def alarm_text(due: Sequence[ActiveAlarm]) -> str:
    """Returns one text for several alarms, of `LONGEST_TEXT` characters at most. They are all active, or all over."""
    texts = "; ".join(alarm.text for alarm in due)
    over = "over: " if any(alarm.cleared_at is not None for alarm in due) else ""
    text = f"modemd: {over}{texts}" if len(due) == 1 else f"modemd: {over}{len(due)} alarms: {texts}"
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 3]}..."


def _submit_sms(
    db: sqlite3.Connection, alarm_settings: AlarmSettings, settings: Settings, rules: SendingRules, now: datetime
) -> tuple[list[Submitted], datetime | None]:
    """Accepts one message for each administrator, and notes in the same change that the alarms were notified: none twice, none
    forgotten. Alarms that are over have a message of their own. Returns the messages, and when the next alarm is due."""
    due, later = alarms.select_for_notification(db, "sms", alarm_settings.hold_down, now, (NOTHING_PASSES,))
    over = alarms.list_all_clears(db, "sms")
    submitted = [
        message
        for told in (due, over)
        if told
        for message in _submit_texts(db, alarm_text(told), alarm_settings, settings, rules, now)
    ]
    alarms.mark_notified(db, "sms", [alarm.id for alarm in due], now)
    alarms.mark_all_clear(db, "sms", [alarm.id for alarm in over])
    return submitted, later


def _submit_texts(
    db: sqlite3.Connection,
    text: str,
    alarm_settings: AlarmSettings,
    settings: Settings,
    rules: SendingRules,
    now: datetime,
) -> list[Submitted]:
    """Accepts one message for each administrator."""
    parts, expires_at = pdu.plan(text).parts, now + settings.validity.alarm
    messages = [
        OutboundMessage(number, text, MessageClass.ALARM, parts, expires_at, report=settings.report)
        for number in alarm_settings.to
    ]
    return [accept.submit(db, each, rules, now) for each in messages]
