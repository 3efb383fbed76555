"""Outcomes of attempts: judges each by its ending and error class, and writes it to the journal until the database has taken
it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from modemd import logs
from modemd.clock import Clock
from modemd.connector import AttemptEnding, AttemptReport, Sender
from modemd.errors import StoreDamaged, StoreError
from modemd.rules import report_matching, retry
from modemd.rules.classes import MessageClass
from modemd.rules.report_matching import make_owner_finder
from modemd.rules.retry import ErrorClass
from modemd.rules.sim_breaker import BreakerOpening, Refusal, SimBreakers
from modemd.store import Store
from modemd.store.inbound import status_reports
from modemd.store.queue import outcomes
from modemd.store.queue.candidates import Candidate
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult

log = logs.get(__name__)

# Wait before an outcome that the database did not take is written again.
RETRY_S = 2.0

# `Store.write`, or `write_lazily`.
_Write = Callable[[Callable[[sqlite3.Connection], bool]], asyncio.Future[bool]]


class Outcomes:
    """Attempts on the air and their outcomes. Used on the loop only.

    `on_failed` is called after an attempt that was not accepted, once its outcome is stored; `on_settled` when parts may be due
    that were not before."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        breakers: SimBreakers,
        *,
        random: Random,
        on_failed: Callable[[], None],
        on_settled: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._breakers = breakers
        self._random = random
        self._on_failed = on_failed
        self._on_settled = on_settled
        self._on_air: dict[int, Candidate] = {}  # by attempt
        self._pending: set[asyncio.Task[None]] = set()
        self._unstored: set[int] = set()  # attempts whose outcome the database did not take yet

    @property
    def has_unstored(self) -> bool:
        """True while an outcome waits because the database refused it: nothing may be claimed then."""
        return bool(self._unstored)

    def begin(self, attempt_id: int, candidate: Candidate) -> None:
        """Notes that an attempt was claimed."""
        self._on_air[attempt_id] = candidate

    def close(self, sender: Sender, report: AttemptReport) -> asyncio.Future[None]:
        """Journals the outcome of an attempt. Submitted before this returns; repeated until the database takes it, whether the
        future is awaited or not: an outcome that is known must not be forgotten."""
        return asyncio.shield(self._start(sender, report, self._store.write))

    def close_lazily(self, sender: Sender, report: AttemptReport) -> None:
        """Journals the outcome of an attempt in the commit of the next change."""
        self._start(sender, report, self._store.write_lazily)

    async def wait(self, within_s: float, claims: Collection[asyncio.Future[Any]]) -> None:
        """Waits until the database has taken every claim and every outcome, for `within_s` at most. Outcomes that it has not
        taken by then are given up, and will be unknown at the next start."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while (waiting := {*claims, *self._pending}) and loop.time() < deadline:
            await asyncio.wait(waiting, timeout=deadline - loop.time())
            await asyncio.sleep(0)  # a claim that is not awaited is withdrawn now
        if self._pending:
            log.error("outcomes were not kept; they will be unknown", attempts=len(self._pending))
        self.abandon()

    def abandon(self) -> None:
        """Gives up the outcomes that the database has not taken."""
        for closing in self._pending:
            closing.cancel()

    def _start(self, sender: Sender, report: AttemptReport, write: _Write) -> asyncio.Task[None]:
        change = partial(
            _close_attempt,
            outcome=self._judge(sender, report),
            sim=sender.id,
            owner=make_owner_finder(timedelta(seconds=sender.send_timeout_s)),
            now=self._clock.now(),
        )
        closing = asyncio.get_running_loop().create_task(self._store_outcome(write(change), change, report))
        self._pending.add(closing)  # the loop itself holds tasks only weakly
        closing.add_done_callback(self._pending.discard)
        return closing

    async def _store_outcome(
        self, committed: asyncio.Future[bool], change: Callable[[sqlite3.Connection], bool], report: AttemptReport
    ) -> None:
        while True:
            try:
                has_successor = await committed
            except StoreDamaged as error:
                log.error("outcome cannot be kept", **_log_fields(report), trouble=str(error))
                return
            except StoreError as error:
                if report.attempt_id not in self._unstored:
                    log.error("outcome not kept yet", **_log_fields(report), trouble=str(error))
                    self._unstored.add(report.attempt_id)
                await asyncio.sleep(RETRY_S)
                committed = self._store.write(change)
            else:
                self._end(report, has_successor=has_successor)
                return

    def _end(self, report: AttemptReport, *, has_successor: bool) -> None:
        """Forgets an attempt whose outcome is stored, and calls `on_failed` and `on_settled` if they are concerned."""
        self._on_air.pop(report.attempt_id, None)
        log.info("attempt ended", **_log_fields(report), elapsed=round(report.elapsed_s, 3))
        if report.ending is not AttemptEnding.ACCEPTED:
            self._on_failed()
        was_unstored = report.attempt_id in self._unstored
        self._unstored.discard(report.attempt_id)
        if report.ending is not AttemptEnding.ACCEPTED or has_successor or was_unstored:
            self._on_settled()

    def _judge(self, sender: Sender, report: AttemptReport) -> AttemptOutcome:
        """Judges an ending for the journal: by the class of its error, and by what other refusals say about the SIM."""
        counts = not report.is_without_network
        result = _RESULT_OF_ENDING[report.ending]
        put_back: tuple[int, ...] = ()
        error, find_retry_time, now = report.error, None, self._clock.now()
        if report.ending is AttemptEnding.REFUSED:
            kind = retry.classify(
                report.code,
                elapsed_s=report.elapsed_s,
                refusal_window_s=sender.refusal_window_s,
                vendor=sender.vendor_errors,
            )
            if kind is ErrorClass.UNKNOWN and report.written_at is not None:
                result = AttemptResult.UNKNOWN
            elif kind is ErrorClass.ACCEPTED:
                result = AttemptResult.SENT
            elif report.is_without_network:  # the SIM waits for its network; another may send the part
                find_retry_time = partial(retry.freed_retry_at, now)
            elif (pause := self._record_refusal(sender.id, kind, report)) is not None:
                counts, put_back = False, pause.put_back
                # After a rest, another recipient is to be tried next: this one may be at fault after all.
                waits = kind.is_permanent and pause.is_repeated
                find_retry_time = partial(retry.put_back_retry_at if waits else retry.freed_retry_at, now)
            elif self._is_left_to_others(sender.id, kind, report):
                counts, find_retry_time = False, partial(retry.freed_retry_at, now)
            else:
                find_retry_time = partial(_retry_at, kind, now, self._random.random())
        if result is AttemptResult.SENT:
            self._breakers.record_success(sender.id)
        return AttemptOutcome(
            report.attempt_id, result, report.written_at, report.reference, error, find_retry_time, counts, put_back
        )

    def _record_refusal(self, sim: str, kind: ErrorClass, report: AttemptReport) -> BreakerOpening | None:
        """Counts a refusal against its SIM. Returns the SIM's pause if it is the SIM's fault and not the message's."""
        candidate = self._on_air.get(report.attempt_id)
        if candidate is None:
            return None
        refusal = Refusal(
            report.attempt_id,
            candidate.part_id,
            candidate.number,
            kind,
            report.error or "",
            is_final=kind.counts_after(candidate.tries + 1),
        )
        pause = self._breakers.record_refusal(sim, refusal, self._clock.now())
        if pause is not None:
            log.error(
                "the SIM is refused, whoever is written to; it rests", iccid=sim, error=report.error, rest=pause.rest
            )
            asyncio.get_running_loop().call_later(pause.rest.total_seconds(), self._on_settled)
        return pause

    def _is_left_to_others(self, sim: str, kind: ErrorClass, report: AttemptReport) -> bool:
        """True if the SIM will not send a part and leaves it to another SIM."""
        candidate = self._on_air.get(report.attempt_id)
        if candidate is None or kind is not ErrorClass.OTHER:
            return False
        # Further parts of a started message, and messages that are bound to a SIM, cannot be sent by another SIM.
        is_movable = not candidate.place.is_started and candidate.message_class is not MessageClass.SYSTEM
        return is_movable and self._breakers.leave_to_others(candidate.part_id, sim, self._clock.now())


