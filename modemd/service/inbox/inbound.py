"""What comes in: made durable, and obeyed where it is a word of consent, in one transaction."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from modemd import logs, pdu
from modemd.clock import Clock
from modemd.config import Settings
from modemd.errors import DecodeError, Refused
from modemd.modem.status import Identity
from modemd.rules import phone_numbers, report_matching
from modemd.rules.classes import MessageClass
from modemd.rules.consent import replies
from modemd.rules.consent.keywords import KeywordAction, KeywordMatch, Keywords
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.report_matching import ReportFacts, owner_rule
from modemd.service.inbox import content
from modemd.service.inbox.content import _join_parts
from modemd.store import Store, consent, journal, lanes
from modemd.store.inbound import inbox, status_reports
from modemd.store.inbound.inbox import Arrival, CompleteMessage
from modemd.store.outbox import accept
from modemd.store.outbox.accept import NewMessage, Submitted

log = logs.get(__name__)


# TP-PID of a type 0 message: acknowledged and discarded (3GPP TS 23.040 9.2.3.9).
TYPE_0 = 0x40


LONGEST_SHORT_CODE = 6


# A report of what was written longer ago compares its stamp with a clock that may have been stepped since.
RECENT_AGE = timedelta(hours=1)


_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


# `Store.write`, or `write_with_next`.
_Write = Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class _Processed:
    """What a transaction found: the message that is whole now, its word, its effect, and the answer that was queued."""

    whole: CompleteMessage | None = None
    match: KeywordMatch | None = None
    effect: consent.ConsentEffect | None = None
    answer: Submitted | None = None


class InboundMessages:
    """The inbox's door. Opt-out words are looked at before anything else sees a message."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        policy: ConsentPolicy,
        known_words: Keywords,
        clock: Clock,
        queued: Callable[[Submitted, MessageClass], None],
        heard: Callable[[datetime, datetime | None], None] = lambda stamp, at: None,
        answered: Callable[[str, str, str], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._policy = policy
        self._keywords = known_words
        self._clock = clock
        self._on_queued = queued
        self._on_message = answered  # by SIM, sender and text: a whole message, which may be an operator's answer
        self._on_network_time = heard  # a time stamp of the network, and when ours said so, if that is known

    async def keep(self, identity: Identity, octets: bytes) -> None:
        """Make what a modem handed over durable. When this returns the modem may delete it."""
        await self._store_inbound(identity, octets, self._store.write)

    async def keep_with_next(self, identity: Identity, octets: bytes) -> None:
        """The same; a status report in the commit of what is written next."""
        await self._store_inbound(identity, octets, self._store.write_lazily)

    async def _store_inbound(self, identity: Identity, octets: bytes, write_report: _Write) -> None:
        try:
            _, tpdu = pdu.unframe(octets)
            message = pdu.decode_incoming(tpdu)
        except DecodeError as error:
            log.warning("arrival is not a PDU", iccid=identity.iccid, error=str(error))
            await self._store_undecodable(identity, octets)
            return
        if isinstance(message, pdu.StatusReport):
            await self._store_report(identity, tpdu, message, write_report)
        elif message.protocol_id == TYPE_0:
            sender, now = str(message.originator), self._clock.now()
            await self._store.write(lambda db: journal.add_event(db, None, now, "type 0 message", sender=sender))
        else:
            await self._store_message(identity, tpdu, message)

    async def keep_missed_call(self, identity: Identity, number: str) -> None:
        """Keep a missed call; `number` is empty where it was withheld. When this returns it is durable."""
        now, caller = self._clock.now(), self._normalise_sender(number, identity)
        inbox_id = await self._store.write(lambda db: inbox.store_missed_call(db, identity.iccid, caller, now))
        log.info("missed call", sender=caller, inbox=inbox_id)

    def note_network_time(self, stamp: datetime, *, fresh: bool) -> None:
        """The network's time, as a modem tells it: now, or as it was once set."""
        self._on_network_time(stamp, self._clock.now() if fresh else None)

    async def _store_undecodable(self, identity: Identity, octets: bytes) -> None:
        arrival = Arrival(identity.iccid, octets, "", "undecodable", octets.hex().upper(), None)
        now = self._clock.now()
        await self._store.write(lambda db: inbox.store_arrival(db, arrival, _join_parts, now))

    async def _store_report(self, identity: Identity, tpdu: bytes, report: pdu.StatusReport, write: _Write) -> None:
        new = status_reports.NewReport(
            sim=identity.iccid,
            tpdu=tpdu,
            facts=ReportFacts(report.reference, str(report.recipient), report.timestamp.value),
            outcome=status_reports.DeliveryOutcome(report.outcome.value),
            status=report.status,
            discharged_at=report.discharge.value,
        )
        now = self._clock.now()
        owner = owner_rule(timedelta(seconds=identity.profile.send_timeout_s))
        message, written_at = await write(lambda db: _record_report(db, new, owner, now))
        self._note_report_time(report.timestamp.value, report.discharge.value, written_at, now)
        log.info("status report", message=message, reference=report.reference, status=f"{report.status:02X}")

    def _note_report_time(
        self, accepted: datetime | None, discharged: datetime | None, written_at: datetime | None, now: datetime
    ) -> None:
        """The service centre's time, where a report is of what was written lately; else the latest stamp alone, which says
        that it is not earlier than that."""
        if accepted is not None and written_at is not None and now - written_at <= RECENT_AGE:
            self._on_network_time(accepted, written_at)
        elif (latest := discharged or accepted) is not None:
            self._on_network_time(latest, None)

    async def _store_message(self, identity: Identity, tpdu: bytes, message: pdu.Deliver) -> None:
        arrival = self._make_arrival(identity, tpdu, message)
        if arrival.sent_at is not None:
            self._on_network_time(arrival.sent_at, None)
        now = self._clock.now()
        match = self._match_keyword(arrival.text, arrival.sender, None)
        # A part may complete a text that opts out: only the transaction can tell, so it counts as one that does.
        may_opt_out = arrival.total > 1 or (match is not None and match.action is KeywordAction.OPT_OUT)
        write = self._store.write_consent if may_opt_out else self._store.write
        heard = await write(lambda db: self._process(db, arrival, now))
        self._publish(arrival, heard)
        if self._on_message is not None and heard.whole is not None and heard.whole.kind == "text":
            await self._on_message(heard.whole.sim, heard.whole.sender, heard.whole.text)

    def _make_arrival(self, identity: Identity, tpdu: bytes, message: pdu.Deliver) -> Arrival:
        kind, text = content.read_part_content(message)
        key = pdu.ReassemblyKey.of(message)
        place = message.concatenation
        return Arrival(
            sim=identity.iccid,
            tpdu=tpdu,
            sender=self._normalise_sender(str(message.originator), identity),
            kind=kind,
            text=text,
            sent_at=message.timestamp.value,
            set_key=f"{key.sender}/{key.width}/{key.reference}/{key.total}" if key else None,
            seq=place.sequence if place else 1,
            total=place.total if place else 1,
        )

    def _normalise_sender(self, text: str, identity: Identity) -> str:
        """The sender as contacts are known: E.164 where it is a number that can be read as one, in the configured country or
        else the SIM's."""
        if text.startswith("+") or not text.isdecimal():
            return text
        configured = self._settings.sims.get(identity.iccid)
        own = (configured.number if configured else None) or identity.number or ""
        try:
            return phone_numbers.parse_recipient(
                text, country=self._settings.country or phone_numbers.find_country(own)
            ).number
        except Refused:
            return text  # a short code, or a national number in nobody knows which country

    def _match_keyword(self, text: str, sender: str, language: str | None) -> KeywordMatch | None:
        country = phone_numbers.find_country(sender) or self._settings.country
        return self._keywords.match(text, contact_language=language, country=country)

    def _process(self, db: sqlite3.Connection, arrival: Arrival, now: datetime) -> _Processed:
        """Keep an arrival; if it completes a message that is a word of consent, obey it and queue the one answer."""
        whole = inbox.store_arrival(db, arrival, _join_parts, now)
        if whole is not None and _may_be_answered(whole.sender):
            lanes.prefer_sim(db, whole.sender, whole.sim)
        if whole is None or whole.kind != "text":
            return _Processed(whole)
        language = consent.read_language(db, whole.sender)
        match = self._match_keyword(whole.text, whole.sender, language)
        if match is None or match.action not in (KeywordAction.OPT_OUT, KeywordAction.OPT_IN):
            return _Processed(whole, match)
        opts_in = match.action is KeywordAction.OPT_IN
        said = consent.ConsentStatement(
            whole.sender, opts_in, match.word, match.language, "sms", whole.inbox_id, stated_at=arrival.sent_at
        )
        effect = consent.apply_statement(db, said, now)
        if not opts_in:
            self._opt_out_similar_numbers(db, said, now)
        answer = None
        if effect.needs_confirmation and _may_be_answered(whole.sender):
            text = (replies.compose_opt_in_reply if opts_in else replies.compose_opt_out_reply)(
                match.language, self._settings.brand
            )
            answer = accept.submit(db, self._make_confirmation(whole, text, now), self._policy, now)
        return _Processed(whole, match, effect, answer)

    def _opt_out_similar_numbers(self, db: sqlite3.Connection, said: consent.ConsentStatement, now: datetime) -> None:
        """An opt-out from a national number that cannot be read as one: it holds for every contact whose number ends so. Too
        many is better than one who said STOP and is written to."""
        national = said.number.lstrip("0")
        if said.number.isdecimal() and len(national) > LONGEST_SHORT_CODE:
            for number in consent.find_by_ending(db, national):
                consent.apply_statement(db, replace(said, number=number), now)

    def _make_confirmation(self, whole: CompleteMessage, text: str, now: datetime) -> NewMessage:
        """A confirmation, from the SIM that was written to: its number is the one the person knows."""
        return NewMessage(
            number=whole.sender,
            text=text,
            message_class=MessageClass.SYSTEM,
            parts=1,
            expires_at=now + self._settings.validity.of(MessageClass.SYSTEM),
            report=self._settings.report,
            pinned=whole.sim,
        )

    def _publish(self, arrival: Arrival, heard: _Processed) -> None:
        whole = heard.whole
        log.info("message received", sender=arrival.sender, inbox=whole.inbox_id if whole else None, text=arrival.text)
        if heard.effect is not None and heard.match is not None:
            log.info(
                "consent changed" if heard.effect.has_changed else "consent unchanged",
                number=arrival.sender,
                action=heard.match.action.value,
                word=heard.match.word,
                withdrawn=heard.effect.withdrawn_messages,
            )
        if heard.answer is not None:
            self._on_queued(heard.answer, MessageClass.SYSTEM)


def _record_report(
    db: sqlite3.Connection, new: status_reports.NewReport, owner: report_matching.FindOwner, now: datetime
) -> tuple[int | None, datetime | None]:
    """Keep a report: its message, and when what it is of was written."""
    message = status_reports.record_report(db, new, owner, now)
    return message, status_reports.find_written_at(db, new) if message is not None else None


def _may_be_answered(sender: str) -> bool:
    """Short codes and alphanumeric senders are machines: an answer could start a loop."""
    return _E164.fullmatch(sender) is not None
