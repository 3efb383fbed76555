"""Words of consent in the running service: those in force, the administrators' changes to them, and trials of texts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from modemd.clock import Clock
from modemd.config import CurrentSettings, Settings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.consent.policy import Marketing
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.decision import ConsentState, make_answer_words
from modemd.rules.consent.words.keywords import (
    ChangeKind,
    KeywordAction,
    Keywords,
    WordChange,
    check_change,
    make_change_key,
)
from modemd.rules.consent.words.matching import Words
from modemd.rules.consent.words.trial import TextTrial, TrialFacts, find_sender, try_text
from modemd.service.texts import check_controls
from modemd.store import Store, sims
from modemd.store.consent import lists, opt_in_requests, questions, statements, words
from modemd.store.consent.words import WordChangeRow
from modemd.store.events import Authorship

_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class WordView:
    """Word in force, or disabled. `countries`: those it counts for, empty if all; `state`: `shipped`, `add`, `disable` or
    `reassign`; `by`, `why` and `at` tell of the change, if there is one."""

    word: str
    action: str | None
    languages: tuple[str, ...]
    strength: str | None
    countries: tuple[str, ...]
    state: str
    source: str
    by: str | None = None
    why: str | None = None
    at: str | None = None


class CurrentWords:
    """Holder of the words in force. Call `current` for each use: a change of an administrator replaces them at once."""

    def __init__(self, shipped: Words) -> None:
        self._shipped = shipped
        self._words = shipped

    def current(self) -> Words:
        """Returns the words in force now."""
        return self._words

    async def load(self, store: Store) -> None:
        """Reads the changes that are stored."""
        rows = await store.read(words.list_changes)
        self._words = replace(self._shipped, keywords=Keywords.load(row.change for row in rows))


class ConsentWords:
    """Words of consent, as the faces read and change them."""

    def __init__(
        self,
        store: Store,
        current: CurrentWords,
        settings: CurrentSettings,
        clock: Clock,
        find_texts: Callable[[], Texts],
    ) -> None:
        self._store = store
        self._find_texts = find_texts
        self._current = current
        self._settings = settings
        self._clock = clock

    async def list_words(self, language: str | None = None) -> list[WordView]:
        """Returns every word, with the changes; `language`: only those of one."""
        rows = await self._store.read(words.list_changes)
        return [
            view
            for view in _make_views(self._current.current().keywords, rows)
            if language is None or language in view.languages
        ]

    async def change(
        self,
        kind: ChangeKind,
        word: str,
        authorship: Authorship,
        *,
        action: KeywordAction | None = None,
        language: str | None = None,
        country: str | None = None,
    ) -> WordView:
        """Changes a word, at once and for good. Raises Refused: the word is fixed (`fixed_word`), is no word, or is there already
        or not there, as `check_change` says."""
        if not authorship.why.strip():
            raise Refused(ErrorCode.NO_REASON, "a change of words needs a reason")
        check_controls(word, authorship.by, authorship.why, what="the word, the author or the reason")
        if country is not None and _COUNTRY.fullmatch(country) is None:
            raise Refused(ErrorCode.BAD_WORD, f"{country!r} is no country; write two letters, such as FR")
        if language is not None and _LANGUAGE.fullmatch(language) is None:
            raise Refused(ErrorCode.BAD_WORD, f"{language!r} is no language; write a tag such as fr or pt-BR")
        change = WordChange(kind, word.strip(), action, language, country.upper() if country else None)
        now = self._clock.now()

        def store(db: sqlite3.Connection) -> None:
            check_change(change, Keywords.load(row.change for row in words.list_changes(db)))
            words.store_change(db, change, authorship, now)

        await self._store.write(store)
        await self._current.load(self._store)
        rows = await self._store.read(words.list_changes)
        return next(_make_changed_view(row) for row in rows if make_change_key(row.change) == make_change_key(change))

    async def try_text(
        self, text: str, sender: str, *, state: ConsentState | None = None, answers: Sequence[str] | None = None
    ) -> TextTrial:
        """Returns what would follow from a text, and why; stores nothing. `state`: of the sender; None: as it is stored.
        `answers`: the words that a message of the last 24 hours declared; None: no question is open."""
        settings = self._settings.current()
        number = find_sender(sender, settings.country)
        stored = await self._store.read(partial(_read_facts, number=number, settings=settings, now=self._clock.now()))
        facts = replace(
            make_facts(settings, sender, state or stored.state),
            open_answers=make_answer_words(answers) if answers is not None else stored.open_answers,
            contact_language=stored.language,
            own_numbers=stored.own | {each.number for each in settings.sims.values() if each.number},
            known_lists=stored.lists,
        )
        if stored.requested is not None:
            facts = replace(facts, welcome_title=facts.lists.get(stored.requested, stored.requested))
        return try_text(text, self._current.current(), self._find_texts(), facts)


@dataclass(frozen=True, slots=True)
class _StoredFacts:
    """Facts about a number in the database. `lists`: those that it is on or has left; `requested`: the one it was asked about."""

    state: ConsentState
    language: str | None
    open_answers: frozenset[str] | None
    own: frozenset[str]
    lists: frozenset[str]
    requested: str | None


def make_facts(settings: Settings, sender: str, state: ConsentState) -> TrialFacts:
    """Returns the facts for a trial that the configuration tells."""
    configured = settings.consent.lists
    return TrialFacts(
        sender,
        state,
        home=settings.country,
        brand=settings.brand,
        lists=find_titles(settings),
        joins={name: each.join for name, each in configured.items()},
        asked_lists={name: each.frequency for name, each in configured.items() if each.double_opt_in},
        welcome_title=settings.consent.double_opt_in.title,
    )


def _read_facts(db: sqlite3.Connection, number: str, settings: Settings, now: datetime) -> _StoredFacts:
    marketing = statements.read_marketing(db, number)
    requests = opt_in_requests.list_of(db, number)
    state = ConsentState.NONE if marketing is Marketing.UNKNOWN else ConsentState(marketing.value)
    return _StoredFacts(
        ConsentState.PENDING if requests and marketing is not Marketing.OPTED_OUT else state,
        statements.read_language(db, number),
        questions.read_open(db, number, now),
        frozenset(sims.read_numbers(db)),
        frozenset(
            name for name in settings.consent.lists if lists.read_state(db, number, name) is not Marketing.UNKNOWN
        ),
        requests[0].list_name if requests else None,
    )


def _make_views(keywords: Keywords, rows: Sequence[WordChangeRow]) -> Iterator[WordView]:
    for row in rows:
        yield _make_changed_view(row)
    changed_everywhere = {word for country, word in keywords.changes if country is None}
    for each in (keyword for known in keywords.shipped.values() for keyword in known):
        if each.word not in changed_everywhere:
            countries = tuple(sorted(each.countries))
            languages = tuple(dict.fromkeys(each.languages))
            yield WordView(
                each.spelling, each.action.value, languages, each.strength.value, countries, "shipped", each.source
            )


def _make_changed_view(row: WordChangeRow) -> WordView:
    change = row.change
    return WordView(
        change.word,
        change.action.value if change.action is not None else None,
        (change.language,) if change.language else (),
        None,
        (change.country,) if change.country else (),
        change.kind.value,
        "administrator",
        row.by,
        row.why,
        row.at,
    )


def find_titles(settings: Settings) -> dict[str, str]:
    """Returns the titles of the lists, by name; a list without a title has its name."""
    return {name: each.title or name for name, each in settings.consent.lists.items()}
