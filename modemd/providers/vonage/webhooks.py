"""Webhooks of Vonage's Messages API: a document in JSON, with a signed token (JWT, HS256) in the header `Authorization`."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from datetime import datetime

from modemd.providers.codes import CodeTable
from modemd.providers.documents import (
    Document,
    find_count,
    find_object,
    find_text,
    make_price,
    parse_decimal,
    parse_moment,
    read_document,
    tidy,
)
from modemd.providers.reports import NotAuthentic, NotUnderstood, ProviderInbound, ProviderReport
from modemd.providers.secret import Secret
from modemd.providers.vonage.numbers import with_plus
from modemd.providers.vonage.states import MESSAGES_STATES, classify

# Vonage repeats a call for 24 hours until it gets a 2xx, and nobody has seen whether it signs each time anew: a message that
# comes after an outage must not be refused. A call that is repeated by somebody else does no harm: its message has the same id.
LONGEST_AGE_S = 25 * 3600.0
# A clock that is ahead of ours.
SKEW_S = 300.0


def check_token(
    authorization: str | None,
    body: bytes,
    secrets: Iterable[Secret],
    now: datetime,
    longest_age_s: float = LONGEST_AGE_S,
) -> None:
    """Checks who calls, that the body is the one that was signed, and when. Raises NotAuthentic. `authorization`: the header;
    `secrets`: the signature secrets of the account, the old one too while it is changed."""
    scheme, _, token = (authorization or "").partition(" ")
    pieces = token.strip().split(".")
    if scheme.lower() != "bearer" or len(pieces) != 3 or not token.isascii():
        raise NotAuthentic("the header Authorization has no token")
    head, claims = (read_document(_decode(each)) for each in pieces[:2])
    if head is None or claims is None:
        raise NotAuthentic("the token cannot be read")
    if head.get("alg") != "HS256":  # `none`, or a public key that is taken for a secret
        raise NotAuthentic("the token is not signed with HS256")
    signed, signature = f"{pieces[0]}.{pieces[1]}".encode(), _decode(pieces[2])
    macs = [hmac.digest(secret.reveal().encode(), signed, "sha256") for secret in secrets]
    if not any(hmac.compare_digest(mac, signature) for mac in macs):
        raise NotAuthentic("the signature of the token does not fit")
    expected = find_text(claims, "payload_hash") or ""
    if not hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), expected.lower().encode()):
        raise NotAuthentic("the token is for another body")
    issued = parse_decimal(claims.get("iat"))
    if issued is None:
        raise NotAuthentic("the token does not say when it was made")
    check_age(float(issued), now, longest_age_s)


def check_age(made_at: float, now: datetime, longest_age_s: float) -> None:
    """Checks that a call (made so many seconds after 1970) is neither old nor of the future. Raises NotAuthentic."""
    age = now.timestamp() - made_at
    if age > longest_age_s:
        raise NotAuthentic(f"the call was signed {age:.0f} s ago")
    if age < -SKEW_S:
        raise NotAuthentic(f"the call was signed {-age:.0f} s from now; check the clock")


def parse_status(body: bytes, codes: CodeTable) -> ProviderReport:
    """Returns what a status says. Raises NotUnderstood."""
    document = _read(body)
    word = find_text(document, "status") or ""
    state = MESSAGES_STATES.get(word)
    if state is None:
        raise NotUnderstood(f"the status {tidy(word)!r} is not known")
    error, usage = find_object(document, "error"), find_object(document, "usage")
    code = find_text(error, "title")
    state, refusal = classify(state, code, "messages", codes)
    sender = find_text(document, "from")
    return ProviderReport(
        _find_id(document),
        state,
        code,
        refusal,
        tidy(find_text(error, "detail")),
        find_count(find_object(document, "sms"), "count_total"),
        make_price(usage.get("price"), usage.get("currency")),
        with_plus(sender) if sender is not None else None,
        find_text(document, "client_ref"),
        parse_moment(find_text(document, "timestamp")),
    )


def parse_inbound(body: bytes) -> ProviderInbound:
    """Returns an inbound message, whose parts Vonage has joined. Raises NotUnderstood."""
    document = _read(body)
    sender, recipient = find_text(document, "from"), find_text(document, "to")
    if sender is None or recipient is None:
        raise NotUnderstood("the message has no sender, or no recipient")
    text, moment = find_text(document, "text") or "", parse_moment(find_text(document, "timestamp"))
    return ProviderInbound(_find_id(document), with_plus(sender), with_plus(recipient), text, moment)


def _read(body: bytes) -> Document:
    document = read_document(body)
    if document is None:
        raise NotUnderstood("the body is no document in JSON")
    return document


def _find_id(document: Document) -> str:
    uuid = find_text(document, "message_uuid")
    if uuid is None:
        raise NotUnderstood("the call has no message_uuid")
    return uuid


def _decode(piece: str) -> bytes:
    """Returns the octets of a piece of a token; none if it is not in base64url."""
    try:
        return urlsafe_b64decode(piece + "=" * (-len(piece) % 4))
    except (ValueError, binascii.Error):
        return b""
