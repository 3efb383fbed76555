"""Validity periods."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.errors import EncodeError
from modemd.pdu import EnhancedValidity, RelativeValidity
from modemd.pdu.fields.validity import RELATIVE, read_validity


@pytest.mark.parametrize(
    ("octet", "duration"),
    [
        (0x00, timedelta(minutes=5)),
        (0x0B, timedelta(hours=1)),
        (0x47, timedelta(hours=6)),
        (0x8F, timedelta(hours=12)),
        (0xA7, timedelta(hours=24)),
        (0xA8, timedelta(days=2)),
        (0xAD, timedelta(days=7)),
        (0xC4, timedelta(days=30)),
        (0xC5, timedelta(weeks=5)),
        (0xFF, timedelta(weeks=63)),
    ],
)
def test_relative(octet: int, duration: timedelta) -> None:
    """The four scales of the relative period meet where the clause says."""
    assert RelativeValidity(octet).duration == duration
    assert RelativeValidity.at_least(duration) == RelativeValidity(octet)
    assert read_validity(RELATIVE, bytes((octet,))) == RelativeValidity(octet)


@pytest.mark.parametrize(
    ("wanted", "octet"),
    [
        pytest.param(timedelta(0), 0x00, id="none at all"),
        pytest.param(timedelta(days=-1), 0x00, id="already over"),
        pytest.param(timedelta(minutes=5, microseconds=1), 0x01, id="a little more than five minutes"),
        pytest.param(timedelta(hours=24, seconds=1), 0xA8, id="a little more than a day"),
        pytest.param(timedelta(days=30, seconds=1), 0xC5, id="a little more than thirty days"),
        pytest.param(timedelta(days=3650), 0xFF, id="ten years"),
    ],
)
def test_rounding_goes_up(wanted: timedelta, octet: int) -> None:
    """A period is never cut short, but for the longest there is."""
    assert RelativeValidity.at_least(wanted).octet == octet


@pytest.mark.parametrize(
    ("octets", "duration", "single_shot"),
    [
        ("01A70000000000", timedelta(hours=24), False),
        ("421E0000000000", timedelta(seconds=30), True),
        ("03215043000000", timedelta(hours=12, minutes=5, seconds=34), False),
        ("00000000000000", None, False),
    ],
)
def test_enhanced(octets: str, duration: timedelta | None, single_shot: bool) -> None:
    """The enhanced period says its form in its first octet."""
    validity = EnhancedValidity(bytes.fromhex(octets))
    assert (validity.duration, validity.single_shot) == (duration, single_shot)


def test_lengths_are_checked() -> None:
    """A period that is not of its length is refused."""
    with pytest.raises(EncodeError, match="6 octets"):
        EnhancedValidity(bytes(6)).encode()
    with pytest.raises(EncodeError, match="256"):
        RelativeValidity(256).encode()
