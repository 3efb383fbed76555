"""What an inbound text asks for: keywords, tiers, lists and countries."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.matching import MatchTier, Words

WORDS = Words.load()
OPT_IN_WORDS = sorted(
    each.spelling for each in WORDS.keywords.entries if each.action in (KeywordAction.OPT_IN, KeywordAction.CONFIRM)
)


def test_every_listed_word_is_found() -> None:
    """No word of the list is lost by the way it is compared: it is tier 1 from a number of its country."""
    assert len(WORDS.keywords.entries) > 400
    for keyword in WORDS.keywords.entries:
        for country in keyword.countries or {"GB"}:
            found = WORDS.match(keyword.spelling, country=country)
            assert found is not None, keyword
            assert (found.action, found.tier, found.normalised) == (keyword.action, MatchTier.EXACT, keyword.word)


@pytest.mark.parametrize("country", ["GB", None])
def test_short_words_count_for_their_countries_only(country: str | None) -> None:
    """T and TD stop in China; elsewhere they are ordinary texts."""
    assert WORDS.match("T", country=country) is None
    assert WORDS.match("TD", country=country) is None
    found = WORDS.match("TD", country="CN")
    assert found is not None
    assert found.action is KeywordAction.OPT_OUT


@pytest.mark.parametrize(
    ("text", "list_name"),
    [
        ("STOP promo", "promo"),
        ("stop PROMO please", "promo"),
        ("unsubscribe from the promo list", "promo"),
        ("Arrêt Été 2025", "été 2025"),
        ("STOP ALL", None),
        ("STOP TOUT", None),
        ("STOP", None),
        ("STOP all", None),
    ],
)
def test_a_list_is_left_by_its_name(text: str, list_name: str | None) -> None:
    """STOP and the name of a list leaves that list; STOP ALL always leaves all, even beside a list of that name."""
    found = WORDS.match(text, country="FR", lists=("promo", "été 2025", "all"))
    assert found is not None
    assert (found.action, found.tier, found.list_name) == (KeywordAction.OPT_OUT, MatchTier.EXACT, list_name)


@pytest.mark.parametrize(
    "text",
    [
        "STOP promo, news",
        "STOP promo and news",
        "STOP TOUT promo",
        "STOP ALL promo",
        "STOP PUB promo",
        "STOP stop",
        "STOP SMS",
        "STOP pub",
        "STOP tout",
        pytest.param("STOP " * 1000, id="STOP a thousand times"),
    ],
)
def test_what_is_not_one_word_and_one_list_ends_everything(text: str) -> None:
    """Two lists, a word for everything, or a list that has the name of such a word: nothing is left out, and it is tier 1."""
    found = WORDS.match(text, country="FR", lists=("promo", "news", "stop", "sms", "all", "tout", "pub"))
    assert found is not None
    assert (found.action, found.tier, found.list_name) == (KeywordAction.OPT_OUT, MatchTier.EXACT, None)


def test_a_number_behind_a_word_is_a_code_one_of_ours_or_behind_a_strong_word() -> None:
    """CANCEL 1234 names an order; CANCEL with a code of five digits or with a number of ours is an opt-out, and STOP with any."""
    assert WORDS.match("CANCEL 447700900999", country="GB") is None
    own = WORDS.match("cancel 07700 900999", country="GB", own_numbers=("+447700900999",))
    assert own is not None
    assert own.tier is MatchTier.EXACT
    for text in ("cancel 36111", "stop 1234567", "STOP +447700900555"):
        found = WORDS.match(text, country="GB")
        assert found is not None
        assert found.tier is MatchTier.EXACT


def test_stop_anywhere_counts_from_the_prefixes_that_say_so() -> None:
    """By default from +1, by number or by country; nowhere if nothing is configured."""
    text = "I mean it, make this stop"
    found = WORDS.match(text, country="US")
    assert found is not None
    assert found.tier is MatchTier.PHRASE
    assert WORDS.match(text, number="+12025550123") == found
    for words, country in ((WORDS, "GB"), (Words.load(any_stop_counts=()), "US"), (WORDS, None)):
        other = words.match(text, country=country)
        assert other is not None
        assert other.tier is MatchTier.AMBIGUOUS
    assert Words.load(any_stop_counts=("+44",)).match(text, country="GB") == found


def test_words_of_a_match_are_as_they_are_listed() -> None:
    """A match tells the word in natural spelling, its languages, and why."""
    found = WORDS.match("desabonnement", country="FR")
    assert found is not None
    assert (found.word, found.languages, found.list_name) == ("DÉSABONNEMENT", ("fr",), None)
    assert "DÉSABONNEMENT" in found.because


@pytest.mark.parametrize(
    "text",
    [
        "START please",
        "please START",
        "START now",
        "S T A R T",
        "5TART",
        "sтart",
        "START\n--\nJane",
        "> hi\nSTART",
        "Start, Jane",
    ],
)
def test_nothing_but_the_word_opts_in(text: str) -> None:
    """Courtesies, signatures, disguises and numbers, which an opt-out may have, are no consent."""
    found = WORDS.match(text, country="GB")
    assert found is None or found.action is KeywordAction.OPT_OUT


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(OPT_IN_WORDS), st.data())
def test_no_likeness_opts_in(word: str, data: st.DataObject) -> None:
    """A text that differs by a letter from a word of consent means what its own letters mean, if anything, and no consent."""
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abeilnorstxzаяおक"))
    other = data.draw(
        st.sampled_from([word[:place] + letter + word[place + 1 :], word[:place] + word[place + 1 :], word + letter])
    )
    found = WORDS.match(other, country="GB")
    if found is not None and found.action in (KeywordAction.OPT_IN, KeywordAction.CONFIRM):
        assert WORDS.keywords.find(found.normalised, "GB") is not None
        from modemd.rules.consent.words.normalisation import normalise

        assert normalise(other) in (found.normalised, f"{found.normalised} {found.normalised}")


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(["GB", "US", "CN", None]))
def test_any_text_has_an_answer(text: str, country: str | None) -> None:
    """Whatever is written, reading it fails never; consent is always tier 1."""
    found = WORDS.match(text, country=country, lists=("promo", ""), own_numbers=("+447700900999",))
    if found is not None and found.action is not KeywordAction.OPT_OUT:
        assert found.tier is MatchTier.EXACT


@pytest.mark.parametrize(
    "text",
    ["stop " * 7800, "stop by " * 4875, "x" * 39_000, "🛑" * 39_000, "\n> a" * 9750, "<p>" * 13_000, "ยกเลิก" * 6500],
)
def test_the_longest_text_is_read_at_once(text: str) -> None:
    """39,000 characters take far less than a tenth of a second, whatever they are."""
    WORDS.match("warm up")
    began = time.perf_counter()
    WORDS.match(text, country="US")
    assert time.perf_counter() - began < 0.1


def test_thousands_of_texts_are_read_in_a_second() -> None:
    """At least 3,000 texts a second on an idle core; here a third of it, since tests share cores."""
    texts = [
        "STOP",
        "Thanks, see you tomorrow at 5",
        "Je ne veux plus recevoir vos SMS",
        "OK",
        "ne mogu doći",
        "預約明天",
    ] * 50
    began = time.process_time()
    for text in texts:
        WORDS.match(text, country="FR")
    assert len(texts) / (time.process_time() - began) > 1000


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("FR", "je ne reçois plus vos messages, pourquoi ?"),
        ("GB", "I no longer receive your messages, why?"),
        ("DE", "Ich bekomme keine SMS mehr, warum?"),
        ("ES", "no me llegan más mensajes, ¿por qué?"),
        ("IT", "non ricevo più i messaggi"),
        ("PT", "não recebo mais mensagens, porquê?"),
        ("NL", "ik krijg geen berichten meer, hoe kan dat?"),
        ("PL", "nie dostaję już wiadomości"),
        ("HU", "nem kapok több üzenetet, miért?"),
        ("RO", "nu mai primesc mesaje, de ce?"),
        ("RU", "мне больше не приходят сообщения"),
        ("SE", "jag får inga sms längre, varför?"),
        ("FI", "en saa enää viestejä"),
        ("HU", "vége van már az akciónak?"),
        ("DK", "hvornår slutter tilbuddet?"),
        ("JP", "キャンペーンは終了しましたか"),
        ("IT", "basta un messaggio per prenotare?"),
        ("DE", "Kann ich meinen Hund abmelden?"),
        ("FR", "Puis-je me désabonner du magazine papier ?"),
        ("FR", "désinscription de mon fils au judo"),
        ("GB", "unsubscribe from the print magazine please"),
        ("ES", "¿Me pueden dar de baja la línea fija?"),
    ],
)
def test_a_complaint_or_a_question_opts_nobody_out(country: str, text: str) -> None:
    """Who gets no messages, asks when an offer ends, or leaves something that is not ours is read by a person at most."""
    found = WORDS.match(text, country=country)
    assert found is None or found.tier is MatchTier.AMBIGUOUS


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("GB", "I don't want to receive your texts"),
        ("DE", "Ich möchte keine Werbung mehr erhalten"),
        ("PL", "nie chcę dostawać wiadomości"),
        ("SE", "jag vill inte få fler sms"),
        ("GB", "Can you stop texting me?"),
        ("DE", "Können Sie mich bitte abmelden?"),
        ("GB", "I want to unsubscribe from Acme"),
        ("GB", "could you stop your messages?"),
        ("FR", "pourriez-vous cesser vos sms ?"),
    ],
)
def test_a_wish_is_a_wish_also_as_a_question(country: str, text: str) -> None:
    """Who does not want to receive messages, or asks us to stop them, is obeyed at once."""
    found = WORDS.match(text, country=country)
    assert found is not None
    assert (found.action, found.tier) == (KeywordAction.OPT_OUT, MatchTier.PHRASE)


@pytest.mark.parametrize(
    ("text", "tier"), [("ꜱᴛᴏᴘ", MatchTier.EXACT), ("ꓢꓔꓳꓑ", MatchTier.EXACT), ("STO P", 3), ("un subscribe", 3)]
)
def test_disguises_of_stop_are_seen(text: str, tier: int) -> None:
    """Small capitals and letters of Lisu look like Latin ones; a word with a space in it is read by a person."""
    found = WORDS.match(text, country="GB")
    assert found is not None
    assert (found.action, found.tier) == (KeywordAction.OPT_OUT, tier)


def test_disguises_of_start_are_none() -> None:
    """Nothing is matched towards consent by likeness."""
    assert WORDS.match("ꜱᴛᴀʀᴛ", country="GB") is None
    assert WORDS.match("STA RT", country="GB") is None
