"""Ways to object that are no answer to the sender."""

from __future__ import annotations

import pytest

from modemd.rules.consent.words.keywords import ChangeKind, KeywordAction, Keywords, WordChange
from modemd.rules.senders.objection import WayKind, WayToObject, find_ways_to_object

KEYWORDS = Keywords.load()
OWN = ("+33755500001", "36111")
LINK, EMAIL, NUMBER, CODE = WayKind


def find(text: str) -> list[tuple[WayKind, str]]:
    return [(way.kind, way.value) for way in find_ways_to_object(text, OWN, KEYWORDS)]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("20 % off. End it: https://chezpaul.example/stop?n=1", "https://chezpaul.example/stop?n=1"),
        ("20 % off (HTTPS://chezpaul.example).", "HTTPS://chezpaul.example"),
        ("Скидка 20 %. Отказ: https://пример.рф/отказ", "https://пример.рф/отказ"),
        ("20%オフ 配信停止はこちらhttps://chezpaul.example/s", "https://chezpaul.example/s"),
        ("20 % off https://chezpaul.example:8443/x!", "https://chezpaul.example:8443/x"),
        ("20 % off https://chezpaul.example/?m=a@b.example", "https://chezpaul.example/?m=a@b.example"),
        ("20 % off https://xn--e1afmkfd.xn--p1ai", "https://xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_a_link_is_a_way(text: str, link: str) -> None:
    """With https, of any script, without the sign that ends the sentence."""
    assert find(text) == [(LINK, link)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("20 % off. Mail stop@chezpaul.example", "stop@chezpaul.example"),
        ("20 % Rabatt. Ende: <keine.werbung+1@chezpaul.example>.", "keine.werbung+1@chezpaul.example"),
        ("20 % off. stop＠chezpaul．example", "stop@chezpaul.example"),
    ],
)
def test_an_address_of_mail_is_a_way(text: str, address: str) -> None:
    """Whatever stands round it."""
    assert find(text) == [(EMAIL, address)]


@pytest.mark.parametrize(
    "text",
    [
        "20 % off. STOP to +33755500001",
        "20 % de remise. STOP au +33 7 55 50 00 01.",
        "20 % Rabatt. STOP an +33 (0)7 55 50 00 01",
        "20 % descuento. BAJA al +33-755-500-001 20 % hoy",
        "Скидка. СТОП на + 33 755 500 001",
        "20%オフ。停止は＋３３７５５５００００１",
    ],
)
def test_a_number_of_ours_is_a_way(text: str) -> None:
    """In international form, however it is grouped."""
    assert find(text) == [(NUMBER, "+33755500001")]


@pytest.mark.parametrize(
    "text",
    ["20 % de remise. STOP au 36111", "STOP SMS au 36111", "Envíe BAJA al 36111", "СТОП на номер 36111.", "STOP=36111"],
)
def test_a_short_code_of_ours_is_a_way_behind_an_opt_out_word(text: str) -> None:
    """As it is written in France."""
    assert find(text) == [(CODE, "36111")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Reply STOP",
        "20 % off until 24.12.2026",
        "Order 4711081500 is 20 % off",
        "Only 36111 EUR",
        "STOP, only 36111.50 EUR",
        "STOP au 36112",
        "HELP au 36111",
        "Stop! 20 % off, and more for all of you, today at 36111",
        "STOP au 136111",
        "20 % off. Call +44 7700 900123",
        "STOP to +337555000012",
        "STOP au 07 55 50 00 01",
        "STOP au 33755500001",
        "1+1 free",
        "a @ b",
        "shop@home",
        "20 % off. www.chezpaul.example/x",
        "20 % off. http://chezpaul.example/x",
        "chezpaul.example",
        "https://",
        "https://localhost/x",
        "https://192.0.2.1/x",
        "https://chezpaul. example",
        "xhttps://chezpaul.example",
    ],
)
def test_what_is_no_way(text: str) -> None:
    """Prices, dates, orders; numbers that are not ours or not in international form; links without https; what is no address."""
    assert find(text) == []


def test_all_ways_are_found() -> None:
    """In the order of their kinds."""
    text = "STOP au 36111 ou +33 7 55 50 00 01, https://chezpaul.example/s ou stop@chezpaul.example"
    assert find_ways_to_object(text, OWN, KEYWORDS) == (
        WayToObject(LINK, "https://chezpaul.example/s"),
        WayToObject(EMAIL, "stop@chezpaul.example"),
        WayToObject(NUMBER, "+33755500001"),
        WayToObject(CODE, "36111"),
    )


def test_the_words_of_the_country_count() -> None:
    """One that an administrator has added for a country counts there only."""
    keywords = Keywords.load([WordChange(ChangeKind.ADD, "GENUG", KeywordAction.OPT_OUT, "de", "DE")])
    assert find_ways_to_object("GENUG an 36111", OWN, keywords, "DE") != ()
    assert find_ways_to_object("GENUG an 36111", OWN, keywords, "AT") == ()


def test_without_numbers_of_ours_none_is_a_way() -> None:
    """Nobody reads there what is sent."""
    assert find_ways_to_object("STOP au 36111 ou +33755500001", (), KEYWORDS) == ()
