"""Judgements of senders, for one message each."""

from __future__ import annotations

from datetime import date

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.consent.words.keywords import ChangeKind, KeywordAction, WordChange
from modemd.rules.consent.words.matching import Words
from modemd.rules.senders.codes import SenderCode
from modemd.rules.senders.countries import NameRule, SenderCountry, load_sender_countries
from modemd.rules.senders.judgement import SenderJudgement, SenderRules, can_be_answered, judge
from modemd.rules.senders.registrations import RegistrationState, SenderRegistration
from modemd.rules.senders.senders import ProviderSender, ProviderSenderKind, parse_sender

TODAY = date(2026, 12, 1)
PLAIN, OFFER = MessageClass.TRANSACTIONAL, MessageClass.MARKETING
NAME = parse_sender(ProviderSenderKind.ALPHANUMERIC, "ChezPaul")
CODE = parse_sender(ProviderSenderKind.SHORT_CODE, "36111", "FR")
FREE = parse_sender(ProviderSenderKind.TOLL_FREE, "+18005550123")
VIRTUAL = parse_sender(ProviderSenderKind.VIRTUAL_NUMBER, "+33755500001")
SIM = parse_sender(ProviderSenderKind.SIM, "+33612345678")
LINK = "https://chezpaul.example/s"
NOT_ALLOWED, NOT_REGISTERED = SenderCode.SENDER_NOT_ALLOWED, SenderCode.SENDER_NOT_REGISTERED
NO_WAY = SenderCode.NO_WAY_TO_OBJECT
DEFAULT = SenderRules()


def registered(country: str, ends_on: date | None = None, state: str = "approved") -> SenderRules:
    return SenderRules((SenderRegistration(country, RegistrationState(state), "ref", ends_on),))


def own(country: str, names: NameRule, *, is_two_way: bool | None = None) -> SenderRules:
    return SenderRules(own_countries={country: SenderCountry(country, names, is_two_way)})


def code_of(found: SenderJudgement) -> SenderCode | None:
    return found.refusal.code if found.refusal is not None else None


@pytest.mark.parametrize("country", load_sender_countries().values(), ids=lambda each: each.country)
def test_each_row_of_the_list_decides(country: SenderCountry) -> None:
    """A name is allowed, needs a registration, or is refused, in every country of the list."""
    expected = {NameRule.YES: None, NameRule.REGISTERED: NOT_REGISTERED, NameRule.NO: NOT_ALLOWED}
    assert code_of(judge(NAME, country.country, PLAIN, "Hi", TODAY)) is expected[country.names]
    with_registration = judge(NAME, country.country, PLAIN, "Hi", TODAY, registered(country.country))
    assert (code_of(with_registration) is None) is (country.names is not NameRule.NO)
    assert judge(VIRTUAL, country.country, PLAIN, "Hi", TODAY) == SenderJudgement()


@pytest.mark.parametrize(
    ("country", "rules", "code"),
    [
        pytest.param("AU", registered("NZ"), NOT_REGISTERED, id="another country"),
        pytest.param("AU", registered("AU", date(2026, 11, 30)), NOT_REGISTERED, id="ended yesterday"),
        pytest.param("AU", registered("AU", TODAY), None, id="last day"),
        pytest.param("AU", registered("AU", None, "pending"), NOT_REGISTERED, id="pending"),
        pytest.param("AU", registered("AU", None, "refused"), NOT_REGISTERED, id="refused"),
        pytest.param("AU", registered("AU", date(2027, 1, 1), "expired"), NOT_REGISTERED, id="expired"),
        pytest.param("DE", registered("DE", date(2026, 11, 30)), None, id="needless"),
        pytest.param("DE", own("DE", NameRule.NO), NOT_ALLOWED, id="own no"),
        pytest.param("DE", own("DE", NameRule.REGISTERED), NOT_REGISTERED, id="own registered"),
        pytest.param("US", own("US", NameRule.YES), None, id="own yes"),
        pytest.param("US", own("US", NameRule.OVERWRITTEN), None, id="own overwritten"),
        pytest.param("FR", own("US", NameRule.NO), None, id="own of another country"),
    ],
)
def test_a_name_needs_its_country(country: str, rules: SenderRules, code: SenderCode | None) -> None:
    """The country's rule decides, and the registration; the reason names the country."""
    found = judge(NAME, country, PLAIN, "Your table is booked", TODAY, rules)
    assert code_of(found) is code
    assert found.refusal is None or country in found.refusal.because


