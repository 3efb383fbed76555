"""Control characters of texts from outside: they steer a terminal, end a line, or turn round how its neighbours read.

Everything that modemd prints or logs passes here: a name of an operator or a text of a stranger reaches the terminal of a
person who only lists the inbox.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# C0 and C1 with DEL, without the line feed; the marks of Arabic and of both directions; the separators of lines and paragraphs,
# with the embeddings and overrides behind them; the isolates, with the deprecated ones behind them (Unicode annex 9);
# annotations; and halves of surrogate pairs, which no terminal can show.
_RANGES = (
    *((0x00, 0x09), (0x0B, 0x1F), (0x7F, 0x9F), (0x061C, 0x061C), (0x200E, 0x200F), (0x2028, 0x202E), (0x2066, 0x206F)),
    *((0xFFF9, 0xFFFB), (0xD800, 0xDFFF)),
)
CONTROLS = "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in _RANGES)
"""The control characters but the line feed, as ranges within the brackets of a regular expression."""
_CONTROL = re.compile(f"[{CONTROLS}]")
_CONTROL_OR_LINE_FEED = re.compile(f"[\n{CONTROLS}]")


def list_codes() -> Iterator[int]:
    """Yields the code of each control character but the line feed. There are 2000: kept as a table they would take memory."""
    for first, last in _RANGES:
        yield from range(first, last + 1)


def mark_controls(text: str, *, line_feed: bool = True) -> str:
    """Returns `text` with a mark for each control character, such as <U+202E>. `line_feed` False: a line feed stays one."""
    pattern = _CONTROL_OR_LINE_FEED if line_feed else _CONTROL
    return pattern.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def escape_controls(text: str) -> str:
    r"""Returns `text` with an escape for each control character but the line feed, such as \u202e: what JSON has in strings."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