_RESULT_OF_ENDING = {
    AttemptEnding.ACCEPTED: AttemptResult.SENT,
    AttemptEnding.REFUSED: AttemptResult.REFUSED,
    AttemptEnding.NO_ANSWER: AttemptResult.UNKNOWN,
    AttemptEnding.WITHDRAWN: AttemptResult.WITHDRAWN,
}


def _log_fields(report: AttemptReport) -> dict[str, object]:
    """Returns the fields by which the log names an ending."""
    return {
        "message": report.message_id,
        "attempt": report.attempt_id,
        "ending": report.ending,
        "reference": report.reference,
        "error": report.error,
    }


def _retry_at(kind: ErrorClass, now: datetime, jitter: float, tries: int, expires_at: datetime) -> datetime | None:
    return retry.retry_at(kind, tries, now, expires_at, jitter)


def _close_attempt(
    db: sqlite3.Connection, outcome: AttemptOutcome, sim: str, owner: report_matching.FindOwner, now: datetime
) -> bool:
    """Closes an attempt, and matches the status report that may have come before its outcome. Returns True if a message that had
    to wait for this one may start."""
    outcomes.close_attempt(db, outcome, now)
    if outcome.result in (AttemptResult.SENT, AttemptResult.UNKNOWN):
        status_reports.rematch_reports(db, sim, owner, now)
    return outcomes.has_successor(db, outcome.attempt_id)
