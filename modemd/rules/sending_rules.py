"""Sending rules: everything by which a message may go to a contact at a moment: consent, geography, caps, quiet hours; and what
modemd adds to marketing. Pure.

They are asked twice: when a message is accepted (`store/outbox/accept.py`), and when a SIM claims its first part
(`rules/send_decision.py`, `store/queue/claims.py`). An instance never changes, so it may cross to the writer's thread;
`service/rules_in_force.py` has the one in force.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.consent.caps import FrequencyCaps
from modemd.rules.consent.notice_rules import NoticeRules
from modemd.rules.consent.policy import ConsentPolicy, Marketing
from modemd.rules.geography.geography import Geography
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.rules.refusals import RefusalCode


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """Facts about a contact that decide what may be sent to it.

    `marketing`: what it said about marketing. `list_name`: the list of the message, None if it has none; `list_state`: what the
    contact said about it. `review_until`: until when something that it wrote waits for a person; None: nothing does.
    `marketing_at`: when marketing messages went to it lately, one time for each (read only for marketing)."""

    marketing: Marketing = Marketing.UNKNOWN
    list_state: Marketing | None = None
    list_name: str | None = None
    review_until: datetime | None = None
    marketing_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactHold:
    """Hold of a message for the contact's sake: the reason, why in one sentence, and until when. `until` None: until the
    validity of the message ends."""

    reason: RefusalCode
    because: str
    until: datetime | None

    def find_end(self, expires_at: datetime) -> datetime:
        """Returns when a message is looked at again: when the hold ends, or its validity."""
        return expires_at if self.until is None else min(self.until, expires_at)

    def outlasts(self, expires_at: datetime) -> bool:
        """Returns True if a message is worth nothing any more when these quiet hours end: it expires at once, with this
        reason. A cap or a review may end before its time, so it waits."""
        is_certain = self.reason in (RefusalCode.QUIET_HOURS, RefusalCode.PUBLIC_HOLIDAY)
        return is_certain and self.until is not None and self.until >= expires_at


@dataclass(frozen=True, slots=True)
class SendingRules:
    """Rules in force. `quiet_hours` None: none are kept; `confirmed_lists`: the names of the lists that go only to those who have
    opted in to them; `notices` None: nothing is added to marketing."""

    consent: ConsentPolicy = field(default_factory=ConsentPolicy)
    geography: Geography = field(default_factory=Geography)
    caps: FrequencyCaps = field(default_factory=lambda: FrequencyCaps(()))
    quiet_hours: QuietHours | None = None
    confirmed_lists: frozenset[str] = frozenset()
    notices: NoticeRules | None = None

    def find_objection(self, message_class: MessageClass, number: str, contact: ContactFacts) -> str | None:
        """Returns why a message of this class may never go to this contact, as a `RefusalCode`; None if it may."""
        objection = self.consent.find_objection(message_class, number, contact.marketing, contact.list_state)
        if objection is not None:
            return objection
        if contact.list_name in self.confirmed_lists and contact.list_state is not Marketing.OPTED_IN:
            return RefusalCode.NOT_OPTED_IN
        refusal = self.geography.find_refusal(number, message_class)
        return refusal.code if refusal is not None else None

    def find_hold(
        self, message_class: MessageClass, number: str, contact: ContactFacts, now: datetime, parts: int
    ) -> ContactHold | None:
        """Returns why a message waits for its contact's sake; None if it may start now. Only marketing ever waits. Of several
        holds, the one that ends last."""
        if message_class is not MessageClass.MARKETING:
            return None
        holds = [hold for hold in self._list_holds(number, contact, now, parts) if hold is not None]
        return max(holds, key=lambda hold: (hold.until is None, hold.until or now), default=None)

    def _list_holds(
        self, number: str, contact: ContactFacts, now: datetime, parts: int
    ) -> tuple[ContactHold | None, ContactHold | None, ContactHold | None]:
        cap = self.caps.find_hold(contact.marketing_at, now)
        quiet = self.quiet_hours.find_hold(number, now, parts) if self.quiet_hours is not None else None
        review = contact.review_until
        return (
            ContactHold(RefusalCode.UNDER_REVIEW, RefusalCode.UNDER_REVIEW.sentence, max(review, now))
            if review is not None
            else None,
            ContactHold(cap.reason, cap.because, cap.until) if cap is not None else None,
            ContactHold(RefusalCode(quiet.reason), quiet.because, quiet.until) if quiet is not None else None,
        )

    def find_closing(self, message_class: MessageClass, number: str, now: datetime) -> datetime | None:
        """Returns when a message must have reached the phone, so that it does not arrive in quiet hours; None: at any time."""
        if message_class is not MessageClass.MARKETING or self.quiet_hours is None:
            return None
        return self.quiet_hours.find_closing(number, now)
