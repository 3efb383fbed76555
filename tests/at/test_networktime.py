"""The network's time: every form in which a modem tells it, and what is no time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from modemd.at.networktime import parse_network_time

MORNING = datetime(2026, 3, 11, 9, 15, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('*PSUTTZ: 2026,3,11,9,15,8,"+4",0', id="SIM800"),
        pytest.param("+NITZ: 26/03/11,09:15:08,+04,0", id="SIM7600"),
        pytest.param("^NWTIME: 26/03/11,09:15:08+04,00", id="Huawei"),
        pytest.param('+CTZE: "+04",0,"2026/03/11,10:15:08"', id="the standard's, in local time"),
        pytest.param('+CTZE: "-20",0,"2026/03/11,04:15:08"', id="west of Greenwich"),
        pytest.param('+CCLK: "26/03/11,10:15:08+04"', id="the clock"),
        pytest.param('+CCLK: "26/03/11,09:15:08"', id="the clock without a zone"),
    ],
)
def test_a_time_is_read(line: str) -> None:
    """Two or four digits of the year, blanks, quotes, and the zone taken off where the standard says local time."""
    assert parse_network_time(line) == MORNING


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("+CTZV: +04", id="a zone alone"),
        pytest.param('+CCLK: "04/01/01,00:12:33+00"', id="a clock nobody has set"),
        pytest.param('+CCLK: "80/01/06,00:00:12+00"', id="the beginning of GPS time"),
        pytest.param("^NWTIME: 26/13/45,09:15:08+04,00", id="no day"),
        pytest.param("+NITZ:", id="nothing"),
    ],
)
def test_what_is_no_time_is_none(line: str) -> None:
    """A clock that was never set must not make the machine's look wrong."""
    assert parse_network_time(line) is None
