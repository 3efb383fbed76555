"""Output of the commands: plain tables for people, JSON for programs.

Every command prints through this file. Texts, names of operators and labels of SIMs come from strangers: their control characters
become marks, or escapes in JSON. A character that the terminal does not have is replaced. On a terminal a table fits its width,
and states and health have a colour; a pipe or a file gets every value whole, without colour.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import chain, islice
from textwrap import wrap
from typing import Any

import click

from modemd.cli.show.table import GAP, NOTHING, Layout, cut, display_width, lay_out, split
from modemd.cli.show.times import format_time, is_time_key
from modemd.controls import escape_controls, mark_controls
from modemd.light_dataclass import dataclass

# A table takes its widths from so many rows; one that goes on gets the rest as they come.
ROWS_MEASURED = 500
# So many rows are written at once: the terminal costs more than the row.
ROWS_AT_ONCE = 100
# Columns whose words have a colour, and the words; every other word of them is something to look at.
_COLOURED = ("state", "health")
_GOOD = frozenset({"delivered", "sent", "ready"})
_BAD = frozenset({"failed", "undelivered", "expired", "refused", "not usable", "unhealthy", "needs a person", "gone"})
_PLAIN = frozenset({"cancelled", NOTHING})


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Prints `text` on stdout, or with `err` on stderr; its line feeds stay. `nl` False: no line feed at the end."""
    click.echo(_make_safe(text, err=err), err=err, nl=nl)


def _make_safe(text: str, *, err: bool = False) -> str:
    """Returns a text that this terminal can show, and that cannot steer it."""
    if text.isascii() and text.isprintable():
        return text
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    shown = mark_controls(text.replace("\r\n", "\n"), line_feed=False)
    return shown.encode(encoding, "replace").decode(encoding)


def print_warnings(warnings: Iterable[str]) -> None:
    """Prints the warnings of an answer on stderr, a line each."""
    for warning in warnings:
        echo(f"warning: {printable(warning)}", err=True)


def echo_over_last(text: str) -> None:
    """Prints `text` on stderr over the line that was printed last."""
    click.echo("\r", nl=False, err=True)
    echo(text, nl=False, err=True)


