"""Opt-outs and opt-ins of inbound messages: recognised, stored and confirmed in the transaction that stores the message.

`rules/consent/words` has the words, `rules/sender_numbers.py` the numbers that a sender's digits can mean. An opt-out binds
all of them. `store/consent/statements.py` stores the decision and cancels the marketing that waits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from modemd.config import Settings
from modemd.rules import phone_numbers, sender_numbers
from modemd.rules.classes import MessageClass
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.language import choose_language
from modemd.rules.consent.words.matching import MatchTier, WordMatch, Words
from modemd.rules.sender_numbers import SenderNumber
from modemd.rules.sending_rules import SendingRules
from modemd.store import sims
from modemd.store.consent import statements
from modemd.store.inbound.inbox import CompleteMessage
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """Result of a word of consent: the word, what it changed, and the confirmation that was queued, if any. `is_over_limit`:
    there is none because this hour has had as many as `consent.confirmations_per_hour` allows."""

    match: WordMatch
    effect: statements.ConsentEffect
    confirmation: Submitted | None = None
    is_over_limit: bool = False


@dataclass(frozen=True, slots=True)
class OptOutRules:
    """Rules by which words of consent are applied. `apply` runs on the writer's thread, in the transaction that stores a
    message: an instance never changes, and a new one is made for each message from the settings in force."""

    settings: Settings
    rules: SendingRules
    words: Words
    texts: Texts

    def match(self, text: str, sender: str) -> WordMatch | None:
        """Returns what a text asks for with certainty; None if nothing."""
        if self.texts.is_own_answer(text):
            return None
        match = self.words.match(text, country=self._find_country(sender), number=sender)
        return match if match is not None and match.tier is not MatchTier.AMBIGUOUS else None

    def may_opt_out(self, text: str, sender: str) -> bool:
        """True if a text opts its sender out, whatever their language."""
        match = self.match(text, sender)
        return match is not None and match.action is KeywordAction.OPT_OUT

    def apply(
        self,
        db: sqlite3.Connection,
        whole: CompleteMessage,
        sender: SenderNumber,
        stated_at: datetime | None,
        now: datetime,
    ) -> ConsentChange | None:
        """Applies a message that is a word of consent, and queues its confirmation. Returns None if it is no such word.
        `stated_at`: when it was sent, by the network's time stamp."""
        match = self.match(whole.text, whole.sender)
        if match is None or match.action not in (KeywordAction.OPT_OUT, KeywordAction.OPT_IN):
            return None
        opts_in = match.action is KeywordAction.OPT_IN
        language = choose_language(
            match,
            contact_language=statements.read_language(db, whole.sender),
            last_language=None,
            country=self._find_country(whole.sender),
            supported=self.texts.languages,
        )
        statement = statements.ConsentStatement(
            sender.number, opts_in, match.word, language, "sms", whole.inbox_id, stated_at=stated_at
        )
        others = list(sender.others) + (statements.find_by_ending(db, sender.number) if sender.is_ending else [])
        if opts_in:  # what a person's own number has said is undone by that number only
            others = [number for number in others if statements.is_bound_by_reading_alone(db, number)]
        effect = statements.apply_statement(db, statement, now)
        for number in others:
            reading = replace(statement, number=number, channel=statements.READING)
            withdrawn = statements.apply_statement(db, reading, now).withdrawn_messages
            effect = replace(effect, withdrawn_messages=effect.withdrawn_messages + withdrawn)
        recipient = self._find_recipient(db, sender, others, now) if effect.needs_confirmation else None
        if recipient is None:
            return ConsentChange(match, effect)
        if statements.count_confirmations(db, now - HOUR) >= self.settings.consent.confirmations_per_hour:
            return ConsentChange(match, effect, is_over_limit=True)
        kind = TextKind.OPT_IN_REPLY if opts_in else TextKind.OPT_OUT_REPLY
        text = self.texts.compose(kind, language, brand=self.settings.brand)
        confirmation = accept.submit(db, self._make_confirmation(whole, recipient, text, now), self.rules, now)
        statements.note_confirmation(db, confirmation.id, now)
        return ConsentChange(match, effect, confirmation)

    def _find_country(self, sender: str) -> str | None:
        return phone_numbers.find_country(sender) or self.settings.country

    def _find_recipient(
        self, db: sqlite3.Connection, sender: SenderNumber, others: Sequence[str], now: datetime
    ) -> str | None:
        """Returns the number that a confirmation goes to: of those that are meant, the one to which modemd wrote lately. None if
        there is none, if it could be the wrong person's, or if an answer may cost the owner: strangers make nobody pay."""
        meant = [
            number for number in dict.fromkeys((*sender.readings, *others)) if sender_numbers.may_be_answered(number)
        ]
        own = {settings.number for settings in self.settings.sims.values()} | sims.read_numbers(db)
        if not own.isdisjoint(meant):
            return None
        written_to = statements.list_written_to(db, meant, now - self.settings.consent.confirm_within)
        if len(written_to) == 1 or (written_to and not sender.is_ending):
            return written_to[0]
        return None

    def _make_confirmation(self, whole: CompleteMessage, recipient: str, text: str, now: datetime) -> OutboundMessage:
        """Makes a confirmation that is sent by the SIM that received the word: its number is the one that the person knows."""
        return OutboundMessage(
            number=recipient,
            text=text,
            message_class=MessageClass.SYSTEM,
            parts=1,
            expires_at=now + self.settings.validity.of(MessageClass.SYSTEM),
            report=self.settings.report,
            pinned=whole.sim,
        )
