"""`modemd send` without a daemon: the same application, in this process."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import pytest

from tests.cli.shell import Ended, Modemd

ALICE = "+33612345678"

NEXT_YEAR = date.today().year + 1


def send(modemd: Modemd, *arguments: str) -> Ended:
    return modemd("send", "--config", "FILE", *arguments)


def listed(modemd: Modemd) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(modemd("messages", "--config", "FILE", "--json").out)
    return rows


def test_a_message_is_accepted(modemd: Modemd) -> None:
    """0 means durable; the line tells id, state and parts."""
    ended = send(modemd, "--to", ALICE, "--text", "hello")
    assert ended == Ended(0, "message 1 queued (1 part)\n", "")
    (row,) = listed(modemd)
    assert {
        "id",
        "to",
        "text",
        "class",
        "state",
        "parts",
        "created_at",
        "sent_at",
        "delivered_at",
        "sim",
        "reason",
    } <= set(row)
    assert (row["to"], row["text"], row["class"]) == (ALICE, "hello", "transactional")


def test_every_option_is_taken(modemd: Modemd) -> None:
    """Class, time, key and short code reach the message; a held one says until when."""
    ended = send(
        modemd, "--to", "36111", "--short-code", "--text", "x" * 161, "--class", "otp", "--at", f"{NEXT_YEAR}-01-01T00:00+00:00",
        "--key", "k", "--no-report",
    )  # fmt: skip
    assert ended.out == f"message 1 held until {NEXT_YEAR}-01-01 00:00:00 (2 parts)\n"
    (row,) = listed(modemd)
    assert (row["to"], row["class"], row["key"], row["parts"]) == ("36111", "otp", "k", 2)


def test_a_known_key_is_mentioned(modemd: Modemd) -> None:
    """A key that is known makes no second message, and is told so; with other content it is refused with 1."""
    send(modemd, "--to", ALICE, "--text", "hello", "--key", "k")
    assert (
        send(modemd, "--to", ALICE, "--text", "hello", "--key", "k").out
        == "message 1 queued (1 part, already known by its key)\n"
    )
    other = send(modemd, "--to", ALICE, "--text", "bye", "--key", "k")
    assert (other.status, other.out) == (1, "")
    assert other.err.startswith("modemd: idempotency key 'k' belongs to message 1")


def test_json_is_one_document(modemd: Modemd) -> None:
    """With --json the answer is the message, and nothing else is on stdout."""
    ended = send(modemd, "--to", "0612345678", "--text", "😀", "--json")
    message = json.loads(ended.out)
    assert (ended.status, message["to"], message["text"], message["warnings"]) == (0, ALICE, "😀", [])


def test_a_doubtful_number_is_warned_of(modemd: Modemd) -> None:
    """A warning goes to stderr; the message goes all the same."""
    ended = send(modemd, "--to", "+33700000000", "--text", "x")
    assert ended == Ended(
        0, "message 1 queued (1 part)\n", "warning: +33700000000 is no number that FR is known to assign\n"
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param(("--to", "112", "--text", "x"), "modemd: '112' is an emergency number", id="emergency"),
        pytest.param(("--to", ALICE, "--text", ""), "modemd: the text is empty", id="no text"),
        pytest.param(("--to", ALICE, "--text", "x", "--at", "2020-01-01"), "is in the past", id="past"),
    ],
)
def test_a_refusal_ends_with_1(modemd: Modemd, arguments: tuple[str, ...], line: str) -> None:
    """What cannot be sent is refused with one line and status 1."""
    ended = send(modemd, *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert line in ended.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param((), "needs --to and --text, or --csv", id="nothing"),
        pytest.param(("--to", ALICE), "needs --to and --text, or --csv", id="no text"),
        pytest.param(("--csv", "none.csv"), "none.csv: No such file or directory", id="no file"),
        pytest.param(("--csv", "-", "--to", ALICE), "--to cannot be used with --csv", id="csv and to"),
        pytest.param(("--to", ALICE, "--text", "x", "--dedupe"), "need --csv", id="dedupe without csv"),
        pytest.param(("--csv", "x", "--wait", "1s"), "--wait is for messages", id="wait for a file"),
        pytest.param(("--to", ALICE, "--text", "x", "--wait", "soon"), "'soon' is no duration", id="no duration"),
        pytest.param(("--to", ALICE, "--text", "x", "--wait", "2d"), "the longest wait is 1d", id="too long"),
    ],
)
def test_wrong_usage_ends_with_2(modemd: Modemd, arguments: tuple[str, ...], line: str) -> None:
    """Options that do not go together are told, and nothing is silently left out."""
    ended = send(modemd, *arguments)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert line in ended.err


def test_a_file_of_rows(modemd: Modemd, tmp_path: Path) -> None:
    """A CSV is accepted whole, with or without a byte order mark."""
    path = tmp_path / "rows.csv"
    path.write_text(f'to,text,class\n{ALICE},hello,otp\n0698765432,"two\nlines",conversational\n', encoding="utf-8-sig")
    ended = send(modemd, "--csv", str(path))
    assert (ended.status, ended.out.splitlines()[0], ended.err) == (0, "batch 1: 2 accepted, 0 refused", "")
    assert [row["text"] for row in listed(modemd)] == ["two\nlines", "hello"]


def test_rows_from_standard_input(modemd: Modemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--csv -` reads stdin; --json answers one document, the batch."""

    class Stdin:
        buffer = io.BytesIO(f"to,text,class\n{ALICE},hello,otp\n".encode())

    monkeypatch.setattr("sys.stdin", Stdin)
    batch = json.loads(send(modemd, "--csv", "-", "--json").out)
    assert (batch["accepted"], batch["messages"], batch["first_message"]) == (1, {"queued": 1}, 1)


