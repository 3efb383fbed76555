"""Pipeline: sends part after part through one modem. A claim also chooses the next part, and its commit takes in the last
outcome."""

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

# Longest interval between parts, in seconds, at which the next part is chosen ahead. At a slower pace it is left to other modems.
AHEAD_S = 0.25
# A part that was chosen ahead is left to other modems after so many seconds: this one may hang in its send, or in other work.
DRAFT_KEPT_S = 10.0
# After a send that took so many seconds, a modem may have given up waiting for the acknowledgement of a message that it handed
# over meanwhile (3GPP TS 27.005 3.4.4).
LONG_SEND_S = 10.0
# Errors of a modem without service centre, network service or registration (3GPP TS 27.005 3.2.5).
_NO_NETWORK = frozenset({330, 331, 332})
# Errors of a modem that has lost its PDU mode or its SIM: a bare ERROR, not allowed, not supported, invalid; 310 and on.
_NOT_IN_ORDER = _NO_NETWORK | frozenset({None, 302, 303, 304, 305, *range(310, 319)})


class Pipeline:
    """Draft and pace of one modem. Only the modem's task calls it.

    `last_sent_at`: when the last part was begun that was written to the modem, as the loop's time in seconds; 0: none was.
    """

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
        self._draft_timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._is_sending = False
        self._may_have_urgent = False  # True after an alarm or otp was sent: another may be due
        self._has_sent_long = False
        self.next_send = 0.0
        self.last_sent_at = 0.0

    async def send(self, sender: PartSender, identity: Identity, is_in_order: Callable[[], Awaitable[bool]]) -> bool:
        """Sends one part, if one is due and the pace allows. Returns False if there is nothing to do but wait.

        `is_in_order` tells whether the modem was registered and had a service centre: then a refusal is due to the message.
        Raises ReplyTimeout if the modem did not answer.
        """
        return await self._send(sender, identity, is_in_order, only_urgent=False)

    async def send_urgent(
        self, sender: PartSender, identity: Identity, is_in_order: Callable[[], Awaitable[bool]]
    ) -> None:
        """Sends one part of an alarm or otp, if one may be due and the pace allows: between two pieces of other work. Raises
        ReplyTimeout if the modem did not answer."""
        if self._is_sending or not (self._may_have_urgent or self._outbound.has_unseen_urgent(identity.sender)):
            return
        if self._draft is not None and self._outbound.is_current(identity.sender, self._draft):
            if not self._draft.is_urgent:
                self.drop_draft()  # other modems can send it
            else:
                self._may_have_urgent = True
        await self._send(sender, identity, is_in_order, only_urgent=True)

    async def _send(
        self,
        sender: PartSender,
        identity: Identity,
        is_in_order: Callable[[], Awaitable[bool]],
        *,
        only_urgent: bool,
    ) -> bool:
        self._is_sending = True
        try:
            rate = self._line.rate(identity.iccid)
            interval_s = max(1 / rate if rate else 0.0, identity.profile.send_interval_s)
            is_borrowing = self._loop.time() < self.next_send
            if is_borrowing and not self._may_borrow(identity, interval_s):
                return True
            draft = await self._next_draft(identity, urgent=is_borrowing or only_urgent)
            self._may_have_urgent = draft is not None and draft.is_urgent
            if draft is None:
                return is_borrowing
            choose_next = interval_s <= AHEAD_S and not (self._closed or only_urgent)
            started_at = self._loop.time()
            try:
                result = await self._send_draft(draft, sender, choose_next=choose_next)
            except Restarted as restarted:
                log.warning("nothing was sent", modem=self._line.name, message=draft.message_id, error=str(restarted))
                return True
            if result is None:
                return False
            if result.report.written_at is not None:
                self.last_sent_at = started_at
                self.next_send = (self.next_send if is_borrowing else started_at) + interval_s
            await self._close_attempt(identity, result, is_in_order)
            return True
        finally:
            self._is_sending = False

    async def _send_draft(self, draft: Draft, sender: PartSender, *, choose_next: bool) -> SendResult | None:
        """Sends a draft, and ends its reservation or returns it. Returns None if nothing was journaled or written. Raises
        Restarted, ReplyTimeout."""
        started_at = self._loop.time()
        prompt_timer = self._loop.call_later(PROMPT_PATIENCE_S, self._give_up_prompt, draft, sender)
        result: SendResult | None = None
        try:
            result = await sender.send(draft, choose_next, self._set_next_draft)
        except StoreError as error:
            # The dispatcher wakes the modem when another try is worth while.
            log.error("claim not kept", modem=self._line.name, message=draft.message_id, error=str(error))
        finally:
            prompt_timer.cancel()
            self._has_sent_long |= self._loop.time() - started_at >= LONG_SEND_S
            (self._outbound.return_draft if result is None else self._outbound.end_reservation)(draft)
        return result

    async def _close_attempt(
        self, identity: Identity, result: SendResult, is_in_order: Callable[[], Awaitable[bool]]
    ) -> None:
        """Journals how an attempt ended, in any case. Raises the error for which the port is to be given up."""
        report, error = result.report, result.link_error
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
        if error is not None or report.ending is AttemptEnding.NO_ANSWER:
            log.warning(
                "part not answered",
                modem=self._line.name,
                message=report.message_id,
                attempt=report.attempt_id,
                error=report.error,
            )
            if report.written_at is not None:
                self._symptoms.note_unanswered()
        if error is not None and not isinstance(error, Restarted):  # the notice of the restart leads to a set-up
            raise error

    def _give_up_prompt(self, draft: Draft, sender: PartSender) -> None:
        """Returns the draft while the prompt has not come: the modem that has a prompt first may send it."""
        if not sender.is_claimed:
            log.warning("slow prompt", modem=self._line.name, message=draft.message_id)
            sender.withdraw_early_claim()
            self._outbound.return_draft(draft)

    def take_long_send(self) -> bool:
        """Returns whether a send since the last call took so long that the modem may have stopped handing messages over."""
        was_long, self._has_sent_long = self._has_sent_long, False
        return was_long

    def stop_drafting(self) -> None:
        """Stops choosing parts ahead, because the modem stops."""
        self._closed = True

    def drop_draft(self) -> None:
        """Returns the draft that was chosen ahead, so that other modems can send it."""
        draft = self._take_draft()
        if draft is not None:
            self._outbound.return_draft(draft)

    async def _next_draft(self, identity: Identity, *, urgent: bool) -> Draft | None:
        if self._draft is not None and not self._outbound.is_current(identity.sender, self._draft):
            self.drop_draft()
        draft = self._take_draft()
        return await self._outbound.next_draft(identity.sender, urgent=urgent) if draft is None else draft

    def _may_borrow(self, identity: Identity, interval_s: float) -> bool:
        """True if an alarm or otp may be sent before the pace allows: it takes the turn of the next part, so that the pace
        holds over the two."""
        in_turn = self.next_send - self._loop.time() <= interval_s
        return in_turn and self._draft is None and self._outbound.has_unseen_urgent(identity.sender)

    def _set_next_draft(self, draft: Draft | None) -> None:
        """Keeps the draft that the claim chose as the next one, for `DRAFT_KEPT_S`."""
        self._draft = draft
        if draft is not None:
            self._draft_timer = self._loop.call_later(DRAFT_KEPT_S, self.drop_draft)

    def _take_draft(self) -> Draft | None:
        """Returns the draft that was chosen ahead, if there is one. It is kept no longer."""
        if self._draft_timer is not None:
            self._draft_timer.cancel()
            self._draft_timer = None
        draft, self._draft = self._draft, None
        return draft
