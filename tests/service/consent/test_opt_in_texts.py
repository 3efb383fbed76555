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


def test_a_welcome_says_what_comes_and_how_to_end_it() -> None:
    """By the title of the list; if that is gone from the configuration, by its name."""
    welcome = opt_in_texts.compose_welcome(SETTINGS, Texts.load(), "promo", "en")
    assert welcome.text == "Chez Paul: You will now get Offers. Reply STOP to opt out."
    assert welcome.language == "en"
    assert "get old-list." in opt_in_texts.compose_welcome(SETTINGS, Texts.load(), "old-list", "en").text


def test_a_welcome_to_all_marketing_names_its_title_if_there_is_one() -> None:
    """Without one it says offers."""
    general = opt_in_texts.compose_welcome(SETTINGS, Texts.load(), None, "en")
    assert general.text == "Chez Paul: You will now get our offers. Reply STOP to end them."
    titled = Settings.model_validate(
        {"database": "/modemd.db", "brand": "Chez Paul", "consent": {"double_opt_in": {"title": "Offers and news"}}}
    )
    assert "get Offers and news." in opt_in_texts.compose_welcome(titled, Texts.load(), None, "en").text
