"""Plain tables for people, JSON for programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

WIDEST = 60


def show(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool, none: str) -> None:
    """Rows as one JSON document, or as a table of `columns`; `none` is said where there are no rows."""
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo(none)
    else:
        table(rows, columns)


def print_json(document: Any) -> None:
    """One JSON document, readable as it is."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """A table with a line of headings. A long value is cut with an ellipsis; control characters are shown as blanks."""
    cells = [[heading.replace("_", " ") for heading in columns]]
    cells += [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(_width(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        padded = [cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "".join(" " if unicodedata.category(character) == "Cc" else character for character in str(value))
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _width(text: str) -> int:
    """Columns that a terminal gives the text: wide letters and emoji take two, marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
