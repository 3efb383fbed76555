"""Texts about consent: in every language, whole, within a segment, and never a word that they answer."""

from __future__ import annotations

import csv
import re
import unicodedata
from importlib import resources
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules.consent.texts.kinds import REPLIES, TextKind, find_placeholder_mistake
from modemd.rules.consent.texts.segments import count_segments, fold
from modemd.rules.consent.texts.texts import ConsentText, Texts, choose_accents
from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.matching import Words
from modemd.rules.consent.words.normalisation import normalise

TEXTS = Texts.load()
# The GSM 7-bit default alphabet, read row by row from 3GPP TS 23.038 6.2.1, without its escape, and its extension. Written out
# here so that the texts are not checked against the list that made them.
GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = set("\f^{}\\[~]|€")
# Each language with an opt-out word, and its word for yes, which the question asks for.
YES = {
    "en": "YES", "fr": "OUI", "es": "SI", "pt-BR": "SIM", "pt": "SIM", "de": "JA", "it": "SI", "nl": "JA", "nb": "JA", "sv": "JA",
    "da": "JA", "fi": "KYLLÄ", "is": "JÁ", "pl": "TAK", "cs": "ANO", "sk": "ÁNO", "hu": "IGEN", "ro": "DA", "bg": "ДА",
    "hr": "DA", "sl": "DA", "sr": "DA", "et": "JAH", "lv": "JĀ", "lt": "TAIP", "el": "ΝΑΙ", "tr": "EVET", "ru": "ДА", "uk": "ТАК",
    "ar-AE": "نعم", "ar-SA": "نعم", "ar": "نعم", "he": "כן", "fa": "بله", "hi": "हाँ", "bn": "হ্যাঁ", "ta": "ஆம்", "ur": "ہاں",
    "zh": "是", "zh-CN": "是", "ja": "はい", "ko": "예", "vi": "CÓ", "id": "YA", "ms": "YA", "th": "ใช่", "fil": "OO", "af": "JA",
    "sw": "NDIYO", "ca": "SÍ", "eu": "BAI", "gl": "SI", "cy": "IE",
}  # fmt: skip
LANGUAGES = list(YES)


# Titles of lists as companies write them, and worse.
TITLES = [
    pytest.param("Weekly offers", id="plain"),
    pytest.param("Weekly offers of everything that we sell in all our shops 24", id="as long as may be"),
    pytest.param("Žluťoučký kůň každý týden", id="letters that the alphabet lacks"),
    pytest.param("每周优惠信息与新品通知", id="another script"),
    pytest.param("Еженедельные скидки для всех покупателей наших магазинов", id="another alphabet"),
    pytest.param("[€]{}^~ \\|" * 6, id="escaped characters"),
    pytest.param("👩‍👩‍👧‍👦" * 6, id="pictures of many characters"),
    pytest.param("\u200d".join("👩" * 20), id="one picture that fills a title"),
]


def units(text: str) -> tuple[int, int]:
    """What a text takes of its segment, and how much that has: septets, or UTF-16 code units."""
    if set(text) <= GSM7 | EXTENSION:
        return len(text) + len([character for character in text if character in EXTENSION]), 160
    return len(text.encode("utf-16-be")) // 2, 70


def compose(kind: TextKind, language: str, brand: str | None = "Example") -> str:
    return TEXTS.compose(
        kind, language, brand=brand, list_name="news", frequency="2/month", contact="https://example.org/stop"
    )


def names(word: str, text: str) -> bool:
    """Whether a text shows a word by itself; a Korean particle may be joined to it."""
    return re.search(rf"(?<![A-Za-z]){word}(?![A-Za-z])", text) is not None


@pytest.fixture(scope="module")
def words() -> Words:
    return Words.load()


def test_every_language_has_every_kind() -> None:
    """No language lacks a text, and no text stands in the list twice."""
    text = (resources.files("modemd.rules.consent.texts") / "texts.csv").read_text(encoding="utf-8")
    rows = [(row["language"], row["kind"]) for row in csv.DictReader(text.splitlines())]
    assert sorted(rows) == sorted((language, kind.value) for language in LANGUAGES for kind in TextKind)
    assert sorted(TEXTS.languages) == sorted(LANGUAGES)


def test_every_language_with_an_opt_out_word_has_texts(words: Words) -> None:
    """Whoever can stop in a language is answered in it."""
    spoken = {tag for word in words.keywords.entries if word.action is KeywordAction.OPT_OUT for tag in word.languages}
    assert {tag for tag in spoken if TEXTS.find_language(tag) is None} == set()


