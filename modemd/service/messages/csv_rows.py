"""Rows of a CSV, read one after the other, so that a large file does not stop the loop.

Files as spreadsheet programs save them are read too: columns separated by semicolons or tabs, a first line `sep=;`, columns that
have no meaning, columns without a name and rows without a value."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import asdict

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.access.callers import scope_idempotency_key
from modemd.service.messages.csv_encoding import FileContent
from modemd.service.messages.submission import MessageRequest

COLUMNS = ("to", "text", "class", "at", "key", "list")
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


# Problems that the message of the error names; all of them are in `problems`.
_PROBLEMS_IN_MESSAGE = 3


class BadRows(Refused):
    """CSV of which nothing is accepted. `problems` names each malformed row by its line, with the reason; the first
    `MOST_PROBLEMS` of them."""

    def __init__(self, problems: list[str]) -> None:
        named = "; ".join(problems[:_PROBLEMS_IN_MESSAGE])
        more = len(problems) - _PROBLEMS_IN_MESSAGE
        super().__init__(
            ErrorCode.BAD_ROWS,
            f"nothing was accepted: {named}{f'; and {more} more' if more > 0 else ''}",
            tuple(problems),
        )


@dataclass(frozen=True, slots=True)
class FileOptions:
    """Options of a whole CSV: what its rows say if they do not say it themselves, as in `MessageRequest`, and which columns are
    read as `to` and `text`. `once_per_number`: of the rows for one number, only the first is sent."""

    text: str | None = None
    message_class: str | None = None
    at: str | None = None
    valid: str | None = None
    window: str | None = None
    sim: str | None = None
    list_name: str | None = None
    answers: tuple[str, ...] = ()
    report: bool | None = None
    short_code: bool = False
    to_column: str | None = None
    text_column: str | None = None
    once_per_number: bool = False
    api_key: int | None = None
    """The API key in whose space the keys of its rows are."""

    def describe(self) -> str:
        """Returns the options that are given, as text: two files with one key must have come with the same."""
        return json.dumps({key: value for key, value in asdict(self).items() if value not in (None, False, ())})


NO_OPTIONS = FileOptions()


@dataclass(frozen=True, slots=True)
class Row:
    """Row that begins on `line` and has `size` characters. `found` is its request, or what is wrong with it; None if it has no
    value at all, or names the columns; then `warnings` may say which of these are passed over."""

    line: int
    size: int
    found: MessageRequest | str | None
    warnings: tuple[str, ...] = ()


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


def parse_rows(content: FileContent, options: FileOptions = NO_OPTIONS) -> Iterator[Row]:
    """Yields each row of a CSV with the columns to,text,class[,at,key,list]. After wrong columns or wrong quoting nothing
    follows."""
    lines = _Lines(io.TextIOWrapper(io.BytesIO(content.octets), encoding=content.encoding, newline=""))
    skipped, last_line, empty, has_rows = 0, 1, 0, False
    columns: _Columns | None = None
    try:
        head = next(lines, "")
        if named := _SEPARATOR_LINE.fullmatch(head):
            head, skipped = next(lines, ""), 1
        separator = named[1] if named else _guess_separator(head, options)
        reader = csv.reader(_chain(head, lines), delimiter=separator, strict=True)
        for fields in reader:
            line, last_line = last_line + skipped, reader.line_num + 1
            size, lines.size = lines.size, 0
            if not any(map(str.strip, fields)):
                empty += 1
                if empty > MOST_EMPTY:
                    yield Row(line, size, f"more than {MOST_EMPTY} rows have no value; delete them")
                    return
                yield Row(line, size, None)
            elif columns is None:
                columns = _Columns(fields, options)
                if problems := columns.list_problems():
                    yield Row(line, size, f"{', '.join(problems)}; {_EXPECTED}")
                    return
                yield Row(line, size, None, columns.list_warnings())
            else:
                has_rows = True
                yield Row(line, size, columns.read(fields))
    except csv.Error as error:
        yield Row(last_line + skipped, lines.size, f"{error}, in the row that begins here")
        return
    if columns is None:
        yield Row(1, 0, f"{', '.join(_Columns([], options).list_problems())}; {_EXPECTED}")
    elif not has_rows:
        yield Row(1, 0, "there are no rows")


_EXPECTED = "the columns are to,text,class[,at,key,list]"


def _chain(head: str, lines: _Lines) -> Iterator[str]:
    if head:
        yield head
    yield from lines


def _guess_separator(head: str, options: FileOptions) -> str:
    """Returns the separator by which the first line has the most columns that have a meaning; if none has any, the one that
    occurs most often, or a comma."""
    names = _list_names(options).values()

    def rank(separator: str) -> tuple[int, int]:
        found = [name.strip(' "\r\n').casefold() for name in head.split(separator)]
        return sum(name in names for name in found), len(found)

    return max(SEPARATORS, key=rank)


def _list_names(options: FileOptions) -> dict[str, str]:
    """Returns the name of the column that is read for each of `COLUMNS`."""
    chosen = {"to": options.to_column, "text": options.text_column}
    return {column: (chosen.get(column) or column).strip().casefold() for column in COLUMNS}


class _Columns:
    """Columns of a file, by its first line. Those without a name must have no values; those without a meaning are passed over."""

    def __init__(self, names: list[str], options: FileOptions) -> None:
        self._titles = [name.strip() for name in names]
        self._names = [name.casefold() for name in self._titles]
        self._expected = _list_names(options)
        self._options = options

    def list_problems(self) -> list[str]:
        """Returns what is wrong with the first line."""
        options, names = self._options, self._names
        needed = {"to": None, "text": options.text, "class": options.message_class}
        missing = [
            f"no column {self._expected[column]}"
            for column, default in needed.items()
            if default is None and self._expected[column] not in names
        ]
        if missing:
            missing += _list_some([f"unknown column {title!r}" for title in self._list_unknown()], "unknown columns")
        twice = [f"column {name} twice" for name in self._expected.values() if names.count(name) > 1]
        return missing + twice

    def list_warnings(self) -> tuple[str, ...]:
        """Returns which columns are passed over."""
        unknown = [repr(title) for title in self._list_unknown()]
        if not unknown:
            return ()
        named = ", ".join(_list_some(unknown, "columns"))
        return (f"{named} {'is' if len(unknown) == 1 else 'are'} not used; {_EXPECTED}",)

    def _list_unknown(self) -> list[str]:
        named = zip(self._titles, self._names, strict=True)
        return [title for title, name in named if name and name not in self._expected.values()]

    def read(self, fields: list[str]) -> MessageRequest | str:
        """Returns the request of a row, or what is wrong with it."""
        if len(fields) != len(self._names):
            hint = "; a text with separators needs quotation marks" if len(fields) > len(self._names) else ""
            return f"has {len(fields)} fields, the first line {len(self._names)}{hint}"
        row: dict[str, str] = {}
        for number, (name, value) in enumerate(zip(self._names, fields, strict=True), start=1):
            if name:
                row[name] = value
            elif value:
                return f"has a value in column {number}, which has no name"
        options = self._options
        to, text, message_class, at, key, list_name = (row.get(self._expected[column], "") for column in COLUMNS)
        return MessageRequest(
            to,
            text or options.text or "",
            message_class.strip() or options.message_class or "",
            at.strip() or options.at,
            scope_idempotency_key(self._options.api_key, key or None),
            options.report,
            options.short_code,
            options.valid,
            options.window,
            options.sim,
            list_name.strip() or options.list_name,
            options.answers,
        )


def _list_some(items: list[str], what: str) -> list[str]:
    return (
        items if len(items) <= MOST_UNKNOWN else [*items[:MOST_UNKNOWN], f"and {len(items) - MOST_UNKNOWN} more {what}"]
    )
