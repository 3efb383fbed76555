"""Readiness of modems: stores an event whenever the health of one changes, so that the change feed tells of it.

It looks at the modems every `CHECK_INTERVAL_S`. To spare the storage, a modem gets one event in `GAP_S` at most, and what a modem
only passes through is told if it lasts `GAP_S`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.errors import StoreError
from modemd.modem.status import ModemHealth
from modemd.service.store_retry import StoreRetry
from modemd.service.views import ModemAvailability
from modemd.store import Store, modems
from modemd.store.modems import ToldHealth

log = logs.get(__name__)

CHECK_INTERVAL_S = 5.0
GAP_S = 15.0
_PASSING = frozenset({ModemHealth.OPENING, ModemHealth.SETTING_UP, ModemHealth.STOPPED})


class ModemReadiness:
    """One task (`run`)."""

    def __init__(
        self, store: Store, clock: Clock, list_availability: Callable[[], Sequence[ModemAvailability]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._list_availability = list_availability
        self._told: dict[str, ToldHealth] = {}
        self._told_at: dict[str, float] = {}
        self._passing_since: dict[str, float] = {}

    async def run(self) -> None:
        """Looks at the modems until it is cancelled. What was told before the last restart is not told again."""
        await self.recall()
        while True:
            try:
                await self.check(asyncio.get_running_loop().time())
            except StoreError as error:
                log.warning("the health of modems is not stored yet", because=str(error))
            await asyncio.sleep(CHECK_INTERVAL_S)

    async def recall(self) -> None:
        """Reads what was told of each modem last."""
        retry = StoreRetry(log, "what was told of modems cannot be read")
        self._told = {each.modem: each for each in await retry.run(lambda: self._store.read(modems.list_told))}

    async def check(self, at_s: float) -> None:
        """Stores an event for each modem that is another now than was told. What is not stored is told by the next check."""
        listed = {each.name: _make_health(each) for each in self._list_availability()}
        missing = [_make_missing(told) for name, told in self._told.items() if name not in listed]
        changed = [
            *(each for each in listed.values() if self._is_new(each, at_s, is_passing=each.health in _PASSING)),
            *(each for each in missing if self._is_new(each, at_s, is_passing=True)),
        ]
        if not changed:
            return
        await self._store.write_lazily(partial(modems.record_health, changed=changed, now=self._clock.now()))
        for each in changed:
            self._told[each.modem] = each
            self._told_at[each.modem] = at_s

    def _is_new(self, each: ToldHealth, at_s: float, *, is_passing: bool) -> bool:
        """Returns whether an event is to tell of a modem now. `is_passing`: it is told only if it lasts."""
        if not is_passing:
            self._passing_since.pop(each.modem, None)
        elif at_s - self._passing_since.setdefault(each.modem, at_s) < GAP_S:
            return False
        told = self._told.get(each.modem)
        is_changed = told is None or told.key != each.key
        return is_changed and at_s - self._told_at.get(each.modem, -GAP_S) >= GAP_S


def _make_health(each: ModemAvailability) -> ToldHealth:
    return ToldHealth(each.name, each.health, each.can_send, each.sim, each.reason)


def _make_missing(told: ToldHealth) -> ToldHealth:
    """Returns the health of a modem that is in the list no more."""
    return told if told.health == ModemHealth.GONE else ToldHealth(told.modem, ModemHealth.GONE)