def test_bad_rows_are_refused_each_in_a_line(modemd: Modemd, tmp_path: Path) -> None:
    """Every malformed row is named, and nothing is accepted."""
    path = tmp_path / "rows.csv"
    path.write_text(f"to,text,class\nnobody,x,otp\n{ALICE},x,spam\n", encoding="utf-8")
    ended = send(modemd, "--csv", str(path))
    first, second, third = ended.err.splitlines()
    assert (ended.status, first) == (1, "modemd: nothing was accepted; 2 problems:")
    assert second.startswith("modemd: line 2: 'nobody' is not")
    assert third.startswith("modemd: line 3: 'spam' is no class")
    assert listed(modemd) == []


def test_several_recipients_are_all_accepted(modemd: Modemd) -> None:
    """Each --to is a message of its own; with --json they are a list."""
    ended = send(modemd, "--to", ALICE, "--to", "+33698765432", "--text", "hello")
    assert ended == Ended(0, f"message 1 to {ALICE} queued (1 part)\nmessage 2 to +33698765432 queued (1 part)\n", "")
    document = json.loads(send(modemd, "--to", ALICE, "--to", "+33698765432", "--text", "x", "--json").out)
    assert [message["to"] for message in document] == [ALICE, "+33698765432"]


def test_a_recipient_that_is_named_twice_gets_one_message(modemd: Modemd) -> None:
    """Two spellings of one number are one recipient, and a person is told."""
    ended = send(modemd, "--to", ALICE, "--to", "06 12 34 56 78", "--text", "hello")
    assert ended.out == "message 1 queued (1 part)\n"
    assert ended.err == f"warning: {ALICE} is named 2 times; it gets one message\n"
    assert len(listed(modemd)) == 1


