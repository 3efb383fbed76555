"""What a SIM finds when it comes for a part: the candidates of its lanes, in order, and what is left to others or held."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from modemd.rules import windows
from modemd.rules.classes import MessageClass, started_rank, waiting_rank
from modemd.rules.consent.policy import Marketing
from modemd.rules.pauses import find_stopped_classes
from modemd.rules.quotas import Hold, QuotaUsage
from modemd.rules.routing import UNRESTRICTED, RoutingSnapshot
from modemd.rules.send_decision import SendFacts
from modemd.rules.windows import Window
from modemd.store import lanes
from modemd.store.queue import pauses, quotas
from modemd.store.timestamps import from_text, to_text

# A claim looks at no more than this many candidates, so that its time is bounded.
MAX_CANDIDATES = 20
# It begins with so few: nearly always the first may go.
INITIAL_CANDIDATES = 1
# How far down a lane it looks for them.
MAX_SCANNED_PARTS = 2000
# A message that another SIM is sending goes before later ones to its number, unless that SIM has made no try for so long:
# it may be gone, and delays nobody.
OTHER_SIM_TIMEOUT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part that may go on the air, with what is needed to encode it."""

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
    rank: int
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class ExhaustedLane:
    """Messages of a class wait in a lane all of whose SIMs have used up their quota. `sim`: the one that may send again first."""

    lane: str
    message_class: MessageClass
    sim: str


@dataclass(frozen=True, slots=True)
class CandidateSearch:
    """What a SIM finds. `left`: something may be left to another SIM for a while; `over`: what is to be held."""

    candidates: list[tuple[Candidate, SendFacts]]
    has_deferred: bool = False
    exhausted_lanes: tuple[ExhaustedLane, ...] = ()


def list_candidates(
    db: sqlite3.Connection, sim: str, now: datetime, skip: Collection[int] = (), terms: RoutingSnapshot = UNRESTRICTED
) -> list[tuple[Candidate, SendFacts]]:
    """The parts that `sim` may send, first one first: of each message the first that waits, of each number and class the
    first message. Held and future ones are never among them, nor what is paused or over a quota. `skip` names parts that others
    have chosen, whose messages are left to them."""
    return find(db, sim, now, skip, terms).candidates


def find(
    db: sqlite3.Connection,
    sim: str,
    now: datetime,
    skip: Collection[int] = (),
    terms: RoutingSnapshot = UNRESTRICTED,
    most: int = MAX_CANDIDATES,
) -> CandidateSearch:
    """The candidates of `sim`, the first `most`, and why there are not more."""
    paused = pauses.list_active(db)
    standings = _QuotaUsages(db, terms, now)
    own = standings.usage_of(sim)
    barred = find_stopped_classes(paused, sim) | standings.holds_of(sim).keys()
    asked: dict[str, object] = {
        "sim": sim,
        "recent": to_text(now - OTHER_SIM_TIMEOUT),
        "scan": MAX_SCANNED_PARTS,
        "limit": most,
        "skip": f"[{','.join(map(str, skip))}]",
    }
    rows: list[tuple[bool, sqlite3.Row]] = []
    over: list[ExhaustedLane] = []
    left = False
    for lane in lanes.list_occupied(db):
        reach = terms.find_reach(sim, lane)
        if reach is None:
            continue
        # What a quota holds waits for its own SIM; what a person has paused on one SIM goes by another that may send it.
        held = standings.find_blocked_classes(reach.quota_sims)
        over += [ExhaustedLane(lane, each, last) for each, last in held.items() if _has_waiting(db, lane, each)]
        before = reach.queued_before
        if before is not None and all(find_stopped_classes(paused, home) for home in reach.quota_sims):
            before = None
        left |= before is not None
        asked |= {"lane": lane, "before": to_text(before) if before is not None else None}
        for low, high in _list_rank_ranges(barred | held.keys()):
            found = db.execute(_CANDIDATES, {**asked, "low": low, "high": high})
            rows += [(before is not None, row) for row in found]
    rows.sort(key=lambda each: (each[1]["rank"], each[0], each[1]["message_id"], each[1]["seq"]))
    return CandidateSearch([_parse_row(row, own) for _, row in rows[:most]], left, tuple(over))


