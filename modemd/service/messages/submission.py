"""Submission: checks requests for messages, and answers when the messages are durable."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from modemd import pdu
from modemd.clock import Clock
from modemd.config import CurrentSettings, amounts
from modemd.config.values import LONGEST_VALIDITY
from modemd.errors import EncodeError, ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.access.callers import show_idempotency_key
from modemd.rules.classes import SUBMITTABLE, MessageClass
from modemd.rules.consent.words.matching import Words
from modemd.rules.sending_rules import SendingRules
from modemd.rules.windows import Window
from modemd.service.messages.answer_words import AnswerWords
from modemd.service.named_sim import MESSAGE_WAITS, check_sim_id, describe_unmet
from modemd.service.rules_in_force import RulesInForce
from modemd.service.texts import check_controls
from modemd.store import Store, listings, sims
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.rows import MessageRow

# Characters of an idempotency key.
LONGEST_KEY = 200
# Recipients of one request; for more there is the CSV.
MOST_RECIPIENTS = 100
# Characters: 255 parts of 153 (3GPP TS 23.040 9.2.3.24.1).
LONGEST_TEXT = 255 * 153


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """Message as a client asks for it, unchecked. `at`: when to send, in ISO 8601; `key`: idempotency key; `report` None: as
    configured; `valid`: how long it is worth sending, as 2h; `window`: the hours in which it may begin, as 09:00-18:00; `sim`:
    the only SIM that may send it, by its ICCID; `list_name`: the list of subscribers that it goes to; `answers`: words that are
    answers to it for 24 hours, not words of consent."""

    to: str
    text: str
    message_class: str = MessageClass.TRANSACTIONAL
    at: str | None = None
    key: str | None = None
    report: bool | None = None
    short_code: bool = False
    valid: str | None = None
    window: str | None = None
    sim: str | None = None
    list_name: str | None = None
    answers: tuple[str, ...] = ()


# Message that a request asks for, with warnings about its number.
CheckedMessage = tuple[OutboundMessage, tuple[str, ...]]
# Change that belongs to an accepted message, by its id: in the same transaction.
AlsoStore = Callable[[sqlite3.Connection, int], None]


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """Answer to a request: the message, warnings about its number, SIM and notice, and whether the key was known already."""

    message: MessageRow
    warnings: tuple[str, ...]
    is_repeat: bool


class Submission:
    """Acceptance of messages. `on_queued` is called with each message that was accepted, and its class; `find_words` returns the
    words of consent in force."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        rules: RulesInForce,
        clock: Clock,
        on_queued: Callable[[Submitted, MessageClass], None],
        find_words: Callable[[], Words],
    ) -> None:
        self._answers = AnswerWords(find_words)
        self._store = store
        self._settings = settings
        self._rules = rules
        self._clock = clock
        self._on_queued = on_queued

    async def submit(self, request: MessageRequest, also: AlsoStore | None = None) -> SubmitResult:
        """Accepts one message. A message that consent forbids is stored as refused. Raises Refused, as `check` does, and with
        `key_reused` if the key belongs to another message. `also`: a change to make with it, unless its key was known."""
        return (await self._store_messages([self.check(request)], also))[0]

    async def submit_to_each(self, request: MessageRequest, recipients: Sequence[str]) -> list[SubmitResult]:
        """Accepts a message for each of several recipients in one commit; a number that is named more than once gets one message,
        with a warning. Raises Refused if one of them cannot be written to: then nothing is accepted."""
        return await self._store_messages(self.check_each(request, recipients))

    def check_each(self, request: MessageRequest, recipients: Sequence[str]) -> list[CheckedMessage]:
        """Returns the message for each of several recipients, as `check` does. A number that is named more than once gets one,
        with a warning."""
        if not 0 < len(recipients) <= MOST_RECIPIENTS:
            raise Refused(
                ErrorCode.BAD_RECIPIENTS,
                f"a message has 1 to {MOST_RECIPIENTS} recipients, not {len(recipients)}; write more into a CSV (--csv)",
            )
        checked = [self.check(replace(request, to=to)) for to in recipients]
        counts = Counter(new.number for new, _ in checked)
        once = {new.number: (new, warnings) for new, warnings in checked}
        again = {
            number: (f"{number} is named {count} times; it gets one message",) if count > 1 else ()
            for number, count in counts.items()
        }
        return [(new, warnings + again[new.number]) for new, warnings in once.values()]

    async def submit_all(self, requests: Sequence[MessageRequest]) -> list[SubmitResult]:
        """Accepts several messages in one commit. Raises Refused if one cannot be accepted: then none is."""
        checked = [self.check(request) for request in requests]
        return await self._store_messages(checked)

    def check(self, request: MessageRequest) -> CheckedMessage:
        """Returns the message that a request asks for, and warnings about its number. Raises Refused (`bad_class`, `empty_text`,
        `bad_text`, `bad_key`, `bad_time`, `in_the_past`, `too_far`, `bad_validity`, `bad_window`, `bad_sim`, `unknown_list`,
        `list_not_allowed`, `bad_answers`, or what `parse_recipient` raises)."""
        now, settings = self._clock.now(), self._settings.current()
        recipient = phone_numbers.parse_recipient(request.to, country=settings.country, short_code=request.short_code)
        if request.message_class not in SUBMITTABLE:
            raise Refused(
                ErrorCode.BAD_CLASS, f"{request.message_class!r} is no class; there are {', '.join(SUBMITTABLE)}"
            )
        message_class = MessageClass(request.message_class)
        if request.list_name is not None:
            check_list(request.list_name, message_class, settings.consent.lists)
        if len(request.text) > LONGEST_TEXT:  # before it is planned, which takes the loop's time
            raise Refused(
                ErrorCode.BAD_TEXT, f"the text has {len(request.text)} characters; {LONGEST_TEXT} are the most"
            )
        text = pdu.compose_letters(request.text)
        check_text(text)
        try:
            parts = pdu.plan(text).parts
        except EncodeError as error:
            raise Refused(ErrorCode.BAD_TEXT, f"the text cannot be sent: {error.reason}") from error
        check_key(request.key)
        at = parse_time(request.at, settings.timezone, now) if request.at else None
        if at is not None and request.key is None:
            check_time(at, now)  # with a key it may be a repetition, which gets its first answer: `_submit_all` checks
        new = OutboundMessage(
            number=recipient.number,
            text=text,
            message_class=message_class,
            parts=parts,
            expires_at=min(max(at or now, now), now + LONGEST_AHEAD)
            + (parse_validity(request.valid) if request.valid is not None else settings.validity.of(message_class)),
            report=settings.report if request.report is None else request.report,
            at=at,
            key=request.key,
            window=str(self._parse_window(request.window)) if request.window is not None else None,
            pinned=check_sim_id(request.sim) if request.sim is not None else None,
            list_name=request.list_name,
            answers=self._answers.check(request.answers, recipient.number, settings),
        )
        return new, recipient.warnings + self._rules.current().geography.find_warnings(new.number)

    @staticmethod
    def valid_s(request: MessageRequest) -> int | None:
        """Returns the validity that a request asks for, in whole seconds. None: that of its class."""
        return max(int(parse_validity(request.valid).total_seconds()), 1) if request.valid is not None else None

    def _parse_window(self, text: str) -> Window:
        try:
            return Window.parse(text, self._settings.current().timezone)
        except ValueError as error:
            raise Refused(ErrorCode.BAD_WINDOW, str(error)) from None

    async def _store_messages(
        self, checked: Sequence[CheckedMessage], also: AlsoStore | None = None
    ) -> list[SubmitResult]:
        now = self._clock.now()
        change = partial(_submit_all, [new for new, _ in checked], self._rules.current(), now, also)
        results = await self._store.write(change)
        for (new, _), (submitted, _, _) in zip(checked, results, strict=True):
            if not submitted.is_repetition:
                self._on_queued(submitted, new.message_class)
        return [
            SubmitResult(
                message,
                (*warnings, *_sim_warnings(new, is_met=is_met), *map(str, submitted.lacks)),
                submitted.is_repetition,
            )
            for (new, warnings), (submitted, message, is_met) in zip(checked, results, strict=True)
        ]


