"""Opt-outs as people write them, and sentences that only have such a word in them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modemd.rules.consent.words import phrasing
from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.matching import MatchTier, Words
from modemd.rules.consent.words.normalisation import normalise


@pytest.fixture(scope="module")
def words() -> Words:
    return Words.load()


OPT_OUTS = (
    # With an operator's number, or ours, behind it: CNIL on STOP 36180.
    "STOP au 36180",
    "STOP à 36180",
    "STOP STOP 36180",
    "STOP 3618",
    "STOP 36180 merci",
    "Bonjour STOP au 36180",
    "STOP to 36180",
    "stop 0612345678",
    "STOP +33700000001",
    "ARRET au 36111",
    "stop sms 36111",
    "Stopp an 36111",
    "STOP al 36111",
    # Courtesies: Spoke #1016, learning-circles #593.
    "Stop. Thank you",
    "STOP svp",
    "ARRETEZ SVP",
    "Unsubscribe please",
    "Bitte abmelden",
    "Baja por favor",
    "please stop",
    "Please unsubscribe, thanks",
    "Bonjour, stop s'il vous plaît",
    "STOP s'il te plait merci",
    "Hallo, bitte abmelden. Danke!",
    "Hola, baja por favor, gracias",
    "Stop pls",
    "Hello please remove me",
    "ok stop",
    "no more, thanks",
    "sorry, unsubscribe",
    "arrêt merci",
    "désabonnement SVP",
    "stop thx",
    "STOP THANKS A LOT",
    "abmelden, vielen Dank",
    "Remove me please. Thank you very much",
    # Signatures.
    "STOP\n\nEnvoyé de mon iPhone",
    "STOP\n--\nJohn Doe",
    "STOP\r\n-- \r\nJohn Doe\r\nSales",
    "Stop\n\nSent from my iPhone",
    "STOP Sent from my Samsung Galaxy",
    "Unsubscribe\n\nGet Outlook for Android",
    "stop\n\nEnvoyé depuis mon téléphone",
    "Abmelden\nGesendet von meinem iPhone",
    "STOPP\n\nVon meinem iPhone gesendet",
    "Baja\n\nEnviado desde mi iPhone",
    "STOP please\n\nSent from Yahoo Mail",
    "stop\n___\nAcme",
    "СТОП\nОтправлено с iPhone",
    "STOP\n—\nJohn",
    # Spelt, stretched, several.
    "S T O P",
    "S.T.O.P.",
    "s-t-o-p",
    "STOOOOP",
    "stoppp!!!",
    "STOP ARRET",
    "STOP / UNSUBSCRIBE",
    "stop stop please",
    "STOP, END, QUIT",
    # Signs.
    "🛑",
    "🛑🛑🛑",
    "STOP 🛑",
    "🛑 please",
    "⛔",
    "🚫",
    # Phrases.
    "Arrêtez",
    "Arret sms",
    "Stop it",
    "stop texting",
    "Désabonnez-moi",
    "Stop texting me",
    "STOP SENDING ME TEXTS",
    "don't text me",
    "Don’t text me again",
    "take me off your list",
    "I want to unsubscribe",
    "no more texts",
    "stop this",
    "Arrêtez les SMS",
    "je ne veux plus recevoir de sms",
    "stop pub",
    "Stop aux SMS",
    "keine Werbung mehr",
    "ich möchte mich abmelden",
    "Hören Sie auf!",
    "no más mensajes",
    "quiero darme de baja",
    "dejen de enviar mensajes",
    "stop now",
    "remove my number",
    # Other scripts and languages.
    "СТОП",
    "стоп!",
    "СТОП пожалуйста",
    "Отписаться",
    "не пишите мне",
    "توقف",
    "إيقاف",
    "توقف من فضلك",
    "ΣΤΟΠ",
    "הסר",
    "הסר בבקשה",
    "退订",
    "停止",
    "配信停止",
    "수신거부",
    "रोकें",
    "หยุด",
    "İPTAL",
    "ıptal",
    "Afmelden",
    "uitschrijven aub",
    "Avsluta tack",
    "SAIR",
    "Cancellami per favore",
    "REZYGNACJA",
    "Отказ",
)

NO_OPT_OUTS = (
    "The bus stop is here",
    "We have got to STOP this bill",
    "Cancel my appointment",
    "Can you stop by at 5?",
    "stop by later",
    "I can't stop laughing",
    "please don't stop",
    "don't stop",
    "non-stop",
    "full stop",
    "pit stop",
    "Next stop please",
    "bus stop 36180",
    "stop at the shop please",
    "Stop the delivery to 12 Main Street",
    "stop sign",
    "stop and go",
    "stopped",
    "stopping",
    "nonstop",
    "One stop shop",
    "It will stop raining",
    "When does it stop?",
    "stop, look and listen",
    "we stop at 18:30",
    "STOP 12:30",
    "stop 5",
    "Will you stop?",
    "Tap STOP to unsubscribe",
    "how do I unsubscribe?",
    "I did not unsubscribe",
    "the end",
    "end of the month",
    "The end is near",
    "this weekend",
    "I quit my job",
    "cancel 1234",
    "Cancel order 55",
    "can I cancel?",
    "please cancel my order",
    "please cancel 1234",
    "end 2026",
    "remove 12 items",
    "remove the sofa please",
    "no",
    "No thanks",
    "no thank you",
    "ok",
    "ok thanks",
    "thank you",
    "thanks 36180",
    "please",
    "Hello",
    "hello 36180",
    "36180",
    "+33612345678",
    "yes please",
    "Merci",
    "Bonjour",
    "svp",
    "Arrêt de bus",
    "arrêt maladie",
    "arrêt de travail 36180",
    "je m'arrête là",
    "fin de mois",
    "la fin",
    "fin du contrat",
    "enfin",
    "je ne veux pas d'arrêt",
    "Ende gut, alles gut",
    "Wochenende",
    "am Ende",
    "kein Stopp",
    "Bitte nicht stoppen",
    "bitte",
    "danke",
    "Kündigung folgt per Post",
    "planta baja",
    "planta baja por favor",
    "la marea baja",
    "temperatura baja",
    "alto riesgo",
    "piso alto",
    "parar el coche",
    "cancelar la cita",
    "no más tarde de las 5",
    "hola",
    "gracias",
    "stop start",
    "start stop",
    "STOP or START?",
    "unstop",
    "restart",
    "не останавливайся",
    "остановка",
    "стоп-кран",
    "автобусная остановка",
    "لا",
    "لا توقف الخدمة",
    "🙂",
    "👍",
    "S T A R T",
    "s p o t",
    "a b c",
    "spot",
    "post",
    "tops",
    "sotp 1",
    "T",
    "N",
    "peru",
    "esto",
    "dur",
    "vege",
    "Sent from my iPhone",
    "--\nJohn Doe",
    "I will be late\n--\nStop & Shop",
    "See you\n\nSent from my iPhone",
    "stop\nby the shop at five",
    "Envoyé de mon iPhone",
    "stop the car, please\n\nSent from my iPhone",
    "the 🛑 is broken",
    "danger 🛑",
    "start 🛑",
    "Oui 🛑",
    "please tell me where the bus stops",
    "no more bread",
    "no more than 5 people",
    "do not text and drive",
    "take me off at the next stop",
)


@pytest.mark.parametrize("text", OPT_OUTS)
def test_an_opt_out_is_known_as_people_write_it(words: Words, text: str) -> None:
    """With signature, courtesy and number, spelt, stretched, as a sign, as a phrase, in other scripts."""
    found = words.match(text)
    assert found is not None
    assert (found.action, found.tier) == (KeywordAction.OPT_OUT, MatchTier.EXACT)


@pytest.mark.parametrize("text", NO_OPT_OUTS)
def test_a_text_that_means_something_else_is_no_opt_out(words: Words, text: str) -> None:
    """A person who writes of bus stops, appointments and month ends goes on getting what they asked for."""
    found = words.match(text)
    assert found is None or found.action is not KeywordAction.OPT_OUT or found.tier is MatchTier.AMBIGUOUS


@pytest.mark.parametrize(
    "text",
    [
        "start please",
        "START 36111",
        "S T A R T",
        "STAAART",
        "start\n--\nJohn",
        "start unstop",
        "yes please",
        "oui merci",
    ],
)
def test_nothing_is_matched_towards_consent_by_likeness(words: Words, text: str) -> None:
    """Only an opt-out may be said in more words; who wants offers says so exactly."""
    found = words.match(text)
    assert found is None or found.tier is MatchTier.AMBIGUOUS


def test_courtesies_are_listed_as_they_are_compared() -> None:
    """One that `normalise` would change is never found."""
    assert [each for each in phrasing._COURTESIES if normalise(each) != each] == []
    assert max(len(each.split()) for each in phrasing._COURTESIES) == phrasing._MOST_COURTESY_WORDS


WORDS = Words.load()


@settings(deadline=None)
@given(st.text(alphabet=" \nSTOPstop-—.36180🛑à\u200d", max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Whatever is written, there is an answer."""
    WORDS.match(text)
