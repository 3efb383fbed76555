"""Comparison of notices with the beginnings that a driver lists, without regard to blanks after the colon.

Firmware differs in them: SIM800 writes `+CFUN: 1`, RDA chips leave the blank out (gammu #394).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_BLANKS = re.compile(r":\s+")


def squeeze(line: str) -> str:
    """Returns `line` without blanks after its first colon."""
    return _BLANKS.sub(":", line, count=1)


def begins_with(line: str, beginnings: Iterable[str]) -> bool:
    """Returns whether a line begins with one of `beginnings`, however many blanks follow the first colon of either."""
    return squeeze(line).startswith(tuple(map(squeeze, beginnings)))
