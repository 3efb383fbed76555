"""The table of words: it finds what a dictionary finds."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from modemd.rules.consent.words.word_table import WordTable

# Few letters, so that words share their beginnings, and one stands in another.
WORDS = st.text("ab é漢", max_size=6)


@given(st.dictionaries(WORDS, st.integers()), st.lists(WORDS))
def test_it_finds_what_a_dictionary_finds(entries: dict[str, int], others: list[str]) -> None:
    """Each word with its value, and no other."""
    table = WordTable(entries)
    for word in (*entries, *others):
        assert table.get(word) == entries.get(word)


def octets(*, of_a_table: bool) -> int:
    """Memory of 2000 words."""
    tracemalloc.start()
    try:
        words = {f"{number % 100:02}{number}": "value" for number in range(2000)}
        kept = WordTable(words) if of_a_table else words
        del words
        return tracemalloc.get_traced_memory()[0] if kept else 0
    finally:
        tracemalloc.stop()


def test_it_takes_half_the_memory_of_a_dictionary() -> None:
    """For words of which some have the same beginning."""
    assert octets(of_a_table=True) < octets(of_a_table=False) / 2
