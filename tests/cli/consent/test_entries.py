"""`modemd consent opt-out`, `opt-in`, `import`, `history` and `verify`, without a daemon."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import sqlite3
from pathlib import Path

import pytest

from tests.cli.shell import Ended, Modemd

ALICE, BOB = "+33612345678", "+33698765432"


@pytest.fixture
def ask(modemd: Modemd) -> Modemd:
    """`modemd consent` with a database."""
    modemd("send", "--config", "FILE", "--to", ALICE, "--text", "offer", "--class", "marketing")

    def run(*arguments: str) -> Ended:
        return modemd("consent", arguments[0], "--config", "FILE", *arguments[1:])

    return run


def test_an_opt_out_by_letter_binds_at_once(ask: Modemd, modemd: Modemd, tmp_path: Path) -> None:
    """Marketing that waits is cancelled, new marketing is refused, and the letter is in the history."""
    (tmp_path / "letter.pdf").write_bytes(b"\x00letter")
    ended = ask(
        "opt-out",
        ALICE,
        "--channel",
        "letter",
        "--evidence",
        "a letter",
        "--evidence-file",
        str(tmp_path / "letter.pdf"),
    )
    assert ended.out == f"{ALICE} is opted out; 1 messages that waited are cancelled\n"
    sent = modemd("send", "--config", "FILE", "--to", ALICE, "--text", "x", "--class", "marketing")
    assert "opted_out" in sent.err
    again = ask("opt-out", ALICE, "--channel", "phone", "--evidence", "called")
    assert again.out.startswith(f"{ALICE} was opted out before")
    found = json.loads(ask("history", ALICE, "--json").out)
    assert [event["channel"] for event in found["events"]] == ["letter", "phone"]
    assert [base64.b64decode(file["content"]) for file in found["files"]] == [b"\x00letter"]
    (row, _) = csv.DictReader(io.StringIO(ask("history", ALICE, "--csv").out))
    assert (row["number"], row["evidence_name"], row["action"]) == (ALICE, "letter.pdf", "opt_out")


def test_an_opt_in_needs_evidence_that_is_later_than_the_opt_out(ask: Modemd) -> None:
    """Without a time, or with an earlier one, an opt-out stays."""
    agree = ("opt-in", ALICE, "--channel", "paper", "--basis", "consent", "--evidence", "signed")
    assert ask(*agree).out == f"{ALICE} is opted in\n"
    ask("opt-out", ALICE, "--channel", "phone", "--evidence", "called")
    for earlier in ((), ("--at", "2020-01-01")):
        refused = ask(*agree, *earlier)
        assert refused.status == 1
        assert "dated after that" in refused.err
    assert json.loads(ask("show", ALICE, "--json").out)["marketing"] == "opted_out"


def test_an_import_leaves_opted_out_people_alone(ask: Modemd, tmp_path: Path) -> None:
    """They are counted and named; the same file twice adds nothing; a malformed row refuses all, by its line."""
    ask("opt-out", ALICE, "--channel", "phone", "--evidence", "called")
    file = tmp_path / "people.csv"
    file.write_text(f"number;at;wording\n{ALICE};;x\n{BOB};2026-01-02;Yes\n", encoding="utf-8")
    first, again = (ask("import", str(file), "--basis", "consent", "--json") for _ in range(2))
    assert json.loads(first.out) == {"rows": 2, "opted_in": 1, "known": 0, "opted_out": 1, "kept_out": [ALICE]}
    assert json.loads(again.out) == {"rows": 2, "opted_in": 0, "known": 1, "opted_out": 1, "kept_out": [ALICE]}
    said = ask("import", str(file), "--basis", "consent").out
    assert said == f"2 rows: 0 are opted in, 1 was known\n1 has opted out, and stays so:\n  {ALICE}\n"
    file.write_text(f"number,at\n{BOB},never\n\nx,\n", encoding="utf-8")
    bad = ask("import", str(file), "--basis", "consent")
    assert (bad.status, bad.out) == (1, "")
    assert [line.split(":")[1].strip() for line in bad.err.splitlines()[1:]] == ["line 2", "line 4"]
    assert len(json.loads(ask("history", BOB, "--json").out)["events"]) == 1


def test_a_changed_row_ends_with_1(ask: Modemd, tmp_path: Path) -> None:
    """The command names the row; it makes and changes no file."""
    ask("opt-out", ALICE, "--channel", "phone", "--evidence", "called")
    whole = ask("verify")
    assert (whole.status, whole.out.splitlines()[0]) == (0, "1 rows checked; no problem")
    with sqlite3.connect(tmp_path / "modemd.db") as db:
        db.execute("UPDATE consent_event SET evidence = 'called twice'")
    db.close()
    before = sorted(path.name for path in tmp_path.iterdir())
    ended = ask("verify")
    assert (ended.status, ended.out.splitlines()[0]) == (1, "row 1 was changed: its content does not fit its digest")
    (problem,) = json.loads(ask("verify", "--json").out)["problems"]
    assert (problem["fault"], problem["first"], problem["last"]) == ("changed", 1, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_history_is_no_formula(ask: Modemd) -> None:
    """What somebody wrote is not run by a spreadsheet."""
    ask("opt-out", ALICE, "--channel", "phone", "--evidence", "=1+1")
    (row,) = csv.DictReader(io.StringIO(ask("history", ALICE, "--csv").out))
    assert row["evidence"] == "'=1+1"


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 1024 * 1024 * 1024])
def test_of_a_file_of_evidence_no_more_is_read_than_may_be_stored(ask: Modemd, tmp_path: Path, size: int) -> None:
    """A file that is too large is refused, however large it is."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(size)
    ended = ask("opt-out", ALICE, "--channel", "letter", "--evidence", "x", "--evidence-file", str(path))
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "a file of evidence has at most 1024 KiB" in ended.err


@pytest.mark.parametrize("name", ["/dev/null", "pipe", "absent"])
def test_evidence_is_a_regular_file(ask: Modemd, tmp_path: Path, name: str) -> None:
    """A device or a pipe may never end: neither is read."""
    os.mkfifo(tmp_path / "pipe")
    ended = ask("opt-out", ALICE, "--channel", "letter", "--evidence", "x", "--evidence-file", str(tmp_path / name))
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    said = "No such file or directory" if name == "absent" else "this is no regular file"
    assert ended.err.endswith(f"{tmp_path / name}: {said}\n")


@pytest.mark.parametrize("what", ["show", "history", "opt-out", "email"])
@pytest.mark.parametrize("number", ["", " "])
def test_an_empty_number_is_named(ask: Modemd, what: str, number: str) -> None:
    """Not the path of the API that it makes."""
    more = {"opt-out": ("--channel", "phone", "--evidence", "x"), "email": ("ann@example.org",)}.get(what, ())
    ended = ask(what, number, *more)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "modemd: the number is empty; write it as +33612345678\n"


def test_a_history_without_events_has_the_header_of_the_csv(ask: Modemd) -> None:
    """The same columns as with events: a program reads both."""
    (header,) = ask("history", ALICE, "--csv").out.splitlines()
    ask("opt-out", ALICE, "--channel", "phone", "--evidence", "called")
    assert ask("history", ALICE, "--csv").out.splitlines()[0] == header
