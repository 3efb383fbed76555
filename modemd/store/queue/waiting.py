"""Facts about parts that wait, for the sentence that says why (`modemd.rules.waits`)."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Collection
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.rules.lanes import Lane
from modemd.rules.pauses import find_stopped_classes
from modemd.rules.quotas import QuotaUsage
from modemd.rules.routing import RoutingSnapshot
from modemd.rules.send_decision import SendFacts
from modemd.rules.sending_rules import ContactFacts
from modemd.rules.states import PartState
from modemd.rules.windows import Window
from modemd.store import lanes
from modemd.store.consent import contact_facts
from modemd.store.queue import candidates, pauses, quotas
from modemd.store.timestamps import from_text

# So many parts of a lane are counted at most that go before another.
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class WaitingPart:
    """Part that waits, the first of its message, with what its message says. `number` and `contact` are the recipient's;
    `planned_at`: the time that the message is planned for, None if it may go at once;
    `queued_at`: None if it never was; `place`: its place among the parts of its lane; `is_started`: its message has begun;
    `is_closed`: nothing is expected of it any more."""

    id: int
    message_id: int
    state: PartState
    message_class: MessageClass
    number: str
    contact: ContactFacts
    parts: int
    reason: str | None
    planned_at: datetime | None
    expires_at: datetime
    due: datetime | None
    tries: int
    repeats: int
    is_started: bool
    is_closed: bool
    queued_at: datetime | None
    window: Window | None
    lane: Lane
    place: tuple[int, int, int, int]

    def facts(self, usage: QuotaUsage) -> SendFacts:
        """Returns the facts by which a claim decides. `usage`: of the SIM that would send the part."""
        return SendFacts(
            message_class=self.message_class,
            number=self.number,
            contact=self.contact,
            expires_at=self.expires_at,
            is_started=self.is_started and not self.repeats,
            parts=self.parts,
            window=self.window,
            quota_hold=usage.find_hold(self.message_class, self.parts),
        )


class WaitingFacts:
    """Facts about what waits, as they are in one transaction; what several messages share is read once."""

    def __init__(self, db: sqlite3.Connection, terms: RoutingSnapshot, now: datetime) -> None:
        self._db, self._terms, self._now = db, terms, now
        self._pauses = pauses.list_active(db)
        self._usages: dict[str, QuotaUsage] = {}
        self._places: dict[int, list[tuple[int, int, int, int]]] = {}
        self._occupied: list[tuple[int, Lane]] | None = None

    def find_part(self, message_id: int) -> WaitingPart | None:
        """Returns the part by which a message waits: one that is queued, else held, else unknown. None if nothing of it waits,
        or if a part of it is on the air."""
        rows = self._db.execute(_PARTS_SQL, (message_id,)).fetchall()
        for state in (PartState.SENDING, PartState.QUEUED, PartState.HELD, PartState.UNKNOWN):
            row = next((each for each in rows if each["state"] == state), None)
            if row is not None:
                return _parse(self._db, row, self._now) if state is not PartState.SENDING else None
        return None

    def usage_of(self, sim: str) -> QuotaUsage:
        """Returns the usage of a SIM's quotas."""
        if sim not in self._usages:
            self._usages[sim] = quotas.read_usage(self._db, sim, self._terms.limits(sim), self._now)
        return self._usages[sim]

    def is_deferred(self, part: WaitingPart, sim: str) -> bool:
        """Returns True if a SIM leaves a part to others that go first, for now."""
        reach = self._terms.find_reach(sim, part.lane)
        if reach is None or reach.queued_before is None or part.tries:
            return False
        if all(find_stopped_classes(self._pauses, home) for home in reach.quota_sims):
            return False
        return part.queued_at is not None and part.queued_at > reach.queued_before

    def find_earlier(self, part: WaitingPart, sim: str) -> int | None:
        """Returns the first message to the same number that goes before a part; None if there is none."""
        if part.tries or part.is_started:
            return None
        return candidates.find_earlier_in_flight(self._db, part.id, sim, self._now)

    def count_ahead(self, part: WaitingPart, sims: Collection[str]) -> int:
        """Returns how many parts go before a part, of those that one of these SIMs may send too; `MOST_COUNTED` in each lane at
        most."""
        if self._occupied is None:
            self._occupied = lanes.list_occupied(self._db)
        reached = [
            lane_id for lane_id, lane in self._occupied if any(self._terms.find_reach(sim, lane) for sim in sims)
        ]
        return sum(bisect_left(self._list_places(lane_id), part.place) for lane_id in reached)

    def find_last_seen(self, sim: str) -> datetime | None:
        """Returns when a SIM was seen last; None if it never was."""
        row = self._db.execute("SELECT last_seen FROM sim WHERE iccid = ?", (sim,)).fetchone()
        return from_text(row["last_seen"]) if row is not None else None

    def _list_places(self, lane_id: int) -> list[tuple[int, int, int, int]]:
        if lane_id not in self._places:
            rows = self._db.execute(_PLACES_SQL, (lane_id, MOST_COUNTED)).fetchall()
            self._places[lane_id] = [_place(row) for row in rows]
        return self._places[lane_id]


_PARTS_SQL = """
    SELECT p.*, m.class, m.parts, m.reason, m.window, m.list, m.closed_at,
        m.expires_at AS validity_until, m.at AS planned_at,
        coalesce(c.marketing, 'unknown') AS marketing
    FROM part p JOIN message m ON m.id = p.message_id LEFT JOIN contact c ON c.number = p.number
    WHERE p.message_id = ? ORDER BY p.seq
"""
_PLACES_SQL = """
    SELECT rank, started, message_id, seq FROM part INDEXED BY part_queue
    WHERE state = 'queued' AND lane = ? ORDER BY rank, started DESC, message_id, seq LIMIT ?
"""


def _place(row: sqlite3.Row) -> tuple[int, int, int, int]:
    return row["rank"], -row["started"], row["message_id"], row["seq"]


def _parse(db: sqlite3.Connection, row: sqlite3.Row, now: datetime) -> WaitingPart:
    message_class = MessageClass(row["class"])
    return WaitingPart(
        id=row["id"],
        message_id=row["message_id"],
        state=PartState(row["state"]),
        message_class=message_class,
        number=row["number"],
        contact=contact_facts.read_with_marketing(
            db,
            row["number"],
            Marketing(row["marketing"]),
            message_class,
            now,
            row["list"],
            message_id=row["message_id"],
        ),
        parts=row["parts"],
        reason=row["reason"],
        planned_at=from_text(row["planned_at"]) if row["planned_at"] is not None else None,
        expires_at=from_text(row["expires_at"] if row["started"] else row["validity_until"]),
        due=from_text(row["due"]) if row["due"] is not None else None,
        tries=row["tries"],
        repeats=row["repeats"],
        is_started=bool(row["started"]),
        is_closed=row["closed_at"] is not None,
        queued_at=from_text(row["queued_at"]) if row["queued_at"] is not None else None,
        window=Window.parse_stored(row["window"]) if row["window"] else None,
        lane=lanes.read_lane(db, row["lane"]),
        place=_place(row),
    )
