"""Incoming alerts: each group of alerts becomes one text to the numbers of a receiver, once.

A monitoring system posts a group again if it got no answer, after its own restart, and to remind: the same alerts are told again
only after `repeat`. In a storm, further groups are stored and withheld; ten minutes later one text tells of all of them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.config.doors import AlertDoorSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.alerts import wording
from modemd.rules.alerts.alert_group import AlertGroup, make_group_key
from modemd.rules.classes import MessageClass
from modemd.rules.sending_rules import SendingRules
from modemd.rules.states import MessageState
from modemd.service.alerts.gsm_text import fit_gsm
from modemd.service.alerts.signatures import AlertSignatures
from modemd.service.messages.submission import MessageRequest, Submission
from modemd.service.rules_in_force import RulesInForce
from modemd.service.store_retry import StoreRetry
from modemd.store import Store, alert_texts
from modemd.store.alert_texts import AcceptedAlerts, WithheldAlerts
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage

log = logs.get(__name__)

MOST_PARTS = 2
# So many texts a receiver gets in this time; what is withheld waits as long.
STORM_PERIOD = timedelta(minutes=10)
# What is older says nothing any more: longer than the longest `repeat`.
KEPT = timedelta(days=8)
CHECK_INTERVAL_S = 60.0


class AlertOutcome(StrEnum):
    """Outcome of a group that was posted: `accepted`: it was told; `repeated`: it was told before; `withheld`: it will be told
    with others; `nothing`: no alert of it is to be told; `refused`: no number may be written to."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    WITHHELD = "withheld"
    NOTHING = "nothing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AlertAnswer:
    """Answer to a group that was posted: the receiver, the outcome, and the messages that were made of it."""

    receiver: str
    outcome: AlertOutcome
    messages: tuple[int, ...] = ()


class IncomingAlerts:
    """Texts about alerts. `doors`: the settings of the doors that are open, by name; `on_queued` is called with each message;
    `run` is the task that tells of what was withheld; `signatures` checks what is posted."""

    def __init__(
        self,
        store: Store,
        doors: Mapping[str, AlertDoorSettings],
        submission: Submission,
        rules: RulesInForce,
        clock: Clock,
        on_queued: Callable[[Submitted, MessageClass], None],
    ) -> None:
        self._store = store
        self._doors = doors
        self.signatures = AlertSignatures(doors, clock)
        self._submission = submission
        self._rules = rules
        self._clock = clock
        self._on_queued = on_queued
        self._wakeup = asyncio.Event()

    async def receive(self, door: str, name: str | None, group: AlertGroup, sim: str | None = None) -> AlertAnswer:
        """Stores what becomes of a group: the answer comes after the commit. `name`: the receiver; None: the one of the name
        that the group has, or the only one. `sim`: the only one that may send. Raises Refused (`no_receiver`)."""
        settings = self._doors[door]
        receiver = _choose_receiver(settings, name, group.receiver)
        alerts = group.select(resolved=settings.resolved)
        if not alerts:
            return AlertAnswer(receiver, AlertOutcome.NOTHING)
        text = wording.word_alerts(alerts, group.truncated, settings.text)
        key = make_group_key(door, receiver, group, alerts)
        summary = fit_gsm(wording.describe_alerts(alerts), 1)
        accepted = AcceptedAlerts(door, receiver, key, len(alerts) + group.truncated, summary)
        messages = self._make_messages(settings.receivers[receiver], text, sim)
        now = self._clock.now()
        take = partial(_take, accepted=accepted, messages=messages, repeat=settings.repeat, most=settings.most)
        outcome, submitted = await self._store.write(partial(take, rules=self._rules.current(), now=now))
        log.info("alerts came in", door=door, receiver=receiver, alerts=len(alerts), outcome=outcome.value)
        for each in submitted:
            self._on_queued(each, MessageClass.ALARM)
        if outcome is AlertOutcome.WITHHELD:
            self._wakeup.set()
        return AlertAnswer(receiver, outcome, tuple(each.id for each in submitted))

    async def run(self) -> None:
        """Tells of what was withheld, until it is cancelled."""
        retry = StoreRetry(log, "alerts that were withheld wait for the database")
        while True:
            self._wakeup.clear()
            wait = await retry.run(self.run_step)
            try:
                async with asyncio.timeout(wait):
                    await self._wakeup.wait()
            except TimeoutError:
                pass

    async def run_step(self) -> float:
        """Tells of what was withheld long enough, with one text for each receiver. Returns the seconds until the next look."""
        now = self._clock.now()
        waiting: dict[tuple[str, str], list[WithheldAlerts]] = {}
        for each in await self._store.read(alert_texts.list_withheld):
            waiting.setdefault((each.door, each.receiver), []).append(each)
        waits = [CHECK_INTERVAL_S]
        for (door, receiver), withheld in waiting.items():
            left = (withheld[0].accepted_at + STORM_PERIOD - now).total_seconds()
            if 0 < left <= STORM_PERIOD.total_seconds():  # more, if a wrong clock has dated it
                waits.append(left)
            else:
                await self._tell_of_storm(door, receiver, withheld)
        return min(waits)

    async def _tell_of_storm(self, door: str, receiver: str, withheld: Sequence[WithheldAlerts]) -> None:
        """Accepts one text about all that was withheld, in the same change that ends its waiting."""
        settings = self._doors.get(door)
        numbers = settings.receivers.get(receiver, ()) if settings is not None else ()
        text = wording.word_digest([each.alerts for each in withheld], [each.summary for each in withheld])
        messages = self._make_messages(numbers, text) if numbers else []
        ids = [each.id for each in withheld]
        tell = partial(_tell_of_storm, ids=ids, messages=messages, rules=self._rules.current(), now=self._clock.now())
        submitted = await self._store.write(tell)
        log.warning(
            "a storm of alerts was told in one text",
            door=door, receiver=receiver, groups=len(ids), messages=len(submitted),
        )  # fmt: skip
        for each in submitted:
            self._on_queued(each, MessageClass.ALARM)

    def _make_messages(self, numbers: Sequence[str], text: str, sim: str | None = None) -> list[OutboundMessage]:
        request = MessageRequest("", fit_gsm(text, MOST_PARTS), MessageClass.ALARM, sim=sim)
        return [new for new, _ in self._submission.check_each(request, numbers)]


