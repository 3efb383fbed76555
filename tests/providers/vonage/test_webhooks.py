"""Webhooks of the Messages API: the signed token, statuses and inbound messages."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.providers.outcomes import Price, RefusalClass
from modemd.providers.reports import NotAuthentic, NotUnderstood, ProviderInbound, ProviderReport, ReportedState
from modemd.providers.secret import Secret
from modemd.providers.vonage.answers import load_vonage_codes
from modemd.providers.vonage.webhooks import check_token, parse_inbound, parse_status

CODES = load_vonage_codes()
SECRET, OLD = Secret("secret" * 11), Secret("before" * 11)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
UUID = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
STATUS: dict[str, Any] = {
    "message_uuid": UUID,
    "to": "33612345678",
    "from": "33700000001",
    "timestamp": "2026-11-30T12:00:00.000Z",
    "status": "delivered",
    "usage": {"currency": "EUR", "price": "0.0333"},
    "client_ref": "m12",
    "channel": "sms",
    "sms": {"count_total": "2"},
}
INBOUND: dict[str, Any] = {
    "channel": "sms",
    "message_uuid": UUID,
    "to": "33700000001",
    "from": "33612345678",
    "timestamp": "2026-11-30T12:00:00Z",
    "text": " Arrêt ✋ ",
    "message_type": "text",
    "sms": {"num_messages": "2", "keyword": "ARRÊT"},
}
BODY = json.dumps(STATUS).encode()


def bearer(body: bytes = BODY, secret: Secret = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """The header, as PyJWT makes it: a second opinion."""
    jwt = pytest.importorskip("jwt")
    hash_ = hashlib.sha256(body).hexdigest()
    given = {"iss": "Vonage", "iat": int(NOW.timestamp()), "payload_hash": hash_, "jti": "x", **claims}
    return f"Bearer {jwt.encode({key: each for key, each in given.items() if each is not None}, secret.reveal(), algorithm)}"


def test_a_call_of_vonage_is_believed() -> None:
    """With either secret while it is changed; the scheme may be written as one likes."""
    check_token(bearer(), BODY, [SECRET], NOW)
    check_token(bearer(secret=OLD), BODY, [SECRET, OLD], NOW)
    check_token(bearer().replace("Bearer", "bearer"), BODY, [SECRET], NOW)
    check_token(bearer(payload_hash=hashlib.sha256(BODY).hexdigest().upper()), BODY, [SECRET], NOW)


def forge(**head: Any) -> str:
    """A token with another head, and no signature."""
    pieces = [json.dumps(each).encode() for each in (head, {"iat": NOW.timestamp()})]
    return f"Bearer {'.'.join(base64.urlsafe_b64encode(each).decode().rstrip('=') for each in pieces)}."


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (None, "no token"),
        ("", "no token"),
        ("Basic x", "no token"),
        ("Bearer x", "no token"),
        ("Bearer é.é.é", "no token"),
        ("Bearer a.b.c", "cannot be read"),
        ("Bearer ..", "cannot be read"),
        (forge(alg="none"), "not signed with HS256"),
        (forge(alg="RS256"), "not signed with HS256"),
        (forge(), "not signed with HS256"),
        (forge(alg="HS256"), "does not fit"),
    ],
)
def test_other_headers_are_not_believed(header: str | None, why: str) -> None:
    """Nor is a token that says itself that it need not be checked."""
    with pytest.raises(NotAuthentic, match=why):
        check_token(header, BODY, [SECRET], NOW)


def test_signature_body_and_age_are_all_checked() -> None:
    """Vonage's own library checks only the first of them."""
    for header, body, secrets, why in (
        (bearer(), BODY, [OLD], "does not fit"),
        (bearer(), BODY, [], "does not fit"),
        (bearer(algorithm="HS512"), BODY, [SECRET], "HS256"),
        (bearer(), BODY + b" ", [SECRET], "another body"),
        (bearer(payload_hash=None), BODY, [SECRET], "another body"),
        (bearer(payload_hash="é"), BODY, [SECRET], "another body"),
        (bearer(iat=None), BODY, [SECRET], "when it was made"),
        (bearer(iat=int(NOW.timestamp()) - 91_000), BODY, [SECRET], "91000 s ago"),
        (bearer(iat=int(NOW.timestamp()) + 301), BODY, [SECRET], "check the clock"),
    ):
        with pytest.raises(NotAuthentic, match=why):
            check_token(header, body, secrets, NOW)


def test_the_age_is_the_callers() -> None:
    """By default a repeat of the last 24 hours is taken: Vonage repeats for so long."""
    late = bearer(iat=int(NOW.timestamp()) - 86_400)
    check_token(late, BODY, [SECRET], NOW)
    with pytest.raises(NotAuthentic, match="86400 s ago"):
        check_token(late, BODY, [SECRET], NOW, longest_age_s=300)


@given(st.integers(0, 400), st.integers(0, 255))
def test_no_changed_octet_is_believed(place: int, octet: int) -> None:
    """Wherever the token is changed, unless it stays what it was."""
    header = bearer()
    index = len("Bearer ") + place % (len(header) - len("Bearer ") - 1)  # the last letter has bits that mean nothing
    changed = f"{header[:index]}{chr(octet)}{header[index + 1 :]}"
    if changed != header:
        with pytest.raises(NotAuthentic):
            check_token(changed, BODY, [SECRET], NOW)


def test_a_status() -> None:
    """It has the segments, the price and our name of the attempt."""
    assert parse_status(BODY, CODES) == ProviderReport(
        UUID,
        ReportedState.DELIVERED,
        segments=2,
        price=Price(Decimal("0.0333"), "EUR"),
        sender_used="+33700000001",
        client_ref="m12",
        at=NOW,
    )


@pytest.mark.parametrize(
    ("status", "code", "state", "refusal"),
    [
        ("submitted", None, "sent", None),
        ("undeliverable", "1240", "undelivered", "number"),
        ("rejected", "1070", "failed", "money"),
        ("rejected", "1360", "expired", None),
        ("rejected", "9999", "failed", None),
    ],
)
def test_what_went_wrong(status: str, code: str | None, state: str, refusal: str | None) -> None:
    """The code is the title of the error."""
    error = {"error": {"title": code, "detail": "why"}} if code else {}
    report = parse_status(json.dumps({**STATUS, "status": status, **error}).encode(), CODES)
    assert (report.state, report.code, report.text) == (state, code, "why" if code else "")
    assert report.refusal == (RefusalClass(refusal) if refusal else None)


def test_an_inbound_message() -> None:
    """Its text is kept as it is."""
    found = parse_inbound(json.dumps(INBOUND).encode())
    assert found == ProviderInbound(UUID, "+33612345678", "+33700000001", " Arrêt ✋ ", NOW)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"status":"delivered"}', json.dumps({**STATUS, "status": "x"}).encode()]
)
def test_what_is_not_understood(body: bytes) -> None:
    """Nobody guesses."""
    with pytest.raises(NotUnderstood):
        parse_status(body, CODES)
    if b"uuid" not in body:
        with pytest.raises(NotUnderstood):
            parse_inbound(body)


@given(
    st.dictionaries(
        st.sampled_from(sorted(STATUS | INBOUND)), st.none() | st.integers() | st.text() | st.lists(st.integers())
    )
)
def test_any_document_is_read_or_not_understood(changes: dict[str, Any]) -> None:
    """No value raises in another way."""
    for document, parse in ((STATUS, lambda body: parse_status(body, CODES)), (INBOUND, parse_inbound)):
        try:
            parse(json.dumps({**document, **changes}).encode())
        except NotUnderstood:
            continue
