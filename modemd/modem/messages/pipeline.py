"""Part after part through one modem: a claim chooses the next part too, and takes the outcome before it into its commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from modemd import logs
from modemd.connector import AttemptEnding, Draft, Outbound
from modemd.errors import Restarted, StoreError
from modemd.modem.messages.sender import PROMPT_PATIENCE_S, PartSender, SendResult
from modemd.modem.recovery.escalation import RecoverySign
from modemd.modem.recovery.recovery import Recovery
from modemd.modem.recovery.symptoms import Symptoms
from modemd.modem.status import Identity, ModemLine, ModemStatus

log = logs.get(__name__)

# The longest interval between parts for which choosing ahead is worth while: one that waits longer leaves the part to others.
AHEAD_S = 0.25
# No service centre, no network service, no route: that, and the registration, may have gone (3GPP TS 27.005 3.2.5).
_NO_NETWORK = frozenset({330, 331, 332})
# What a modem may answer that has lost its PDU mode, or its SIM: a bare ERROR, not allowed, not supported, invalid; 310 and on.
_NOT_IN_ORDER = _NO_NETWORK | frozenset({None, 302, 303, 304, 305, *range(310, 319)})


class Pipeline:
    """What is chosen for one modem, and the pace. Only its task calls it."""

    def __init__(
        self, line: ModemLine, status: ModemStatus, outbound: Outbound, symptoms: Symptoms, recovery: Recovery
    ) -> None:
        self._line = line
        self._status = status
        self._outbound = outbound
        self._symptoms = symptoms
        self._recovery = recovery
        self._loop = asyncio.get_running_loop()
        self._draft: Draft | None = None
        self._closed = False
        self.next_send = 0.0

    async def send(self, sender: PartSender, identity: Identity, is_in_order: Callable[[], Awaitable[bool]]) -> bool:
        """Send one part, if one is due and the pace allows. False: there is nothing to do but wait. `look` tells whether the
        modem was in order, registered and with a service centre: then a refusal is the message's own. ReplyTimeout where
        the modem did not answer."""
        rate = self._line.rate(identity.iccid)
        interval_s = max(1 / rate if rate else 0.0, identity.profile.send_interval_s)
        is_borrowing = self._loop.time() < self.next_send
        if is_borrowing and not self._may_borrow(identity, interval_s):
            return True
        draft = await self._next_draft(identity, urgent=is_borrowing)
        if draft is None:
            return is_borrowing
        started_at = self._loop.time()
        prompt_timer = self._loop.call_later(PROMPT_PATIENCE_S, self._give_up_prompt, draft, sender)
        sent: SendResult | None = None
        try:
            choose_next = interval_s <= AHEAD_S and not self._closed
            sent = await sender.send(draft, choose_next, self._set_next_draft)
        except Restarted as restarted:
            log.warning("nothing was sent", modem=self._line.name, error=str(restarted))
            return True
        except StoreError as error:
            # Nothing was journaled and nothing written. The dispatcher wakes us when it is worth another try.
            log.error("claim not kept", modem=self._line.name, error=str(error))
            return False
        finally:
            prompt_timer.cancel()
            (self._outbound.return_draft if sent is None else self._outbound.end_reservation)(draft)
        if sent is None:
            return False
        if sent.report.written_at is not None:
            self.next_send = (self.next_send if is_borrowing else started_at) + interval_s
        await self._close_attempt(identity, sent, is_in_order)
        return True

    async def _close_attempt(
        self, identity: Identity, sent: SendResult, is_in_order: Callable[[], Awaitable[bool]]
    ) -> None:
        """Journal what became of an attempt, whatever comes. Raises the error for which the port is to be given up."""
        report, error = sent.report, sent.link_error
        if report.ending is AttemptEnding.ACCEPTED:
            self._status.sent += 1
            self._symptoms.note_accepted()
            self._recovery.note_success(RecoverySign.PASSED)
            if self._draft is not None and self._loop.time() >= self.next_send:
                self._outbound.close_attempt_lazily(identity.sender, report)
                return
        try:
            if error is None and report.ending is AttemptEnding.REFUSED and report.code in _NOT_IN_ORDER:
                report = replace(report, is_without_network=not await is_in_order())
        finally:
            closed = self._outbound.close_attempt(identity.sender, report)
        await closed
        if error is None:
            return
        log.warning("part not answered", modem=self._line.name, attempt=report.attempt_id, error=str(error))
        if report.written_at is not None:
            self._symptoms.note_unanswered()
        if not isinstance(error, Restarted):  # that one's notice leads to the set-up
            raise error

    def _give_up_prompt(self, draft: Draft, sender: PartSender) -> None:
        """No prompt yet: whichever modem has one first may send it."""
        if not sender.is_claimed:
            log.warning("slow prompt", modem=self._line.name, part=draft.part_id)
            sender.withdraw_early_claim()
            self._outbound.return_draft(draft)

    def stop_drafting(self) -> None:
        """Choose nothing ahead any more: the modem stops."""
        self._closed = True

    def drop_draft(self) -> None:
        """Let others send what was chosen ahead."""
        if self._draft is not None:
            self._outbound.return_draft(self._draft)
            self._draft = None

    async def _next_draft(self, identity: Identity, *, urgent: bool) -> Draft | None:
        if self._draft is not None and not self._outbound.is_current(identity.sender, self._draft):
            self.drop_draft()
        draft, self._draft = self._draft, None
        return await self._outbound.next_draft(identity.sender, urgent=urgent) if draft is None else draft

    def _may_borrow(self, identity: Identity, interval_s: float) -> bool:
        """Whether an alarm or otp need not wait for the pace: it takes the next part's turn, and the pace holds over both."""
        in_turn = self.next_send - self._loop.time() <= interval_s
        return in_turn and self._draft is None and self._outbound.has_unseen_urgent(identity.sender)

    def _set_next_draft(self, draft: Draft | None) -> None:
        """What the claim has chosen to come next."""
        self._draft = draft
