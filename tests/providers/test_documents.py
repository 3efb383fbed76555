"""Documents in JSON: whatever a provider sends, a reader fails in one way only."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.providers.documents import (
    find_count,
    find_object,
    find_text,
    list_objects,
    make_price,
    parse_decimal,
    parse_moment,
    read_document,
    tidy,
)
from modemd.providers.outcomes import Price

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"null", b'"x"', b"{", b'{"a":NaN}', b'{"a":1e', b"\xff", b"\xef\xbb\xbf{}"),
        *(b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' + b"9" * 5000 + b"}"),
    ],
)
def test_no_object_is_no_document(body: bytes) -> None:
    """Also what is too deep, and numbers that are too long."""
    assert read_document(body) is None


@given(st.dictionaries(st.just("a"), ANY, min_size=1))
def test_any_value_is_read_or_missing(document: dict[str, object]) -> None:
    """No value raises, and a text can be written as UTF-8."""
    text = find_text(document, "a")
    assert text is None or text.encode()
    find_count(document, "a")
    find_object(document, "a")
    list_objects(document, "a")
    make_price(document["a"], "EUR")
    make_price("1", document["a"])
    parse_moment(text)


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    """SQLite and UTF-8 have none."""
    document = read_document(rb'{"a": "x\ud83dy \ud83d\ude00"}')
    assert document is not None
    assert find_text(document, "a") == "x�y 😀"


@pytest.mark.parametrize(
    ("value", "count"),
    [("3", 3), (3, 3), ("0", None), ("-1", None), ("x", None), ("9" * 9, None), (True, None), ("²", None)],
)
def test_counts(value: object, count: int | None) -> None:
    """Providers write them as text; "0" means that they do not know yet."""
    assert find_count({"a": value}, "a") == count


@pytest.mark.parametrize(
    ("amount", "currency", "price"),
    [
        ("-0.00750", "USD", Price(Decimal("0.00750"), "USD")),
        (Decimal("0.0333"), "eur", Price(Decimal("0.0333"), "EUR")),
        (1, "EUR", Price(Decimal(1), "EUR")),
        (None, "USD", None),
        ("", "USD", None),
        ("1", None, None),
        ("1", "EURO", None),
        ("NaN", "EUR", None),
        ("Infinity", "EUR", None),
        ("1e400", "EUR", None),
        ("1" * 40, "EUR", None),
        (True, "EUR", None),
    ],
)
def test_prices(amount: object, currency: object, price: Price | None) -> None:
    """A cost has a minus at Twilio; what is no number is no price."""
    assert make_price(amount, currency) == price


def test_a_decimal_number_is_exact() -> None:
    """As it stands in the document."""
    document = read_document(b'{"value": 10.30}')
    assert document is not None
    assert parse_decimal(document["value"]) == Decimal("10.30")


def test_a_sentence_is_one_line() -> None:
    """It cannot steer a terminal."""
    assert "\x1b" not in tidy("a\x1b[2J\nb" + "c" * 1000)
    assert len(tidy("c" * 1000)) == 300
    assert tidy(None) == ""
