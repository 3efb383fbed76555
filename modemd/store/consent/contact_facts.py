"""Contact facts: what decides which messages may go to a contact, read for one message."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.rules.sending_rules import ContactFacts
from modemd.store.consent import lists, opt_in_requests, reviews, statements
from modemd.store.consent.marketing_history import list_marketing_times

# So far back a configured frequency cap looks at most.
LONGEST_CAP = timedelta(days=366)


def read(
    db: sqlite3.Connection, number: str, message_class: MessageClass, now: datetime, list_name: str | None = None
) -> ContactFacts:
    """Returns the facts about a contact for a new message of a class, to a list if one is named."""
    return read_with_marketing(db, number, statements.read_marketing(db, number), message_class, now, list_name)


def read_with_marketing(
    db: sqlite3.Connection,
    number: str,
    marketing: Marketing,
    message_class: MessageClass,
    now: datetime,
    list_name: str | None = None,
    *,
    message_id: int | None = None,
) -> ContactFacts:
    """Returns the facts about a contact whose statement about all marketing is known. `message_id`: the message that is to go,
    which does not count for the caps itself."""
    if message_class is not MessageClass.MARKETING:
        return ContactFacts(marketing)
    if marketing is Marketing.UNKNOWN and opt_in_requests.list_of(db, number):
        marketing = Marketing.PENDING  # until they answer, nothing goes to them but the question
    return ContactFacts(
        marketing,
        list_state=lists.read_state(db, number, list_name) if list_name is not None else None,
        list_name=list_name,
        review_until=reviews.read_hold_until(db, number),
        marketing_at=tuple(list_marketing_times(db, number, now - LONGEST_CAP, exclude=message_id)),
    )
