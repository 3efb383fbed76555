"""Words that stop, bring back, ask for help or say yes, and the texts they are answered with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules.consent.keywords import KeywordAction, KeywordMatch, Keywords, normalise

LANGUAGES = ["en", "fr", "de", "es"]


@pytest.fixture(scope="module")
def words() -> Keywords:
    return Keywords.load()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("STOP", "stop", id="case"),
        pytest.param("  Stop \n all\t", "stop all", id="spaces"),
        pytest.param("Arrêt", "arret", id="accent"),
        pytest.param("Arre\u0302t", "arret", id="accent as a mark of its own"),
        pytest.param("«STOP»!!!", "stop", id="quotes and exclamations"),
        pytest.param("opt-out", "opt out", id="hyphen"),
        pytest.param("STOP 🙏🏽", "stop", id="emoji with a skin tone"),
        pytest.param("STOP❤\ufe0f", "stop", id="emoji with a selector"),
        pytest.param("ＳＴＯＰ", "stop", id="full width"),
        pytest.param("𝐒𝐓𝐎𝐏", "stop", id="bold letters"),
        pytest.param("İPTAL", "iptal", id="Turkish capital with dot"),
        pytest.param("ıptal", "iptal", id="Turkish small without dot"),
        pytest.param("Künd\u0131gen", "kundigen", id="umlaut"),
        pytest.param("GROSS groß", "gross gross", id="sharp s"),
        pytest.param("Ǽsœur Łódź Øl Đà", "aesoeur lodz ol da", id="letters spelt plainly"),
        pytest.param("СТОП й", "стоп и", id="Cyrillic"),
        pytest.param("Διακοπή", "διακοπη", id="Greek"),
        pytest.param("رَفْض", "رفض", id="Arabic vowels"),
        pytest.param("הַסֵּר", "הסר", id="Hebrew points"),
        pytest.param("रोकें", "रोकें", id="Hindi keeps its vowels"),
        pytest.param("ยกเลิก", "ยกเลิก", id="Thai keeps its vowels"),
        pytest.param("\u0301stop", "stop", id="a mark on nothing"),
        pytest.param("1\ufe0f\u20e3", "1\ufe0f\u20e3", id="a digit keeps its marks"),
        pytest.param("🙂", "", id="nothing left"),
    ],
)
def test_texts_are_compared_without_what_hurry_leaves_out(text: str, plain: str) -> None:
    """Case, accents, punctuation, emoji and fancy letters make no difference; vowels of Hindi and Thai do."""
    assert normalise(text) == plain


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    """Both sides of a comparison can be normalised, in any order and any number of times."""
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "action", "language"),
    [
        pytest.param("STOP", KeywordAction.OPT_OUT, "en", id="STOP"),
        pytest.param("stop.", KeywordAction.OPT_OUT, "en", id="stop with a full stop"),
        pytest.param("Stop Stop STOP", KeywordAction.OPT_OUT, "en", id="STOP three times"),
        pytest.param("STOP ALL stop all", KeywordAction.OPT_OUT, "en", id="two words twice"),
        pytest.param("stop " * 1000, KeywordAction.OPT_OUT, "en", id="STOP a thousand times"),
        pytest.param("arrêt", KeywordAction.OPT_OUT, "fr", id="ARRET"),
        pytest.param("Désabonnement !", KeywordAction.OPT_OUT, "fr", id="DESABONNEMENT"),
        pytest.param("STOPP", KeywordAction.OPT_OUT, "en", id="STOPP, a word of several languages"),
        pytest.param("kündigen", KeywordAction.OPT_OUT, "de", id="with umlaut"),
        pytest.param("kuendigen", KeywordAction.OPT_OUT, "de", id="with e for the umlaut"),
        pytest.param("Baja", KeywordAction.OPT_OUT, "es", id="BAJA"),
        pytest.param("¡NO MÁS!", KeywordAction.OPT_OUT, "es", id="NO MAS"),
        pytest.param("STOP 36111", KeywordAction.OPT_OUT, "en", id="with an operator's short code"),
        pytest.param("Start", KeywordAction.OPT_IN, "en", id="START"),
        pytest.param("unstop", KeywordAction.OPT_IN, "en", id="UNSTOP"),
        pytest.param("COMMENCER", KeywordAction.OPT_IN, "fr", id="COMMENCER"),
        pytest.param("alta", KeywordAction.OPT_IN, "es", id="ALTA brings back"),
        pytest.param("alto", KeywordAction.OPT_OUT, "es", id="ALTO stops"),
        pytest.param("help?", KeywordAction.HELP, "en", id="HELP"),
        pytest.param("hilfe", KeywordAction.HELP, "de", id="HILFE"),
        pytest.param("yes", KeywordAction.CONFIRM, "en", id="YES"),
        pytest.param("Oui.", KeywordAction.CONFIRM, "fr", id="OUI"),
    ],
)
def test_a_whole_text_is_a_word(words: Keywords, text: str, action: KeywordAction, language: str) -> None:
    """A word counts alone or repeated, however it is typed, and is answered in its own language."""
    found = words.match(text)
    assert found is not None
    assert (found.action, found.language) == (action, language)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "🙂",
        "I am at the bus stop",
        "non-stop",
        "stop by at 5",
        "STOPS",
        "ST OP",
        "stop start",
        "start 36111",
        "stop 36",
        "36111",
        "yes please",
        "je ne veux pas d'arret",
        "no",
        "ok",
        "STOP" * 100,
        "stop " * 1000 + "by",
    ],
)
def test_a_word_inside_a_text_is_no_wish(words: Keywords, text: str) -> None:
    """Sentences, other words and long texts match nothing, and a short code behind START is no consent."""
    assert words.match(text) is None


@pytest.mark.parametrize(
    ("contact", "last", "country", "language"),
    [
        pytest.param("de", "fr", "ES", "de", id="the contact's language comes first"),
        pytest.param("fr-CA", None, "US", "fr", id="a region of it is it"),
        pytest.param(None, "ES", "DE", "es", id="then the last message's"),
        pytest.param(None, None, "at", "de", id="then the country's"),
        pytest.param("tlh", "x-x", "MX", "es", id="languages without texts are passed over"),
        pytest.param(None, None, "JP", "en", id="English at last"),
        pytest.param("", "", "", "en", id="nothing known"),
    ],
)
def test_a_word_of_several_languages_is_answered_in_the_nearest(
    words: Keywords, contact: str | None, last: str | None, country: str | None, language: str
) -> None:
    """STOP is said in every language; what is known of the person decides."""
    found = words.match("STOP", contact_language=contact, last_language=last, country=country)
    assert found == KeywordMatch(KeywordAction.OPT_OUT, "stop", language)


def test_a_word_of_one_language_is_answered_in_it(words: Keywords) -> None:
    """Who writes ARRET reads French, whatever else is known."""
    assert words.match("ARRET", contact_language="de", last_language="es", country="US") == KeywordMatch(
        KeywordAction.OPT_OUT, "arret", "fr"
    )


def test_every_listed_word_is_found(words: Keywords) -> None:
    """No word of the list is lost by the way it is compared."""
    assert len(words.entries) > 60
    for keyword in words.entries:
        found = words.match(keyword.word)
        assert found is not None
        assert (found.action, found.word) == (keyword.action, keyword.word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_can_stop_start_and_ask(words: Keywords, language: str) -> None:
    """STOP and START work in each language, and each has a word for help and for yes."""
    spoken = {keyword.word: keyword.action for keyword in words.entries if language in keyword.languages}
    assert (spoken["stop"], spoken["start"]) == (KeywordAction.OPT_OUT, KeywordAction.OPT_IN)
    assert {KeywordAction.HELP, KeywordAction.CONFIRM} <= set(spoken.values())


def test_a_word_cannot_mean_two_things() -> None:
    """A list in which a word both stops and starts is refused, however the two are spelt."""
    with pytest.raises(ValueError, match=r"'Arrêt' \(fr\) means opt_out and opt_in"):
        Keywords([("fr", KeywordAction.OPT_OUT, "ARRET"), ("fr", KeywordAction.OPT_IN, "Arrêt")])
    with pytest.raises(ValueError, match=r"'!' \(fr\) has no letter"):
        Keywords([("fr", KeywordAction.OPT_OUT, "!")])
