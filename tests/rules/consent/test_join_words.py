"""Join words of lists."""

from __future__ import annotations

import pytest

from modemd.rules.consent.join_words import JoinWords

WORDS = JoinWords({"promo": ["PROMO", "Je m'abonne"], "news": ["Actualités"]})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(" promo! ", ("promo", "PROMO"), id="case and marks do not matter"),
        pytest.param("ACTUALITES", ("news", "Actualités"), id="nor do accents"),
        pytest.param("je m’abonne", ("promo", "Je m'abonne"), id="nor the kind of apostrophe"),
        pytest.param("promo please", None, id="but it is the whole text"),
        pytest.param("prom", None, id="and nothing like it"),
        pytest.param("…", None, id="not what has no letters"),
    ],
)
def test_a_join_word_is_the_whole_text(text: str, found: tuple[str, str] | None) -> None:
    """Nothing is matched towards consent by likeness."""
    assert WORDS.find_list(text) == found
