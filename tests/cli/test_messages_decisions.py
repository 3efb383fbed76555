"""`modemd settle`, `resend` and `cancel`, and what `reports` and `explain` tell of it, without a daemon."""

from __future__ import annotations

import json
import os
import pwd
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modemd.rules.report_matching import ReportFacts
from modemd.rules.send_decision import SendDecision, SendVerdict
from modemd.store.connection import connect
from modemd.store.inbound import status_reports
from modemd.store.queue import claims, outcomes
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult
from tests.cli.shell import Ended, Modemd

ALICE, WEST = "+33612345678", "8933010000000000010"
WHY = ("--why", "the phone shows it")
ME = pwd.getpwuid(os.getuid()).pw_name
Tried = Callable[[AttemptResult, int | None], None]


@pytest.fixture
def database(tmp_path: Path) -> Callable[[], sqlite3.Connection]:
    """The database between two commands."""
    return lambda: connect(tmp_path / "modemd.db")


@pytest.fixture
def tried(database: Callable[[], sqlite3.Connection]) -> Tried:
    """What is queued goes on the air, and ends so."""

    def run(result: AttemptResult, reference: int | None = None) -> None:
        db, now = database(), datetime.now(UTC)
        claim = claims.claim(db, WEST, "stick", lambda facts: SendDecision(SendVerdict.SEND), now)
        assert claim is not None
        outcomes.close_attempt(db, AttemptOutcome(claim.attempt_id, result, now, reference), now)
        db.close()

    return run


def ask(modemd: Modemd, command: str, *arguments: str) -> Ended:
    return modemd(command, "--config", "FILE", *arguments)


def send(modemd: Modemd) -> None:
    assert ask(modemd, "send", "--to", ALICE, "--text", "hello").status == 0


@pytest.mark.parametrize(("verdict", "state"), [("sent", "sent"), ("not-sent", "failed")])
def test_settling_says_what_the_message_is_then(modemd: Modemd, tried: Tried, verdict: str, state: str) -> None:
    """The shell's user is who decides; explain tells who and why."""
    send(modemd)
    tried(AttemptResult.UNKNOWN, None)
    assert ask(modemd, "settle", "1", verdict, *WHY) == Ended(0, f"message 1 {state}\n", "")
    assert f"part=1  by={ME}  why=the phone shows it\n" in ask(modemd, "explain", "1").out
    ended = ask(modemd, "settle", "1", verdict, *WHY)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "modemd: message 1 is not unknown; only what is unknown can be settled\n"


def test_who_decides_can_be_said(modemd: Modemd, tried: Tried) -> None:
    """--by names somebody else; --json prints the message."""
    send(modemd)
    tried(AttemptResult.UNKNOWN, None)
    document = json.loads(ask(modemd, "settle", "1", "sent", "--part", "1", *WHY, "--by", "ann", "--json").out)
    assert (document["id"], document["state"]) == (1, "sent")
    assert "by=ann" in ask(modemd, "explain", "1").out


@pytest.mark.parametrize("command", [("settle", "1", "sent"), ("resend", "1"), ("cancel", "1")], ids=lambda c: c[0])
def test_a_reason_is_needed(modemd: Modemd, command: tuple[str, ...]) -> None:
    """Without --why it is wrong usage, with an empty one it is refused."""
    send(modemd)
    ended = ask(modemd, *command)
    assert (ended.status, "--why" in ended.err) == (2, True)
    ended = ask(modemd, *command, "--why", " ")
    assert (ended.status, ended.err) == (1, "modemd: say who decides, and why, in 1 to 500 characters each\n")


def test_cancelling(modemd: Modemd) -> None:
    """What waits is cancelled, once."""
    send(modemd)
    assert ask(modemd, "cancel", "1", *WHY) == Ended(0, "message 1 cancelled\n", "")
    assert ask(modemd, "cancel", "1", *WHY) == Ended(1, "", "modemd: message 1 is cancelled already\n")


def test_resending(modemd: Modemd, tried: Tried) -> None:
    """A new message is named as `send` names it; said twice it is the same one; what is on its way is not resent."""
    send(modemd)
    ended = ask(modemd, "resend", "1", *WHY)
    assert (ended.status, ended.out) == (1, "")
    assert "wait for its end, or cancel it first" in ended.err
    tried(AttemptResult.UNKNOWN, None)
    assert ask(modemd, "resend", "1", *WHY) == Ended(0, "message 2 queued (1 part)\n", "")
    assert ask(modemd, "resend", "1", *WHY).out == "message 2 queued (1 part, already known by its key)\n"
    assert "resent  message=2" in ask(modemd, "explain", "1").out
    assert "resend  message=1" in ask(modemd, "explain", "2").out


def test_reports_say_whose_they_are(modemd: Modemd, tried: Tried, database: Callable[[], sqlite3.Connection]) -> None:
    """A table, and below it a line for each that is nobody's; --unmatched shows only those; explain tells what one said."""
    send(modemd)
    tried(AttemptResult.SENT, 7)
    now, db = datetime.now(UTC), database()
    for reference, attempt in ((7, 1), (9, None)):
        told = ReportFacts(reference, ALICE, now)
        new = status_reports.NewReport(WEST, bytes([reference]), told, status_reports.DeliveryOutcome.DELIVERED, 0, now)
        status_reports.record_report(db, new, lambda told, attempts, found=attempt: found, now)  # type: ignore[misc]
    db.close()
    heading, stranger, own, why = ask(modemd, "reports").out.splitlines()
    assert re.split(" {2,}", heading)[:5] == ["id", "message", "to", "meaning", "stored at"]
    assert stranger.split()[:2] == ["2", "-"]
    assert own.split()[:2] == ["1", "1"]
    assert why.startswith("report 2 is unmatched: nothing that this SIM has sent to that number has the reference")
    assert ask(modemd, "reports", "--unmatched").out.splitlines()[1:] == [stranger, why]
    assert [row["id"] for row in json.loads(ask(modemd, "reports", "--unmatched", "--json").out)] == [2]
    assert [row["id"] for row in json.loads(ask(modemd, "reports", "--limit", "1", "--json").out)] == [2]
    story = ask(modemd, "explain", "1").out
    assert f"status=00  means=received by the recipient  accepted_at={now:%Y-%m-%d %H:%M:%S}" in story


def test_explain_says_until_when_it_is_held(modemd: Modemd) -> None:
    """By what, and until when, stands in the first line."""
    soon = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    ask(modemd, "send", "--to", ALICE, "--text", "hello", "--at", soon.isoformat())
    first = ask(modemd, "explain", "1").out.splitlines()[0]
    assert first.endswith(f": held until {soon:%Y-%m-%d %H:%M:%S} (scheduled)")
