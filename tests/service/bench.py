"""Dispatcher, inbox and backend over a database in memory, in simulated time, and rows to look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from modemd import pdu
from modemd.clock import Clock
from modemd.config import CurrentSettings, Settings
from modemd.connector import AttemptReport, ClaimedPart, Draft, Sender
from modemd.modem.status import Identity
from modemd.profiles import Profile
from modemd.rules.classes import MessageClass
from modemd.rules.consent.words.matching import Words
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.dispatch.dispatcher import Dispatcher
from modemd.service.dispatch.policy import SendingPolicy
from modemd.service.inbox.inbound import InboundMessages
from modemd.service.modems.backend import ServiceBackend
from modemd.service.rules_in_force import RulesInForce
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.timestamps import to_text
from tests.service.assembled import HandClock
from tests.sim.world.store import fresh_database, rows, store_over
from tests.sim.world.unrestricted import unrestricted

ALICE, BOB = "+33612345678", "+33612345679"
WEST, EAST = "8933010000000000010", "8933010000000000028"
NOWHERE = "8988303000000000001"
"""SIM of no country: +883 is the whole world's."""
SENT_AT = pdu.Timestamp.of(datetime(2026, 11, 22, 11, 59, 58, tzinfo=UTC))


def sim(iccid: str = WEST, profile: Profile | None = None, **more: Any) -> Sender:
    """A SIM in a modem of no family in particular, as the service knows it."""
    return identity(iccid, profile, **more).sender


def identity(iccid: str = WEST, profile: Profile | None = None, **more: Any) -> Identity:
    """The same, as its modem knows it."""
    given = {"imei": "351234050000017", "number": None, "imsi": None} | more
    return Identity(
        manufacturer="Generic", model="Stick", firmware="1.0", iccid=iccid,
        profile=profile or Profile("generic"), **given,
    )  # fmt: skip


WORDS = Words.load()


class Bench:
    """Build it inside a running loop."""

    def __init__(self, clock: Clock | None = None, **configured: Any) -> None:
        self.db = fresh_database()
        self.store = store_over(self.db, Random(1))
        self.hand = HandClock()
        self.clock = clock or self.hand
        self.settings = Settings.model_validate(
            {"database": "/modemd.db", "modems": [{"name": "west", "port": "/dev/west"}], **unrestricted(configured)},
            context={"folder": Path("/")},
        )
        source = CurrentSettings(self.settings)
        self.rules = RulesInForce(source)
        self.settled = 0
        self.times_ready = 0
        self.queued: list[tuple[int, MessageClass]] = []
        self.breakers = SimBreakers()
        self.dispatcher = Dispatcher(
            self.store, self.rules, self.clock, SendingPolicy(self.settings, self.breakers, self.clock.now), self.breakers,
            random=Random(1), on_settled=self._settled, on_ready=self._ready, is_clock_trusted=lambda: True,
        )  # fmt: skip
        self.network_times: list[tuple[datetime, datetime | None]] = []
        self.time_sources: list[str | None] = []
        self.inbox = InboundMessages(
            self.store,
            source,
            self.rules,
            lambda: WORDS,
            self.clock,
            on_queued=self._queued,
            on_network_time=self._network_time,
        )
        self.backend = ServiceBackend(
            self.store, source, self.clock, self.dispatcher, self.inbox,
            on_network_time=self._network_time, on_ready=self._ready, on_sim=self.rules.add_sims,
        )  # fmt: skip

    def _settled(self) -> None:
        self.settled += 1

    def _ready(self) -> None:
        self.times_ready += 1

    def _network_time(self, stamp: datetime, at: datetime | None, source: str | None) -> None:
        self.time_sources.append(source)
        self.network_times.append((stamp, at))

    def _queued(self, submitted: Submitted, message_class: MessageClass) -> None:
        self.queued.append((submitted.id, message_class))

    async def submit(
        self,
        to: str = ALICE,
        text: str = "hello",
        message_class: MessageClass = MessageClass.TRANSACTIONAL,
        *,
        at: datetime | None = None,
    ) -> int:
        """A message is accepted; it is valid as long as its class."""
        now = self.clock.now()
        expires_at = (at or now) + self.settings.validity.of(message_class)
        new = OutboundMessage(to, text, message_class, len(pdu.compose(to, text)), expires_at, at=at)
        return (await self.store.write(lambda db: accept.submit(db, new, self.rules.current(), now))).id

    async def stop_word(self, number: str) -> None:
        """Somebody says STOP."""
        said = ConsentStatement(number, opts_in=False, keyword="stop", language="en", channel="sms")
        await self.store.write_consent(lambda db: statements.apply_statement(db, said, self.clock.now()))

    async def wrote_to(self, *numbers: str) -> None:
        """A message has left for each of them an hour ago: a word of consent is confirmed."""
        at = to_text(self.clock.now() - timedelta(hours=1))
        change = (
            "INSERT INTO contact (number, written_at) VALUES (?, ?)"
            " ON CONFLICT (number) DO UPDATE SET written_at = excluded.written_at"
        )
        await self.store.write(lambda db: db.executemany(change, [(number, at) for number in numbers]))

    async def chosen(self, by: Sender | None = None) -> Draft:
        """A choice that must find something."""
        draft = await self.dispatcher.next_draft(by or sim())
        assert draft is not None, "nothing is due"
        return draft

    async def claimed(self, by: Sender | None = None, before: AttemptReport | None = None) -> ClaimedPart:
        """Choose and claim; the draft is let go, as modems do."""
        draft = await self.chosen(by)
        if before is not None:
            self.dispatcher.close_attempt_lazily(by or sim(), before)
        claimed = await self.dispatcher.claim(by or sim(), draft, choose_next=False)
        self.dispatcher.end_reservation(draft)
        assert claimed is not None, "nothing may go"
        return claimed

    def all(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows as they are committed."""
        return rows(self.db, sql, *values)

    def one(self, sql: str, *values: Any) -> dict[str, Any]:
        """The only row."""
        (row,) = self.all(sql, *values)
        return row

    def state(self, message: int) -> str:
        return str(self.one("SELECT state FROM message WHERE id = ?", message)["state"])


def delivered(
    sender: str | pdu.Address,
    text: str,
    *,
    reference: int = 0,
    protocol_id: int = 0,
    stamp: pdu.Timestamp = SENT_AT,
) -> list[bytes]:
    """What the modem hands over, a PDU for each part."""
    parts = pdu.compose_deliver(sender, text, stamp, reference=reference, protocol_id=protocol_id)
    return [pdu.frame(part.encode()) for part in parts]


async def comes(
    b: Bench, sender: str | pdu.Address, text: str, iccid: str = WEST, *, stamp: pdu.Timestamp = SENT_AT, **more: Any
) -> None:
    """A message arrives, in as many parts as it takes."""
    for octets in delivered(sender, text, stamp=stamp):
        await b.inbox.store_arrival(sim(iccid, **more), octets)
