"""Checks of texts that people enter."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from modemd.service.texts import check_controls, check_ip, check_language


def test_line_ends_and_tabs_are_no_mistake() -> None:
    """Nor is what is not given."""
    check_controls("a\tb\r\nc\x0c", None, "é")
    check_language("pt-BR")
    check_language(None)
    check_ip("2001:db8::1")
    check_ip(None)


@pytest.mark.parametrize("code", [0, 7, 8, 0x0B, 0x1B, 0x7F, 0x9B])
def test_a_control_character_is_named_with_its_place(code: int) -> None:
    """By its code."""
    with pytest.raises(Refused, match=rf"the word has the control character U\+00{code:02X} at character 2"):
        check_controls("x", f"ab{chr(code)}", what="the word")
