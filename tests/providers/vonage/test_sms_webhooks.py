"""Webhooks of the SMS API: signatures, receipts and parts of inbound messages."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.providers.outcomes import Price, RefusalClass
from modemd.providers.reports import (
    NotAuthentic,
    NotUnderstood,
    PartPlace,
    ProviderInbound,
    ProviderReport,
    ReportedState,
)
from modemd.providers.secret import Secret
from modemd.providers.vonage.answers import load_vonage_codes
from modemd.providers.vonage.sms_webhooks import (
    SignatureMethod,
    check_signature,
    make_signature,
    parse_part,
    parse_receipt,
)

CODES = load_vonage_codes()
SECRET, OLD = Secret("hush"), Secret("hush-before")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
RECEIPT = {
    "msisdn": "33612345678",
    "to": "33700000001",
    "network-code": "20801",
    "messageId": "0A0000000123ABCD1",
    "price": "0.03330000",
    "status": "delivered",
    "scts": "2611301159",
    "err-code": "0",
    "client-ref": "m12",
    "message-timestamp": "2026-11-30 12:00:00",
    "timestamp": str(int(NOW.timestamp())),
}
PART = {
    "msisdn": "33612345678",
    "to": "33700000001",
    "messageId": "0A0000000123ABCD1",
    "text": "Arrêt & merci = 1 ✋",
    "type": "unicode",
    "keyword": "ARRÊT",
    "message-timestamp": "2026-11-30 12:00:00",
    "timestamp": str(int(NOW.timestamp())),
}


def test_a_signature_by_hand() -> None:
    """The parameters in order, with `&` and `=` of the values replaced."""
    text = b"&a=x_y&b=\xc3\xa9_z"
    parameters = {"b": "é=z", "a": "x&y", "sig": "whatever"}
    expected = {
        SignatureMethod.MD5_HASH: hashlib.md5(text + b"hush", usedforsecurity=False).hexdigest(),
        SignatureMethod.MD5: hmac.new(b"hush", text, hashlib.md5).hexdigest(),
        SignatureMethod.SHA1: hmac.new(b"hush", text, hashlib.sha1).hexdigest(),
        SignatureMethod.SHA256: hmac.new(b"hush", text, hashlib.sha256).hexdigest(),
        SignatureMethod.SHA512: hmac.new(b"hush", text, hashlib.sha512).hexdigest(),
    }
    assert {each: make_signature(parameters, each, SECRET) for each in SignatureMethod} == expected


@given(st.dictionaries(st.text(), st.text()), st.sampled_from(SignatureMethod))
def test_a_signed_call_is_believed(parameters: dict[str, str], method: SignatureMethod) -> None:
    """With either secret while it is changed, in letters of either case; and no other secret or method will do."""
    given_ = {**parameters, "timestamp": str(int(NOW.timestamp()))}
    signed = {**given_, "sig": make_signature(given_, method, SECRET).upper()}
    check_signature(signed, method, [OLD, SECRET], NOW)
    with pytest.raises(NotAuthentic, match="does not fit"):
        check_signature(signed, method, [OLD], NOW)
    for other in set(SignatureMethod) - {method}:
        with pytest.raises(NotAuthentic, match="does not fit"):
            check_signature(signed, other, [SECRET], NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sig": ""}, "not signed"),
        ({"sig": "é"}, "does not fit"),
        ({"text": "Start"}, "does not fit"),
        ({"more": ""}, "does not fit"),
    ],
)
def test_a_changed_call_is_not_believed(changes: dict[str, str], why: str) -> None:
    """Whatever is changed, added or left out."""
    signed = {**PART, "sig": make_signature(PART, SignatureMethod.SHA256, SECRET), **changes}
    with pytest.raises(NotAuthentic, match=why):
        check_signature(signed, SignatureMethod.SHA256, [SECRET], NOW)


@pytest.mark.parametrize(
    ("timestamp", "why"), [("", "when it was made"), ("x", "when"), ("1", "s ago"), ("9999999999", "clock")]
)
def test_an_old_call_is_not_believed(timestamp: str, why: str) -> None:
    """Nor one of the future."""
    parameters = {**PART, "timestamp": timestamp}
    signed = {**parameters, "sig": make_signature(parameters, SignatureMethod.SHA256, SECRET)}
    with pytest.raises(NotAuthentic, match=why):
        check_signature(signed, SignatureMethod.SHA256, [SECRET], NOW)


def test_a_receipt() -> None:
    """The recipient is the msisdn, and our sender is `to`."""
    assert parse_receipt(RECEIPT, CODES) == ProviderReport(
        "0A0000000123ABCD1",
        ReportedState.DELIVERED,
        price=Price(Decimal("0.03330000"), "EUR"),
        sender_used="+33700000001",
        client_ref="m12",
        at=datetime(2026, 11, 30, 11, 59, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("status", "code", "state", "refusal"),
    [
        ("accepted", "0", "sent", None),
        ("buffered", "0", "sent", None),
        ("unknown", "1", "sent", None),
        ("expired", "1", "expired", None),
        ("failed", "9", "undelivered", "optout"),
        ("rejected", "9", "failed", "optout"),
        ("failed", "2", "undelivered", "again"),
        ("failed", "3", "undelivered", "number"),
        ("failed", "4", "undelivered", "number"),
        ("failed", "6", "undelivered", "message"),
        ("failed", "7", "undelivered", "again"),
        ("failed", "10", "undelivered", "message"),
        ("failed", "12", "undelivered", "number"),
        ("failed", "99", "undelivered", None),
    ],
)
def test_the_words_of_a_receipt(status: str, code: str, state: str, refusal: str | None) -> None:
    """An opt-out at Vonage's side is learnt only from a receipt."""
    report = parse_receipt({**RECEIPT, "status": status, "err-code": code, "scts": ""}, CODES)
    assert (report.state, report.at) == (state, None)
    assert report.refusal == (RefusalClass(refusal) if refusal else None)


