"""Words of consent in inbound messages: recognised, applied and answered in the transaction that stores the message.

`rules/consent/words` recognises the words and decides what they mean, `rules/sender_numbers.py` has the numbers that a sender's
digits can mean; an opt-out binds all of them. `store/consent/statements.py` stores it and cancels the marketing that waits.
`rules/consent/answers.py` decides whether an answer may go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from modemd.config import Settings
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.classes import MessageClass
from modemd.rules.consent.answers import AnswerDecision, AnswerLimits
from modemd.rules.consent.join_words import JoinWords
from modemd.rules.consent.policy import Marketing
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.decision import ConsentState, InboundAction, InboundDecision, decide
from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.language import choose_language, find_language_of
from modemd.rules.consent.words.matching import MatchTier, WordMatch, Words
from modemd.rules.consent.words.normalisation import normalise
from modemd.rules.sender_numbers import SenderNumber
from modemd.rules.sending_rules import SendingRules
from modemd.service.consent.answers import find_answer
from modemd.service.consent.double_opt_in import DoubleOptIn, OptInOutcome, OptInResult, OwnWord
from modemd.service.consent.reviews import open_review
from modemd.store import sims
from modemd.store.consent import answers, lists, opt_in_requests, questions, statements
from modemd.store.consent.reviews import ReviewKind, ReviewText
from modemd.store.consent.statements import READING, ConsentEffect, ConsentStatement
from modemd.store.inbound.inbox import CompleteMessage
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage

# Characters. A longer text is no answer to the question of a double opt-in.
LONGEST_ANSWER = 200
NO_EFFECT = ConsentEffect(has_changed=False, needs_confirmation=False)


@dataclass(frozen=True, slots=True)
class WordResult:
    """Result of a word: what it meant, what it changed, the answer that was queued, and why there is none. `review_id`: the
    review that it opened, or was added to."""

    decision: InboundDecision
    effect: ConsentEffect = NO_EFFECT
    answer: Submitted | None = None
    answer_decision: AnswerDecision | None = None
    review_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Inbound:
    """Inbound text with its sender. `stated_at`: when it was sent, by the network's time stamp; `meant`: the numbers other than
    the sender's own that its digits can mean."""

    whole: CompleteMessage
    sender: SenderNumber
    stated_at: datetime | None
    meant: tuple[str, ...]
    language: str
    now: datetime


