"""Layout of a table: which columns are shown in the width that there is, and how wide each is. Pure: it prints nothing.

If a table is too wide, columns without any value go first. Then wide columns become narrower, the widest first, as long as they
can still be read. If that is not enough, the columns that the caller can spare go, the least important first. What was left out
is told, so that nobody takes a part for the whole.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from modemd.light_dataclass import dataclass

GAP = "  "
NOTHING = "-"
# A column is not made narrower than this while another one can be spared: times, numbers and most words stay whole. The
# beginning of a text tells which one it is.
READABLE_WIDTH = 26
READABLE_TEXT = 18
# After that, not narrower than this.
LEAST_WIDTH = 6


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns that are shown, by their index, and the width of each; and those that were left out though they have values."""

    columns: tuple[int, ...]
    widths: tuple[int, ...]
    omitted: tuple[int, ...] = ()


def lay_out(
    headings: Sequence[str], rows: Sequence[Sequence[str]], available: int | None, spare: Sequence[int] = ()
) -> Layout:
    """Returns the layout of a table in `available` terminal columns; None: as wide as it is. `spare`: the columns that can
    be left out, the least important first."""
    natural = [
        max(map(display_width, (heading, *(row[index] for row in rows)))) for index, heading in enumerate(headings)
    ]
    columns = list(range(len(headings)))
    if available is None or _total(natural) <= available:
        return Layout(tuple(columns), tuple(natural))
    columns = [index for index in columns if any(row[index] != NOTHING for row in rows)]
    omitted: list[int] = []
    readable = [READABLE_TEXT if heading == "text" else READABLE_WIDTH for heading in headings]
    for index in (*spare, None):
        widths = _shrink([natural[each] for each in columns], available, [readable[each] for each in columns])
        if _total(widths) <= available:
            break
        if index in columns:
            columns.remove(index)
            omitted.append(index)
    if _total(widths) > available:
        widths = _shrink(widths, available, [LEAST_WIDTH] * len(widths))
    return Layout(tuple(columns), tuple(widths), tuple(sorted(omitted)))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * max(len(widths) - 1, 0)


def _shrink(widths: Sequence[int], available: int, least: Sequence[int]) -> list[int]:
    """Returns the widths after the widest were made narrower, none below its `least`, until all fit or none can."""
    found = list(widths)
    for _ in range(_total(found) - available):
        able = [index for index, width in enumerate(found) if width > least[index]]
        if not able:
            break
        found[max(able, key=found.__getitem__)] -= 1
    return found


def cut(text: str, width: int) -> str:
    """Returns `text` in at most `width` terminal columns; a longer one ends with an ellipsis."""
    if display_width(text) <= width:
        return text
    end = min(len(text), width)
    while end and display_width(text[:end]) > width - 1:
        end -= 1
    return f"{text[:end]}…"


def split(text: str, width: int) -> tuple[str, str]:
    """Returns the beginning of `text` that fits into `width` terminal columns, up to the end of a word, and the rest."""
    if display_width(text) <= width:
        return text, ""
    end = 0
    while end < len(text) and display_width(text[: end + 1]) <= width:
        end += 1
    end = max(end, 1)
    blank = text.rfind(" ", 0, end + 1)
    return (text[:blank], text[blank + 1 :]) if blank > 0 else (text[:end], text[end:])


def display_width(text: str) -> int:
    """Returns the columns that the text takes on a terminal: wide letters and emoji two, marks and joiners none."""
    return len(text) if text.isascii() else sum(map(_display_columns, text))


def _display_columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
