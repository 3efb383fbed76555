"""Changes as the feed has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modemd.store import listings
from tests.service.assembled import AssembledService


@dataclass(frozen=True)
class TestedChange:
    """A change of the feed."""

    __test__ = False

    kind: str
    data: object
    detail: Mapping[str, Any] = field(default_factory=dict)


async def inbound_change(assembled: AssembledService, id: int) -> TestedChange:
    """A message came in."""
    (row,) = await assembled.store.read(lambda db: listings.list_inbox(db, id=id))
    return TestedChange("inbox.received", row, {"inbox": id})


async def last_change(assembled: AssembledService, id: int) -> TestedChange:
    """The last state that a message has entered."""
    (row,) = await assembled.store.read(lambda db: listings.list_messages(db, id=id))
    events = await assembled.store.read(lambda db: listings.list_events(db, id))
    event = next(event for event in reversed(events) if event.what.startswith("message "))
    return TestedChange(event.what.replace(" ", "."), row, event.detail)
