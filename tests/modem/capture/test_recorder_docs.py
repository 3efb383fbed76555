"""docs/emulator.md says what a recording asks, and what its file looks like."""

from __future__ import annotations

import re
from pathlib import Path

from modemd.emulator.capture.capture import Capture
from modemd.modem.capture.recorder import IDENTITY_COMMANDS, READ_COMMANDS, TEST_COMMANDS, VENDOR_COMMANDS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "emulator.md").read_text(encoding="utf-8")
CAPTURES = PAGE[PAGE.index("## Captures") : PAGE.index("## USB")]


def test_the_docs_list_what_is_asked() -> None:
    """Every question, in the order in which it is asked, and none besides."""
    lists = re.findall(r"^- [a-z ]+: `([^`]+)`", CAPTURES, re.M)
    assert [tuple(told.split()) for told in lists] == [IDENTITY_COMMANDS, READ_COMMANDS, TEST_COMMANDS, VENDOR_COMMANDS]


def test_the_capture_in_the_docs_can_be_played() -> None:
    """The one that is shown is taken as it stands."""
    (shown,) = re.findall(r"^```text\n(.*?)^```$", CAPTURES, re.M | re.S)
    capture = Capture.read(shown)
    assert len(capture.answers["+CPIN?"]) == 2
    assert len(capture.notices) == 1
