"""Documents: the JSON of what the service returns. The keys and the forms of values of the API are made here, and only here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache, singledispatch
from operator import attrgetter
from typing import Any

from modemd.rules.access.callers import show_idempotency_key
from modemd.service.calendar.recurring import AddedSchedule, ScheduleStory, ScheduleView
from modemd.service.changes.feed import ConsentEventView
from modemd.service.consent.history import LedgerEvent
from modemd.service.messages.batches import BatchResult, BatchView
from modemd.service.messages.history import MessageHistory, MessageView, ReportView
from modemd.service.messages.submission import SubmitResult
from modemd.service.modems.drivers import DriverFile
from modemd.service.modems.views import WireLine
from modemd.service.operations.health import StatusView, WaitingView
from modemd.service.views import PauseView, SimView
from modemd.service.webhooks.webhooks import WebhookSecret

Document = dict[str, Any]

# Fields whose key is another name: words that Python keeps for itself, and the shorter names of the API.
KEYS = {
    "recipient": "to",
    "sender": "from",
    "message_class": "class",
    "list_name": "list",
    "message_id": "message",
    "attempt_id": "attempt",
    "iccid": "sim",
    "is_low": "low",
    "has_notice": "notice",
    "direction": "way",
}


@singledispatch
def document(view: Any) -> Document:
    """Returns a row or view as a JSON document: a key for each field, in their order, under the field's name unless `KEYS` has
    another. A view that is made of a row has the keys of the row first."""
    keys, get_values = _plan_document(view.__class__)
    found = {
        key: value if type(value) in _AS_THEY_ARE else _make_value(value)
        for key, value in zip(keys, get_values(view), strict=True)
    }
    if isinstance(found.get("key"), str):
        found["key"] = show_idempotency_key(found["key"])
    return found


def documents(views: Iterable[Any]) -> list[Document]:
    """Returns several rows or views as JSON documents."""
    return [document(view) for view in views]


@document.register
def _(view: LedgerEvent) -> Document:
    return document(view.event) | {
        "salt": view.salt,
        "digest": view.digest,
        "key_id": view.key_id,
        "chain": view.chain,
    }


@document.register
def _(view: ConsentEventView) -> Document:
    return {"number": view.number, **document(view.event)}


@document.register
def _(view: WebhookSecret) -> Document:
    return document(view.webhook) | {"secret": view.secret, "warnings": list(view.warnings)}


@document.register
def _(view: SubmitResult) -> Document:
    return document(view.message) | {"warnings": list(view.warnings), "again": view.is_repeat}


@document.register
def _(view: MessageView) -> Document:
    return document(view.message) | {"waits": _make_value(view.waits)}


@document.register
def _(view: MessageHistory) -> Document:
    return document(view.message) | {
        "waits": _make_value(view.waits),
        "modems": view.modems,
        "progress": documents(view.parts),
        "attempts": documents(view.attempts),
        "reports": documents(view.reports),
        "events": documents(view.events),
    }


@document.register
def _(view: DriverFile) -> Document:
    return document(view.driver) | {"text": view.text}


@document.register
def _(view: ReportView) -> Document:
    found = document(view.report) | {"status": f"{view.report.status:02X}", "meaning": view.meaning}
    return found if view.doubt is None else found | {"reason": view.doubt.value, "because": view.because}


@document.register
def _make_batch(view: BatchView) -> Document:
    return document(view.batch) | {"messages": _make_value(view.messages), "refusals": documents(view.refusals)}


@document.register
def _(view: BatchResult) -> Document:
    return _make_batch(view) | {
        "warnings": list(view.warnings),
        "left_out": view.left_out,
        "repeated": view.is_repeat,
        "estimate": _make_value(view.estimate),
    }


@document.register
def _make_schedule(view: ScheduleView) -> Document:
    schedule = view.schedule
    return {
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.zone,
        "next": view.next_run.isoformat(timespec="minutes") if view.next_run is not None else None,
        "paused": schedule.paused,
        "to": list(schedule.recipients),
        "class": schedule.message_class,
        "text": schedule.text,
        "valid_s": schedule.valid_s,
        "window": schedule.window,
        "sim": schedule.pinned,
        "list": schedule.list_name,
        "answers": list(schedule.answers),
        "late": schedule.late,
        "created_at": _make_value(schedule.created_at),
    }


@document.register
def _make_story(view: ScheduleStory) -> Document:
    return _make_schedule(view) | {"runs": documents(view.runs)}


@document.register
def _(view: AddedSchedule) -> Document:
    return _make_story(view) | {"warnings": list(view.warnings)}


@document.register
def _(view: SimView) -> Document:
    return document(view.sim) | {
        "name": view.name,
        "limits": _make_value(view.limits),
        "paused": _make_value(view.paused),
        "modem": view.modem,
        "health": _make_value(view.health),
        "rests_until": _make_value(view.rests_until),
        "rate": view.rate,
        "balance": _make_value(view.balance),
    }


@document.register
def _(view: PauseView) -> Document:
    return document(view.pause) | {"warnings": list(view.warnings)}


@document.register
def _(view: WireLine) -> Document:
    return {"at": view.at.isoformat(timespec="milliseconds"), "way": view.direction, "text": view.text}


@document.register
def _(view: WaitingView) -> Document:
    return document(view.count) | {"age_s": view.age_s, "waits": _make_value(view.waits)}


@document.register
def _(view: StatusView) -> Document:
    failure = view.failure
    return {
        **document(view.health),
        "pid": view.pid,
        "trouble": {"code": failure.code, "message": str(failure)} if failure is not None else None,
        "clock": {"trusted": view.clock_distrust is None, "because": view.clock_distrust},
        "modems": documents(view.modems),
        "sims": documents(view.sims),
        "alarms": documents(view.alarms),
        "pauses": documents(view.pauses),
        **document(view.counts),
        "waiting": documents(view.waiting),
    }


@cache
def _plan_document(kind: type) -> tuple[tuple[str, ...], Callable[[object], tuple[Any, ...]]]:
    """Returns the keys of the documents of a class, and the function that takes their values from an instance."""
    names = [field.name for field in fields(kind)]
    get_values = attrgetter(*names) if len(names) > 1 else lambda view: (getattr(view, names[0]),)
    return tuple(KEYS.get(name, name) for name in names), get_values


_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


def _make_value(value: Any) -> Any:
    """Returns a value as JSON has it: a time in ISO 8601 with microseconds, a word of a list as text, a view as a document."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {_make_value(key): _make_value(each) for key, each in value.items()}
    if is_dataclass(value):
        return document(value)
    return [_make_value(each) for each in value]
