"""Table of words: a mapping that takes little memory, for the thousands of words that the daemon keeps.

Words with the same beginning stand in one string, separated by line feeds. A string for each of them would take 60 octets more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

Value = TypeVar("Value")

# So many first characters are a beginning: then a few words share one, and are found as fast as in a dictionary.
_HEAD = 2


class WordTable(Generic[Value]):
    """Words without line feeds, with a value each. An instance never changes."""

    def __init__(self, entries: Mapping[str, Value]) -> None:
        words: dict[str, list[str]] = {}
        for word in entries:
            words.setdefault(word[:_HEAD], []).append(word)
        self._words = {head: "\n".join(("", *each, "")) for head, each in words.items()}
        self._values = {head: tuple(entries[word] for word in each) for head, each in words.items()}

    def get(self, word: str) -> Value | None:
        """Returns the value of a word; None if it is not in the table."""
        head = word[:_HEAD]
        words = self._words.get(head)
        if words is None or (found := words.find(f"\n{word}\n")) < 0:
            return None
        return self._values[head][words.count("\n", 0, found)]
