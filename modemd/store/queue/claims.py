"""The claim and the journal: which part goes on the air next, and what became of the one before."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from modemd.rules import routing, states
from modemd.rules.classes import started_rank
from modemd.rules.quotas import Standing
from modemd.rules.routing import FREE, Terms, is_shared
from modemd.rules.send_decision import Decision, Facts, Verdict
from modemd.store.ending import REST, cancel_rest, run_out
from modemd.store.journal import advance, parts_of, refresh
from modemd.store.queue import quotas
from modemd.store.queue.candidates import ELSEWHERE, FEW, MAX_CANDIDATES, MAX_SCAN, Candidate, Look, candidates, look
from modemd.store.timestamps import kept

__all__ = [
    "ELSEWHERE",
    "FEW",
    "MAX_CANDIDATES",
    "MAX_SCAN",
    "Candidate",
    "Look",
    "candidates",
    "look",
]  # what a claim chooses from


Decide = Callable[[Facts], Decision]


@dataclass(frozen=True, slots=True)
class Claim:
    """A journaled attempt: from now on the part counts as on the air. `following`: what its SIM would send next, if that was
    looked for and found."""

    attempt_id: int
    candidate: Candidate
    following: Candidate | None = None


def claim(
    db: sqlite3.Connection,
    sim: str,
    modem: str,
    decide: Decide,
    now: datetime,
    *,
    skip: Collection[int] = (),
    terms: Terms = FREE,
    ahead: bool = False,
) -> Claim | None:
    """Journal the next attempt of `sim`, after `decide` has looked at the facts as they are in this transaction.

    `skip` names parts that other modems have chosen already; `ahead`: what follows is looked for as well. None: nothing may go
    now.
    """
    most, left = FEW + 1 if ahead else FEW, MAX_CANDIDATES
    while left:
        found = look(db, sim, now, skip, terms, most=most).candidates
        ended = False
        for place, (candidate, facts) in enumerate(found, start=1):
            decision = decide(facts)
            if decision.verdict is Verdict.SEND:
                quotas.count(db, sim, candidate.message_class, terms.limits(sim), now)
                attempt = _open(db, candidate, sim, modem, now)
                if not ahead:
                    return Claim(attempt, candidate)
                behind = found[place:]
                if candidate.seq < candidate.parts:  # its own next part goes before all of them
                    behind = look(db, sim, now, skip, terms, most=1).candidates
                standing = quotas.standing(db, sim, terms.limits(sim), now)
                return Claim(attempt, candidate, _following(behind, decide, standing))
            ended |= _end(db, candidate, decision, now)
        if len(found) < most and not ended:  # what has ended may have stood before others
            break
        left -= len(found)
        most = left
    return None


def _following(behind: Sequence[tuple[Candidate, Facts]], decide: Decide, standing: Standing) -> Candidate | None:
    """The first of these, if there is one and it may go; `standing`: the SIM's, with what was claimed just now."""
    for candidate, facts in behind[:1]:
        if decide(facts).verdict is Verdict.SEND:
            free = facts.started or standing.hold(candidate.message_class, candidate.parts) is None
            return candidate if free else None
    return None


def clear(db: sqlite3.Connection, sim: str, decide: Decide, now: datetime, terms: Terms = FREE) -> bool:
    """End the candidates of `sim` that may not go at all, so that others come into view. Whether there were any."""
    ended = [_end(db, candidate, decide(facts), now) for candidate, facts in candidates(db, sim, now, terms=terms)]
    return any(ended)


def _end(db: sqlite3.Connection, candidate: Candidate, decision: Decision, now: datetime) -> bool:
    """Withdraw or expire a candidate's message, if that was decided."""
    if decision.verdict is Verdict.WITHDRAW:
        return bool(cancel_rest(db, candidate.message_id, now, decision.reason))
    if decision.verdict is Verdict.EXPIRE:
        waiting = [
            part
            for part in parts_of(db, candidate.message_id)
            if part["state"] in (states.Part.HELD, states.Part.QUEUED) and part["expires_at"] <= kept(now)
        ]
        run_out(db, waiting, now)
        return bool(waiting)
    if decision.verdict is Verdict.HOLD and decision.until is not None:
        return _hold(db, candidate.message_id, decision.reason, decision.until, now)
    return False


def _hold(db: sqlite3.Connection, message_id: int, reason: str, until: datetime, now: datetime) -> bool:
    """Put a message off until then: whether anything of it was queued."""
    queued = [part for part in parts_of(db, message_id) if part["state"] == states.Part.QUEUED]
    due = kept(until)
    for part in queued:
        advance(db, part, states.Event.PUT_OFF, now, {"due": due}, error=reason, until=due)
    refresh(db, message_id, now, reason)
    return bool(queued)


def _open(db: sqlite3.Connection, candidate: Candidate, sim: str, modem: str, now: datetime) -> int:
    """Journal an attempt. The message is this SIM's from now on, and its rest goes before its class."""
    part = db.execute("SELECT * FROM part WHERE id = ?", (candidate.part_id,)).fetchone()
    attempt = db.execute(
        "INSERT INTO attempt (part_id, message_id, number, sim, modem, opened_at) VALUES (?, ?, ?, ?, ?, ?)",
        (candidate.part_id, candidate.message_id, candidate.number, sim, modem, kept(now)),
    ).lastrowid
    assert attempt is not None  # noqa: S101 - sqlite3 says None only where nothing was inserted
    begun: dict[str, object] = {}
    message: dict[str, object] = {}
    if candidate.rank != started_rank(candidate.message_class):
        begun = {
            "rank": started_rank(candidate.message_class),
            "lane": sim,
            "expires_at": kept(candidate.expires_at + REST),
        }
        message = {"sim": sim, "reference": None}
        if candidate.parts > 1:
            message["reference"] = candidate.reference
            _begin_rest(db, candidate, begun)
    elif candidate.repeats:  # a lone part may go out again by another SIM
        message = {"sim": sim}
    because = _because(part, candidate, sim)
    tries = {"tries": part["tries"] + 1}
    advance(db, part, states.Event.CLAIMED, now, begun | tries, attempt=attempt, modem=modem, sim=sim, because=because)
    refresh(db, candidate.message_id, now, also=message)
    return attempt


def _begin_rest(db: sqlite3.Connection, candidate: Candidate, begun: Mapping[str, object]) -> None:
    """What follows for the other parts of a message that begins, and for the next reference to its number."""
    db.execute("UPDATE contact SET reference = ? WHERE number = ?", (candidate.reference, candidate.number))
    db.execute(
        "UPDATE part SET rank = :rank, lane = :lane, expires_at = :expires_at WHERE message_id = :message AND id <> :part",
        {**begun, "message": candidate.message_id, "part": candidate.part_id},
    )


def _because(part: sqlite3.Row, candidate: Candidate, sim: str) -> str:
    """Why this SIM, for the story."""
    lane: str = part["lane"]
    if is_shared(lane):
        return routing.because(lane, sim)
    return "it began the message" if candidate.rank == started_rank(candidate.message_class) else "pinned"
