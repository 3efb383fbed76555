"""Assembly of the service: builds its parts out of the collaborators that the composition root hands over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, field
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from modemd.clock import Clock
from modemd.config import CurrentSettings, ModemSettings
from modemd.light_dataclass import dataclass
from modemd.modem.discovery.devices import NoPorts, PortList
from modemd.modem.link.port import OpenPort
from modemd.modem.modem import Modem
from modemd.modem.recovery.recovery import NO_TOOLS, RecoveryTools
from modemd.modem.status import ModemLine
from modemd.profiles import Profiles
from modemd.rules.consent.words.matching import Words
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.calendar.nightly import JobScheduler, nightly_job
from modemd.service.calendar.recurring import RecurringSends
from modemd.service.changes.feed import ChangeFeed
from modemd.service.consent.due import ConsentDueWork
from modemd.service.consent.entries import ConsentEntries
from modemd.service.consent.history import ConsentHistories
from modemd.service.consent.imports import ConsentImports
from modemd.service.consent.ledger import ConsentLedger
from modemd.service.consent.mail.emails import ContactEmails
from modemd.service.consent.quiet_hours.current import CurrentQuietHours
from modemd.service.consent.quiet_hours.holiday_program import ListHolidays, list_no_holidays
from modemd.service.consent.quiet_hours.holidays import HolidayUpdates
from modemd.service.consent.quiet_hours.views import QuietHoursViews
from modemd.service.consent.records import ConsentRecords
from modemd.service.consent.reply_texts import ReplyTexts
from modemd.service.consent.requests import OptInRequests
from modemd.service.consent.reviews import Reviews
from modemd.service.consent.words import ConsentWords, CurrentWords
from modemd.service.contacts.contacts import Contacts
from modemd.service.dispatch.contact_holds import ContactHolds
from modemd.service.dispatch.dispatcher import Dispatcher
from modemd.service.dispatch.due import DueWork
from modemd.service.dispatch.policy import SendingPolicy
from modemd.service.dispatch.waits import ModemFacts, Waits
from modemd.service.inbox.inbound import InboundMessages
from modemd.service.keys.keys import ApiKeys
from modemd.service.messages.batch_decisions import BatchDecisions
from modemd.service.messages.batches import Batches
from modemd.service.messages.decisions import Decisions
from modemd.service.messages.estimates import Estimates
from modemd.service.messages.history import MessageHistories
from modemd.service.messages.previews import Previews
from modemd.service.messages.submission import Submission
from modemd.service.modems.backend import ServiceBackend
from modemd.service.modems.discovery import Discovery
from modemd.service.modems.drivers import Drivers
from modemd.service.modems.known_modems import KnownModems
from modemd.service.modems.readiness import ModemReadiness
from modemd.service.modems.registry import ModemRegistry
from modemd.service.modems.ussd import UssdSessions
from modemd.service.modems.views import ModemViews
from modemd.service.operations import hook_program
from modemd.service.operations.alarm_checks import WEBHOOK, AlarmChecks
from modemd.service.operations.alarms import Alarms, RunCommand
from modemd.service.operations.filter_watch import FilterWatch
from modemd.service.operations.health import ServiceHealth
from modemd.service.operations.retention import Retention
from modemd.service.operations.store_outage import StoreOutage
from modemd.service.operations.wall_clock import TrustedClock
from modemd.service.optional_parts import make_incoming_alerts, make_mailbox_work, make_twilio
from modemd.service.rules_in_force import RulesInForce
from modemd.service.service import Consent, Messages, Modems, Operations, Rooms, Service, Work
from modemd.service.sims.balances import Balances
from modemd.service.sims.pins import PinStore
from modemd.service.sims.sims import SimControl
from modemd.service.twilio.room import TwilioRoom
from modemd.service.wakeups import Wakeups
from modemd.service.webhooks.client import WebhookClient
from modemd.service.webhooks.exchange import Post
from modemd.service.webhooks.fan_out import FanOut
from modemd.service.webhooks.formats import MakeDocument, RequestMaker, TwilioFormat
from modemd.service.webhooks.lanes import DeliveryLanes, ReceiverWatch
from modemd.service.webhooks.webhooks import Webhooks
from modemd.store import Store

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Collaborators that touch the world outside, as the composition root passes it in. `credentials`: the folder of systemd's
    credentials for this service; `anchors`: the file for the anchors of the consent ledger; `make_document`: makes the JSON of a
    change; `post`: sends webhooks, None: `WebhookClient` does."""

    settings: CurrentSettings
    store: Store
    clock: Clock
    open_port: OpenPort
    profiles: Profiles
    words: Words
    random: Random
    credentials: Path | None = None
    anchors: Path | None = None
    port_list: PortList = field(default_factory=NoPorts)
    tools: RecoveryTools = NO_TOOLS
    run_command: RunCommand = hook_program.run_program
    list_holidays: ListHolidays = list_no_holidays
    is_clock_synchronised: Callable[[], bool] = lambda: False
    make_document: MakeDocument = asdict
    post: Post | None = None


