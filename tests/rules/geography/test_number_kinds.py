"""Kinds and countries of numbers, over the plans of many countries."""

from __future__ import annotations

import time

import phonenumbers
import pytest

from modemd.rules.geography.number_kinds import NumberKind, classify
from modemd.rules.phone_numbers import find_country

OTHER, PREMIUM, LANDLINE = NumberKind.OTHER, NumberKind.PREMIUM, NumberKind.LANDLINE
MACHINE, SHORT_CODE = NumberKind.MACHINE, NumberKind.SHORT_CODE

NUMBERS: tuple[tuple[str, NumberKind, str | None], ...] = (
    # Mobiles, each of its own country.
    ("+33612345678", OTHER, "FR"), ("+33756789012", OTHER, "FR"), ("+32470123456", OTHER, "BE"),
    ("+4915112345678", OTHER, "DE"), ("+41791234567", OTHER, "CH"), ("+34612345678", OTHER, "ES"),
    ("+351912345678", OTHER, "PT"), ("+393471234567", OTHER, "IT"), ("+905301234567", OTHER, "TR"),
    ("+8613812345678", OTHER, "CN"), ("+919812345678", OTHER, "IN"), ("+5511961234567", OTHER, "BR"),
    ("+525512345678", OTHER, "MX"), ("+27711234567", OTHER, "ZA"), ("+971501234567", OTHER, "AE"),
    ("+2250712345678", OTHER, "CI"), ("+24740123", OTHER, "AC"),
    # One calling code, several countries.
    ("+12025550123", OTHER, "US"), ("+14165550123", OTHER, "CA"), ("+14162345678", OTHER, "CA"),
    ("+18095551234", OTHER, "DO"), ("+18295551234", OTHER, "DO"), ("+18765551234", OTHER, "JM"),
    ("+18761111111", OTHER, "JM"), ("+17872345678", OTHER, "PR"), ("+12642351234", OTHER, "AI"),
    ("+14735201234", OTHER, "GD"), ("+12462434567", OTHER, "BB"), ("+12684641234", OTHER, "AG"),
    ("+79161234567", OTHER, "RU"), ("+77011234567", OTHER, "KZ"), ("+77271234567", OTHER, "KZ"),
    ("+447911123456", OTHER, "GG"), ("+447400123456", OTHER, "GB"), ("+447797123456", OTHER, "JE"),
    ("+447624123456", OTHER, "IM"), ("+447781123456", OTHER, "GG"),
    ("+390669812345", LANDLINE, "VA"), ("+390612345678", LANDLINE, "IT"),
    ("+262692123456", OTHER, "RE"), ("+590690123456", OTHER, "GP"), ("+594694201234", OTHER, "GF"),
    ("+596696123456", OTHER, "MQ"), ("+508551234", OTHER, "PM"), ("+61412345678", OTHER, "AU"),
    # Small countries that neighbours are taken for.
    ("+377612345678", OTHER, "MC"), ("+37799123456", LANDLINE, "MC"), ("+38344123456", OTHER, "XK"),
    ("+38349123456", OTHER, "XK"), ("+423660123456", OTHER, "LI"), ("+376312345", OTHER, "AD"),
    # Landlines; north of Mexico a number does not say.
    ("+33142345678", LANDLINE, "FR"), ("+4930123456", LANDLINE, "DE"), ("+74951234567", LANDLINE, "RU"),
    ("+442071234567", LANDLINE, "GB"), ("+12124567890", OTHER, "US"),
    # What costs the one who writes.
    ("+33899123456", PREMIUM, "FR"), ("+33892123456", PREMIUM, "FR"), ("+33810123456", PREMIUM, "FR"),
    ("+449091234567", PREMIUM, "GB"), ("+448451234567", PREMIUM, "GB"), ("+447012345678", PREMIUM, "GB"),
    ("+443001234567", PREMIUM, "GB"), ("+19002345678", PREMIUM, "US"), ("+3290012345", PREMIUM, "BE"),
    ("+41900123456", PREMIUM, "CH"), ("+34803123456", PREMIUM, "ES"), ("+491801234567", PREMIUM, "DE"),
    ("+611900123456", PREMIUM, "AU"), ("+979123456789", PREMIUM, None), ("+80812345678", PREMIUM, None),
    # Of no country.
    ("+870773111632", OTHER, None), ("+881612345678", OTHER, None), ("+8816312345678", OTHER, None),
    ("+88216500000", OTHER, None), ("+88213300655", OTHER, None), ("+88234012345", OTHER, None),
    ("+883510012345", OTHER, None), ("+88812345678", OTHER, None), ("+80012345678", OTHER, None),
    # Free for the caller, over the internet, of machines.
    ("+33800123456", OTHER, "FR"), ("+18002345678", OTHER, "US"), ("+448001234567", OTHER, "GB"),
    ("+33976123456", OTHER, "FR"), ("+33937123456", OTHER, "FR"), ("+41860791234567", MACHINE, "CH"),
    # What no plan assigns: of the main country of its calling code.
    ("+447700900123", OTHER, "GB"), ("+33700000001", OTHER, "FR"), ("+12020550123", OTHER, "US"),
    # No numbers of a network.
    ("36111", SHORT_CODE, None), ("112", SHORT_CODE, None), ("Vodafone", SHORT_CODE, None), ("", SHORT_CODE, None),
    # With a plus, and yet unreadable: of no country, so that it is refused.
    ("+", OTHER, None), ("+0", OTHER, None), ("+2", OTHER, None),
)  # fmt: skip


@pytest.mark.parametrize(("number", "kind", "country"), NUMBERS)
def test_a_number_has_a_kind_and_a_country(number: str, kind: NumberKind, country: str | None) -> None:
    """By the plan of its own country, and not of the country that its calling code is known for."""
    found = classify(number)
    assert (found.kind, found.country) == (kind, country)


def test_the_table_is_long_enough() -> None:
    """No number twice, and many of each kind."""
    assert len({number for number, _, _ in NUMBERS}) == len(NUMBERS) >= 60


def test_the_country_is_that_of_acceptance() -> None:
    """A number is accepted, and judged, as one of the same country, in every country there is. Territories that
    share their numbers with a country count as that country."""
    shared = {
        "MF": "GP",
        "BL": "GP",
        "SJ": "NO",
        "AX": "FI",
        "EH": "MA",
        "CX": "AU",
        "CC": "AU",
        "IM": "GB",
        "VA": "IT",
    }
    for region in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if example is None:
            continue
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert classify(number).country == find_country(number) == shared.get(region, region)


def test_a_new_number_is_classified_in_no_time() -> None:
    """Six thousand in a second are the least that is promised; a tenth of that must hold on the slowest machine."""
    numbers = [f"+1876555{index:04d}" for index in range(600)]
    began = time.perf_counter()
    for number in numbers:
        classify.__wrapped__(number)
    assert time.perf_counter() - began < 1
