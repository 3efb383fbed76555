"""Texts in every language, beside what must be read in them (texts.csv), and texts that somebody wrote who had seen neither the
words nor the rules (unseen_texts.csv)."""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path

import pytest

from modemd.rules import phone_numbers
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.decision import ConsentState, decide
from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.language import choose_language
from modemd.rules.consent.words.matching import MatchTier, Words
from tests.rules.consent.words import unseen

HERE = Path(__file__).parent
WORDS = Words.load()
LANGUAGES = sorted(
    {tag for each in WORDS.keywords.entries if each.action is KeywordAction.OPT_OUT for tag in each.languages}
)
# Of the texts that nobody here had seen: the least share of wishes to stop that are obeyed at once, and of those obeyed that are
# one. Texts that a person could read either way count as neither.
LEAST_RECALL = 0.98
LEAST_PRECISION = 0.98


def read(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_text(text: str, number: str) -> tuple[str, str, str]:
    """What somebody who was asked to confirm gets with a text: the action, the tier, and the language of the answer."""
    country = phone_numbers.find_country(number)
    match = WORDS.match(text, country=country, number=number)
    decision = decide(match, ConsentState.PENDING)
    tier = str(int(decision.tier)) if decision.tier is not None else ""
    language = (
        choose_language(match, contact_language=None, last_language=None, country=country, supported=LANGUAGES)
        if match is not None
        else ""
    )
    return decision.action.value, tier, language


@pytest.mark.parametrize("language", sorted({row["reply_language"] for row in read("texts.csv")}))
def test_texts_are_read_as_expected(language: str) -> None:
    """Each text of the table has its tier, its action and its language of the answer, if it gets one."""
    misread = []
    for row in read("texts.csv"):
        if row["reply_language"] == language:
            found = read_text(row["text"], row["from"])
            wanted = row["action"], row["tier"], language or found[2]
            misread += [(row["text"], row["from"], found, wanted)] if found != wanted else []
    assert misread == []


def test_the_table_has_every_language() -> None:
    """At least 400 texts, and an answer in each language that has a word to stop."""
    rows = read("texts.csv")
    assert len(rows) >= 400
    assert {row["reply_language"] for row in rows} >= {
        "en", "fr", "de", "es", "it", "pt", "nl", "pl", "ru", "uk", "tr", "ar", "he", "hi", "zh", "ja", "ko", "vi", "th"
    }  # fmt: skip
    assert all(tag in {each for keyword in WORDS.keywords.entries for each in keyword.languages} for tag in LANGUAGES)


def test_unseen_wishes_are_found_and_others_left_alone() -> None:
    """Recall and precision on texts that were written without sight of the rules. `python -m tests.rules.consent.words.unseen`
    shows the figures and the misses."""
    figures = unseen.measure(WORDS)
    assert figures.recall >= LEAST_RECALL, figures.misses
    assert figures.precision >= LEAST_PRECISION, figures.misses
    assert figures.counts["stop", "none"] == 0, figures.misses


def test_few_texts_make_work_for_a_person() -> None:
    """Of texts that ask for nothing, at most one in five opens a review."""
    counts = unseen.measure(WORDS).counts
    others = sum(count for (wish, _), count in counts.items() if wish == "other")
    assert counts["other", "review"] <= others * 0.2


TEXTS = Texts.load()
# They are not sent as answers: what comes back of them is bounded by the limits of answers.
QUESTIONS = (TextKind.OPT_IN_REMINDER, TextKind.NOTICE_CONTACT)


def test_our_own_texts_ask_for_nothing_when_they_come_back() -> None:
    """An automatic answerer that sends our replies back, or a person who quotes them, opts nobody out."""
    for entry, country in product(TEXTS.entries, ("GB", "US")):
        text = entry.text.replace("{brand}", "Shop").replace("{list}", "offers").replace("{frequency}", "weekly")
        match = WORDS.match(text, country=country)
        is_harmless = match is None or match.tier is MatchTier.AMBIGUOUS or entry.kind in QUESTIONS
        assert is_harmless or TEXTS.is_own_answer(text), (entry, country)


def test_tiers_have_their_numbers() -> None:
    """The tiers are told as 1, 2 and 3."""
    assert [int(tier) for tier in MatchTier] == [1, 2, 3]
