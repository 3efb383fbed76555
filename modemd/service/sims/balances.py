"""What SIMs have left: asked for now and then by USSD or by message, kept, and told where it is low."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from modemd import logs, pdu
from modemd.clock import Clock
from modemd.config import BalanceSettings, CurrentSettings
from modemd.errors import ModemdError, StoreError
from modemd.modem.modem import Modem
from modemd.modem.status import ModemHealth
from modemd.rules.balance import parse_amount
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import ConsentPolicy
from modemd.service.modems.ussd import UssdSessions
from modemd.store import Store, sims
from modemd.store.outbox import accept
from modemd.store.outbox.accept import NewMessage, Submitted
from modemd.store.sims import SimBalance

log = logs.get(__name__)

CHECK_INTERVAL_S = 60.0
"""How often it is looked whether a SIM is due and sits in a modem that is ready; wall time may be stepped meanwhile."""
RETRY_DELAY = timedelta(hours=1)
"""After a question without a good answer; sooner where `every` is."""


class Balances:
    """One task (`run`) asks; answers by message come through `heard`. Only SIMs with `balance` in the configuration."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        policy: ConsentPolicy,
        clock: Clock,
        conversations: UssdSessions,
        *,
        modems: Callable[[], list[Modem]],
        queued: Callable[[Submitted, MessageClass], None],
        trusted: Callable[[], bool],
    ) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._ussd_sessions = conversations
        self._modems = modems
        self._on_queued = queued
        self._is_clock_trusted = trusted
        self._settings = settings
        self._queries = {
            iccid: sim.balance for iccid, sim in settings.current().sims.items() if sim.balance is not None
        }
        self._last_known: dict[str, SimBalance] = {}
        self._retry_at: dict[str, datetime] = {}

    @property
    def is_configured(self) -> bool:
        """Whether any SIM is to be asked."""
        return bool(self._queries)

    async def load(self) -> None:
        """Learn from the database what was told before."""
        if self.is_configured:
            self._last_known = await self._store.read(sims.read_latest_balances)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for iccid, how in self._queries.items():
                modem = self._ready_modem_with(iccid)
                if modem is not None and self._is_clock_trusted() and self._is_due(iccid, how):
                    await self._query_balance(modem, iccid, how)
            await asyncio.sleep(CHECK_INTERVAL_S)

    def view(self, iccid: str) -> dict[str, Any] | None:
        """The last that was told: `amount`, `at`, and whether it is `low`. None: nothing is known."""
        known = self._last_known.get(iccid)
        if iccid not in self._queries or known is None or known.amount is None or known.at is None:
            return None
        return {
            "amount": float(known.amount),
            "at": known.at.isoformat(timespec="microseconds"),
            "low": self._is_low(iccid, known.amount),
        }

    def low_balances(self) -> dict[str, str]:
        """SIMs that have less left than they should, by ICCID, and what is to be said of them."""
        return {
            iccid: f"SIM ..{iccid[-6:]} has {view['amount']:.2f} left, less than {self._queries[iccid].low:.2f}"
            for iccid in self._queries
            if (view := self.view(iccid)) is not None and view["low"]
        }

    async def handle_message(self, iccid: str, sender: str, text: str) -> None:
        """A message came in: where it is the operator's answer, what it tells is kept."""
        how = self._queries.get(iccid)
        if how is None or how.sms is None or how.sms.answer_sender != sender:
            return
        amount = parse_amount(text, how.pattern)
        if amount is not None:
            await self._record_amount(iccid, amount)

    def _ready_modem_with(self, iccid: str) -> Modem | None:
        for modem in self._modems():
            identity = modem.status.identity
            if identity is not None and identity.iccid == iccid and modem.status.health is ModemHealth.READY:
                return modem
        return None

    def _is_due(self, iccid: str, how: BalanceSettings) -> bool:
        now = self._clock.now()
        retry_at, asked_at = self._retry_at.get(iccid), self._last_known.get(iccid, SimBalance()).asked_at
        if retry_at is not None and now < retry_at:
            return False
        return asked_at is None or asked_at + how.every <= now

    async def _query_balance(self, modem: Modem, iccid: str, how: BalanceSettings) -> None:
        self._retry_at[iccid] = self._clock.now() + min(how.every, RETRY_DELAY)
        try:
            if how.sms is not None:
                await self._submit_query(iccid, how.sms.to, how.sms.text)
                return
            assert how.ussd is not None  # noqa: S101 - the configuration has one of both
            text = await self._ussd_sessions.query(modem, [how.ussd, *how.replies])
            amount = parse_amount(text, how.pattern)
            if amount is None:
                raise ModemdError(f"the pattern finds no amount in the answer (len={len(text)})")
            await self._record_amount(iccid, amount)
        except ModemdError as error:
            log.warning("balance not known", modem=modem.line.name, iccid=iccid, error=str(error))

    async def _submit_query(self, iccid: str, to: str, text: str) -> None:
        now = self._clock.now()
        message = NewMessage(
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
            return accept.submit(db, message, self._policy, now)

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