@pytest.mark.parametrize(
    ("country", "rules", "told"),
    [
        (None, DEFAULT, "nobody knows whether the country of this number takes names"),
        ("ZZ", DEFAULT, "nobody knows whether ZZ takes names"),
        ("DE", own("DE", NameRule.OVERWRITTEN), "recipients in DE see another sender than ChezPaul"),
        ("AU", registered("AU", date(2026, 12, 31)), "in AU ends on 2026-12-31"),
        ("AU", registered("AU", TODAY), "in AU ends on 2026-12-01"),
    ],
)
def test_a_doubt_is_told(country: str, rules: SenderRules, told: str) -> None:
    """The message is sent all the same."""
    found = judge(NAME, country, PLAIN, "Your table is booked", TODAY, rules)
    assert found.refusal is None
    (warning,) = found.warnings
    assert told in warning


def test_an_end_in_31_days_is_not_told() -> None:
    """Nor is one that never comes."""
    assert judge(NAME, "AU", PLAIN, "Hi", TODAY, registered("AU", date(2027, 1, 1))) == SenderJudgement()
    assert judge(NAME, "AU", PLAIN, "Hi", TODAY, registered("AU")) == SenderJudgement()


def test_the_doubts_about_the_form_are_told() -> None:
    """Also if the sender is refused."""
    short = parse_sender(ProviderSenderKind.ALPHANUMERIC, "CP")
    assert judge(short, "DE", PLAIN, "Hi", TODAY).warnings == short.warnings
    refused = judge(short, "US", PLAIN, "Hi", TODAY)
    assert (code_of(refused), refused.warnings) == (NOT_ALLOWED, short.warnings)


@pytest.mark.parametrize(
    ("sender", "country", "code"),
    [
        (CODE, "FR", None), (CODE, "DE", NOT_ALLOWED), (CODE, None, NOT_ALLOWED),
        (FREE, "US", None), (FREE, "CA", None), (FREE, "PR", NOT_ALLOWED), (FREE, "FR", NOT_ALLOWED), (FREE, None, NOT_ALLOWED),
        (VIRTUAL, "DE", None), (VIRTUAL, None, None), (SIM, "DE", None), (SIM, None, None),
    ],
)  # fmt: skip
def test_a_sender_reaches_its_countries(sender: ProviderSender, country: str | None, code: SenderCode | None) -> None:
    """A short code works at home, a toll-free number in two countries, other numbers everywhere."""
    found = judge(sender, country, PLAIN, "Hi", TODAY)
    assert code_of(found) is code
    assert found.refusal is None or found.refusal.because.startswith(f"{sender.value} reaches ")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("20 % off", NO_WAY, id="en, nothing"),
        pytest.param("20 % off. Reply STOP to end", NO_WAY, id="en, reply"),
        pytest.param(f"20 % off. {LINK} or reply STOP", NO_WAY, id="en, link and reply"),
        pytest.param(f"20 % off. End it: {LINK}", None, id="en, link"),
        pytest.param("20 % off. End it: www.chezpaul.example", NO_WAY, id="en, no https"),
        pytest.param("20 % off. STOP to +44 7700 900123", NO_WAY, id="en, not ours"),
        pytest.param("20 % de remise. Répondez STOP", NO_WAY, id="fr, reply"),
        pytest.param("20 % de remise. STOP au +33 7 55 50 00 01", None, id="fr, number"),
        pytest.param("20 % Rabatt. Antworte STOP", NO_WAY, id="de, reply"),
        pytest.param("20 % Rabatt. Ende: stop@chezpaul.example", None, id="de, mail"),
        pytest.param("20 % descuento. Responda BAJA", NO_WAY, id="es, reply"),
        pytest.param("20 % descuento. BAJA al +33755500001", None, id="es, number"),
        pytest.param("Скидка 20 %. Ответьте СТОП", NO_WAY, id="ru, reply"),
        pytest.param(f"Скидка 20 %. Отказ: {LINK}", None, id="ru, link"),
        pytest.param("八折，回T退订", NO_WAY, id="zh, reply"),
        pytest.param(f"八折，退订: {LINK}", None, id="zh, link"),
        pytest.param("%20 indirim. STOP yazın", NO_WAY, id="tr, reply"),
        pytest.param("%20 indirim. +33 755 500 001'e STOP yazın", None, id="tr, number"),
    ],
)
def test_marketing_that_nobody_can_answer_names_a_way_out(text: str, code: SenderCode | None) -> None:
    """Another one than an answer. Other messages need none, nor do senders that can be answered."""
    rules = SenderRules(own_numbers=("+33755500001",))
    assert code_of(judge(NAME, "DE", OFFER, text, TODAY, rules)) is code
    for message_class in MessageClass:
        if message_class is not OFFER:
            assert judge(NAME, "DE", message_class, text, TODAY, rules) == SenderJudgement()
    for sender in (VIRTUAL, SIM):
        assert judge(sender, "DE", OFFER, text, TODAY, rules) == SenderJudgement()
    assert judge(FREE, "US", OFFER, text, TODAY, rules) == SenderJudgement()


