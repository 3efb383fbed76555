"""Segments of modemd's own texts, and texts without accents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd import pdu
from modemd.rules.consent.texts.segments import count_segments, fold, fold_if_lossless, is_in_default_alphabet


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        pytest.param("", 1, id="nothing"),
        pytest.param("a" * 160, 1, id="a full segment"),
        pytest.param("a" * 161, 2, id="one septet more"),
        pytest.param("€" * 80, 1, id="the euro sign takes two septets"),
        pytest.param("€" * 81, 2, id="and one euro too many"),
        pytest.param("a" * 152 + "€" + "a" * 152, 3, id="an escape pair is not parted"),
        pytest.param("ж" * 70, 1, id="a full segment of code units"),
        pytest.param("ж" * 71, 2, id="one code unit more"),
        pytest.param("ж" * 66 + "🛑" + "ж" * 66, 3, id="a surrogate pair is not parted"),
        pytest.param("Σ" * 160, 1, id="the alphabet has some Greek capitals"),
    ],
)
def test_segments_are_counted(text: str, segments: int) -> None:
    """160 septets or 70 code units make one segment, and each of several has a header."""
    assert count_segments(text) == segments


@given(st.text(st.sampled_from("aé€^жñ🛑ł’ \n"), max_size=400))
def test_the_count_is_the_codecs(text: str) -> None:
    """The codec makes as many segments of a text as were counted."""
    alphabet = pdu.Alphabet.GSM7 if is_in_default_alphabet(text) else pdu.Alphabet.UCS2
    plan = pdu.plan(text)
    assert (plan.alphabet, max(plan.parts, 1)) == (alphabet, count_segments(text))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("Répondez à nouveau", "Répondez à nouveau", id="what the alphabet has stays"),
        pytest.param("aby zrezygnować, łódź", "aby zrezygnowac, lodz", id="Polish"),
        pytest.param("Từ chối: trả lời, đồng ý", "Tu choi: tra loi, dong y", id="Vietnamese"),
        pytest.param("Þú færð", "Thu færd", id="Icelandic"),
        pytest.param("Çıkmak için, ŞİŞ", "Çikmak icin, SIS", id="Turkish"),
        pytest.param("nos œuvres – “l’été”", 'nos oeuvres - "l\'été"', id="ligatures and typographer's marks"),
        pytest.param("Re\u0301pondez", "Répondez", id="an accent that stands by itself"),
    ],
)
def test_a_latin_text_can_be_plain(text: str, plain: str) -> None:
    """Letters that the alphabet lacks lose their accents, and the text loses nothing else."""
    assert fold(text) == fold_if_lossless(text) == plain
    assert is_in_default_alphabet(plain)


@pytest.mark.parametrize("text", ["Привет", "تحية", "你好", "हिन्दी", "Hello 🛑"])
def test_other_scripts_have_no_plain_letters(text: str) -> None:
    """Nothing is left out of a text without saying so."""
    assert fold_if_lossless(text) is None
