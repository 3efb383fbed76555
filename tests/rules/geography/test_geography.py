"""Which countries and kinds of numbers are written to."""

from __future__ import annotations

from itertools import product

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.geography.geography import Geography, find_own_countries
from modemd.rules.refusals import RefusalCode
from tests.rules.geography.test_number_kinds import NUMBERS

FRENCH = Geography(frozenset({"FR"}))
EVERYWHERE = Geography()
NOTHING_REFUSED = Geography(is_premium_allowed=True, is_satellite_allowed=True)
SMS, ALARM = MessageClass.TRANSACTIONAL, MessageClass.ALARM


def code(geography: Geography, number: str, message_class: MessageClass = SMS) -> str | None:
    refusal = geography.find_refusal(number, message_class)
    return refusal.code if refusal is not None else None


# By number: what a French box says, and one that writes to all countries.
CASES = """
    +33612345678   -                    -                   own
    +33142345678   -                    -                   own landline
    +33800123456   -                    -                   own toll-free
    +33976123456   -                    -                   own, over the internet
    +33700000001   -                    -                   own, not assigned
    +33899123456   premium_number       premium_number      own premium rate
    +33810123456   premium_number       premium_number      own shared cost
    +262692123456  country_not_allowed  -                   La Reunion
    +590690123456  country_not_allowed  -                   Guadeloupe
    +594694201234  country_not_allowed  -                   French Guiana
    +508551234     country_not_allowed  -                   Saint Pierre and Miquelon
    +377612345678  country_not_allowed  -                   Monaco
    +32470123456   country_not_allowed  -                   Belgium
    +447911123456  country_not_allowed  -                   Guernsey
    +447797123456  country_not_allowed  -                   Jersey
    +447700900123  country_not_allowed  -                   fictional British
    +449091234567  premium_number       premium_number      British premium rate
    +447012345678  premium_number       premium_number      British personal number
    +38344123456   country_not_allowed  -                   Kosovo
    +390669812345  country_not_allowed  -                   Vatican
    +79161234567   country_not_allowed  -                   Russia
    +77011234567   country_not_allowed  -                   Kazakhstan
    +12025550123   country_not_allowed  -                   United States
    +18095551234   country_not_allowed  -                   Dominican Republic
    +19002345678   premium_number       premium_number      American premium rate
    +870773111632  satellite_number     satellite_number    Inmarsat
    +881612345678  satellite_number     satellite_number    Iridium
    +88216500000   satellite_number     satellite_number    Thuraya
    +883510012345  satellite_number     satellite_number    iNum
    +979123456789  satellite_number     satellite_number    worldwide premium rate
    +88812345678   satellite_number     satellite_number    disaster relief
    +0             satellite_number     satellite_number    no number
    36111          -                    -                   short code
    Vodafone       -                    -                   name
"""


@pytest.mark.parametrize("case", CASES.strip().split("\n"), ids=lambda case: "-".join(case.split()[3:]))
def test_a_number_by_country_and_kind(case: str) -> None:
    """The own country, unless the number costs the sender; all countries, if they are allowed; satellites in no case."""
    number, french, everywhere = case.split()[:3]
    assert (code(FRENCH, number) or "-", code(EVERYWHERE, number) or "-") == (french, everywhere)


def test_north_america_is_many_countries() -> None:
    """Who writes to the United States does not write to Canada and the Caribbean by the way, where the fraud is."""
    american = Geography(frozenset({"US"}))
    allowed = {
        number for number, _, _ in NUMBERS if number.startswith("+1") and american.find_refusal(number, SMS) is None
    }
    assert allowed == {"+12025550123", "+12124567890", "+18002345678", "+12020550123"}


@pytest.mark.parametrize(("number", "kind", "country"), NUMBERS)
def test_an_allowed_country_lets_its_numbers_pass(number: str, kind: str, country: str | None) -> None:
    """Each number passes if its country is named and the kinds are allowed; and only in its own country."""
    named = Geography(frozenset({country or "FR"}), is_premium_allowed=True, is_satellite_allowed=True)
    assert named.find_refusal(number, SMS) is None
    assert NOTHING_REFUSED.find_refusal(number, SMS) is None
    elsewhere = Geography(frozenset({"AQ"}), is_premium_allowed=True, is_satellite_allowed=True)
    assert code(elsewhere, number) == (None if country is None else RefusalCode.COUNTRY_NOT_ALLOWED)


@pytest.mark.parametrize("message_class", MessageClass)
def test_answers_go_to_every_country(message_class: MessageClass) -> None:
    """Somebody who wrote from abroad is answered, by a person or by modemd; all else is not sent there."""
    is_answer = message_class in (MessageClass.CONVERSATIONAL, MessageClass.SYSTEM)
    assert code(FRENCH, "+32470123456", message_class) == (None if is_answer else "country_not_allowed")


@pytest.mark.parametrize(
    ("number", "message_class"), list(product(("+33899123456", "+449091234567", "+881612345678"), MessageClass))
)
def test_no_class_goes_where_it_costs(number: str, message_class: MessageClass) -> None:
    """An answer to a premium-rate or satellite number is what the fraud wants."""
    assert code(FRENCH, number, message_class) in ("premium_number", "satellite_number")


def test_alarms_reach_the_numbers_that_the_configuration_names() -> None:
    """Abroad, at sea and on a landline; but only alarms, only to those numbers, and never at premium rate."""
    belgian, ship, landline, premium = "+32470123456", "+881612345678", "+33142345678", "+33899123456"
    geography = Geography(
        frozenset({"FR"}), are_landlines_refused=True, alarm_numbers=frozenset({belgian, ship, landline, premium})
    )
    assert [code(geography, number, ALARM) for number in (belgian, ship, landline)] == [None] * 3
    assert code(geography, premium, ALARM) == "premium_number"
    assert code(geography, belgian, MessageClass.OTP) == "country_not_allowed"
    assert code(geography, "+32470123457", ALARM) == "country_not_allowed"


def test_landlines_are_warned_of_or_refused() -> None:
    """By the configuration. A North American number may always be a mobile."""
    strict = Geography(frozenset({"FR", "US"}), are_landlines_refused=True)
    assert code(FRENCH, "+33142345678") is None
    assert FRENCH.find_warnings("+33142345678") == ("+33142345678 is a landline, which mostly gets no SMS",)
    assert code(strict, "+33142345678") == "landline"
    for number in ("+12124567890", "+33612345678", "36111"):
        assert (code(strict, number), strict.find_warnings(number)) == (None, ())


def test_a_mailbox_is_warned_of() -> None:
    """A person should look twice at a number behind which there is no telephone."""
    assert EVERYWHERE.find_warnings("+41860791234567") == (
        "+41860791234567 is a pager or a mailbox, which mostly gets no SMS",
    )


def test_a_refusal_says_why() -> None:
    """With the country, which the number does not show."""
    refusal = FRENCH.find_refusal("+18095551234", SMS)
    assert refusal is not None
    assert refusal.because == "+18095551234 is in DO, which is not allowed"


def test_own_countries_are_those_of_the_sims_and_the_configured_one() -> None:
    """If none is known at all, all are allowed: a new installation must work."""
    assert find_own_countries("FR", ["BE", None, "FR"]) == frozenset({"FR", "BE"})
    assert find_own_countries(None, ["BE"]) == frozenset({"BE"})
    assert find_own_countries("FR", []) == frozenset({"FR"})
    assert find_own_countries(None, [None]) is None
