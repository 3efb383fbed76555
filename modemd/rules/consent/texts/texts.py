"""Texts about consent: finds the text of a kind in a language, puts in the names, and keeps it within its segments.

An answer is one segment, whatever the brand and the title of the list: the brand is cut to fit, or left out; then the title is
cut. The text of a Latin script keeps its accents if the whole fits so; else it goes in plain letters, in which a segment has more
than twice the room. A title in another script cannot be written in these: then only the room is less.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from sys import intern

from modemd.light_dataclass import dataclass
from modemd.rules.consent.texts.kinds import PLACEHOLDER, REPLIES, TextKind
from modemd.rules.consent.texts.segments import (
    count_segments,
    fold,
    fold_if_lossless,
    is_in_default_alphabet,
    make_comparable,
)

DEFAULT_LANGUAGE = "en"
# Characters. What is left of a name when it is cut shorter names nobody.
_SHORTEST_NAME = 3
# Characters. A text as short as this could be a person's own words.
_SHORTEST_ANSWER = 20
_ANY_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_BRAND_AND_COLON = re.compile(r"\{brand\}\s*[:：]?\s*")


@dataclass(frozen=True, slots=True)
class ConsentText:
    """Text of one kind in one language. `source`: who wrote it; `segments`: how many it may make; `changed_by`, `changed_at` and
    `why`: the administrator's change, None for a text that comes with modemd."""

    language: str
    kind: TextKind
    text: str
    is_proofread: bool = False
    source: str = ""
    segments: int = 1
    changed_by: str | None = None
    changed_at: str | None = None
    why: str | None = None


class Texts:
    """Texts in force. An instance never changes."""

    def __init__(self, entries: Iterable[ConsentText]) -> None:
        """Takes the texts; of two of the same kind and language the later one counts."""
        self._entries: Mapping[tuple[str, TextKind], ConsentText] = {
            (entry.language, entry.kind): entry for entry in entries
        }
        # As the list spells them, by what they are in small letters.
        self._languages = {entry.language.casefold(): entry.language for entry in self._entries.values()}

    @classmethod
    @cache
    def load(cls) -> Texts:
        """Returns the texts that come with modemd, read once from texts.csv beside this module."""
        text = (resources.files("modemd.rules.consent.texts") / "texts.csv").read_text(encoding="utf-8")
        return cls(
            ConsentText(
                intern(row["language"]),
                kind := TextKind(row["kind"]),
                row["text"],
                row["proofread"] == "yes",
                intern(row["source"]),
                1 if kind in REPLIES else count_segments(choose_accents(row["text"])),
            )
            for row in csv.DictReader(text.splitlines())
        )

    def with_changes(self, changes: Iterable[ConsentText]) -> Texts:
        """Returns these texts with an administrator's in place of some of them."""
        return Texts([*self._entries.values(), *changes])

    @property
    def entries(self) -> tuple[ConsentText, ...]:
        """Every text, in the order of the list."""
        return tuple(self._entries.values())

    @property
    def languages(self) -> tuple[str, ...]:
        """Tags of the languages that have texts, in the order of the list."""
        return tuple(self._languages.values())

    def find_language(self, tag: str | None) -> str | None:
        """Returns the language whose texts a tag gets: of fr-CA it is fr. None if there are none."""
        parts = re.split("[-_]", (tag or "").casefold())
        for length in range(len(parts), 0, -1):
            if (found := self._languages.get("-".join(parts[:length]))) is not None:
                return found
        return None

    def find(self, kind: TextKind, language: str | None) -> ConsentText:
        """Returns the text of a kind; a language without texts gets the English one."""
        found = self._entries.get((self.find_language(language) or DEFAULT_LANGUAGE, kind))
        return found or self._entries[DEFAULT_LANGUAGE, kind]

    def is_own_answer(self, text: str) -> bool:
        """Returns True if a text contains an answer of these texts, in any language: another machine that runs modemd sent it, or
        somebody sent ours back. It names STOP and START, yet nobody asks for anything by it."""
        if len(text) <= _SHORTEST_ANSWER:
            return False
        plain = make_comparable(text)
        return any(_contains_in_order(plain, answer) for answer in self._answers)

    @cached_property
    def _answers(self) -> tuple[tuple[str, ...], ...]:
        """Parts of each answer: the text before, between and behind the names that are put in."""
        found = (
            tuple(filter(None, map(make_comparable, _ANY_PLACEHOLDER.split(entry.text))))
            for entry in self._entries.values()
            if entry.kind in REPLIES
        )
        return tuple(answer for answer in dict.fromkeys(found) if sum(map(len, answer)) > _SHORTEST_ANSWER)

    def compose(
        self,
        kind: TextKind,
        language: str | None,
        *,
        brand: str | None = None,
        list_name: str | None = None,
        frequency: str | None = None,
        contact: str | None = None,
    ) -> str:
        """Returns the text that is sent. Raises ValueError if the text has a placeholder whose value is not given; a brand may
        lack in an answer, never in a question.

        An answer makes at most as many segments as its entry allows, whatever the brand and the title of the list (`list_name`);
        an administrator's answer that has no room for any of the title gives way to that of modemd. A question may make more.
        """
        entry = self.find(kind, language)
        values = {"brand": brand, "list": list_name, "frequency": frequency, "contact": contact}
        given = {name: " ".join(unicodedata.normalize("NFC", value or "").split()) for name, value in values.items()}
        is_reply = kind in REPLIES
        for placeholder in PLACEHOLDER.findall(entry.text):
            if not given[placeholder] and not (placeholder == "brand" and is_reply):
                raise ValueError(f"the text {kind} ({entry.language}) needs a {placeholder}")
        if not is_reply:
            return choose_accents(_render(entry.text, given))
        for each in (entry, Texts.load().find(kind, language)):
            if answer := _compose_answer(each, given):
                return answer
        raise ValueError(f"the text {kind} ({entry.language}) has no room for a title")


