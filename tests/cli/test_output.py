"""Tables for people: aligned whatever stands in them, and harmless to a terminal."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modemd.cli import output
from modemd.cli.output import MAX_CELL_WIDTH
from modemd.controls import CODES


def drawn(capsys: pytest.CaptureFixture[str], *rows: dict[str, object]) -> list[str]:
    output.print_table(rows, list(rows[0]))
    return capsys.readouterr().out.splitlines()


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """Headings lose their underscores, nothing is shown as a dash, truth in words."""
    assert drawn(capsys, {"id": 1, "to_sim": None, "ok": True}, {"id": 22, "to_sim": "x", "ok": False}) == [
        "id  to sim  ok",
        "1   -       yes",
        "22  x       no",
    ]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param("abc", 3, id="Latin"),
        pytest.param("e\u0301", 1, id="an accent of its own"),
        pytest.param("漢字", 4, id="wide letters"),
        pytest.param("😀", 2, id="emoji"),
        pytest.param("❤\ufe0f", 1, id="a selector"),
        pytest.param("a\u200db", 2, id="a joiner"),
    ],
)
def test_what_follows_stands_in_line(capsys: pytest.CaptureFixture[str], text: str, columns: int) -> None:
    """The next column begins where the terminal's own count of columns puts it."""
    line = drawn(capsys, {"a": text, "b": "|"}, {"a": "xxxxx", "b": "|"})[1]
    assert line == f"{text}{' ' * (5 - columns)}  |"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        pytest.param("a\nb", " ", id="new line"),
        pytest.param("a\r\nb", " ", id="new line of Windows"),
        pytest.param("a\rb", "<U+000D>", id="back to the beginning of the line"),
        pytest.param("a\x07b", "<U+0007>", id="bell"),
        pytest.param("a\x1bb", "<U+001B>", id="escape"),
        pytest.param("a\x7fb", "<U+007F>", id="delete"),
        pytest.param("a\x9bb", "<U+009B>", id="an escape of eight bits"),
        pytest.param("a\u061cb", "<U+061C>", id="Arabic mark"),
        pytest.param("a\u200fb", "<U+200F>", id="right-to-left mark"),
        pytest.param("a\u2028b", "<U+2028>", id="line separator"),
        pytest.param("a\u202eb", "<U+202E>", id="text turned round"),
        pytest.param("a\u2066b", "<U+2066>", id="isolate"),
        pytest.param("a\ud800b", "<U+D800>", id="half a surrogate pair"),
    ],
)
def test_a_text_from_outside_cannot_draw(capsys: pytest.CaptureFixture[str], text: str, mark: str) -> None:
    """A line end is a blank; what would move the cursor, turn the line or break the output is a mark."""
    shown = f"a{mark}b"
    assert drawn(capsys, {"text": text, "b": "|"})[1] == f"{shown:<4}  |"


@pytest.mark.parametrize("letter", ["x", "漢"], ids=["narrow", "wide"])
def test_a_long_text_is_cut(capsys: pytest.CaptureFixture[str], letter: str) -> None:
    """A cell takes at most sixty columns, the ellipsis included."""
    width = 2 if letter == "漢" else 1
    whole, cut = (letter * (MAX_CELL_WIDTH // width + more) for more in (0, 1))
    assert drawn(capsys, {"text": whole})[1] == whole
    line = drawn(capsys, {"text": cut})[1]
    assert line.endswith("…")
    assert MAX_CELL_WIDTH - width <= (len(line) - 1) * width + 1 <= MAX_CELL_WIDTH


def test_json_keeps_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs get texts whole, as they are."""
    output.print_rows([{"text": "a\n" + "x" * 100 + "é"}], ("text",), as_json=True, none="")
    assert json.loads(capsys.readouterr().out) == [{"text": "a\n" + "x" * 100 + "é"}]


@pytest.mark.parametrize("code", CODES[:100])
def test_json_escapes_what_steers_a_terminal(capsys: pytest.CaptureFixture[str], code: int) -> None:
    """Control characters are escaped, with every other script as it is; a program reads what the text was."""
    text = f"é{chr(code)}漢"
    output.print_json({"text": text})
    out = capsys.readouterr().out
    assert chr(code) not in out
    assert "é" in out
    assert json.loads(out) == {"text": text}


TERMINALS = ("latin-1", "ascii", "cp1252", "utf-8")


def printed(monkeypatch: pytest.MonkeyPatch, encoding: str, name: str, say: Callable[[], None]) -> str:
    """What `say` writes to a stream of this encoding."""
    octets = io.BytesIO()
    stream = io.TextIOWrapper(octets, encoding=encoding, errors="strict", write_through=True)
    monkeypatch.setattr(sys, name, stream)
    say()
    return octets.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", TERMINALS)
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_character_that_the_terminal_lacks_is_replaced(
    monkeypatch: pytest.MonkeyPatch, encoding: str, name: str
) -> None:
    """A line is printed on every terminal, on both streams."""
    shown = printed(monkeypatch, encoding, name, lambda: output.echo("a 😀 b", err=name == "stderr"))
    assert shown == ("a 😀 b\n" if encoding == "utf-8" else "a ? b\n")


@pytest.mark.parametrize("encoding", TERMINALS)
@pytest.mark.parametrize("say", [output.print_json, output.print_json_line])
def test_json_keeps_what_the_terminal_lacks(
    monkeypatch: pytest.MonkeyPatch, encoding: str, say: Callable[[object], None]
) -> None:
    """JSON loses nothing: what the terminal lacks is escaped, and a pair of surrogates is one."""
    shown = printed(monkeypatch, encoding, "stdout", lambda: say(["é😀\x9b"]))
    assert json.loads(shown) == ["é😀\x9b"]
    assert shown.isascii() == (encoding != "utf-8")


def test_every_command_prints_through_this_file() -> None:
    """Nothing else in the faces of the command line writes to a terminal."""
    folder = Path(output.__file__).parent
    elsewhere = re.compile(r"click\.(echo|secho|style|echo_via_pager)|\bprint\(|sys\.std(out|err)\.(write|buffer)")
    found = [
        f"{path.name}:{number}"
        for path in folder.rglob("*.py")
        if path.name != "output.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if elsewhere.search(line)
    ]
    assert found == []
