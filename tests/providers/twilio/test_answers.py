"""Answers of Twilio: each row of its table of errors, and what is unknown."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.providers.exchange import AnswerNotUsable, ProviderAnswer
from modemd.providers.outcomes import NotTaken, Price, RefusalClass, Taken, Unknown
from modemd.providers.twilio.answers import (
    check_account,
    load_twilio_codes,
    read_balance,
    read_list,
    read_one,
    read_send,
)
from tests.providers.twilio.documents import ACCOUNT, SID, message

CODES = load_twilio_codes()


def answer(status: int, document: Any) -> ProviderAnswer:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return ProviderAnswer(status, (("content-type", "application/json"),), body)


def refusal(code: int, status: int = 400) -> ProviderAnswer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return answer(status, {"code": code, "message": "It is refused", "more_info": more, "status": status})


def test_taken() -> None:
    """The id, the segments as far as they are known, and the sender that is used, which can be another than was asked for."""
    taken = read_send(answer(201, message(num_segments="2", **{"from": "ACME"})), CODES)
    assert taken == Taken(SID, 2, None, "ACME")
    pool = read_send(answer(201, message(num_segments="0", status="accepted", **{"from": None})), CODES)
    assert pool == Taken(SID)
    priced = read_send(answer(201, message(price="-0.00750", price_unit="USD")), CODES)
    assert isinstance(priced, Taken)
    assert priced.price == Price(Decimal("0.0075"), "USD")


@pytest.mark.parametrize(
    ("codes", "status", "expected", "other_route"),
    [
        pytest.param((21211, 21614, 21635, 21265, 21266), 400, "number", False, id="this number never"),
        pytest.param((21610,), 400, "optout", False, id="opted out"),
        pytest.param((21408,), 400, "route", True, id="country not enabled"),
        pytest.param((21408,), 403, "route", True, id="country not enabled, as it was answered before"),
        pytest.param((21608,), 400, "route", True, id="trial account"),
        pytest.param((21606, 21612, 21659, 21660, 21661), 400, "sender", True, id="sender, or pair"),
        pytest.param((21602, 21617, 21619, 21620, 21623), 400, "message", False, id="the message"),
        pytest.param((20003,), 401, "account", True, id="credentials"),
        pytest.param((20003,), 403, "account", True, id="suspended"),
        pytest.param((20429,), 429, "throttle", True, id="not processed"),
        pytest.param((21611,), 400, "throttle", True, id="queue of the sender is full"),
        pytest.param((21611,), 429, "throttle", True, id="queue of the sender is full, 429"),
    ],
)
def test_refused(codes: tuple[int, ...], status: int, expected: str, other_route: bool) -> None:
    """Each code has its class, and only what is no fault of number or message may go another way."""
    for code in codes:
        outcome = read_send(refusal(code, status), CODES)
        assert outcome == NotTaken(RefusalClass(expected), str(code), "It is refused")
        assert outcome.refusal.may_fail_over == other_route


@pytest.mark.parametrize(
    ("status", "expected"), [(401, "account"), (403, "account"), (429, "throttle"), (400, "message"), (404, "message")]
)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_refused_without_a_code(status: int, expected: str, body: bytes) -> None:
    """The status alone tells: a proxy or load balancer may have written the body."""
    outcome = read_send(answer(status, body), CODES)
    assert isinstance(outcome, NotTaken)
    assert (outcome.refusal, outcome.code) == (expected, str(status))


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_a_server_error_is_unknown(status: int) -> None:
    """It may have been taken, even with the code of a refusal."""
    for code in (20500, 20429, 21211):
        assert isinstance(read_send(refusal(code, status), CODES), Unknown)


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"[]", b"\xff", {}, {"sid": None}, {"sid": "CA" + "0" * 32}, {"sid": "SM"}, {"sid": ["SM" + "0" * 32]}],
)
def test_an_unreadable_success_is_unknown(status: int, document: Any) -> None:
    """Something was taken, and nobody knows what."""
    assert isinstance(read_send(answer(status, document), CODES), Unknown)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_unknown(status: int) -> None:
    """Nobody promises that a redirect was not carried out."""
    assert isinstance(read_send(answer(status, message()), CODES), Unknown)


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_a_cut_body_is_never_a_refusal(cut: int) -> None:
    """A success of which only a part is there is unknown."""
    body = json.dumps(message()).encode()[:cut]
    assert isinstance(read_send(answer(201, body), CODES), Unknown)


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_has_an_outcome(status: int, body: bytes) -> None:
    """Nothing that a server says raises, and only 4xx is a refusal."""
    outcome = read_send(ProviderAnswer(status, (), body), CODES)
    assert isinstance(outcome, NotTaken) == (400 <= status < 500)


def test_balance() -> None:
    """A debt stays a debt."""
    document = {"account_sid": ACCOUNT, "balance": "-1.25", "currency": "USD"}
    assert read_balance(answer(200, document), CODES) == Price(Decimal("-1.25"), "USD")
    for wrong in ({}, {"balance": "1"}, {"balance": "x", "currency": "USD"}, b"x"):
        with pytest.raises(AnswerNotUsable):
            read_balance(answer(200, wrong), CODES)


def test_the_account_proves_the_credentials() -> None:
    """It must be the one that is meant, and active."""
    check_account(answer(200, {"sid": ACCOUNT, "status": "active"}), ACCOUNT, CODES)
    with pytest.raises(AnswerNotUsable, match="another account"):
        check_account(answer(200, {"sid": "AC" + "1" * 32, "status": "active"}), ACCOUNT, CODES)
    with pytest.raises(AnswerNotUsable, match="suspended") as failed:
        check_account(answer(200, {"sid": ACCOUNT, "status": "suspended"}), ACCOUNT, CODES)
    assert failed.value.refusal is RefusalClass.ACCOUNT
    with pytest.raises(AnswerNotUsable, match="20003") as failed:
        check_account(refusal(20003, 401), ACCOUNT, CODES)
    assert failed.value.refusal is RefusalClass.ACCOUNT


def test_a_look_up_that_fails_says_why() -> None:
    """A list that cannot be read is no empty list."""
    assert read_list(answer(200, {"messages": [message()]}), CODES).messages[0].sid == SID
    assert read_one(answer(200, message()), CODES).sid == SID
    wrongs: list[Any] = [{}, {"messages": None}, {"messages": [{}]}, {"messages": [1]}, b"", b"{"]
    for wrong in wrongs:
        with pytest.raises(AnswerNotUsable) as failed:
            read_list(answer(200, wrong), CODES)
        assert failed.value.refusal is None
    with pytest.raises(AnswerNotUsable):
        read_one(answer(200, {}), CODES)
    with pytest.raises(AnswerNotUsable) as failed:
        read_list(refusal(20429, 429), CODES)
    assert failed.value.refusal is RefusalClass.THROTTLE
    with pytest.raises(AnswerNotUsable) as failed:
        read_list(answer(503, b""), CODES)
    assert failed.value.refusal is None
