"""The claim and the journal: which part goes on the air next, and what became of the one before."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from modemd.rules import routing, states
from modemd.rules.classes import MessageClass, started_rank, waiting_rank
from modemd.rules.quotas import Standing
from modemd.rules.routing import FREE, Terms, is_shared
from modemd.rules.send_decision import Decision, Facts, Verdict
from modemd.store import lanes, quotas
from modemd.store.journal import advance, note, parts_of, refresh
from modemd.store.looking import ELSEWHERE, FEW, MAX_CANDIDATES, MAX_SCAN, Candidate, Look, candidates, look
from modemd.store.moments import kept, moment
from modemd.store.outbox import REST, cancel_rest, run_out

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

# The condition of the index attempt_unanswered, word for word.
UNANSWERED = "outcome IN ('open', 'unknown')"
Decide = Callable[[Facts], Decision]


@dataclass(frozen=True, slots=True)
class Claim:
    """A journaled attempt: from now on the part counts as on the air. `following`: what its SIM would send next, if that was
    looked for and found."""

    attempt_id: int
    candidate: Candidate
    following: Candidate | None = None


class Result(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. `retry` says when a refused part is due again, from its tries and validity; None: never.
    `counts`: whether the try counts; one for which there was no network does not."""

    attempt_id: int
    result: Result
    written_at: datetime | None = None
    reference: int | None = None
    error: str | None = None
    retry: Callable[[int, datetime], datetime | None] | None = None
    counts: bool = True


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


def close(db: sqlite3.Connection, outcome: Outcome, now: datetime) -> None:
    """Keep what became of an attempt, and what follows for its part and message. An attempt closed before stays as it is,
    unless it was unknown and turns out accepted (a late `+CMGS`)."""
    part = db.execute(_ATTEMPTED, (outcome.attempt_id,)).fetchone()
    late = part["outcome"] == Result.UNKNOWN and outcome.result is Result.SENT
    if part["outcome"] != "open" and not late:
        return
    db.execute(
        """UPDATE attempt SET outcome = ?, written_at = coalesce(?, written_at), closed_at = ?, reference = ?, error = ?,
               matchable = ? WHERE id = ?""",
        (
            str(outcome.result),
            kept(outcome.written_at) if outcome.written_at else None,
            kept(now),
            outcome.reference,
            outcome.error,
            outcome.result in (Result.SENT, Result.UNKNOWN),
            outcome.attempt_id,
        ),
    )
    if outcome.result in (Result.REFUSED, Result.WITHDRAWN):
        quotas.give_back(db, part["sim"], MessageClass(part["class"]), part["opened_at"])
    elif part["last_sim"] != part["sim"]:
        lanes.talks_with(db, part["number"], part["sim"])
    detail: dict[str, Any] = {"attempt": outcome.attempt_id, "error": outcome.error, "reference": outcome.reference}
    reason = None
    if outcome.result is Result.SENT:
        if not proves(part):
            return  # a late answer to an attempt whose part has moved on
        advance(db, part, states.Event.ACCEPTED, now, **detail)
    elif part["state"] != states.Part.SENDING:
        return  # evidence settled the part while its repeat was on the air
    elif outcome.result is Result.UNKNOWN:
        advance(db, part, states.Event.LOST, now, {"due": _repeat_due(part, now)}, **detail)
        reason = "no_answer"
    elif outcome.result is Result.WITHDRAWN:
        advance(db, part, states.Event.WITHDRAWN, now, {"tries": part["tries"] - 1}, **detail)
        _release(db, part)
    else:
        reason = _refused(db, part, outcome, now)
    refresh(db, part["message_id"], now, reason)


# The part of an attempt, with what is to be known of the attempt, the message and the contact.
_ATTEMPTED = """
    SELECT p.*, a.outcome, a.sim, a.opened_at, m.class, m.pinned, m.expires_at AS validity_until, c.last_sim
    FROM attempt a JOIN part p ON p.id = a.part_id JOIN message m ON m.id = a.message_id
        LEFT JOIN contact c ON c.number = a.number
    WHERE a.id = ?
"""


