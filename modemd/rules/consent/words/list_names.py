"""Names of lists behind an opt-out word: STOP promo. A text that names several lists, or everything, ends everything."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from modemd.rules.consent.words.normalisation import normalise

ALL = frozenset(
    {
        "all", "everything", "alles", "alle", "tout", "tous", "todo", "todos", "toda", "todas", "tutto", "tutti", "tudo", "allt",
        "alt", "kaikki", "wszystko", "vse", "все", "tumu", "hepsi", "semua", "lahat",
    }
)  # fmt: skip
# Words that stand behind STOP and mean everything that we send. A list of this name cannot be left by it.
_EVERYTHING = ALL | {
    "sms",
    "mms",
    "pub",
    "pubs",
    "msg",
    "msgs",
    "message",
    "messages",
    "texts",
    "ads",
    "spam",
    "please",
}
_LIST_WORDS = frozenset({"from", "the", "list", "de", "la", "le", "les", "liste", "lista", "der", "die"})
_BETWEEN_NAMES = _LIST_WORDS | {"and", "et", "und", "y", "e", "en", "i", "och", "og", "ja", "lists", "listes"}


def find_name(rest: Sequence[str], lists: Collection[str]) -> str | None:
    """Returns the one list that the words behind an opt-out word (normalised) name; None if they say anything else."""
    inner = [word for word in rest if word not in _LIST_WORDS]
    for name in lists:
        named = normalise(name).split()
        if named and named in (list(rest), inner) and not means_everything(name):
            return name
    return None


def cut_names(words: Sequence[str], lists: Collection[str]) -> list[str]:
    """Returns the words without the names of lists, and without what stands between those."""
    names = sorted(filter(None, (normalise(name).split() for name in lists)), key=len, reverse=True)
    kept = list(words[:1])
    place, has_named = 1, False
    while place < len(words):
        named = next((name for name in names if list(words[place : place + len(name)]) == name), None)
        if named is None:
            kept.append(words[place])
        has_named = has_named or named is not None
        place += len(named or " ")
    return [kept[0], *(word for word in kept[1:] if word not in _BETWEEN_NAMES)] if has_named else list(words)


def means_everything(name: str) -> bool:
    """Returns whether a name means all that we send, behind an opt-out word: STOP ALL, STOP SMS."""
    words = normalise(name).split()
    return bool(words) and _EVERYTHING.issuperset(words)
