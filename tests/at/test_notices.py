"""Notices against the beginnings that drivers list."""

from __future__ import annotations

import pytest

from modemd.at.notices import begins_with


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("+CFUN: 1", True),
        ("+CFUN:1", True),
        ("+CPIN:READY", True),
        ('+QIND:"smsfull","ME"', True),
        ("+CFUN: 4", False),
        ("RDY", False),
    ],
)
def test_blanks_after_the_colon_do_not_matter(line: str, begins: bool) -> None:
    """Some firmware leaves them out, in notices too (gammu #394)."""
    assert begins_with(line, ("+CFUN: 1", "+CPIN:", '+QIND: "smsfull"')) is begins
