"""Candidates of a claim: selects the parts that a SIM may send next, in queue order, and reports which lanes are blocked by
quota or reserved for another SIM. Gives a message its concatenation reference."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.rules.lanes import Lane, LaneKind
from modemd.rules.pauses import find_stopped_classes
from modemd.rules.queue_place import QueuePlace, list_ranges
from modemd.rules.quotas import Hold, QuotaUsage
from modemd.rules.routing import UNRESTRICTED, RoutingSnapshot
from modemd.rules.send_decision import SendFacts
from modemd.rules.windows import Window
from modemd.store import lanes
from modemd.store.consent import contact_facts
from modemd.store.queue import pauses, quotas
from modemd.store.timestamps import from_text, to_text

# A claim judges no more than this many candidates, so that its time is bounded.
MAX_CANDIDATES = 20
# It begins with so few: nearly always the first may go.
INITIAL_CANDIDATES = 1
# Parts of a lane that a search reads at most to find them.
MAX_SCANNED_PARTS = 2000
# A message that another SIM is sending goes before later ones to its number, unless that SIM has made no try for so long:
# it may be gone, and delays nobody.
OTHER_SIM_TIMEOUT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Part that may go on the air, with what is needed to encode it. `lane`: where it waits."""

    part_id: int
    message_id: int
    seq: int
    parts: int
    number: str
    text: str
    message_class: MessageClass
    report: bool
    repeats: int
    reference: int
    expires_at: datetime
    place: QueuePlace
    lane: Lane = field(compare=False)  # it does not change what is encoded
    window: Window | None = None
    tries: int = field(default=0, compare=False)  # before this one


@dataclass(frozen=True, slots=True)
class ExhaustedLane:
    """Messages of a class wait in a lane all of whose SIMs have used up their quota. `sim`: the SIM that may send again first."""

    lane_id: int
    message_class: MessageClass
    sim: str