def test_the_reason_says_what_to_do() -> None:
    """Whether the text asks for an answer, or names no way."""
    asked = judge(NAME, "DE", OFFER, "Reply STOP", TODAY).refusal
    silent = judge(NAME, "DE", OFFER, "20 % off", TODAY).refusal
    assert asked is not None
    assert silent is not None
    assert asked.because.startswith("nobody can answer ChezPaul, and the text asks for an answer")
    assert silent.because.startswith("nobody can answer ChezPaul, so marketing from it needs another way to end it")


def test_the_reason_tells_what_is_not_known() -> None:
    """Of a short code of which nobody knows whether it can be answered, nothing else is said."""
    sender = parse_sender(ProviderSenderKind.SHORT_CODE, "36111", "AR")
    refusal = judge(sender, "AR", OFFER, "20 % off", TODAY).refusal
    assert refusal is not None
    assert refusal.because.startswith("nobody knows whether 36111 can be answered in AR, so ")


def test_the_country_is_judged_before_the_text() -> None:
    """One refusal is told; warnings stay."""
    assert code_of(judge(NAME, "US", OFFER, "20 % off", TODAY)) is NOT_ALLOWED
    found = judge(NAME, "ZZ", OFFER, "20 % off", TODAY)
    assert code_of(found) is NO_WAY
    assert len(found.warnings) == 1


@pytest.mark.parametrize(
    ("country", "rules", "code"),
    [
        pytest.param("US", DEFAULT, None, id="two-way"),
        pytest.param("AD", DEFAULT, NO_WAY, id="one-way"),
        pytest.param("AR", DEFAULT, NO_WAY, id="unknown"),
        pytest.param("AD", own("AD", NameRule.YES, is_two_way=True), None, id="own two-way"),
        pytest.param("US", own("US", NameRule.YES, is_two_way=False), NO_WAY, id="own one-way"),
        pytest.param("US", own("US", NameRule.NO), NO_WAY, id="own unknown"),
    ],
)
def test_a_short_code_is_answered_where_the_country_lets_it(
    country: str, rules: SenderRules, code: SenderCode | None
) -> None:
    """Where nobody knows, marketing names another way."""
    sender = parse_sender(ProviderSenderKind.SHORT_CODE, "36111", country)
    assert code_of(judge(sender, country, OFFER, "20 % off. Reply STOP", TODAY, rules)) is code


def test_the_words_in_force_count() -> None:
    """Those of the installation, if it has changed some."""
    words = Words.load([WordChange(ChangeKind.ADD, "GENUG", KeywordAction.OPT_OUT, "de", "DE")])
    text = f"Antworte GENUG. {LINK}"
    assert code_of(judge(NAME, "DE", OFFER, text, TODAY)) is None
    assert code_of(judge(NAME, "DE", OFFER, text, TODAY, SenderRules(words=words))) is NO_WAY
    here = SenderRules(own_numbers=("36111",), words=words)
    assert code_of(judge(NAME, "DE", OFFER, "GENUG an 36111", TODAY, here)) is None
    assert code_of(judge(NAME, "CH", OFFER, "GENUG an 36111", TODAY, here)) is NO_WAY
    assert code_of(judge(NAME, "AT", OFFER, text, TODAY, SenderRules(words=words))) is NOT_REGISTERED
    assert code_of(judge(NAME, "CH", OFFER, text, TODAY, SenderRules(words=words))) is None


@pytest.mark.parametrize(
    ("sender", "country", "is_answered"),
    [
        (NAME, "FR", False), (NAME, None, False), (SIM, "FR", True), (SIM, None, True),
        (VIRTUAL, "FR", True), (VIRTUAL, None, True),
        (FREE, "US", True), (FREE, "CA", True), (FREE, "FR", False), (CODE, "FR", True), (CODE, "US", False), (CODE, None, False),
    ],
)  # fmt: skip
def test_who_can_be_answered(sender: ProviderSender, country: str | None, is_answered: bool) -> None:
    """A name never; a short code where the list says so; numbers where they reach."""
    assert can_be_answered(sender, country) is is_answered


def test_of_a_few_short_codes_nobody_knows() -> None:
    """The list has two countries of which nothing is told, and some are not in it."""
    for country in ("AR", "LR", "AQ"):
        sender = ProviderSender(ProviderSenderKind.SHORT_CODE, "36111", country)
        assert can_be_answered(sender, country) is None
