"""Texts about consent: finds the text of a kind in a language, puts in the names, and keeps it within its segments.

An answer is one segment, whatever the brand: the brand is cut to fit, or left out. The text of a Latin script keeps its accents
if the whole fits so; else it goes in plain letters, in which a segment has more than twice the room.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

from modemd.rules.consent.texts.kinds import PLACEHOLDER, REPLIES, TextKind
from modemd.rules.consent.texts.segments import (
    count_segments,
    fold,
    fold_if_lossless,
    is_in_default_alphabet,
    make_comparable,
)

DEFAULT_LANGUAGE = "en"
# Characters. What is left of a brand when it is cut shorter names nobody.
_SHORTEST_BRAND = 3
# Characters. A text as short as this could be a person's own words.
_SHORTEST_ANSWER = 20
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
                row["language"],
                kind := TextKind(row["kind"]),
                row["text"],
                row["proofread"] == "yes",
                row["source"],
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
        return any(answer in plain for answer in self._answers)

    @cached_property
    def _answers(self) -> tuple[str, ...]:
        found = (make_comparable(_BRAND_AND_COLON.sub("", e.text)) for e in self._entries.values() if e.kind in REPLIES)
        return tuple(answer for answer in dict.fromkeys(found) if len(answer) > _SHORTEST_ANSWER)

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

        An answer makes at most as many segments as its entry allows, whatever the brand. A question may make more.
        """
        entry = self.find(kind, language)
        name = " ".join(unicodedata.normalize("NFC", brand or "").split())
        is_reply = kind in REPLIES
        template = f"{{brand}}: {entry.text}" if is_reply and "{brand}" not in entry.text else entry.text
        values = {"list": list_name, "frequency": frequency, "contact": contact, "brand": name or None}
        missing = [
            placeholder
            for placeholder in dict.fromkeys(PLACEHOLDER.findall(template))
            if not values[placeholder] and not (placeholder == "brand" and is_reply)
        ]
        if missing:
            raise ValueError(f"the text {kind} ({entry.language}) needs a {missing[0]}")

        def render(brand: str) -> str:
            named = template if brand else _BRAND_AND_COLON.sub("", template)
            return PLACEHOLDER.sub(lambda found: (values | {"brand": brand})[found[1]] or "", named)

        return _fit(render, name, entry.segments) if is_reply else choose_accents(render(name))


def choose_accents(text: str) -> str:
    """Returns a text without its accents if it makes fewer segments so, and loses nothing else; else as it is."""
    plain = fold_if_lossless(text)
    return plain if plain is not None and count_segments(plain) < count_segments(text) else text


def _fit(render: Callable[[str], str], brand: str, segments: int) -> str:
    """Returns the text with the brand, within so many segments: accents given up first, then the end of the brand."""
    if count_segments(render(brand)) <= segments:
        return render(brand)
    bare = render("")
    if is_in_default_alphabet(bare) or fold_if_lossless(bare) is not None:
        return _cut_brand(lambda name: fold(render(name)), " ".join(fold(brand).split()), segments)
    return _cut_brand(render, brand, segments)


def _cut_brand(render: Callable[[str], str], brand: str, segments: int) -> str:
    """Returns the text with as much of the brand as fits, or without it."""
    for length in range(len(brand), 0, -1):
        if length < len(brand) and (length < _SHORTEST_BRAND or _joins(brand[length - 1], brand[length])):
            continue
        name = brand[:length] if length == len(brand) else brand[:length].rstrip(" ,;:/&(-")
        if count_segments(text := render(name)) <= segments:
            return text
    return render("")


def _joins(before: str, after: str) -> bool:
    """Returns True if two characters are drawn as one: a mark on its letter, or emoji joined by a joiner."""
    return (
        unicodedata.combining(after) != 0
        or unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf")
        or before == "\u200d"
    )
