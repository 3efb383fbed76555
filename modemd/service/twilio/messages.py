"""Messages as clients of Twilio's API send, read and remove them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Literal

from modemd import pdu
from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.access.callers import Caller, choose_line, scope_idempotency_key
from modemd.rules.states import MessageState
from modemd.rules.twilio.errors import TwilioCode, TwilioError, find_refusal_code
from modemd.rules.twilio.new_message import NewTwilioMessage
from modemd.rules.twilio.sids import MessageIdentity
from modemd.rules.twilio.statuses import FoundStatus, StatusFacts, TwilioStatus, find_status
from modemd.service.authorship import check_authorship
from modemd.service.messages.decisions import Decisions
from modemd.service.messages.submission import MessageRequest, Submission
from modemd.service.twilio.callbacks import StatusCallbacks, plan_callback
from modemd.service.twilio.numbers import OwnNumbers
from modemd.store import Store, listings
from modemd.store.events import Authorship, add_event
from modemd.store.rows import SimRow
from modemd.store.twilio import listing, removal
from modemd.store.twilio.listing import TwilioChoice, TwilioRow

Removal = Callable[..., None]
# A millisecond of the loop's time.
ROWS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class TwilioMessage:
    """Message as Twilio's API shows it. `own_number`: the number of the SIM at this end; None if it is not chosen, or not
    known."""

    row: TwilioRow
    own_number: str | None
    status: FoundStatus

    @property
    def identity(self) -> MessageIdentity:
        """Identity of the message."""
        return MessageIdentity(self.row.direction, self.row.id)


@dataclass(frozen=True, slots=True)
class AcceptedTwilioMessage:
    """Message that was accepted. `is_repeat`: it was before, and its key was known."""

    message: TwilioMessage
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Place in the list, between the outbound and inbound messages with smaller ids and the others. A page goes on behind it;
    or, with `is_end`, ends there."""

    before_out: int = listing.LARGEST_ID
    before_in: int = listing.LARGEST_ID
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class TwilioSearch:
    """Choice of messages as a client asks for it; None: any. `to` and `sender`: numbers as they are dialled; sent from `since` on
    and before `until`. `with_inbound`: also those that came in."""

    to: str | None = None
    sender: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    with_inbound: bool = True


@dataclass(frozen=True, slots=True)
class TwilioPage:
    """Page of the list. `next_place`: where the next one begins; `previous_place`: where the one before ends; None if there is
    none."""

    messages: tuple[TwilioMessage, ...]
    next_place: PagePlace | None
    previous_place: PagePlace | None


