"""Tables for people: aligned whatever stands in them, and harmless to a terminal."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from modemd.cli import output
from modemd.cli.show.table import display_width
from modemd.controls import list_codes


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
    marked = f"a{mark}b"
    assert drawn(capsys, {"text": text, "b": "|"})[1] == f"{marked:<4}  |"


class Screen(io.StringIO):
    """A terminal that keeps what it shows."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, columns: int, say: Callable[[], object]) -> str:
    """What a terminal of so many columns shows."""
    screen = Screen()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys, "stdout", screen)
    say()
    return screen.getvalue()


@pytest.mark.parametrize("letter", ["x", "漢"], ids=["narrow", "wide"])
def test_a_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, letter: str) -> None:
    """No line is longer than the terminal is wide; what was cut ends with an ellipsis."""
    rows = [{"id": 1, "reason": letter * 90, "text": letter * 50}]
    for columns in (40, 80):
        lines = shown(monkeypatch, columns, lambda: output.print_table(rows, ["id", "reason", "text"])).splitlines()
        assert all(display_width(line) <= columns for line in lines)
        assert lines[1].count("…") == 2
        assert display_width(lines[1]) >= columns - 2


def test_a_pipe_gets_every_value_whole(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nothing is cut and nothing is left out."""
    monkeypatch.setenv("COLUMNS", "40")
    assert drawn(capsys, {"text": "x" * 300, "b": "y" * 300})[1] == f"{'x' * 300}  {'y' * 300}"


def test_what_has_no_room_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that can be spared goes before the others become too narrow; a line says so."""
    rows = [{"id": 1, "parts": 3, "number": "+33612345678", "text": "x" * 60}]
    columns, spare = ["id", "parts", "number", "text"], ["parts"]
    lines = shown(monkeypatch, 36, lambda: output.print_table(rows, columns, spare=spare)).splitlines()
    assert lines[0].split() == ["id", "number", "text"]
    assert " ".join(lines[2:]) == "(no room for parts: see --id, --json or a wider window)"
    assert "parts" in shown(monkeypatch, 100, lambda: output.print_table(rows, columns, spare=spare)).split()


@pytest.mark.parametrize("word", ["waits", "漢字"], ids=["narrow", "wide"])
def test_a_sentence_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    """It goes on in the next line, indented, and loses no word; a word that is wider than the terminal goes on, too."""
    text = " ".join([word] * 30 + ["x" * 50])
    lines = shown(monkeypatch, 40, lambda: output.print_sentence(text, 9)).splitlines()
    assert all(display_width(line) <= 40 for line in lines)
    assert all(line.startswith(" " * 9) and line[9] != " " for line in lines[1:])
    assert "".join(line.strip() for line in lines).replace(" ", "") == text.replace(" ", "")
    assert shown(monkeypatch, 300, lambda: output.print_sentence(text, 9)) == f"{text}\n"


def test_a_pipe_gets_a_sentence_as_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As programs and `grep` expect."""
    monkeypatch.setenv("COLUMNS", "40")
    output.print_sentence("word " * 30 + "end")
    assert capsys.readouterr().out == "word " * 30 + "end\n"


def test_a_remedy_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that is to be read whole goes on in the next line; the others are blank there."""
    rows = [{"name": "west", "reason": "+CPIN said SIM PUK; unlock the SIM in a phone, then restart"}, {"name": "east"}]
    lines = shown(monkeypatch, 40, lambda: output.print_table(rows, ["name", "reason"], whole=["reason"])).splitlines()
    assert lines == [
        "name  reason",
        "west  +CPIN said SIM PUK; unlock the SIM",
        "      in a phone, then restart",
        "east  -",
    ]


def test_only_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """States and health are green, red or yellow; not in a pipe, and never with NO_COLOR."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    rows = [{"state": "sent"}, {"state": "failed"}, {"state": "held"}, {"state": "cancelled"}]
    lines = shown(monkeypatch, 80, lambda: output.print_table(rows, ["state"])).splitlines()
    assert [line.removesuffix("\x1b[0m") for line in lines[1:]] == [
        "\x1b[32msent", "\x1b[31mfailed", "\x1b[33mheld", "cancelled",
    ]  # fmt: skip
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(monkeypatch, 80, lambda: output.print_table(rows, ["state"]))
    monkeypatch.undo()
    output.print_table(rows, ["state"])
    assert "\x1b" not in capsys.readouterr().out


def test_times_are_local(capsys: pytest.CaptureFixture[str]) -> None:
    """A time of the API is shown in the configured zone, to the second; a text that looks like one is left alone."""
    stamp = "2026-11-29T23:34:59.106632+00:00"
    output.print_table([{"sent_at": stamp, "text": stamp}], ["sent_at", "text"], zone=ZoneInfo("Europe/Paris"))
    assert capsys.readouterr().out.splitlines()[1] == f"2026-11-30 00:34:59  {stamp}"


def test_a_whole_row_is_a_field_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is cut, and a row within the row has its fields too."""
    output.print_fields(
        {
            "id": 7,
            "stored_at": "2026-11-29T23:34:59.106632+00:00",
            "text": "x" * 90,
            "balance": {"low": True},
            "remarks": [],
        },
        zone=ZoneInfo("Europe/Paris"),
    )
    assert capsys.readouterr().out.splitlines() == [
        "id           7",
        "stored at    2026-11-30 00:34:59",
        f"text         {'x' * 90}",
        "balance low  yes",
        "remarks      -",
    ]


def test_rows_are_printed_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    """A long list is not held: while one row is asked for, those long before it are out."""
    out: list[int] = []

    def rows() -> Iterator[dict[str, object]]:
        for number in range(3 * output.ROWS_MEASURED):
            out.append(len(capsys.readouterr().out.splitlines()) + (out[-1] if out else 0))
            yield {"id": number}

    assert output.print_table(rows(), ["id"]) == 3 * output.ROWS_MEASURED
    assert out[-1] > 2 * output.ROWS_MEASURED


def test_a_list_in_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """However it comes, it is what json.dumps would print."""
    for rows in ([], [{"a": 1}], [{"a": "x\ny"}, {"b": [1, {"c": 2}]}]):
        output.print_json_list(iter(rows))
        assert capsys.readouterr().out == json.dumps(rows, indent=2) + "\n"


def test_a_long_line_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The details of an event stand whole below it if there is no room beside it."""
    words = ["modem=west", "because=this SIM is free"]
    assert shown(monkeypatch, 30, lambda: output.print_wrapped("claimed", words)).splitlines() == [
        "claimed  modem=west",
        "    because=this SIM is free",
    ]


def test_json_keeps_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs get texts whole, as they are."""
    output.print_rows([{"text": "a\n" + "x" * 100 + "é"}], ("text",), as_json=True, none="")
    assert json.loads(capsys.readouterr().out) == [{"text": "a\n" + "x" * 100 + "é"}]


@pytest.mark.parametrize("code", [*list_codes()][:100])
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
    found = printed(monkeypatch, encoding, name, lambda: output.echo("a 😀 b", err=name == "stderr"))
    assert found == ("a 😀 b\n" if encoding == "utf-8" else "a ? b\n")


@pytest.mark.parametrize("encoding", TERMINALS)
@pytest.mark.parametrize("say", [output.print_json, output.print_json_line])
def test_json_keeps_what_the_terminal_lacks(
    monkeypatch: pytest.MonkeyPatch, encoding: str, say: Callable[[object], None]
) -> None:
    """JSON loses nothing: what the terminal lacks is escaped, and a pair of surrogates is one."""
    found = printed(monkeypatch, encoding, "stdout", lambda: say(["é😀\x9b"]))
    assert json.loads(found) == ["é😀\x9b"]
    assert found.isascii() == (encoding != "utf-8")


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
