"""Control characters: which they are, and the two ways to show them."""

from __future__ import annotations

import unicodedata

import pytest

from modemd.controls import escape_controls, list_codes, mark_controls


def test_every_control_and_direction_character_is_one() -> None:
    """All of C0, C1, separators and surrogates; and whatever Unicode lets turn the direction of a line. The line feed is not."""
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    wanted = {
        code
        for code in range(0x10000)
        if unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(chr(code)) in directions
        or chr(code) in "\u061c\u200e\u200f"
    } - {ord("\n")}
    assert wanted <= set(list_codes())
    assert {chr(code) for code in list_codes()} & set("\n \u200c\u200d\ufe0fé漢") == set()


@pytest.mark.parametrize("code", [0, 0x1B, 0x9B, 0x202E, 0xD800])
def test_each_is_shown(code: int) -> None:
    """As a mark for people, and as an escape for JSON."""
    assert mark_controls(f"a{chr(code)}b") == f"a<U+{code:04X}>b"
    assert escape_controls(f"a{chr(code)}b\n") == f"a\\u{code:04x}b\n"


def test_a_line_feed_may_stay() -> None:
    """A text of several lines is shown as such where there is room; in one line its ends are marks."""
    assert mark_controls("a\nb", line_feed=False) == "a\nb"
    assert mark_controls("a\nb") == "a<U+000A>b"
