"""The room is furnished when somebody comes in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.service.assembled import assembled_service


async def test_the_parts_are_made_once(tmp_path: Path) -> None:
    """At the first use, and share the numbers."""
    async with assembled_service(tmp_path) as assembled:
        room = assembled.service.twilio
        assert room.messages is room.messages
        assert (room.numbers is room.numbers, room.replies is room.replies) == (True, True)


def test_without_a_client_nothing_of_it_is_loaded() -> None:
    """The daemon and its API are there without the code of Twilio's."""
    program = (
        "import sys, modemd.daemon, modemd.api.app;"
        "print([name for name in sys.modules if 'twilio' in name and not name.endswith(('twilio', 'loading', 'room'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
