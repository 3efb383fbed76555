"""The service: its parts, put together from the collaborators it is handed, and the functions that the faces call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from modemd import logs
from modemd.clock import Clock
from modemd.config import Modem as ModemSettings
from modemd.config import Settings
from modemd.errors import Refused
from modemd.modem.modem import Line, Modem
from modemd.modem.port import OpenPort
from modemd.profiles import Profiles
from modemd.rules import states
from modemd.rules.claiming import ConsentPolicy
from modemd.rules.consent import Words
from modemd.service.arrivals import Arrivals
from modemd.service.calendar import Calendar, nightly
from modemd.service.desk import FrontDesk
from modemd.service.dispatching import Dispatcher
from modemd.service.submitting import Answer, Request, Submitting
from modemd.service.timetable import Timetable
from modemd.service.views import modem_view
from modemd.store import Store, claims, listings
from modemd.store.outbox import Submitted

log = logs.get(__name__)

# After cancelling what did not end in time: how long the cut may take.
CUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Collaborators:
    """What the composition root hands over: everything that touches the world outside."""

    settings: Settings
    store: Store
    clock: Clock
    open_port: OpenPort
    profiles: Profiles
    words: Words
    chance: Random


class Service:
    """Everything that runs. `start` and `stop` it; between them call its functions."""

    def __init__(self, given: Collaborators) -> None:
        self._given = given
        settings, store, clock = given.settings, given.store, given.clock
        policy = consent_policy(settings)
        self._timetable = Timetable(store, clock, self._wake)
        self._dispatcher = Dispatcher(store, policy, clock, chance=given.chance, settled=self._settled)
        arrivals = Arrivals(store, settings, policy, given.words, clock, self._queued)
        self._desk = FrontDesk(store, settings, clock, self._dispatcher, arrivals, ready=self._wake)
        self._submitting = Submitting(store, settings, policy, clock, self._queued)
        self._modems = [self._modem(modem) for modem in settings.modems]
        self._calendar = Calendar(store, clock, settings.timezone, [nightly(settings.timezone)])
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def _modem(self, configured: ModemSettings) -> Modem:
        settings = self._given.settings
        return Modem(
            Line(configured.name, configured.port, partial(settings.rate, configured), configured.driver),
            desk=self._desk,
            open_port=self._given.open_port,
            profiles=self._given.profiles,
            sweep_interval_s=settings.sweep_interval.total_seconds(),
            now=self._given.clock.now,
        )

    # Life

    async def start(self) -> None:
        """Settle what a crash left open, then start the timetable and a task for each modem."""
        now = self._given.clock.now()
        recovered = await self._given.store.write(partial(claims.recover, now=now))
        if recovered:
            log.warning("attempts were cut short; what became of them is unknown", attempts=recovered)
        if self._given.settings.consent.marketing == "not_opted_out":
            log.warning("marketing goes to everybody who has not opted out; see consent.marketing")
        loop = asyncio.get_running_loop()
        self._tasks["timetable"] = loop.create_task(self._timetable.run(), name="timetable")
        self._tasks["calendar"] = loop.create_task(self._calendar.run(), name="calendar")
        for modem in self._modems:
            self._tasks[modem.line.name] = loop.create_task(modem.run(), name=f"modem {modem.line.name}")

    async def stop(self, grace_s: float) -> None:
        """Claim nothing more, wait up to `grace_s` for the answers on the air, then cut: the journal says unknown."""
        for modem in self._modems:
            modem.stop()
        running = [self._tasks[modem.line.name] for modem in self._modems if modem.line.name in self._tasks]
        if running:
            await asyncio.wait(running, timeout=grace_s)
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=CUT_S)
        self._tasks.clear()

    def cut(self) -> None:
        """Wait no longer for answers on the air; a `stop` that is under way ends."""
        for task in self._tasks.values():
            task.cancel()

    def failed_task(self) -> BaseException | None:
        """Why a task that should run for ever has ended; None while all run."""
        for task in self._tasks.values():
            if task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None

    # What the faces call

    async def submit(self, request: Request) -> Answer:
        """Accept one message; it is durable when this answers."""
        return await self._submitting.submit(request)

    async def submit_csv(self, text: str) -> list[Answer]:
        """Accept the rows of a CSV, all in one commit."""
        return await self._submitting.submit_csv(text)

    async def messages(self, *, id: int | None, state: str | None, limit: int) -> list[dict[str, Any]]:
        """Outbound messages, newest first; `limit` 0 means all."""
        if state is not None and state not in set(states.Message):
            raise Refused("bad_state", f"{state!r} is no state; there are {', '.join(states.Message)}")
        return await self._given.store.read(partial(listings.messages, id=id, state=state, limit=limit))

    async def message(self, id: int) -> dict[str, Any]:
        """One message with its story. Refused with `not_found`."""
        found = await self.messages(id=id, state=None, limit=1)
        if not found:
            raise Refused("not_found", f"there is no message {id}")
        return found[0] | {"events": await self._given.store.read(partial(listings.events, message_id=id))}

    async def inbox(self, *, id: int | None, limit: int) -> list[dict[str, Any]]:
        """Inbound messages, newest first; `limit` 0 means all."""
        return await self._given.store.read(partial(listings.inbox, id=id, limit=limit))

    async def opt_outs(self, *, limit: int) -> list[dict[str, Any]]:
        """Who has opted out, newest first; `limit` 0 means all."""
        return await self._given.store.read(partial(listings.opt_outs, limit=limit))

    def modems(self) -> list[dict[str, Any]]:
        """The modems as configured, and what is known of each now."""
        return [modem_view(modem, self._given.settings) for modem in self._modems]

    async def status(self) -> dict[str, Any]:
        """Whether a message can pass, the modems, and what waits."""
        modems = self.modems()
        counts = await self._given.store.read(listings.counts)
        return {"can_send": any(modem["health"] == "ready" for modem in modems), "modems": modems, **counts}

    # Within

    def _queued(self, submitted: Submitted, rank: int) -> None:
        if submitted.state is states.Message.QUEUED:
            self._dispatcher.queued(rank)
            self._wake()
        elif submitted.state is states.Message.HELD:
            self._timetable.poke()

    def _settled(self) -> None:
        self._timetable.poke()
        self._wake()

    def _wake(self) -> None:
        for modem in self._modems:
            modem.wake()


def consent_policy(settings: Settings) -> ConsentPolicy:
    """What the configuration says of consent, as the rules want it."""
    return ConsentPolicy(
        marketing_needs_opt_in=settings.consent.marketing == "opted_in",
        transactional_after_stop={
            prefix: said == "allow" for prefix, said in settings.consent.transactional_after_stop.items()
        },
    )
