"""Schemas: the JSON Schema of the documents that `modemd.api.documents` makes, from the classes that it makes them of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

from modemd.api.documents import KEYS
from modemd.service.calendar.recurring import ScheduleView
from modemd.service.changes.feed import ConsentEventView
from modemd.service.consent.history import LedgerEvent
from modemd.service.keys.keys import IssuedKey
from modemd.service.messages.batches import BatchResult, BatchView
from modemd.service.messages.history import MessageHistory, MessageView, ReportView
from modemd.service.messages.submission import SubmitResult
from modemd.service.modems.drivers import DriverFile
from modemd.service.operations.health import StatusView, WaitingView
from modemd.service.pages import PagedList
from modemd.service.views import PauseView, SimView
from modemd.service.webhooks.webhooks import WebhookSecret

Schema = dict[str, Any]


class StoreTrouble(TypedDict):
    """Why the database takes no changes."""

    code: str
    message: str


class ClockTrust(TypedDict):
    """Trust in the machine's clock; `because`: why it is not trusted, None while it is."""

    trusted: bool
    because: str | None


_INLINE = "…"
"""Stands for the name of a field whose keys come in place of its own."""
# Fields that a function of `document` treats in its own way: another key, or the keys that it makes of them, with their types.
# What holds for a class holds for its subclasses.
_SPECIAL: dict[type, dict[str, str | dict[str, Any]]] = {
    LedgerEvent: {"event": _INLINE},
    ConsentEventView: {"event": _INLINE},
    WebhookSecret: {"webhook": _INLINE},
    SubmitResult: {"message": _INLINE, "is_repeat": "again"},
    MessageView: {"message": _INLINE},
    MessageHistory: {"message": _INLINE, "parts": "progress"},
    DriverFile: {"driver": _INLINE},
    ReportView: {
        "report": _INLINE,
        "doubt": {"reason": NotRequired[str], "because": NotRequired[str], "status": str, "meaning": str},
    },
    BatchView: {"batch": _INLINE},
    BatchResult: {"is_repeat": "repeated"},
    ScheduleView: {"schedule": _INLINE, "next_run": {"next": str | None}},
    get_type_hints(ScheduleView)["schedule"]: {
        "zone": "timezone",
        "recipients": "to",
        "pinned": "sim",
        **{name: {} for name in ("id", "report", "looked_at", "api_key")},
    },
    SimView: {"sim": _INLINE},
    PauseView: {"pause": _INLINE},
    WaitingView: {"count": _INLINE},
    StatusView: {
        "health": _INLINE,
        "counts": _INLINE,
        "failure": {"trouble": StoreTrouble | None},
        "clock_distrust": {"clock": ClockTrust},
    },
    IssuedKey: {"row": _INLINE},
}
_PLAIN: dict[Any, Schema] = {
    Any: {},
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    NoneType: {"type": "null"},
}
# Keys of rows that hold a time as the text that is stored; those that end in `_at` do, too.
_TIMES = ("at", "since", "until", "first_seen", "last_seen")


class Schemas:
    """Schemas of types (`describe`). Those of classes have names, and are collected in `named`."""

    def __init__(self) -> None:
        self.named: dict[str, Schema] = {}

    def describe(self, hint: Any) -> Schema:
        """Returns the schema of the JSON of a value of a type. Raises TypeError if no document has such values."""
        if hint in _PLAIN:
            return dict(_PLAIN[hint])
        origin, given = get_origin(hint), get_args(hint)
        if origin in (Union, UnionType):
            return _join([self.describe(each) for each in given])
        if origin is Literal:
            return _list_words(given)
        if origin in (list, PagedList) or (origin is tuple and given[1:] == (...,)):
            return {"type": "array", "items": self.describe(given[0])}
        if origin in (dict, Mapping):
            names = self.describe(given[0])
            found = {"type": "object", "additionalProperties": self.describe(given[1])}
            return found | ({"propertyNames": names} if "enum" in names else {})
        if isinstance(hint, type) and issubclass(hint, Enum):
            return _list_words(each.value for each in hint)
        if is_dataclass(hint) or is_typeddict(hint):
            return self._refer(hint)
        raise TypeError(f"no document has a {hint}")

    def _refer(self, kind: Any) -> Schema:
        if kind.__name__ not in self.named:
            schema = self.named[kind.__name__] = {"type": "object", "description": _read_description(kind)}
            keys = list_keys(kind)
            needed = [key for key, hint in keys.items() if get_origin(hint) is not NotRequired]
            schema["required"] = needed
            schema["properties"] = {
                key: self._describe_key(key, hint if key in needed else get_args(hint)[0]) for key, hint in keys.items()
            }
        return {"$ref": f"#/components/schemas/{kind.__name__}"}

    def _describe_key(self, key: str, hint: Any) -> Schema:
        is_time = (key in _TIMES or key.endswith("_at")) and hint in (str, str | None)
        return self.describe(hint) | ({"format": "date-time"} if is_time else {})


def list_keys(kind: type) -> dict[str, Any]:
    """Returns the keys of the documents of a class, with the types of their values."""
    special, hints = _find_special(kind), get_type_hints(kind)
    found: dict[str, Any] = {}
    for name, hint in hints.items():
        if special.get(name) == _INLINE:
            found |= list_keys(hint)
    for name, hint in hints.items():
        to = special.get(name, KEYS.get(name, name))
        if isinstance(to, dict):
            found |= to
        elif to != _INLINE:
            found[to] = hint
    return found


def _find_special(kind: type) -> dict[str, str | dict[str, Any]]:
    return {name: to for each in reversed(kind.__mro__) for name, to in _SPECIAL.get(each, {}).items()}


def _read_description(kind: type) -> str:
    """Returns what the docstring of a class says, with the keys instead of the names of fields."""
    text = " ".join((kind.__doc__ or "").split()).replace("None", "null")
    for name, to in (KEYS | _find_special(kind)).items():
        key = next(iter(to), name) if isinstance(to, dict) else to
        text = text.replace(f"`{name}`", f"`{name if key == _INLINE else key}`")
    return text


def _list_words(words: Any) -> Schema:
    return {"type": "string", "enum": list(words)}


def _join(schemas: list[Schema]) -> Schema:
    """Returns the schema of what one of several schemas describes."""
    others = [each for each in schemas if each != _PLAIN[NoneType]]
    if len(others) < len(schemas) and len(others) == 1 and "type" in others[0]:
        (one,) = others
        words = {"enum": [*one["enum"], None]} if "enum" in one else {}
        return one | {"type": [one["type"], "null"]} | words
    return {"anyOf": schemas}
