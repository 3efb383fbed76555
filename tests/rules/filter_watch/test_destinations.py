"""Destinations: the groups of recipients whose delivery rates are compared."""

from __future__ import annotations

import pytest

from modemd.rules.filter_watch.destinations import find_destination


@pytest.mark.parametrize(
    ("number", "destination"),
    [
        ("+33612345678", "+336"),
        ("+33712345678", "+337"),
        ("+12025550123", "+12"),
        ("+4915112345678", "+491"),
        ("+35312345678", "+3531"),
        ("+971501234567", "+9715"),
    ],
)
def test_a_destination_is_the_country_and_one_digit(number: str, destination: str) -> None:
    """Calling codes have one to three digits."""
    assert find_destination(number) == destination


@pytest.mark.parametrize("number", ["36111", "0612345678", "", "+", "+99", "ALERT", "+3361234567x", "+99912345678"])
def test_other_recipients_have_none(number: str) -> None:
    """Short codes, names, national numbers and codes of no country are not judged."""
    assert find_destination(number) is None