def test_several_recipients_are_accepted_together_or_not(modemd: Modemd) -> None:
    """If one cannot be written to, nobody is: the error names it."""
    ended = send(modemd, "--to", ALICE, "--to", "112", "--text", "hello")
    assert ended.status == 1
    assert "'112' is an emergency number" in ended.err
    assert listed(modemd) == []


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param("piped é\n".encode(), "piped é", id="echo"),
        pytest.param(b"one\ntwo\r\n", "one\ntwo", id="lines"),
        pytest.param(b"bare", "bare", id="no line end"),
    ],
)
def test_a_text_from_standard_input(modemd: Modemd, monkeypatch: pytest.MonkeyPatch, octets: bytes, text: str) -> None:
    """--text - is what is piped, without the line end that echo adds."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets)))
    assert send(modemd, "--to", ALICE, "--text", "-").status == 0
    assert [row["text"] for row in listed(modemd)] == [text]


def test_a_text_that_is_not_utf_8_is_refused(modemd: Modemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place of the wrong octet is told, and nothing is sent."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9")))
    ended = send(modemd, "--to", ALICE, "--text", "-")
    assert ended.status == 2
    assert "standard input is not UTF-8 at byte 3" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("send", "--to", ALICE, "--text", "a", "--text", "b"), id="text"),
        pytest.param(("send", "--to", ALICE, "--text", "a", "--class", "otp", "--class", "alarm"), id="class"),
        pytest.param(("schedules", "list", "--config", "other"), id="a command of a group"),
    ],
)
def test_an_option_that_is_written_twice_is_refused(modemd: Modemd, words: tuple[str, ...]) -> None:
    """Nothing that was written is dropped without a word."""
    ended = modemd(*words, "--config", "FILE")
    assert ended.status == 2
    assert "is written twice" in ended.err


def test_a_key_is_for_one_recipient(modemd: Modemd) -> None:
    """A key belongs to one message."""
    ended = send(modemd, "--to", ALICE, "--to", "+33698765432", "--text", "x", "--key", "k")
    assert ended.status == 2
    assert listed(modemd) == []


def test_answers_are_declared_and_shown(modemd: Modemd) -> None:
    """Words separated by commas; `explain` shows them, and a word that stops all marketing is none."""
    assert send(modemd, "--to", ALICE, "--text", "Tonight?", "--answers", "YES, NO").status == 0
    assert listed(modemd)[0]["answers"] == ["YES", "NO"]
    assert "\nTonight?\nanswers: YES, NO\n" in modemd("explain", "1", "--config", "FILE").out
    ended = send(modemd, "--to", ALICE, "--text", "Tonight?", "--answers", "YES,STOP")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("modemd: 'STOP' cannot be an answer: it opts people out, whatever was asked")


def test_what_was_added_is_shown(modemd: Modemd) -> None:
    """The preview counts it, `explain` has the whole text and what was added, and the list has both texts."""
    offer = ("--to", ALICE, "--text", "x" * 150, "--class", "marketing")
    dry = send(modemd, *offer, "--dry-run")
    assert dry.out.startswith("1 message, 2 parts")
    assert dry.err == "warning: marketing to FR must name its sender, and no brand is configured: set brand\n"
    assert send(modemd, *offer).err == dry.err
    (row,) = listed(modemd)
    assert (row["parts"], row["notice"], row["submitted_text"]) == (2, True, "x" * 150)
    assert "added=notice" in modemd("explain", "1", "--config", "FILE").out


def test_a_quiet_hour_is_short_in_the_list_and_told_by_explain(modemd: Modemd) -> None:
    """Judged at the time that the message is planned for, not now."""
    sent = send(modemd, "--to", ALICE, "--text", "x", "--class", "marketing", "--at", f"{NEXT_YEAR}-02-02T03:00+01:00")
    assert sent.status == 0, sent.err
    (row,) = listed(modemd)
    assert row["state"] == "held"
    shown = modemd("messages", "--config", "FILE").out
    assert f"{row['reason']}, until {NEXT_YEAR}-" in shown
    assert "goes out" not in shown
    explained = modemd("explain", "--config", "FILE", "1").out
    assert "2 February, 03:00 in Europe/Paris" in explained