def fail(db: sqlite3.Connection, message_id: int, reason: str, now: datetime) -> None:
    """Fail what waits of a message that can never be sent."""
    for part in parts_of(db, message_id):
        if part["state"] in (states.Part.HELD, states.Part.QUEUED):
            advance(db, part, states.Event.REFUSED, now, error=reason)
    refresh(db, message_id, now, reason)


def proves(part: sqlite3.Row) -> bool:
    """Whether evidence that an attempt was accepted changes its part: on the air, unknown, or waiting to be repeated."""
    return part["state"] in (states.Part.SENDING, states.Part.UNKNOWN) or (
        part["state"] in (states.Part.QUEUED, states.Part.HELD) and part["repeats"] > 0
    )


def _repeat_due(part: sqlite3.Row, now: datetime) -> str | None:
    """An alarm or otp of unknown outcome is sent again, once, if no evidence comes first and it is still valid."""
    wait = MessageClass(part["class"]).repeats_after
    if wait is None or part["repeats"] or now + wait >= moment(part["validity_until"]):
        return None
    return kept(now + wait)


def _refused(db: sqlite3.Connection, part: sqlite3.Row, outcome: Outcome, now: datetime) -> str | None:
    """A refusal: the part and its waiting rest are put off together, or fail together."""
    message_id = part["message_id"]
    # The validity binds before anything has left; the rest has its own, longer time.
    expires_at = part["expires_at"] if _left(db, message_id) else part["validity_until"]
    again = outcome.retry(part["tries"], moment(expires_at)) if outcome.retry else None
    until = kept(again) if again is not None else None
    for each in parts_of(db, message_id):
        own = each["id"] == part["id"]
        if own or each["state"] == states.Part.QUEUED:
            if until is not None:
                event = states.Event.PUT_OFF
            else:  # that a repeat was refused says nothing about the first: it stays as unknown as it was
                event = states.Event.GIVEN_UP if each["repeats"] else states.Event.REFUSED
            also: dict[str, object] = {"due": until}
            if own and not outcome.counts:
                also["tries"] = part["tries"] - 1
            advance(db, each, event, now, also, error=outcome.error, attempt=outcome.attempt_id, until=until)
    if until is not None:
        _release(db, part)
    else:  # no part of a failed message is repeated
        db.execute("UPDATE part SET due = NULL WHERE message_id = ? AND state = 'unknown'", (message_id,))
    return outcome.error


def _release(db: sqlite3.Connection, part: sqlite3.Row) -> None:
    """Give a message of which nothing can have left back to every SIM."""
    message_id, message_class = part["message_id"], MessageClass(part["class"])
    if _left(db, message_id):
        return
    db.execute("UPDATE message SET sim = NULL, reference = NULL WHERE id = ?", (message_id,))
    db.execute(
        "UPDATE part SET lane = ?, rank = ?, expires_at = ? WHERE message_id = ?",
        (
            lanes.lane_of(db, part["number"], message_class, part["pinned"]),
            waiting_rank(message_class),
            part["validity_until"],
            message_id,
        ),
    )


def _left(db: sqlite3.Connection, message_id: int) -> bool:
    """Whether a part of a message is with a modem, or may have left."""
    sql = "SELECT 1 FROM attempt WHERE message_id = ? AND outcome IN ('open', 'sent', 'unknown') LIMIT 1"
    return db.execute(sql, (message_id,)).fetchone() is not None


def recover(db: sqlite3.Connection, now: datetime) -> int:
    """After a start: what was on the air when the process ended is unknown. How many attempts."""
    rows = db.execute(f"SELECT id, opened_at FROM attempt WHERE {UNANSWERED} AND outcome = 'open'").fetchall()  # noqa: S608 - our own words
    for row in sorted(rows, key=lambda each: each["id"]):
        close(db, Outcome(row["id"], Result.UNKNOWN, written_at=moment(row["opened_at"]), error="restart"), now)
        note(db, None, now, "recovered", attempt=row["id"])
    return len(rows)
