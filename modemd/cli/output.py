"""Output of the commands: plain tables for people, JSON for programs.

Every command prints through this file. Texts, names of operators and labels of SIMs come from strangers: their control characters
become marks, or escapes in JSON. A character that the terminal does not have is replaced.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

from modemd.controls import escape_controls, mark_controls

MAX_CELL_WIDTH = 60


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Prints `text` on stdout, or with `err` on stderr; its line feeds stay. `nl` False: no line feed at the end."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    shown = mark_controls(text.replace("\r\n", "\n"), line_feed=False)
    click.echo(shown.encode(encoding, "replace").decode(encoding), err=err, nl=nl)


def echo_over_last(text: str) -> None:
    """Prints `text` on stderr over the line that was printed last."""
    click.echo("\r", nl=False, err=True)
    echo(text, nl=False, err=True)


def print_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool, none: str) -> None:
    """Prints rows as one JSON document, or as a table of `columns`. If there are no rows, a person reads the line `none`."""
    if as_json:
        print_json(rows)
    elif not rows:
        echo(none)
    else:
        print_table(rows, columns)


def print_json(document: Any) -> None:
    """Prints one JSON document, indented, with every script as it is."""
    click.echo(_dump_json(document, indent=2))


def print_json_line(document: Any) -> None:
    """Prints one JSON document on one line."""
    click.echo(_dump_json(document, indent=None))


def _dump_json(document: Any, indent: int | None) -> str:
    """Returns JSON in which control characters are escaped; if stdout lacks a character, everything beyond ASCII is."""
    dumped = escape_controls(json.dumps(document, ensure_ascii=False, indent=indent))
    try:
        dumped.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(document, indent=indent)
    return dumped


def print_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Prints a table with a line of headings. A long value is cut with an ellipsis; line ends become blanks."""
    cells = [[heading.replace("_", " ") for heading in columns]]
    cells += [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(_display_width(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        padded = [cell + " " * (width - _display_width(cell)) for cell, width in zip(line, widths, strict=True)]
        echo("  ".join(padded).rstrip())


def printable(text: str) -> str:
    """Returns `text` as one line that is safe on a terminal: line ends become blanks, other control characters marks."""
    return mark_controls(text.replace("\r\n", " ").replace("\n", " "))


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
