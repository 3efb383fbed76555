"""The words of consent, as a mail is searched for them."""

from __future__ import annotations

import pytest

from modemd.rules.consent.words.matching import Words
from modemd.service.consent.mail.stop_words import MailStopWords


@pytest.mark.parametrize(
    ("text", "clear", "doubtful"),
    [("STOP", True, False), ("Please stop sending me messages", True, False), ("START", False, False), ("hello", False, False)],
)  # fmt: skip
def test_a_text_is_clear_or_doubtful_or_neither(text: str, clear: bool, doubtful: bool) -> None:
    """A word that brings back is neither: a mail opts nobody in."""
    words = MailStopWords(Words.load())
    assert (words.find_stop_word(text) is not None, words.find_doubtful_word(text) is not None) == (clear, doubtful)


def test_an_ambiguous_text_is_doubtful() -> None:
    """It is looked at by a person."""
    words = MailStopWords(Words.load())
    assert words.find_stop_word("the bus stop is closed") is None
    assert words.find_doubtful_word("the bus stop is closed") is not None
