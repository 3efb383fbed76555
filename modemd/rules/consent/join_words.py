"""Join words: finds the list that somebody subscribes to by a word of the configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modemd.rules.consent.words.normalisation import normalise


class JoinWords:
    """Join words of all lists. An instance never changes."""

    def __init__(self, words: Mapping[str, Iterable[str]]) -> None:
        """Takes the words of each list, by its name."""
        self._lists = {normalise(word): (name, word) for name, some in words.items() for word in some}

    def find_list(self, text: str) -> tuple[str, str] | None:
        """Returns the list that a text joins, and the word as it is configured; None if it is no join word. The word must be the
        whole text: nothing is matched towards consent by likeness."""
        found = self._lists.get(normalise(text))
        return found if normalise(text) else None