def test_no_text_claims_to_be_proofread() -> None:
    """Nobody has read them yet, and the list says so; each says where it is from."""
    assert [entry for entry in TEXTS.entries if entry.is_proofread or not entry.source] == []


def test_each_text_is_well_formed() -> None:
    """Its placeholders are right, it is composed as computers compare texts, and no blank stands at an end."""
    for entry in TEXTS.entries:
        assert find_placeholder_mistake(entry.kind, entry.text) is None, entry
        assert unicodedata.normalize("NFC", entry.text.strip()) == entry.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_tells_the_way(language: str) -> None:
    """An answer to STOP names START, any other text names STOP, the question names the word for yes."""
    assert names("START", compose(TextKind.OPT_OUT_REPLY, language))
    for kind in set(TextKind) - {TextKind.OPT_OUT_REPLY, TextKind.NOTICE_CONTACT}:
        assert names("STOP", compose(kind, language))
    for kind in (TextKind.OPT_IN_REQUEST, TextKind.OPT_IN_REMINDER):
        question = compose(kind, language)
        assert f" {normalise(YES[language])} " in f" {normalise(question)} " or YES[language] in question
        assert "Example" in question
        assert "news" in question
    assert "2/month" in compose(TextKind.OPT_IN_REQUEST, language)
    assert "https://example.org/stop" in compose(TextKind.NOTICE_CONTACT, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_word_for_yes_is_a_word_of_the_list(words: Words, language: str) -> None:
    """What the question asks for is understood, as a yes or as an opt-in."""
    wanted = normalise(YES[language])
    actions = {each.action for each in words.keywords.entries if each.word == wanted}
    assert actions & {KeywordAction.CONFIRM, KeywordAction.OPT_IN}


def test_each_answer_leaves_room_for_a_title() -> None:
    """A title of twelve characters fits whole, even if it makes a segment of 70 characters of one that had 160."""
    for entry in TEXTS.entries:
        if entry.kind in REPLIES and "{list}" in entry.text:
            assert len(entry.text.replace("{list}", "").encode("utf-16-be")) // 2 <= 70 - 12, entry


@pytest.mark.parametrize(
    "brand",
    [
        pytest.param(None, id="no brand"),
        pytest.param("Example & Co", id="a plain brand"),
        pytest.param("x" * 300, id="a long brand"),
        pytest.param("Crêperie Ťăşţ [€] ^~", id="letters that the alphabet lacks"),
        pytest.param("株式会社", id="another script"),
        pytest.param("👩‍👩‍👧‍👦" * 12, id="emoji of many characters"),
    ],
)
def test_answers_are_one_segment(brand: str | None) -> None:
    """Each answer fits one segment, whatever the brand, and is known as an answer of ours if it comes back."""
    for language, kind in product(LANGUAGES, REPLIES):
        answer = compose(kind, language, brand)
        taken, room = units(answer)
        assert taken <= room
        assert TEXTS.is_own_answer(answer)
        assert not answer.startswith(":")
        assert "{" not in answer


@pytest.mark.parametrize("title", TITLES)
def test_an_answer_names_the_list(title: str) -> None:
    """Whatever the title of a list is, the answer is one segment with at least the beginning of it, and is known as ours."""
    kinds, brands = (TextKind.LIST_OPT_OUT_REPLY, TextKind.WELCOME), (None, "Example", "株式会社")
    for language, kind, brand in product(LANGUAGES, kinds, brands):
        answer = TEXTS.compose(kind, language, brand=brand, list_name=title)
        taken, room = units(answer)
        assert taken <= room
        assert title[:8] in answer or fold(title[:8]) in answer
        assert TEXTS.is_own_answer(answer)


NAMES = st.text(max_size=60)


@given(NAMES, NAMES, st.sampled_from(LANGUAGES), st.sampled_from(sorted(REPLIES)))
def test_no_name_makes_a_second_segment(brand: str, title: str, language: str, kind: TextKind) -> None:
    """Whatever a brand and a title are made of, the answer is one segment."""
    answer = TEXTS.compose(kind, language, brand=brand, list_name=title if title.strip() else "x")
    taken, room = units(answer)
    assert taken <= room


@pytest.mark.parametrize(
    ("language", "brand", "title", "answer"),
    [
        pytest.param("en", "Acme", "Offers", "Acme: You will now get Offers. Reply STOP to opt out.", id="all of it"),
        pytest.param(
            "pl", "Acme", "Promocje dla Łodzi", "Acme: Bedziesz otrzymywac: Promocje dla Lodzi. Odpisz STOP, aby zrezygnowac.",
            id="accents go first",
        ),
        pytest.param(
            "en", "Acme & Companion, Ltd", "优惠信息与更多精彩",
            "Acme & Companion: You will now get 优惠信息与更多精彩. Reply STOP to opt out.",
            id="then the brand's end",
        ),
        pytest.param(
            "ru", "Ромашка", "Скидки для всех нас", "Теперь будем слать: Скидки для всех нас. Для отказа ответьте STOP.",
            id="then the brand",
        ),
        pytest.param(
            "ru", "Ромашка", "Скидки для постоянных клиентов",
            "Теперь будем слать: Скидки для постоянных к. Для отказа ответьте STOP.",
            id="then the title's end",
        ),
        pytest.param(
            "de", "Acme", "Angebote der ganzen Woche 🎉",
            "Acme: Sie erhalten ab jetzt: Angebote der ganzen Woche. Die Antwort STOP beendet das.",
            id="a picture is left out",
        ),
    ],
)  # fmt: skip
def test_the_brand_is_cut_before_the_title(language: str, brand: str, title: str, answer: str) -> None:
    """What somebody gets says more to them than the end of a name."""
    assert TEXTS.compose(TextKind.WELCOME, language, brand=brand, list_name=title) == answer


def test_an_answer_without_room_for_the_title_gives_way() -> None:
    """A text that cannot name the list in one segment says nothing; the one that comes with modemd can."""
    tight = TEXTS.with_changes([ConsentText("en", TextKind.WELCOME, "{list} STOP " + "x" * 100)])
    assert tight.compose(TextKind.WELCOME, "en", list_name="News") == "News STOP " + "x" * 100
    assert tight.compose(TextKind.WELCOME, "en", list_name="优惠") == "You will now get 优惠. Reply STOP to opt out."


@pytest.mark.parametrize(
    ("language", "brand", "answer"),
    [
        pytest.param("fr", "Acme", "Acme: Vous ne recevrez plus nos offres. Répondez START pour les recevoir à nouveau.", id="w"),
        pytest.param("fr", None, "Vous ne recevrez plus nos offres. Répondez START pour les recevoir à nouveau.", id="no brand"),
        pytest.param("en", "Noël",  "Noel: You will get no more offers from us. Reply START to get them again.", id="accent"),
        pytest.param("hr", None, "Više vam nećemo slati ponude. Odgovorite START da ih opet primate.", id="accents"),
        pytest.param("hr", "Acme", "Acme: Vise vam necemo slati ponude. Odgovorite START da ih opet primate.", id="else plain"),
        pytest.param("ru", "Ромашка и К, Ltd", "Ромашка и К: Предложений больше не будет. Вернуть их: ответьте START.", id="cut"),
        pytest.param("en", "株式会社", "You will get no more offers from us. Reply START to get them again.", id="not writable"),
    ],
)  # fmt: skip
def test_the_brand_stands_before_the_answer(language: str, brand: str | None, answer: str) -> None:
    """People see at once who writes. Accents are given up before the end of the name."""
    assert TEXTS.compose(TextKind.OPT_OUT_REPLY, language, brand=brand) == answer


def test_a_brand_of_which_little_is_left_is_left_out() -> None:
    """Two letters name nobody."""
    tight = TEXTS.with_changes([ConsentText("en", TextKind.OPT_OUT_REPLY, "x" * 156)])
    assert tight.compose(TextKind.OPT_OUT_REPLY, "en", brand="Example") == "x" * 156
    assert tight.compose(TextKind.OPT_OUT_REPLY, "en", brand="Ex") == "Ex: " + "x" * 156


def test_an_administrators_text_may_be_longer() -> None:
    """If two segments are allowed, two are filled."""
    longer = TEXTS.with_changes([ConsentText("en", TextKind.OPT_OUT_REPLY, "x" * 200, segments=2)])
    answer = longer.compose(TextKind.OPT_OUT_REPLY, "en", brand="y" * 300)
    assert answer == "y" * (306 - 202) + ": " + "x" * 200


def test_the_brand_stands_where_its_placeholder_is() -> None:
    """A text that names the brand itself gets none before it."""
    named = TEXTS.with_changes([ConsentText("en", TextKind.OPT_OUT_REPLY, "Bye. {brand}: write START to come back")])
    assert named.compose(TextKind.OPT_OUT_REPLY, "en", brand="Acme") == "Bye. Acme: write START to come back"
    assert named.compose(TextKind.OPT_OUT_REPLY, "en", brand=None) == "Bye. write START to come back"


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("fr", "fr"), ("fr-CA", "fr"), ("FR_ca", "fr"), ("pt-BR", "pt-BR"), ("pt-br", "pt-BR"), ("pt-AO", "pt"),
        ("zh-Hant-TW", "zh"),
        ("tlh", None), ("", None), (None, None), ("-", None),
    ],
)  # fmt: skip
def test_a_region_falls_back_to_its_language(tag: str | None, language: str | None) -> None:
    """A tag gets the texts of its region, else those of its language."""
    assert TEXTS.find_language(tag) == language