@dataclass(frozen=True, slots=True)
class CandidateSearch:
    """Result of a search. `has_deferred`: something may be left to another SIM for a while; `exhausted_lanes`: what is to be
    held for a quota."""

    candidates: list[tuple[Candidate, SendFacts]]
    has_deferred: bool = False
    exhausted_lanes: tuple[ExhaustedLane, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """Row of the database that may go. `is_deferred`: another SIM goes first in its lane; of one place, such rows go last."""

    place: QueuePlace
    is_deferred: bool
    lane: Lane
    row: sqlite3.Row

    @property
    def order(self) -> tuple[QueuePlace, bool, int, int]:
        return self.place, self.is_deferred, self.row["message_id"], self.row["seq"]


def list_candidates(
    db: sqlite3.Connection, sim: str, now: datetime, skip: Collection[int] = (), terms: RoutingSnapshot = UNRESTRICTED
) -> list[tuple[Candidate, SendFacts]]:
    """Returns the parts that `sim` may send, in queue order: of each message the first that waits, of each number and class the
    first message. Held and future ones are never among them, nor what is paused or over a quota. `skip` names parts that others
    have chosen; the rest of their messages is left to them too."""
    return find(db, sim, now, skip, terms).candidates


def find(
    db: sqlite3.Connection,
    sim: str,
    now: datetime,
    skip: Collection[int] = (),
    terms: RoutingSnapshot = UNRESTRICTED,
    most: int = MAX_CANDIDATES,
) -> CandidateSearch:
    """Returns the first candidates of `sim`, at most `most`, and why there are not more."""
    active_pauses = pauses.list_active(db)
    usages = _QuotaUsages(db, terms, now)
    own_usage = usages.usage_of(sim)
    stopped = find_stopped_classes(active_pauses, sim).union(usages.holds_of(sim))
    values: dict[str, object] = {
        "sim": sim,
        "sender": LaneKind.SENDER,
        "recent": to_text(now - OTHER_SIM_TIMEOUT),
        "scan": MAX_SCANNED_PARTS,
        "limit": most,
        "skip": f"[{','.join(map(str, skip))}]",
    }
    found: list[_Found] = []
    exhausted: list[ExhaustedLane] = []
    has_deferred = False
    for lane_id, lane in lanes.list_occupied(db):
        reach = terms.find_reach(sim, lane)
        if reach is None:
            continue
        # What a quota holds waits for its own SIM; what a person has paused on one SIM goes by another that may send it.
        blocked = usages.find_blocked_classes(reach.quota_sims)
        exhausted += [
            ExhaustedLane(lane_id, each, first) for each, first in blocked.items() if _has_waiting(db, lane_id, each)
        ]
        before = reach.queued_before
        if before is not None and all(find_stopped_classes(active_pauses, home) for home in reach.quota_sims):
            before = None
        is_deferred = before is not None
        has_deferred |= is_deferred
        values |= {"lane": lane_id, "before": to_text(before) if before is not None else None}
        for row in _search_lane(db, stopped.union(blocked), values):
            found.append(_Found(QueuePlace.from_columns(row["rank"], row["started"]), is_deferred, lane, row))
    found.sort(key=lambda each: each.order)
    parsed = [_parse(db, each, own_usage, now) for each in found[:most]]
    return CandidateSearch(parsed, has_deferred, tuple(exhausted))


def _search_lane(
    db: sqlite3.Connection, barred: frozenset[MessageClass], values: Mapping[str, object]
) -> Iterator[sqlite3.Row]:
    """Yields the parts of a lane that may go. Of the `barred` classes these are the rest of messages that have started: what has
    begun is finished, whatever its class."""
    for classes in list_ranges(barred):
        yield from db.execute(_OPEN_CLASSES, {**values, "first": classes.first.rank, "last": classes.last.rank})
    for message_class in barred:
        rank, started = QueuePlace(message_class, is_started=True).columns
        yield from db.execute(_BARRED_CLASS, {**values, "rank": rank, "started": started})


class _QuotaUsages:
    """Quota usage of SIMs during one search, each read once."""

    def __init__(self, db: sqlite3.Connection, terms: RoutingSnapshot, now: datetime) -> None:
        self._db, self._terms, self._now = db, terms, now
        self._known: dict[str, QuotaUsage] = {}
        self._holds: dict[str, Mapping[MessageClass, Hold]] = {}

    def usage_of(self, sim: str) -> QuotaUsage:
        """Returns the usage of a SIM."""
        if sim not in self._known:
            self._known[sim] = quotas.read_usage(self._db, sim, self._terms.limits(sim), self._now)
        return self._known[sim]

    def holds_of(self, sim: str) -> Mapping[MessageClass, Hold]:
        """Returns the classes of which a SIM may begin nothing."""
        if sim not in self._holds:
            self._holds[sim] = self.usage_of(sim).find_holds()
        return self._holds[sim]

    def find_blocked_classes(self, sims: Collection[str]) -> Mapping[MessageClass, str]:
        """Returns the classes with which all of these SIMs must wait, and for each the SIM that may send again first. Once one
        SIM may send everything, the others are not read."""
        last: dict[MessageClass, tuple[datetime, str]] | None = None
        for sim in sims:
            own = {each: (hold.until, sim) for each, hold in self.holds_of(sim).items()}
            last = own if last is None else {each: min(last[each], own[each]) for each in last if each in own}
            if not last:
                return {}
        return {each: sim for each, (_, sim) in (last or {}).items()}


def _has_waiting(db: sqlite3.Connection, lane_id: int, message_class: MessageClass) -> bool:
    """Returns True if a message of a class waits in a lane to begin."""
    sql = """SELECT 1 FROM part INDEXED BY part_queue
             WHERE state = 'queued' AND lane = ? AND rank = ? AND started = ? ORDER BY message_id LIMIT 1"""
    return db.execute(sql, (lane_id, *QueuePlace(message_class).columns)).fetchone() is not None


# A message whose order binds part q: earlier, to the same number, of the same class, in flight. One that only another SIM may
# send counts while that SIM makes tries.
_EARLIER_IN_FLIGHT = """
    SELECT 1 FROM part e INDEXED BY part_in_flight
    WHERE e.number = q.number AND e.rank = q.rank AND e.message_id < q.message_id AND e.state IN ('queued', 'sending')
          AND (e.state = 'sending' OR e.tries = 0 AND (
              EXISTS (SELECT 1 FROM lane l WHERE l.id = e.lane AND (l.kind <> :sender OR l.home = :sim))
              OR EXISTS (SELECT 1 FROM attempt a WHERE a.message_id = e.message_id AND a.opened_at > :recent)))
"""
# Order binds first attempts only. What is blocked takes up none of the limit, so that one number holds up nobody else. The cross
# join keeps the rows in the index's order, so that the walk ends at the limit. What was tried before is left to no other SIM:
# that SIM has had its turn.
_CANDIDATES = """
    SELECT q.id, q.message_id, q.seq, q.number, q.rank, q.started, q.repeats, q.tries,
           m.text, m.class, m.parts, m.report, m.reference, m.window, m.list, m.expires_at AS validity_until,
           coalesce(c.marketing, 'unknown') AS marketing, c.reference AS last_reference
    FROM (SELECT p.* FROM part p INDEXED BY part_queue
          WHERE p.state = 'queued' AND p.lane = :lane AND {classes}
              AND p.id NOT IN (SELECT value FROM json_each(:skip))
          ORDER BY p.rank, p.started DESC, p.message_id, p.seq LIMIT :scan) q
        CROSS JOIN message m ON m.id = q.message_id LEFT JOIN contact c ON c.number = q.number
    WHERE (:before IS NULL OR q.tries > 0 OR coalesce(q.queued_at, '') <= :before)
        AND NOT EXISTS (
            SELECT 1 FROM part before
            WHERE before.message_id = q.message_id AND before.seq < q.seq AND before.state = 'queued')
        AND (q.tries > 0 OR q.started OR NOT EXISTS ({earlier}))
    LIMIT :limit
"""
_OPEN_CLASSES = _CANDIDATES.format(classes="p.rank BETWEEN :first AND :last", earlier=_EARLIER_IN_FLIGHT)
_BARRED_CLASS = _CANDIDATES.format(classes="p.rank = :rank AND p.started = :started", earlier=_EARLIER_IN_FLIGHT)


def find_earlier_in_flight(db: sqlite3.Connection, part_id: int, sim: str, now: datetime) -> int | None:
    """Returns the first message that goes before a part for the sake of order, if `sim` would send it; None if there is none."""
    values = {"part": part_id, "sim": sim, "sender": LaneKind.SENDER, "recent": to_text(now - OTHER_SIM_TIMEOUT)}
    row = db.execute(_EARLIEST, values).fetchone()
    return row[0] if row is not None else None


_EARLIEST = f"""
    SELECT ({_EARLIER_IN_FLIGHT.replace("SELECT 1", "SELECT min(e.message_id)")}) FROM part q WHERE q.id = :part
"""  # noqa: S608 - our own words


def _parse(db: sqlite3.Connection, found: _Found, usage: QuotaUsage, now: datetime) -> tuple[Candidate, SendFacts]:
    """Returns a row as what is to be encoded, and as what is to be decided. `usage`: of the SIM that would send it."""
    row, place = found.row, found.place
    message_class = MessageClass(row["class"])
    expires_at = from_text(row["validity_until"])
    window = Window.parse_stored(row["window"]) if row["window"] else None
    reference = row["reference"]
    if reference is None:  # not started: the next one for this recipient, so that sets close in time never mix
        reference = ((row["last_reference"] or 0) + 1) % 256
    candidate = Candidate(
        part_id=row["id"],
        message_id=row["message_id"],
        seq=row["seq"],
        parts=row["parts"],
        number=row["number"],
        text=row["text"],
        message_class=message_class,
        report=bool(row["report"]),
        repeats=row["repeats"],
        reference=reference,
        expires_at=expires_at,
        place=place,
        lane=found.lane,
        window=window,
        tries=row["tries"],
    )
    facts = SendFacts(
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
        expires_at=expires_at,
        # A repeat is like the first part of a message: only worth sending while that is valid.
        is_started=place.is_started and not row["repeats"],
        parts=row["parts"],
        window=window,
        quota_hold=usage.find_hold(message_class, row["parts"]),
    )
    return candidate, facts
