"""`modemd schedules`, `alarms`, `backup`, `restore`, `release`, and the status screen, without a daemon."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from modemd.cli import inbox
from modemd.cli.status import format_age
from modemd.config import load
from modemd.store import alarms, modems
from modemd.store.connection import connect
from modemd.store.modems import KnownModem
from modemd.store.schema import migrate
from tests.cli.shell import Ended, Modemd
from tests.service.assembled import NOON

ALICE = "+33612345678"
NEW = ("daily", "--cron", "30 9 * * 1-5", "--to", ALICE, "--to", "+33698765432", "--text", "Good morning")


def ask(modemd: Modemd, *words: str) -> Ended:
    """A command of one or two words with its arguments, that must end well."""
    names = 2 if words[0] == "schedules" else 1
    ended = modemd(*words[:names], "--config", "FILE", *words[names:])
    assert (ended.status, ended.err) == (0, "")
    return ended


def send(modemd: Modemd, *more: str) -> None:
    ask(modemd, "send", "--to", ALICE, "--text", "hello", *more)


def test_a_schedule_lives_by_the_command_line(modemd: Modemd) -> None:
    """Added, listed, shown, paused, resumed, removed."""
    assert ask(modemd, "schedules", "list").out == "no schedules\n"
    added = ask(modemd, "schedules", "add", *NEW, "--window", "09:00-18:00", "--valid", "2h", "--late").out
    assert added.startswith("schedule daily (30 9 * * 1-5, UTC): next 20")
    assert added.endswith(", 2 recipients\n")
    assert ask(modemd, "schedules", "list").out.splitlines()[1].startswith("daily  30 9 * * 1-5  UTC")
    shown = ask(modemd, "schedules", "show", "daily").out.splitlines()
    assert shown[1:] == ["Good morning", "no runs yet"]
    found = json.loads(ask(modemd, "schedules", "show", "daily", "--json").out)
    assert (found["valid_s"], found["window"], found["late"]) == (7200, "09:00-18:00", True)
    why = ("daily", "--why", "holidays")
    assert "paused" in ask(modemd, "schedules", "pause", *why).out
    assert "next 20" in ask(modemd, "schedules", "resume", *why).out
    assert ask(modemd, "schedules", "remove", *why).out == "schedule daily removed\n"
    assert modemd("schedules", "show", "--config", "FILE", "daily") == Ended(
        1, "", "modemd: there is no schedule 'daily'\n"
    )


def test_what_is_wrong_with_a_schedule_is_one_line(modemd: Modemd) -> None:
    """Status 1, and nothing is kept."""
    ended = modemd("schedules", "add", "--config", "FILE", "x", "--cron", "61 * * * *", "--to", ALICE, "--text", "x")
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert ended.err.startswith("modemd: '61 * * * *' is no cron expression")


def test_alarms_are_listed(modemd: Modemd, tmp_path: Path) -> None:
    """What stands; with --all what is over. The status says it above the modems."""
    assert ask(modemd, "alarms").out == "no alarms\n"
    db = connect(tmp_path / "modemd.db")
    alarms.raise_alarm(db, "old", "", "was so", NOON)
    alarms.clear(db, "old", "", NOON)
    alarms.raise_alarm(db, "modem_unusable", "west", "modem west cannot be used\x1b[2J", NOON)
    db.close()
    assert [row["code"] for row in json.loads(ask(modemd, "alarms", "--json").out)] == ["modem_unusable"]
    assert len(ask(modemd, "alarms", "--all").out.splitlines()) == 3
    assert ask(modemd, "status").out.splitlines()[1] == (
        "alarm 2 since 2026-11-22 12:00:00: modem west cannot be used<U+001B>[2J"
    )


def test_alarms_are_tested(modemd: Modemd, config: Path) -> None:
    """A message to each administrator and a run of the command; nobody at all, and a command that fails, end with 1."""
    test = ("alarms", "test", "--config", "FILE")
    nobody = modemd(*test)
    assert (nobody.status, nobody.err.startswith("modemd: nobody is told of alarms")) == (1, True)
    told = config.parent / "told"
    smallest = config.read_text(encoding="utf-8")
    configured = f"{smallest}alarms: {{to: ['+33612345678'], command: [/usr/bin/tee, {told}]}}\n"
    config.write_text(configured, encoding="utf-8")
    good = modemd(*test)
    assert good.out.splitlines() == [
        "message 1 is queued; modemd explain 1 shows what becomes of it",
        "the command ended with 0",
    ]
    assert json.loads(told.read_text(encoding="utf-8"))["code"] == "test"
    assert json.loads(ask(modemd, "messages", "--json").out)[0]["class"] == "alarm"
    config.write_text(configured.replace("/usr/bin/tee", "/usr/bin/false"), encoding="utf-8")
    bad = modemd(*test)
    assert (bad.status, bad.err) == (1, "modemd: alarms.command has failed: it ended with status 1\n")


def test_a_modem_that_is_gone_is_forgotten(modemd: Modemd, config: Path) -> None:
    """With `modems: auto`, one that was found before is listed, until a person forgets it; one that is configured cannot be."""
    ended = modemd("modems", "forget", "--config", "FILE", "west")
    assert (ended.status, "is in the configuration" in ended.err) == (1, True)
    config.write_text("database: modemd.db\n", encoding="utf-8")
    db = connect(config.with_name("modemd.db"))
    migrate(db)
    modems.record_modem(db, KnownModem("modem-411115", "490154203411115", "1-1.1"), NOON)
    db.close()
    assert "modem-411115" in modemd("modems", "--config", "FILE").out
    assert modemd("modems", "forget", "--config", "FILE", "modem-411115").out == "modem modem-411115 is forgotten\n"
    assert modemd("modems", "--config", "FILE").out == "no modem found\n"
    again = modemd("modems", "forget", "--config", "FILE", "modem-411115", "--json")
    assert again == Ended(1, "", "modemd: there is no modem 'modem-411115'\n")


def test_the_status_is_one_screen(modemd: Modemd) -> None:
    """What waits by class and age, and what is held by reason."""
    send(modemd)
    send(modemd, "--at", "2027-11-22T12:00")
    lines = ask(modemd, "status").out.splitlines()
    assert any(line.split()[:3] == ["queued", "transactional", "1"] and line.endswith(" s") for line in lines)
    assert "held: 1 scheduled" in lines
    assert len(lines) < 24


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "1 h"), (200_000, "2 d")]
)
def test_ages_are_said_in_one_unit(seconds: int, said: str) -> None:
    """The largest that fits."""
    assert format_age(seconds) == said


def test_a_backup_is_restored(modemd: Modemd, tmp_path: Path) -> None:
    """What waited is held until it is released; the database before is kept."""
    send(modemd)
    copy = tmp_path / "copy.db"
    said = ask(modemd, "backup", str(copy)).out
    assert said.startswith(f"{copy}: {copy.stat().st_size} octets, checked")
    assert modemd("backup", "--config", "FILE", str(copy)).status == 1
    send(modemd)
    lines = ask(modemd, "restore", str(copy)).out.splitlines()
    assert lines[0] == f"restored from {copy}; 1 messages are held until modemd release"
    before = Path(lines[1].removeprefix("the replaced database is kept as "))
    with sqlite3.connect(before) as db:
        assert db.execute("SELECT count(*) FROM message").fetchone() == (2,)
    db.close()
    (held,) = json.loads(ask(modemd, "messages", "--json").out)
    assert (held["state"], held["reason"]) == ("held", "restored")
    assert ask(modemd, "release", "--why", "looked").out == "1 messages and 0 batches released\n"
    assert json.loads(ask(modemd, "release", "--why", "looked", "--json").out) == {"messages": 0, "batches": 0}


def test_a_file_that_is_no_backup_is_refused(modemd: Modemd, tmp_path: Path) -> None:
    """One line, status 1, and the database is as it was."""
    send(modemd)
    (tmp_path / "rubbish").write_text("rubbish" * 1000, encoding="utf-8")
    ended = modemd("restore", "--config", "FILE", str(tmp_path / "rubbish"))
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert len(json.loads(ask(modemd, "messages", "--json").out)) == 1


class Enough(Exception):
    """The person has seen enough."""


def row(id: int, seen_at: str, text: str = "hi") -> dict[str, Any]:
    return {
        "id": id, "from": ALICE, "to_sim": "8933", "text": text, "seen_at": seen_at, "complete": True, "parts": 1,
        "total": 1,
    }  # fmt: skip


def test_what_comes_in_is_followed(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each message once, in the order in which they came to be seen, also of one moment, and over a daemon's restart."""
    first, second = "2026-11-22T12:00:01.000000+00:00", "2026-11-22T12:00:02.000000+00:00"
    answers: list[list[dict[str, Any]] | None] = [
        [],
        [row(2, first)],
        None,
        [row(2, first), row(1, first, "late")],
        [row(2, first), row(1, first, "late"), row(3, second, "a\x1bb")],
        [row(3, second, "a\x1bb")],
    ]
    asked: list[str] = []

    def answer(settings: object, query: dict[str, Any]) -> list[dict[str, Any]] | None:
        asked.append(query["since"])
        if not answers:
            raise Enough
        return answers.pop(0)

    with pytest.raises(Enough):
        inbox.follow_inbox(load(config), as_json=False, wait=lambda seconds: None, ask=answer)
    assert [line.split(": ", 1)[1] for line in capsys.readouterr().out.splitlines()] == ["hi", "late", "a<U+001B>b"]
    assert asked[-1] == second


def test_follow_cannot_be_used_with_an_id(modemd: Modemd) -> None:
    """One message does not come twice."""
    assert modemd("inbox", "--config", "FILE", "--follow", "--id", "3").status == 2


def test_a_backup_needs_a_file(modemd: Modemd, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is no file: a backup is checked page by page, which a stream cannot be; no file of that name is made."""
    monkeypatch.chdir(config.parent)
    ended = modemd("backup", "--config", "FILE", "-")
    assert (ended.status, ended.out) == (2, "")
    assert "it goes to a file; name one" in ended.err
    assert not (config.parent / "-").exists()
