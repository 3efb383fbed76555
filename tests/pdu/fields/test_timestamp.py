"""Time stamps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from modemd.errors import EncodeError
from modemd.pdu import Timestamp

MOMENT = datetime(2025, 3, 11, 9, 15, 8)


@pytest.mark.parametrize(
    ("minutes", "octets"),
    [
        (0, "52301190518000"),
        (60, "52301190518040"),
        (120, "52301190518080"),
        (330, "52301190518022"),
        (345, "52301190518032"),
        (840, "52301190518065"),
        (-210, "52301190518049"),
        (-300, "5230119051800A"),
        (-480, "5230119051802B"),
    ],
)
def test_offsets(minutes: int, octets: str) -> None:
    """The distance from UTC is written in quarters of an hour, its sign in a bit of its own."""
    moment = MOMENT.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert Timestamp.of(moment).encode().hex().upper() == octets
    assert Timestamp(bytes.fromhex(octets)).value == moment


def test_minus_nothing_is_utc() -> None:
    """A negative offset of nothing is UTC."""
    assert Timestamp(bytes.fromhex("52301190518008")).value == MOMENT.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "octets", ["", "523011", "00000000000000", "FFFFFFFFFFFFFF", "52311190518000", "52302390518000", "52301142518000"]
)
def test_rubbish_has_no_value(octets: str) -> None:
    """Octets that are no date keep their form and have no value."""
    stamp = Timestamp(bytes.fromhex(octets))
    assert stamp.value is None
    assert str(stamp) == octets


def test_a_time_stamp_has_seven_octets() -> None:
    """Octets that are no date are written as they came, but only seven of them."""
    assert Timestamp(b"\xff" * 7).encode() == b"\xff" * 7
    with pytest.raises(EncodeError, match="6 octets"):
        Timestamp(bytes(6)).encode()


def test_a_digit_above_nine_counts_as_nothing() -> None:
    """A digit that is none is taken for 0, as the clause says."""
    assert Timestamp(bytes.fromhex("523011905180C2")).value == MOMENT.replace(tzinfo=timezone(timedelta(hours=5)))


def test_odd_offsets_keep_the_moment() -> None:
    """An offset that is no whole quarter is brought to one; the moment stays."""
    lisbon_once = MOMENT.replace(tzinfo=timezone(-timedelta(minutes=36, seconds=45)))
    assert Timestamp.of(lisbon_once).value == lisbon_once


def test_nineties_are_of_the_last_century() -> None:
    """Years from 90 on are 1990 to 1999, others are after 2000."""
    assert Timestamp.of(datetime(1998, 12, 22, tzinfo=UTC)).value == datetime(1998, 12, 22, tzinfo=UTC)
    assert Timestamp.of(datetime(2089, 12, 22, tzinfo=UTC)).value == datetime(2089, 12, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        pytest.param(MOMENT, "has no offset", id="naive"),
        pytest.param(MOMENT.replace(year=1989, tzinfo=UTC), "1989", id="too early"),
        pytest.param(MOMENT.replace(year=2090, tzinfo=UTC), "2090", id="too late"),
        pytest.param(MOMENT.replace(tzinfo=timezone(timedelta(hours=20))), "too far", id="too far east"),
    ],
)
def test_what_cannot_be_written(moment: datetime, reason: str) -> None:
    """A moment that seven octets cannot say is refused."""
    with pytest.raises(EncodeError, match=reason):
        Timestamp.of(moment)