@dataclass(frozen=True, slots=True)
class InboundWords:
    """Rules by which words of consent are applied. `apply` runs on the writer's thread, in the transaction that stores a
    message: an instance never changes, and a new one is made for each message from what is in force."""

    settings: Settings
    rules: SendingRules
    words: Words
    texts: Texts

    def may_opt_out(self, text: str, sender: str) -> bool:
        """Returns True if a text opts its sender out, whoever that is, or perhaps does: marketing must not go on meanwhile."""
        match = self._match(text, sender)
        return match is not None and match.action is KeywordAction.OPT_OUT

    def apply(
        self,
        db: sqlite3.Connection,
        whole: CompleteMessage,
        sender: SenderNumber,
        stated_at: datetime | None,
        now: datetime,
    ) -> WordResult | None:
        """Applies a text that asks for something, and queues the answer. Returns None if it asks for nothing. `stated_at`: when
        it was sent, by the network's time stamp."""
        if self.texts.is_own_answer(whole.text):
            return None
        own = sims.read_numbers(db) | {each.number for each in self.settings.sims.values() if each.number}
        match = self._find_match(db, whole, sender.number, own)
        decision = decide(
            match, self._find_state(db, sender.number), open_answers=questions.read_open(db, sender.number, now)
        )
        inbound = _Inbound(
            whole, sender, stated_at, self._find_meant(db, sender), self._choose_language(db, match, whole), now
        )
        joined = JoinWords({name: each.join for name, each in self.settings.consent.lists.items()}).find_list(
            whole.text
        )
        if joined is not None and decision.action in (InboundAction.NONE, InboundAction.OPT_IN):
            return self._join(db, inbound, *joined, own)
        if decision.action is InboundAction.NONE and match is None:
            return self._look_for_yes(db, inbound, decision)
        act = _ACTS.get(decision.action)
        return act(self, db, inbound, decision, own) if act is not None else None

    # What each action does

    def _opt_out(
        self, db: sqlite3.Connection, inbound: _Inbound, decision: InboundDecision, own: frozenset[str]
    ) -> WordResult:
        effect = self._state(db, inbound, decision, (inbound.sender.number, *inbound.meant), opts_in=False)
        review = None
        if decision.tier is MatchTier.PHRASE and effect.has_changed:
            review = self._open_review(db, inbound, decision, ReviewKind.CHECK)
        kind = TextKind.OPT_OUT_REPLY if decision.list_name is None else TextKind.LIST_OPT_OUT_REPLY
        return self._answer(db, inbound, WordResult(decision, effect, review_id=review), kind, own)

    def _opt_in(
        self, db: sqlite3.Connection, inbound: _Inbound, decision: InboundDecision, own: frozenset[str]
    ) -> WordResult:
        # What a person's own number has said is undone by that number only.
        bound = [number for number in inbound.meant if statements.is_bound_by_reading_alone(db, number)]
        effect = self._state(db, inbound, decision, (inbound.sender.number, *bound), opts_in=True)
        return self._answer(db, inbound, WordResult(decision, effect), TextKind.OPT_IN_REPLY, own)

    def _confirm(
        self, db: sqlite3.Connection, inbound: _Inbound, decision: InboundDecision, own: frozenset[str]
    ) -> WordResult:
        word = _make_word(inbound, decision.word or "")
        return self._finish_opt_in(
            db, inbound, decision, own, TextKind.WELCOME,
            lambda may: self._double_opt_in().confirm(db, word, inbound.now, may_answer=may),
        )  # fmt: skip

    def _join(
        self, db: sqlite3.Connection, inbound: _Inbound, list_name: str, spelling: str, own: frozenset[str]
    ) -> WordResult:
        because = f"{spelling} is the join word of the list {list_name}"
        decision = InboundDecision(InboundAction.OPT_IN, MatchTier.EXACT, spelling, because, True, list_name)
        word = _make_word(inbound, spelling)
        is_asked = self.settings.consent.lists[list_name].double_opt_in
        kind = TextKind.OPT_IN_REQUEST if is_asked else TextKind.WELCOME
        return self._finish_opt_in(
            db, inbound, decision, own, kind,
            lambda may: self._double_opt_in().join(db, list_name, word, inbound.now, may_answer=may),
        )  # fmt: skip

    def _finish_opt_in(
        self,
        db: sqlite3.Connection,
        inbound: _Inbound,
        decision: InboundDecision,
        own: frozenset[str],
        kind: TextKind,
        act: Callable[[bool], OptInResult],
    ) -> WordResult:
        """Does what a join or confirm word asks for. A question that a join word brings is bounded as an answer is."""
        found = find_answer(
            db, self._limits, self.settings, inbound.whole, inbound.sender, inbound.meant, own, kind, inbound.now,
            is_invited=True,
        )  # fmt: skip
        result = act(found.may_answer)
        effect = ConsentEffect(has_changed=result.outcome is OptInOutcome.SUBSCRIBED, needs_confirmation=False)
        if result.message is not None:
            answers.note(db, result.message.id, inbound.sender.number, kind, inbound.now)
        because = f"{decision.because}: {result.outcome}"
        return WordResult(replace(decision, because=because), effect, result.message, found)

    def _help(
        self, db: sqlite3.Connection, inbound: _Inbound, decision: InboundDecision, own: frozenset[str]
    ) -> WordResult:
        wanted = WordResult(decision, ConsentEffect(has_changed=False, needs_confirmation=decision.may_answer))
        return self._answer(db, inbound, wanted, TextKind.HELP_REPLY, own)

    def _review(
        self, db: sqlite3.Connection, inbound: _Inbound, decision: InboundDecision, own: frozenset[str]
    ) -> WordResult:
        if statements.read_marketing(db, inbound.sender.number) is Marketing.OPTED_OUT:
            return WordResult(decision)  # there is nothing to hold
        return WordResult(decision, review_id=self._open_review(db, inbound, decision, ReviewKind.AMBIGUOUS))

    def _look_for_yes(self, db: sqlite3.Connection, inbound: _Inbound, decision: InboundDecision) -> WordResult | None:
        """Opens a review if somebody who was asked to confirm answers in free words that begin with yes: it is no consent, and a
        person reads it. None if it is not so."""
        words = normalise(inbound.whole.text[:LONGEST_ANSWER]).split()
        if not words or not opt_in_requests.list_of(db, inbound.sender.number):
            return None
        first = self._match(words[0], inbound.whole.sender)
        if first is None or first.action is not KeywordAction.CONFIRM:
            return None
        because = f"it begins with {first.word}, but is not that word alone"
        told = replace(decision, because=because, word=first.word)
        return WordResult(told, review_id=self._open_review(db, inbound, told, ReviewKind.CONFIRMATION))

    # Parts of these

    def _state(
        self,
        db: sqlite3.Connection,
        inbound: _Inbound,
        decision: InboundDecision,
        numbers: Sequence[str],
        *,
        opts_in: bool,
    ) -> ConsentEffect:
        """Stores a statement of the sender, the first of `numbers`, and of the others that its digits can mean."""
        said = ConsentStatement(
            inbound.sender.number,
            opts_in,
            decision.word,
            inbound.language,
            "sms",
            inbound.whole.inbox_id,
            stated_at=inbound.stated_at,
            list_name=decision.list_name,
            words=inbound.whole.text,
            sim=inbound.whole.sim,
        )
        effect = statements.apply_statement(db, said, inbound.now)
        for number in numbers[1:]:
            other = statements.apply_statement(db, replace(said, number=number, channel=READING), inbound.now)
            withdrawn = effect.withdrawn_messages + other.withdrawn_messages
            effect = replace(effect, withdrawn_messages=withdrawn)
        return effect

    def _answer(
        self, db: sqlite3.Connection, inbound: _Inbound, result: WordResult, kind: TextKind, own: frozenset[str]
    ) -> WordResult:
        """Queues the answer if one is due and may go; opens a review if a contact changes its mind too often."""
        if not result.effect.needs_confirmation:
            return result
        found = find_answer(
            db, self._limits, self.settings, inbound.whole, inbound.sender, inbound.meant, own, kind, inbound.now
        )
        review = result.review_id
        if found.needs_review:
            review = self._open_review(db, inbound, result.decision, ReviewKind.FLIPS)
        answer = None
        if found.may_answer and found.recipient is not None:
            answer = self._queue(db, inbound, kind, found.recipient, result.decision.list_name)
        return replace(result, answer=answer, answer_decision=found, review_id=review)

    def _queue(
        self, db: sqlite3.Connection, inbound: _Inbound, kind: TextKind, recipient: str, list_name: str | None
    ) -> Submitted:
        """Queues an answer. It is sent by the SIM that received the word: its number is the one that the person knows."""
        listed = self.settings.consent.lists.get(list_name) if list_name is not None else None
        title = (listed.title if listed is not None else None) or list_name
        text = self.texts.compose(kind, inbound.language, brand=self.settings.brand, list_name=title)
        new = OutboundMessage(
            number=recipient,
            text=text,
            message_class=MessageClass.SYSTEM,
            parts=1,
            expires_at=inbound.now + self.settings.validity.of(MessageClass.SYSTEM),
            report=self.settings.report,
            pinned=inbound.whole.sim,
        )
        submitted = accept.submit(db, new, self.rules, inbound.now)
        answers.note(db, submitted.id, recipient, kind, inbound.now)
        return submitted

    def _open_review(
        self, db: sqlite3.Connection, inbound: _Inbound, decision: InboundDecision, kind: ReviewKind
    ) -> int:
        tier = int(decision.tier) if decision.tier is not None else None
        text = ReviewText(inbound.sender.number, kind, inbound.whole.text, inbound.whole.inbox_id, decision.word, tier)
        return open_review(db, self.settings, text, inbound.now)

    def _double_opt_in(self) -> DoubleOptIn:
        return DoubleOptIn(self.settings, self.rules, self.texts)

    @property
    def _limits(self) -> AnswerLimits:
        consent = self.settings.consent
        return AnswerLimits(
            consent.answers.per_number_day, consent.answers.per_prefix_hour, consent.confirmations_per_hour
        )

    def _match(self, text: str, sender: str, own: frozenset[str] = frozenset()) -> WordMatch | None:
        if self.texts.is_own_answer(text):
            return None
        lists = tuple(self.settings.consent.lists)
        country = self._find_country(sender)
        return self.words.match(text, country=country, lists=lists, number=sender, own_numbers=own)

    def _find_match(
        self, db: sqlite3.Connection, whole: CompleteMessage, number: str, own: frozenset[str]
    ) -> WordMatch | None:
        """Returns what a text asks for. STOP with the name of a list that the sender is not on means all marketing if the words
        mean that, too: in French, STOP PROMO does."""
        match = self._match(whole.text, whole.sender, own)
        if match is None or match.list_name is None or self.texts.is_own_answer(whole.text):
            return match
        if lists.read_state(db, number, match.list_name) is not Marketing.UNKNOWN:
            return match
        country = self._find_country(whole.sender)
        general = self.words.match(whole.text, country=country, number=whole.sender, own_numbers=own)
        is_sure = general is not None and general.tier is MatchTier.EXACT
        return general if is_sure else match

    def _find_state(self, db: sqlite3.Connection, number: str) -> ConsentState:
        marketing = statements.read_marketing(db, number)
        if marketing is not Marketing.OPTED_OUT and opt_in_requests.list_of(db, number):
            return ConsentState.PENDING
        return ConsentState.NONE if marketing is Marketing.UNKNOWN else ConsentState(marketing.value)

    def _find_meant(self, db: sqlite3.Connection, sender: SenderNumber) -> tuple[str, ...]:
        endings = statements.find_by_ending(db, sender.number) if sender.is_ending else []
        return tuple(dict.fromkeys((*sender.others, *endings)))

    def _choose_language(self, db: sqlite3.Connection, match: WordMatch | None, whole: CompleteMessage) -> str:
        home = find_language_of(self.settings.country) or "en"
        stored = statements.read_language(db, whole.sender)
        if match is None:
            country = find_language_of(self._find_country(whole.sender))
            return self.texts.find_language(stored) or self.texts.find_language(country) or home
        return choose_language(
            match,
            contact_language=stored,
            last_language=None,
            country=self._find_country(whole.sender),
            supported=self.texts.languages,
            account_language=home,
        )

    def _find_country(self, sender: str) -> str | None:
        return phone_numbers.find_country(sender) or self.settings.country


def _make_word(inbound: _Inbound, word: str) -> OwnWord:
    whole = inbound.whole
    return OwnWord(inbound.sender.number, whole.sim, word, whole.inbox_id, inbound.stated_at, inbound.language)


_ACTS = {
    InboundAction.OPT_OUT: InboundWords._opt_out,
    InboundAction.OPT_IN: InboundWords._opt_in,
    InboundAction.CONFIRM: InboundWords._confirm,
    InboundAction.HELP: InboundWords._help,
    InboundAction.REVIEW: InboundWords._review,
}
