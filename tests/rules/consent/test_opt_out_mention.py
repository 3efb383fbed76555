"""Texts that say how to end such texts, and texts that only contain the letters."""

from __future__ import annotations

import pytest

from modemd.rules.consent.opt_out_mention import mentions_opt_out
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import ConsentText, Texts

TEXTS = Texts.load()


@pytest.mark.parametrize(
    "text",
    [
        "Sale today. Reply STOP to opt out",
        "Sale today. Reply stop to end",
        "Sale today. STOP to end",
        "Sale today. Txt STOP 2 end",
        "Sale today\nSTOP=36111",
        "Soldes ! STOP au 36180",
        "Soldes ! stop au 36111",
        "SOLDES MONSTRES ! STOP AU 36111",
        "Soldes ! Répondez STOP",
        "BIG SALE TODAY. REPLY STOP TO END",
        "Angebot! Keine SMS mehr? ABMELDEN senden",
        "Angebot! Abmeldung: https://example.org/a",
        "Sale! Unsubscribe: example.org/u",
        "Sale! Unsubscribe at +44 20 7946 0000",
        "Oferta. Para no recibir más envíe BAJA al 217",
        "Promoção. Envie SAIR para cancelar",
        "Fırsat. RET yazıp 3344'e, RET 3344",
        'Sale. Answer "stop" and we end',
        "Скидки. СТОП для отказа",
        "今日特惠，回T退订",
        "오늘 할인 무료수신거부 0801234567",
        "セール 配信停止はこちら https://example.jp",
        "מבצע. להסרה השב 1",
    ],
)
def test_a_way_out_is_seen(text: str) -> None:
    """A text with a way out needs no notice."""
    assert mentions_opt_out(text, TEXTS)


@pytest.mark.parametrize("language", TEXTS.languages)
def test_our_own_notice_is_seen(language: str) -> None:
    """A text that was noticed once is not noticed again, with accents or without, and in capitals too."""
    notice = TEXTS.compose(TextKind.NOTICE, language)
    assert mentions_opt_out(f"Hello\n{notice}", TEXTS)
    assert mentions_opt_out(f"HELLO. {notice.upper()}", TEXTS)


def test_an_administrators_notice_is_seen() -> None:
    """The notice that is in force counts, whatever its words."""
    texts = TEXTS.with_changes([ConsentText("en", TextKind.NOTICE, "Say GOODBYE and we leave")])
    assert mentions_opt_out("Sale. say goodbye, and we leave!", texts)
    assert not mentions_opt_out("Sale. Goodbye!", texts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sale today",
        "Don't stop now, 20% off",
        "Don't stop! 500 deals are left",
        "Stop by our shop at 5",
        "NON-STOP party on Friday",
        "Non-stop flights from 99",
        "DON'T STOP NOW! BIG SALE TODAY",
        "The bus stop is closed",
        "WEEK END à -50%",
        "This offer will end on Friday",
        "BAJA DE PRECIOS en toda la tienda",
        "Cancel your old contract and come to us",
        "Nonstop Musik in der Bar",
        "Arrêt de bus Gare : nous y sommes",
        "ARRÊT DU STOCK, TOUT DOIT DISPARAITRE",
    ],
)
def test_letters_alone_are_no_way_out(text: str) -> None:
    """If the words are part of the offer, the notice is still due."""
    assert not mentions_opt_out(text, TEXTS)
