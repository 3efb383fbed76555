"""A message on its way in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from modemd.rules.classes import MessageClass


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to accept. `parts`: how many its text takes; `at`: not before; `key`: the submitter's own, once only;
    `pinned`: the only SIM that may send it (ICCID); `window`: the hours in which it may begin, as `rules.windows` keeps them."""

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
