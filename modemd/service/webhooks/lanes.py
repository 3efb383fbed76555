"""Lanes: one for each receiver, which gets its deliveries one after the other, in a task of its own.

A receiver that fails rests, and is then tried with one delivery, each time with another, until it takes one: it costs nobody
anything but itself. Receivers that fail or are slow share few places, so that they leave the others to those that work. When a
delivery is tried again is stored with its failure: a restart changes nothing about it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.errors import ModemdError, StoreError
from modemd.light_dataclass import dataclass
from modemd.rules.changes.kinds import EventKind
from modemd.rules.webhooks.backoff import find_rest, find_retry
from modemd.service.store_retry import StoreRetry
from modemd.service.webhooks.exchange import DeliveryFailed, Post, WebhookAnswer, WebhookRequest
from modemd.service.webhooks.formats import RequestMaker
from modemd.store import Store
from modemd.store.changes import feed
from modemd.store.changes.feed import Change
from modemd.store.webhooks import callbacks, deliveries, subscriptions
from modemd.store.webhooks.callbacks import CallbackTarget
from modemd.store.webhooks.deliveries import DueDelivery, Failure
from modemd.store.webhooks.subscriptions import WebhookTarget

log = logs.get(__name__)

# Deliveries that are taken before they are noted, in one commit.
PER_NOTE = 20
# Receivers that are called at the same time: those that work and are quick, and the others.
QUICK_PLACES, SLOW_PLACES = 6, 2
SLOW_S = 2.0
# So often an answer in TwiML may go on elsewhere.
MOST_TWIML_REDIRECTS = 3
# A lane looks so often at the clock, which may have been set.
LONGEST_WAIT = timedelta(minutes=1)
# A mistake of modemd in a lane must not end the daemon.
AFTER_MISTAKE_S = 60.0
GONE = "what it told of is deleted"
NOBODY = "its webhook was removed, or the API key of the webhook has ended"
# A receiver that has taken nothing for so long needs a person.
DEAD_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ReceiverWatch:
    """Notices about the receivers of webhooks. `on_failing` is called with the id of a webhook whose receiver has
    taken nothing for `DEAD_AFTER`, and a text; `on_working` with one whose receiver has taken something, or that is removed;
    `on_start` with the ids of all webhooks."""

    on_failing: Callable[[int, str], None]
    on_working: Callable[[int], None]
    on_start: Callable[[Collection[int]], None]


@dataclass(slots=True)
class _Receiver:
    """State of a receiver: its lane, failures in a row and since when, until when it rests, and whether it was slow last."""

    lane: str
    failures: int = 0
    failing_since: datetime | None = None
    rests_until: datetime | None = None
    is_slow: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    target: WebhookTarget | CallbackTarget | None
    change: Change | None


class DeliveryLanes:
    """Lanes in which something waits, each with a task."""

    def __init__(self, store: Store, clock: Clock, maker: RequestMaker, post: Post, watch: ReceiverWatch) -> None:
        self._store = store
        self._clock = clock
        self._maker = maker
        self._post = post
        self._watch = watch
        self._retry = StoreRetry(log, "webhooks wait for the database")
        self._wakeups: dict[str, asyncio.Event] = {}  # of the lanes that have a task
        self._noticed: set[str] = set()
        self._has_noticed = asyncio.Event()
        self._quick = asyncio.Semaphore(QUICK_PLACES)
        self._slow = asyncio.Semaphore(SLOW_PLACES)

    def notice(self, lanes: Collection[str]) -> None:
        """Notices that there is something to deliver in these lanes."""
        self._noticed.update(lanes)
        self._has_noticed.set()

    async def run(self) -> None:
        """Delivers until it is cancelled."""
        there = await self._retry.run(lambda: self._store.read(subscriptions.list_webhooks))
        self._watch.on_start([each.id for each in there])
        self.notice(await self._retry.run(lambda: self._store.read(deliveries.list_lanes)))
        async with asyncio.TaskGroup() as group:
            while True:
                await self._has_noticed.wait()
                self._has_noticed.clear()
                noticed, self._noticed = self._noticed, set()
                for lane in sorted(noticed):
                    if lane in self._wakeups:
                        self._wakeups[lane].set()
                    else:
                        self._wakeups[lane] = asyncio.Event()
                        group.create_task(self._run_lane(lane), name=f"webhook lane {lane}")

    async def _run_lane(self, lane: str) -> None:
        """Delivers what waits in a lane, until nothing does."""
        receiver, woken = _Receiver(lane), self._wakeups[lane]
        try:
            while True:
                try:
                    if not await self._step(receiver, woken):
                        return
                except StoreError as error:
                    log.error("webhooks wait for the database", error=str(error))
                    await asyncio.sleep(self._retry.retry_s)
                except Exception:
                    log.exception("a mistake in a lane of webhooks", receiver=lane)
                    await asyncio.sleep(AFTER_MISTAKE_S)
        finally:
            del self._wakeups[lane]

    async def _step(self, receiver: _Receiver, woken: asyncio.Event) -> bool:
        """Delivers what is due, or waits. Returns False if nothing waits in the lane."""
        woken.clear()
        now = self._clock.now()
        if receiver.rests_until is not None and now < receiver.rests_until:
            await asyncio.sleep(min(receiver.rests_until - now, LONGEST_WAIT).total_seconds())
            return True
        due = await self._store.read(partial(deliveries.list_due, lane=receiver.lane, now=now, limit=PER_NOTE))
        if due:
            await self._deliver(due, receiver)
            return True
        next_due = await self._store.read(partial(deliveries.find_next_due, lane=receiver.lane))
        if next_due is not None:
            wait_s = min(max(next_due - now, timedelta()), LONGEST_WAIT).total_seconds()
            try:
                async with asyncio.timeout(wait_s):
                    await woken.wait()
            except TimeoutError:
                pass
        return next_due is not None or woken.is_set()

    async def _deliver(self, due: list[DueDelivery], receiver: _Receiver) -> None:
        """Delivers until one fails; what was taken is noted, also if the service ends meanwhile."""
        taken: list[tuple[int, int | None]] = []
        noted = None
        try:
            for each in due:
                now = self._clock.now()
                job = await self._store.read(partial(_read_job, delivery=each, now=now))
                if job.target is None or job.change is None:
                    why = NOBODY if job.target is None else GONE
                    await self._store.write(partial(deliveries.bury, id=each.id, why=why, now=now))
                    continue
                request = self._maker.make(job.target, job.change, now)
                if request is None:  # its format has no word for this
                    taken.append((each.id, None))
                    continue
                try:
                    answer = await self._send(request, receiver)
                except DeliveryFailed as error:
                    await self._fail(each, None, str(error), receiver)
                    break
                if not answer.is_success:
                    await self._fail(each, answer.status, f"the receiver answered {answer.status}", receiver)
                    break
                self._note_success(each, receiver)
                await self._take_reply(job.target, job.change, request, answer, receiver)
                taken.append((each.id, answer.status))
        finally:
            if taken:
                note = partial(deliveries.mark_delivered, delivered=tuple(taken), now=self._clock.now())
                noted = self._store.write(note)
        if noted is not None:
            await noted

    async def _send(self, request: WebhookRequest, receiver: _Receiver) -> WebhookAnswer:
        loop = asyncio.get_running_loop()
        async with self._slow if receiver.failures or receiver.is_slow else self._quick:
            began = loop.time()
            try:
                return await self._post(request)
            finally:
                receiver.is_slow = loop.time() - began > SLOW_S

    def _note_success(self, delivery: DueDelivery, receiver: _Receiver) -> None:
        if delivery.webhook is not None:
            self._watch.on_working(delivery.webhook)
        if receiver.failures:
            log.info("a receiver of webhooks works again", receiver=receiver.lane, failures=receiver.failures)
        receiver.failures, receiver.failing_since, receiver.rests_until = 0, None, None

    async def _take_reply(
        self,
        target: WebhookTarget | CallbackTarget,
        change: Change,
        request: WebhookRequest,
        answer: WebhookAnswer,
        receiver: _Receiver,
    ) -> None:
        """Hands on what a receiver in the format of Twilio answers to an inbound message, and asks further where it says so. What
        cannot be had there is logged, and not asked for again: the change itself was told."""
        if (
            self._maker.twilio is None
            or not isinstance(target, WebhookTarget)
            or target.format != "twilio"
            or change.kind is not EventKind.INBOX_RECEIVED
        ):
            return
        try:
            for hop in range(MOST_TWIML_REDIRECTS + 1):
                take = self._maker.twilio.on_reply
                redirect = await take(change, answer.body, answer.content_type, target.key_id, hop)
                if redirect is None:
                    return
                further = self._maker.make_redirected(request.url, redirect, target.key_id, change)
                if further is None:  # the key was revoked meanwhile
                    return
                if hop == MOST_TWIML_REDIRECTS:
                    raise DeliveryFailed(f"<Redirect> leads further than {hop} times")
                request, answer = further, await self._send(further, receiver)
                if not answer.is_success:
                    raise DeliveryFailed(f"<Redirect> was answered with {answer.status}")
        except StoreError:
            raise
        except ModemdError as error:
            log.warning("the reply of a receiver was not taken", webhook=target.id, because=str(error))
        except Exception:  # a mistake of modemd: the receiver has taken the change, and must not get it again for ever
            log.exception("a mistake with the reply of a receiver", webhook=target.id)

    async def _fail(self, delivery: DueDelivery, status: int | None, why: str, receiver: _Receiver) -> None:
        """Notes a failure. One of a receiver that worked is the delivery's; those behind it are the receiver's."""
        now = self._clock.now()
        is_strike = not receiver.failures
        receiver.failures += 1
        since = receiver.failing_since = receiver.failing_since or now
        receiver.rests_until = now + find_rest(receiver.failures)
        due = now + find_retry(delivery.strikes + 1) if is_strike else receiver.rests_until
        failure = Failure(status, why, due, is_strike)
        dead = await self._store.write(partial(deliveries.mark_failed, id=delivery.id, failure=failure, now=now))
        # A receiver that stays dead is told of once.
        tell = log.warning if receiver.failures == 1 or dead else log.debug
        tell(
            "a webhook was not delivered", receiver=receiver.lane, delivery=delivery.id, failures=receiver.failures,
            because=why, dead=dead or None,
        )  # fmt: skip
        if delivery.webhook is not None and now - since >= DEAD_AFTER:
            self._watch.on_failing(
                delivery.webhook,
                f"webhook {delivery.webhook} has taken nothing since {since:%Y-%m-%d %H:%M} UTC: {why}",
            )


def _read_job(db: sqlite3.Connection, delivery: DueDelivery, now: datetime) -> _Job:
    target: WebhookTarget | CallbackTarget | None
    if delivery.webhook is not None:
        target = subscriptions.find_target(db, delivery.webhook, now)
    else:
        target = callbacks.find_callback(db, delivery.callback or 0)
    return _Job(target, feed.read_change(db, delivery.change_id))
