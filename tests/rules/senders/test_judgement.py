"""Judgements of senders, for one message each."""

from __future__ import annotations

from datetime import date

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.senders.countries import NameRule
from modemd.rules.senders.judgement import SenderRefusal, SenderRules, can_be_answered, judge
from modemd.rules.senders.registrations import RegistrationState, SenderRegistration
from modemd.rules.senders.senders import ProviderSenderKind, parse_sender

TODAY = date(2026, 12, 1)
PLAIN, OFFER = MessageClass.TRANSACTIONAL, MessageClass.MARKETING
NAME = parse_sender(ProviderSenderKind.ALPHANUMERIC, "ChezPaul")
CODE = parse_sender(ProviderSenderKind.SHORT_CODE, "36111", "FR")
FREE = parse_sender(ProviderSenderKind.TOLL_FREE, "+18005550123")
VIRTUAL = parse_sender(ProviderSenderKind.VIRTUAL_NUMBER, "+33755500001")
LINK = "20 % off. End it: https://chezpaul.example/s"


def approved(country: str, ends_on: date | None = None) -> SenderRules:
    return SenderRules((SenderRegistration(country, RegistrationState.APPROVED, "ref", ends_on),))


@pytest.mark.parametrize(
    ("country", "rules", "refusal"),
    [
        ("DE", SenderRules(), None),
        ("US", SenderRules(), SenderRefusal.NOT_ALLOWED),
        ("AU", SenderRules(), SenderRefusal.NOT_REGISTERED),
        ("AU", approved("AU"), None),
        ("AU", approved("NZ"), SenderRefusal.NOT_REGISTERED),
        ("AU", approved("AU", date(2026, 11, 30)), SenderRefusal.NOT_REGISTERED),
        ("AU", approved("AU", TODAY), None),
        ("DE", SenderRules(own_rules={"DE": NameRule.NO}), SenderRefusal.NOT_ALLOWED),
        ("US", SenderRules(own_rules={"US": NameRule.YES}), None),
    ],
)
def test_a_name_needs_its_country(country: str, rules: SenderRules, refusal: SenderRefusal | None) -> None:
    """The country's rule decides, and the registration; the reason names both."""
    found = judge(NAME, country, PLAIN, "Your table is booked", TODAY, rules)
    assert found.refusal is refusal
    assert (country in found.because) is (refusal is not None)


@pytest.mark.parametrize(
    ("country", "rules", "told"),
    [
        (None, SenderRules(), "nobody knows"),
        ("ZZ", SenderRules(), "nobody knows whether ZZ"),
        ("DE", SenderRules(own_rules={"DE": NameRule.OVERWRITTEN}), "see another sender"),
        ("AU", approved("AU", date(2026, 12, 31)), "ends on 2026-12-31"),
    ],
)
def test_a_doubt_is_told(country: str | None, rules: SenderRules, told: str) -> None:
    """The message is sent all the same."""
    found = judge(NAME, country, PLAIN, "Your table is booked", TODAY, rules)
    assert found.refusal is None
    (warning,) = found.warnings
    assert told in warning


def test_a_short_code_stays_at_home() -> None:
    """Abroad it is refused, and so is a toll-free number outside of North America."""
    assert judge(CODE, "FR", PLAIN, "Hi", TODAY).refusal is None
    assert judge(CODE, "DE", PLAIN, "Hi", TODAY).refusal is SenderRefusal.NOT_THERE
    assert judge(FREE, "CA", PLAIN, "Hi", TODAY).refusal is None
    assert judge(FREE, "FR", PLAIN, "Hi", TODAY).refusal is SenderRefusal.NOT_THERE
    assert judge(CODE, None, PLAIN, "Hi", TODAY).refusal is SenderRefusal.NOT_THERE


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("20 % off", SenderRefusal.NO_WAY_TO_OBJECT),
        ("20 % off. Reply STOP", SenderRefusal.NO_WAY_TO_OBJECT),
        (f"{LINK} or reply STOP", SenderRefusal.NO_WAY_TO_OBJECT),
        (LINK, None),
        ("20 % off. STOP to 0755500001", None),
    ],
)
def test_marketing_that_nobody_can_answer_names_a_way_out(text: str, refusal: SenderRefusal | None) -> None:
    """Another one than an answer. Other messages need none, nor do senders that can be answered."""
    rules = SenderRules(own_numbers=("+33755500001",))
    assert judge(NAME, "DE", OFFER, text, TODAY, rules).refusal is refusal
    assert judge(NAME, "DE", PLAIN, text, TODAY, rules).refusal is None
    assert judge(VIRTUAL, "DE", OFFER, text, TODAY, rules).refusal is None


def test_who_can_be_answered() -> None:
    """A name never; a short code where the list says so; numbers always."""
    assert can_be_answered(NAME, "FR") is False
    assert can_be_answered(VIRTUAL, None) is True
    assert can_be_answered(FREE, "US") is True
    two_way = {country: can_be_answered(CODE, country) for country in ("US", "AD", "AR", None)}
    assert two_way == {"US": True, "AD": False, "AR": None, None: None}
