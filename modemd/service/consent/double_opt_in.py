"""Double opt-in: requests to confirm, join words, confirm words, reminders and expiries, each in one transaction.

`rules/consent/double_opt_in.py` has the states, `store/consent/lists.py` changes them. A `DoubleOptIn` never changes; its
functions run on the writer's thread, in the transaction of the caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from modemd import pdu
from modemd.config import Settings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.classes import MessageClass
from modemd.rules.consent import double_opt_in as rules
from modemd.rules.consent.double_opt_in import OptInEvent
from modemd.rules.consent.policy import Marketing
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.language import find_language_of
from modemd.rules.sending_rules import SendingRules
from modemd.rules.states import MessageState
from modemd.service.consent import opt_in_texts
from modemd.service.consent.opt_in_texts import OptInText
from modemd.store.consent import ledger, lists, opt_in_requests, statements
from modemd.store.consent.ledger import ConsentAction, ConsentEvent
from modemd.store.consent.opt_in_requests import OpenRequest
from modemd.store.consent.stamps import is_credible
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage

# A request that could not be sent for so long is not worth sending any more.
REQUEST_VALIDITY = timedelta(days=3)
# Channel of what the timetable does.
TIMETABLE = "timetable"


@dataclass(frozen=True, slots=True)
class OptInOrder:
    """Order to ask a number to confirm. `number`: in E.164; `list_name` None: all marketing; `channel`, `evidence`, `actor`,
    `url`, `ip`, `user_agent`, `contact_id`, `basis`: as in `ConsentEvent`; `shown`: what the person was shown there; `language`
    None: the contact's, else the list's; `not_before`: when the request may be sent, None: at once; `sim`: the only SIM that may
    send it. `inbox_id`, `word` and `said_at`: of the person's message that asks for it, else None."""

    number: str
    list_name: str | None
    channel: str
    evidence: str | None = None
    actor: str | None = None
    shown: str | None = None
    language: str | None = None
    not_before: datetime | None = None
    sim: str | None = None
    inbox_id: int | None = None
    word: str | None = None
    said_at: datetime | None = None
    basis: str | None = None
    url: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    contact_id: str | None = None

    @property
    def is_by_the_person(self) -> bool:
        """True if the person's own message asks for it."""
        return self.inbox_id is not None


@dataclass(frozen=True, slots=True)
class OwnWord:
    """Word that a person wrote: from `number`, received on `sim`, stamped `stated_at` by the network; `language` of the word."""

    number: str
    sim: str
    word: str
    inbox_id: int
    stated_at: datetime | None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class OptInRequest:
    """Request that was made: the message with it."""

    number: str
    list_name: str | None
    message: Submitted


class OptInOutcome(StrEnum):
    """Outcome of a join or confirm word."""

    SUBSCRIBED = "subscribed"
    REQUESTED = "requested"  # to be confirmed first
    NO_CHANGE = "no change"  # subscribed already, or asked already
    NOT_ASKED = "not asked"  # no open request that the word can answer
    TOO_OLD = "too old"  # said before the opt-out or the request, by the network's stamp
    OPTED_OUT = "opted out"  # from all marketing: only START ends that
    LIMITED = "limited"  # no more answers may go out now
    NOT_POSSIBLE = "not possible"  # the configuration lacks what a request must say


@dataclass(frozen=True, slots=True)
class OptInResult:
    """Result of a join or confirm word: what became of it, on which list, and the message that was queued, if any."""

    outcome: OptInOutcome
    list_name: str | None = None
    message: Submitted | None = None


