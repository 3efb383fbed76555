"""A database in a folder of its own, and short words for what happens to it. Time is a value that tests move."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from modemd.rules import report_matching
from modemd.rules.classes import MessageClass
from modemd.rules.phone_numbers import is_same_number
from modemd.rules.report_matching import AttemptFacts, ReportFacts
from modemd.rules.send_decision import SendDecision, SendFacts, decide
from modemd.rules.sending_rules import SendingRules
from modemd.store import lanes, listings
from modemd.store.connection import connect
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentEffect, ConsentStatement
from modemd.store.files.keys import ensure_key
from modemd.store.inbound import status_reports
from modemd.store.outbox import accept, due
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.queue import candidates, claims, outcomes
from modemd.store.queue.claims import Claim
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult
from modemd.store.schema import migrate

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALICE, BOB = "+33612345678", "+33698765432"
WEST, EAST = "8933010000000000010", "8933010000000000028"
SEND_TIMEOUT = timedelta(seconds=60)
Retry = Callable[[int, datetime], datetime | None]


def owner(told: ReportFacts, attempts: Sequence[AttemptFacts]) -> int | None:
    """The rule of evidence, as the service hands it in."""
    return report_matching.find_owner(told, attempts, is_same_number, SEND_TIMEOUT)


class Bench:
    """The writer's connection, without its thread: every call is a change of its own."""

    def __init__(self, path: Path) -> None:
        self.db: sqlite3.Connection = connect(path, ensure_key(path))
        migrate(self.db)
        self.now = START
        self.rules = SendingRules()
        self._reports = 0

    def passes(self, **duration: float) -> None:
        """Let time pass."""
        self.now += timedelta(**duration)

    def submitted(
        self,
        to: str = ALICE,
        message_class: MessageClass = MessageClass.TRANSACTIONAL,
        *,
        parts: int = 1,
        valid: timedelta = timedelta(hours=24),
        text: str = "hello",
        at: datetime | None = None,
        key: str | None = None,
        pinned: str | None = None,
        list_name: str | None = None,
        answers: tuple[str, ...] = (),
    ) -> Submitted:
        """Submit a message: what became of that."""
        new = OutboundMessage(
            to, text, message_class, parts, self.now + valid, at=at, key=key, pinned=pinned, list_name=list_name,
            answers=answers,
        )  # fmt: skip
        submitted = accept.submit(self.db, new, self.rules, self.now)
        stored = listings.find_messages(self.db, [submitted.id])[submitted.id]
        assert submitted.row in (stored, None), "what is answered is what is stored"
        return submitted

    def submit(self, to: str = ALICE, message_class: MessageClass = MessageClass.TRANSACTIONAL, **more: Any) -> int:
        """Submit a message, as `submitted`: its id."""
        return self.submitted(to, message_class, **more).id

    def decide(self, facts: SendFacts) -> SendDecision:
        return decide(facts, self.rules, self.now)

    def claim(self, sim: str = WEST, *, skip: Collection[int] = (), ahead: bool = False) -> Claim | None:
        return claims.claim(self.db, sim, f"modem of {sim}", self.decide, self.now, skip=skip, ahead=ahead)

    def claimed(self, sim: str = WEST) -> Claim:
        """A claim that must succeed."""
        claim = self.claim(sim)
        assert claim is not None, "nothing may go now"
        return claim

    def close(
        self,
        claim: Claim,
        result: AttemptResult = AttemptResult.SENT,
        *,
        reference: int | None = None,
        error: str | None = None,
        retry: Retry | None = None,
    ) -> None:
        """Journal how an attempt ended; it was written at this moment unless it was withdrawn."""
        written = None if result is AttemptResult.WITHDRAWN else self.now
        outcomes.close_attempt(
            self.db, AttemptOutcome(claim.attempt_id, result, written, reference, error, retry), self.now
        )

    def send(self, sim: str = WEST, *, reference: int = 1) -> Claim:
        """Claim the next part and have it accepted under `reference`."""
        claim = self.claimed(sim)
        self.close(claim, reference=reference)
        return claim

    def lose(self, sim: str = WEST) -> Claim:
        """Claim the next part, write it, and get no answer."""
        claim = self.claimed(sim)
        self.close(claim, AttemptResult.UNKNOWN)
        return claim

    def report(
        self,
        reference: int,
        outcome: status_reports.DeliveryOutcome = status_reports.DeliveryOutcome.DELIVERED,
        *,
        number: str = ALICE,
        sim: str = WEST,
        accepted_at: datetime | None = None,
        discharged_at: datetime | None = None,
        tpdu: bytes | None = None,
    ) -> int | None:
        """A status report comes in: the message it settled."""
        self._reports += 1
        told = ReportFacts(reference, number, accepted_at or self.now)
        status = {"delivered": 0x00, "unconfirmed": 0x01, "trying": 0x20, "permanent": 0x41, "stopped": 0x60}[outcome]
        new = status_reports.NewReport(sim, tpdu or bytes([6, self._reports]), told, outcome, status, discharged_at)
        return status_reports.record_report(self.db, new, owner, self.now)

    def match_again(self, sim: str = WEST) -> set[int]:
        return status_reports.rematch_reports(self.db, sim, owner, self.now)

    def says(
        self, number: str, *, opts_in: bool = False, channel: str = "sms", list_name: str | None = None
    ) -> ConsentEffect:
        """Somebody says STOP, or START."""
        word = "start" if opts_in else "stop"
        said = ConsentStatement(number, opts_in, word, "en", channel, stated_at=self.now, list_name=list_name)
        return statements.apply_statement(self.db, said, self.now)

    def message(self, message_id: int) -> sqlite3.Row:
        row: sqlite3.Row = self.db.execute("SELECT * FROM message WHERE id = ?", (message_id,)).fetchone()
        return row

    def state(self, message_id: int) -> str:
        return str(self.message(message_id)["state"])

    def parts(self, message_id: int) -> list[str]:
        """The states of a message's parts, in order."""
        rows = self.db.execute("SELECT state FROM part WHERE message_id = ? ORDER BY seq", (message_id,))
        return [row["state"] for row in rows]

    def part(self, message_id: int, seq: int = 1) -> sqlite3.Row:
        row: sqlite3.Row = self.db.execute(
            "SELECT * FROM part WHERE message_id = ? AND seq = ?", (message_id, seq)
        ).fetchone()
        return row

    def lane(self, message_id: int, seq: int = 1) -> str:
        """The lane of a part, in short words."""
        return str(lanes.read_lane(self.db, self.part(message_id, seq)["lane"]))

    def attempts(self, message_id: int) -> list[sqlite3.Row]:
        return self.db.execute("SELECT * FROM attempt WHERE message_id = ? ORDER BY id", (message_id,)).fetchall()

    def attempt(self, claim: Claim) -> sqlite3.Row:
        row: sqlite3.Row = self.db.execute("SELECT * FROM attempt WHERE id = ?", (claim.attempt_id,)).fetchone()
        return row

    def events(self, message_id: int) -> list[str]:
        """What happened to a message, in order."""
        rows = self.db.execute("SELECT what FROM event WHERE message_id = ? ORDER BY id", (message_id,))
        return [row["what"] for row in rows]

    def next_due(self) -> datetime | None:
        return due.find_next_due(self.db)

    def promote(self) -> set[int]:
        return due.promote_due(self.db, self.now)

    def expire(self) -> int:
        return due.expire_overdue(self.db, self.now)

    def candidates(self, sim: str = WEST) -> list[int]:
        """The messages that `sim` could send now, first one first (one entry a part)."""
        return [candidate.message_id for candidate, _ in candidates.list_candidates(self.db, sim, self.now)]
