"""Texts that answer words of consent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules.consent.replies import SEGMENT_SEPTETS, compose_opt_in_reply, compose_opt_out_reply
from modemd.rules.consent.words.matching import Words

LANGUAGES = ["en", "fr", "de", "es"]
# The GSM 7-bit default alphabet, read row by row from 3GPP TS 23.038 6.2.1, without its escape. Written out here so that
# the texts are not checked against the list that made them.
GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


@pytest.fixture(scope="module")
def words() -> Words:
    return Words.load()


@pytest.mark.parametrize(
    "brand",
    [
        pytest.param(None, id="no brand"),
        pytest.param("Example & Co", id="a plain brand"),
        pytest.param("x" * 300, id="a long brand"),
        pytest.param("Crêperie Ťăşţ [€] ^~", id="letters that the alphabet lacks"),
        pytest.param("株式会社", id="no letter that it has"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_one_segment(words: Words, language: str, brand: str | None) -> None:
    """Each answer fits one GSM 7-bit segment, tells the way back, and is itself no word that an echo could trigger."""
    for answer, way in (
        (compose_opt_out_reply(language, brand), "START"),
        (compose_opt_in_reply(language, brand), "STOP"),
    ):
        assert len(answer) <= SEGMENT_SEPTETS
        assert set(answer) <= GSM7
        assert way in answer
        assert words.match(answer) is None


def test_the_brand_stands_before_the_answer() -> None:
    """People see at once who writes; what the alphabet lacks is left out, and a long name is cut."""
    assert compose_opt_out_reply("en", "Café Noël").startswith("Café Noel: You will")
    assert compose_opt_out_reply("de", "A" * 300).startswith("AAAA")
    assert len(compose_opt_out_reply("de", "A" * 300)) == SEGMENT_SEPTETS
    assert compose_opt_out_reply("fr", None).startswith("Vous ")


def test_a_language_without_texts_is_answered_in_english() -> None:
    """Nobody is left without the confirmation."""
    assert compose_opt_out_reply("ja", None) == compose_opt_out_reply("en", None)
    assert compose_opt_in_reply("fr-CA", None) == compose_opt_in_reply("fr", None)


@given(st.text(max_size=60), st.sampled_from(LANGUAGES))
def test_no_brand_makes_a_second_segment(brand: str, language: str) -> None:
    """Whatever a brand is made of, the answer is one segment of the default alphabet."""
    answer = compose_opt_out_reply(language, brand)
    assert len(answer) <= SEGMENT_SEPTETS
    assert set(answer) <= GSM7
