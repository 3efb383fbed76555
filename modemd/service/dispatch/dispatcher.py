"""Which part goes to which modem, encoded; and what became of it, journaled."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random

from modemd import logs, pdu
from modemd.clock import Clock
from modemd.connector import AttemptEnding, AttemptReport, ClaimedPart, Draft
from modemd.errors import EncodeError, StoreDamaged, StoreError
from modemd.modem.status import Identity
from modemd.rules import report_matching, retry, send_decision
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.queue_place import QueuePlace
from modemd.rules.quotas import URGENT
from modemd.rules.report_matching import owner_rule
from modemd.rules.retry import ErrorClass
from modemd.rules.routing import PREFERRED_SIM_WAIT
from modemd.rules.send_decision import SendDecision, SendFacts, SendVerdict
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.dispatch.holds import QuotaHolds
from modemd.service.dispatch.policy import SendingPolicy
from modemd.service.dispatch.reservations import PartOffer, Reservations
from modemd.store import Store
from modemd.store.inbound import status_reports
from modemd.store.queue import claims, outcomes
from modemd.store.queue.claims import Candidate, Claim
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult

log = logs.get(__name__)


# The shortest validity that is asked of a service centre: relative TP-VP can say no less (3GPP TS 23.040 9.2.3.12.1).
SHORTEST_VALIDITY = timedelta(minutes=5)


# After a refusal that was the modem's or the SIM's state: others may have the part, and the modem is in order again soon.
FREED_RETRY_DELAY = timedelta(seconds=2)


# How long an outcome waits for a database that did not take it.
RETRY_S = 2.0


# `Store.write`, or `write_with_next`.
_Write = Callable[[Callable[[sqlite3.Connection], None]], asyncio.Future[None]]


class Dispatcher:
    """Chooses, claims and closes for all modems. Lives on the loop; what must hold is decided in the store's transactions."""

    def __init__(
        self,
        store: Store,
        policy: ConsentPolicy,
        clock: Clock,
        *,
        chance: Random,
        settled: Callable[[], None],
        trusted: Callable[[], bool] = lambda: True,
        traffic: Callable[[SimBreakers], SendingPolicy],
    ) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._random = chance
        self._is_clock_trusted = trusted  # the clock
        self._on_settled = settled  # a part was put off, or will be repeated: look at the timetable
        self._reservations = Reservations(self._encode_part)
        self._urgent_count = (
            0  # how often an alarm or otp may have been queued; and by SIM, when it last looked for one
        )
        self._urgent_seen: dict[str, int] = {}
        self._on_air: dict[int, Candidate] = {}  # by attempt
        self.sim_breakers = SimBreakers()
        self._marketing_held_sims: set[str] = set()
        self.sending_policy = traffic(self.sim_breakers)
        self._patience_timer: asyncio.TimerHandle | None = None
        self.quota_holds = QuotaHolds(store, clock, settled, self._retry_later)
        self._pending_claims: set[asyncio.Task[ClaimedPart | None]] = set()
        self._pending_closes: set[asyncio.Task[None]] = set()
        self._unstored_outcomes: set[int] = set()  # attempts whose outcome the database did not take yet

    def note_queued(self, message_class: MessageClass) -> None:
        """Something of this class was queued: drafts of lower classes are chosen again."""
        self._reservations.mark_overtaken(message_class)
        if message_class in URGENT:
            self.note_urgent()

    def note_urgent(self) -> None:
        """An alarm or otp may have been queued: one may go before its SIM's pace lets others go."""
        self._urgent_count += 1

    def has_unseen_urgent(self, identity: Identity) -> bool:
        return self._urgent_seen.get(identity.iccid) != self._urgent_count

    def is_current(self, identity: Identity, draft: Draft) -> bool:
        rests = self.sim_breakers.open_until(identity.iccid, self._clock.now()) is not None
        return not (self._reservations.is_overtaken(draft) or rests or self._is_blocked)

    @property
    def _is_blocked(self) -> bool:
        """Nothing is claimed while the database takes no changes, or an outcome waits for it."""
        return bool(self._unstored_outcomes) or self._store.failure is not None

    def release_draft(self, draft: Draft) -> None:
        self._reservations.release(draft)
        if draft.is_urgent:
            self.note_urgent()  # if it was not sent, whoever waits for its pace may have it

    async def next_draft(self, identity: Identity, *, urgent: bool = False) -> Draft | None:
        """The next part for a SIM, encoded; with `urgent` only if it is an alarm's or otp's. Parts that are over or withdrawn are
        ended on the way. None also where the database does not take that: it is asked again in a while."""
        if self._is_blocked or not self.sim_breakers.register_request(identity.iccid, self._clock.now()):
            return None
        try:
            return await self._find_draft(identity, last=MessageClass.OTP if urgent else MessageClass.MARKETING)
        except StoreError as error:
            log.error("nothing can be chosen", iccid=identity.iccid, error=str(error))
            self._retry_later()
            return None

    def _retry_later(self) -> None:
        asyncio.get_running_loop().call_later(RETRY_S, self._on_settled)

    async def _find_draft(self, identity: Identity, last: MessageClass) -> Draft | None:
        most = claims.INITIAL_CANDIDATES
        while True:
            now = self._clock.now()
            skip = self.sim_breakers.list_avoided_parts(identity.iccid, now) | self._reservations.reserved_parts()
            terms = self.sending_policy.terms()
            look = partial(claims.find, sim=identity.iccid, now=now, skip=skip, terms=terms, most=most)
            pressing = self._urgent_count
            found = await self._store.read_hot(look)
            self._urgent_seen[identity.iccid] = pressing
            self.quota_holds.start(found.exhausted_lanes, terms)
            decide = self._make_decider(identity.iccid)
            verdicts = [(candidate, decide(facts).verdict) for candidate, facts in found.candidates]
            going = [candidate for candidate, verdict in verdicts if verdict is SendVerdict.SEND]
            reserved = self._reservations.reserved_parts()  # more than before: other modems have looked meanwhile
            chosen = next((candidate for candidate in going if candidate.part_id not in reserved), None)
            if chosen is not None and chosen.place > QueuePlace(last):
                return None
            if chosen is not None:
                draft = await self._reserve_draft(chosen)
                if draft is not None:
                    return draft
            if going:
                continue
            if len(verdicts) == most < claims.MAX_CANDIDATES:
                most = claims.MAX_CANDIDATES
                continue
            if not any(
                verdict in (SendVerdict.WITHDRAW, SendVerdict.EXPIRE, SendVerdict.HOLD) for _, verdict in verdicts
            ):
                if found.has_deferred:
                    self._start_patience_timer()
                return None
            clear = partial(
                claims.end_unsendable, sim=identity.iccid, decide=decide, now=self._clock.now(), terms=terms
            )
            if not await self._store.write(clear):
                return None

    def _start_patience_timer(self) -> None:
        """What is left to another SIM now is not left to it for ever."""
        if self._patience_timer is None:
            loop = asyncio.get_running_loop()
            self._patience_timer = loop.call_later(PREFERRED_SIM_WAIT.total_seconds() / 3, self._end_patience)

    def _end_patience(self) -> None:
        self._patience_timer = None
        self._on_settled()

    def claim(self, identity: Identity, draft: Draft, *, ahead: bool) -> asyncio.Future[ClaimedPart | None]:
        """Journal the claim of the next attempt, and in the same transaction choose what follows it, where this is to look
        `ahead`. Submitted before this returns."""
        epoch = self._store.consent_epoch
        sim, now, terms = identity.iccid, self._clock.now(), self.sending_policy.terms()
        decide = self._make_decider(sim)
        avoided, offer = self.sim_breakers.list_avoided_parts(sim, now), PartOffer()
        self.sim_breakers.register_request(sim, now)  # it is at work, and need not choose while claims choose for it

        def change(db: sqlite3.Connection) -> Claim | None:
            skip = avoided | self._reservations.reserved_parts(own=draft)
            claim = claims.claim(db, sim, identity.imei, decide, now, skip=skip, terms=terms, ahead=ahead)
            if claim is not None and claim.next_candidate is not None:
                self._reservations.add_offer(offer, claim.next_candidate)
            return claim

        claiming = asyncio.get_running_loop().create_task(
            self._finish_claim(self._store.write(change), draft, epoch, offer)
        )
        self._pending_claims.add(claiming)
        claiming.add_done_callback(self._pending_claims.discard)
        return claiming

    async def _finish_claim(
        self, committed: asyncio.Future[Claim | None], draft: Draft, epoch: int, offer: PartOffer
    ) -> ClaimedPart | None:
        try:
            claim = await committed
        except StoreError:
            self._reservations.decline_offer(offer)
            self._retry_later()
            raise
        if claim is None:
            return None
        candidate = self._on_air[claim.attempt_id] = claim.candidate
        try:
            tpdu = self._reservations.encode_claimed(candidate, draft)
        except EncodeError as error:
            self._reservations.decline_offer(offer)
            impossible = AttemptOutcome(claim.attempt_id, AttemptResult.REFUSED, error=f"cannot be encoded: {error}")
            await self._store.write(partial(outcomes.close_attempt, outcome=impossible, now=self._clock.now()))
            return None
        not_after, following = self._window_end(candidate), self._reservations.accept_offer(offer)
        return ClaimedPart(claim.attempt_id, candidate.part_id, candidate.message_id, tpdu, epoch, not_after, following)

    def close(self, identity: Identity, attempted: AttemptReport) -> asyncio.Future[None]:
        """Journal what became of an attempt. Submitted before this returns; repeated until the database takes it, whether or
        not somebody waits: an outcome that is known must not be forgotten."""
        return asyncio.shield(self._start_close(identity, attempted, self._store.write))

    def close_with_next(self, identity: Identity, attempted: AttemptReport) -> None:
        """The same, in the commit of the next claim."""
        self._start_close(identity, attempted, self._store.write_lazily)

    def _start_close(self, identity: Identity, attempted: AttemptReport, write: _Write) -> asyncio.Task[None]:
        change = partial(
            _close_attempt,
            outcome=self._judge_outcome(identity, attempted),
            sim=identity.iccid,
            owner=self._owner_rule(identity),
            now=self._clock.now(),
        )
        closing = asyncio.get_running_loop().create_task(self._retry_close(write(change), change, attempted))
        self._pending_closes.add(closing)  # the loop itself holds tasks only weakly
        closing.add_done_callback(self._pending_closes.discard)
        return closing

    async def wait_for_outcomes(self, within_s: float) -> None:
        """Wait until the database has taken every claim and every outcome, at most so long; what it has not then is forgotten,
        and will be unknown at the next start."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while (waiting := self._pending_claims | self._pending_closes) and loop.time() < deadline:
            await asyncio.wait(waiting, timeout=deadline - loop.time())
            await asyncio.sleep(0)  # a claim that nobody waits for is withdrawn now
        if self._pending_closes:
            log.error("outcomes were not kept; they will be unknown", attempts=len(self._pending_closes))
        self.abandon_outcomes()

    def abandon_outcomes(self) -> None:
        """Wait no longer for the database."""
        for closing in self._pending_closes:
            closing.cancel()

    async def _retry_close(
        self, committed: asyncio.Future[None], change: Callable[[sqlite3.Connection], None], attempted: AttemptReport
    ) -> None:
        while True:
            try:
                await committed
            except StoreDamaged as error:
                log.error("outcome cannot be kept", **_log_fields(attempted), trouble=str(error))
                return
            except StoreError as error:
                if attempted.attempt_id not in self._unstored_outcomes:
                    log.error("outcome not kept yet", **_log_fields(attempted), trouble=str(error))
                    self._unstored_outcomes.add(attempted.attempt_id)
                await asyncio.sleep(RETRY_S)
                committed = self._store.write(change)
            else:
                self._finish_close(attempted)
                if attempted.attempt_id in self._unstored_outcomes:
                    self._unstored_outcomes.discard(attempted.attempt_id)
                    self._on_settled()
                return

    def _finish_close(self, attempted: AttemptReport) -> None:
        self._on_air.pop(attempted.attempt_id, None)
        log.info("attempt ended", **_log_fields(attempted), elapsed=round(attempted.elapsed_s, 3))
        if attempted.ending is not AttemptEnding.ACCEPTED:
            self.note_urgent()
            self._on_settled()

    def set_marketing_held(self, sim: str, *, holds: bool) -> None:
        """Whether a SIM begins no marketing from now on, as in a foreign network. Other SIMs may take it."""
        if holds:
            self._marketing_held_sims.add(sim)
        elif sim in self._marketing_held_sims:
            self._marketing_held_sims.discard(sim)
            self._on_settled()

    def is_marketing_held(self, sim: str) -> bool:
        """Whether a SIM begins no marketing."""
        return sim in self._marketing_held_sims

    def _make_decider(self, sim: str) -> Callable[[SendFacts], SendDecision]:
        """The last look for a SIM."""

        def decide(facts: SendFacts) -> SendDecision:
            return send_decision.decide(
                facts,
                self._policy,
                self._clock.now(),
                trusted=self._is_clock_trusted(),
                holds_marketing=sim in self._marketing_held_sims,
            )

        return decide

    async def _reserve_draft(self, candidate: Candidate) -> Draft | None:
        """A candidate as a draft, reserved. None: it cannot be encoded; its message has failed, and the modem goes on."""
        try:
            return self._reservations.reserve(candidate)
        except EncodeError as error:
            log.error("message cannot be encoded", message=candidate.message_id, error=str(error))
            failed = partial(
                outcomes.fail_message, message_id=candidate.message_id, reason=f"cannot be encoded: {error}"
            )
            await self._store.write(partial(failed, now=self._clock.now()))
            return None

    def _window_end(self, candidate: Candidate) -> datetime | None:
        """When the window closes in which a message must begin; None where it has none, has begun, or the clock cannot tell."""
        if candidate.window is None or candidate.place.is_started or not self._is_clock_trusted():
            return None
        return candidate.window.find_closing(self._clock.now())

    def _encode_part(self, candidate: Candidate) -> bytes:
        """The TPDU of a part. TP-VP is what is left of the message's validity, or until its window closes; TP-RD marks
        a repetition, nothing relies on it."""
        now = self._clock.now()
        closing = candidate.window.find_closing(now) if candidate.window is not None else None
        ends = candidate.expires_at if closing is None else min(candidate.expires_at, closing)
        left = max(ends - now, SHORTEST_VALIDITY)
        submits = pdu.compose(
            candidate.number,
            candidate.text,
            reference=candidate.reference,
            validity=pdu.RelativeValidity.at_least(left),
            report_requested=candidate.report,
            reject_duplicates=candidate.repeats > 0,
        )
        return submits[candidate.seq - 1].encode()

    def _owner_rule(self, identity: Identity) -> report_matching.FindOwner:
        return owner_rule(timedelta(seconds=identity.profile.send_timeout_s))

    def _judge_outcome(self, identity: Identity, attempted: AttemptReport) -> AttemptOutcome:
        """What an ending means for the journal: the class of an error decides, and what other refusals say of the SIM."""
        counts = not attempted.is_without_network
        result = _RESULT_OF_ENDING[attempted.ending]
        error, again = attempted.error, None
        if attempted.ending is AttemptEnding.REFUSED:
            profile = identity.profile
            kind = retry.classify(
                attempted.code,
                elapsed_s=attempted.elapsed_s,
                refusal_window_s=profile.refusal_window_s,
                vendor=profile.errors,
            )
            if kind is ErrorClass.UNKNOWN and attempted.written_at is not None:
                result = AttemptResult.UNKNOWN
            elif kind is ErrorClass.ACCEPTED:
                result = AttemptResult.SENT
            elif attempted.is_without_network:  # the SIM waits for its network; another may send the part
                again = partial(_freed_retry_at, self._clock.now(), self._random)
            elif self._is_sim_refusal(identity.iccid, kind, attempted):
                counts, again = False, partial(_freed_retry_at, self._clock.now(), self._random)
            else:
                again = partial(_retry_at, kind, self._clock.now(), self._random)
        if result is AttemptResult.SENT:
            self.sim_breakers.record_success(identity.iccid)
        return AttemptOutcome(
            attempted.attempt_id, result, attempted.written_at, attempted.reference, error, again, counts
        )

    def _is_sim_refusal(self, sim: str, kind: ErrorClass, attempted: AttemptReport) -> bool:
        """Whether a refusal speaks of the SIM: it rests, or only leaves this part to another SIM."""
        candidate, now = self._on_air.get(attempted.attempt_id), self._clock.now()
        if candidate is None:
            return False
        rest = self.sim_breakers.record_refusal(sim, kind, candidate.number, attempted.error or "", now)
        if rest is not None:
            log.error(
                "the SIM is refused, whoever is written to; it rests", iccid=sim, error=attempted.error, rest=rest
            )
            asyncio.get_running_loop().call_later(rest.total_seconds(), self._on_settled)
            return True
        # The rest of a started message, and what is pinned, has no other SIM.
        free = not candidate.place.is_started and candidate.message_class is not MessageClass.SYSTEM
        return kind is ErrorClass.OTHER and free and self.sim_breakers.leave_to_others(candidate.part_id, sim, now)


_RESULT_OF_ENDING = {
    AttemptEnding.ACCEPTED: AttemptResult.SENT,
    AttemptEnding.REFUSED: AttemptResult.REFUSED,
    AttemptEnding.NO_ANSWER: AttemptResult.UNKNOWN,
    AttemptEnding.WITHDRAWN: AttemptResult.WITHDRAWN,
}


def _log_fields(attempted: AttemptReport) -> dict[str, object]:
    """An ending, as the log tells it."""
    return {
        "attempt": attempted.attempt_id,
        "ending": attempted.ending,
        "reference": attempted.reference,
        "error": attempted.error,
    }


def _retry_at(kind: ErrorClass, now: datetime, chance: Random, tries: int, expires_at: datetime) -> datetime | None:
    return retry.retry_at(kind, tries, now, expires_at, chance)


def _freed_retry_at(now: datetime, chance: Random, tries: int, expires_at: datetime) -> datetime | None:
    """At once, nearly, however often the part was tried: by another SIM, or by this one when it has its network again."""
    due = now + FREED_RETRY_DELAY
    return min(due, expires_at) if now < expires_at else due


def _close_attempt(
    db: sqlite3.Connection, outcome: AttemptOutcome, sim: str, owner: report_matching.FindOwner, now: datetime
) -> None:
    """End an attempt, and look whether its report has been waiting for that."""
    outcomes.close_attempt(db, outcome, now)
    if outcome.result in (AttemptResult.SENT, AttemptResult.UNKNOWN):
        status_reports.rematch_reports(db, sim, owner, now)
