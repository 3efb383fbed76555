"""Control characters of texts from outside: they steer a terminal, end a line, or turn round how its neighbours read.

Everything that modemd prints or logs passes here: a name of an operator or a text of a stranger reaches the terminal of a
person who only lists the inbox.
"""

from __future__ import annotations

import re

# C0 and C1 with DEL, without the line feed; the separators of lines and paragraphs; the marks, embeddings, overrides and
# isolates of the bidirectional algorithm (Unicode annex 9), with the deprecated ones behind them; annotations; and halves of
# surrogate pairs, which no terminal can show.
_CLASS = r"\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff"
_CONTROL = re.compile(f"[{_CLASS}]")
_CONTROL_OR_LINE_FEED = re.compile(f"[\n{_CLASS}]")


def mark_controls(text: str, *, line_feed: bool = True) -> str:
    """Returns `text` with a mark for each control character, such as <U+202E>. `line_feed` False: a line feed stays one."""
    pattern = _CONTROL_OR_LINE_FEED if line_feed else _CONTROL
    return pattern.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def escape_controls(text: str) -> str:
    r"""Returns `text` with an escape for each control character but the line feed, such as \u202e: what JSON has in strings."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
