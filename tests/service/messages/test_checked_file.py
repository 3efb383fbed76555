"""What was found in a file: how much of it is listed."""

from __future__ import annotations

from modemd.service.messages.checked_file import MOST_WARNINGS, CheckedFile
from modemd.service.messages.csv_encoding import FileContent
from modemd.service.messages.csv_rows import NO_OPTIONS


def test_warnings_that_are_not_listed_are_counted() -> None:
    """The first by line are listed, and the last line says how many more there are."""
    found = CheckedFile(FileContent(b"", "utf-8", b""), NO_OPTIONS)
    for line in range(MOST_WARNINGS - 1):
        found.warn(line, ("odd",))
    found.warn(MOST_WARNINGS, ("odd", "odder"))
    assert found.list_warnings()[-1] == "and 1 more warning about lines"
    found.warn(MOST_WARNINGS + 1, ("odd", "odder"))
    assert len(found.list_warnings()) == MOST_WARNINGS + 1
    assert found.list_warnings()[-2:] == [f"line {MOST_WARNINGS}: odd", "and 3 more warnings about lines"]


def test_warnings_that_are_all_listed_are_all() -> None:
    """Nothing is said of more."""
    found = CheckedFile(FileContent(b"", "utf-8", b""), NO_OPTIONS)
    for line in range(MOST_WARNINGS):
        found.warn(line, ("odd",))
    assert found.list_warnings()[-1] == f"line {MOST_WARNINGS - 1}: odd"