class TwilioMessages:
    """Messages of both directions. `callbacks` None: those are not offered."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        clock: Clock,
        submission: Submission,
        decisions: Decisions,
        numbers: OwnNumbers,
        callbacks: StatusCallbacks | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._submission = submission
        self._decisions = decisions
        self._numbers = numbers
        self._callbacks = callbacks

    async def send(self, new: NewTwilioMessage, caller: Caller) -> AcceptedTwilioMessage:
        """Accepts a message of a caller. Raises TwilioError, also if consent refuses it; Refused as `Submission.submit` does, and
        `forbidden` if the caller has to say by which of its SIMs."""
        sim = await self._find_sim(new.sender, caller) if new.sender is not None else choose_line(caller, None)
        request = MessageRequest(
            new.to,
            pdu.transliterate(new.text)[0] if new.is_smart_encoded else new.text,
            new.message_class,
            new.at,
            scope_idempotency_key(caller.key, new.key),
            valid=new.valid,
            sim=sim,
        )
        also = plan_callback(self._callbacks, new.callback, caller.key)
        try:
            result = await self._submission.submit(request, also)
        except Refused as refused:
            if refused.code is not ErrorCode.SHORT_CODE_NOT_ALLOWED:
                raise
            raise TwilioError(
                TwilioCode.BAD_RECIPIENT,
                "To has too few digits for a telephone number; this API does not write to short codes: use POST /v1/messages "
                "with short_code",
            ) from refused
        if also is not None and self._callbacks is not None:
            self._callbacks.wake()
        message = result.message
        if message.state is MessageState.REFUSED:
            status = find_status(StatusFacts(message.state, message.reason))
            raise TwilioError(find_refusal_code(message.reason), f"not sent: {status.message}")
        return AcceptedTwilioMessage(await self.read(MessageIdentity("out", message.id)), result.is_repeat)

    async def read(self, identity: MessageIdentity) -> TwilioMessage:
        """Returns a message. Raises Refused (`not_found`)."""
        row, sims = await self._store.read(partial(_read_message, identity))
        if row is None:
            raise Refused(ErrorCode.NOT_FOUND, f"there is no message {identity.sid}")
        return _make_message(row, self._numbers.map_numbers(sims))

    async def list_page(self, search: TwilioSearch, place: PagePlace, size: int) -> TwilioPage:
        """Returns a page of the list, newest first."""
        chosen = TwilioChoice(
            await self._find_ends(search.to),
            await self._find_ends(search.sender),
            search.since,
            search.until,
            place.before_out,
            place.before_in,
            search.with_inbound,
        )
        page = await self._store.read(partial(_read_page, chosen, place, size))
        numbers = self._numbers.map_numbers(page.sims)
        messages = []
        for start in range(0, len(page.rows), ROWS_AT_ONCE):
            messages += [_make_message(row, numbers) for row in page.rows[start : start + ROWS_AT_ONCE]]
            await asyncio.sleep(0)  # the loop has other work
        return TwilioPage(tuple(messages), page.next_place, page.previous_place)

    async def cancel(self, identity: MessageIdentity, authorship: Authorship) -> TwilioMessage:
        """Cancels a message of which nothing can have left. Raises Refused (`not_found`, `too_late`)."""
        if identity.direction == "in":
            raise Refused(ErrorCode.TOO_LATE, f"message {identity.sid} came in")
        await self._decisions.cancel((await self.read(identity)).row.id, authorship)
        return await self.read(identity)

    async def redact(self, identity: MessageIdentity, authorship: Authorship) -> TwilioMessage:
        """Removes the text of a message that has ended. Raises Refused (`not_found`, `on_its_way`)."""
        await self._remove(identity, authorship, removal.redact_outbound, removal.redact_inbound)
        return await self.read(identity)

    async def delete(self, identity: MessageIdentity, authorship: Authorship) -> None:
        """Removes the text of a message that has ended, and lists it no more. Raises Refused (`not_found`, `on_its_way`)."""
        await self._remove(identity, authorship, removal.delete_outbound, removal.delete_inbound)

    async def note_feedback(self, identity: MessageIdentity, outcome: Literal["confirmed", "unconfirmed"]) -> datetime:
        """Stores in the history of a message what its recipient did with it. Returns when. Raises Refused (`not_found`)."""
        message, now = await self.read(identity), self._clock.now()
        if identity.direction == "in":
            raise Refused(ErrorCode.NOT_FOUND, f"message {identity.sid} came in; feedback is about what was sent")
        await self._store.write(lambda db: add_event(db, message.row.id, now, "feedback", outcome=outcome))
        return now

    async def _remove(
        self,
        identity: MessageIdentity,
        authorship: Authorship,
        outbound: Removal,
        inbound: Removal,
    ) -> None:
        await self.read(identity)  # of what is not listed, nothing is removed either
        change = outbound if identity.direction == "out" else inbound
        checked, now = check_authorship(authorship), self._clock.now()
        await self._store.write(partial(change, id=identity.id, authorship=checked, now=now))

    async def _find_sim(self, sender: str, caller: Caller) -> str:
        """Returns the SIM of a number of ours by which a caller may send. Raises TwilioError."""
        sims = [sim for sim in await self._numbers.find_sims(sender) if not caller.lines or sim in caller.lines]
        if not sims:
            raise TwilioError(
                TwilioCode.NOT_OUR_NUMBER, "From is not the number of a SIM of this server, or not for this key"
            )
        return sims[0]

    async def _find_ends(self, text: str | None) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Returns the numbers and the SIMs that an end of a message can be; None: any."""
        if text is None:
            return None
        try:
            numbers = phone_numbers.list_spellings(text, self._settings.current().country)
        except Refused:
            numbers = (text,)  # of what is no number, nothing is listed
        return numbers, await self._numbers.find_sims(text)


def _read_message(identity: MessageIdentity, db: sqlite3.Connection) -> tuple[TwilioRow | None, list[SimRow]]:
    return listing.read_message(db, identity.direction, identity.id), listings.list_sims(db)


@dataclass(frozen=True, slots=True)
class _PageRows:
    rows: list[TwilioRow]
    sims: list[SimRow]
    next_place: PagePlace | None
    previous_place: PagePlace | None


def _read_page(chosen: TwilioChoice, place: PagePlace, size: int, db: sqlite3.Connection) -> _PageRows:
    """Returns the rows of a page, and whether there are more on either side of it."""
    if place.is_end:
        rows = listing.list_newer(db, chosen, size + 1)
        has_newer, rows = len(rows) > size, rows[-size:]
        begin, end = _find_begin(place, rows), replace(place, is_end=False)
        has_older = bool(listing.list_messages(db, chosen, 1))
    else:
        rows = listing.list_messages(db, chosen, size + 1)
        has_older, rows = len(rows) > size, rows[:size]
        begin, end = place, _find_end(place, rows)
        has_newer = place != PagePlace() and bool(listing.list_newer(db, chosen, 1))
    previous = replace(begin, is_end=True) if has_newer else None
    return _PageRows(rows, listings.list_sims(db), end if has_older else None, previous)


def _find_end(place: PagePlace, rows: list[TwilioRow]) -> PagePlace:
    """Returns the place behind these rows, of which the first is behind `place`."""
    for row in rows:
        place = replace(place, before_out=row.id) if row.direction == "out" else replace(place, before_in=row.id)
    return place


def _find_begin(place: PagePlace, rows: list[TwilioRow]) -> PagePlace:
    """Returns the place before these rows, of which the last is before `place`."""
    for row in reversed(rows):
        after = row.id + 1
        place = replace(place, before_out=after) if row.direction == "out" else replace(place, before_in=after)
    return place


def _make_message(row: TwilioRow, numbers: Mapping[str, str]) -> TwilioMessage:
    own_number = numbers.get(row.sim) if row.sim is not None else None
    if row.state is None:
        return TwilioMessage(row, own_number, FoundStatus(TwilioStatus.RECEIVED))
    facts = StatusFacts(row.state, row.reason, row.is_pinned, row.is_closed)
    return TwilioMessage(row, own_number, find_status(facts))