def test_a_language_without_texts_is_answered_in_english() -> None:
    """Nobody is left without the confirmation."""
    assert compose(TextKind.OPT_OUT_REPLY, "tlh") == compose(TextKind.OPT_OUT_REPLY, "en")


def test_a_question_without_its_names_is_a_mistake() -> None:
    """No question goes out that does not say who asks."""
    with pytest.raises(ValueError, match=r"the text opt_in_request \(fr\) needs a brand"):
        TEXTS.compose(TextKind.OPT_IN_REQUEST, "fr-CA", list_name="news", frequency="1/month")
    with pytest.raises(ValueError, match="needs a contact"):
        TEXTS.compose(TextKind.NOTICE_CONTACT, "fr")


@pytest.mark.parametrize("title", [None, "", " \n"])
@pytest.mark.parametrize("kind", [TextKind.LIST_OPT_OUT_REPLY, TextKind.WELCOME])
def test_an_answer_without_its_title_is_a_mistake(kind: TextKind, title: str | None) -> None:
    """No answer says that something ends or begins without saying what."""
    with pytest.raises(ValueError, match="needs a list"):
        TEXTS.compose(kind, "en", brand="Acme", list_name=title)


def test_what_a_name_contains_is_no_placeholder() -> None:
    """Braces in a name are letters like others."""
    text = TEXTS.compose(TextKind.OPT_IN_REQUEST, "en", brand="{list}", list_name="{brand}", frequency="{contact}")
    assert text.startswith("{list}: Reply YES to get {brand} by SMS ({contact}).")