def test_an_inbound_message() -> None:
    """Its text is kept as it is."""
    text = "Arrêt & merci = 1 ✋"
    assert parse_part(PART) == ProviderInbound("0A0000000123ABCD1", "+33612345678", "+33700000001", text, NOW)


def test_a_part_of_a_long_message() -> None:
    """It says which one it is, or is not understood: a text without its middle is no text."""
    concat = {"concat": "true", "concat-ref": "7", "concat-total": "3", "concat-part": "2"}
    assert parse_part({**PART, **concat}).part == PartPlace("7", 2, 3)
    for wrong in ({"concat-ref": ""}, {"concat-part": "0"}, {"concat-part": "4"}, {"concat-total": "x"}):
        with pytest.raises(NotUnderstood, match="which one"):
            parse_part({**PART, **concat, **wrong})


@pytest.mark.parametrize("missing", ["msisdn", "to", "messageId"])
def test_an_inbound_message_that_is_not_understood(missing: str) -> None:
    """Nor is a binary one."""
    with pytest.raises(NotUnderstood):
        parse_part({key: value for key, value in PART.items() if key != missing})
    with pytest.raises(NotUnderstood, match="binary"):
        parse_part({**PART, "text": "", "type": "binary"})


@pytest.mark.parametrize("changes", [{"status": "x"}, {"status": ""}, {"messageId": ""}])
def test_a_receipt_that_is_not_understood(changes: dict[str, str]) -> None:
    """Nobody guesses."""
    with pytest.raises(NotUnderstood):
        parse_receipt({**RECEIPT, **changes}, CODES)


@given(st.dictionaries(st.sampled_from(sorted(RECEIPT | PART | {"concat": "", "concat-part": ""})), st.text()))
def test_any_parameters_are_read_or_not_understood(changes: dict[str, str]) -> None:
    """No value raises in another way."""
    for parameters, parse in ((RECEIPT, lambda each: parse_receipt(each, CODES)), (PART, parse_part)):
        try:
            parse({**parameters, **changes})
        except NotUnderstood:
            continue
