"""Every command that prints, fed with texts of a stranger: control characters in whatever the daemon answers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modemd.cli import client, inbox, lists
from modemd.cli.consent.group import ConsentCommands
from modemd.cli.main import _COMMANDS
from modemd.controls import list_codes
from modemd.store import alarms, sims
from modemd.store.connection import connect
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.inbound import inbox as stored_inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.schema import migrate
from tests.cli.shell import Ended, Modemd
from tests.service.assembled import NOON

ALICE, WEST = "+33612345678", "8933010000000000010"
EVIL = "\x07\x1b[2J\x9b\u2028\u202e\u2066x"
MARKS = "<U+0007><U+001B>[2J<U+009B><U+2028><U+202E><U+2066>x"
# Fields of answers whose words are a stranger's, an operator's, a modem's or a person's.
FREE = frozenset(
    {
        "url",
        "text",
        "to",
        "from",
        "reason",
        "because",
        "number",
        "operator",
        "model",
        "place",
        "why",
        "by",
        "subject",
        "word",
    }
    | {
        "language",
        "message",
        "meaning",
        "timezone",
        "revision",
        "remarks",
        "paused",
        "name",
        "detail",
        "error",
        "health",
        "evidence",
        "basis",
        "actor",
    }
)
# Commands that print what the daemon answers, with their arguments, and those that print nothing of others.
FED = {
    "send": ("--to", ALICE, "--text", "x"),
    "settle": ("1", "sent", "--why", "x"),
    "resend": ("1", "--why", "x"),
    "cancel": ("1", "--why", "x"),
    "batches": ("--id", "1"),
    "undo-optout": (ALICE, "--why", "x"),
    "pause": ("--class", "marketing", "--why", "x"),
    "resume": ("--class", "otp", "--why", "x"),
    "pauses": (),
    "quiet-hours": (),
    "sims": ("list",),
    "status": (),
    "alarms": (),
    "schedules": ("list",),
    "webhooks": ("list",),
    "keys": ("list",),
    "audit": (),
    "release": ("--why", "x"),
    "messages": (),
    "inbox": (),
    "thread": (ALICE,),
    "reply": ("1", "--text", "x"),
    "erase": ("+33600000009", "--why", "x"),
    "modems": (),
    "ussd": ("*100#", "--modem", "west"),
    "optouts": (),
    "consent show": ("+33698765432",),
    "consent history": ("+33698765432",),
    "consent opt-out": (ALICE, "--channel", "email", "--evidence", "x"),
    "consent opt-in": ("+33600000008", "--channel", "form", "--basis", "x", "--evidence", "x"),
    "consent import": (__file__, "--basis", "x"),
    "consent verify": (),
    "consent email": (ALICE, "ana@example.com"),
    "consent emails": (),
    "consent request": (ALICE, "--channel", "form", "--evidence", "x"),
    "consent reviews": (),
    "consent review": ("1", "--dismiss", "--why", "x"),
    "consent subscribers": ("promo",),
    "consent test": ("STOP", "--from", ALICE),
    "consent words": (),
    "consent replies": (),
    "reports": ("--unmatched",),
    "explain": ("1",),
}
OWN = {
    "tls",
    "policies",
    "help",
    "completion",
    "run",
    "doctor",
    "backup",
    "restore",
    "config",
    "drivers",
    "install",
    "udev-rules",
    "demo",
}
OF_THE_EMULATOR = {"emulate", "phone", "fault"}
WITHOUT_A_DAEMON = {"record", "pdu"}


def poison(answer: Any, *, is_free: bool = False) -> Any:
    """The answer, with a stranger's characters behind each text that others choose."""
    if isinstance(answer, dict):
        return {
            key: poison(value, is_free=is_free or (key in FREE and not isinstance(value, int)))
            for key, value in answer.items()
        }
    if isinstance(answer, list):
        return [poison(value, is_free=is_free) for value in answer]
    return f"{answer}{EVIL}" if is_free and isinstance(answer, str) else answer


def texts(document: Any) -> str:
    """All texts of a document, joined."""
    if isinstance(document, dict):
        return " ".join(map(texts, document.values()))
    return " ".join(map(texts, document)) if isinstance(document, list) else str(document)


