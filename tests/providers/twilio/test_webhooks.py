"""Webhooks of Twilio: who calls, and what the call says."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.providers.outcomes import RefusalClass
from modemd.providers.reports import NotAuthentic, NotUnderstood, ProviderInbound, ProviderReport, ReportedState
from modemd.providers.secret import Secret
from modemd.providers.twilio.answers import load_twilio_codes
from modemd.providers.twilio.requests import mark_callback
from modemd.providers.twilio.webhooks import check_signature, parse_inbound, parse_status
from modemd.rules.twilio.form import TwilioForm
from tests.providers.twilio.documents import ACCOUNT, SID

CODES = load_twilio_codes()
TOKEN, OLD = Secret("12345"), Secret("54321")
URL = "https://sms.example.com/routes/twilio/x7?attempt=m12"
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}


def form(**fields: str) -> TwilioForm:
    return TwilioForm(tuple(fields.items()))


def test_a_vector() -> None:
    """The one of Twilio's own documents."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    check_signature(url, form(**CALL), "RSOYDt4T1cUTdK1PDd93/VVr8B8=", [TOKEN])


@given(
    st.dictionaries(st.text(min_size=1), st.text()),
    st.sampled_from(["https://sms.example.com/x", "https://sms.example.com:8443/x?a=b", "http://sms.example.com:80/x"]),
)
def test_what_the_sdk_signs_is_believed(fields: dict[str, str], url: str) -> None:
    """Whatever is in the form; with either token while it is changed, and with no other."""
    validator = pytest.importorskip("twilio.request_validator").RequestValidator(TOKEN.reveal())
    signature = validator.compute_signature(url, fields)
    check_signature(url, form(**fields), signature, [OLD, TOKEN])
    with pytest.raises(NotAuthentic, match="does not fit"):
        check_signature(url, form(**fields), signature, [OLD])


@pytest.mark.parametrize("signed", ["https://sms.example.com/x?a=b", "https://sms.example.com:443/x?a=b"])
@pytest.mark.parametrize("called", ["https://sms.example.com/x?a=b", "https://sms.example.com:443/x?a=b"])
def test_the_default_port_may_be_signed_or_not(signed: str, called: str) -> None:
    """As the SDK's validator has it."""
    validator = pytest.importorskip("twilio.request_validator").RequestValidator(TOKEN.reveal())
    check_signature(called, form(), validator.compute_signature(signed, {}), [TOKEN])


@pytest.mark.parametrize("signature", [None, "", "x", "é", "RSOYDt4T1cUTdK1PDd93/VVr8B9="])
def test_other_signatures_are_not_believed(signature: str | None) -> None:
    """Nor one for another address or form, and nothing without a token."""
    with pytest.raises(NotAuthentic):
        check_signature(URL, form(**CALL), signature, [TOKEN])
    good = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    for other_url, fields, tokens in (
        (f"{url}3", CALL, [TOKEN]),
        (url, {**CALL, "Digits": "1235"}, [TOKEN]),
        (url, {**CALL, "New": ""}, [TOKEN]),
        (url.replace("https", "http"), CALL, [TOKEN]),
        (url, CALL, []),
    ):
        with pytest.raises(NotAuthentic):
            check_signature(other_url, form(**fields), good, tokens)


def test_a_status() -> None:
    """It brings our name of the attempt back, with the SID."""
    url = mark_callback("https://sms.example.com/x", "m12")
    fields = {
        "MessageSid": SID,
        "MessageStatus": "undelivered",
        "ErrorCode": "30005",
        "From": "+1555",
        "AccountSid": ACCOUNT,
    }
    assert parse_status(url, form(**fields), CODES) == ProviderReport(
        SID, ReportedState.UNDELIVERED, "30005", RefusalClass.NUMBER, sender_used="+1555", client_ref="m12"
    )
    plain = parse_status("https://sms.example.com/x", form(SmsSid=SID, SmsStatus="sent"), CODES)
    assert plain == ProviderReport(SID, ReportedState.SENT)
    late = parse_status(url, form(MessageSid=SID, MessageStatus="failed", ErrorCode="30036"), CODES)
    assert (late.state, late.refusal) == (ReportedState.EXPIRED, None)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"MessageSid": SID},
        {"MessageStatus": "sent"},
        {"MessageSid": "x", "MessageStatus": "sent"},
        {"MessageSid": SID, "MessageStatus": "\x1b[2J"},
    ],
)
def test_a_status_that_is_not_understood(fields: dict[str, str]) -> None:
    """Nobody guesses, and nothing of it steers a terminal."""
    with pytest.raises(NotUnderstood) as failed:
        parse_status(URL, form(**fields), CODES)
    assert "\x1b" not in str(failed.value)


def test_an_inbound_message() -> None:
    """Its text is kept as it is, also if there is none."""
    body = urlencode(
        {"MessageSid": SID, "From": "+33612345678", "To": "+33700000001", "Body": " Arrêt ✋ ", "NumMedia": "1"}
    )
    found = parse_inbound(TwilioForm.parse(body))
    assert found == ProviderInbound(SID, "+33612345678", "+33700000001", " Arrêt ✋ ", media=1)
    assert parse_inbound(form(SmsSid=SID, From="+1", To="+2")).text == ""


@pytest.mark.parametrize(
    ("given_kind", "kind"), [("STOP", "STOP"), ("start", "START"), ("HELP", "HELP"), ("X", None), ("", None)]
)
def test_a_keyword_that_twilio_has_answered(given_kind: str, kind: str | None) -> None:
    """So that nobody answers it twice."""
    assert parse_inbound(form(MessageSid=SID, From="+1", To="+2", OptOutType=given_kind)).answered == kind


@pytest.mark.parametrize(
    "fields", [{}, {"MessageSid": SID, "From": "+1"}, {"MessageSid": SID, "To": "+1"}, {"From": "+1", "To": "+2"}]
)
def test_an_inbound_message_that_is_not_understood(fields: dict[str, str]) -> None:
    """Without a sender, a recipient or a SID there is none."""
    with pytest.raises(NotUnderstood):
        parse_inbound(form(**fields))


@given(
    st.dictionaries(
        st.sampled_from(["MessageSid", "From", "To", "Body", "NumMedia", "MessageStatus", "ErrorCode"]), st.text()
    )
)
def test_any_form_is_read_or_not_understood(fields: dict[str, str]) -> None:
    """No form raises in another way."""
    for parse in (parse_inbound, lambda each: parse_status(URL, each, CODES)):
        try:
            parse(form(**{"MessageSid": SID, **fields}))
        except NotUnderstood:
            continue