def print_rows(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool,
    none: str,
    zone: tzinfo | None = None,
    spare: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> int:
    """Prints rows as one JSON document, or as `print_table` does. If there are no rows, a person reads the line `none`. The rows
    may come one by one: no more of them are held than a table is measured by. Returns how many there were."""
    if as_json:
        return print_json_list(rows)
    printed = print_table(rows, columns, zone=zone, spare=spare, whole=whole)
    if not printed:
        echo(none)
    return printed


def print_json(document: Any) -> None:
    """Prints one JSON document, indented, with every script as it is."""
    click.echo(_dump_json(document, indent=2))


def print_json_list(documents: Iterable[Any]) -> int:
    """Prints one JSON list as `print_json` does, some members at a time. Returns how many there were."""
    count, members = 0, iter(documents)
    while page := [_dump_json(each, indent=2).replace("\n", "\n  ") for each in islice(members, ROWS_AT_ONCE)]:
        click.echo(("," if count else "[") + "\n  " + ",\n  ".join(page), nl=False)
        count += len(page)
    click.echo("\n]" if count else "[]")
    return count


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


def print_table(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    zone: tzinfo | None = None,
    spare: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> int:
    """Prints a table with a line of headings, if there are rows. Returns how many there were. Line ends become blanks; times are
    shown in `zone` (None: the zone of this machine), to the second.

    On a terminal the table fits its width: `cli.show.table` says how. `spare`: the columns that can be left out, the least
    important first; `whole`: the columns whose values are never cut, but go on in the next line."""
    cells = ([format_cell(column, row.get(column), zone) for column in columns] for row in rows)
    measured = list(islice(cells, ROWS_MEASURED))
    if not measured:
        return 0
    headings = [column.replace("_", " ") for column in columns]
    width = shutil.get_terminal_size().columns if is_terminal() else None
    layout = lay_out(headings, measured, width, [columns.index(name) for name in spare if name in columns])
    drawing = _Drawing(columns, layout, fits=width is not None, whole=frozenset(whole), has_colours=is_coloured())
    click.echo(drawing.make_lines(headings))
    count, lines = 0, chain(measured, cells)
    while page := [drawing.make_lines(each) for each in islice(lines, ROWS_AT_ONCE)]:
        click.echo("\n".join(page))
        count += len(page)
    if layout.omitted:
        names = ", ".join(headings[index] for index in layout.omitted)
        for line in wrap(f"(no room for {names}: see --id, --json or a wider window)", width or 80):
            echo(line)
    return count


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Drawing of the rows of one table. `fits`: a value that is wider than its column is cut, or, in one of the columns `whole`,
    goes on in the next line."""

    columns: Sequence[str]
    layout: Layout
    fits: bool
    whole: frozenset[str]
    has_colours: bool

    def make_lines(self, row: Sequence[str]) -> str:
        """Returns a row as one line, or as several with line feeds between them."""
        lines = [self._make_line(row)]
        while self.fits and (row := self._find_rest(row)) and any(row):
            lines.append(self._make_line(row))
        return "\n".join(lines)

    def _make_line(self, row: Sequence[str]) -> str:
        shown = []
        for index, width in zip(self.layout.columns, self.layout.widths, strict=True):
            name, value = self.columns[index], row[index]
            cell = _make_safe(self._fit(name, value, width) if self.fits else value)
            padding = " " * (width - display_width(cell))
            colour = choose_colour(value) if value and self.has_colours and name in _COLOURED else None
            shown.append((click.style(cell, fg=colour) if colour else cell) + padding)
        return GAP.join(shown).rstrip()

    def _fit(self, name: str, value: str, width: int) -> str:
        return split(value, width)[0] if name in self.whole else cut(value, width)

    def _find_rest(self, row: Sequence[str]) -> list[str]:
        """Returns what goes on in the next line, by column."""
        widths = dict(zip(self.layout.columns, self.layout.widths, strict=True))
        return [
            split(value, widths[index])[1] if self.columns[index] in self.whole and index in widths else ""
            for index, value in enumerate(row)
        ]


def choose_colour(word: str) -> str | None:
    """Returns the colour of a state or of a health. None: none."""
    if word in _PLAIN:
        return None
    return "green" if word in _GOOD else "red" if word in _BAD else "yellow"


def print_fields(row: Mapping[str, Any], *, zone: tzinfo | None = None) -> None:
    """Prints one row whole, a field a line. A field that is a row itself has its own fields behind its name."""
    fields = list(_flatten(row))
    widest = max(display_width(name) for name, _, _ in fields)
    for name, key, value in fields:
        shown = _make_safe(format_cell(key, value, zone))
        colour = choose_colour(shown) if is_coloured() and key in _COLOURED else None
        padding = " " * (widest - display_width(name))
        click.echo(f"{_make_safe(name)}{padding}{GAP}{click.style(shown, fg=colour) if colour else shown}")


def _flatten(row: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yields each field with its name for people and its key."""
    for key, value in row.items():
        name = f"{before}{key.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{name} ")
        elif isinstance(value, list):
            yield name, key, ", ".join(map(str, value)) or None
        else:
            yield name, key, value


def print_wrapped(first: str, words: Sequence[str]) -> None:
    """Prints a line of several words, two blanks between them. On a terminal that is too narrow the rest goes on in further
    lines, indented, and no word is cut."""
    lines, width = [first], shutil.get_terminal_size().columns if is_terminal() else None
    for word in words:
        if width is not None and display_width(f"{lines[-1]}{GAP}{word}") > width:
            lines.append(f"{' ' * 4}{word}")
        else:
            lines[-1] += f"{GAP}{word}"
    for line in lines:
        echo(line)


def print_sentence(text: str, indent: int = 4) -> None:
    """Prints a sentence on one line. On a terminal that is too narrow it goes on in further lines, which begin after so many
    blanks."""
    width = shutil.get_terminal_size().columns if is_terminal() else None
    line, rest = (text, "") if width is None else split(text, width)
    echo(line)
    while width is not None and rest:
        line, rest = split(rest, max(width - indent, 1))
        echo(f"{' ' * indent}{line}")


def is_terminal() -> bool:
    """Returns True if a person reads stdout on a terminal."""
    return sys.stdout.isatty()


def is_coloured() -> bool:
    """Returns True if stdout is a terminal, and colours are not switched off (NO_COLOR, https://no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def count_parts(parts: int) -> str:
    """Returns a number of parts in words: `1 part`, `2 parts`."""
    return f"{parts} part{'s' if parts > 1 else ''}"


def printable(text: str) -> str:
    """Returns `text` as one line that is safe on a terminal: line ends become blanks, other control characters marks."""
    if text.isprintable() and text.isascii():
        return text
    return mark_controls(text.replace("\r\n", " ").replace("\n", " "))


def format_cell(key: str, value: Any, zone: tzinfo | None) -> str:
    """Returns a value for people: nothing as a dash, truth in words, a time in `zone`, a text in one line."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return printable(format_time(text, zone) if is_time_key(key) else text)