def assemble(collaborators: Collaborators) -> Service:
    """Builds a service that is not started. Must run on the loop."""
    current_settings, store = collaborators.settings, collaborators.store
    settings = current_settings.current()
    clock = TrustedClock(collaborators.clock, asyncio.get_running_loop().time, collaborators.is_clock_synchronised)
    wakeups, quiet_hours = Wakeups(), CurrentQuietHours(current_settings)
    current_words = CurrentWords(collaborators.words)
    reply_texts = ReplyTexts(store, clock, current_words.current)
    rules = RulesInForce(current_settings, quiet_hours.current, lambda: reply_texts.texts)

    def is_clock_trusted() -> bool:
        return clock.is_trusted

    # Dispatch
    breakers = SimBreakers()
    sending_policy = SendingPolicy(settings, breakers, clock.now)
    due_work = DueWork(store, clock, wakeups.came_due, is_clock_trusted)
    dispatcher = Dispatcher(
        store, rules, clock, sending_policy, breakers,
        random=collaborators.random, on_settled=wakeups.settled, on_ready=wakeups.ready, is_clock_trusted=is_clock_trusted,
    )  # fmt: skip

    contact_holds = ContactHolds(store, rules, clock, wakeups.settled)

    # Messages
    submission = Submission(store, current_settings, rules, clock, wakeups.submitted, current_words.current)
    estimates = Estimates(store, clock, sending_policy.routes, lambda: sims.list_capacities())
    batches = Batches(store, current_settings, submission, rules, clock, estimates, wakeups.promoted)
    decisions = Decisions(
        store, current_settings, rules, clock,
        on_queued=wakeups.submitted, on_settled=wakeups.settled, on_released=wakeups.released,
    )  # fmt: skip
    batch_decisions = BatchDecisions(store, rules, clock, on_released=wakeups.released)
    previews = Previews(store, submission, batches, rules, clock, estimates)

    def list_modem_facts() -> list[ModemFacts]:
        rates = {modem.line.name: modem.line.rate for modem in registry.modems}
        return [
            ModemFacts(
                each.name,
                each.sim,
                None if each.can_send else each.explain(),
                rates[each.name](each.sim) if each.sim is not None and each.name in rates else None,
            )
            for each in views.list_availability()
        ]

    waits = Waits(
        store, dispatcher, rules, sending_policy, breakers, clock, settings.timezone,
        list_modems=list_modem_facts, list_pauses=lambda: sims.active_pauses,
        is_running=lambda: service.is_running, is_clock_trusted=is_clock_trusted,
    )  # fmt: skip
    histories = MessageHistories(
        store, current_settings, waits.explain, lambda: views.list_names(), lambda name: registry.find_imei(name)
    )
    messages = Messages(submission, batches, decisions, histories, previews, batch_decisions)

    # Modems and SIMs
    registry = ModemRegistry(lambda configured, open_port: make_modem(configured, open_port))
    ussd = UssdSessions(registry.find_in_use)
    balances = Balances(
        store, current_settings, rules, clock, ussd,
        modems=lambda: registry.modems, on_queued=wakeups.submitted, is_clock_trusted=is_clock_trusted,
    )  # fmt: skip
    inbound = InboundMessages(
        store, current_settings, rules, current_words.current, clock,
        on_queued=wakeups.submitted, on_network_time=clock.add_network_time, on_received=balances.handle_message,
        find_texts=lambda: reply_texts.texts,
    )  # fmt: skip
    backend = ServiceBackend(
        store,
        current_settings,
        clock,
        dispatcher,
        inbound,
        on_network_time=clock.add_network_time,
        on_ready=wakeups.ready,
        on_sim=rules.add_sims,
    )
    pins = PinStore(store, settings, clock, collaborators.credentials)

    def make_modem(configured: ModemSettings, open_port: OpenPort) -> Modem:
        return Modem(
            ModemLine(
                configured.name,
                configured.port or "",
                lambda iccid: current_settings.current().rate(configured, iccid),
                configured.driver,
                configured.power_hook or settings.recovery.power_hook or (),
            ),
            backend=backend,
            open_port=open_port,
            profiles=collaborators.profiles,
            sweep_interval_s=settings.sweep_interval.total_seconds(),
            now=clock.now,
            pins=pins.for_modem(configured.name),
            tools=collaborators.tools,
            quarantine_s=[duration.total_seconds() for duration in settings.recovery.quarantine],
            reset_interval_s=settings.recovery.rest.total_seconds(),
        )

    for modem in settings.modems:
        if modem.port is not None:
            registry.add(modem, collaborators.open_port)
    discovery = Discovery(
        settings, collaborators.port_list, collaborators.profiles, collaborators.open_port, registry,
        KnownModems(store, clock),
    )  # fmt: skip
    views = ModemViews(registry, discovery, current_settings, breakers, clock, balance=balances.view)
    sims = SimControl(
        store, current_settings, clock, sending_policy, breakers, balances,
        modems=lambda: registry.modems, on_changed=wakeups.settled, on_ready=wakeups.ready,
    )  # fmt: skip

    # Consent
    opt_in_requests = OptInRequests(
        store, current_settings, rules, clock, wakeups.submitted, lambda: reply_texts.texts, quiet_hours.find_opening,
    )  # fmt: skip
    reviews = Reviews(store, current_settings, clock, wakeups.released)
    consent_due = ConsentDueWork(store, clock, opt_in_requests.rules, wakeups.submitted, is_clock_trusted)

    # Calendar and operations
    keys = ApiKeys(store, clock, asyncio.get_running_loop().time)
    recurring = RecurringSends(
        store, submission, rules, clock, settings.timezone, wakeups.submitted, is_clock_trusted, keys.spending_for
    )  # fmt: skip
    alarms = Alarms(store, current_settings, rules, clock, wakeups.submitted, collaborators.run_command)
    holiday_updates = HolidayUpdates(
        store, quiet_hours, clock, collaborators.list_holidays, is_clock_trusted,
        list_countries=lambda: rules.current().geography.countries,
    )  # fmt: skip
    ledger = ConsentLedger(store, clock, collaborators.anchors)
    nightly = nightly_job(settings.timezone, ledger.write_anchor)
    scheduler = JobScheduler(store, clock, settings.timezone, [nightly], is_clock_trusted)
    retention = Retention(store, settings.retention, clock, is_clock_trusted)
    store_outage = StoreOutage(store, wakeups.settled, partial(alarms.notify_fatal, "damaged"))
    health = ServiceHealth(
        store, clock, views, alarms,
        list_sims=sims.list_sims, list_pauses=lambda: sims.active_pauses, explain_waits=waits.explain,
        is_running=lambda: service.is_running,
    )  # fmt: skip
    checks = AlarmChecks(
        alarms, store, clock, lambda: registry.modems, breakers.open_until, balances.low_balances,
        settings.alarms.modem_unusable_after, inbound.unanswered_words.find_evidence, holiday_updates.find_evidence,
        health.assess, discovery.silent_devices, lambda: sims.active_pauses,
    )  # fmt: skip

    wakeups.connect(
        note_queued=dispatcher.note_queued,
        note_urgent=dispatcher.note_urgent,
        wake_modems=registry.wake,
        wake_due_work=due_work.wake,
        wake_batches=batches.wake,
    )
    tasks: dict[str, Work] = {
        "store watch": store_outage.run,
        "batches": batches.run,
        "batch decisions": batch_decisions.finish_interrupted,
        "timetable": due_work.run,
        "consent": consent_due.run,
        "calendar": scheduler.run,
        "alarms": alarms.run,
        "readiness": ModemReadiness(store, clock, views.list_availability).run,
        "watch": checks.run,
        "schedules": recurring.run,
        "house-keeping": retention.run,
        "mailbox": make_mailbox_work(store, current_settings, clock, alarms, current_words),
        "holidays": holiday_updates.run,
        "contact holds": contact_holds.run,
    }
    if settings.filter_watch.enabled:
        tasks["filter watch"] = FilterWatch(
            store, settings.filter_watch, clock, pause=sims.pause, list_pauses=lambda: sims.active_pauses,
            list_ready_sims=views.list_ready_sims, is_clock_trusted=is_clock_trusted,
        ).run  # fmt: skip
    if balances.is_configured:
        tasks["balances"] = balances.run
    if settings.is_discovery_enabled:
        tasks["finding"] = discovery.run
    incoming_alerts = make_incoming_alerts(store, settings, submission, rules, clock, wakeups)
    if incoming_alerts is not None:
        tasks["storms of alerts"] = incoming_alerts.run
    # The code of Twilio's API is loaded at the first use of the room.
    twilio = TwilioFormat(
        make_form=lambda change, key, is_pooled: twilio_room.forms.make_form(change, key, is_pooled=is_pooled),
        sign=lambda url, params, key: twilio_room.forms.sign(url, params, key),
        on_reply=lambda *answer: twilio_room.replies.take(*answer),
    )
    receiver_watch = ReceiverWatch(
        on_failing=lambda id, text: alarms.raise_alarm(WEBHOOK, str(id), text),
        on_working=lambda id: alarms.clear(WEBHOOK, str(id)),
        on_start=lambda ids: alarms.clear_others(WEBHOOK, {str(id) for id in ids}),
    )
    lanes = DeliveryLanes(
        store, clock, RequestMaker(collaborators.make_document, twilio),
        collaborators.post or WebhookClient(settings.webhooks.policy, settings.webhooks.ca_file).post, receiver_watch,
    )  # fmt: skip
    fan_out = FanOut(store, clock, lanes.notice)
    tasks |= {"webhooks": fan_out.run, "webhook lanes": lanes.run, "keys": keys.load}
    twilio_room = TwilioRoom(
        partial(make_twilio, store, current_settings, rules, clock, messages, balances, keys, fan_out.wake)
    )
    rooms = Rooms(
        messages=messages,
        inbox=inbound,
        consent=Consent(
            records=ConsentRecords(store, current_settings, rules, clock),
            ledger=ledger,
            histories=ConsentHistories(store, current_settings),
            entries=ConsentEntries(store, current_settings, clock),
            imports=ConsentImports(store, current_settings, clock),
            requests=opt_in_requests,
            reviews=reviews,
            current_quiet_hours=quiet_hours,
            quiet_hours=QuietHoursViews(quiet_hours, current_settings, clock),
            reply_texts=reply_texts,
            emails=ContactEmails(store, current_settings, clock),
            current_words=current_words,
            words=ConsentWords(store, current_words, current_settings, clock, lambda: reply_texts.texts),
        ),
        contacts=Contacts(store, current_settings, clock, submission),
        modems=Modems(registry, discovery, ussd, views, Drivers(collaborators.profiles)),
        sims=sims,
        calendar=recurring,
        operations=Operations(alarms, checks, health, clock),
        keys=keys,
        alerts=incoming_alerts,
        changes=ChangeFeed(store, lambda: service.is_running),
        webhooks=Webhooks(
            store,
            clock,
            settings.webhooks.policy,
            on_changed=fan_out.wake,
            on_replayed=lanes.notice,
            on_removed=receiver_watch.on_working,
            has_twilio=True,
        ),
        twilio=twilio_room,
    )
    service = Service(store, current_settings, rooms, dispatcher, rules, balances, tasks)
    return service