def choose_accents(text: str) -> str:
    """Returns a text without its accents if it makes fewer segments so, and loses nothing else; else as it is."""
    plain = fold_if_lossless(text)
    return plain if plain is not None and count_segments(plain) < count_segments(text) else text


def _render(template: str, values: Mapping[str, str]) -> str:
    """Returns a text with its names put in. If there is no brand, the colon behind it is left out, too."""
    named = template if values["brand"] else _BRAND_AND_COLON.sub("", template)
    return PLACEHOLDER.sub(lambda found: values[found[1]], named)


def _compose_answer(entry: ConsentText, values: Mapping[str, str]) -> str | None:
    """Returns an answer with its names, within its segments; None if the text has no room for any of a title."""
    is_named = bool(values["brand"]) and fold(values["brand"]).casefold() in fold(entry.text).casefold()
    template = entry.text if "{brand}" in entry.text or is_named else f"{{brand}}: {entry.text}"
    title = values["list"] if "{list}" in template else ""

    def render(brand: str, title: str) -> str:
        return _render(template, {**values, "brand": brand, "list": title})

    return _fit(render, values["brand"], title, entry.segments)


def _fit(render: Callable[[str, str], str], brand: str, title: str, segments: int) -> str | None:
    """Returns the text with the brand and the title, within so many segments: accents given up first, then the end of the brand,
    then the end of the title. None if it does not fit with any of the title."""
    if count_segments(render(brand, title)) <= segments:
        return render(brand, title)
    bare = render("", "")
    texts: Iterator[str]
    if (is_in_default_alphabet(bare) or fold_if_lossless(bare) is not None) and _is_legible_folded(title):
        brand, title = (" ".join(fold(name).split()) for name in (brand, title))
        texts = map(fold, _list_shorter(render, brand, title))
    else:
        texts = _list_shorter(render, brand, title)
    return next((text for text in texts if count_segments(text) <= segments), None)


def _is_legible_folded(title: str) -> bool:
    """Returns True if a title keeps its letters and digits in the default alphabet; signs and pictures may be lost."""
    letters = [character for character in title if character.isalnum()]
    return not title or (bool(letters) and all(map(fold, letters)))


def _list_shorter(render: Callable[[str, str], str], brand: str, title: str) -> Iterator[str]:
    """Yields the text with ever less of the brand, then without it and with ever less of the title."""
    for name in _list_cuts(brand):
        yield render(name, title)
    yield render("", title)
    if title:
        yield from (render("", cut) for cut in _list_cuts(title))
        # A picture of many characters: part of it is better than nothing.
        yield from (render("", title[:length]) for length in range(len(title) - 1, 0, -1))


def _list_cuts(name: str) -> Iterator[str]:
    """Yields a name, then ever less of it, as long as that says whose or what it is."""
    for length in range(len(name), 0, -1):
        if length == len(name):
            yield name
        elif (
            length >= _SHORTEST_NAME
            and not _joins(name[length - 1], name[length])
            and (cut := name[:length].rstrip(" ,;:/&(-"))
        ):
            yield cut


def _contains_in_order(text: str, parts: Iterable[str]) -> bool:
    """Returns True if a text contains all parts, one after the other."""
    position = 0
    for part in parts:
        if (found := text.find(part, position)) < 0:
            return False
        position = found + len(part)
    return True


def _joins(before: str, after: str) -> bool:
    """Returns True if two characters are drawn as one: a mark on its letter, or emoji joined by a joiner."""
    return (
        unicodedata.combining(after) != 0
        or unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf")
        or before == "\u200d"
    )
