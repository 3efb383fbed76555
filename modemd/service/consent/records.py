"""Consent records: where numbers stand, as the faces show it, and how a person undoes an opt-out."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from functools import partial

from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.rules.sending_rules import SendingRules
from modemd.service.pages import PagedList, read_paged_list
from modemd.service.rules_in_force import RulesInForce
from modemd.store import Store, listings
from modemd.store.consent import contact_facts, lists, statements
from modemd.store.consent.damage import explain_damage
from modemd.store.consent.lists import SubscriberRow, SubscriptionRow
from modemd.store.events import Authorship
from modemd.store.keyed_hashes import suppression
from modemd.store.rows import ConsentEventRow, OptOutRow

# Events that `find_standing` returns at most.
MOST_EVENTS = 50


@dataclass(frozen=True, slots=True)
class ConsentView:
    """Consent of a number: what it is now, since when, the language of its last word, and its last events, newest first.
    `suppressed`: True if the number was erased while it was opted out, so that only its keyed hash says so. `lists`: what it said
    about each list; `review_until`: until when something that it wrote waits for a person; `objection`: why marketing may not go
    to it; `hold`: why marketing would wait now, in one sentence, and `until` when."""

    number: str
    marketing: Marketing
    since: str | None
    language: str | None
    suppressed: bool
    lists: tuple[SubscriptionRow, ...]
    review_until: datetime | None
    objection: str | None
    hold: str | None
    until: datetime | None
    events: tuple[ConsentEventRow, ...]


class ConsentRecords:
    """Stored consent, as the faces read it."""

    def __init__(self, store: Store, settings: CurrentSettings, rules: RulesInForce, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._rules = rules
        self._clock = clock

    async def show(self, number: str) -> ConsentView:
        """Returns where a number stands, and why. Raises Refused (`bad_number`, `not_possible`), or StoreDamaged."""
        numbers = phone_numbers.list_spellings(number, self._settings.current().country)
        with explain_damage():
            return await self._store.read(partial(_read_view, numbers[0], self._rules.current(), self._clock.now()))

    async def list_subscribers(self, list_name: str, *, after: str, limit: int) -> PagedList[SubscriberRow]:
        """Returns what each number has said about a list, by number, behind `after`; `limit` 0 means all. Raises Refused
        (`unknown_list`)."""
        if list_name not in self._settings.current().consent.lists:
            raise Refused(ErrorCode.UNKNOWN_LIST, f"there is no list {list_name!r} in the configuration")

        async def read(last: SubscriberRow | None, rows: int) -> list[SubscriberRow]:
            behind = last.number if last is not None else after
            return await self._store.read(
                partial(lists.list_subscribers, list_name=list_name, after=behind, limit=rows)
            )

        async def count() -> int:
            return await self._store.read(partial(lists.count_subscribers, list_name=list_name))

        return await read_paged_list(read, count, limit=limit)

    async def undo_opt_out(self, number: str, authorship: Authorship) -> None:
        """Undoes an opt-out that the number's own message did not say. Raises Refused."""
        now, country = self._clock.now(), self._settings.current().country
        number = phone_numbers.list_spellings(number, country)[0]
        await self._store.write(partial(statements.undo_reading, number=number, authorship=authorship, now=now))

    async def list_opt_outs(self, *, after: tuple[str, str] | None, limit: int) -> PagedList[OptOutRow]:
        """Returns the numbers that have opted out, newest first; `after`: only what comes behind the row with this `since` and
        number; `limit` 0 means all."""

        async def read(last: OptOutRow | None, rows: int) -> list[OptOutRow]:
            behind = (last.since or "", last.number) if last is not None else after
            return await self._store.read(partial(listings.list_opt_outs, after=behind, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(listings.read_count, kind="opted_out"))

        return await read_paged_list(read, count, limit=limit)


def _read_view(number: str, rules: SendingRules, now: datetime, db: sqlite3.Connection) -> ConsentView:
    contact = listings.read_contact(db, number)
    facts = contact_facts.read(db, number, MessageClass.MARKETING, now)
    objection = rules.find_objection(MessageClass.MARKETING, number, facts)
    hold = rules.find_hold(MessageClass.MARKETING, number, facts, now, 1) if objection is None else None
    suppressed_at = suppression.find_suppression(db, number)
    return ConsentView(
        number,
        statements.read_marketing(db, number),
        (contact.since if contact else None) or suppressed_at,
        contact.language if contact else None,
        suppressed_at is not None,
        tuple(lists.list_subscriptions(db, number)),
        facts.review_until,
        objection,
        hold.because if hold is not None else None,
        hold.until if hold is not None else None,
        tuple(listings.list_consent_events(db, number, limit=MOST_EVENTS)),
    )
