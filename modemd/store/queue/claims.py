"""Claims: takes the next part for a SIM, and journals the attempt (see `modemd.store.queue`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.rules import routing, states
from modemd.rules.lanes import Lane
from modemd.rules.queue_place import QueuePlace
from modemd.rules.quotas import URGENT, QuotaUsage
from modemd.rules.refusals import RefusalCode
from modemd.rules.routing import UNRESTRICTED, RoutingSnapshot
from modemd.rules.send_decision import SendDecision, SendFacts, SendVerdict
from modemd.store import lanes
from modemd.store.ending import REMAINDER_VALIDITY, cancel_waiting_parts, end_overdue_parts
from modemd.store.queue import candidates, quotas
from modemd.store.queue.candidates import INITIAL_CANDIDATES, MAX_CANDIDATES, Candidate
from modemd.store.timestamps import to_text
from modemd.store.transitions import advance_part, list_parts, update_message_state

Decide = Callable[[SendFacts], SendDecision]


@dataclass(frozen=True, slots=True)
class Claim:
    """Journaled attempt: from now on the part counts as on the air. `next_candidate`: what the SIM would send next, if that was
    asked for and found."""

    attempt_id: int
    candidate: Candidate
    next_candidate: Candidate | None = None


def claim(
    db: sqlite3.Connection,
    sim: str,
    modem: str,
    decide: Decide,
    now: datetime,
    *,
    skip: Collection[int] = (),
    terms: RoutingSnapshot = UNRESTRICTED,
    ahead: bool = False,
) -> Claim | None:
    """Journals the next attempt of `sim` through `modem` (IMEI), after `decide` has judged the facts as they are in this
    transaction.

    `skip` names parts that are reserved for other modems; with `ahead` the next candidate is searched for as well. Returns None
    if nothing may go now."""
    most, left = INITIAL_CANDIDATES + 1 if ahead else INITIAL_CANDIDATES, MAX_CANDIDATES
    while left:
        found = candidates.find(db, sim, now, skip, terms, most=most).candidates
        ended = False
        for index, (candidate, facts) in enumerate(found, start=1):
            decision = decide(facts)
            if decision.verdict is SendVerdict.SEND:
                quotas.count_part(db, sim, candidate.message_class, terms.limits(sim), now)
                attempt = _open_attempt(db, candidate, sim, modem, now)
                if not ahead:
                    return Claim(attempt, candidate)
                behind = found[index:]
                if candidate.seq < candidate.parts:  # its own next part goes before all of them
                    behind = candidates.find(db, sim, now, skip, terms, most=1).candidates
                usage = quotas.read_usage(db, sim, terms.limits(sim), now)
                return Claim(attempt, candidate, _next_after_claim(behind, decide, usage))
            ended |= _end_candidate(db, candidate, decision, now)
        if len(found) < most and not ended:  # what has ended may have stood before others
            break
        left -= len(found)
        most = left
    return None


def _next_after_claim(
    behind: Sequence[tuple[Candidate, SendFacts]], decide: Decide, usage: QuotaUsage
) -> Candidate | None:
    """Returns the first of these candidates if it may go; `usage`: the SIM's quota usage with the part just claimed. An alarm or
    otp that any SIM may begin is left to the one that is free first."""
    for candidate, facts in behind[:1]:
        if candidate.message_class in URGENT and candidate.lane.is_shared:
            return None
        if decide(facts).verdict is SendVerdict.SEND:
            free = facts.is_started or usage.find_hold(candidate.message_class, candidate.parts) is None
            return candidate if free else None
    return None


def end_unsendable(
    db: sqlite3.Connection, sim: str, decide: Decide, now: datetime, terms: RoutingSnapshot = UNRESTRICTED
) -> bool:
    """Ends or holds the candidates of `sim` that may not go now, so that others are found. Returns True if there were any."""
    ended = [
        _end_candidate(db, candidate, decide(facts), now)
        for candidate, facts in candidates.list_candidates(db, sim, now, terms=terms)
    ]
    return any(ended)


def _end_candidate(db: sqlite3.Connection, candidate: Candidate, decision: SendDecision, now: datetime) -> bool:
    """Withdraws, expires or holds a candidate's message, if that was decided. Returns True if that changed anything."""
    if decision.verdict is SendVerdict.CANCEL:
        return bool(cancel_waiting_parts(db, candidate.message_id, now, decision.reason))
    if decision.verdict is SendVerdict.EXPIRE:
        is_over = decision.reason == RefusalCode.VALIDITY_OVER
        waiting = [
            part
            for part in list_parts(db, candidate.message_id)
            if part["state"] in (states.PartState.HELD, states.PartState.QUEUED)
            and (part["expires_at"] <= to_text(now) or not is_over)
        ]
        end_overdue_parts(db, waiting, now, decision.reason)
        return bool(waiting)
    if decision.verdict is SendVerdict.HOLD and decision.until is not None:
        return _hold_message(db, candidate.message_id, decision.reason, decision.until, now)
    return False


