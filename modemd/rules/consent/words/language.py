"""Language of the answer to a word of consent."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

from modemd.rules.consent.words.matching import WordMatch
from modemd.rules.consent.words.tables import read_rows

DEFAULT_LANGUAGE = "en"


def choose_language(
    match: WordMatch,
    *,
    contact_language: str | None,
    last_language: str | None,
    country: str | None,
    supported: Collection[str],
    account_language: str = DEFAULT_LANGUAGE,
) -> str:
    """Returns the language to answer in, one of `supported`: the word's own if only one of those has it; else the contact's, else
    that of the last message sent to them, else that of `country` (ISO 3166 alpha-2), else the account's, else English.

    A language that has the word goes before those that do not. Tags are such as `fr` or `fr-CA`.
    """
    own = list(dict.fromkeys(_find_all(match.languages, supported)))
    if len(own) == 1:
        return own[0]
    tags = (contact_language, last_language, find_language_of(country), account_language)
    known = list(_find_all([tag for tag in tags if tag], supported))
    for language in known:
        if language in own:
            return language
    return (known or own or [DEFAULT_LANGUAGE])[0]


def find_supported(tag: str | None, supported: Collection[str]) -> str | None:
    """Returns the one of `supported` that a tag such as fr-CA means: itself, else its language; None if there is none."""
    wanted = (tag or "").replace("_", "-").lower()
    for name in (wanted, wanted.partition("-")[0]):
        for each in supported:
            if each.lower() == name:
                return each
    return None


def find_language_of(country: str | None) -> str | None:
    """Returns the language that most people of a country (ISO 3166 alpha-2) read; None if it is not known."""
    return _read_languages().get((country or "").upper())


def _find_all(tags: Collection[str], supported: Collection[str]) -> Iterator[str]:
    for tag in tags:
        if (found := find_supported(tag, supported)) is not None:
            yield found


@cache
def _read_languages() -> dict[str, str]:
    return {country: row["language"] for row in read_rows("languages.csv") for country in row["countries"].split()}