def test_accents_stay_if_they_cost_nothing() -> None:
    """A text keeps its accents if it makes no more segments with them."""
    assert choose_accents("ć" * 70) == "ć" * 70
    assert choose_accents("ć" * 71) == "c" * 71
    assert choose_accents("ж" * 71) == "ж" * 71
    assert count_segments(compose(TextKind.OPT_IN_REQUEST, "pl")) == 1


def test_an_administrators_text_comes_in_place_of_ours() -> None:
    """A change replaces one text and leaves the others."""
    mine = ConsentText("fr", TextKind.NOTICE, "STOP = fin", is_proofread=True, source="administrator")
    changed = TEXTS.with_changes([mine])
    assert changed.find(TextKind.NOTICE, "fr") == mine
    assert len(changed.entries) == len(TEXTS.entries)
    assert TEXTS.find(TextKind.NOTICE, "fr") != mine


@pytest.mark.parametrize(
    "text",
    ["STOP", "Reply STOP to get no more offers.", "I want no more offers from you, so STOP", "", "x" * 300],
)
def test_a_persons_words_are_no_answer_of_ours(text: str) -> None:
    """Only a whole answer counts: what a person writes of it is still read."""
    assert not TEXTS.is_own_answer(text)


def test_only_both_ends_of_an_answer_make_it_ours() -> None:
    """Of an answer with a title in its middle, one half is what a person could write."""
    assert TEXTS.is_own_answer("Acme: You will get no more Monday news. Reply STOP to end all offers.")
    assert not TEXTS.is_own_answer("You will get no more money for this, I promise")
    assert not TEXTS.is_own_answer("Reply STOP to end all offers. You will get no more")


def test_a_machines_answer_is_known_in_any_form() -> None:
    """In capitals, without accents, with a signature behind it: it is still an answer."""
    answer = compose(TextKind.OPT_OUT_REPLY, "tr")
    assert TEXTS.is_own_answer(answer.upper())
    assert TEXTS.is_own_answer(f"Fwd: {answer}\n-- \nSent from my iPhone")
