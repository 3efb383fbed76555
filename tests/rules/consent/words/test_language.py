"""The language that a word of consent is answered in."""

from __future__ import annotations

import pytest

from modemd.rules.consent.words.language import choose_language, find_language_of, find_supported
from modemd.rules.consent.words.matching import WordMatch, Words

WORDS = Words.load()
SUPPORTED = ("en", "fr", "de", "es", "pt", "pt-BR", "gl")


def said(text: str, country: str = "GB") -> WordMatch:
    found = WORDS.match(text, country=country)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("contact", "last", "country", "language"),
    [
        pytest.param("de", "fr", "ES", "de", id="the contact's language comes first"),
        pytest.param("fr-CA", None, "US", "fr", id="a region of it is it"),
        pytest.param(None, "ES", "DE", "es", id="then the last message's"),
        pytest.param(None, None, "at", "de", id="then the country's"),
        pytest.param("ja", "pt-PT", "MX", "pt", id="languages without texts are passed over"),
        pytest.param(None, None, "JP", "en", id="then the account's"),
        pytest.param("", "", "", "en", id="nothing known"),
    ],
)
def test_a_word_of_several_languages_is_answered_in_the_nearest(
    contact: str | None, last: str | None, country: str | None, language: str
) -> None:
    """STOP is said in every language; what is known of the person decides."""
    assert (
        choose_language(
            said("STOP"), contact_language=contact, last_language=last, country=country, supported=SUPPORTED
        )
        == language
    )


def choose(text: str, contact: str, country: str) -> str:
    return choose_language(
        said(text), contact_language=contact, last_language=None, country=country, supported=SUPPORTED
    )


def test_a_word_of_one_language_is_answered_in_it() -> None:
    """Who writes ARRET reads French, whatever else is known; of several languages, those that have the word go first."""
    assert choose("ARRET", "de", "US") == "fr"
    assert choose("BAIXA", "de", "US") == "gl"
    assert choose("PARAR", "de", "PT") == "pt"


def test_tags_and_countries_have_languages() -> None:
    """A tag means itself, else its language; a country means what most people read there."""
    assert find_supported("pt_BR", SUPPORTED) == "pt-BR"
    assert find_supported("de-AT", SUPPORTED) == "de"
    assert find_supported("ja", SUPPORTED) is None
    assert find_supported(None, SUPPORTED) is None
    assert (find_language_of("fr"), find_language_of("BR"), find_language_of(None)) == ("fr", "pt", None)
