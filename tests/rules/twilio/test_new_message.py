"""New messages, as forms ask for them."""

from __future__ import annotations

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.twilio.errors import TwilioError
from modemd.rules.twilio.form import TwilioForm
from modemd.rules.twilio.new_message import (
    NewTwilioMessage,
    StatusCallback,
    make_key,
    parse_callback_url,
    parse_new_message,
)
from modemd.rules.twilio.sids import make_service_sid

ACCOUNT = "AC" + "0123456789abcdef" * 2
LEAST = {"To": "+33612345678", "From": "+33700000001", "Body": "hello"}


def parse(**more: str) -> NewTwilioMessage:
    return parse_new_message(TwilioForm(tuple((LEAST | more).items())), ACCOUNT, "order-1")


def test_the_least_that_a_message_needs() -> None:
    """Recipient, sender and text; a message without an intent is transactional."""
    assert parse() == NewTwilioMessage(
        "+33612345678", "hello", "+33700000001", MessageClass.TRANSACTIONAL, key="twilio:order-1"
    )


def test_all_that_it_may_have() -> None:
    """What has no meaning here is ignored, whatever newer clients add."""
    found = parse(
        MessagingServiceSid=make_service_sid(ACCOUNT),
        MessageIntent="marketing",
        ScheduleType="Fixed",
        SendAt="2026-11-22T18:30:00Z",
        ValidityPeriod="600",
        SmartEncoded="true",
        StatusCallback="https://crm.example/status?a=b",
        StatusCallbackMethod="get",
        MaxPrice="0.05",
        Attempt="1",
        ProvideFeedback="true",
        ShortenUrls="true",
        FromTheFuture="1",
    )
    assert (found.message_class, found.at, found.valid) == ("marketing", "2026-11-22T18:30:00+00:00", "600s")
    assert found.is_smart_encoded
    assert found.callback == StatusCallback("https://crm.example/status?a=b", "GET")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ScheduleType": "flexible"}, 20422),
        ({"ValidityPeriod": "-1"}, 20422),
        ({"ValidityPeriod": "1" * 30}, 20422),
        ({"StatusCallback": "https://crm.example", "StatusCallbackMethod": "PUT"}, 21609),
        ({"From": "", "MessagingServiceSid": "MG1"}, 21701),
    ],
)
def test_what_cannot_be_meant_is_refused(more: dict[str, str], code: int) -> None:
    """With its number."""
    with pytest.raises(TwilioError) as error:
        parse(**more)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://crm.example/status", None),
        ("http://192.0.2.1:8080", None),
        ("http://[2001:db8::1]/", None),
        ("/status", "write it as"),
        ("https://", "write it as"),
        ("file:///etc/passwd", "write it as"),
        ("javascript:alert(1)", "write it as"),
        ("https://a_b.example/", "underscore"),
        ("https://[::1", "no address of the web"),
        ("https://crm.example:99999/", "no address of the web"),
        ("https://crm.example/\r\nX: y", "escape"),
        ("https://crm.example/é", "escape"),
        ("https://user:secret@crm.example/", "no name and no password"),
        ("https://crm.example/" + "a" * 2000, "longer"),
    ],
)
def test_a_callback_needs_a_url(url: str, said: str | None) -> None:
    """Whether it may be called is another question. What is refused repeats no password."""
    if said is None:
        assert parse_callback_url(url) == url
        return
    with pytest.raises(TwilioError, match=said) as error:
        parse_callback_url(url)
    assert error.value.code == 21609
    assert "secret" not in error.value.reason


def test_a_callback_is_called_without_its_overrides() -> None:
    """Clients of Twilio write time-outs and retries behind a #; modemd has its own."""
    assert parse_callback_url("https://crm.example/s?a=b#rc=3&ct=2000") == "https://crm.example/s?a=b"


def test_a_token_is_a_key() -> None:
    """However long it is, the key is one that the store takes."""
    assert make_key("a" * 101) != make_key("a" * 102)
    assert len(make_key("a" * 5000)) <= 100
