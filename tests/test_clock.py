"""Wall time."""

from __future__ import annotations

import ctypes
from datetime import UTC, datetime, timedelta

import pytest

from modemd.clock import Clock, SystemClock, is_system_clock_synchronised


def test_the_systems_clock_gives_aware_utc() -> None:
    """The machine's clock says its zone, the zone is UTC, and it is the machine's time."""
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now().astimezone()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "is_synchronised"),
    [
        pytest.param(0, True, id="TIME_OK"),
        pytest.param(1, True, id="a leap second comes"),
        pytest.param(5, False, id="TIME_ERROR"),
        pytest.param(-1, False, id="not permitted"),
    ],
)
def test_the_kernel_knows_whether_ntp_keeps_the_clock(
    monkeypatch: pytest.MonkeyPatch, state: int, is_synchronised: bool
) -> None:
    """As adjtimex(2) says. It is asked, and told nothing."""
    asked: list[bytes] = []

    class Library:
        def adjtimex(self, buffer: ctypes.Array[ctypes.c_char]) -> int:
            asked.append(buffer.raw)
            return state

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Library())
    assert is_system_clock_synchronised() is is_synchronised
    assert asked == [bytes(512)]


def test_a_library_without_adjtimex_knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """musl has it, others may not."""
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert is_system_clock_synchronised() is False
