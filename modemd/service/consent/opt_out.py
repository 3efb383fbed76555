"""Opt-outs and opt-ins of inbound messages: recognised, stored and confirmed in the transaction that stores the message.

`rules/consent/keywords.py` has the words. `store/consent.py` stores the decision and cancels the marketing that waits.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from modemd.config import Settings
from modemd.rules import phone_numbers
from modemd.rules.classes import MessageClass
from modemd.rules.consent import replies
from modemd.rules.consent.keywords import KeywordAction, KeywordMatch, Keywords
from modemd.rules.consent.policy import ConsentPolicy
from modemd.store import Store, consent, listings
from modemd.store.inbound.inbox import CompleteMessage
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.rows import OptOutRow

LONGEST_SHORT_CODE = 6
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """Result of a word of consent: the word, what it changed, and the confirmation that was queued, if any."""

    match: KeywordMatch
    effect: consent.ConsentEffect
    confirmation: Submitted | None = None


@dataclass(frozen=True, slots=True)
class OptOutRules:
    """Rules by which words of consent are applied. `apply` runs on the writer's thread, in the transaction that stores a
    message: an instance never changes, and a new one is made for each message from the settings in force."""

    settings: Settings
    policy: ConsentPolicy
    keywords: Keywords

    def match(self, text: str, sender: str, language: str | None = None) -> KeywordMatch | None:
        """Returns the word of consent or help that a text is. `language`: the contact's, if it is known."""
        country = phone_numbers.find_country(sender) or self.settings.country
        return self.keywords.match(text, contact_language=language, country=country)

    def may_opt_out(self, text: str, sender: str) -> bool:
        """True if a text opts its sender out, whatever their language."""
        match = self.match(text, sender)
        return match is not None and match.action is KeywordAction.OPT_OUT

    def apply(
        self, db: sqlite3.Connection, whole: CompleteMessage, stated_at: datetime | None, now: datetime
    ) -> ConsentChange | None:
        """Applies a message that is a word of consent, and queues its confirmation. Returns None if it is no such word.
        `stated_at`: when it was sent, by the network's time stamp."""
        match = self.match(whole.text, whole.sender, consent.read_language(db, whole.sender))
        if match is None or match.action not in (KeywordAction.OPT_OUT, KeywordAction.OPT_IN):
            return None
        opts_in = match.action is KeywordAction.OPT_IN
        statement = consent.ConsentStatement(
            whole.sender, opts_in, match.word, match.language, "sms", whole.inbox_id, stated_at=stated_at
        )
        effect = consent.apply_statement(db, statement, now)
        if not opts_in:
            _opt_out_similar_numbers(db, statement, now)
        if not effect.needs_confirmation or not may_be_answered(whole.sender):
            return ConsentChange(match, effect)
        compose = replies.compose_opt_in_reply if opts_in else replies.compose_opt_out_reply
        text = compose(match.language, self.settings.brand)
        confirmation = accept.submit(db, self._make_confirmation(whole, text, now), self.policy, now)
        return ConsentChange(match, effect, confirmation)

    def _make_confirmation(self, whole: CompleteMessage, text: str, now: datetime) -> OutboundMessage:
        """Makes a confirmation that is sent by the SIM that received the word: its number is the one that the person knows."""
        return OutboundMessage(
            number=whole.sender,
            text=text,
            message_class=MessageClass.SYSTEM,
            parts=1,
            expires_at=now + self.settings.validity.of(MessageClass.SYSTEM),
            report=self.settings.report,
            pinned=whole.sim,
        )


def may_be_answered(sender: str) -> bool:
    """True if a sender is a person's number. Short codes and alphanumeric senders are machines: an answer could start a loop."""
    return _E164.fullmatch(sender) is not None


def _opt_out_similar_numbers(db: sqlite3.Connection, statement: consent.ConsentStatement, now: datetime) -> None:
    """Applies an opt-out from a national number that cannot be read as an international one to every contact whose number ends
    with it. One contact too many is better than one who said STOP and receives more."""
    national = statement.number.lstrip("0")
    if statement.number.isdecimal() and len(national) > LONGEST_SHORT_CODE:
        for number in consent.find_by_ending(db, national):
            consent.apply_statement(db, replace(statement, number=number), now)


class ConsentRecords:
    """Stored consent, as the faces read it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list_opt_outs(self, *, limit: int) -> list[OptOutRow]:
        """Returns the numbers that have opted out, newest first; `limit` 0 means all."""
        return await self._store.read(partial(listings.list_opt_outs, limit=limit))
