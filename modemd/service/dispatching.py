"""Which part goes to which modem, encoded; and what became of it, journaled."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random

from modemd import logs, pdu
from modemd.clock import Clock
from modemd.errors import EncodeError, StoreError
from modemd.modem.desk import Attempted, Claimed, Draft, Ending, Identity
from modemd.rules import claiming, evidence, numbers, retry
from modemd.rules.claiming import ConsentPolicy, Decision, Facts, Verdict
from modemd.rules.evidence import Told, Tried
from modemd.rules.retry import ErrorClass
from modemd.store import Store, claims, reports
from modemd.store.claims import Candidate, Claim, Outcome, Result

log = logs.get(__name__)

# The shortest validity that is asked of a service centre: relative TP-VP can say no less (3GPP TS 23.040 9.2.3.12.1).
SHORTEST_VALIDITY = timedelta(minutes=5)
# How long an outcome waits for a database that did not take it.
RETRY_S = 2.0


class Dispatcher:
    """Chooses, claims and closes for all modems. Lives on the loop; what must hold is decided in the store's transactions."""

    def __init__(
        self, store: Store, policy: ConsentPolicy, clock: Clock, *, chance: Random, settled: Callable[[], None]
    ) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._chance = chance
        self._settled = settled  # a part was put off, or will be repeated: look at the timetable
        self._reserved: dict[int, Candidate] = {}  # by part: drafts that are not claimed yet
        self._overtaken: set[int] = set()
        self._closings: set[asyncio.Task[None]] = set()

    def queued(self, rank: int) -> None:
        """Something of this class (its rank) was queued: drafts of lower classes are chosen again."""
        self._overtaken |= {part for part, own in self._reserved.items() if own.rank > rank * 2 + 1}

    def fresh(self, draft: Draft) -> bool:
        return draft.part_id not in self._overtaken

    def release(self, draft: Draft) -> None:
        self._reserved.pop(draft.part_id, None)
        self._overtaken.discard(draft.part_id)

    async def choose(self, identity: Identity) -> Draft | None:
        """The next part for a SIM, encoded. Parts that are over or withdrawn are ended on the way."""
        while True:
            found = await self._store.read(
                partial(claims.candidates, sim=identity.iccid, now=self._clock.now(), skip=frozenset(self._reserved))
            )
            verdicts = [(candidate, self._decide(facts).verdict) for candidate, facts in found]
            going = (candidate for candidate, verdict in verdicts if verdict is Verdict.SEND)
            chosen = next((candidate for candidate in going if candidate.part_id not in self._reserved), None)
            if chosen is not None:
                draft = await self._draft(chosen)
                if draft is not None:
                    return draft
                continue
            if not any(verdict in (Verdict.WITHDRAW, Verdict.EXPIRE) for _, verdict in verdicts):
                return None
            clear = partial(claims.clear, sim=identity.iccid, decide=self._decide, now=self._clock.now())
            if not await self._store.write(clear):
                return None

    def claim(self, identity: Identity, draft: Draft, before: Attempted | None) -> asyncio.Future[Claimed | None]:
        """Journal the end of one attempt and the claim of the next in one commit. Submitted before this returns."""
        epoch = self._store.consent_epoch
        others = frozenset(self._reserved.keys() - {draft.part_id})
        outcome = self._outcome(identity, before) if before is not None else None
        owner = self._owner(identity)
        now = self._clock.now()

        def change(db: sqlite3.Connection) -> Claim | None:
            if outcome is not None:
                _close(db, outcome, identity.iccid, owner, now)
            return claims.claim(db, identity.iccid, identity.imei, self._decide, now, skip=others)

        committed = self._store.write(change)
        return asyncio.ensure_future(self._claimed(committed, draft, epoch, before))

    async def _claimed(
        self, committed: asyncio.Future[Claim | None], draft: Draft, epoch: int, before: Attempted | None
    ) -> Claimed | None:
        claim = await committed
        if before is not None:
            self._closed(before)
        if claim is None:
            return None
        candidate = claim.candidate
        if candidate == self._reserved.get(draft.part_id):
            tpdu = draft.tpdu
        else:  # another part, or the same with another reference: a message to that number began meanwhile
            try:
                tpdu = self._encode(candidate)
            except EncodeError as error:
                impossible = Outcome(claim.attempt_id, Result.REFUSED, error=f"cannot be encoded: {error}")
                await self._store.write(partial(claims.close, outcome=impossible, now=self._clock.now()))
                return None
        return Claimed(claim.attempt_id, candidate.part_id, candidate.message_id, tpdu, epoch)

    def close(self, identity: Identity, attempted: Attempted) -> asyncio.Future[None]:
        """Journal what became of an attempt. Submitted before this returns; repeated until the database takes it: an
        outcome that is known must not be forgotten."""
        change = partial(
            _close,
            outcome=self._outcome(identity, attempted),
            sim=identity.iccid,
            owner=self._owner(identity),
            now=self._clock.now(),
        )
        closing = asyncio.ensure_future(self._until_closed(self._store.write(change), change, attempted))
        self._closings.add(closing)  # the loop itself holds tasks only weakly
        closing.add_done_callback(self._closings.discard)
        return closing

    async def _until_closed(
        self, committed: asyncio.Future[None], change: Callable[[sqlite3.Connection], None], attempted: Attempted
    ) -> None:
        while True:
            try:
                await asyncio.shield(committed)
            except StoreError as error:
                log.error("outcome not kept yet", attempt=attempted.attempt_id, error=str(error))
                await asyncio.sleep(RETRY_S)
                committed = self._store.write(change)
            else:
                self._closed(attempted)
                return

    def _closed(self, attempted: Attempted) -> None:
        log.info(
            "attempt ended",
            attempt=attempted.attempt_id,
            ending=attempted.ending,
            reference=attempted.reference,
            error=attempted.error,
            elapsed=round(attempted.elapsed_s, 3),
        )
        if attempted.ending is not Ending.ACCEPTED:
            self._settled()

    def _decide(self, facts: Facts) -> Decision:
        return claiming.decide(facts, self._policy, self._clock.now())

    async def _draft(self, candidate: Candidate) -> Draft | None:
        """A candidate as a draft, reserved. None: it cannot be encoded; its message has failed, and the modem goes on."""
        try:
            tpdu = self._encode(candidate)
        except EncodeError as error:
            log.error("message cannot be encoded", message=candidate.message_id, error=str(error))
            failed = partial(claims.fail, message_id=candidate.message_id, reason=f"cannot be encoded: {error}")
            await self._store.write(partial(failed, now=self._clock.now()))
            return None
        self._reserved[candidate.part_id] = candidate
        return Draft(candidate.part_id, tpdu, candidate.rank, candidate.seq == 1 and candidate.parts > 1)

    def _encode(self, candidate: Candidate) -> bytes:
        """The TPDU of a part. TP-VP is what is left of the message's validity; TP-RD marks a repetition, nothing relies on it."""
        left = max(candidate.expires_at - self._clock.now(), SHORTEST_VALIDITY)
        submits = pdu.compose(
            candidate.number,
            candidate.text,
            reference=candidate.reference,
            validity=pdu.RelativeValidity.at_least(left),
            report_requested=candidate.report,
            reject_duplicates=candidate.repeats > 0,
        )
        return submits[candidate.seq - 1].encode()

    def _owner(self, identity: Identity) -> reports.Owner:
        return owner_rule(timedelta(seconds=identity.profile.send_timeout_s))

    def _outcome(self, identity: Identity, attempted: Attempted) -> Outcome:
        """What an ending means for the journal: the class of an error decides."""
        result = _RESULTS[attempted.ending]
        error, again = attempted.error, None
        if attempted.ending is Ending.REFUSED:
            profile = identity.profile
            kind = retry.classify(
                attempted.code,
                elapsed_s=attempted.elapsed_s,
                refusal_window_s=profile.refusal_window_s,
                vendor=profile.errors,
            )
            if kind is ErrorClass.UNKNOWN and attempted.written_at is not None:
                result = Result.UNKNOWN
            elif kind is ErrorClass.ACCEPTED:
                result = Result.SENT
            else:
                again = partial(_retry, kind, self._clock.now(), self._chance)
        return Outcome(attempted.attempt_id, result, attempted.written_at, attempted.reference, error, again)


_RESULTS = {
    Ending.ACCEPTED: Result.SENT,
    Ending.REFUSED: Result.REFUSED,
    Ending.NO_ANSWER: Result.UNKNOWN,
    Ending.WITHDRAWN: Result.WITHDRAWN,
}


def _retry(kind: ErrorClass, now: datetime, chance: Random, tries: int, expires_at: datetime) -> datetime | None:
    return retry.retry_at(kind, tries, now, expires_at, chance)


def _close(db: sqlite3.Connection, outcome: Outcome, sim: str, owner: reports.Owner, now: datetime) -> None:
    """End an attempt, and look whether its report has been waiting for that."""
    claims.close(db, outcome, now)
    if outcome.result in (Result.SENT, Result.UNKNOWN):
        reports.match_again(db, sim, owner, now)


def owner_rule(send_timeout: timedelta) -> reports.Owner:
    """How the owner of a report is found, for a modem that waits `send_timeout` for an answer."""

    def owner(told: Told, attempts: Sequence[Tried]) -> int | None:
        return evidence.owner(told, attempts, numbers.same_number, send_timeout)

    return owner