def _sim_warnings(new: OutboundMessage, *, is_met: bool) -> tuple[str, ...]:
    """Returns a warning if a message names a SIM that was never met."""
    return () if is_met or new.pinned is None else (describe_unmet(new.pinned, MESSAGE_WAITS),)


def _submit_all(
    new: Sequence[OutboundMessage], rules: SendingRules, now: datetime, also: AlsoStore | None, db: sqlite3.Connection
) -> list[tuple[Submitted, MessageRow, bool]]:
    """Accepts messages, and makes the change that belongs to each new one. Returns each with its row, and whether the SIM that it
    names was ever met."""
    for each in new:
        if each.at is not None and each.key is not None and not accept.has_key(db, each.key):
            check_time(each.at, now)
    submitted = [accept.submit(db, each, rules, now) for each in new]
    for each_new in submitted:
        if also is not None and not each_new.is_repetition:
            also(db, each_new.id)
    known = [each.id for each in submitted if each.row is None]
    rows = listings.find_messages(db, known) if known else {}
    return [
        (each, each.row or rows[each.id], message.pinned is None or sims.is_known(db, message.pinned))
        for message, each in zip(new, submitted, strict=True)
    ]


def check_key(stored: str | None) -> None:
    """Raises Refused (`bad_key`) if an idempotency key, as it is stored, is empty or too long."""
    key = show_idempotency_key(stored)
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Refused(ErrorCode.BAD_KEY, f"an idempotency key has 1 to {LONGEST_KEY} characters")


