"""The form of e-mail addresses."""

from __future__ import annotations

import pytest

from modemd.rules.consent.mail.addresses import normalise_address


@pytest.mark.parametrize(
    "text", ["", "ana", "@example.com", "ana@", "a b@example.com", "a@b@c", "x" * 250 + "@example.com"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    """Nothing is stored that no mail can come from."""
    assert normalise_address(text) is None
