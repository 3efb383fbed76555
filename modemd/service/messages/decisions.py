"""Decisions of people about messages: settle, cancel, resend, release. Who decided, and why, is stored with each."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial

from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.access.callers import SOCKET, Caller, choose_line
from modemd.rules.classes import MessageClass
from modemd.service.authorship import check_authorship
from modemd.service.messages.submission import SubmitResult
from modemd.service.rules_in_force import RulesInForce
from modemd.store import Store, listings
from modemd.store.events import Authorship
from modemd.store.files import restore
from modemd.store.outbox import decisions
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.decisions import Settlement
from modemd.store.rows import MessageRow

__all__ = ["Authorship", "Decisions"]  # so that the faces need not import the store

# Pause between two steps of a release: other changes have the database.
PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """Numbers of messages and of batches that were released."""

    messages: int
    batches: int


class Decisions:
    """Decisions of people about messages.

    `on_queued` is called with a message that was accepted once more; `on_settled` and `on_released` when parts may be due that
    were not before."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        rules: RulesInForce,
        clock: Clock,
        *,
        on_queued: Callable[[Submitted, MessageClass], None],
        on_settled: Callable[[], None],
        on_released: Callable[[], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._rules = rules
        self._clock = clock
        self._on_queued = on_queued
        self._on_settled = on_settled
        self._on_released = on_released

    async def settle(self, id: int, verdict: str, part: int | None, authorship: Authorship) -> MessageRow:
        """Settles unknown parts of a message as sent or not sent; `part` None: all of them. Returns the message as it is then.
        Raises Refused (`bad_verdict`, `no_reason`, `not_found`, `no_part`, `not_unknown`, `closed`)."""
        if verdict not in set(Settlement):
            raise Refused(ErrorCode.BAD_VERDICT, f"{verdict!r} settles nothing; say {' or '.join(Settlement)}")
        change = partial(
            decisions.settle,
            message_id=id,
            verdict=Settlement(verdict),
            authorship=check_authorship(authorship),
            part=part,
        )
        message = await self._apply_decision(id, partial(change, now=self._clock.now()))
        self._on_settled()
        return message

    async def cancel(self, id: int, authorship: Authorship) -> MessageRow:
        """Cancels a message of which nothing can have left. Returns the message as it is then. Raises Refused (`no_reason`,
        `not_found`, `too_late`)."""
        change = partial(
            decisions.cancel, message_id=id, authorship=check_authorship(authorship), now=self._clock.now()
        )
        return await self._apply_decision(id, change)

    async def resend(self, id: int, authorship: Authorship, caller: Caller = SOCKET) -> SubmitResult:
        """Accepts a message that has ended once more, as a new one by the SIMs of the caller. The same decision again
        returns that new message. Raises Refused (`no_reason`, `not_found`, `on_its_way`, `bad_class`, `forbidden`)."""
        change = partial(
            decisions.resend,
            message_id=id,
            authorship=check_authorship(authorship),
            validity=self._settings.current().validity.of,
            rules=self._rules.current(),
            now=self._clock.now(),
            choose_sim=lambda pinned: choose_line(caller, pinned) if caller.lines else None,
        )

        def change_and_read(db: sqlite3.Connection) -> tuple[Submitted, MessageRow]:
            submitted = change(db)
            return submitted, listings.list_messages(db, id=submitted.id)[0]

        submitted, message = await self._store.write(change_and_read)
        if not submitted.is_repetition:
            self._on_queued(submitted, message.message_class)
        return SubmitResult(message, tuple(map(str, submitted.lacks)), submitted.is_repetition)

    async def release(self, message_class: str | None, authorship: Authorship) -> ReleaseResult:
        """Releases what is held after a restore, in small steps: one class of messages, or everything with the batches. Returns
        how many messages and batches. Raises Refused (`bad_class`, `no_reason`)."""
        authorship = check_authorship(authorship)
        if message_class is not None and message_class not in set(MessageClass):
            raise Refused(ErrorCode.BAD_CLASS, f"{message_class!r} is no class; there are {', '.join(MessageClass)}")
        only = MessageClass(message_class) if message_class is not None else None
        messages, batches = 0, 0
        while True:
            step = partial(
                restore.release_messages,
                message_class=only,
                now=self._clock.now(),
                by=authorship.by,
                why=authorship.why,
            )
            done = await self._store.write(step)
            messages += done
            self._on_released()
            if not done:
                break
            await asyncio.sleep(PAUSE_S)
        if only is None:
            batches = await self._store.write(
                partial(restore.release_batches, now=self._clock.now(), by=authorship.by, why=authorship.why)
            )
            self._on_released()
        return ReleaseResult(messages, batches)

    async def _apply_decision(self, id: int, change: Callable[[sqlite3.Connection], None]) -> MessageRow:
        def change_and_read(db: sqlite3.Connection) -> MessageRow:
            change(db)
            return listings.list_messages(db, id=id)[0]

        return await self._store.write(change_and_read)
