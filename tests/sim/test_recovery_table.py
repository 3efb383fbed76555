"""Every fault of the emulator, and the modem that sends again by itself."""

from __future__ import annotations

import pytest

from modemd.emulator.lab.requests.faults import fault_kinds
from tests.sim.recovery import CASES, table

QUICK = ("deaf", "restart", "unplug", "wedge", "coverage")


def test_every_kind_of_fault_is_in_the_table() -> None:
    """A new one without a row fails here."""
    assert sorted(CASES) == sorted(fault_kinds())


@pytest.mark.parametrize("kind", QUICK)
def test_a_modem_is_back_within_seconds(kind: str) -> None:
    """It sends within 5 s of being able to; nothing is lost, sent twice or wrongly told to have failed. `make system` prints
    the whole table."""
    rows = table([kind])
    assert [str(row) for row in rows if not row.good] == []
