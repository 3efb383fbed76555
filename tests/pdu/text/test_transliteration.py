"""Replacements that are offered for characters outside the GSM alphabet, and letters with accents of their own."""

from __future__ import annotations

import pytest

from modemd.pdu import Alphabet, Replacement, compose_letters, plan, transliterate

FILL = "x" * 100


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        pytest.param("Hello\u200ethere", "Hellothere", id="left-to-right mark"),
        pytest.param("\u202aHello\u202c", "Hello", id="embedding"),
        pytest.param("\u2068Hello\u2069", "Hello", id="isolates"),
        pytest.param("Hello\u2028there", "Hello\nthere", id="line separator"),
        pytest.param("Hello\u2029there", "Hello\nthere", id="paragraph separator"),
        pytest.param("1\u2007000\u3000a\u205fb", "1 000 a b", id="blanks"),
        pytest.param("\uff28\uff45llo\uff01", "Hello!", id="fullwidth"),
        pytest.param("\ufb01ne o\ufb03ce", "fine office", id="ligatures"),
        pytest.param("cafe\u0301", "caf\u00e9", id="an accent of its own"),
        pytest.param("\u201cA\u0308\u201d", '"\u00c4"', id="an accent between quotes"),
    ],
)
def test_what_looks_like_a_gsm_letter_is_offered_as_one(text: str, offered: str) -> None:
    """The text of two parts of UCS2 would take one part of GSM 7 bit."""
    planned = plan(text + FILL)
    assert (planned.alphabet, planned.parts) == (Alphabet.UCS2, 2)
    assert planned.offer is not None
    assert (planned.offer.text, planned.offer.parts) == (offered + FILL, 1)


def test_replacements_name_their_places() -> None:
    """Offsets are those of the original text, in order; a letter with its accent is replaced as one."""
    assert transliterate("\u201ce\u0301\u200e\ufb01") == (
        '"\u00e9fi',
        (
            Replacement(0, "\u201c", '"'),
            Replacement(1, "e\u0301", "\u00e9"),
            Replacement(3, "\u200e", ""),
            Replacement(4, "\ufb01", "fi"),
        ),
    )


@pytest.mark.parametrize("text", ["q\u0301", "\u0301", "a\n\u0301"])
def test_an_accent_without_such_a_letter_stays(text: str) -> None:
    """Nothing is replaced where Unicode has no letter of its own."""
    assert transliterate(text) == (text, ())


@pytest.mark.parametrize("text", ["plain", "\u00e9", "\ud55c", "\U0001f468\u200d\U0001f469", "\ud800"])
def test_a_text_that_is_composed_stays(text: str) -> None:
    """Composing changes nothing else."""
    assert compose_letters(text) == text
