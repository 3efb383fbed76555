"""Requests of Vonage's Messages API, Reports API and account."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from modemd.providers.exchange import ProviderRequest
from modemd.providers.secret import Secret, make_basic_authorization
from modemd.providers.vonage.numbers import with_plus, without_plus
from modemd.providers.vonage.requests import VonageProduct, VonageRequests, VonageSend
from modemd.providers.vonage.sms_api import make_sms_send
from modemd.rules.webhooks.targets import parse_target

AUTHORIZATION = make_basic_authorization("abcd1234", Secret("hush"))
REQUESTS = VonageRequests("abcd1234", AUTHORIZATION)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
MESSAGE = VonageSend("+33612345678", "+33700000001", "Arrêt ✋", "m12")


def read_query(request: ProviderRequest) -> dict[str, str]:
    return dict(parse_qsl(request.target.path.partition("?")[2], strict_parsing=True))


def test_a_send() -> None:
    """Numbers without a plus, our name of the attempt, and no failover at Vonage's side."""
    request = REQUESTS.make_send(MESSAGE)
    assert (request.method, request.authorization) == ("POST", AUTHORIZATION)
    assert request.target == parse_target("https://api.nexmo.com/v1/messages")
    assert dict(request.headers)["Content-Type"] == "application/json"
    assert json.loads(request.body) == {
        "channel": "sms",
        "message_type": "text",
        "to": "33612345678",
        "from": "33700000001",
        "text": "Arrêt ✋",
        "client_ref": "m12",
    }
    assert "hush" not in repr(REQUESTS)


@pytest.mark.parametrize(("asked", "given"), [(1, 20), (20, 20), (600, 600), (10**9, 604800)])
def test_the_time_to_live_has_bounds(asked: int, given: int) -> None:
    """Seconds in the Messages API, milliseconds in the SMS API."""
    message = VonageSend("+1", "ACME", "x", "m1", asked, "https://sms.example.com/x")
    document = json.loads(REQUESTS.make_send(message).body)
    assert (document["ttl"], document["webhook_url"]) == (given, "https://sms.example.com/x")
    form = dict(parse_qsl(make_sms_send(message, AUTHORIZATION, is_unicode=False).body.decode()))
    assert (form["ttl"], form["callback"]) == (str(given * 1000), "https://sms.example.com/x")


@pytest.mark.parametrize(
    "message",
    [
        VonageSend("+1", "ACME", "", "m1"),
        VonageSend("+1", "ACME", "x", ""),
        VonageSend("+1", "ACME", "x", "m" * 41),
    ],
)
def test_what_cannot_be_sent_is_not_asked_for(message: VonageSend) -> None:
    """A client_ref of more than 40 characters is refused by error 1450, whatever the schema says."""
    with pytest.raises(ValueError, match="has"):
        REQUESTS.make_send(message)
    with pytest.raises(ValueError, match="has"):
        make_sms_send(message, AUTHORIZATION, is_unicode=False)


def test_a_text_that_is_too_long() -> None:
    """The Messages API takes 1000 characters."""
    REQUESTS.make_send(VonageSend("+1", "ACME", "x" * 1000, "m" * 40))
    with pytest.raises(ValueError, match="1000"):
        REQUESTS.make_send(VonageSend("+1", "ACME", "x" * 1001, "m1"))


@pytest.mark.parametrize(("is_unicode", "type_"), [(True, "unicode"), (False, "text")])
def test_a_send_by_the_sms_api(is_unicode: bool, type_: str) -> None:
    """The alphabet is said, or Vonage loses letters."""
    request = make_sms_send(MESSAGE, AUTHORIZATION, is_unicode=is_unicode)
    assert request.target == parse_target("https://rest.nexmo.com/sms/json")
    assert request.authorization == AUTHORIZATION
    assert dict(parse_qsl(request.body.decode())) == {
        "to": "33612345678",
        "from": "33700000001",
        "text": "Arrêt ✋",
        "type": type_,
        "client-ref": "m12",
        "status-report-req": "true",
    }


def test_records_by_id() -> None:
    """All that are open in one call, since each costs money."""
    request = REQUESTS.list_by_id(VonageProduct.MESSAGES, ["u1", "u2"])
    assert request.method == "GET"
    assert request.target.origin == "https://api.nexmo.com"
    assert read_query(request) == {
        "account_id": "abcd1234",
        "product": "MESSAGES",
        "direction": "outbound",
        "id": "u1,u2",
    }
    for wrong in ([], ["u1,u2"]):
        with pytest.raises(ValueError, match="name the messages"):
            REQUESTS.list_by_id(VonageProduct.SMS, wrong)


def test_records_of_a_time() -> None:
    """At most a day; inbound ones with their texts."""
    request = REQUESTS.list_between(VonageProduct.SMS, "inbound", NOON - timedelta(hours=1), NOON)
    assert read_query(request) == {
        "account_id": "abcd1234",
        "product": "SMS",
        "direction": "inbound",
        "date_start": "2026-11-30T11:00:00Z",
        "date_end": "2026-11-30T12:00:00Z",
        "include_message": "true",
    }
    assert "include_message" not in read_query(
        REQUESTS.list_between(VonageProduct.SMS, "outbound", NOON - timedelta(1), NOON)
    )
    for begin in (NOON, NOON + timedelta(seconds=1), NOON - timedelta(days=1, seconds=1)):
        with pytest.raises(ValueError, match="24 hours"):
            REQUESTS.list_between(VonageProduct.SMS, "outbound", begin, NOON)


def test_the_balance() -> None:
    """It is asked of the other server."""
    assert REQUESTS.get_balance().target == parse_target("https://rest.nexmo.com/account/get-balance")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://api.nexmo.com/v2/reports/records?cursor=x&iv=y", "/v2/reports/records?cursor=x&iv=y"),
        ("/v2/reports/records?cursor=x", "/v2/reports/records?cursor=x"),
        ("https://evil.example/v2/reports/records?cursor=x", None),
        ("http://api.nexmo.com/v2/reports/records?cursor=x", None),
        ("//evil.example/v2/reports/records?cursor=x", None),
        ("https://api.nexmo.com@evil.example/v2/reports/records?cursor=x", None),
        ("https://api.nexmo.com/v1/messages?", None),
        ("https://api.nexmo.com/v2/reports/records?a b", None),
        ("", None),
    ],
)
def test_the_next_page_is_of_the_reports_api(url: str, path: str | None) -> None:
    """The credentials go nowhere else, whatever an answer says."""
    if path is None:
        with pytest.raises(ValueError, match="next page"):
            REQUESTS.follow(url)
    else:
        assert REQUESTS.follow(url).target == parse_target(f"https://api.nexmo.com{path}")


@pytest.mark.parametrize(("ours", "theirs"), [("+33612345678", "33612345678"), ("38001", "38001"), ("ACME", "ACME")])
def test_numbers_have_no_plus_at_vonage(ours: str, theirs: str) -> None:
    """A short code and a name stay what they are."""
    assert without_plus(ours) == theirs
    assert with_plus(theirs) == ours
