"""Balances of SIMs: asks for them now and then, by USSD or by message, stores the answers, and finds those that are low."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from modemd import logs, pdu
from modemd.clock import Clock
from modemd.config import BalanceSettings, CurrentSettings
from modemd.errors import ModemdError, StoreError
from modemd.modem.modem import Modem
from modemd.modem.status import ModemHealth
from modemd.rules.balance import parse_amount
from modemd.rules.classes import MessageClass
from modemd.service.modems.ussd import UssdSessions
from modemd.service.rules_in_force import RulesInForce
from modemd.service.views import BalanceView
from modemd.store import Store, sims
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.sims import SimBalance

log = logs.get(__name__)

CHECK_INTERVAL_S = 60.0
"""How often it is checked whether a SIM is due and its modem is ready; wall time may be stepped meanwhile."""
RETRY_DELAY = timedelta(hours=1)
"""Wait after a query without a usable answer; shorter if the configured `every` is."""


class Balances:
    """One task (`run`) asks; answers by message come through `handle_message`. Only SIMs with `balance` in the configuration are
    asked. `on_queued` is called with each query that is sent as a message."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        rules: RulesInForce,
        clock: Clock,
        ussd_sessions: UssdSessions,
        *,
        modems: Callable[[], list[Modem]],
        on_queued: Callable[[Submitted, MessageClass], None],
        is_clock_trusted: Callable[[], bool],
    ) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._ussd_sessions = ussd_sessions
        self._modems = modems
        self._on_queued = on_queued
        self._is_clock_trusted = is_clock_trusted
        self._settings = settings
        self._queries = {
            iccid: sim.balance for iccid, sim in settings.current().sims.items() if sim.balance is not None
        }
        self._last_known: dict[str, SimBalance] = {}
        self._retry_at: dict[str, datetime] = {}

    @property
    def is_configured(self) -> bool:
        """True if there is a SIM to ask."""
        return bool(self._queries)

    async def load(self) -> None:
        """Loads the last known balances from the database."""
        if self.is_configured:
            self._last_known = await self._store.read(sims.read_latest_balances)

    async def run(self) -> None:
        """Asks the SIMs that are due until it is cancelled."""
        while True:
            for iccid, query in self._queries.items():
                modem = self._ready_modem_with(iccid)
                if modem is not None and self._is_clock_trusted() and self._is_due(iccid, query):
                    await self._query_balance(modem, iccid, query)
            await asyncio.sleep(CHECK_INTERVAL_S)

    def view(self, iccid: str) -> BalanceView | None:
        """Returns the last known balance of a SIM; None if it is not known."""
        known = self._last_known.get(iccid)
        if iccid not in self._queries or known is None or known.amount is None or known.at is None:
            return None
        return BalanceView(known.amount, known.at, self._is_low(iccid, known.amount))

    def low_balances(self) -> dict[str, str]:
        """Returns the SIMs that have less left than they should, by ICCID, and the text of the alarm for each."""
        return {
            iccid: f"SIM ..{iccid[-6:]} has {view.amount:.2f} left, less than {self._queries[iccid].low:.2f}"
            for iccid in self._queries
            if (view := self.view(iccid)) is not None and view.is_low
        }

    async def handle_message(self, iccid: str, sender: str, text: str) -> None:
        """Stores the balance in an inbound message, if it is the operator's answer."""
        query = self._queries.get(iccid)
        if query is None or query.sms is None or query.sms.answer_sender != sender:
            return
        amount = parse_amount(text, query.pattern)
        if amount is not None:
            await self._record_amount(iccid, amount)

    def _ready_modem_with(self, iccid: str) -> Modem | None:
        for modem in self._modems():
            identity = modem.status.identity
            if identity is not None and identity.iccid == iccid and modem.status.health is ModemHealth.READY:
                return modem
        return None

    def _is_due(self, iccid: str, query: BalanceSettings) -> bool:
        now = self._clock.now()
        retry_at, asked_at = self._retry_at.get(iccid), self._last_known.get(iccid, SimBalance()).asked_at
        if retry_at is not None and now < retry_at:
            return False
        return asked_at is None or asked_at + query.every <= now

    async def _query_balance(self, modem: Modem, iccid: str, query: BalanceSettings) -> None:
        self._retry_at[iccid] = self._clock.now() + min(query.every, RETRY_DELAY)
        try:
            if query.sms is not None:
                await self._submit_query(iccid, query.sms.to, query.sms.text)
                return
            assert query.ussd is not None  # noqa: S101 - the configuration has one of both
            text = await self._ussd_sessions.query(modem, [query.ussd, *query.replies])
            amount = parse_amount(text, query.pattern)
            if amount is None:
                raise ModemdError(f"the pattern finds no amount in the answer (len={len(text)})")
            await self._record_amount(iccid, amount)
        except ModemdError as error:
            log.warning("balance not known", modem=modem.line.name, iccid=iccid, error=str(error))

    async def _submit_query(self, iccid: str, to: str, text: str) -> None:
        now, rules = self._clock.now(), self._rules.current()
        message = OutboundMessage(
            number=to,
            text=text,
            message_class=MessageClass.SYSTEM,
            parts=len(pdu.plan(text).segments),
            expires_at=now + self._settings.current().validity.of(MessageClass.SYSTEM),
            report=False,
            pinned=iccid,
        )

        def submit(db: sqlite3.Connection) -> Submitted:
            sims.record_balance_request(db, iccid, now)
            return accept.submit(db, message, rules, now)

        submitted = await self._store.write(submit)
        self._last_known[iccid] = replace(self._last_known.get(iccid, SimBalance()), asked_at=now)
        self._retry_at.pop(iccid, None)
        self._on_queued(submitted, MessageClass.SYSTEM)

    async def _record_amount(self, iccid: str, amount: Decimal) -> None:
        before, now = self._last_known.get(iccid, SimBalance()), self._clock.now()
        try:
            await self._store.write(partial(sims.record_balance, sim=iccid, amount=amount, now=now))
        except StoreError as error:
            log.error("a balance was not kept", iccid=iccid, error=str(error))
        self._last_known[iccid] = SimBalance(amount, now, now)
        self._retry_at.pop(iccid, None)
        was_low = before.amount is not None and self._is_low(iccid, before.amount)
        if self._is_low(iccid, amount) and not was_low:
            log.warning("balance is low", iccid=iccid, amount=amount, low=self._queries[iccid].low)
        else:
            log.info("balance", iccid=iccid, amount=amount)

    def _is_low(self, iccid: str, amount: Decimal) -> bool:
        low = self._queries[iccid].low
        return low is not None and float(amount) < low
