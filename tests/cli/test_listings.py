"""`modemd status`, `messages`, `inbox`, `modems`, `optouts`, `reports` and `explain`, without a daemon."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from modemd.cli.modems import print_recovery
from modemd.service import pages
from modemd.store.connection import connect
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.schema import migrate
from tests.cli.shell import Ended, Modemd
from tests.service.assembled import NOON

ALICE, WEST = "+33612345678", "8933010000000000010"
LISTINGS = ("messages", "inbox", "modems", "optouts", "reports")


@pytest.fixture
def change(tmp_path: Path) -> Callable[[Callable[[sqlite3.Connection], object]], None]:
    """Changes the database between two commands."""

    def run(what: Callable[[sqlite3.Connection], object]) -> None:
        connection = connect(tmp_path / "modemd.db")
        migrate(connection)
        what(connection)
        connection.close()

    return run


def ask(modemd: Modemd, command: str, *arguments: str) -> Ended:
    ended = modemd(command, "--config", "FILE", *arguments)
    assert (ended.status, ended.err) == (0, "")
    return ended


def send(modemd: Modemd, text: str = "hello") -> None:
    modemd("send", "--config", "FILE", "--to", ALICE, "--text", text)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("messages", "no messages"),
        ("inbox", "no inbound messages"),
        ("optouts", "nobody has opted out"),
        ("reports", "no reports"),
    ],
)
def test_empty_lists_say_so(modemd: Modemd, command: str, said: str) -> None:
    """An empty list is a sentence for people and an empty list for programs."""
    assert ask(modemd, command).out == f"{said}\n"
    assert json.loads(ask(modemd, command, "--json").out) == []


@pytest.mark.parametrize("command", [*LISTINGS, "status"])
def test_json_is_one_document(modemd: Modemd, command: str) -> None:
    """--json prints one JSON document, a list but for `status`."""
    send(modemd)
    document = json.loads(ask(modemd, command, "--json").out)
    assert isinstance(document, dict if command == "status" else list)


def test_messages_are_a_table(modemd: Modemd) -> None:
    """A line of headings, then the newest message first."""
    send(modemd, "first")
    send(modemd, "second")
    heading, *rows = ask(modemd, "messages").out.splitlines()
    assert heading.split()[:5] == ["id", "to", "class", "state", "reason"]
    assert [row.split()[0] for row in rows] == ["2", "1"]
    assert [row.split()[-1] for row in rows] == ["second", "first"]


def test_messages_are_narrowed(modemd: Modemd) -> None:
    """--id, --state and --limit narrow; --limit 0 means all."""
    for text in ("a", "b", "c"):
        send(modemd, text)

    def texts(*arguments: str) -> list[str]:
        return [row["text"] for row in json.loads(ask(modemd, "messages", "--json", *arguments).out)]

    assert texts("--id", "2") == ["b"]
    assert texts("--limit", "1") == ["c"]
    assert texts("--limit", "0") == ["c", "b", "a"]
    assert texts("--state", "delivered") == []


def test_the_inbox_is_listed(modemd: Modemd, change: Callable[..., None]) -> None:
    """What came in, with sender, the SIM it was sent to, the network's time and ours."""
    arrival = Arrival(WEST, b"1", ALICE, "text", "hi\nthere", NOON)
    change(lambda db: inbox.store_arrival(db, arrival, lambda tpdus: ("text", ""), NOON))
    (row,) = json.loads(ask(modemd, "inbox", "--json").out)
    assert {"id", "from", "to_sim", "text", "sent_at", "stored_at", "parts"} <= set(row)
    assert (row["from"], row["text"]) == (ALICE, "hi\nthere")
    assert ask(modemd, "inbox").out.splitlines()[1].endswith("hi there")
    assert "text       hi there" in ask(modemd, "inbox", "--id", "1").out.splitlines()
    assert modemd("inbox", "--config", "FILE", "--id", "9") == Ended(1, "", "modemd: there is no inbound message 9\n")


def test_opt_outs_are_listed(modemd: Modemd, change: Callable[..., None]) -> None:
    """Who has opted out, by which word."""
    change(lambda db: statements.apply_statement(db, ConsentStatement(ALICE, False, "arret", "fr", "sms"), NOON))
    assert ask(modemd, "optouts").out.splitlines()[1].split() == [
        ALICE,
        *NOON.strftime("%Y-%m-%d %H:%M:%S").split(),
        "arret",
        "fr",
        "sms",
    ]