def check_list(name: str, message_class: MessageClass, lists: Collection[str]) -> None:
    """Raises Refused if a message cannot go to a list of subscribers: there is none of that name in the configuration
    (`unknown_list`), or the message is no marketing (`list_not_allowed`)."""
    if name not in lists:
        known = f"there are {', '.join(lists)}" if lists else "consent.lists has none"
        raise Refused(ErrorCode.UNKNOWN_LIST, f"there is no list {name!r} in the configuration; {known}")
    if message_class is not MessageClass.MARKETING:
        raise Refused(
            ErrorCode.LIST_NOT_ALLOWED,
            f"a list is for the class marketing, not {message_class}: leave the list out, or take --class marketing",
        )


def check_text(text: str) -> None:
    """Raises Refused if a text says nothing (`empty_text`), or has a control character that is no line end, tab or page break
    (`bad_text`)."""
    if all(map(_is_invisible, text)):
        what = "has only blanks and invisible characters" if text else "is empty"
        raise Refused(ErrorCode.EMPTY_TEXT, f"the text {what}; an SMS says something")
    check_controls(text)


def _is_invisible(character: str) -> bool:
    """Returns True for blanks, line ends, and marks of format such as U+200B; private characters may be symbols."""
    return unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc", "Cf")


# So far in the past still means now: the client's clock may differ, and a form takes time to fill in.
PAST_TOLERANCE = timedelta(minutes=1)
# A time further ahead than this is taken for a typing error.
LONGEST_AHEAD = timedelta(days=731)


# A time of the day alone, as people say it.
_TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)


def parse_time(text: str, zone: ZoneInfo, now: datetime | None = None) -> datetime:
    """Returns the moment that ISO 8601 `text` names, in UTC; without an offset it is a local time in `zone`. With `now`, a time
    of the day alone, as 18:00, is the next one. Raises Refused (`bad_time`).

    A local time that a change to summer time leaves out moves forward; one that occurs twice is the first."""
    if now is not None and (found := _TIME_OF_DAY.fullmatch(text)):
        hour, minute, second = (int(each or 0) for each in found.groups())
        return _find_next_time_of_day(time(hour, minute, second), zone, now)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        forms = "2026-11-22T18:30 or 2026-11-22T18:30+01:00"
        next_one = ", or as 18:30 for the next one" if now is not None else ""
        raise Refused(ErrorCode.BAD_TIME, f"{text!r} is not a time; write it as {forms}{next_one}") from None
    if moment.tzinfo is None:
        # fold=0 is the first of two; a time in a gap gets the offset before the gap, so the conversion to UTC moves it on.
        moment = moment.replace(tzinfo=zone, fold=0)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or last day that Python knows, moved beyond it by the zone
        raise Refused(ErrorCode.BAD_TIME, f"{text!r} is no time that can be waited for") from None


def _find_next_time_of_day(wall: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Returns the next moment at which clocks in `zone` show `wall`, in UTC. The minute that is now counts as the next one."""
    today = now.astimezone(zone).date()
    moments = (
        datetime.combine(today + timedelta(days=day), wall, zone).replace(fold=0).astimezone(UTC) for day in range(3)
    )
    return next(moment for moment in moments if moment >= now - PAST_TOLERANCE)


def check_time(at: datetime, now: datetime) -> None:
    """Raises Refused (`in_the_past`, `too_far`) if nothing can be sent `at` that moment."""
    if at > now + LONGEST_AHEAD:
        raise Refused(
            ErrorCode.TOO_FAR, f"{at.isoformat()} is more than {LONGEST_AHEAD.days} days ahead; submit it later"
        )
    if at < now - PAST_TOLERANCE:
        raise Refused(ErrorCode.IN_THE_PAST, f"{at.isoformat()} is in the past; leave the time out to send at once")


def parse_validity(text: str) -> timedelta:
    """Returns how long a message is worth sending, from text as 90s, 5min, 2h or 3d. Raises Refused (`bad_validity`)."""
    try:
        valid = amounts.parse_duration(text)
    except ValueError:
        raise Refused(ErrorCode.BAD_VALIDITY, f"{text!r} is no validity; write it as {amounts.DURATION_FORM}") from None
    if not timedelta(seconds=1) <= valid <= LONGEST_VALIDITY:
        raise Refused(
            ErrorCode.BAD_VALIDITY, f"{text!r} is out of range; a message is valid for 1s to {LONGEST_VALIDITY.days}d"
        )
    return valid
