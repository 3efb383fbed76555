"""Which numbers may be written to, and when two spellings are one number."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.errors import Refused
from modemd.rules.phone_numbers import Recipient, find_country, is_same_number, parse_recipient, tail


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        pytest.param("+33612345678", None, Recipient("+33612345678", "FR"), id="E.164"),
        pytest.param(" +33 (0)6 12-34.56/78 ", None, Recipient("+33612345678", "FR"), id="as printed on a card"),
        pytest.param("06 12 34 56 78", "FR", Recipient("+33612345678", "FR"), id="national"),
        pytest.param("0033612345678", "FR", Recipient("+33612345678", "FR"), id="with 00"),
        pytest.param("011 33 612345678", "US", Recipient("+33612345678", "FR"), id="as dialled from the US"),
        pytest.param("＋３３６１２３４５６７８", None, Recipient("+33612345678", "FR"), id="full width"),
        pytest.param("٠٦١٢٣٤٥٦٧٨", "FR", Recipient("+33612345678", "FR"), id="Arabic digits"),
        pytest.param("+39 02 1234567", None, Recipient("+39021234567", "IT"), id="an Italian 0 belongs to the number"),
        pytest.param("2125551234", "US", Recipient("+12125551234", "US"), id="ten digits in the US"),
        pytest.param("+1 416 555 0123", "US", Recipient("+14165550123", "CA"), id="a shared calling code"),
        pytest.param("+881612345678", None, Recipient("+881612345678", None), id="a worldwide service has no country"),
        pytest.param("\u202a+33612345678\u202c", None, Recipient("+33612345678", "FR"), id="in embedding marks"),
        pytest.param("\u2068+33612345678\u2069", None, Recipient("+33612345678", "FR"), id="in isolates"),
        pytest.param("\u200e+33612345678", None, Recipient("+33612345678", "FR"), id="a mark in front"),
        pytest.param("+33\u200b6\u00ad12\u206034\ufeff5678", None, Recipient("+33612345678", "FR"), id="marks inside"),
        pytest.param("\u061c06\u00a012\u202f34 56 78", "FR", Recipient("+33612345678", "FR"), id="special spaces"),
        pytest.param("tel:+33612345678", None, Recipient("+33612345678", "FR"), id="RFC 3966"),
        pytest.param("TEL:+33-6-12-34-56-78", None, Recipient("+33612345678", "FR"), id="RFC 3966 with separators"),
        pytest.param("\u202atel://0612345678\u202c", "FR", Recipient("+33612345678", "FR"), id="a URI, nearly"),
        pytest.param("550000", "GL", Recipient("+299550000", "GL"), id="six digits where numbers have six"),
    ],
)
def test_a_number_is_read_in_any_spelling(text: str, country: str | None, expected: Recipient) -> None:
    """Whatever a number looks like, one E.164 number comes of it, with its country."""
    assert parse_recipient(text, country=country) == expected


@pytest.mark.parametrize(
    ("text", "country"),
    [
        pytest.param("+33700000001", "FR", id="France"),
        pytest.param("+12005550006", "US", id="a calling code of many countries names its main one"),
    ],
)
def test_a_number_that_no_plan_assigns_is_taken_with_a_warning(text: str, country: str) -> None:
    """Number plans move, and tests use fictional numbers: possible is enough, but a person is told."""
    warning = f"{text} is no number that {country} is known to assign"
    assert parse_recipient(text, country=None) == Recipient(text, country, (warning,))


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        pytest.param("", None, "bad_number", id="nothing"),
        pytest.param("7", "FR", "bad_number", id="one digit"),
        pytest.param("Anna", "FR", "bad_number", id="a name"),
        pytest.param("+33612E45678", None, "bad_number", id="a letter among digits"),
        pytest.param("1800FLOWERS", "US", "bad_number", id="a number in letters"),
        pytest.param("*100#", "FR", "bad_number", id="a code for the network"),
        pytest.param("+336123;ext=4", None, "bad_number", id="an extension"),
        pytest.param("++33612345678", None, "bad_number", id="two plusses"),
        pytest.param("\u202a\u202c", None, "bad_number", id="marks alone"),
        pytest.param("tel:", None, "bad_number", id="a URI of nothing"),
        pytest.param("tel:tel:+33612345678", None, "bad_number", id="a URI of a URI"),
        pytest.param("hotel:+33612345678", None, "bad_number", id="no URI"),
        pytest.param("tel:112", None, "emergency_number", id="an emergency number as a URI"),
        pytest.param("+" + "3" * 200, None, "bad_number", id="endless"),
        pytest.param("+³³", None, "not_possible", id="superscripts are digits, but too few"),
        pytest.param("+3361234567", None, "not_possible", id="a digit too few"),
        pytest.param("+336123456789", None, "not_possible", id="a digit too many"),
        pytest.param("+999123456789", None, "not_possible", id="no country's calling code"),
        pytest.param("+310000000", None, "not_possible", id="zeros that are dialled within the country"),
        pytest.param("7123456", "US", "not_possible", id="without the area code"),
        pytest.param("061234567", "FR", "not_possible", id="national with a digit too few"),
        pytest.param("+33061234567", None, "not_possible", id="a digit too few behind a 0 that is too much"),
        pytest.param("0612345678", None, "needs_country", id="national without country"),
        pytest.param("0033612345678", None, "needs_country", id="00 means nothing without country"),
        pytest.param("36111", "FR", "short_code_not_allowed", id="a short code"),
        pytest.param("36111", None, "short_code_not_allowed", id="a short code without country"),
        pytest.param("20000", "US", "short_code_not_allowed", id="an American short code"),
        *[
            pytest.param(text, country, "emergency_number", id=f"{text} in {country}")
            for text, country in [
                ("112", None), ("911", "FR"), ("+112", None), ("9-1-1", "US"), ("15", "FR"), ("17", "FR"),
                ("110", "DE"), ("999", "GB"), ("000", "AU"), ("999", None),
            ]
        ],
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_is_refused_with_a_code(text: str, country: str | None, code: str) -> None:
    """Each refusal has a code for programs and a reason for people."""
    with pytest.raises(Refused) as caught:
        parse_recipient(text, country=country)
    assert caught.value.code == code
    assert caught.value.reason


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        pytest.param("061234567", "FR", "9 digits after +33, or after 0", id="a digit too few"),
        pytest.param("06123456789", "FR", "9 digits after +33, or after 0", id="a digit too many"),
        pytest.param("1234567", "DK", "8 digits after +45", id="a country without a digit before national numbers"),
        pytest.param("+3933", None, "6 to 12 digits after +39", id="a country of many lengths"),
    ],
)
def test_a_refusal_tells_how_many_digits_are_expected(text: str, country: str | None, expected: str) -> None:
    """A person who has left out a digit sees at once what is wrong."""
    with pytest.raises(Refused) as caught:
        parse_recipient(text, country=country)
    assert caught.value.reason.endswith(expected)


def test_a_short_code_is_taken_when_it_is_meant() -> None:
    """Said to be one, a short code stays what it is; a whole number beside it is still a whole number."""
    assert parse_recipient("36111", country="FR", short_code=True) == Recipient("36111", "FR")
    assert parse_recipient("36 111", country=None, short_code=True) == Recipient("36111", None)
    assert parse_recipient("+33612345678", country=None, short_code=True) == Recipient("+33612345678", "FR")
    assert parse_recipient("0612345678", country="FR", short_code=True) == Recipient("+33612345678", "FR")


@pytest.mark.parametrize(("text", "country"), [("112", "FR"), ("911", None), ("999", None), ("18", "FR")])
def test_an_emergency_number_is_no_short_code(text: str, country: str | None) -> None:
    """No flag opens emergency numbers."""
    with pytest.raises(Refused) as caught:
        parse_recipient(text, country=country, short_code=True)
    assert caught.value.code == "emergency_number"


@given(st.text(max_size=30), st.sampled_from([None, "FR", "US", "DE"]), st.booleans())
def test_any_text_is_a_recipient_or_refused(text: str, country: str | None, short_code: bool) -> None:
    """No input does anything else, and what comes out can be put in again."""
    try:
        found = parse_recipient(text, country=country, short_code=short_code)
    except Refused:
        return
    assert parse_recipient(found.number, country=country, short_code=short_code).number == found.number


@given(st.from_regex(r"\+?[0-9 ()-]{2,18}", fullmatch=True), st.sampled_from([None, "FR", "US", "IT"]))
def test_any_digits_are_a_recipient_or_refused(text: str, country: str | None) -> None:
    """The same for what looks like a number."""
    try:
        found = parse_recipient(text, country=country)
    except Refused:
        return
    assert parse_recipient(found.number, country=None).number == found.number


@pytest.mark.parametrize(
    ("number", "country"),
    [("+33612345678", "FR"), ("+14165550123", "CA"), ("+881612345678", None), ("36111", None), ("MyBank", None),
     ("0612345678", None), ("+3361", None), ("+", None), ("", None)],
)  # fmt: skip
def test_the_country_of_a_sender(number: str, country: str | None) -> None:
    """E.164 tells the country; short codes, names and what else senders are tell none."""
    assert find_country(number) == country


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        pytest.param("+33612345678", "+33612345678", True, id="equal"),
        pytest.param("+33612345678", "0612345678", True, id="national"),
        pytest.param("+33612345678", "0033612345678", True, id="with 00"),
        pytest.param("+33612345678", "612345678", True, id="national without 0"),
        pytest.param("+33612345678", "33612345678", True, id="without +"),
        pytest.param("+33612345678", "+33612345679", False, id="another number"),
        pytest.param("+33612345678", "+44612345678", True, id="eight digits cannot tell countries apart"),
        pytest.param("+3546112233", "6112233", True, id="seven digits, as in Iceland"),
        pytest.param("+3546112233", "06112233", True, id="and with a 0 before"),
        pytest.param("+299550000", "550000", True, id="six digits, as in Greenland"),
        pytest.param("36111", "36111", True, id="a short code"),
        pytest.param("36111", "+33612336111", False, id="the end of a number is no short code"),
        pytest.param("36111", "6111", False, id="nor the end of a short code"),
        pytest.param("MyBank", "MYBANK", True, id="an alphanumeric sender"),
        pytest.param("MyBank1", "YourBank1", False, id="another"),
        pytest.param("Bank12345678", "+33612345678", False, id="digits in a name are no number"),
        pytest.param("", "+33612345678", False, id="nothing"),
    ],
)
def test_two_spellings_of_one_number(a: str, b: str, same: bool) -> None:
    """The last eight digits tell; fewer where one has fewer; short codes and names must be equal."""
    assert is_same_number(a, b) is same
    assert is_same_number(b, a) is same


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param("+33612345678", "345678", id="E.164"),
        pytest.param("0033 6 12 34 56 78", "345678", id="spelt with blanks"),
        pytest.param("550000", "550000", id="six digits"),
        pytest.param("0550000", "550000", id="six behind a zero"),
        pytest.param("36111", None, id="a short code"),
        pytest.param("00036111", None, id="a short code behind zeros"),
        pytest.param("Bank12345678", None, id="a name"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_end_of_a_number(number: str, expected: str | None) -> None:
    """Six digits, where whole spellings need not be compared."""
    assert tail(number) == expected


_WRITTEN_TO = st.builds(str.__add__, st.sampled_from(["", "+"]), st.text("0123456789", min_size=2, max_size=12))


@given(
    _WRITTEN_TO,
    st.text("0123456789", max_size=4) | st.just("+ "),
    st.integers(0, 12),
    st.text("0123456789-a", max_size=3),
)
def test_what_is_the_same_number_ends_the_same(number: str, before: str, cut: int, behind: str) -> None:
    """However a network spells it: a number that we wrote to ends with the tail of every spelling that has one."""
    told = before + number[cut:] + behind
    if is_same_number(number, told):
        assert tail(told) in (None, number[-6:])


def test_the_expensive_tables_stay_out() -> None:
    """Neither places nor operators of numbers are loaded: a hundred megabytes for nothing."""
    ask = (
        "import sys; from modemd.rules.phone_numbers import parse_recipient; parse_recipient('+33612345678', country='FR');"
        "print([m for m in sys.modules if m.startswith(('phonenumbers.geo', 'phonenumbers.carrier'))])"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("text", ["\u202aabc\u202c", "\u2067+33\u2069", "\u200e36111"])
def test_a_refusal_shows_what_cannot_be_seen(text: str) -> None:
    """A person sees why: each invisible character is a mark, and no character that turns the line round."""
    with pytest.raises(Refused) as caught:
        parse_recipient(text, country=None)
    assert f"<U+{ord(text[0]):04X}>" in caught.value.reason or caught.value.code == "not_possible"
    assert caught.value.reason.isprintable()
