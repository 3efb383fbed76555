"""Checks that raise and clear alarms: the clock, the database, SIMs that are refused, filtered or have little left, modems that
cannot be used or whose storage is full. What else a person should know about a modem that works is a remark:
`modem/polling.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from modemd.errors import StoreDamaged
from modemd.modem.modem import Modem
from modemd.modem.status import STORAGE_REMARK, ModemHealth
from modemd.service.modems.probed_device import UnusableDevice
from modemd.service.operations import filter_watch
from modemd.service.operations.alarms import NOTHING_PASSES, Alarms
from modemd.service.operations.health import NO_MODEM, NOT_NOW, NOT_READY, PAUSED, Health
from modemd.service.operations.wall_clock import TrustedClock
from modemd.store import Store
from modemd.store.rows import PauseRow

CHECK_INTERVAL_S = 10.0
# For so long after a start, modems are set up: a stick that boots, and its search for a network.
STARTUP_S = 60.0
CLOCK, DATABASE, SIM, MODEM, BALANCE = "clock_not_trusted", "database", "sim_rests", "modem_unusable", "balance_low"
CONFIRMATIONS, STORAGE, FILTERED = "confirmations_limited", "storage_full", "filtered"
LEDGER_KEY, HOLIDAYS, MAILBOX = "ledger_key", "holidays_missing", "mailbox"
# Raised by the parts themselves: `service/webhooks/lanes.py`, `modemd/second_door.py`.
WEBHOOK, API = "webhook_failing", "api_closed"
LowBalances = Callable[[], Mapping[str, str]]
"""Returns the text of the alarm for each SIM that has less left than it should, by ICCID."""
OpenUntil = Callable[[str, datetime], tuple[datetime, str] | None]


class AlarmChecks:
    """One task (`run`). It compares the state of the service with the active alarms every `CHECK_INTERVAL_S`, so no other part
    has to report changes."""

    def __init__(
        self,
        alarms: Alarms,
        store: Store,
        clock: TrustedClock,
        modems: Callable[[], Sequence[Modem]],
        open_until: OpenUntil,
        low_balances: LowBalances,
        unusable_after: timedelta,
        find_unconfirmed: Callable[[], str | None],
        find_missing_holidays: Callable[[], str | None],
        assess_health: Callable[[], Health],
        silent_devices: Callable[[], Sequence[UnusableDevice]],
        list_pauses: Callable[[], Sequence[PauseRow]],
    ) -> None:
        self._alarms = alarms
        self._store = store
        self._clock = clock
        self._modems = modems
        self._open_until = open_until
        self._low_balances = low_balances
        self._unusable_after = unusable_after
        self._find_unconfirmed = find_unconfirmed
        self._find_missing_holidays = find_missing_holidays
        self._assess_health = assess_health
        self._silent_devices = silent_devices
        self._list_pauses = list_pauses
        self._began_at: float | None = None
        self._unusable_since: dict[str, float] = {}

    async def run(self) -> None:
        """Checks until it is cancelled."""
        while True:
            self.check()
            await asyncio.sleep(CHECK_INTERVAL_S)

    def check(self) -> None:
        """Raises and clears the alarms whose state has changed."""
        reason, failure = self._clock.distrust_reason, self._store.failure
        self._set_alarm(CLOCK, "", reason is not None, f"the clock is not trusted: {reason}")
        if not isinstance(failure, StoreDamaged):  # which ends the service
            self._set_alarm(DATABASE, "", failure is not None, str(failure))
        key_problem = self._store.key_problem
        self._set_alarm(LEDGER_KEY, "", key_problem is not None, f"a ledger key is not here: {key_problem}")
        unconfirmed = self._find_unconfirmed()
        self._set_alarm(CONFIRMATIONS, "", unconfirmed is not None, str(unconfirmed))
        missing = self._find_missing_holidays()
        self._set_alarm(HOLIDAYS, "", missing is not None, str(missing))
        now, at_s = self._clock.now(), asyncio.get_running_loop().time()
        self._check_health(at_s)
        refused_sims: set[str] = set()
        for modem in self._modems():
            self._check_modem(modem, at_s)
            identity = modem.status.identity
            breaker = self._open_until(identity.iccid, now) if identity is not None else None
            if identity is not None and breaker is not None:
                refused_sims.add(identity.iccid)
                # The end of the ICCID tells SIMs apart; a telephone number does not belong in an SMS.
                self._alarms.raise_alarm(
                    SIM, identity.iccid, f"SIM ..{identity.iccid[-6:]} is refused and rests: {breaker[1]}"
                )
        self._alarms.clear_others(SIM, refused_sims)
        low_balances = self._low_balances()
        for iccid, text in low_balances.items():
            self._alarms.raise_alarm(BALANCE, iccid, text)
        self._alarms.clear_others(BALANCE, set(low_balances))
        self._check_filtered()
        names = {modem.line.name for modem in self._modems()}
        silent = {device.device.location: device.reason for device in self._silent_devices()}
        for place, reason in silent.items():
            self._check_unusable(place, at_s, f"the device in {place} cannot be used: {reason}")
        self._unusable_since = {name: at for name, at in self._unusable_since.items() if name in names | silent.keys()}
        self._alarms.clear_others(MODEM, names | silent.keys())
        self._alarms.clear_others(STORAGE, names)

    def _check_filtered(self) -> None:
        """Raises the alarm about each SIM that the filter watch has paused, until a person ends the pause."""
        pauses = {each.sim: each.why for each in self._list_pauses() if each.sim and each.by == filter_watch.AUTHOR}
        for sim, why in pauses.items():
            self._alarms.raise_alarm(
                FILTERED, sim, f"marketing on SIM ..{sim[-6:]} is paused, it may be filtered: {why}"
            )
        self._alarms.clear_others(FILTERED, set(pauses))

    def _check_health(self, at_s: float) -> None:
        """Raises the alarm that nothing can be sent, at once, but not while the modems are being set up after a start. A pause is
        a person's, and a database in trouble has an alarm of its own."""
        if self._began_at is None:
            self._began_at = at_s
        health = self._assess_health()
        if health.can_send or health.code == PAUSED:
            self._alarms.clear(NOTHING_PASSES)
        elif health.code in (NOT_READY, NO_MODEM) and at_s - self._began_at >= STARTUP_S:
            self._alarms.raise_alarm(NOTHING_PASSES, "", f"nothing can be sent: {health.message.removeprefix(NOT_NOW)}")

    def _check_modem(self, modem: Modem, at_s: float) -> None:
        name, status = modem.line.name, modem.status
        if status.health in (ModemHealth.READY, ModemHealth.STOPPED):
            self._unusable_since.pop(name, None)
            if status.health is ModemHealth.READY:
                self._alarms.clear(MODEM, name)
                # What is full gets no message, and no STOP either.
                self._set_alarm(
                    STORAGE,
                    name,
                    STORAGE_REMARK in status.remarks,
                    f"modem {name}: {status.remarks.get(STORAGE_REMARK)}",
                )
            return
        why = f" ({status.reason})" if status.reason else ""
        self._check_unusable(name, at_s, f"modem {name} cannot be used: {status.health}{why}")

    def _check_unusable(self, name: str, at_s: float, text: str) -> None:
        """Raises the alarm about a modem or device that has not been usable for long enough."""
        since = self._unusable_since.setdefault(name, at_s)
        if at_s - since >= self._unusable_after.total_seconds():
            self._alarms.raise_alarm(MODEM, name, text)

    def _set_alarm(self, code: str, subject: str, holds: bool, text: str) -> None:
        if holds:
            self._alarms.raise_alarm(code, subject, text)
        else:
            self._alarms.clear(code, subject)
