"""Ways to object that are no answer to the sender."""

from __future__ import annotations

import pytest

from modemd.rules.consent.opt_out_mention import asks_for_reply
from modemd.rules.senders.objection import names_way_to_object

OWN = ("+33755500001", "36111")


@pytest.mark.parametrize(
    "text",
    [
        "20 % off. End it: https://chezpaul.example/stop",
        "20 % off. www.chezpaul.example/x",
        "20 % off. Mail stop@chezpaul.example",
        "20 % off. STOP to +33 7 55 50 00 01",
        "20 % de remise. STOP au 36111",
        "20 % de remise. STOP au 07 55 50 00 01",
        "20 % off. Call +44 7700 900123",
    ],
)
def test_a_text_that_names_a_way(text: str) -> None:
    """A link, an address, an international number, or a number of ours in any spelling."""
    assert names_way_to_object(text, OWN)


@pytest.mark.parametrize(
    "text",
    [
        "20 % off until 24.12.2026",
        "Order 4711081500 is 20 % off",
        "Only 19.90 EUR",
        "STOP au 36112",
        "Reply STOP",
        "",
        "1+1 free",
        "a @ b",
        "https:// and www.",
    ],
)
def test_a_text_that_names_none(text: str) -> None:
    """Prices, dates and orders are no numbers, nor is a number that is not ours."""
    assert not names_way_to_object(text, OWN)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("20 % off. Reply STOP to end", True),
        ("20 % de remise. Répondez STOP", True),
        ("20 % Rabatt. Antworte mit STOP", True),
        ("20 % descuento. Responde BAJA", True),
        ("20 % di sconto. Rispondi STOP", True),
        ("Скидка 20 %. Ответьте СТОП", True),
        ("20 % off. Text STOP to +33755500001", False),
        ("20 % de remise. Envoyez STOP au 36111", False),
        ("20 % off. STOP: www.chezpaul.example", False),
        ("Non-stop 20 % off", False),
        ("Don't stop now", False),
    ],
)
def test_a_text_that_asks_for_an_answer(text: str, asks: bool) -> None:
    """To the sender, that is: not to another number."""
    assert asks_for_reply(text) is asks
