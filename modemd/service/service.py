"""The service: its parts, put together from the collaborators it is handed, and the functions that the faces call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from modemd import logs
from modemd.clock import Clock
from modemd.config import ModemSettings, Settings
from modemd.errors import Refused
from modemd.modem.discovery.devices import NoPorts, PortList
from modemd.modem.link.port import OpenPort
from modemd.modem.modem import Modem
from modemd.modem.recovery.recovery import NO_TOOLS, RecoveryTools
from modemd.modem.status import ModemLine
from modemd.profiles import Profiles
from modemd.rules import states
from modemd.rules.classes import KINDS, MessageClass
from modemd.rules.consent.keywords import Keywords
from modemd.service.calendar.nightly import JobScheduler, nightly_job
from modemd.service.dispatch.dispatcher import Dispatcher
from modemd.service.dispatch.due import DueWork
from modemd.service.dispatch.policy import SendingPolicy, consent_policy
from modemd.service.household import Household
from modemd.service.inbox.inbound import InboundMessages
from modemd.service.messages.batches import Batches
from modemd.service.messages.decisions import Decisions
from modemd.service.messages.story import _message_story, _report_views
from modemd.service.messages.submission import MessageRequest, Submission, SubmitResult
from modemd.service.modems.backend import ServiceBackend
from modemd.service.modems.discovery import Discovery
from modemd.service.modems.registry import ModemRegistry
from modemd.service.modems.ussd import ANSWER_S, UssdSessions
from modemd.service.modems.views import modem_view, unusable_view, wire_view
from modemd.service.operations import hook_program
from modemd.service.operations.alarms import RunCommand
from modemd.service.operations.health import Health, ModemState, assess_health
from modemd.service.operations.store_recovery import StoreRecovery
from modemd.service.operations.wall_clock import TrustedClock
from modemd.service.operations.watchdog import Watchdog
from modemd.service.sims.balances import Balances
from modemd.service.sims.pins import PinStore
from modemd.service.sims.sims import SimControl
from modemd.store import Store, listings, sims
from modemd.store.journal import Authorship
from modemd.store.outbox.accept import Submitted
from modemd.store.queue import outcomes
from modemd.store.timestamps import find_latest_stored

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
    keywords: Keywords
    random: Random
    credentials: Path | None = None  # the folder of systemd's credentials for this service
    port_list: PortList = field(default_factory=NoPorts)
    tools: RecoveryTools = NO_TOOLS
    run_command: RunCommand = hook_program.run_program


class Service:
    """Everything that runs. `start` and `stop` it; between them call its functions."""

    def __init__(self, given: Collaborators) -> None:
        self._collaborators = given
        settings, store = given.settings, given.store
        self._trusted_clock = clock = TrustedClock(given.clock, asyncio.get_running_loop().time)
        policy = consent_policy(settings)
        self._due_work = DueWork(store, clock, self._came_due, self._trusted)
        self._dispatcher = Dispatcher(
            store, policy, clock, chance=given.random, settled=self._settled, trusted=self._trusted,
            traffic=lambda sims: SendingPolicy(settings, sims, clock.now),
        )  # fmt: skip
        self.senders = SimControl(
            store, settings, clock, self._dispatcher.sending_policy, self._dispatcher.sim_breakers,
            modems=lambda: self._modems, changed=self._settled,
        )  # fmt: skip
        self._ussd_sessions = UssdSessions()
        self._balances = Balances(
            store,
            settings,
            policy,
            clock,
            self._ussd_sessions,
            modems=lambda: self._modems,
            queued=self._queued,
            trusted=self._trusted,
        )
        arrivals = InboundMessages(
            store,
            settings,
            policy,
            given.keywords,
            clock,
            self._queued,
            clock.add_network_time,
            answered=self._balances.handle_message,
        )
        self._backend = ServiceBackend(store, settings, clock, self._dispatcher, arrivals, ready=self._wake)
        self._submission = Submission(store, settings, policy, clock, self._queued)
        self._batches = Batches(store, self._submission, policy, clock, self._promoted)
        self._decisions = Decisions(store, settings, policy, clock, self._queued)
        self._pins = PinStore(store, settings, clock, given.credentials)
        self._registry = ModemRegistry(self._modem)
        for modem in settings.modems:
            if modem.port is not None:
                self._registry.add(modem, given.open_port)
        self._discovery = Discovery(settings, given.port_list, given.profiles, given.open_port, self._registry)
        self._modems = self._registry.modems
        self._job_scheduler = JobScheduler(
            store, clock, settings.timezone, [nightly_job(settings.timezone)], self._trusted
        )
        self.house = Household(
            store, settings, policy, clock, self._submission, given.run_command,
            modems=lambda: self._modems, rests=self._dispatcher.sim_breakers.open_until, low=self._balances.low_balances,
            queued=self._queued, released=self._released,
        )  # fmt: skip
        self._store_recovery = StoreRecovery(store, self._settled, partial(self.house.alarms.notify_fatal, "damaged"))
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def _modem(self, configured: ModemSettings, open_port: OpenPort) -> Modem:
        settings = self._collaborators.settings
        return Modem(
            ModemLine(
                configured.name,
                configured.port or "",
                partial(settings.rate, configured),
                configured.driver,
                configured.power_hook or settings.recovery.power_hook or (),
            ),
            desk=self._backend,
            open_port=open_port,
            profiles=self._collaborators.profiles,
            sweep_interval_s=settings.sweep_interval.total_seconds(),
            now=self._trusted_clock.now,
            pins=self._pins.for_modem(configured.name),
            tools=self._collaborators.tools,
            quarantine_s=[duration.total_seconds() for duration in settings.recovery.quarantine],
            rest_s=settings.recovery.rest.total_seconds(),
        )

    # Life

    async def start(self) -> None:
        """Settle what a crash left open, then start the timetable and a task for each modem."""
        await self.know_time()
        now = self._trusted_clock.now()
        recovered = await self._collaborators.store.write(partial(outcomes.recover_open_attempts, now=now))
        if recovered:
            log.warning("attempts were cut short; what became of them is unknown", attempts=recovered)
        if self._collaborators.settings.consent.marketing == "not_opted_out":
            log.warning("marketing goes to everybody who has not opted out; see consent.marketing")
        loop = asyncio.get_running_loop()
        if await self.senders.adopt_rules():
            self._tasks["rules"] = loop.create_task(self.senders.relane(), name="rules")
        self._tasks["store watch"] = loop.create_task(self._store_recovery.run(), name="store watch")
        self._tasks["batches"] = loop.create_task(self._batches.run(), name="batches")
        self._tasks["timetable"] = loop.create_task(self._due_work.run(), name="timetable")
        self._tasks["calendar"] = loop.create_task(self._job_scheduler.run(), name="calendar")
        for name, work in (await self.house.tasks()).items():
            self._tasks[name] = loop.create_task(work, name=name)
        if self._balances.is_configured:
            self._tasks["balances"] = loop.create_task(self._balances.run(), name="balances")
        if self._collaborators.settings.is_discovery_enabled:
            self._tasks["finding"] = loop.create_task(self._discovery.run(), name="finding")
        self._registry.start()

    async def know_time(self) -> None:
        """Learn from the database what time it was at least, and what SIMs had left then. Before anything else, also where
        nothing is started."""
        await self._balances.load()
        self._trusted_clock.set_stored_time(await self._collaborators.store.read(find_latest_stored))

    async def stop(self, grace_s: float) -> None:
        """Claim nothing more, wait up to `grace_s` for the answers on the air and for the database to take them, then cut: the
        journal says unknown."""
        deadline = asyncio.get_running_loop().time() + grace_s
        await self._ussd_sessions.close(self._modems)
        if (finding := self._tasks.get("finding")) is not None:
            finding.cancel()
        self._registry.stop()
        if running := self._registry.tasks:
            await asyncio.wait(running, timeout=grace_s)
        self._dispatcher.quota_holds.stop()
        await self._dispatcher.wait_for_outcomes(within_s=max(deadline - asyncio.get_running_loop().time(), 0))
        tasks = self._all_tasks()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CUT_S)
        self._tasks.clear()

    def cut(self) -> None:
        """Wait no longer for answers on the air; a `stop` that is under way ends."""
        for task in self._all_tasks():
            task.cancel()
        self._dispatcher.abandon_outcomes()
        self._dispatcher.quota_holds.stop()

    def failed_task(self) -> BaseException | None:
        """Why a task that should run for ever has ended; None while all run."""
        for task in self._all_tasks():
            if task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None

    def heartbeat(self) -> Watchdog:
        """What tells whether the service still moves; a task of its own, run by whoever asks for it."""
        return Watchdog(self._collaborators.store, lambda: self._modems)

    def _all_tasks(self) -> list[asyncio.Task[None]]:
        return [*self._tasks.values(), *self._registry.tasks]

    # What the faces call

    async def submit(self, request: MessageRequest) -> SubmitResult:
        """Accept one message; it is durable when this answers."""
        return await self._submission.submit(request)

    async def submit_csv(self, body: bytes, key: str | None = None) -> dict[str, Any]:
        """Accept the rows of a CSV, whole, without making others wait: the batch, durable when this answers."""
        return await self._batches.accept(body, key)

    async def batch(self, id: int) -> dict[str, Any]:
        """One batch, and how far its messages are. Refused with `not_found`."""
        return await self._batches.batch(id)

    async def batches(self, *, key: str | None, limit: int) -> list[dict[str, Any]]:
        """Batches, newest first; `limit` 0 means all."""
        return await self._batches.list_batches(key=key, limit=limit)

    async def messages(
        self, *, id: int | None, state: str | None, limit: int, batch: int | None = None
    ) -> list[dict[str, Any]]:
        """Outbound messages, newest first; `limit` 0 means all."""
        if state is not None and state not in set(states.MessageState):
            raise Refused("bad_state", f"{state!r} is no state; there are {', '.join(states.MessageState)}")
        return await self._collaborators.store.read(
            partial(listings.list_messages, id=id, state=state, limit=limit, batch=batch)
        )

    async def message(self, id: int) -> dict[str, Any]:
        """One message with its story: its parts, what modems were given, the reports that came, and every event. Refused
        with `not_found`."""
        return await self._collaborators.store.read(partial(_message_story, id))

    async def settle(self, id: int, verdict: str, part: int | None, word: Authorship) -> dict[str, Any]:
        """A person says what became of unknown parts (`sent`, `not-sent`); `part` None: of all. The message."""
        message = await self._decisions.settle(id, verdict, part, word)
        self._settled()
        return message

    async def cancel(self, id: int, word: Authorship) -> dict[str, Any]:
        """A person cancels a message of which nothing can have left. The message."""
        return await self._decisions.cancel(id, word)

    async def resend(self, id: int, word: Authorship) -> SubmitResult:
        """A person has a message that has ended sent once more, as a new one."""
        return await self._decisions.resend(id, word)

    async def reports(self, *, matched: bool | None, limit: int) -> list[dict[str, Any]]:
        """Status reports, newest first, unmatched ones with the reason; `limit` 0 means all."""
        return await self._collaborators.store.read(partial(_report_views, matched=matched, limit=limit))

    async def inbox(self, *, id: int | None, limit: int, kind: str | None = None) -> list[dict[str, Any]]:
        """What came in, newest first; `kind` narrows to one of `modemd.rules.classes.KINDS`, `limit` 0 means all."""
        if kind is not None and kind not in KINDS:
            raise Refused("bad_kind", f"{kind!r} is no kind; there are {', '.join(KINDS)}")
        return await self._collaborators.store.read(partial(listings.list_inbox, id=id, kind=kind, limit=limit))

    async def sims(self) -> list[dict[str, Any]]:
        """The SIMs that were met, with what each has used of its quotas, and what it has left where that is known."""
        return [row | {"balance": self._balances.view(row["sim"])} for row in await self.senders.list_sims()]

    async def admit_sim(self, iccid: str) -> dict[str, Any]:
        """A person says that a SIM may be used. Refused with `no_sim` where none of that ICCID was met."""
        if not await self._collaborators.store.write(partial(sims.admit, iccid=iccid, now=self._trusted_clock.now())):
            raise Refused("no_sim", f"no SIM {iccid} was met; `modemd sims` lists those that were")
        self._wake()
        return next(row for row in await self.sims() if row["sim"] == iccid)

    async def opt_outs(self, *, limit: int) -> list[dict[str, Any]]:
        """Who has opted out, newest first; `limit` 0 means all."""
        return await self._collaborators.store.read(partial(listings.list_opt_outs, limit=limit))

    async def ussd(
        self, name: str, text: str, *, session: int | None = None, answer_s: float | None = None
    ) -> dict[str, Any]:
        """Say a USSD code to a modem's network, or reply within a session: its `text`, its `state` in words, and the `session`
        that waits for a reply. Refused, as `Conversations.begin` says."""
        modem, answer_s = self._named(name), answer_s or ANSWER_S
        if session is None:
            return await self._ussd_sessions.begin(modem, text, answer_s=answer_s)
        return await self._ussd_sessions.reply(modem, session, text, answer_s=answer_s)

    async def end_ussd(self, name: str, session: int) -> None:
        """End a USSD session that waits for a reply. Refused with `no_modem`, `no_session`."""
        await self._ussd_sessions.end(self._named(name), session)

    def wire(self, name: str) -> list[dict[str, Any]]:
        """The last lines between host and modem, oldest first, without what is personal. Refused with `no_modem`."""
        return [wire_view(line) for line in self._named(name).list_wire_lines()]

    def _named(self, name: str) -> Modem:
        for modem in self._modems:
            if modem.line.name == name:
                return modem
        raise Refused("no_modem", f"there is no modem {name!r}")

    def modems(self) -> list[dict[str, Any]]:
        """The modems, what is known of each now; and what was found and cannot be used."""
        return [
            *(self._view(modem) for modem in self._modems),
            *map(unusable_view, self._discovery.unusable_devices()),
        ]

    def _view(self, modem: Modem) -> dict[str, Any]:
        identity = modem.status.identity
        balance = self._balances.view(identity.iccid) if identity is not None else None
        return modem_view(modem, self._collaborators.settings, self._rest_of(modem)) | {"balance": balance}

    def _rest_of(self, modem: Modem) -> tuple[datetime, str] | None:
        identity = modem.status.identity
        return (
            self._dispatcher.sim_breakers.open_until(identity.iccid, self._trusted_clock.now())
            if identity is not None
            else None
        )

    def health(self) -> Health:
        """Whether a message can pass. It waits for nothing, the database neither."""
        return self._verdict(self.modems())

    def _verdict(self, modems: Sequence[dict[str, Any]]) -> Health:
        states = [
            ModemState(
                modem["name"], modem["can_send"], modem["reason"] or "; ".join(modem["remarks"]) or modem["health"]
            )
            for modem in modems
        ]
        return assess_health(self._collaborators.store.failure, states, running=bool(self._tasks))

    async def status(self) -> dict[str, Any]:
        """Whether a message can pass, the modems, and what waits."""
        counts = await self._collaborators.store.read(listings.read_counts)
        modems = self.modems()
        health = self._verdict(modems)
        now = self._trusted_clock.now()
        for row in counts["waiting"]:
            row["age_s"] = (
                max(int((now - datetime.fromisoformat(row["oldest"])).total_seconds()), 0) if row["oldest"] else 0
            )
        trouble = self._collaborators.store.failure
        return {
            "can_send": health.can_send,
            "code": health.code,
            "message": health.message,
            "trouble": {"code": trouble.code, "message": str(trouble)} if trouble else None,
            "clock": {"trusted": self._trusted_clock.is_trusted, "because": self._trusted_clock.distrust_reason},
            "modems": modems,
            "sims": await self.sims(),
            "alarms": await self.house.listed_alarms(cleared=False, limit=0),
            **counts,
        }

    # Within

    def _trusted(self) -> bool:
        return self._trusted_clock.is_trusted

    def _queued(self, submitted: Submitted, message_class: MessageClass) -> None:
        if submitted.state is states.MessageState.QUEUED:
            self._dispatcher.note_queued(message_class)
            self._wake()
        elif submitted.state is states.MessageState.HELD:
            self._due_work.wake()

    def _promoted(self, message_class: MessageClass | None, held: bool) -> None:
        if message_class is not None:
            self._dispatcher.note_queued(message_class)
            self._wake()
        if held:
            self._due_work.wake()

    def _released(self) -> None:
        self._batches.wake()
        self._due_work.wake()

    def _settled(self) -> None:
        self._due_work.wake()
        self._wake()

    def _came_due(self) -> None:
        self._dispatcher.note_urgent()
        self._wake()

    def _wake(self) -> None:
        self._registry.wake()
