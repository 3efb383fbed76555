"""Kinds of changes that the change feed tells of, and the patterns that choose some of them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from modemd.errors import ErrorCode, Refused

EVERY = "*"


class EventKind(StrEnum):
    """Kind of a change: its subject, a full stop, and what happened. A message takes the kind of each state that it enters;
    `accepted` comes first, unless it was refused or had expired at once."""

    MESSAGE_ACCEPTED = "message.accepted"
    MESSAGE_HELD = "message.held"
    MESSAGE_QUEUED = "message.queued"
    MESSAGE_SENDING = "message.sending"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_UNDELIVERED = "message.undelivered"
    MESSAGE_UNKNOWN = "message.unknown"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_EXPIRED = "message.expired"
    MESSAGE_CANCELLED = "message.cancelled"
    MESSAGE_REFUSED = "message.refused"
    MESSAGE_CLOSED = "message.closed"  # nothing more is expected of it, and it keeps its state
    INBOX_RECEIVED = "inbox.received"
    REPORT_RECEIVED = "report.received"
    REPORT_UNMATCHED = "report.unmatched"
    ALARM_RAISED = "alarm.raised"
    ALARM_CLEARED = "alarm.cleared"
    CONSENT_REQUESTED = "consent.requested"
    CONSENT_CONFIRMED = "consent.confirmed"
    CONSENT_OPTED_IN = "consent.opted_in"
    CONSENT_OPTED_OUT = "consent.opted_out"
    CONSENT_UNDONE = "consent.undone"
    CONSENT_REVIEW = "consent.review"
    CONSENT_EXPIRED = "consent.expired"
    CONSENT_ERASED = "consent.erased"
    CONSENT_WORD_CHANGED = "consent.word_changed"
    CONSENT_TEXT_CHANGED = "consent.text_changed"
    CONSENT_EMAIL_ADDED = "consent.email_added"
    CONSENT_EMAIL_REMOVED = "consent.email_removed"
    BATCH_ACCEPTED = "batch.accepted"
    BATCH_PAUSED = "batch.paused"
    BATCH_RESUMED = "batch.resumed"
    BATCH_CANCELLED = "batch.cancelled"
    SENDING_PAUSED = "sending.paused"
    SENDING_RESUMED = "sending.resumed"
    MODEM_READY = "modem.ready"
    MODEM_NOT_READY = "modem.not_ready"
    SIM_SEEN = "sim.seen"
    SIM_ADMITTED = "sim.admitted"
    SCHEDULE_ADDED = "schedule.added"
    SCHEDULE_PAUSED = "schedule.paused"
    SCHEDULE_RESUMED = "schedule.resumed"
    SCHEDULE_REMOVED = "schedule.removed"
    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"
    WEBHOOK_ADDED = "webhook.added"
    WEBHOOK_ROTATED = "webhook.rotated"
    WEBHOOK_REMOVED = "webhook.removed"
    DATABASE_RESTORED = "database.restored"


_SUBJECTS = tuple(dict.fromkeys(kind.partition(".")[0] for kind in EventKind))


def check_patterns(patterns: Iterable[str]) -> tuple[str, ...]:
    """Returns patterns without repetitions: a kind, a subject with `.*` behind it, or `*`. Raises Refused (`bad_kind`) if one is
    none of these, or if there is none."""
    found = tuple(dict.fromkeys(each.strip() for each in patterns))
    if not found:
        raise Refused(ErrorCode.BAD_KIND, "name at least one kind of event, such as message.*, or * for all")
    for pattern in found:
        if not find_kinds([pattern]):
            known = ", ".join(f"{subject}.*" for subject in _SUBJECTS)
            raise Refused(
                ErrorCode.BAD_KIND, f"there are no events {pattern[:60]!r}; choose from *, {known}, or one kind of them"
            )
    return found


def find_kinds(patterns: Iterable[str]) -> frozenset[EventKind]:
    """Returns the kinds that patterns choose; a pattern that is none chooses none."""
    return _find_kinds(tuple(patterns))


@lru_cache(maxsize=256)
def _find_kinds(patterns: tuple[str, ...]) -> frozenset[EventKind]:
    return frozenset(kind for kind in EventKind for pattern in patterns if _matches(kind, pattern))


def _matches(kind: EventKind, pattern: str) -> bool:
    return pattern in (EVERY, kind.value, f"{kind.partition('.')[0]}.*")
