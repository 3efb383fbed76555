"""Rows of a CSV, read one after the other, so that a large file does not stop the loop."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from modemd.errors import ErrorCode, Refused
from modemd.service.messages.submission import MessageRequest

COLUMNS = ("to", "text", "class", "at", "key")
# How many problems of a file are reported.
MOST_PROBLEMS = 1000


class BadRows(Refused):
    """CSV of which nothing is accepted. `problems` names each malformed row by its line, with the reason; the first
    `MOST_PROBLEMS` of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(ErrorCode.BAD_ROWS, f"nothing was accepted: {'; '.join(problems)}")
        self.problems = problems


def parse_rows(text: str) -> Iterator[tuple[int, MessageRequest | str]]:
    """Yields each row of a CSV with the columns to,text,class[,at,key]: the line on which it begins, and its request, or what is
    wrong with it. After wrong columns or wrong quoting nothing follows."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    line = 1
    rows = 0
    try:
        numbered = _numbered_rows(reader)
        _, names = next(numbered, (1, []))
        if problems := _column_problems(names):
            yield 1, f"{', '.join(problems)}; the columns are to,text,class[,at,key]"
            return
        for line, fields in numbered:
            rows += 1
            if len(fields) != len(names):
                yield line, f"has {len(fields)} fields, the first line {len(names)}"
            else:
                yield line, _row_request(dict(zip(names, fields, strict=True)))
    except csv.Error as error:
        yield reader.line_num, f"{error}, in a row that begins after line {line}"
        return
    if not rows:
        yield 1, "there are no rows"


def _row_request(row: dict[str, str]) -> MessageRequest:
    return MessageRequest(row["to"], row["text"], row["class"], row.get("at") or None, row.get("key") or None)


def _numbered_rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yields the rows that are not empty, each with the line on which it begins (a quoted text may span several lines)."""
    begins = 1
    for fields in reader:
        if fields:
            yield begins, fields
        begins = reader.line_num + 1  # type: ignore[attr-defined]  # csv.reader has it; its type is private


def _column_problems(names: list[str]) -> list[str]:
    missing = [f"no column {name}" for name in COLUMNS[:3] if name not in names]
    unknown = [f"unknown column {name!r}" for name in names if name not in COLUMNS]
    twice = [f"column {name} twice" for name in COLUMNS if names.count(name) > 1]
    return missing + unknown + twice
