"""Opt-out words of a mail, out of the words of consent."""

from __future__ import annotations

from modemd.light_dataclass import dataclass
from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.matching import MatchTier, Words


@dataclass(frozen=True, slots=True)
class MailStopWords:
    """Implementation of `rules.consent.mail.decision.StopWords`: a whole text and a clear phrase are opt-out words; a text that
    is ambiguous is doubtful. A mail is of no country: the rule that STOP anywhere counts is one for text messages."""

    words: Words

    def find_stop_word(self, text: str) -> str | None:
        match = self.words.match(text)
        is_clear = match is not None and match.action is KeywordAction.OPT_OUT and match.tier < MatchTier.AMBIGUOUS
        return match.word if match is not None and is_clear else None

    def find_doubtful_word(self, text: str) -> str | None:
        match = self.words.match(text)
        is_doubtful = match is not None and match.tier is MatchTier.AMBIGUOUS
        return match.word if match is not None and is_doubtful else None
