"""Dispatcher: chooses and claims the parts that each sender puts on the air.

Everything here runs on the loop. A claim is decided on the writer's thread, in the transaction that journals it; it gets only
values that do not change: `SendConditions` and `RoutingSnapshot` as they were when the claim was submitted, and `ReservedParts`
as they are when it runs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from random import Random

from modemd import logs
from modemd.clock import Clock
from modemd.connector import AttemptReport, ClaimedPart, Draft, Sender
from modemd.errors import EncodeError, StoreError
from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import QueuePlace
from modemd.rules.quotas import URGENT
from modemd.rules.routing import PREFERRED_SIM_WAIT
from modemd.rules.send_decision import SendConditions, SendVerdict
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.dispatch.encoding import encode_part, list_closings
from modemd.service.dispatch.outcomes import RETRY_S, Outcomes
from modemd.service.dispatch.policy import SendingPolicy
from modemd.service.dispatch.quota_holds import QuotaHolds
from modemd.service.dispatch.reservations import ClaimTicket, Offers, Reservations
from modemd.service.rules_in_force import RulesInForce
from modemd.store import Store
from modemd.store.queue import candidates, claims, outcomes
from modemd.store.queue.candidates import Candidate
from modemd.store.queue.claims import Claim
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult

log = logs.get(__name__)


class Dispatcher:
    """Implementation of `modemd.connector.Outbound` over the store.

    `on_settled` is called when parts may be due that were not before; `on_ready` when a sender may find something to send."""

    def __init__(
        self,
        store: Store,
        rules: RulesInForce,
        clock: Clock,
        sending_policy: SendingPolicy,
        sim_breakers: SimBreakers,
        *,
        random: Random,
        on_settled: Callable[[], None],
        on_ready: Callable[[], None],
        is_clock_trusted: Callable[[], bool],
    ) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._sending_policy = sending_policy
        self._breakers = sim_breakers
        self._is_clock_trusted = is_clock_trusted
        self._on_settled = on_settled
        self._on_ready = on_ready
        self._offers = Offers()
        self._reservations = Reservations(self._encode, self._offers)
        self._urgent_count = 0  # how often an alarm or otp may have been queued
        self._urgent_seen: dict[str, int] = {}  # that count, when a SIM last searched the queue
        self._marketing_held_sims: frozenset[str] = frozenset()
        self._recheck_timer: asyncio.TimerHandle | None = None
        self._quota_holds = QuotaHolds(store, clock, on_settled, self._retry_later)
        self._pending_claims: set[asyncio.Task[ClaimedPart | None]] = set()
        self._outcomes = Outcomes(
            store, clock, sim_breakers, random=random, on_failed=self.note_urgent, on_settled=on_settled
        )

    # Changes of the queue

    def note_queued(self, message_class: MessageClass) -> None:
        """Notes that something of this class was queued: drafts that go behind it are chosen again."""
        self._reservations.mark_overtaken(message_class)
        if message_class in URGENT:
            self.note_urgent()

    def note_urgent(self) -> None:
        """Notes that an alarm or otp may have been queued: one may be sent before its SIM's pace lets others go."""
        self._urgent_count += 1

    # Outbound

    @property
    def consent_epoch(self) -> int:
        """Counter that is raised, on the loop, before any opt-out is stored."""
        return self._store.consent_epoch

    def has_unseen_urgent(self, sender: Sender) -> bool:
        """True if an alarm or otp may have been queued since this sender last searched the queue."""
        return self._urgent_seen.get(sender.id) != self._urgent_count

    def is_current(self, sender: Sender, draft: Draft) -> bool:
        """True if nothing that goes before the draft was queued meanwhile, and the sender may still send it."""
        is_paused = self._breakers.open_until(sender.id, self._clock.now()) is not None
        return not (self._reservations.is_overtaken(draft) or is_paused or self._is_blocked)

    def end_reservation(self, draft: Draft) -> None:
        """Ends the reservation of a draft that has been claimed."""
        self._reservations.release(draft)
        if draft.is_urgent:
            self.note_urgent()  # if it was not sent, another sender that waits for its pace may send it

    def return_draft(self, draft: Draft) -> None:
        """Ends the reservation of a draft that will not be claimed, and wakes the other senders."""
        self.end_reservation(draft)
        self._on_ready()

    def find_send_fault(self, sender: Sender) -> str | None:
        """Explains why sends fail in a row if neither the messages nor the SIM are at fault. None if they do not."""
        return self._breakers.find_modem_fault(sender.id, self._clock.now())

    async def next_draft(self, sender: Sender, *, urgent: bool = False) -> Draft | None:
        """Chooses the next part for a sender, and returns it encoded; with `urgent` only a part of an alarm or OTP. Parts found
        on the way that are expired or withdrawn are ended. Returns None if there is none, or if the database takes no changes:
        it is tried again later."""
        if self._is_blocked or not self._breakers.register_request(sender.id, self._clock.now()):
            return None
        try:
            return await self._find_draft(sender, last=MessageClass.OTP if urgent else MessageClass.MARKETING)
        except StoreError as error:
            log.error("nothing can be chosen", iccid=sender.id, error=str(error))
            self._retry_later()
            return None

    def claim(self, sender: Sender, draft: Draft, *, choose_next: bool) -> asyncio.Future[ClaimedPart | None]:
        """Journals the claim of the next attempt. With `choose_next` it also chooses the part that follows, in the same
        transaction. The change is submitted before this returns. The future gives None if nothing may be sent, and raises
        StoreError."""
        epoch = self._store.consent_epoch
        sim, now, terms = sender.id, self._clock.now(), self._sending_policy.snapshot()
        conditions = self._conditions(sim)
        avoided, ticket = self._breakers.list_avoided_parts(sim, now), self._reservations.begin_claim(draft)
        self._breakers.register_request(sim, now)  # a claim chooses the next part, too, so it counts as a request
        offers, reservations = self._offers, self._reservations

        def change(db: sqlite3.Connection) -> Claim | None:
            skip = avoided.union(offers.reserved_parts(ticket, reservations.latest))
            claim = claims.claim(
                db, sim, sender.device, conditions.decide, now, skip=skip, terms=terms, ahead=choose_next
            )
            if claim is not None and claim.next_candidate is not None:
                offers.add(ticket, claim.next_candidate.part_id)
            return claim

        claiming = asyncio.get_running_loop().create_task(
            self._finish_claim(self._store.write(change), draft, epoch, ticket)
        )
        self._pending_claims.add(claiming)
        claiming.add_done_callback(self._pending_claims.discard)
        return claiming

    def close_attempt(self, sender: Sender, report: AttemptReport) -> asyncio.Future[None]:
        """Journals the outcome of an attempt."""
        return self._outcomes.close(sender, report)

    def close_attempt_lazily(self, sender: Sender, report: AttemptReport) -> None:
        """Journals the outcome of an attempt in the commit of the next claim."""
        self._outcomes.close_lazily(sender, report)

    # Marketing while roaming

    def set_marketing_held(self, sim: str, *, held: bool) -> None:
        """Sets whether a SIM begins no marketing from now on, as in a foreign network. Other SIMs may send it."""
        if held:
            self._marketing_held_sims |= {sim}
        elif sim in self._marketing_held_sims:
            self._marketing_held_sims -= {sim}
            self._on_settled()

    def is_marketing_held(self, sim: str) -> bool:
        """True if a SIM begins no marketing."""
        return sim in self._marketing_held_sims

    # Explaining

    def conditions_of(self, sim: str) -> SendConditions:
        """Returns the conditions under which a claim for a SIM would be decided now."""
        return self._conditions(sim)

    # Stopping

    async def stop(self, within_s: float) -> None:
        """Stops the holding of parts, and waits until the database has taken every claim and every outcome, for `within_s` at
        most."""
        self._quota_holds.stop()
        await self._outcomes.wait(within_s, self._pending_claims)

    def cut(self) -> None:
        """Stops at once, and gives up the outcomes that the database has not taken."""
        self._outcomes.abandon()
        self._quota_holds.stop()

    # Internals

    @property
    def _is_blocked(self) -> bool:
        """True while nothing may be claimed: the database takes no changes, or an outcome waits for it."""
        return self._outcomes.has_unstored or self._store.failure is not None

    def _conditions(self, sim: str) -> SendConditions:
        return SendConditions(
            self._rules.current(),
            self._clock.now(),
            is_clock_trusted=self._is_clock_trusted(),
            is_marketing_held=sim in self._marketing_held_sims,
        )

    def _retry_later(self) -> None:
        asyncio.get_running_loop().call_later(RETRY_S, self._on_settled)

    async def _find_draft(self, sender: Sender, last: MessageClass) -> Draft | None:
        most = candidates.INITIAL_CANDIDATES
        while True:
            now = self._clock.now()
            skip = self._breakers.list_avoided_parts(sender.id, now) | self._reservations.reserved_parts()
            terms = self._sending_policy.snapshot()
            search = partial(candidates.find, sim=sender.id, now=now, skip=skip, terms=terms, most=most)
            urgent_count = self._urgent_count
            found = await self._store.read_hot(search)
            self._urgent_seen[sender.id] = urgent_count
            self._quota_holds.start(found.exhausted_lanes, terms)
            conditions = self._conditions(sender.id)
            verdicts = [(candidate, conditions.decide(facts).verdict) for candidate, facts in found.candidates]
            sendable = [candidate for candidate, verdict in verdicts if verdict is SendVerdict.SEND]
            reserved = self._reservations.reserved_parts()  # more than before: other modems have searched meanwhile
            chosen = next((candidate for candidate in sendable if candidate.part_id not in reserved), None)
            if chosen is not None and chosen.place > QueuePlace(last):
                return None
            if chosen is not None:
                draft = await self._reserve_draft(chosen)
                if draft is not None:
                    return draft
            if sendable:
                continue
            if len(verdicts) == most < candidates.MAX_CANDIDATES:
                most = candidates.MAX_CANDIDATES
                continue
            if not any(
                verdict in (SendVerdict.CANCEL, SendVerdict.EXPIRE, SendVerdict.HOLD) for _, verdict in verdicts
            ):
                if found.has_deferred:
                    self._start_recheck_timer()
                return None
            decide = self._conditions(sender.id).decide
            clear = partial(claims.end_unsendable, sim=sender.id, decide=decide, now=self._clock.now(), terms=terms)
            if not await self._store.write(clear):
                return None

    def _start_recheck_timer(self) -> None:
        """Searches again after a while: a part that is left to another SIM now is not left to it for ever."""
        if self._recheck_timer is None:
            loop = asyncio.get_running_loop()
            self._recheck_timer = loop.call_later(PREFERRED_SIM_WAIT.total_seconds() / 3, self._recheck)

    def _recheck(self) -> None:
        self._recheck_timer = None
        self._on_settled()

    async def _finish_claim(
        self, committed: asyncio.Future[Claim | None], draft: Draft, epoch: int, ticket: ClaimTicket
    ) -> ClaimedPart | None:
        try:
            claim = await committed
        except StoreError:
            self._retry_later()
            raise
        finally:
            self._reservations.end_claim(ticket)
        if claim is None:
            return None
        candidate = claim.candidate
        self._outcomes.begin(claim.attempt_id, candidate)
        try:
            tpdu = self._reservations.encode_claimed(candidate, draft)
        except EncodeError as error:
            impossible = AttemptOutcome(claim.attempt_id, AttemptResult.REFUSED, error=f"cannot be encoded: {error}")
            await self._store.write(partial(outcomes.close_attempt, outcome=impossible, now=self._clock.now()))
            return None
        if candidate.part_id != draft.part_id:
            self.return_draft(draft)  # another modem may be free for it, long before this one has sent
        following = self._reservations.accept_offer(claim.next_candidate)
        not_after = self._window_end(candidate)
        return ClaimedPart(claim.attempt_id, candidate.part_id, candidate.message_id, tpdu, epoch, not_after, following)

    async def _reserve_draft(self, candidate: Candidate) -> Draft | None:
        """Reserves a candidate. Returns None if it cannot be encoded: its message has failed then, and the search goes on."""
        try:
            return self._reservations.reserve(candidate)
        except EncodeError as error:
            log.error("message cannot be encoded", message=candidate.message_id, error=str(error))
            failed = partial(
                outcomes.fail_message, message_id=candidate.message_id, reason=f"cannot be encoded: {error}"
            )
            await self._store.write(partial(failed, now=self._clock.now()))
            return None

    def _encode(self, candidate: Candidate) -> bytes:
        return encode_part(self._clock.now(), candidate, self._rules.current())

    def _window_end(self, candidate: Candidate) -> datetime | None:
        """Returns when quiet hours begin, before which a part must leave; and for a message that has not begun, when its window
        closes, if that is earlier. None if neither holds, or the clock is not trusted."""
        if not self._is_clock_trusted():
            return None
        bound = replace(candidate, window=None) if candidate.place.is_started else candidate
        closings = list_closings(self._clock.now(), bound, self._rules.current())
        return min(closings, default=None)
