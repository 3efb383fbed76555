"""Opt-out words of a mail, out of the keywords of messages."""

from __future__ import annotations

from dataclasses import dataclass

from modemd.rules.consent.keywords import KeywordAction, Keywords


@dataclass(frozen=True, slots=True)
class KeywordStopWords:
    """Implementation of `rules.consent.mail.decision.StopWords` by the keywords, which know no doubtful words."""

    keywords: Keywords

    def find_stop_word(self, text: str) -> str | None:
        match = self.keywords.match(text)
        return match.word if match is not None and match.action is KeywordAction.OPT_OUT else None

    def find_doubtful_word(self, text: str) -> str | None:
        return None