class _QuotaUsages:
    """Where SIMs stand with their quotas, each asked once."""

    def __init__(self, db: sqlite3.Connection, terms: RoutingSnapshot, now: datetime) -> None:
        self._db, self._terms, self._now = db, terms, now
        self._known: dict[str, QuotaUsage] = {}
        self._holds: dict[str, Mapping[MessageClass, Hold]] = {}

    def usage_of(self, sim: str) -> QuotaUsage:
        if sim not in self._known:
            self._known[sim] = quotas.read_usage(self._db, sim, self._terms.limits(sim), self._now)
        return self._known[sim]

    def holds_of(self, sim: str) -> Mapping[MessageClass, Hold]:
        """The classes of which a SIM may begin nothing."""
        if sim not in self._holds:
            self._holds[sim] = self.usage_of(sim).find_holds()
        return self._holds[sim]

    def find_blocked_classes(self, sims: Collection[str]) -> Mapping[MessageClass, str]:
        """The classes with which all of these SIMs must wait, and of each the SIM that may send again first. The others are not
        asked where one may send everything."""
        last: dict[MessageClass, tuple[datetime, str]] | None = None
        for sim in sims:
            own = {each: (hold.until, sim) for each, hold in self.holds_of(sim).items()}
            last = own if last is None else {each: min(last[each], own[each]) for each in last if each in own}
            if not last:
                return {}
        return {each: sim for each, (_, sim) in (last or {}).items()}


def _has_waiting(db: sqlite3.Connection, lane: str, message_class: MessageClass) -> bool:
    """Whether a message of a class waits in a lane to begin."""
    sql = """SELECT 1 FROM part INDEXED BY part_queue
             WHERE state = 'queued' AND lane = ? AND rank = ? ORDER BY message_id LIMIT 1"""
    return db.execute(sql, (lane, waiting_rank(message_class))).fetchone() is not None


def _list_rank_ranges(barred: Collection[MessageClass]) -> list[tuple[int, int]]:
    """The ranks that may go, as runs from one to before another: what has begun is finished, whatever its class."""
    low, found = 0, []
    for message_class in MessageClass:
        if message_class in barred:
            found.append((low, waiting_rank(message_class)))
            low = waiting_rank(message_class) + 1
    last = waiting_rank(MessageClass.MARKETING) + 1
    return [*found, (low, last)] if low < last else found


# Order binds first attempts: a message waits while an earlier one to its number, in its class (two ranks: started and not), is
# in flight. What is blocked takes up none of the limit, so that one number holds up nobody else. The cross join keeps the rows
# in the index's order, so that the walk ends at the limit. Shared lanes sort behind those of one SIM, whose names are digits.
_IN_FLIGHT = """
    SELECT 1 FROM part e INDEXED BY part_in_flight
    WHERE e.number = q.number AND e.rank = {rank} AND e.message_id < q.message_id AND e.state IN ('queued', 'sending')
          AND (e.state = 'sending' OR e.tries = 0 AND (e.lane = :sim OR e.lane >= 'any' OR EXISTS (
              SELECT 1 FROM attempt a WHERE a.message_id = e.message_id AND a.opened_at > :recent)))
"""
# What was tried before is left to nobody: its SIM has had its turn.
_CANDIDATES = f"""
    SELECT q.id, q.message_id, q.seq, q.number, q.rank, q.repeats,
           m.text, m.class, m.parts, m.report, m.reference, m.window, m.expires_at AS validity_until,
           coalesce(c.marketing, 'unknown') AS marketing, c.reference AS last_reference
    FROM (SELECT p.* FROM part p INDEXED BY part_queue
          WHERE p.state = 'queued' AND p.lane = :lane AND p.rank >= :low AND p.rank < :high
              AND p.id NOT IN (SELECT value FROM json_each(:skip))
          ORDER BY p.rank, p.message_id, p.seq LIMIT :scan) q
        CROSS JOIN message m ON m.id = q.message_id LEFT JOIN contact c ON c.number = q.number
    WHERE (:before IS NULL OR q.tries > 0 OR coalesce(q.queued_at, '') <= :before)
        AND NOT EXISTS (
            SELECT 1 FROM part before
            WHERE before.message_id = q.message_id AND before.seq < q.seq AND before.state = 'queued')
        AND (q.tries > 0 OR q.rank % 2 = 0
            OR NOT EXISTS ({_IN_FLIGHT.format(rank="q.rank")}) AND NOT EXISTS ({_IN_FLIGHT.format(rank="q.rank - 1")}))
    LIMIT :limit
"""  # noqa: S608 - made of our own constants


def _parse_row(row: sqlite3.Row, standing: QuotaUsage) -> tuple[Candidate, SendFacts]:
    """A row as what is to be encoded, and as what is to be decided."""
    message_class = MessageClass(row["class"])
    expires_at = from_text(row["validity_until"])
    window = windows.kept(row["window"]) if row["window"] else None
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
        rank=row["rank"],
        window=window,
    )
    facts = SendFacts(
        message_class=message_class,
        number=row["number"],
        marketing=Marketing(row["marketing"]),
        expires_at=expires_at,
        # A repeat is like the first part of a message: only worth sending while that is valid.
        is_started=row["rank"] == started_rank(message_class) and not row["repeats"],
        parts=row["parts"],
        window=window,
        hold=standing.find_hold(message_class, row["parts"]),
    )
    return candidate, facts
