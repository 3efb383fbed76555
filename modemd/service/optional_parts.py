"""Optional parts of a service: each is made, and its code is loaded, only if the configuration or a client wants it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from modemd.clock import Clock
from modemd.config import CurrentSettings, Settings
from modemd.service.consent.words import CurrentWords
from modemd.service.keys.keys import ApiKeys
from modemd.service.messages.submission import Submission
from modemd.service.operations.alarm_checks import MAILBOX
from modemd.service.operations.alarms import Alarms
from modemd.service.rules_in_force import RulesInForce
from modemd.service.service import Messages, Work
from modemd.service.sims.balances import Balances
from modemd.service.wakeups import Wakeups
from modemd.store import Store

if TYPE_CHECKING:
    from modemd.service.alerts.incoming import IncomingAlerts
    from modemd.service.twilio.parts import TwilioParts


def make_twilio(
    store: Store,
    settings: CurrentSettings,
    rules: RulesInForce,
    clock: Clock,
    messages: Messages,
    balances: Balances,
    keys: ApiKeys,
    on_callback: Callable[[], None],
) -> TwilioParts:
    """Returns the parts of the room for clients of Twilio's API, whose code is loaded only now. `on_callback` is called after a
    message was accepted whose status an address wants to know."""
    from modemd.service.twilio.callbacks import StatusCallbacks
    from modemd.service.twilio.forms import TwilioForms
    from modemd.service.twilio.messages import TwilioMessages
    from modemd.service.twilio.numbers import OwnNumbers
    from modemd.service.twilio.parts import TwilioParts
    from modemd.service.twilio.replies import TwimlReplies
    from modemd.store.webhooks.callbacks import add_callback

    numbers, submission = OwnNumbers(store, settings, balances.view), messages.submission
    callbacks = StatusCallbacks(add_callback, on_callback, lambda: settings.current().webhooks.policy)
    return TwilioParts(
        TwilioMessages(store, settings, clock, submission, messages.decisions, numbers, callbacks),
        numbers,
        TwimlReplies(store, settings, rules, clock, submission, numbers, callbacks),
        TwilioForms(keys.find_account_sid, keys.find_auth_token, rules.find_number),
    )


def make_mailbox_work(
    store: Store, settings: CurrentSettings, clock: Clock, alarms: Alarms, words: CurrentWords
) -> Work:
    """Returns the work on the mailbox for opt-outs. Without one, it is to clear the alarm of an earlier configuration. The code
    that reads mails is loaded for a mailbox only: it takes half a MiB."""
    mailbox = settings.current().consent.mailbox
    if mailbox is None:

        async def clear_alarm() -> None:
            alarms.clear(MAILBOX)

        return clear_alarm
    from modemd.service.consent.mail.imap import ImapSession
    from modemd.service.consent.mail.mailbox import Mailbox
    from modemd.service.consent.mail.stop_words import MailStopWords

    return Mailbox(
        store, settings, mailbox, clock, lambda: MailStopWords(words.current()), ImapSession.open,
        on_failing=partial(alarms.raise_alarm, MAILBOX, ""), on_working=partial(alarms.clear, MAILBOX),
    ).run  # fmt: skip


def make_incoming_alerts(
    store: Store, settings: Settings, submission: Submission, rules: RulesInForce, clock: Clock, wakeups: Wakeups
) -> IncomingAlerts | None:
    """Returns the work on alerts of monitoring systems. Its code is loaded only if a door for them is open."""
    doors = settings.doors.alert_doors
    if not doors:
        return None
    from modemd.service.alerts.incoming import IncomingAlerts

    return IncomingAlerts(store, doors, submission, rules, clock, wakeups.submitted)
