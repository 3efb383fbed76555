"""`modemd send --csv`: files as offices have them, and what a person is told of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shell import Ended, Modemd

ALICE, BOB = "+33612345678", "+33698765432"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def send(modemd: Modemd, path: Path, *arguments: str) -> Ended:
    return modemd("send", "--config", "FILE", "--csv", str(path), *arguments)


def texts(modemd: Modemd) -> list[str]:
    return [row["text"] for row in json.loads(modemd("messages", "--config", "FILE", "--json").out)]


def test_a_file_of_excel_is_sent_as_it_is(modemd: Modemd, path: Path) -> None:
    """Windows-1252, semicolons, names of its own, other columns: the options say what the columns are."""
    path.write_bytes("Nom;Portable;Texte\r\nMaïté;06 12 34 56 78;à 18 h\r\n;;\r\n".encode("cp1252"))
    ended = send(modemd, path, "--to-column", "portable", "--text-column", "Texte", "--class", "conversational")
    assert (ended.status, ended.out.splitlines()[0]) == (0, "batch 1: 1 accepted, 0 refused")
    first, second = ended.err.splitlines()
    assert first.startswith("warning: the CSV is not UTF-8 and is read as Windows-1252; check the letters: ")
    assert second.startswith("warning: line 1: 'Nom' is not used")
    assert texts(modemd) == ["à 18 h"]


def test_options_are_for_all_rows(modemd: Modemd, path: Path) -> None:
    """A list of numbers, among them a short code, gets one text at one time."""
    path.write_text("to\n0612345678\n36111\n", encoding="utf-8")
    ended = send(modemd, path, "--text", "hello", "--class", "otp", "--at", "2027-11-22T18:30+00:00", "--short-code")
    assert ended.status == 0
    rows = json.loads(modemd("messages", "--config", "FILE", "--json").out)
    assert [(row["to"], row["class"], row["state"]) for row in rows] == [
        ("36111", "otp", "held"),
        (ALICE, "otp", "held"),
    ]


def test_a_file_without_a_class_is_refused(modemd: Modemd, path: Path) -> None:
    """The default of --class is for one message; many need a word."""
    path.write_text(f"to,text\n{ALICE},x\n", encoding="utf-8")
    ended = send(modemd, path)
    assert (ended.status, ended.err.splitlines()[1].split(";")[0]) == (1, "modemd: line 1: no column class")


def test_wrong_rows_are_told_a_line_each(modemd: Modemd, path: Path) -> None:
    """The first twenty, then how many more."""
    path.write_text("to,text,class\n" + "nobody,x,otp\n" * 60, encoding="utf-8")
    lines = send(modemd, path).err.splitlines()
    assert (lines[0], len(lines), lines[-1]) == (
        "modemd: nothing was accepted; 60 problems:",
        22,
        "modemd: and 40 more",
    )
    assert lines[20].startswith("modemd: line 21: 'nobody' is not")


def test_a_file_with_a_key_is_sent_once(modemd: Modemd, path: Path) -> None:
    """The same file under the same key answers the first batch; without a key a person is warned."""
    path.write_text(f"to,text,class\n{ALICE},x,otp\n{BOB},x,otp\n", encoding="utf-8")
    assert send(modemd, path, "--key", "monday").out.startswith("batch 1: 2 accepted")
    again = send(modemd, path, "--key", "monday")
    assert again == Ended(0, "batch 1, already known by its key: its 2 rows are not sent again\n", "")
    assert len(texts(modemd)) == 2
    warned = send(modemd, path)
    assert warned.err.startswith("warning: the same file was accepted before, as batch 1;")


def test_rows_whose_keys_are_known_are_counted(modemd: Modemd, path: Path) -> None:
    """A file with a key in each row may be submitted again, with rows added: the known ones are told."""
    path.write_text(f"to,text,class,key\n{ALICE},x,otp,a\n", encoding="utf-8")
    send(modemd, path)
    path.write_text(f"to,text,class,key\n{ALICE},x,otp,a\n{BOB},x,otp,b\n", encoding="utf-8")
    first = send(modemd, path).out.splitlines()[0]
    assert first == "batch 2: 2 accepted, 0 refused; 1 not sent again, known by their keys"


def test_each_number_once(modemd: Modemd, path: Path) -> None:
    """Rows for a number of an earlier row are told, and with --dedupe left out."""
    path.write_text(f"to,text,class\n{ALICE},a,otp\n0612345678,b,otp\n", encoding="utf-8")
    assert (
        "1 row has a number of an earlier row (line 3: +33612345678); to send each"
        in send(modemd, path, "--dry-run").err
    )
    ended = send(modemd, path, "--dedupe")
    assert ended.out.splitlines()[0] == "batch 1: 1 accepted, 0 refused, 1 left out"
    assert texts(modemd) == ["a"]


def test_a_dry_run_stores_nothing(modemd: Modemd, path: Path) -> None:
    """Parts and their reason are told, and nothing is listed afterwards."""
    path.write_text(f"to,text,class\n{ALICE},{'ô' * 71},otp\n{BOB},x,otp\n", encoding="utf-8")
    ended = send(modemd, path, "--dry-run")
    assert ended == Ended(
        0,
        "2 messages, 3 parts: 1 more because of “ô” in 1\n"
        "when it is done is not known: no SIM was seen yet that may send it\n"
        "nothing was sent or stored (--dry-run)\n",
        "",
    )
    assert texts(modemd) == []
    document = json.loads(send(modemd, path, "--dry-run", "--json").out)
    assert (document["rows"], document["estimate"]["characters"]) == (2, [{"character": "ô", "messages": 1}])


def test_a_dry_run_of_a_message(modemd: Modemd) -> None:
    """One message is told in the same way; one that would be refused ends with 1."""
    ended = modemd("send", "--config", "FILE", "--to", ALICE, "--text", "x", "--dry-run")
    assert (ended.status, ended.out.splitlines()[0]) == (0, "1 message, 1 part")
    assert modemd("send", "--config", "FILE", "--to", "112", "--text", "x", "--dry-run").status == 1
    assert texts(modemd) == []
