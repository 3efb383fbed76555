"""Answers of Vonage: each row of its table of codes, and what is unknown."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.providers.exchange import AnswerNotUsable, ProviderAnswer
from modemd.providers.outcomes import NotTaken, Price, RefusalClass, Taken, Unknown
from modemd.providers.vonage.answers import load_vonage_codes, read_balance, read_send
from modemd.providers.vonage.sms_api import read_sms_send

CODES = load_vonage_codes()
UUID = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"


def answer(status: int, document: Any) -> ProviderAnswer:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return ProviderAnswer(status, (), body)


def problem(code: str, status: int = 422) -> ProviderAnswer:
    base = "https://developer.vonage.com/api-errors/messages"
    return answer(status, {"type": f"{base}#{code}", "title": "Refused", "detail": "It is refused", "instance": "x"})


def parts(*statuses: str) -> ProviderAnswer:
    """An answer of the SMS API, with a part for each status."""
    elements = [
        {
            "to": "336",
            "message-id": f"id{number}",
            "status": status,
            "message-price": "0.0333",
            "remaining-balance": "9",
        }
        if status == "0"
        else {"to": "336", "status": status, "error-text": "It is refused"}
        for number, status in enumerate(statuses)
    ]
    return answer(200, {"message-count": str(len(elements)), "messages": elements})


def test_taken() -> None:
    """The Messages API gives an id, and nothing else."""
    assert read_send(answer(202, {"message_uuid": UUID}), CODES) == Taken(UUID)


ROWS = [
    # SMS status, Messages codes, HTTP statuses without a code, class, whether another route may follow
    pytest.param(("1",), ("1000", "1241"), (429,), "throttle", True, id="throttled"),
    pytest.param(("10",), (), (), "throttle", True, id="too many binds"),
    pytest.param(
        ("2", "3", "6", "12", "22", "23"),
        ("1010", "1020", "1040", "1090", "1130", "1150", "1430"),
        (),
        "message",
        False,
        id="this message",
    ),
    pytest.param(("7", "33"), ("1050", "1170", "1190", "1240"), (), "number", False, id="number never"),
    pytest.param(("15",), ("1120", "1420"), (), "sender", True, id="sender not allowed there"),
    pytest.param(("29",), ("1160",), (), "route", True, id="demo account"),
    pytest.param(("4", "8", "11", "14", "32"), ("1060", "1080"), (401,), "account", True, id="route down"),
    pytest.param(("9",), ("1070",), (402,), "money", True, id="no money"),
    pytest.param((), ("1100",), (), "again", False, id="nothing was submitted"),
]


@pytest.mark.parametrize(("sms", "messages", "statuses", "expected", "other_route"), ROWS)
def test_refused(
    sms: tuple[str, ...], messages: tuple[str, ...], statuses: tuple[int, ...], expected: str, other_route: bool
) -> None:
    """Each code of either API has its class, and only what is no fault of number or message may go another way."""
    refusal = RefusalClass(expected)
    assert refusal.may_fail_over == other_route
    for code in sms:
        assert read_sms_send(parts(code), CODES) == NotTaken(refusal, code, "It is refused")
    for code in messages:
        assert read_send(problem(code), CODES) == NotTaken(refusal, code, "It is refused")
    for status in statuses:
        for outcome in (read_send(answer(status, b""), CODES), read_sms_send(answer(status, b""), CODES)):
            assert isinstance(outcome, NotTaken)
            assert (outcome.refusal, outcome.code, outcome.is_listed) == (refusal, str(status), True)


def test_a_word_in_the_place_of_the_code() -> None:
    """Errors of all APIs have one: the HTTP status then tells the class."""
    outcome = read_send(problem("unauthorized", 401), CODES)
    assert outcome == NotTaken(RefusalClass.ACCOUNT, "unauthorized", "It is refused")


def test_unknown() -> None:
    """An internal error, and whatever a server could not finish."""
    assert isinstance(read_sms_send(parts("5"), CODES), Unknown)
    for code in ("1030", "1330", "1331"):
        for status in (422, 429, 500, 503):
            assert isinstance(read_send(problem(code, status), CODES), Unknown)
    for status in (500, 502, 503, 301, 308):
        for code in ("1120", "1000", "1010", "9999"):
            assert isinstance(read_send(problem(code, status), CODES), Unknown)
        assert isinstance(read_sms_send(answer(status, b""), CODES), Unknown)


def test_a_code_that_says_itself_that_nothing_was_submitted() -> None:
    """It is believed with any HTTP status."""
    for status in (422, 500, 503):
        assert read_send(problem("1100", status), CODES) == NotTaken(RefusalClass.AGAIN, "1100", "It is refused")


def test_a_code_that_is_not_listed() -> None:
    """Refused, and no other route."""
    expected = NotTaken(RefusalClass.MESSAGE, "9999", "It is refused", is_listed=False)
    assert read_send(problem("9999"), CODES) == expected
    assert read_sms_send(parts("9999"), CODES) == expected


@pytest.mark.parametrize(
    "document", [b"", b"{", {}, {"message_uuid": None}, {"message_uuid": "../x"}, {"message_uuid": 1}]
)
def test_an_unreadable_success_is_unknown(document: Any) -> None:
    """Something was taken, and nobody knows what."""
    assert isinstance(read_send(answer(202, document), CODES), Unknown)


@pytest.mark.parametrize(
    "document",
    [b"", b"{", {}, {"messages": []}, {"messages": [1]}, {"messages": [{}]}, {"messages": [{"status": "0"}]}],
)
def test_an_unreadable_success_of_the_sms_api_is_unknown(document: Any) -> None:
    """Its HTTP status is always 200, so only the parts tell."""
    assert isinstance(read_sms_send(answer(200, document), CODES), Unknown)


def test_a_long_text_has_an_element_for_each_part() -> None:
    """The ids of all parts are kept, and their prices added."""
    assert read_sms_send(parts("0"), CODES) == Taken("id0", 1, Price(Decimal("0.0333"), "EUR"))
    taken = read_sms_send(parts("0", "0", "0"), CODES)
    assert taken == Taken("id0", 3, Price(Decimal("0.0999"), "EUR"), more_ids=("id1", "id2"))


@given(st.lists(st.sampled_from(["0", "1", "2", "5", "9", "9999"]), min_size=1, max_size=8))
def test_a_part_that_was_taken_counts_for_the_message(statuses: list[str]) -> None:
    """Partly sent is sent, a part that may be sent makes it unknown, and only if all are refused the message is."""
    outcome = read_sms_send(parts(*statuses), CODES)
    if "0" in statuses:
        assert isinstance(outcome, Taken)
        assert outcome.refused_parts == len([each for each in statuses if each not in ("0", "5")])
        assert len(outcome.more_ids) == statuses.count("0") - 1
    else:
        assert isinstance(outcome, Unknown if "5" in statuses else NotTaken)


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_has_an_outcome(status: int, body: bytes) -> None:
    """Nothing that a server says raises, and only 4xx is a refusal."""
    for outcome in (
        read_send(ProviderAnswer(status, (), body), CODES),
        read_sms_send(ProviderAnswer(status, (), body), CODES),
    ):
        assert isinstance(outcome, NotTaken) == (400 <= status < 500)


def test_the_balance() -> None:
    """It has no currency of its own: it is in euros."""
    assert read_balance(answer(200, {"value": 10.28, "autoReload": False}), CODES) == Price(Decimal("10.28"), "EUR")
    for wrong in (answer(200, {}), answer(200, {"value": "x"}), answer(200, b"<html>"), answer(503, b"")):
        with pytest.raises(AnswerNotUsable) as failed:
            read_balance(wrong, CODES)
        assert failed.value.refusal is None
    with pytest.raises(AnswerNotUsable) as failed:
        read_balance(problem("unauthorized", 401), CODES)
    assert failed.value.refusal is RefusalClass.ACCOUNT
