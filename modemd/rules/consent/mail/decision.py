"""Decision about a mail: it opts numbers out, a person must look at it, or it asks for nothing here.

| the mail                                                          | decision                                           |
| ----------------------------------------------------------------- | -------------------------------------------------- |
| was written by a machine, and names no opt-out word and known number | nothing                                          |
| was written by a machine, and names both                          | review                                             |
| could not be read whole, and what was read opts nobody out        | review                                             |
| has an opt-out word and a known number                            | these numbers are opted out                        |
| has an opt-out word, and its sender's address has numbers         | the numbers of the address are opted out           |
| has an opt-out word, and a known number in its signature          | these numbers are opted out                        |
| has an opt-out word, and nothing that is known                    | review                                             |
| has a doubtful word, or none, and a known number                  | review                                             |
| has a doubtful word, and its sender's address has numbers         | review                                             |
| has anything else                                                 | nothing                                            |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import Protocol

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number

from modemd.light_dataclass import dataclass
from modemd.rules.consent.mail.reading import Mail
from modemd.rules.sender_numbers import read_sender

# How far into the text a word or a number is looked for.
_FIRST_LINES = 5
_LONGEST_LINE = 400  # characters
_LONGEST_SEARCHED = 4000  # characters
_MOST_NUMBERS = 20
_MOST_TRIES = 200

_DIGITS = re.compile(r"(?<![\w@])(?:\+|00)?\(?\d[\d\s().\-/\u00a0\u2010-\u2015]{5,28}\d(?!\w)")
_INTERNATIONAL = re.compile(r"\+[1-9][\d \-\u00a0\u2010-\u2015.]{6,22}\d(?!\w)")
_PREFIX_ABROAD = re.compile(r"(?<![\d+])00(?=[\s\u00a0]?[1-9])")
_SENTENCE = re.compile(r"(?<=[.!?;。！？])\s+")
# Words between an opt-out word and a number: STOP for +33..., STOP tél. 06...
_LEADING_WORDS = re.compile(
    r"(?:[\s:,;.\-–—(]|\b(?:to|for|at|on|from|my|is|the|au|a|à|pour|sur|du|le|mon|est|für|an|auf|meine|ist|die|para|el|al|en|mi|es"
    r"|per|il|mio|voor|op|mijn|tel|tél|télephone|téléphone|telefon|teléfono|telefono|telefoon|phone|mobile|mobil|móvil|cell|handy"
    r"|portable|gsm|number|numéro|numero|número|nummer|num|no|nr|n°|nº))+$",
    re.IGNORECASE,
)


class StopWords(Protocol):
    """Opt-out words. `find_stop_word` returns the word that a text is, or says in a clear phrase; `find_doubtful_word` the word
    of a text that may mean it. None if there is none."""

    def find_stop_word(self, text: str) -> str | None: ...

    def find_doubtful_word(self, text: str) -> str | None: ...


class MailAction(StrEnum):
    """Action that follows from a mail."""

    OPT_OUT = "opt_out"
    REVIEW = "review"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailDecision:
    """Decision about a mail. `numbers`: those that are opted out, or that a review is about; `because`: the reason, as a
    sentence without its capital and full stop; `is_doubtful`: a person wrote what may be an opt-out of these numbers."""

    action: MailAction
    numbers: tuple[str, ...]
    word: str | None
    because: str
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class MailContent:
    """Content of a mail that matters: its opt-out word, a doubtful one, and the numbers (E.164, every reading) in its text and in
    its signature. `senders`: the addresses that count as the writer's."""

    word: str | None
    doubtful_word: str | None
    numbers: tuple[str, ...]
    signature_numbers: tuple[str, ...]
    senders: tuple[str, ...]


def find_content(mail: Mail, words: StopWords, countries: Sequence[str]) -> MailContent:
    """Returns what a mail says. `countries` (ISO 3166 alpha-2): those that a number without + can belong to; if there are none,
    such a number is not seen."""
    own, forwarded = mail.text.own, mail.text.forwarded
    # Who forwards a mail and adds nothing says what the mail says; who adds something may ask a question about it.
    is_handed_on = mail.is_forward and not own
    texts = [mail.subject, forwarded if is_handed_on else own]
    candidates = [candidate for text in texts for candidate in _list_candidates(text)]
    word = _find_first(words.find_stop_word, candidates)
    doubtful = None
    if word is None:
        doubtful = _find_first(words.find_doubtful_word, candidates)
        if doubtful is None and forwarded:
            doubtful = _find_first(words.find_stop_word, list(_list_candidates(forwarded)))
    searched = "\n".join((mail.subject, own, forwarded))
    senders = mail.senders
    if mail.is_forward:
        senders = (mail.text.forwarded_from,) if mail.text.forwarded_from is not None else ()
    return MailContent(
        word,
        doubtful,
        find_numbers(searched, countries),
        find_numbers(mail.text.signature, countries),
        senders,
    )