@pytest.fixture
def fed(modemd: Modemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Modemd:
    """The command line over a database with something of everything, whose answers are poisoned."""
    modemd("send", "--config", "FILE", "--to", ALICE, "--text", "hello")
    modemd("schedules", "add", "--config", "FILE", "daily", "--cron", "0 9 * * *", "--to", ALICE, "--text", "x")
    modemd("webhooks", "add", "--config", "FILE", "https://crm.example.com/sms")
    modemd("pause", "--config", "FILE", "--class", "otp", "--why", "x")
    (tmp_path / "rows.csv").write_text(f"to,text,class\n{ALICE},x,otp\n", encoding="utf-8")
    modemd("send", "--config", "FILE", "--csv", str(tmp_path / "rows.csv"), "--key", "k")
    modemd("pause", "--config", "FILE", "--batch", "1", "--why", "x")

    def change(what: Callable[[sqlite3.Connection], object]) -> None:
        connection = connect(tmp_path / "modemd.db")
        migrate(connection)
        what(connection)
        connection.close()

    arrival = Arrival(WEST, b"1", ALICE, "text", "hi", NOON)
    statement = ConsentStatement("+33698765432", False, "arret", "fr", "sms")
    change(lambda db: stored_inbox.store_arrival(db, arrival, lambda tpdus: ("text", ""), NOON))
    change(lambda db: statements.apply_statement(db, statement, NOON))
    change(lambda db: sims.record_sim(db, WEST, None, "+33700000001", "imei", NOON))
    change(lambda db: alarms.raise_alarm(db, "modem", "west", "cannot be used", NOON))
    original, parse_row = client.parse_response, lists.parse_row

    def parse(status: int, body: bytes) -> Any:
        return poison(original(status, body))

    monkeypatch.setattr(client, "parse_response", parse)
    monkeypatch.setattr(inbox, "parse_response", parse)
    monkeypatch.setattr(lists, "parse_row", lambda line: poison(parse_row(line)))
    return modemd


def test_every_command_is_fed_or_prints_nothing_of_others() -> None:
    """A new command comes into one of the lists."""
    fed = {command.split()[0] for command in FED}
    assert set(_COMMANDS) == fed | OWN | OF_THE_EMULATOR | WITHOUT_A_DAEMON
    assert {f"consent {inner}" for inner in ConsentCommands.table} <= FED.keys()


def run(fed: Modemd, command: str, *more: str) -> Ended:
    """A command as FED has it. A group takes its configuration behind the name of the inner command."""
    inner = FED[command][:1] if command in ("sims", "schedules", "webhooks") else ()
    return fed(*command.split(), *inner, "--config", "FILE", *FED[command][len(inner) :], *more)


def test_no_command_prints_a_control_character(fed: Modemd) -> None:
    """Whatever stands in an answer, none reaches stdout or stderr: people see marks, and what they were."""
    marked = set()
    for command in FED:
        ended = run(fed, command)
        assert not set(map(ord, ended.out + ended.err)) & set(list_codes()), command
        marked |= {command} if MARKS in ended.out + ended.err else set()
    assert marked >= {
        "sims",
        "messages",
        "inbox",
        "modems",
        "optouts",
        "explain",
        "status",
        "schedules",
        "alarms",
        "batches",
        "thread",
        "consent show",
        "consent history",
    }


def test_no_document_has_a_control_character(fed: Modemd) -> None:
    """With --json they are escapes; a program reads the texts as they were."""
    whole = set()
    for command in FED:
        ended = run(fed, command, "--json")
        assert not set(map(ord, ended.out + ended.err)) & set(list_codes()), command
        whole |= {command} if ended.status == 0 and EVIL in texts(json.loads(ended.out)) else set()
    assert whole >= {
        "sims",
        "messages",
        "inbox",
        "modems",
        "optouts",
        "explain",
        "status",
        "schedules",
        "alarms",
        "batches",
        "thread",
        "consent show",
        "consent history",
    }


def test_errors_are_marked(modemd: Modemd) -> None:
    """What a person typed comes back in an error without its control characters."""
    for words in (["send", "--config", EVIL, "--to", "1", "--text", "x"], [EVIL], ["pdu", "decode", EVIL]):
        ended = modemd(*words)
        assert ended.status == 2
        assert not set(map(ord, ended.out + ended.err)) & set(list_codes())


def test_a_text_is_explained_without_its_controls(modemd: Modemd) -> None:
    """`modemd pdu` shows a text of a PDU, and a text that is planned, with marks."""
    shown = modemd("pdu", "plan", "--text", "a\u202eb").out
    assert "\u202e" not in shown
    assert "not in the GSM 7 bit alphabet: <U+202E> at 1" in shown
