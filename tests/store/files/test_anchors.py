"""The file of anchors: durable, the owner's alone, and readable after a power cut."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path

import pytest

from modemd.store.consent.verification import Anchor, AnchorFile
from modemd.store.files.anchors import anchor_file, append_anchor, read_anchors
from tests.store.bench import START

FIRST = Anchor(START, 7, "ab" * 32, "12345678")
EMPTY = Anchor(START, 0, "", "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return anchor_file(tmp_path / "modemd.db")


def test_what_was_appended_is_read(path: Path) -> None:
    """One line each, also of a ledger without rows; nobody else may read them."""
    assert read_anchors(path) == AnchorFile(is_there=False)
    append_anchor(path, EMPTY)
    append_anchor(path, FIRST)
    assert read_anchors(path) == AnchorFile((EMPTY, FIRST))
    assert (path.name, stat.S_IMODE(path.stat().st_mode)) == ("modemd.db.ledger", 0o600)


def test_half_a_line_does_not_count(path: Path) -> None:
    """A power cut ends the file at any octet: the lines before it are read, and the next anchor replaces what is left of it."""
    append_anchor(path, FIRST)
    whole = path.read_bytes()
    second = dataclasses.replace(FIRST, rows=8)
    for end in range(len(whole)):
        path.write_bytes(whole + whole[:end])
        assert read_anchors(path) == AnchorFile((FIRST,))
        append_anchor(path, second)
        assert read_anchors(path) == AnchorFile((FIRST, second))


@pytest.mark.parametrize("line", ["rubbish", "2026-11-22T12:00:00 1 - -", "", "2026-11-22T12:00:00+00:00 x - -"])
def test_a_line_that_is_no_anchor_is_told(path: Path, line: str) -> None:
    """By its number; the others count."""
    append_anchor(path, FIRST)
    path.write_text(f"{line}\n{path.read_text()}", encoding="utf-8")
    assert read_anchors(path) == AnchorFile((FIRST,), f"{path}: line 1 is no anchor")


def test_a_file_that_cannot_be_read_is_told(path: Path) -> None:
    """A folder in its place is damage, and no absence."""
    path.mkdir()
    found = read_anchors(path)
    assert (found.is_there, found.anchors) == (True, ())
    assert found.damage == f"{path}: Is a directory"
