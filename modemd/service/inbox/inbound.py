"""Inbound messages: stores them, and applies those that are words of consent, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from modemd import logs, pdu
from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.connector import Sender
from modemd.errors import DecodeError, ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.classes import KINDS, MessageClass
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.decision import InboundAction
from modemd.rules.consent.words.matching import Words
from modemd.rules.geography import sim_country
from modemd.rules.sender_numbers import SenderNumber, read_sender
from modemd.service.consent.inbound_words import InboundWords, WordResult
from modemd.service.consent.unanswered_words import LIMITS, UnansweredWords
from modemd.service.inbox import content
from modemd.service.inbox.status_reports import NoteNetworkTime, StatusReports, Write
from modemd.service.pages import PagedList, read_paged_list
from modemd.service.rules_in_force import RulesInForce
from modemd.store import Store, events, lanes, listings
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.inbound.inbox import CompleteMessage
from modemd.store.listings import InboxFilter
from modemd.store.outbox.accept import Submitted
from modemd.store.rows import InboxRow

log = logs.get(__name__)

# TP-PID of a type 0 message: acknowledged and discarded (3GPP TS 23.040 9.2.3.9).
TYPE_0 = 0x40
# Words that modemd acts on by itself; a review is a person's work.
_WORDS = frozenset({InboundAction.OPT_OUT, InboundAction.OPT_IN, InboundAction.CONFIRM, InboundAction.HELP})


@dataclass(frozen=True, slots=True)
class _Stored:
    """Result of storing an arrival: the message that it completed, and the change of consent that this message was."""

    whole: CompleteMessage | None = None
    consent: WordResult | None = None


@dataclass(frozen=True, slots=True)
class InboxSearch:
    """Choice of inbound messages as a person asks for it, unchecked; None: every one. `sender`: a number as it is dialled, or a
    name; `since`: visible at that moment or later; `before`: only with smaller ids."""

    id: int | None = None
    kind: str | None = None
    sender: str | None = None
    since: datetime | None = None
    before: int | None = None
    is_oldest_first: bool = False
    after: tuple[str, int] | None = None


class InboundMessages:
    """Implementation of `modemd.connector.Inbound` over the store. Words of consent are applied before anything else sees a
    message.

    `on_queued` is called with the confirmation of a word of consent; `on_network_time` with stamps of the network, as
    `StatusReports` says; `on_received`, with SIM, sender and text, for each whole text: it may be an operator's answer to a
    balance query. `find_texts` returns the texts of confirmations that are in force."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        rules: RulesInForce,
        words: Callable[[], Words],
        clock: Clock,
        *,
        on_queued: Callable[[Submitted, MessageClass], None],
        on_network_time: NoteNetworkTime,
        on_received: Callable[[str, str, str], Awaitable[None]] | None = None,
        find_texts: Callable[[], Texts] = Texts.load,
    ) -> None:
        self._store = store
        self._settings = settings
        self._rules = rules
        self._words = words
        self._clock = clock
        self._on_queued = on_queued
        self._on_network_time = on_network_time
        self._on_received = on_received
        self._find_texts = find_texts
        self._reports = StatusReports(clock, on_network_time)
        self.unanswered_words = UnansweredWords(clock)

    async def store_arrival(self, sender: Sender, octets: bytes, *, slot: str | None = None) -> None:
        """Stores what a sender received. When this returns it is durable, and the modem may delete it."""
        await self._store_arrival(sender, octets, self._store.write, slot)

    async def store_arrival_lazily(self, sender: Sender, octets: bytes) -> None:
        """Stores what a sender received; a status report goes into the commit of the next change."""
        await self._store_arrival(sender, octets, self._store.write_lazily)

    async def remember_slot(self, sender: Sender, octets: bytes, slot: str) -> None:
        """Remembers that a stored message is still in `slot`: each time that it is read there it is the same one."""
        await self._store_arrival(sender, octets, self._store.write, slot)

    async def store_damaged(self, sender: Sender, octets: bytes) -> None:
        """Stores octets that are not whole as an undecodable message."""
        log.warning("arrival is damaged", iccid=sender.id, octets=len(octets))
        await self._store_undecodable(sender, octets, None)

    async def store_missed_call(self, sender: Sender, number: str) -> None:
        """Stores a missed call; `number` is empty if it was withheld. When this returns it is durable."""
        now, caller = self._clock.now(), self._read_sender(number, sender).number
        inbox_id = await self._store.write(lambda db: inbox.store_missed_call(db, sender.id, caller, now))
        log.info("missed call", sender=caller, inbox=inbox_id)

    async def list_messages(self, search: InboxSearch = InboxSearch(), *, limit: int) -> PagedList[InboxRow]:
        """Returns inbound messages, newest first; with `search.is_oldest_first` in the order in which they became visible;
        `limit` 0 means all. Raises Refused (`bad_kind`, `bad_number`, `not_possible`)."""
        if search.kind is not None and search.kind not in KINDS:
            raise Refused(ErrorCode.BAD_KIND, f"{search.kind!r} is no kind; there are {', '.join(KINDS)}")
        country = self._settings.current().country
        numbers = phone_numbers.list_spellings(search.sender, country) if search.sender else ()
        chosen = InboxFilter(search.id, search.kind, numbers, search.since, search.before)

        async def read(last: InboxRow | None, rows: int) -> list[InboxRow]:
            if search.is_oldest_first:
                after = (last.seen_at, last.id) if last is not None else search.after
                return await self._store.read(
                    partial(listings.list_arrived_since, chosen=chosen, after=after, limit=rows)
                )
            page = replace(chosen, before=last.id) if last is not None else chosen
            return await self._store.read(partial(listings.list_inbox, chosen=page, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(listings.count_inbox, chosen=chosen))

        return await read_paged_list(read, count, limit=limit)

    async def _store_arrival(self, sender: Sender, octets: bytes, write_report: Write, slot: str | None = None) -> None:
        try:
            _, tpdu = pdu.unframe(octets)
            message = pdu.decode_incoming(tpdu)
        except DecodeError as error:
            log.warning("arrival is not a PDU", iccid=sender.id, error=str(error))
            await self._store_undecodable(sender, octets, slot)
            return
        if isinstance(message, pdu.StatusReport):
            await self._reports.store(sender, tpdu, message, write_report)
        elif message.protocol_id == TYPE_0:
            originator, now = str(message.originator), self._clock.now()
            await self._store.write(lambda db: events.add_event(db, None, now, "type 0 message", sender=originator))
        else:
            await self._store_message(sender, tpdu, message, slot)

    async def _store_undecodable(self, sender: Sender, octets: bytes, slot: str | None) -> None:
        arrival = Arrival(sender.id, octets, "", "undecodable", octets.hex().upper(), None, slot=slot)
        now = self._clock.now()
        await self._store.write(lambda db: inbox.store_arrival(db, arrival, content.join_parts, now))

    async def _store_message(self, sender: Sender, tpdu: bytes, message: pdu.Deliver, slot: str | None) -> None:
        originator = self._read_sender(str(message.originator), sender)
        arrival = replace(_make_arrival(sender, tpdu, message, originator.number), slot=slot)
        if arrival.sent_at is not None:
            self._on_network_time(arrival.sent_at, None, arrival.sender)
        now = self._clock.now()
        rules = InboundWords(self._settings.current(), self._rules.current(), self._words(), self._find_texts())
        # A part may complete a text that opts out; only the transaction knows, so any part counts as one that does.
        may_opt_out = arrival.total > 1 or rules.may_opt_out(arrival.text, arrival.sender)
        write = self._store.write_consent if may_opt_out else self._store.write
        stored = await write(lambda db: _store_and_apply(db, arrival, originator, rules, now))
        self._report_stored(arrival, stored)
        if self._on_received is not None and stored.whole is not None and stored.whole.kind == "text":
            await self._on_received(stored.whole.sim, stored.whole.sender, stored.whole.text)

    def _read_sender(self, text: str, sender: Sender) -> SenderNumber:
        """Returns the numbers that an originator can mean. A national one belongs to the configured country, and to the SIM's: by
        its number, its ICCID and its IMSI."""
        settings = self._settings.current()
        configured = settings.sims.get(sender.id)
        own = (configured.number if configured else None) or sender.number or ""
        known = (
            settings.country,
            phone_numbers.find_country(own),
            sim_country.find_iccid_country(sender.id),
            sim_country.find_imsi_country(sender.imsi),
        )
        return read_sender(text, tuple(dict.fromkeys(country for country in known if country is not None)))

    def _report_stored(self, arrival: Arrival, stored: _Stored) -> None:
        """Logs an arrival, and calls `on_queued` with the confirmation that was queued, if any."""
        whole, change = stored.whole, stored.consent
        log.info("message received", sender=arrival.sender, inbox=whole.inbox_id if whole else None, text=arrival.text)
        if change is None:
            return
        decision, refusal = change.decision, change.answer_decision
        log.info(
            "consent changed" if change.effect.has_changed else "consent unchanged",
            number=arrival.sender,
            action=decision.action.value,
            tier=decision.tier,
            word=decision.word,
            list=decision.list_name,
            withdrawn=change.effect.withdrawn_messages,
            review=change.review_id,
            answer=change.answer.id if change.answer is not None else None,
            no_answer=refusal.code if refusal is not None and not refusal.may_answer else None,
        )
        if refusal is not None and refusal.code in LIMITS and whole is not None:
            self.unanswered_words.note(refusal.code, arrival.sender, whole.inbox_id)
        if change.answer is not None:
            self._on_queued(change.answer, MessageClass.SYSTEM)


def _make_arrival(sender: Sender, tpdu: bytes, message: pdu.Deliver, originator: str) -> Arrival:
    kind, text = content.read_part_content(message)
    key = pdu.ReassemblyKey.of(message)
    place = message.concatenation
    return Arrival(
        sim=sender.id,
        tpdu=tpdu,
        sender=originator,
        kind=kind,
        text=text,
        sent_at=message.timestamp.value,
        set_key=f"{key.sender}/{key.width}/{key.reference}/{key.total}/{key.alphabet.name}" if key else None,
        seq=place.sequence if place else 1,
        total=place.total if place else 1,
        spread=pdu.LONGEST_SPREAD,
        lasting=pdu.clear_more_to_send(tpdu),
    )


def _store_and_apply(
    db: sqlite3.Connection, arrival: Arrival, sender: SenderNumber, rules: InboundWords, now: datetime
) -> _Stored:
    """Stores an arrival; applies it if it completes a message that is a word of consent."""
    whole = inbox.store_arrival(db, arrival, content.join_parts, now)
    if whole is not None and whole.sender.startswith("+"):
        lanes.prefer_sim(db, whole.sender, whole.sim)
    if whole is None or whole.kind != "text":
        return _Stored(whole)
    result = rules.apply(db, whole, sender, arrival.sent_at, now)
    if result is not None and result.decision.action in _WORDS:
        inbox.note_word(db, whole.inbox_id, result.decision.action.value)
    return _Stored(whole, result)
