"""Numbers of subscribers."""

from __future__ import annotations

import pytest

from modemd.emulator.network.numbers import check_sim_number


@pytest.mark.parametrize(
    "text", ["0612", "0612345678", "33612345678", "+0612345678", "+331", "+33 612345678", "+3" * 9, ""]
)
def test_a_sim_has_an_international_number(text: str) -> None:
    """A national number, a short code and a name are none."""
    assert check_sim_number("+33612345678") == "+33612345678"
    with pytest.raises(ValueError, match=r"is not E\.164, as in \+33612345678"):
        check_sim_number(text)
