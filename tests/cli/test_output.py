"""Tables for people: aligned whatever stands in them, and harmless to a terminal."""

from __future__ import annotations

import json

import pytest

from modemd.cli import output
from modemd.cli.output import MAX_CELL_WIDTH


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
    "text",
    [
        pytest.param("a\nb", id="new line"),
        pytest.param("a\x1bb", id="escape"),
        pytest.param("a\x9bb", id="an escape of eight bits"),
        pytest.param("a\u2028b", id="line separator"),
        pytest.param("a\u202eb", id="text turned round"),
        pytest.param("a\ud800b", id="half a surrogate pair"),
    ],
)
def test_a_text_from_outside_cannot_draw(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """What would move the cursor, turn the line or break the output is a blank."""
    assert drawn(capsys, {"text": text, "b": "|"})[1] == "a b   |"


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
