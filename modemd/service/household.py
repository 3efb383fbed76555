"""What goes on beside the sending: alarms and what raises them, recurring sends, house-keeping, and what a restoring holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from modemd.config import Settings
from modemd.errors import Refused
from modemd.modem.modem import Modem
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import ConsentPolicy
from modemd.service.calendar.recurring import RecurringSends
from modemd.service.messages.decisions import Authorship, check_authorship
from modemd.service.messages.submission import Submission
from modemd.service.operations.alarms import Alarms, RunCommand
from modemd.service.operations.checks import AlarmChecks, LowBalances, OpenUntil
from modemd.service.operations.retention import Retention
from modemd.service.operations.wall_clock import TrustedClock
from modemd.store import Store, alarms, listings
from modemd.store.files import restore
from modemd.store.outbox.accept import Submitted

# Between two steps of a release, everybody else has the database.
PAUSE_S = 0.02


class Household:
    """The parts, and the functions that the faces call. `alarms` is open to every part of the service."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        policy: ConsentPolicy,
        time: TrustedClock,
        submitting: Submission,
        run_command: RunCommand,
        *,
        modems: Callable[[], Sequence[Modem]],
        rests: OpenUntil,
        low: LowBalances,
        queued: Callable[[Submitted, MessageClass], None],
        released: Callable[[], None],
    ) -> None:
        self._store = store
        self._time = time
        self._released = released

        def trusted() -> bool:
            return time.is_trusted

        self.alarms = Alarms(
            store, settings.alarms, policy, time, queued, run_command,
            valid=settings.validity.alarm, report=settings.report,
        )  # fmt: skip
        self._watch = AlarmChecks(self.alarms, store, time, modems, rests, low, settings.alarms.modem_unusable_after)
        self.schedules = RecurringSends(store, submitting, policy, time, settings.timezone, queued, trusted)
        self._housekeeping = Retention(store, settings.retention, time, trusted)

    async def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What is to run until the end, by name; called once, at the start."""
        await self.alarms.load()
        return {
            "alarms": self.alarms.run(),
            "watch": self._watch.run(),
            "schedules": self.schedules.run(),
            "house-keeping": self._housekeeping.run(),
        }

    async def listed_alarms(self, *, cleared: bool, limit: int) -> list[dict[str, Any]]:
        """Alarms, newest first; with those that were cleared, or only what stands. `limit` 0 means all."""
        return await self._store.read(partial(alarms.list_alarms, cleared=cleared, limit=limit))

    async def release(self, message_class: str | None, word: Authorship) -> dict[str, int]:
        """Let go what is held since a restoring: one class of messages, or all with the batches. In small steps."""
        word = check_authorship(word)
        if message_class is not None and message_class not in set(MessageClass):
            raise Refused("bad_class", f"{message_class!r} is no class; there are {', '.join(MessageClass)}")
        only = MessageClass(message_class) if message_class is not None else None
        messages, batches = 0, 0
        while True:
            step = partial(restore.release_messages, message_class=only, now=self._time.now(), by=word.by, why=word.why)
            done = await self._store.write(step)
            messages += done
            self._released()
            if not done:
                break
            await asyncio.sleep(PAUSE_S)
        if only is None:
            batches = await self._store.write(
                partial(restore.release_batches, now=self._time.now(), by=word.by, why=word.why)
            )
            self._released()
        return {"messages": messages, "batches": batches}

    async def arrived(self, since: datetime, limit: int) -> list[dict[str, Any]]:
        """Inbound messages that came to be seen at `since` or later, oldest first."""
        return await self._store.read(partial(listings.list_arrived_since, since=since, limit=limit))