def _choose_receiver(settings: AlertDoorSettings, name: str | None, told: str) -> str:
    receivers = settings.receivers
    if name is None and told not in receivers and len(receivers) == 1:
        return next(iter(receivers))
    wanted = told if name is None else name
    if wanted not in receivers:
        known = ", ".join(receivers)
        raise Refused(ErrorCode.NO_RECEIVER, f"there is no receiver {wanted[:50]!r}; the configuration has {known}")
    return wanted


def _take(
    db: sqlite3.Connection,
    accepted: AcceptedAlerts,
    messages: Sequence[OutboundMessage],
    repeat: timedelta,
    most: int,
    rules: SendingRules,
    now: datetime,
) -> tuple[AlertOutcome, list[Submitted]]:
    """Decides what becomes of alerts, and stores it with the messages: none is told twice, none is forgotten."""
    if alert_texts.is_known(db, accepted.key, now - repeat, now):
        return AlertOutcome.REPEATED, []
    alert_texts.delete_old(db, now - KEPT)
    if alert_texts.count_texts(db, accepted.door, accepted.receiver, now - STORM_PERIOD, now) >= most:
        alert_texts.add(db, accepted, now, withheld=True)
        return AlertOutcome.WITHHELD, []
    submitted = [accept.submit(db, each, rules, now) for each in messages]
    if all(each.state is MessageState.REFUSED for each in submitted):
        return AlertOutcome.REFUSED, submitted  # not known then: the reason may pass
    alert_texts.add(db, accepted, now, withheld=False)
    return AlertOutcome.ACCEPTED, submitted


def _tell_of_storm(
    db: sqlite3.Connection,
    ids: Sequence[int],
    messages: Sequence[OutboundMessage],
    rules: SendingRules,
    now: datetime,
) -> list[Submitted]:
    alert_texts.mark_told(db, ids)
    return [accept.submit(db, each, rules, now) for each in messages]
