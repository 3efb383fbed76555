"""Requests of Twilio's API, with the official SDK as a second opinion."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import pytest

from modemd.providers.secret import Secret, make_basic_authorization
from modemd.providers.twilio.requests import TwilioRequests, TwilioSend, mark_callback
from modemd.rules.webhooks.targets import parse_target
from tests.providers.twilio.documents import ACCOUNT, SID

TOKEN = Secret("hush")
REQUESTS = TwilioRequests(ACCOUNT, make_basic_authorization(ACCOUNT, TOKEN))
START = f"/2010-04-01/Accounts/{ACCOUNT}"


def form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))


def test_a_send() -> None:
    """One POST of a form, with the authorization beside it."""
    request = REQUESTS.make_send(TwilioSend("+33612345678", "Arrêt ✋ & =", sender="ACME", validity_s=300))
    assert request.method == "POST"
    assert request.target == parse_target(f"https://api.twilio.com{START}/Messages.json")
    assert dict(request.headers)["Content-Type"] == "application/x-www-form-urlencoded"
    assert form(request.body) == {
        "To": "+33612345678",
        "From": "ACME",
        "Body": "Arrêt ✋ & =",
        "ValidityPeriod": "300",
    }
    assert request.authorization is not None
    assert base64.b64decode(request.authorization.reveal().removeprefix("Basic ")) == f"{ACCOUNT}:hush".encode()
    assert "hush" not in repr(REQUESTS)


def test_a_send_by_a_messaging_service() -> None:
    """The service chooses the sender; the callback names the attempt."""
    callback = mark_callback("https://sms.example.com/in?a=b", "m7")
    request = REQUESTS.make_send(TwilioSend("+1", "x", service_sid="MG1", callback=callback))
    assert form(request.body) == {
        "To": "+1",
        "MessagingServiceSid": "MG1",
        "Body": "x",
        "StatusCallback": "https://sms.example.com/in?a=b&attempt=m7",
    }
    assert mark_callback("https://sms.example.com/in", "a b").endswith("/in?attempt=a+b")


@pytest.mark.parametrize(("asked", "given"), [(-5, "1"), (1, "1"), (36000, "36000"), (3 * 86400, "36000")])
def test_the_validity_has_bounds(asked: int, given: str) -> None:
    """Twilio refuses others; what is longer is in our own queue."""
    assert form(REQUESTS.make_send(TwilioSend("+1", "x", "ACME", validity_s=asked)).body)["ValidityPeriod"] == given


@pytest.mark.parametrize(
    "message",
    [
        TwilioSend("+1", "x"),
        TwilioSend("+1", "x", "ACME", "MG1"),
        TwilioSend("+1", "", "ACME"),
        TwilioSend("+1", "x" * 1601, "ACME"),
    ],
)
def test_what_cannot_be_sent_is_not_asked_for(message: TwilioSend) -> None:
    """It is a mistake of ours, which no provider need tell."""
    with pytest.raises(ValueError, match="has"):
        REQUESTS.make_send(message)


def test_look_ups() -> None:
    """Each is a GET with the authorization."""
    for request, path in (
        (REQUESTS.get_message(SID), f"{START}/Messages/{SID}.json"),
        (REQUESTS.get_balance(), f"{START}/Balance.json"),
        (REQUESTS.get_account(), f"{START}.json"),
        (REQUESTS.list_to("+336"), f"{START}/Messages.json?To=%2B336&PageSize=1000"),
        (REQUESTS.list_since(date(2026, 11, 30)), f"{START}/Messages.json?DateSent%3E=2026-11-30&PageSize=1000"),
        (
            REQUESTS.list_since(date(2026, 11, 30), "+337"),
            f"{START}/Messages.json?To=%2B337&DateSent%3E=2026-11-30&PageSize=1000",
        ),
        (REQUESTS.follow(f"{START}/Messages.json?Page=1"), f"{START}/Messages.json?Page=1"),
    ):
        assert (request.method, request.target.path, request.body) == ("GET", path, b"")
        assert request.authorization == REQUESTS.authorization
    assert REQUESTS.get_message("../x").target.path == f"{START}/Messages/..%2Fx.json"


@pytest.mark.parametrize(
    "path",
    [
        *("https://evil.example/", "//evil.example/x", "/2010-04-01/Accounts/AC2/Messages.json?Page=1", ""),
        *(f"{START}/Messages.json?a b", f"{START}/Messages.json?a\r\nX: y", f"{START}/Messages.json?é"),
    ],
)
def test_the_next_page_is_of_the_same_account(path: str) -> None:
    """The credentials go nowhere else, whatever an answer says."""
    with pytest.raises(ValueError, match="next page"):
        REQUESTS.follow(path)


def test_the_sdk_asks_for_the_same() -> None:
    """The official SDK, of which every request is caught, sends the same form and the same search."""
    rest = pytest.importorskip("twilio.rest")
    http = pytest.importorskip("twilio.http.http_client")
    caught: list[tuple[str, str, dict[str, Any], dict[str, Any], tuple[str, str]]] = []

    class Catcher(http.TwilioHttpClient):  # type: ignore[misc, name-defined]  # the SDK has no types here
        def request(self, method: str, url: str, params: Any = None, data: Any = None, *more: Any, **named: Any) -> Any:
            caught.append((method, url, params or {}, data or {}, named.get("auth") or more[1]))
            raise LookupError

    sdk = rest.Client(ACCOUNT, TOKEN.reveal(), http_client=Catcher())
    with pytest.raises(LookupError):
        sdk.messages.create(
            to="+33612345678", from_="ACME", body="Arrêt ✋", validity_period=300, status_callback="https://x.example/"
        )
    with pytest.raises(LookupError):
        sdk.messages.list(to="+337", date_sent_after=date(2026, 11, 30), page_size=1000)
    send = REQUESTS.make_send(
        TwilioSend("+33612345678", "Arrêt ✋", "ACME", validity_s=300, callback="https://x.example/")
    )
    method, url, _, data, auth = caught[0]
    assert (method.upper(), url) == (send.method, f"{send.target.origin}{send.target.path}")
    assert {name: str(value) for name, value in data.items() if value is not None} == form(send.body)
    assert make_basic_authorization(auth[0], Secret(auth[1])) == send.authorization
    method, url, params, _, _ = caught[1]
    search = REQUESTS.list_since(date(2026, 11, 30), "+337")
    path, _, query = search.target.path.partition("?")
    assert (method.upper(), url) == ("GET", f"{search.target.origin}{path}")
    # The SDK writes the day with a time, which Twilio's own examples do not.
    assert {name: str(value).removesuffix("T00:00:00Z") for name, value in params.items()} == dict(
        pair.split("=", 1) for pair in map(unquote_plus, query.split("&"))
    )
