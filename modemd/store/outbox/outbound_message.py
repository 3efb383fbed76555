"""Outbound message, as a submission hands it to the store."""

from __future__ import annotations

import json
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """Message to accept. `parts`: how many its text takes; `at`: its start time; `key`: the submitter's, accepted once only;
    `pinned`: the only sender that may send it (ICCID of a SIM); `window`: the text of the `Window` in which it may begin;
    `list_name`: the list of subscribers that it goes to (marketing only); `answers`: words that are answers to it, not words of
    consent."""

    number: str
    text: str
    message_class: MessageClass
    parts: int
    expires_at: datetime
    report: bool = True
    at: datetime | None = None
    key: str | None = None
    pinned: str | None = None
    window: str | None = None
    list_name: str | None = None
    answers: tuple[str, ...] = ()


def make_stored_answers(answers: tuple[str, ...]) -> str | None:
    """Returns answers in their stored form: a JSON list, None if there are none."""
    return json.dumps(answers, ensure_ascii=False) if answers else None


def parse_stored_answers(text: str | None) -> tuple[str, ...]:
    """Returns answers from their stored form."""
    return tuple(json.loads(text)) if text is not None else ()
