"""Service: starts and stops everything that runs, and holds the parts that the faces call, one attribute a subject."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from modemd import logs
from modemd.config import CurrentSettings
from modemd.light_dataclass import dataclass
from modemd.service.calendar.recurring import RecurringSends
from modemd.service.changes.feed import ChangeFeed
from modemd.service.consent.entries import ConsentEntries
from modemd.service.consent.history import ConsentHistories
from modemd.service.consent.imports import ConsentImports
from modemd.service.consent.ledger import ConsentLedger
from modemd.service.consent.mail.emails import ContactEmails
from modemd.service.consent.quiet_hours.current import CurrentQuietHours
from modemd.service.consent.quiet_hours.views import QuietHoursViews
from modemd.service.consent.records import ConsentRecords
from modemd.service.consent.reply_texts import ReplyTexts
from modemd.service.consent.requests import OptInRequests
from modemd.service.consent.reviews import Reviews
from modemd.service.consent.words import ConsentWords, CurrentWords
from modemd.service.contacts.contacts import Contacts
from modemd.service.dispatch.dispatcher import Dispatcher
from modemd.service.inbox.inbound import InboundMessages
from modemd.service.keys.keys import ApiKeys
from modemd.service.messages.batch_decisions import BatchDecisions
from modemd.service.messages.batches import Batches
from modemd.service.messages.decisions import Decisions
from modemd.service.messages.history import MessageHistories
from modemd.service.messages.previews import Previews
from modemd.service.messages.submission import Submission
from modemd.service.modems.discovery import Discovery
from modemd.service.modems.drivers import Drivers
from modemd.service.modems.registry import ModemRegistry
from modemd.service.modems.ussd import UssdSessions
from modemd.service.modems.views import ModemViews
from modemd.service.operations.alarm_checks import AlarmChecks
from modemd.service.operations.alarms import Alarms
from modemd.service.operations.health import ServiceHealth
from modemd.service.operations.wall_clock import TrustedClock
from modemd.service.operations.watchdog import Watchdog
from modemd.service.rules_in_force import RulesInForce
from modemd.service.sims.balances import Balances
from modemd.service.sims.sims import SimControl
from modemd.service.twilio.room import TwilioRoom
from modemd.service.webhooks.webhooks import Webhooks
from modemd.store import Store, sims
from modemd.store.queue import outcomes
from modemd.store.timestamps import find_latest_stored

if TYPE_CHECKING:
    from modemd.service.alerts.incoming import IncomingAlerts

log = logs.get(__name__)

# How long `stop` waits for the tasks that it has cancelled.
CUT_S = 2.0

Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Messages:
    """Outbound messages: submission, batches, decisions of people, the history of each, and previews before they are sent."""

    submission: Submission
    batches: Batches
    decisions: Decisions
    histories: MessageHistories
    previews: Previews
    batch_decisions: BatchDecisions


@dataclass(frozen=True, slots=True)
class Consent:
    """Consent: the records of it, the ledger, one person's history, what people enter or import, requests to confirm, reviews of
    what people wrote; the quiet hours (in force, and as they are shown); the texts of replies and notices; the e-mail
    addresses of contacts; and the words, in force and as they are shown."""

    records: ConsentRecords
    ledger: ConsentLedger
    histories: ConsentHistories
    entries: ConsentEntries
    imports: ConsentImports
    requests: OptInRequests
    reviews: Reviews
    current_quiet_hours: CurrentQuietHours
    quiet_hours: QuietHoursViews
    reply_texts: ReplyTexts
    emails: ContactEmails
    current_words: CurrentWords
    words: ConsentWords


@dataclass(frozen=True, slots=True)
class Modems:
    """Modems: their registry, discovery, USSD sessions, views and drivers."""

    registry: ModemRegistry
    discovery: Discovery
    ussd: UssdSessions
    views: ModemViews
    drivers: Drivers


@dataclass(frozen=True, slots=True)
class Operations:
    """Alarms, the checks that raise them, health, and the clock."""

    alarms: Alarms
    checks: AlarmChecks
    health: ServiceHealth
    clock: TrustedClock


@dataclass(frozen=True, slots=True)
class Rooms:
    """Parts of a service that the faces call. `alerts`: None if no door for alerts is open."""

    messages: Messages
    inbox: InboundMessages
    consent: Consent
    contacts: Contacts
    modems: Modems
    sims: SimControl
    calendar: RecurringSends
    operations: Operations
    keys: ApiKeys
    changes: ChangeFeed
    webhooks: Webhooks
    twilio: TwilioRoom
    alerts: IncomingAlerts | None = None


class Service:
    """Service that runs between `start` and `stop`; between them the faces call its parts (`messages`, `inbox`, `consent`,
    `contacts`, `modems`, `sims`, `calendar`, `operations`, `keys`, `changes`, `webhooks`, `twilio`, and `alerts` if a door for
    them is open).

    `tasks` are the coroutines that run from start to stop, by name."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        rooms: Rooms,
        dispatcher: Dispatcher,
        rules: RulesInForce,
        balances: Balances,
        tasks: Mapping[str, Work],
    ) -> None:
        self.messages = rooms.messages
        self.inbox = rooms.inbox
        self.consent = rooms.consent
        self.contacts = rooms.contacts
        self.modems = rooms.modems
        self.sims = rooms.sims
        self.calendar = rooms.calendar
        self.operations = rooms.operations
        self.keys = rooms.keys
        self.alerts = rooms.alerts
        self.changes = rooms.changes
        self.webhooks = rooms.webhooks
        self.twilio = rooms.twilio
        self.settings = settings
        self._store = store
        self._dispatcher = dispatcher
        self._balances = balances
        self._rules = rules
        self._works = tasks
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def is_running(self) -> bool:
        """True between start and stop."""
        return bool(self._tasks)

    async def start(self) -> None:
        """Closes what a crash left open, then starts every task, and one for each modem."""
        await self.know_time()
        now = self.operations.clock.now()
        recovered = await self._store.write(partial(outcomes.close_interrupted_attempts, now=now))
        if recovered:
            log.warning("attempts were cut short; what became of them is unknown", attempts=recovered)
        settings = self.settings.current()
        if settings.consent.marketing == "not_opted_out":
            log.warning("marketing goes to everybody who has not opted out; see consent.marketing")
        works = dict(self._works)
        if await self.sims.adopt_rules():
            works = {"rules": self.sims.relane, **works}
        await self.operations.alarms.load()
        loop = asyncio.get_running_loop()
        self._tasks = {name: loop.create_task(work(), name=name) for name, work in works.items()}
        self.modems.registry.start()

    async def know_time(self) -> None:
        """Reads from the database the latest time that it knows of, the SIMs with their balances, the pauses, the public
        holidays, the changed words of consent, and the modems that were found before. To be called before anything else, also if
        the service is not started."""
        self._rules.add_sims(await self._store.read(sims.list_identities))
        await self._balances.load()
        await self.sims.load_pauses()
        await self.consent.reply_texts.load()
        await self.modems.discovery.recall()
        await self.consent.current_quiet_hours.load(self._store)
        await self.consent.current_words.load(self._store)
        self.operations.clock.set_stored_time(await self._store.read(find_latest_stored))

    async def stop(self, grace_s: float) -> None:
        """Claims nothing more, waits up to `grace_s` for the answers on the air and for the database to take them, then ends the
        decisions about batches, and cancels what still runs: the journal then says unknown."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace_s
        await self.modems.ussd.close(self.modems.registry.modems)
        if (finding := self._tasks.get("finding")) is not None:
            finding.cancel()
        self.modems.registry.stop()
        if running := self.modems.registry.tasks:
            await asyncio.wait(running, timeout=grace_s)
        await self._dispatcher.stop(within_s=max(deadline - loop.time(), 0))
        self.messages.batch_decisions.stop()
        self.changes.close()
        tasks = self._all_tasks()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CUT_S)
        self._tasks.clear()

    def cut(self) -> None:
        """Cancels everything without waiting for answers on the air; a `stop` that is under way then ends."""
        for task in self._all_tasks():
            task.cancel()
        self._dispatcher.cut()
        self.changes.close()

    def failed_task(self) -> BaseException | None:
        """Returns the error of a task that should run until the end and has failed. None if there is none."""
        for task in self._all_tasks():
            if task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None

    def make_watchdog(self) -> Watchdog:
        """Returns the watchdog of this service; the caller runs its task."""
        return Watchdog(self._store, lambda: self.modems.registry.modems)

    def _all_tasks(self) -> list[asyncio.Task[None]]:
        return [*self._tasks.values(), *self.modems.registry.tasks]