@dataclass(frozen=True, slots=True)
class DoubleOptIn:
    """Requests to confirm and their answers, by the settings, rules and texts in force. `find_opening`: for a number and a
    moment, when what modemd sends by itself may go out; None: at once."""

    settings: Settings
    sending: SendingRules
    texts: Texts = field(default_factory=Texts.load)
    find_opening: Callable[[str, datetime], datetime | None] = lambda number, now: None

    # Requests

    def request(self, db: sqlite3.Connection, order: OptInOrder, now: datetime) -> OptInRequest:
        """Asks a number to confirm. Raises Refused: `unknown_list`, `opted_out`, `already_opted_in`, `already_pending`,
        `asked_lately` (a request expired not long ago, and the person does not ask for it), `needs_setting`, or `not_possible` if
        the message may not be sent."""
        self._check_request(db, order, now)
        begins = max(order.not_before or now, now)
        expires_at = begins + self.settings.consent.double_opt_in.expires_after
        language = order.language or statements.read_language(db, order.number) or self._find_list_language(order)
        language = language or find_language_of(phone_numbers.find_country(order.number) or self.settings.country)
        text = opt_in_texts.compose_request(self.settings, self.texts, order.list_name, language)
        message = self._submit(
            db, order.number, text, order.sim, begins, min(expires_at, begins + REQUEST_VALIDITY), now
        )
        if message.state is MessageState.REFUSED:
            raise Refused(ErrorCode.NOT_POSSIBLE, f"{order.number} may not be sent a request: {message.reason}")
        entry = self._make_entry(order, text, message)
        lists.change(db, OptInEvent.REQUESTED, entry, now)
        waits = self.settings.consent.double_opt_in.reminder_after
        remind_at = None if waits == "none" or begins + waits >= expires_at else begins + waits
        opt_in_requests.add(
            db,
            OpenRequest(
                order.number, order.list_name, begins, expires_at, remind_at, (message.id,), language, order.sim
            ),
        )
        return OptInRequest(order.number, order.list_name, message)

    def try_request(self, db: sqlite3.Connection, order: OptInOrder, now: datetime) -> OptInRequest | Refused:
        """Does `request`, and returns the refusal instead of raising it: for many numbers in one transaction."""
        try:
            return self.request(db, order, now)
        except Refused as refused:
            return refused

    def _check_request(self, db: sqlite3.Connection, order: OptInOrder, now: datetime) -> None:
        number, name = order.number, order.list_name
        if name is not None and name not in self.settings.consent.lists:
            raise Refused(ErrorCode.UNKNOWN_LIST, f"there is no list {name!r} in the configuration")
        self._expire_if_over(db, number, name, now)
        general = statements.read_marketing(db, number)
        state = lists.read_state(db, number, name) if name is not None else general
        what = f"list {name}" if name is not None else "marketing"
        if Marketing.OPTED_OUT in (general, state):
            raise Refused(
                ErrorCode.OPTED_OUT,
                f"{number} has opted out of {what}; nobody asks it to come back, only its own word counts",
            )
        if state is Marketing.OPTED_IN:
            raise Refused(ErrorCode.ALREADY_OPTED_IN, f"{number} has opted in to {what} already")
        if state is Marketing.PENDING:
            raise Refused(ErrorCode.ALREADY_PENDING, f"{number} was asked about {what}, and has not answered yet")
        again_after = self.settings.consent.double_opt_in.again_after
        expired_at = opt_in_requests.find_last_expiry(db, number, name)
        if expired_at is not None and now < expired_at + again_after and not order.is_by_the_person:
            raise Refused(
                ErrorCode.ASKED_LATELY,
                f"{number} was asked about {what}, and did not answer; it may be asked again from "
                f"{(expired_at + again_after).isoformat(timespec='minutes')} on",
            )

    def _find_list_language(self, order: OptInOrder) -> str | None:
        return self.settings.consent.lists[order.list_name].language if order.list_name is not None else None

    def _submit(
        self,
        db: sqlite3.Connection,
        number: str,
        text: OptInText,
        sim: str | None,
        begins: datetime,
        expires_at: datetime,
        now: datetime,
    ) -> Submitted:
        new = OutboundMessage(
            number=number,
            text=text.text,
            message_class=MessageClass.SYSTEM,
            parts=pdu.plan(text.text).parts,
            expires_at=expires_at,
            report=self.settings.report,
            at=begins if begins > now else None,
            pinned=sim,
        )
        return accept.submit(db, new, self.sending, now)

    def _make_entry(self, order: OptInOrder, text: OptInText, message: Submitted) -> ConsentEvent:
        told = (order.evidence, f"shown there: {order.shown}" if order.shown else None)
        return ConsentEvent(
            order.number,
            ConsentAction.REQUEST,
            order.channel,
            list_name=order.list_name,
            sender=order.sim,
            actor=order.actor,
            word=order.word,
            inbox_id=order.inbox_id,
            said_at=order.said_at,
            wording=text.text,
            wording_version=text.version,
            wording_language=text.language,
            messages=(message.id,),
            basis=order.basis,
            evidence="; ".join(each for each in told if each) or None,
            url=order.url,
            ip=order.ip,
            user_agent=order.user_agent,
            contact_id=order.contact_id,
        )

    # Words of people

    def join(
        self, db: sqlite3.Connection, list_name: str, word: OwnWord, now: datetime, *, may_answer: bool = True
    ) -> OptInResult:
        """Subscribes somebody who wrote a join word of a list, with an answer; or asks for a confirmation, if the list has double
        opt-in. Who has opted out of this list comes back by the word, as by START. `may_answer`: the answer may be sent."""
        self._expire_if_over(db, word.number, list_name, now)
        if statements.read_marketing(db, word.number) is Marketing.OPTED_OUT:
            return OptInResult(OptInOutcome.OPTED_OUT, list_name)
        state, settings = lists.read_state(db, word.number, list_name), self.settings.consent.lists[list_name]
        if state is Marketing.OPTED_IN or (state is Marketing.PENDING and settings.double_opt_in):
            return OptInResult(OptInOutcome.NO_CHANGE, list_name)
        if state is Marketing.OPTED_OUT and not statements.is_said_after_opt_outs(
            db, word.number, list_name, word.stated_at, now
        ):
            return OptInResult(OptInOutcome.TOO_OLD, list_name)
        if state is Marketing.UNKNOWN and settings.double_opt_in:
            if not may_answer:
                return OptInResult(OptInOutcome.LIMITED, list_name)
            order = OptInOrder(
                word.number, list_name, "sms",
                language=word.language, sim=word.sim, inbox_id=word.inbox_id, word=word.word, said_at=word.stated_at,
            )  # fmt: skip
            asked = self.try_request(db, order, now)
            if isinstance(asked, Refused):
                return OptInResult(OptInOutcome.NOT_POSSIBLE, list_name)
            return OptInResult(OptInOutcome.REQUESTED, list_name, asked.message)
        lists.change(db, OptInEvent.JOINED, _make_word_entry(word, ConsentAction.OPT_IN, list_name), now)
        return OptInResult(OptInOutcome.SUBSCRIBED, list_name, self._welcome(db, list_name, word, now, may_answer))

    def confirm(
        self,
        db: sqlite3.Connection,
        word: OwnWord,
        now: datetime,
        *,
        list_name: str | None = None,
        may_answer: bool = True,
    ) -> OptInResult:
        """Applies a confirm word to the request that it answers: while that is open, on the SIM that asked, and only if the word
        was said after the request had left. Of several requests it is the last one, or the one about `list_name` if named."""
        requests = opt_in_requests.list_of(db, word.number)
        for request in requests:
            if request.expires_at <= now:
                _expire(db, request, now)
        open_requests = [each for each in requests if each.expires_at > now and list_name in (None, each.list_name)]
        if not open_requests:
            return OptInResult(OptInOutcome.NOT_ASKED)
        stated_at = word.stated_at
        if stated_at is None or not is_credible(stated_at, now):
            return OptInResult(OptInOutcome.TOO_OLD)
        answered = [
            each
            for each in open_requests
            if rules.is_confirmation(opt_in_requests.list_sent(db, each), word.sim, stated_at)
        ]
        if not answered:
            return OptInResult(
                OptInOutcome.TOO_OLD if self._has_asked(db, open_requests, word.sim) else OptInOutcome.NOT_ASKED
            )
        request = max(answered, key=lambda each: each.requested_at)
        entry = replace(_make_word_entry(word, ConsentAction.CONFIRM, request.list_name), messages=request.messages)
        lists.change(db, OptInEvent.CONFIRMED, entry, now)
        message = self._welcome(db, request.list_name, word, now, may_answer)
        return OptInResult(OptInOutcome.SUBSCRIBED, request.list_name, message)

    def _has_asked(self, db: sqlite3.Connection, requests: list[OpenRequest], sim: str) -> bool:
        return any(sent.sim == sim for request in requests for sent in opt_in_requests.list_sent(db, request))

    def _welcome(
        self, db: sqlite3.Connection, list_name: str | None, word: OwnWord, now: datetime, may_answer: bool
    ) -> Submitted | None:
        if not may_answer:
            return None
        configured = self.settings.consent.lists.get(list_name) if list_name is not None else None
        language = word.language or statements.read_language(db, word.number) or (configured and configured.language)
        text = opt_in_texts.compose_welcome(self.settings, self.texts, list_name, language or None)
        expires_at = now + self.settings.validity.of(MessageClass.SYSTEM)
        return self._submit(db, word.number, text, word.sim, now, expires_at, now)

    # What the timetable does

    def remind_due(self, db: sqlite3.Connection, now: datetime, limit: int = 100) -> list[Submitted]:
        """Sends the one reminder of requests that have not been answered, up to `limit`. A request that was not sent yet has
        none. Returns the messages."""
        reminders = []
        for request in opt_in_requests.list_to_remind(db, now, limit):
            message = None
            if request.expires_at > now and opt_in_requests.list_sent(db, request):
                message = self._remind(db, request, now)
            opt_in_requests.note_reminder(db, request, message.id if message is not None else None)
            reminders += [message] if message is not None else []
        return reminders

    def _remind(self, db: sqlite3.Connection, request: OpenRequest, now: datetime) -> Submitted | None:
        try:
            text = opt_in_texts.compose_reminder(self.settings, self.texts, request.list_name, request.language)
        except (Refused, KeyError):  # the list or its setting is gone since
            return None
        asked_by = opt_in_requests.list_sent(db, request)[-1].sim
        begins = max(self.find_opening(request.number, now) or now, now)
        if begins >= request.expires_at:
            return None
        expires_at = min(request.expires_at, begins + REQUEST_VALIDITY)
        message = self._submit(db, request.number, text, asked_by, begins, expires_at, now)
        entry = ConsentEvent(
            request.number, ConsentAction.REQUEST, TIMETABLE,
            list_name=request.list_name, sender=asked_by, wording=text.text, wording_version=text.version,
            wording_language=text.language, messages=(message.id,),
        )  # fmt: skip
        ledger.add(db, entry, now)
        return message

    def expire_due(self, db: sqlite3.Connection, now: datetime, limit: int = 100) -> int:
        """Ends requests that nobody answered in time, up to `limit`. Returns how many."""
        overdue = opt_in_requests.list_overdue(db, now, limit)
        for request in overdue:
            _expire(db, request, now)
        return len(overdue)

    def _expire_if_over(self, db: sqlite3.Connection, number: str, list_name: str | None, now: datetime) -> None:
        """Ends an open request whose time is over, or which could not be sent: what comes next must not depend on which task runs
        first after a long downtime."""
        request = opt_in_requests.find(db, number, list_name)
        if request is not None and (request.expires_at <= now or opt_in_requests.has_failed(db, request)):
            _expire(db, request, now, counts=request.expires_at <= now)


def find_next_due(db: sqlite3.Connection) -> datetime | None:
    """Returns when a request expires or is reminded of next; None if there is none."""
    return opt_in_requests.find_next_due(db)


def _expire(db: sqlite3.Connection, request: OpenRequest, now: datetime, *, counts: bool = True) -> None:
    """Ends a request without an answer. `counts`: it was sent, so that the next one has to wait."""
    entry = ConsentEvent(
        request.number,
        ConsentAction.EXPIRE,
        TIMETABLE if counts else opt_in_requests.NOT_SENT,
        list_name=request.list_name,
        messages=request.messages,
    )
    lists.change(db, OptInEvent.EXPIRED, entry, now)


def _make_word_entry(word: OwnWord, action: ConsentAction, list_name: str | None) -> ConsentEvent:
    return ConsentEvent(
        word.number,
        action,
        "sms",
        list_name=list_name,
        sender=word.sim,
        word=word.word,
        language=word.language,
        inbox_id=word.inbox_id,
        said_at=word.stated_at,
    )