def decide(
    mail: Mail, content: MailContent, known_numbers: Collection[str], numbers_of: Mapping[str, Sequence[str]]
) -> MailDecision:
    """Returns what a mail asks for. `known_numbers`: those of `content` that are contacts; `numbers_of`: the numbers of each
    address in `content.senders` that a contact has."""
    named = tuple(number for number in content.numbers if number in known_numbers)
    signed = tuple(number for number in content.signature_numbers if number in known_numbers)
    by_address = tuple(dict.fromkeys(number for each in content.senders for number in numbers_of.get(each, ())))
    word = content.word
    if mail.automatic is not None:
        if word is not None and named:
            return MailDecision(MailAction.REVIEW, named, word, f"it says {word!r}, but {mail.automatic}")
        return MailDecision(MailAction.NONE, (), word, mail.automatic)
    if word is not None and (named or by_address or signed):
        if named:
            numbers, because = named, "names a number of a contact"
        elif by_address:
            numbers, because = by_address, "comes from the address of a contact"
        else:
            numbers, because = signed, "is signed with a number of a contact"
        return MailDecision(MailAction.OPT_OUT, numbers, word, f"it says {word!r}, and {because}")
    numbers = named or by_address or signed
    if mail.problem is not None:
        return MailDecision(MailAction.REVIEW, numbers, word, f"it could not be read whole: {mail.problem}")
    if word is not None:
        unknown = "its number is no contact's" if content.numbers else "it has no number that is known"
        return MailDecision(
            MailAction.REVIEW, (), word, f"it says {word!r}, but {unknown}, nor is its sender's address"
        )
    if content.doubtful_word is not None and numbers:
        said = content.doubtful_word
        because = f"it says {said!r}, which may ask for an opt-out"
        return MailDecision(MailAction.REVIEW, numbers, said, because, is_doubtful=True)
    if named:
        return MailDecision(MailAction.REVIEW, named, None, "it names a number of a contact, and no opt-out word")
    return MailDecision(MailAction.NONE, (), None, "it has no opt-out word and no number of a contact")


def find_numbers(text: str, countries: Sequence[str]) -> tuple[str, ...]:
    """Returns the telephone numbers in a text, in E.164: in international form, and as they are dialled in each of `countries`.
    A telephone with two numbers (`sender_numbers`) gives both."""
    searched = _PREFIX_ABROAD.sub("+", text[:_LONGEST_SEARCHED])
    found: dict[str, None] = {}
    # The library passes over a number that its plan has given up, such as one of Mexico with its 1.
    for match in islice(_INTERNATIONAL.finditer(searched), _MOST_NUMBERS):
        found |= dict.fromkeys(read_sender("+" + re.sub(r"\D", "", match[0])).readings)
    for country in countries or (None,):
        for each in PhoneNumberMatcher(searched, country, leniency=Leniency.POSSIBLE, max_tries=_MOST_TRIES):
            if len(found) >= _MOST_NUMBERS:
                break
            found |= dict.fromkeys(read_sender(format_number(each.number, PhoneNumberFormat.E164)).readings)
    return tuple(found)


def _list_candidates(text: str) -> Iterator[str]:
    """Yields the texts in which an opt-out word is looked for: the first lines, their sentences, and the whole, each as it is,
    and without the numbers."""
    lines = [line.strip()[:_LONGEST_LINE] for line in text.split("\n") if line.strip()]
    for line in lines[:_FIRST_LINES]:
        yield from _list_forms(line)
        if len(sentences := _SENTENCE.split(line)) > 1:
            for sentence in sentences:
                yield from _list_forms(sentence)
    if len(lines) > 1:
        yield from _list_forms(" ".join(lines)[: 2 * _LONGEST_LINE])


def _list_forms(text: str) -> Iterator[str]:
    pieces = _DIGITS.split(text)
    yield text
    if len(pieces) > 1:
        rests = [_LEADING_WORDS.sub("", piece) for piece in pieces[:-1]]
        yield " ".join((*rests, pieces[-1])).strip()


def _find_first(find: Callable[[str], str | None], candidates: Sequence[str]) -> str | None:
    return next((word for text in candidates if (word := find(text)) is not None), None)
