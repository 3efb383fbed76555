"""One call is told once, with its number where there is one."""

from __future__ import annotations

import pytest

from modemd.modem.messages.missed_calls import MAX_RING_INTERVAL_S, MissedCalls, is_call_notice

BOB = '+CLIP: "+447700900456",145,"",0,"",0'
BARE = '+CLIP: "447700900456",145,"",0,"",0'
WITHHELD = '+CLIP: "",128,"",0,"",1'


def told(*steps: tuple[float, str]) -> list[str]:
    """The calls that notices at these times tell, and what is due a minute after the last."""
    calls = MissedCalls()
    heard = [calls.handle_notice(line, at) for at, line in steps]
    heard.append(calls.take_overdue(steps[-1][0] + 60))
    return [number for number in heard if number is not None]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([(0, "RING"), (0, BOB), (3, "RING"), (3, BOB), (5, "NO CARRIER")], ["+447700900456"], id="rings twice"),
        pytest.param([(0, "+CRING: VOICE"), (0, BARE), (2, "NO CARRIER")], ["+447700900456"], id="AT+CRC=1, no plus sign"),
        pytest.param([(0, "RING"), (0, WITHHELD), (3, "RING"), (3, WITHHELD)], [""], id="withheld"),
        pytest.param([(0, "RING"), (3, "RING"), (6, "RING")], [""], id="no +CLIP at all"),
        pytest.param([(0, "RING")], [""], id="a single ring"),
        pytest.param([(0, "RING"), (1, "NO CARRIER")], [""], id="given up at once"),
        pytest.param([(0, "RING"), (0, BOB), (9, "NO CARRIER"), (20, "RING"), (20, BOB)], ["+447700900456"] * 2, id="again"),
        pytest.param([(0, "RING"), (0, BOB), (40, "RING"), (40, BOB)], ["+447700900456"] * 2, id="its end was lost"),
        pytest.param([(0, "RING"), (40, "RING"), (40, BOB)], ["", "+447700900456"], id="one unknown, then another"),
        pytest.param([(0, BOB), (3, "RING"), (3, BOB)], ["+447700900456"], id="the first RING was lost"),
        pytest.param([(0, "NO CARRIER")], [], id="no call"),
        pytest.param([(0, "RING"), (0, BOB), (3, "MISSED_CALL: 09:15AM +447700900456")], ["+447700900456"], id="SIM7600"),
    ],
)  # fmt: skip
def test_a_call_is_told_once(steps: list[tuple[float, str]], expected: list[str]) -> None:
    """However often it rings, with the number of the first +CLIP."""
    assert told(*steps) == expected


def test_a_call_rings_until_it_is_over_or_silent_too_long() -> None:
    """What still rings can be hung up."""
    calls = MissedCalls()
    calls.handle_notice("RING", 0)
    assert calls.is_ringing
    assert calls.take_overdue(MAX_RING_INTERVAL_S - 0.1) is None
    assert calls.is_ringing
    assert calls.take_overdue(MAX_RING_INTERVAL_S) == ""
    assert not calls.is_ringing


def test_other_notices_are_not_of_a_call() -> None:
    """A notice of a message, or of a modem's start, is somebody else's."""
    assert not any(is_call_notice(line) for line in ('+CMTI: "SM",3', "RDY", "+CREG: 1", "OK"))
    assert all(is_call_notice(line) for line in ("RING", BOB, "NO CARRIER"))