def _hold_message(db: sqlite3.Connection, message_id: int, reason: str, until: datetime, now: datetime) -> bool:
    """Holds what is queued of a message until then. Returns True if anything was."""
    queued = [part for part in list_parts(db, message_id) if part["state"] == states.PartState.QUEUED]
    due = to_text(until)
    for part in queued:
        advance_part(db, part, states.PartEvent.PUT_OFF, now, {"due": due}, error=reason, until=due)
    update_message_state(db, message_id, now, reason)
    return bool(queued)


def _open_attempt(db: sqlite3.Connection, candidate: Candidate, sim: str, modem: str, now: datetime) -> int:
    """Journals an attempt, and binds a message that has not started to this SIM. Returns the attempt's id."""
    part = db.execute("SELECT * FROM part WHERE id = ?", (candidate.part_id,)).fetchone()
    attempt = db.execute(
        "INSERT INTO attempt (part_id, message_id, number, sim, modem, opened_at) VALUES (?, ?, ?, ?, ?, ?)",
        (candidate.part_id, candidate.message_id, candidate.number, sim, modem, to_text(now)),
    ).lastrowid
    assert attempt is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    begun: dict[str, object] = {}
    message: dict[str, object] = {}
    if not candidate.place.is_started:
        rank, started = QueuePlace(candidate.message_class, is_started=True).columns
        begun = {
            "rank": rank,
            "started": started,
            "lane": lanes.ensure_lane(db, Lane.of_sender(sim)),
            "expires_at": to_text(candidate.expires_at + REMAINDER_VALIDITY),
        }
        message = {"sim": sim, "reference": None}
        if candidate.parts > 1:
            message["reference"] = candidate.reference
            _bind_remaining_parts(db, candidate, begun)
    elif candidate.repeats:  # a lone part may go out again by another SIM
        message = {"sim": sim}
    because = _explain_choice(candidate, sim)
    tries = {"tries": part["tries"] + 1}
    advance_part(
        db, part, states.PartEvent.CLAIMED, now, begun | tries, attempt=attempt, modem=modem, sim=sim, because=because
    )
    update_message_state(db, candidate.message_id, now, also=message)
    return attempt


def _bind_remaining_parts(db: sqlite3.Connection, candidate: Candidate, begun: Mapping[str, object]) -> None:
    """Binds the other parts of a message that starts, and stores the concatenation reference that it takes."""
    db.execute("UPDATE contact SET reference = ? WHERE number = ?", (candidate.reference, candidate.number))
    db.execute(
        """UPDATE part SET rank = :rank, started = :started, lane = :lane, expires_at = :expires_at
           WHERE message_id = :message AND id <> :part""",
        {**begun, "message": candidate.message_id, "part": candidate.part_id},
    )


def _explain_choice(candidate: Candidate, sim: str) -> str:
    """Returns why this SIM sends the part, for the history of the message."""
    if candidate.lane.is_shared:
        return routing.explain_choice(candidate.lane, sim)
    return "it began the message" if candidate.place.is_started else "pinned"
