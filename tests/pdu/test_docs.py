"""The examples on the page about the codec are true."""

from __future__ import annotations

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "codec.md"


def test_examples_are_true() -> None:
    """Each example on the page gives what the page says, in one session from top to bottom."""
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted > 30
    assert result.failed == 0
