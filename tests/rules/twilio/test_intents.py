"""Intents."""

from __future__ import annotations

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.twilio.intents import INTENTS, find_class


@pytest.mark.parametrize(
    ("intent", "found"),
    [
        ("otp", MessageClass.OTP),
        ("Marketing", MessageClass.MARKETING),
        ("delivery", MessageClass.TRANSACTIONAL),
        (None, MessageClass.TRANSACTIONAL),
        ("promotion", None),
        ("", None),
    ],
)
def test_an_intent_is_a_class(intent: str | None, found: MessageClass | None) -> None:
    """An intent that is not known is none: it might be marketing by another name."""
    assert find_class(intent) == found


def test_every_intent_of_the_sdk_has_a_class() -> None:
    """The official SDK lists them."""
    message = pytest.importorskip("twilio.rest.api.v2010.account.message")
    listed = {each.value for each in vars(message.MessageInstance).get("MessageIntent", ())}
    assert listed <= INTENTS.keys()
