"""Contact holds: looks again at what is held for its contact's sake when the rules change: a reload, a new SIM, new holidays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.rules.sending_rules import SendingRules
from modemd.service.rules_in_force import RulesInForce
from modemd.service.store_retry import StoreRetry
from modemd.store import Store
from modemd.store.outbox import contact_holds

log = logs.get(__name__)

# How often it is asked whether the rules have changed.
CHECK_S = 10.0
# Pause between two steps: other changes have the database.
PAUSE_S = 0.02


class ContactHolds:
    """One task (`run`). `on_changed` is called when something may be due earlier."""

    def __init__(self, store: Store, rules: RulesInForce, clock: Clock, on_changed: Callable[[], None]) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._on_changed = on_changed
        self._decided_by: SendingRules | None = None

    async def run(self) -> None:
        """Checks until it is cancelled. The first check is at the start: the rules may have changed since the last process."""
        retry = StoreRetry(log, "what is held waits for the database")
        while True:
            await retry.run(self.check)
            await asyncio.sleep(CHECK_S)

    async def check(self) -> float:
        """Decides again about everything that is held, if the rules have changed. Returns the seconds until the next check."""
        rules = self._rules.current()
        if rules is self._decided_by:
            return CHECK_S
        number: str | None = ""
        while number is not None:
            step = partial(contact_holds.decide_again, rules=rules, after=number, now=self._clock.now())
            number = await self._store.write(step)
            await asyncio.sleep(PAUSE_S if number is not None else 0)
        self._decided_by = rules
        self._on_changed()
        return CHECK_S
