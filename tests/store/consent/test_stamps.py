"""Stamps of the network that can be true."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.store.consent.stamps import is_credible
from tests.store.bench import START


@pytest.mark.parametrize(
    ("age", "credible"),
    [
        (timedelta(), True),
        (timedelta(days=31), True),
        (timedelta(days=32), False),
        (-timedelta(days=1), True),
        (-timedelta(days=2), False),
    ],
)
def test_a_stamp_is_a_month_old_at_most_and_not_of_tomorrow(age: timedelta, credible: bool) -> None:
    """Service centres hold no message for longer; a zone may be wrong by a day."""
    assert is_credible(START - age, START) is credible
