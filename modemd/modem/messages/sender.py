"""Sender of parts: prompt, claim, and the PDU, which is written only after the commit of its claim."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from modemd.at import Reply, replies
from modemd.at.channel import is_reference
from modemd.connector import AttemptEnding, AttemptReport, ClaimedPart, Draft, Outbound
from modemd.errors import AnswerLost, DecodeError, PortGone, ReplyTimeout, Restarted, StoreError
from modemd.light_dataclass import dataclass
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.pdu_mode import SET_PDU_MODE, is_in_pdu_mode
from modemd.modem.status import Identity

# SMSC field of a PDU that leaves the choice of the service centre to the SIM (TS 27.005 4.3; +CMGS does not count it).
_NO_SMSC = "00"
# Some Huawei modems give the prompt after 2 to 5 s. A draft that waits longer for one is returned, for the other modems.
PROMPT_PATIENCE_S = 5.0
# Wait for the first prompt; it doubles each time that none comes. So a lost prompt costs little, and a modem that takes half a
# minute to set up its link gets enough time in the end.
FIRST_PROMPT_S = 7.5
# If the last prompt took no longer, the next one comes while the claim's commit runs, which takes 50 ms on a slow SD card.
QUICK_PROMPT_S = 0.1
# An answer is looked for after so many times the SIM's median, of so many parts, and after so many seconds at least.
USUAL_TIMES = 10.0
SHORTEST_PATIENCE_S = 15.0
REMEMBERED_ANSWERS = 31
# Before the Ctrl-Z of a PDU, the late answer to the part before it is listened for so long.
LISTEN_S = 0.3
# After an answer that may be another part's, a second one is listened for so long, or for twice the usual time.
SECOND_ANSWER_S = 1.0
# Refusals of a line, not of a message: a bare ERROR, not allowed, not supported, invalid parameter.
_LINE_REFUSED = frozenset({None, 302, 303, 304, 305})
LinkError = PortGone | ReplyTimeout | Restarted
LINK_ERRORS = (PortGone, ReplyTimeout, Restarted)


@dataclass(frozen=True, slots=True)
class _Unanswered:
    """Attempt whose answer may still come."""

    attempt_id: int
    message_id: int

    def make_late_report(self, reference: int | None) -> AttemptReport:
        """Makes the report of a late acceptance."""
        return AttemptReport(self.attempt_id, AttemptEnding.ACCEPTED, reference=reference, message_id=self.message_id)


@dataclass(frozen=True, slots=True)
class SendResult:
    """Result of an attempt. `link_error` is set if port or modem are to be given up."""

    report: AttemptReport
    link_error: LinkError | None = None


class PartSender:
    """Outbound side of one modem."""

    def __init__(self, dialogue: Dialogue, identity: Identity, outbound: Outbound, now: Callable[[], datetime]) -> None:
        self._dialogue = dialogue
        self._identity = identity
        self._profile = identity.profile
        self._outbound = outbound
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._has_link_hold = bool(identity.profile.link_hold)
        self.is_claimed = False  # True while an attempt is made, from its claim to its end
        self._missed_prompts = 0  # in a row
        self._is_quick = False  # True if the last prompt came within QUICK_PROMPT_S
        self._early_claim: asyncio.Future[ClaimedPart | None] | None = None  # a claim whose prompt has not come
        self._unanswered: tuple[_Unanswered, ...] = ()  # their answers may still come, while the port stays open
        self._pdu_mode = identity.profile.pdu_mode
        self._has_joined = False  # True once a joined line was answered by a prompt
        self._answer_times: deque[float] = deque(maxlen=REMEMBERED_ANSWERS)  # of accepted parts, in seconds
        self._last_reference: int | None = None
        # Whether the modem gave several parts one reference, or each its own, the last times. Both are False before it is known.
        self._repeats_references = self._gives_own_references = False

    async def send(
        self, draft: Draft, choose_next: bool, set_next_draft: Callable[[Draft | None], None]
    ) -> SendResult | None:
        """Sends the draft, or the part that the claim chose in its place. Returns None if nothing may be sent; then nothing was
        journaled.

        If the modem's last prompt was quick, the claim's commit runs while the modem prepares the prompt. If it was slow
        (seconds, on a Huawei), the claim is made once the prompt is there: a crash in between would leave an attempt whose
        outcome nobody can find out. With `choose_next` the claim also chooses the part that follows, which is handed to
        `set_next_draft`.

        Raises PortGone, ReplyTimeout and Restarted only if no attempt is open; else they are returned with its outcome. Raises
        StoreError if the claim was not stored; then nothing was written, and the modem has left its prompt.
        """
        if draft.is_first_of_several:
            await self._hold_link()
        if self._is_quick:
            self._early_claim = self._outbound.claim(self._identity.sender, draft, choose_next=choose_next)
        reply = await self._first_prompt(len(draft.tpdu))
        claim, self._early_claim = self._early_claim, None
        self.is_claimed = True
        try:
            return await self._write_when_committed(
                claim or self._outbound.claim(self._identity.sender, draft, choose_next=choose_next),
                draft,
                reply,
                set_next_draft,
            )
        finally:
            self.is_claimed = False

    def withdraw_early_claim(self) -> None:
        """Withdraws a claim that was made before the prompt, which has not come: other modems are to have the part."""
        claim, self._early_claim = self._early_claim, None
        if claim is not None:
            claim.add_done_callback(partial(self._withdraw, reason="no prompt"))

    async def _first_prompt(self, octets: int) -> Reply | None:
        started = self._loop.time()
        try:
            reply = await self._prompt(octets, FIRST_PROMPT_S * 2**self._missed_prompts)
        except BaseException as error:
            self._is_quick = False
            self._missed_prompts += isinstance(error, ReplyTimeout)
            self.withdraw_early_claim()
            raise
        self._missed_prompts = 0
        self._is_quick = reply is None and self._loop.time() - started <= QUICK_PROMPT_S
        return reply

    async def _write_when_committed(
        self,
        claim: asyncio.Future[ClaimedPart | None],
        draft: Draft,
        reply: Reply | None,
        set_next_draft: Callable[[Draft | None], None],
    ) -> SendResult | None:
        """Waits for the commit of the claim, then writes the PDU at the prompt; or ends the attempt if `reply` came instead."""
        try:
            claimed = await asyncio.shield(claim)
        except asyncio.CancelledError:
            claim.add_done_callback(partial(self._withdraw, reason="stopped"))
            raise
        except StoreError:
            await self._dialogue.synchronise()
            raise
        if claimed is None:
            await self._dialogue.synchronise()
            return None
        set_next_draft(claimed.next_draft)
        if reply is not None:
            return SendResult(_make_report(claimed, reply, None, 0.0))
        return await self._write_at_prompt(claimed, len(draft.tpdu))

    async def _write_at_prompt(self, claimed: ClaimedPart, octets: int) -> SendResult:
        """Writes the PDU, unless the prompt is for another length, somebody opted out after the claim, or the window has
        closed."""
        try:
            reply = self._dialogue.find_prompt_end()
            if reply is not None:
                return SendResult(_make_report(claimed, reply, None, 0.0))
            if len(claimed.tpdu) != octets:
                # The claim chose another part. A prompt for its length is asked for, with a short wait, since no other modem can
                # have the part now.
                reply = await self._prompt(len(claimed.tpdu), PROMPT_PATIENCE_S)
                if reply is not None:
                    return SendResult(_make_report(claimed, reply, None, 0.0))
            if self._outbound.consent_epoch != claimed.consent_epoch:
                await self._dialogue.synchronise()
                return SendResult(claimed.report(AttemptEnding.WITHDRAWN, error="consent changed"))
            if claimed.not_after is not None and self._now() >= claimed.not_after:
                await self._dialogue.synchronise()
                return SendResult(claimed.report(AttemptEnding.WITHDRAWN, error="the window has closed"))
            if self._dialogue.loss_reason is not None:
                raise PortGone(self._dialogue.loss_reason)
        except LINK_ERRORS as error:
            return SendResult(claimed.report(AttemptEnding.WITHDRAWN, error=str(error)), error)
        except asyncio.CancelledError:
            self._outbound.close_attempt(
                self._identity.sender, claimed.report(AttemptEnding.WITHDRAWN, error="stopped")
            )
            raise
        return await self._write(claimed)

    def inherit_state(self, previous: PartSender) -> None:
        """Takes over the state of the sender before the same SIM was set up again over the same port: a late answer may
        still come."""
        if previous._identity.iccid == self._identity.iccid:
            self._unanswered = previous._unanswered
            self._missed_prompts = previous._missed_prompts
            self._is_quick = previous._is_quick
            self._pdu_mode, self._has_joined = previous._pdu_mode, previous._has_joined
            self._answer_times = previous._answer_times
            self._repeats_references = previous._repeats_references
            self._last_reference = previous._last_reference  # not its own references: a restart begins to count anew

    def take_late_answer(self, line: str) -> AttemptReport | None:
        """Returns the report of the attempt that a late `+CMGS` belongs to. None if there is none, or if that is not certain:
        several attempts have no answer, or it is the last part's answer once more."""
        reference = _find_reference([line])
        if len(self._unanswered) != 1 or (self._is_repeated(reference) and not self._repeats_references):
            return None
        (earlier,), self._unanswered = self._unanswered, ()
        if reference is None:
            return None
        self._last_reference = reference
        return earlier.make_late_report(reference)

    def _is_repeated(self, reference: int | None) -> bool:
        return reference is not None and reference == self._last_reference

    def _close_late_attempt(self) -> None:
        """Journals late answers that came before this prompt. Any answer after it belongs to the PDU that is written now."""
        for urc in self._dialogue.take_notices("+CMGS:"):
            late = self.take_late_answer(urc.line)
            if late is not None:
                self._outbound.close_attempt(self._identity.sender, late)

    async def _prompt(self, octets: int, limit_s: float) -> Reply | None:
        """Asks for a prompt in PDU mode. Returns None once it is there, or the reply that came instead."""
        send, timeout_s = f"+CMGS={octets}", min(self._profile.prompt_timeout_s, limit_s)
        if self._pdu_mode == "joined":
            try:
                reply = await self._dialogue.request_prompt(f"{SET_PDU_MODE};{send}", timeout_s=timeout_s)
            except ReplyTimeout:
                if not self._has_joined and self._dialogue.take_notices("OK"):  # it has run the first command alone
                    self._pdu_mode = "before"
                raise
            if reply is None:
                self._has_joined = True
                return None
            if self._has_joined or _find_code(reply) not in _LINE_REFUSED:
                return reply
            self._dialogue.mark_unsynchronised()  # it may have run the second command alone, and show a prompt
        if self._pdu_mode != "never":
            refusal = await self._set_pdu_mode()
            if refusal is not None:
                return refusal
        reply = await self._dialogue.request_prompt(send, timeout_s=timeout_s)
        if reply is None and self._pdu_mode == "joined":
            self._pdu_mode = "before"
        return reply

    async def _set_pdu_mode(self) -> Reply | None:
        """Sets PDU mode by a line of its own. Returns None if the modem is in PDU mode, else its refusal."""
        reply = await self._dialogue.ask(SET_PDU_MODE)
        return None if reply.ok or await is_in_pdu_mode(self._dialogue) else reply

    async def _write(self, claimed: ClaimedPart) -> SendResult:
        """Writes the PDU. From its first octet on the network may have it: without an answer the ending is NO_ANSWER, which
        `service/dispatch/outcomes.py` makes unknown."""
        self._close_late_attempt()
        written_at, started = self._now(), self._loop.time()
        pdu = _NO_SMSC + claimed.tpdu.hex().upper()
        try:
            reply = await self._dialogue.send_pdu(
                pdu,
                timeout_s=self._profile.send_timeout_s,
                needs_reference=self._profile.gives_reference,
                probe_after_s=self._find_patience(),
                listen_s=LISTEN_S if self._unanswered else 0.0,
            )
            self._close_late_attempt()
            elapsed_s = self._loop.time() - started
            if not reply.ok and any(map(is_reference, reply.lines)):
                # The reference says accepted, and the error refused. Either may be another's: the part before may have been
                # answered once more, and the error may answer a bare AT.
                raise AnswerLost(f"the modem said {' and '.join((*reply.lines, reply.result.line))}")
            reply = await self._find_own_answer(reply, self._unanswered)
        except LINK_ERRORS as error:
            self._unanswered += (_Unanswered(claimed.attempt_id, claimed.message_id),)
            elapsed_s = self._loop.time() - started
            report = claimed.report(AttemptEnding.NO_ANSWER, written_at, error=str(error), elapsed_s=elapsed_s)
            return SendResult(report, None if isinstance(error, AnswerLost) else error)
        except asyncio.CancelledError:
            self._outbound.close_attempt(
                self._identity.sender, claimed.report(AttemptEnding.NO_ANSWER, written_at, error="stopped")
            )
            raise
        self._unanswered = ()
        report = _make_report(claimed, reply, written_at, elapsed_s)
        if report.ending is AttemptEnding.ACCEPTED:
            self._answer_times.append(elapsed_s)
            if None not in (report.reference, self._last_reference) and not self._is_repeated(report.reference):
                self._gives_own_references, self._repeats_references = True, False
            self._last_reference = report.reference
        return SendResult(report)

    def _find_patience(self) -> float | None:
        """Returns after how many seconds without an answer a bare AT is written; None if none is."""
        if not self._profile.probe_lost_answer:
            return None
        return max(SHORTEST_PATIENCE_S, USUAL_TIMES * self._usual_s)

    @property
    def _usual_s(self) -> float:
        """Median of the seconds that this SIM's parts took from Ctrl-Z to the answer; 0 if none was answered."""
        times = sorted(self._answer_times)
        return (times[(len(times) - 1) // 2] + times[len(times) // 2]) / 2 if times else 0.0

    async def _find_own_answer(self, reply: Reply, earlier: tuple[_Unanswered, ...]) -> Reply:
        """Returns the answer to the PDU that was just written. `reply` may be another's: a late answer to one of `earlier`, or
        the last part's answer once more. Then a second one comes.

        Raises AnswerLost if a reference is repeated without a second answer, by a modem that gives each part its own.
        """
        reference = _find_reference(reply.lines)
        is_repeated = reply.ok and self._is_repeated(reference)
        if not earlier and (not is_repeated or self._repeats_references):
            return reply
        wait_s = max(SECOND_ANSWER_S, 2 * self._usual_s)
        second = await self._dialogue.await_second_answer(wait_s, timeout_s=self._profile.send_timeout_s)
        if second is None:
            if is_repeated and self._gives_own_references:
                self._gives_own_references = False  # if the next part has this reference too, the modem repeats it
                raise AnswerLost(f"the modem gave the last part's reference {reference} once more")
            self._repeats_references |= is_repeated
            return reply
        if len(earlier) == 1 and not is_repeated and reply.ok:
            self._outbound.close_attempt(self._identity.sender, earlier[0].make_late_report(reference))
        return second

    async def _hold_link(self) -> None:
        """Keeps the radio link up between the parts of a message. A modem that refuses is not asked again."""
        if self._has_link_hold:
            self._has_link_hold = (await self._dialogue.ask(self._profile.link_hold)).ok

    def _withdraw(self, claim: asyncio.Future[ClaimedPart | None], *, reason: str) -> None:
        """Journals a claim that nobody waits for any more as withdrawn: its PDU was never written."""
        claimed = None if claim.cancelled() or claim.exception() else claim.result()
        if claimed is not None:
            self._outbound.close_attempt(self._identity.sender, claimed.report(AttemptEnding.WITHDRAWN, error=reason))
            if claimed.next_draft is not None:
                self._outbound.return_draft(claimed.next_draft)


# Some modems answer AT+CMGS with an error of the equipment (TS 27.007 9.2), whose numbers mean something else than those of the
# message service (TS 27.005 3.2.5). The table translates them; an error without a counterpart has no number then.
_AS_CMS = {
    3: 302, 4: 303, 5: 312, 10: 310, 11: 311, 12: 316, 13: 313, 14: 314, 15: 315, 17: 317, 18: 318, 20: 322, 23: 320,
    30: 331, 31: 332,
}  # fmt: skip


def _make_report(claimed: ClaimedPart, reply: Reply, written_at: datetime | None, elapsed_s: float) -> AttemptReport:
    """Makes the report of an attempt from its final result. An OK whose reference cannot be read still means: accepted."""
    if not reply.ok:
        code, line = _find_code(reply), reply.result.line
        return claimed.report(AttemptEnding.REFUSED, written_at, None, code, line, elapsed_s)
    reference = _find_reference(reply.lines)
    return claimed.report(AttemptEnding.ACCEPTED, written_at, reference, elapsed_s=elapsed_s)


def _find_code(reply: Reply) -> int | None:
    """Returns the number of a refusal, as one of the message service; None if it has none."""
    return _AS_CMS.get(reply.result.code or 0) if reply.result.family == "cme" else reply.result.code


def _find_reference(lines: Sequence[str]) -> int | None:
    """Returns the reference that an answer gives; None if it gives none that can be read."""
    try:
        return replies.parse_message_reference(lines)
    except DecodeError:
        return None
