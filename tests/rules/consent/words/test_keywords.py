"""The table of words, and the administrators' changes to it."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from modemd.rules.consent.words.keywords import (
    FIXED_WORDS,
    ChangeKind,
    KeywordAction,
    Keywords,
    Strength,
    WordChange,
    check_change,
    make_table,
)
from modemd.rules.consent.words.matching import Words
from modemd.rules.consent.words.tables import read_rows

ROWS = list(read_rows("keywords.csv"))


def add(word: str, country: str | None = None, action: KeywordAction = KeywordAction.OPT_OUT) -> WordChange:
    return WordChange(ChangeKind.ADD, word, action, "fr", country)


def test_the_table_is_whole() -> None:
    """53 languages; every row has a source; a word of one or two Latin letters has its countries. YES of two letters
    (JA, SI) needs none: it counts only for somebody who was asked, and the question named it."""
    assert len({row["language"] for row in ROWS}) == 53
    assert all(row["source"] for row in ROWS)
    for row in ROWS:
        is_short = len(row["keyword"]) <= (1 if row["action"] == "confirm" else 2)
        if is_short and row["keyword"].isascii():
            assert row["countries"], row


def test_the_words_that_were_asked_for_are_there() -> None:
    """COMMENCER and DÉBOUCHER opt in, OUI says yes."""
    found = {row["keyword"]: row["action"] for row in ROWS if row["language"] == "fr"}
    assert (found["COMMENCER"], found["OUI"], found["DÉBOUCHER"]) == ("opt_in", "confirm", "opt_in")


def test_a_word_cannot_mean_two_things() -> None:
    """A table in which a word both stops and starts is refused, unless it does so in different countries."""
    row = {"language": "fr", "strength": "strong", "source": "", "countries": ""}
    stop, start = row | {"keyword": "ARRET", "action": "opt_out"}, row | {"keyword": "Arrêt", "action": "opt_in"}
    with pytest.raises(ValueError, match=r"'Arrêt' \(fr\) means opt_out and opt_in"):
        make_table([stop, start])
    with pytest.raises(ValueError, match="means opt_out and opt_in"):
        make_table([stop | {"countries": "FR BE"}, start | {"countries": "BE"}])
    assert len(make_table([stop | {"countries": "FR"}, start | {"countries": "BE"}])["arret"]) == 2
    with pytest.raises(ValueError, match=r"'!' \(fr\) has no letter"):
        make_table([row | {"keyword": "!", "action": "opt_out"}])


@pytest.mark.parametrize("word", ["STOP", "start", "UnStop", "Help!", "ＳＴＯＰ"])
@pytest.mark.parametrize("kind", list(ChangeKind))
def test_some_words_are_fixed(word: str, kind: ChangeKind) -> None:
    """STOP, START, UNSTOP and HELP cannot be added, disabled or reassigned, however they are written."""
    assert {"stop", "start", "unstop", "help"} == FIXED_WORDS
    with pytest.raises(Refused, match="is fixed"):
        Keywords.load([WordChange(kind, word, KeywordAction.OPT_IN, "fr")])


def test_changes_are_looked_up_by_country_first() -> None:
    """A word that is disabled in one country, reassigned in another and added elsewhere means the three."""
    words = Words.load(
        [
            WordChange(ChangeKind.DISABLE, "FIN", country="FR"),
            WordChange(ChangeKind.REASSIGN, "fin", KeywordAction.HELP, "fr", "BE"),
            add("Terminé"),
            WordChange(ChangeKind.DISABLE, "BAJA"),
        ]
    )
    assert words.match("FIN", country="FR") is None
    assert (found := words.match("FIN", country="BE")) is not None
    assert found.action is KeywordAction.HELP
    assert (found := words.match("FIN", country="CH")) is not None
    assert found.action is KeywordAction.OPT_OUT
    assert (found := words.match("termine", country="CH")) is not None
    assert (found.action, found.word) == (KeywordAction.OPT_OUT, "Terminé")
    assert words.match("BAJA", country="ES") is None


def test_a_reassigned_word_keeps_its_strength_only_with_its_action() -> None:
    """ARRET that asks for help is an ordinary word; ARRET that stops in one country only stays a strong one."""
    keywords = Keywords.load(
        [
            WordChange(ChangeKind.REASSIGN, "ARRET", KeywordAction.HELP, "fr", "FR"),
            WordChange(ChangeKind.REASSIGN, "ARRET", KeywordAction.OPT_OUT, "fr", "BE"),
        ]
    )
    assert (found := keywords.find("arret", "FR")) is not None
    assert found.strength is Strength.WEAK
    assert (found := keywords.find("arret", "BE")) is not None
    assert found.strength is Strength.STRONG


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (add("FIN"), "is a word already"),
        (add("🙂"), "no letter"),
        (WordChange(ChangeKind.ADD, "Terminé"), "needs an action and a language"),
        (WordChange(ChangeKind.DISABLE, "nobody"), "is no word"),
        (WordChange(ChangeKind.REASSIGN, "nobody", KeywordAction.HELP, "en"), "is no word"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(change: WordChange, reason: str) -> None:
    """What is there already cannot be added, and what is not there cannot be taken away."""
    with pytest.raises(Refused, match=reason):
        check_change(change, Keywords.load())


def test_a_word_of_one_country_can_be_disabled_everywhere() -> None:
    """T counts in China only; who disables it need not name the country."""
    check_change(WordChange(ChangeKind.DISABLE, "T"), Keywords.load())
    assert Words.load([WordChange(ChangeKind.DISABLE, "T")]).match("T", country="CN") is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (add("x" * 41), "at most 40 characters; this one has 41"),
        (WordChange(ChangeKind.ADD, "word", KeywordAction.HELP, "xx"), "'xx' is no language of the words of consent"),
        (WordChange(ChangeKind.REASSIGN, "Arrêt", KeywordAction.OPT_IN, "fr"), "means only an opt-out"),
        (WordChange(ChangeKind.REASSIGN, "UNSUBSCRIBE", KeywordAction.CONFIRM, "en", "FR"), "cannot mean consent"),
    ],
)
def test_a_change_that_would_do_harm_is_refused(change: WordChange, reason: str) -> None:
    """Words that nobody types, languages without texts, and consent by a word that stops, also after it was disabled."""
    disabled = WordChange(ChangeKind.DISABLE, "Arrêt")
    for changes in ([], [disabled]):
        with pytest.raises(Refused, match=reason):
            check_change(change, Keywords.load(changes))


def test_a_strong_word_may_ask_for_help_and_a_weak_one_for_anything() -> None:
    """CANCEL is an ordinary word; a tag with a region is one of its language."""
    check_change(WordChange(ChangeKind.REASSIGN, "UNSUBSCRIBE", KeywordAction.HELP, "en"), Keywords.load())
    check_change(WordChange(ChangeKind.REASSIGN, "CANCEL", KeywordAction.CONFIRM, "en-GB"), Keywords.load())
    check_change(add("x" * 40), Keywords.load())