def test_many_opt_outs_are_cut_with_a_word(modemd: Modemd, change: Callable[..., None]) -> None:
    """Those of one moment too: each comes once, and a list that was cut says how many there are."""
    numbers = [f"+336123400{index:02}" for index in range(12)]

    def opt_out(db: sqlite3.Connection) -> None:
        for index, number in enumerate(numbers):
            said = ConsentStatement(number, False, "stop", "en", "sms")
            statements.apply_statement(db, said, NOON + timedelta(minutes=index // 4))

    change(opt_out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "ROWS_PER_PAGE", 3)
        listed = json.loads(ask(modemd, "optouts", "--limit", "0", "--json").out)
        assert [row["number"] for row in listed] == [*numbers[8:], *numbers[4:8], *numbers[:4]]
        assert ask(modemd, "optouts", "--limit", "5").out.splitlines()[-1] == "5 of 12; --limit 0 shows all"


def test_modems_are_listed(modemd: Modemd) -> None:
    """The modems as configured, and that no daemon uses them; one is found by its name."""
    assert ask(modemd, "modems").out.splitlines()[1].split()[:6] == ["west", "stopped", "no", "daemon", "runs", "-"]
    assert json.loads(ask(modemd, "modems", "--json", "--id", "west").out)[0]["name"] == "west"
    assert ask(modemd, "modems", "--id", "west").out.splitlines()[0].split() == ["name", "west"]


@pytest.mark.parametrize("more", [(), ("--json",), ("--wire",)], ids=["table", "json", "wire"])
def test_a_modem_that_is_not_there_is_an_error(modemd: Modemd, more: tuple[str, ...]) -> None:
    """A program that asks for one modem by a wrong name learns it from the exit status."""
    ended = modemd("modems", "--config", "FILE", "--id", "east", *more)
    assert (ended.status, ended.out, ended.err) == (1, "", "modemd: there is no modem 'east'\n")


def test_status_tells_what_waits(modemd: Modemd) -> None:
    """Whether a message can pass, the modems, what waits, and what a person should look at."""
    assert "nothing waits" in ask(modemd, "status").out
    send(modemd)
    lines = ask(modemd, "status").out.splitlines()
    assert lines[0] == "no message can pass: no daemon runs"
    assert any(line.startswith("queued  transactional  1") for line in lines)
    assert any(line.startswith("the oldest queued transactional waits because no daemon runs") for line in lines)
    assert lines[-1] == "0 opted out, 0 unmatched reports"


def test_explain_tells_the_story(modemd: Modemd) -> None:
    """A message with every event, for people and for programs."""
    send(modemd)
    first, waits, text, event = ask(modemd, "explain", "1").out.splitlines()
    assert first == f"message 1 to {ALICE}, transactional, 1 part: queued"
    assert waits.startswith("waits because no daemon runs (valid until ")
    assert text == "hello"
    assert event.endswith("  message queued  class=transactional")
    assert json.loads(ask(modemd, "explain", "1", "--json").out)["events"][0]["what"] == "message queued"


def test_explaining_nothing_is_refused(modemd: Modemd) -> None:
    """A message that is not there ends with 1 and one line."""
    assert modemd("explain", "--config", "FILE", "7") == Ended(1, "", "modemd: there is no message 7\n")


def test_an_emulator_that_does_not_run_is_reported(modemd: Modemd, tmp_path: Path) -> None:
    """A phone without a network ends with 1 and what to do."""
    ended = modemd("phone", "--dir", str(tmp_path), ALICE, "inbox")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == f"modemd: no emulator runs in {tmp_path}; start one with modemd emulate\n"


def test_the_inbox_is_narrowed_to_a_kind(modemd: Modemd, change: Callable[..., None]) -> None:
    """Calls alone, or texts alone; the kind stands beside the number."""
    change(
        lambda db: inbox.store_arrival(
            db, Arrival(WEST, b"1", ALICE, "text", "hi", NOON), lambda tpdus: ("text", ""), NOON
        )
    )
    change(lambda db: inbox.store_missed_call(db, WEST, ALICE, NOON))
    assert [row["text"] for row in json.loads(ask(modemd, "inbox", "--json", "--kind", "call").out)] == ["missed call"]
    assert ask(modemd, "inbox", "--kind", "text").out.splitlines()[1].split()[1] == "text"
    assert ask(modemd, "inbox", "--kind", "mms").out == "no inbound messages\n"


def test_where_a_sick_modem_stands_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Below the table of one modem: its trouble, how often and how long each step was taken; nothing for a healthy one."""
    print_recovery({"counts": {}})
    assert capsys.readouterr().out == ""
    print_recovery(
        {
            "trouble": "silent",
            "reason": "no answer to AT in 15 s",
            "rung": "usb reset",
            "counts": {"escape": 2, "usb reset": 1},
            "spent_s": {"escape": 30.04},
        }
    )
    assert capsys.readouterr().out.splitlines() == [
        "trouble: silent; last step: usb reset",
        "last reason: no answer to AT in 15 s",
        "escape: 2 since the start, 30.0 s",
        "usb reset: 1 since the start, 0.0 s",
    ]
