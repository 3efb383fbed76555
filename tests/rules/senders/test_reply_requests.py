"""Texts that ask for an opt-out word as a reply, in the languages of the words of consent."""

from __future__ import annotations

import pytest

from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import Texts
from modemd.rules.consent.words.keywords import ChangeKind, KeywordAction, WordChange
from modemd.rules.consent.words.matching import Words
from modemd.rules.senders.reply_requests import asks_for_reply

WORDS = Words.load()
TEXTS = Texts.load()
LINK = "https://chezpaul.example/s"


@pytest.mark.parametrize("language", TEXTS.languages)
def test_our_own_notice_asks_for_a_reply(language: str) -> None:
    """The notice of each language, with a price and a link before it."""
    notice = TEXTS.compose(TextKind.NOTICE, language)
    assert asks_for_reply(f"20 % {notice}", WORDS)
    assert asks_for_reply(f"-20 % (100 EUR), {LINK}\n{notice}", WORDS)


@pytest.mark.parametrize("language", TEXTS.languages)
@pytest.mark.parametrize("contact", [LINK, "+33 7 55 50 00 01", "stop@chezpaul.example"])
def test_our_notice_for_senders_without_answer_asks_for_none(language: str, contact: str) -> None:
    """It names where to end the messages."""
    assert not asks_for_reply(
        f"20 %, 500 items. {TEXTS.compose(TextKind.NOTICE_CONTACT, language, contact=contact)}", WORDS
    )


@pytest.mark.parametrize(
    "text",
    [
        "20 % off. Reply STOP to end",
        "20 % off. reply stop",
        "REPLY STOP TO END",
        'Reply "STOP".',
        "Txt STOP 2 end",
        "Text END to opt out",
        "Reply with the word STOP",
        f"Reply STOP or visit {LINK}",
        f"Reply STOP to end. {LINK}",
        f"{LINK} or reply STOP",
        "Reply STOP or call +33755500001",
        "Reply STOP, or mail stop@chezpaul.example",
        "From 500 EUR, reply STOP to end",
        f"Répondez à ce message par STOP {LINK}",
        "20 % de remise. Répondez STOP ou appelez le +33755500001",
        "Antworten Sie mit STOPP",
        "20 % Rabatt. Antworte mit dem Wort STOP",
        "20 % descuento. Responde BAJA",
        "Envíe un SMS con la palabra BAJA",
        "20 % di sconto. Rispondi STOP",
        "Responda PARAR",
        "Svara STOPP",
        "Скидка 20 %. Ответьте СТОП",
        "Çıkmak için STOP yazın",
        f"100元起，回T退订 {LINK}",
        f"1000000元，回复TD {LINK}",
        "STOPと返信",
        "回复STOP",
        "回复取消",
        "配信停止と返信",
        "ตอบ หยุด",
        "STOP을 보내 주세요",
        "أرسلوا STOP",
        "השב הסר",
    ],
)
def test_a_text_that_asks_for_a_reply(text: str) -> None:
    """Whatever else is in it: another way beside the reply does not make the reply arrive."""
    assert asks_for_reply(text, WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20 % off. Text STOP to +33 7 55 50 00 01",
        "Text STOP to 36111",
        "Send STOP to stop@chezpaul.example",
        "20 % de remise. Envoyez STOP au 36111",
        "STOP SMS au 36111",
        "Envoyez au +33 7 55 50 00 01 le mot STOP",
        "STOP per SMS an +49 151 12345678",
        "Envíe BAJA al 217",
        "Çıkmak için 3344'e STOP yazın",
        "Çıkmak için STOP yazıp 3344'e gönderin",
        "Для отказа отправьте СТОП на +7 901 123-45-67",
        "发送TD到 +86 138 0013 8000",
        "发送STOP到 +86 138 0013 8000",
        "STOP을 080-123-4567로 보내 주세요",
    ],
)
def test_a_word_that_is_sent_elsewhere_is_no_reply(text: str) -> None:
    """To a number or to an address of mail, in the same sentence."""
    assert not asks_for_reply(text, WORDS)


@pytest.mark.parametrize(
    "text",
    [
        f"Don't stop now: reply to win at {LINK}",
        "Non-stop 20 % off, text us",
        "Send non-stop greetings",
        "Stop by & reply to win",
        "Our bus stop is closed. Send a friend",
        "WEEK END SALE. SEND A GIFT",
        "Week-end de soldes, envoyez vos amis",
        "Rispondi alla domanda e vinci. Fine corsa",
        "Text us. Stop by today",
        f"Reply at {LINK}. Stop by today",
        "Send fin gave til en ven",
        "Autos mit Stopp-Start 20 % billiger",
        f"Geen sms meer, stop via {LINK}",
        f"Tap to stop: {LINK}",
        "请回复我们的问卷 https://chezpaul.example/stop",
        "Reply to us by the end of Friday",
        f"Antworte mit JA auf {LINK}",
        f"Abmelden mit einem Klick: {LINK}",
        f"Unsubscribe: {LINK}",
        f"To stop tap {LINK}",
        f"STOP pub : {LINK}",
        "Ответьте на вопрос и выиграйте",
        f"退订: {LINK}",
        f"配信停止はこちら {LINK}",
        "무료수신거부 080-123-4567",
    ],
)
def test_a_text_that_asks_for_none(text: str) -> None:
    """Offers with the same letters, and links that end the messages."""
    assert not asks_for_reply(text, WORDS)


def test_an_administrators_word_counts() -> None:
    """The words in force are those of the installation."""
    change = WordChange(ChangeKind.ADD, "GENUG", KeywordAction.OPT_OUT, "de", "DE")
    assert not asks_for_reply("Antworte GENUG", WORDS, "DE")
    assert asks_for_reply("Antworte GENUG", Words.load([change]), "DE")
    assert not asks_for_reply("Antworte GENUG", Words.load([change]), "AT")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ["reply stop 333 ", "stop reply ", "a.", "x@", "+33 ", "返信 STOP 333"])
def test_a_long_text_is_read_in_time(text: str) -> None:
    """The time grows with the text and not with its square: 40,000 characters take a fraction of a second."""
    asks_for_reply(text * (40_000 // len(text)), WORDS)
