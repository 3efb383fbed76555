"""Decision on sending a part, taken inside the transaction that claims it: consent, quota, validity, window, clock. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.quotas import Hold
from modemd.rules.refusals import RefusalCode
from modemd.rules.sending_rules import ContactFacts, SendingRules
from modemd.rules.windows import Window


@dataclass(frozen=True, slots=True)
class SendFacts:
    """Facts about a candidate at the moment of its claim. `contact`: its recipient's consent; `is_started`: a part of its message
    was claimed before; `parts`: of the whole message; `window`: the hours in which it may start; `quota_hold`: set if it would go
    over a quota of the SIM."""

    message_class: MessageClass
    number: str
    contact: ContactFacts
    expires_at: datetime
    is_started: bool
    parts: int = 1
    window: Window | None = None
    quota_hold: Hold | None = None


class SendVerdict(StrEnum):
    """Verdict on a candidate."""

    SEND = "send"
    EXPIRE = "expire"
    CANCEL = "cancel"  # consent or geography forbids it
    WAIT = "wait"  # stays queued, and is passed over
    HOLD = "hold"  # until the decision's `until`


@dataclass(frozen=True, slots=True)
class SendDecision:
    """Decision on a candidate: the verdict, its reason as a code, and until when a held message waits."""

    verdict: SendVerdict
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SendConditions:
    """Conditions that a decision depends on beside the facts, as they were when a claim was submitted: it crosses to the writer's
    thread and must not change."""

    rules: SendingRules
    now: datetime
    is_clock_trusted: bool = True
    is_marketing_held: bool = False

    def decide(self, facts: SendFacts) -> SendDecision:
        """Decides on a candidate, as `decide` says."""
        return decide(
            facts, self.rules, self.now, trusted=self.is_clock_trusted, marketing_waits=self.is_marketing_held
        )


def decide(
    facts: SendFacts, rules: SendingRules, now: datetime, *, trusted: bool = True, marketing_waits: bool = False
) -> SendDecision:
    """Decides whether a candidate may go on the air now.

    Consent, quiet hours and open reviews bind every part; expiry, window and caps bind before part 1 only (the rest has a longer
    time of its own, `store.ending`). While the clock is not `trusted` nothing expires, and marketing waits. If `marketing_waits`,
    as in a foreign network, the SIM begins none."""
    objection = rules.find_objection(facts.message_class, facts.number, facts.contact)
    if objection is not None:
        return SendDecision(SendVerdict.CANCEL, objection)
    if facts.quota_hold is not None and not facts.is_started and (facts.expires_at > now or not trusted):
        return SendDecision(SendVerdict.HOLD, facts.quota_hold.reason, facts.quota_hold.until)
    if not trusted:
        waits = facts.message_class is MessageClass.MARKETING or (
            facts.window is not None and _needs_trusted_clock(facts)
        )
        return SendDecision(SendVerdict.WAIT if waits else SendVerdict.SEND)
    if facts.expires_at <= now and not facts.is_started:
        return SendDecision(SendVerdict.EXPIRE, RefusalCode.VALIDITY_OVER)
    if marketing_waits and facts.message_class is MessageClass.MARKETING and not facts.is_started:
        return SendDecision(SendVerdict.WAIT, RefusalCode.ROAMING)
    if facts.window is not None and not facts.is_started:
        opening = facts.window.find_hold_end(now, facts.parts)
        if opening is not None:
            return SendDecision(SendVerdict.HOLD, OUTSIDE_WINDOW, opening)
    return _hold_for_contact(facts, rules, now) or SendDecision(SendVerdict.SEND)


def _hold_for_contact(facts: SendFacts, rules: SendingRules, now: datetime) -> SendDecision | None:
    """Returns the decision to hold a message for its contact's sake; None if it may start. If quiet hours last longer than the
    message is worth sending, it expires at once."""
    if facts.is_started:
        return _hold_rest(facts, rules, now)
    hold = rules.find_hold(facts.message_class, facts.number, facts.contact, now, facts.parts)
    if hold is None:
        return None
    if hold.outlasts(facts.expires_at):
        return SendDecision(SendVerdict.EXPIRE, hold.reason)
    return SendDecision(SendVerdict.HOLD, hold.reason, hold.find_end(facts.expires_at))


def _hold_rest(facts: SendFacts, rules: SendingRules, now: datetime) -> SendDecision | None:
    """Returns the decision to hold the rest of a message that has begun; None if it may go on. Its message counts for no cap, and
    a telephone waits for the rest longer than a night."""
    contact = ContactFacts(facts.contact.marketing, review_until=facts.contact.review_until)
    hold = rules.find_hold(facts.message_class, facts.number, contact, now, 1)
    if hold is None:
        return None
    verdict = SendVerdict.WAIT if hold.until is None else SendVerdict.HOLD
    return SendDecision(verdict, hold.reason, hold.until)


# The reason of what is held until its window opens.
OUTSIDE_WINDOW = RefusalCode.OUTSIDE_WINDOW


def _needs_trusted_clock(facts: SendFacts) -> bool:
    """Returns True if a clock that is not trusted stops a message with a window. Alarms and OTPs go on."""
    return not facts.is_started and facts.message_class not in (MessageClass.ALARM, MessageClass.OTP)
