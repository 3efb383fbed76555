"""Tables and indexes of version 1 of the schema, by subject.

Times are texts as `timestamps.to_text` makes them; numbers of recipients are in E.164; a `sim` is an ICCID, or the identity of
another sender. Each index that a change of state touches costs a page more in its commit, and flash cards wear by pages: so
there are few indexes, and most hold only the rows that their query is about.
"""

from __future__ import annotations

from modemd.store import tally
from modemd.store.tables import (
    alarms,
    alert_texts,
    answers,
    calendar,
    consent_words,
    contacts,
    deliveries,
    holidays,
    inbox,
    keys,
    mailbox,
    outbox,
    queue,
    sims,
    subscriptions,
    texts,
    webhooks,
)

# A subject that refers to another comes behind it; the tally's triggers are on tables of the others.
STATEMENTS = (
    *contacts.STATEMENTS,
    *mailbox.STATEMENTS,
    *consent_words.STATEMENTS,
    *outbox.STATEMENTS,
    *queue.STATEMENTS,
    *inbox.STATEMENTS,
    *sims.STATEMENTS,
    *subscriptions.STATEMENTS,
    *calendar.STATEMENTS,
    *holidays.STATEMENTS,
    *alarms.STATEMENTS,
    *alert_texts.STATEMENTS,
    *answers.STATEMENTS,
    *deliveries.STATEMENTS,
    *texts.STATEMENTS,
    *keys.STATEMENTS,
    *webhooks.STATEMENTS,
    *tally.STATEMENTS,
)
