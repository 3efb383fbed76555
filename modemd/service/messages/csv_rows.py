"""Rows of a CSV, read one after the other, so that a large file does not stop the loop.

Files as spreadsheet programs save them are read too: columns parted by semicolons or tabs, a first line `sep=;`, columns without
a name and rows without a value.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from modemd.errors import ErrorCode, Refused
from modemd.service.messages.submission import MessageRequest

COLUMNS = ("to", "text", "class", "at", "key")
# How many problems of a file are reported, and how many columns that have no meaning.
MOST_PROBLEMS = 1000
MOST_UNKNOWN = 5
# Rows without a value that are passed over. A spreadsheet saves those that were cleared.
MOST_EMPTY = 100_000
# Characters of a row, with its quotation marks and line ends: the longest text, and every one of its characters doubled, fits. Of
# a file that is one row, nothing is kept.
LONGEST_ROW = 128 * 1024
SEPARATORS = ",;\t"
# Excel's own first line. It names the separator, and is no row.
_SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n"])"?[\r\n]*', re.IGNORECASE)


class BadRows(Refused):
    """CSV of which nothing is accepted. `problems` names each malformed row by its line, with the reason; the first
    `MOST_PROBLEMS` of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(ErrorCode.BAD_ROWS, f"nothing was accepted: {'; '.join(problems)}")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Row:
    """Row that begins on `line` and has `size` characters. `found` is its request, or what is wrong with it; None if it has no
    value at all."""

    line: int
    size: int
    found: MessageRequest | str | None


class _Lines:
    """Lines of a file for `csv.reader`, which joins those of one row. `size`: characters read since it was last set to 0.
    Raises csv.Error if a row has more than `LONGEST_ROW` of them."""

    def __init__(self, file: io.TextIOBase) -> None:
        self._file = file
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_ROW + 1)
        if not line:
            raise StopIteration
        self.size += len(line)
        if self.size > LONGEST_ROW:
            raise csv.Error(f"more than {LONGEST_ROW} characters")
        return line


def parse_rows(octets: bytes) -> Iterator[Row]:
    """Yields each row of a CSV in UTF-8 with the columns to,text,class[,at,key]. After wrong columns or wrong quoting nothing
    follows."""
    lines = _Lines(io.TextIOWrapper(io.BytesIO(octets), encoding="utf-8-sig", newline=""))
    skipped, last_line, empty, has_rows = 0, 1, 0, False
    columns: _Columns | None = None
    try:
        head = next(lines, "")
        if named := _SEPARATOR_LINE.fullmatch(head):
            head, skipped = next(lines, ""), 1
        separator = named[1] if named else _guess_separator(head)
        reader = csv.reader(_chain(head, lines), delimiter=separator, strict=True)
        for fields in reader:
            line, last_line = last_line + skipped, reader.line_num + 1
            size, lines.size = lines.size, 0
            if not any(fields):
                empty += 1
                if empty > MOST_EMPTY:
                    yield Row(line, size, f"more than {MOST_EMPTY} rows have no value; delete them")
                    return
                yield Row(line, size, None)
            elif columns is None:
                columns = _Columns(fields)
                if problems := columns.list_problems():
                    yield Row(line, size, f"{', '.join(problems)}; the columns are to,text,class[,at,key]")
                    return
            else:
                has_rows = True
                yield Row(line, size, columns.read(fields))
    except csv.Error as error:
        yield Row(last_line + skipped, lines.size, f"{error}, in the row that begins here")
        return
    if columns is None:
        yield Row(1, 0, f"{', '.join(_Columns([]).list_problems())}; the columns are to,text,class[,at,key]")
    elif not has_rows:
        yield Row(1, 0, "there are no rows")


def _chain(head: str, lines: _Lines) -> Iterator[str]:
    if head:
        yield head
    yield from lines


def _guess_separator(head: str) -> str:
    """Returns the separator by which the first line has the most columns that have a meaning; if none has any, a comma."""
    return max(SEPARATORS, key=lambda each: sum(name.strip(' "\r\n').lower() in COLUMNS for name in head.split(each)))


class _Columns:
    """Columns of a file, by its first line. Those without a name must have no values."""

    def __init__(self, names: list[str]) -> None:
        self._names = [name.strip().lower() for name in names]

    def list_problems(self) -> list[str]:
        """Returns what is wrong with the first line."""
        names = self._names
        missing = [f"no column {name}" for name in COLUMNS[:3] if name not in names]
        unknown = [f"unknown column {name!r}" for name in names if name and name not in COLUMNS]
        if len(unknown) > MOST_UNKNOWN:
            unknown[MOST_UNKNOWN:] = [f"and {len(unknown) - MOST_UNKNOWN} more unknown columns"]
        twice = [f"column {name} twice" for name in COLUMNS if names.count(name) > 1]
        return missing + unknown + twice

    def read(self, fields: list[str]) -> MessageRequest | str:
        """Returns the request of a row, or what is wrong with it."""
        if len(fields) != len(self._names):
            return f"has {len(fields)} fields, the first line {len(self._names)}"
        row: dict[str, str] = {}
        for number, (name, value) in enumerate(zip(self._names, fields, strict=True), start=1):
            if name:
                row[name] = value
            elif value:
                return f"has a value in column {number}, which has no name"
        return MessageRequest(row["to"], row["text"], row["class"], row.get("at") or None, row.get("key") or None)
