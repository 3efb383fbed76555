"""Output of the commands: plain tables for people, JSON for programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

MAX_CELL_WIDTH = 60
# Direction marks can reverse the rest of a line: a text from outside could change how its neighbours read.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def print_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool, none: str) -> None:
    """Prints rows as one JSON document, or as a table of `columns`. If there are no rows, a person reads the line `none`."""
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo(none)
    else:
        print_table(rows, columns)


def print_json(document: Any) -> None:
    """Prints one JSON document, indented, with every script as it is."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def print_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Prints a table with a line of headings. A long value is cut with an ellipsis; control characters become blanks."""
    cells = [[heading.replace("_", " ") for heading in columns]]
    cells += [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(_display_width(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        padded = [cell + " " * (width - _display_width(cell)) for cell, width in zip(line, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())


def printable(text: str) -> str:
    """Returns `text` as one line that is safe on a terminal: controls, line ends and lone surrogates become blanks."""
    return "".join(
        " " if character in _BIDI_CONTROLS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character
        for character in text
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = printable(str(value))
    if _display_width(text) <= MAX_CELL_WIDTH:
        return text
    end = min(len(text), MAX_CELL_WIDTH)
    while _display_width(text[:end]) > MAX_CELL_WIDTH - 1:
        end -= 1
    return f"{text[:end]}…"


def _display_width(text: str) -> int:
    """Returns the columns that the text takes on a terminal: wide letters and emoji two, marks and joiners none."""
    return sum(map(_display_columns, text))


def _display_columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
