"""Texts of a double opt-in."""

from __future__ import annotations

from modemd.config import Settings
from modemd.rules.consent.texts.texts import Texts
from modemd.service.consent import opt_in_texts

SETTINGS = Settings.model_validate(
    {
        "database": "/modemd.db",
        "brand": "Chez Paul",
        "consent": {"lists": {"promo": {"title": "Offers", "frequency": "weekly"}}},
    }
)


def test_each_text_has_a_version_of_its_own() -> None:
    """The same words have the same one: the ledger tells by it what somebody was shown."""
    request = opt_in_texts.compose_request(SETTINGS, Texts.load(), "promo", "en")
    reminder = opt_in_texts.compose_reminder(SETTINGS, Texts.load(), "promo", "en")
    assert (
        request.version
        == opt_in_texts.compose_request(SETTINGS, Texts.load(), "promo", "en").version
        != reminder.version
    )


def test_the_request_and_its_reminder_say_how_to_refuse() -> None:
    """And who asks for what."""
    for compose in (opt_in_texts.compose_request, opt_in_texts.compose_reminder):
        text = compose(SETTINGS, Texts.load(), "promo", "en").text
        assert all(word in text for word in ("Chez Paul", "Offers", "YES", "STOP"))
