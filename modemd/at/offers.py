"""Parser of the answers to test commands (`AT+CNMI=?`), in the form of ITU-T V.250 5.4.3.1 and in the forms seen on modems.

Seen for `+CNMI=?`: `(0-3),(0-3),(0,2),(0,1),(0,1)`; four groups (Wavecom); no blank after the colon. Seen for `+CPMS=?`:
three groups; one ungrouped list (`"ME","MT","SM"`, Huawei MU609); two groups in a third pair of parentheses (Wavecom); empty
groups (Nokia).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from modemd.errors import DecodeError

_GROUP = re.compile(r"\(([^()]*)\)")
_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")
_WORD = re.compile(r'"?([A-Za-z][A-Za-z0-9_]*)"?')
# None of the parameters of TS 27.005 and TS 27.007 that modemd asks for has a value of more than three digits.
_LARGEST = 999


def parse_number_groups(lines: Sequence[str], name: str) -> tuple[frozenset[int], ...]:
    """Returns the values that each parameter may have, in order. DecodeError if the answer has no groups of numbers."""
    groups = tuple(_values(group) for group in _split_groups(_read_values(lines, name)))
    if not groups or not all(groups):
        raise DecodeError(name, 0, f"no values in {list(lines)!r}")
    return groups


def parse_memories(lines: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Returns the memories that `+CPMS` takes in each place. If the answer is one ungrouped list, it is for each place.
    DecodeError if the answer names none."""
    values = _read_values(lines, "+CPMS")
    groups = [tuple(_WORD.findall(group)) for group in _split_groups(values)] or [tuple(_WORD.findall(values))] * 3
    if not all(groups):
        raise DecodeError("+CPMS", 0, f"no memories in {list(lines)!r}")
    return tuple(groups)


def _read_values(lines: Sequence[str], name: str) -> str:
    """Returns the text after `name:`. A long answer may go on in further lines (Huawei's to `+CSCS=?` does)."""
    for index, line in enumerate(lines):
        if line.upper().startswith(f"{name}:"):
            return "".join([line[len(name) + 1 :], *lines[index + 1 :]])
    raise DecodeError(name, 0, f"no {name} line in {list(lines)!r}")


def _split_groups(values: str) -> list[str]:
    """Returns the contents of the innermost parentheses."""
    return _GROUP.findall(values)


def _values(group: str) -> frozenset[int]:
    found: set[int] = set()
    for first, last in _RANGE.findall(group):
        if int(first) <= int(last or first) <= _LARGEST:
            found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)
