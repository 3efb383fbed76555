"""Webhooks of Vonage's SMS API: receipts and inbound messages, as parameters of a form, a query or an object, with `sig` if the
account signs (developer.vonage.com/en/getting-started/concepts/signing-messages)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from modemd.providers.codes import CodeTable
from modemd.providers.documents import find_count, find_text, make_price, parse_decimal, parse_moment, tidy
from modemd.providers.reports import NotAuthentic, NotUnderstood, PartPlace, ProviderInbound, ProviderReport
from modemd.providers.secret import Secret
from modemd.providers.vonage.answers import CURRENCY
from modemd.providers.vonage.numbers import with_plus
from modemd.providers.vonage.states import SMS_STATES, classify
from modemd.providers.vonage.webhooks import LONGEST_AGE_S, check_age

Parameters = Mapping[str, str]
_STAND_INS = str.maketrans("&=", "__")
_RECEIVED = "%y%m%d%H%M"


class SignatureMethod(StrEnum):
    """Method of signing, as the account has it set."""

    MD5_HASH = "md5hash"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


def make_signature(parameters: Parameters, method: SignatureMethod, secret: Secret) -> str:
    """Returns the value of `sig` for the other parameters, in lower case."""
    given = (f"&{name}={parameters[name].translate(_STAND_INS)}" for name in sorted(parameters) if name != "sig")
    text, key = "".join(given).encode(), secret.reveal().encode()
    if method is SignatureMethod.MD5_HASH:
        return hashlib.md5(text + key, usedforsecurity=False).hexdigest()  # the account's choice; the oldest of them
    return hmac.new(key, text, method.value).hexdigest()


def check_signature(
    parameters: Parameters,
    method: SignatureMethod,
    secrets: Iterable[Secret],
    now: datetime,
    longest_age_s: float = LONGEST_AGE_S,
) -> None:
    """Checks who calls, and when. Raises NotAuthentic."""
    given = parameters.get("sig", "").lower().encode()
    if not given:
        raise NotAuthentic("the call is not signed")
    if not any(hmac.compare_digest(make_signature(parameters, method, each).encode(), given) for each in secrets):
        raise NotAuthentic("the signature of the call does not fit")
    made_at = parse_decimal(parameters.get("timestamp"))
    if made_at is None:
        raise NotAuthentic("the call does not say when it was made")
    check_age(float(made_at), now, longest_age_s)


def parse_receipt(parameters: Parameters, codes: CodeTable) -> ProviderReport:
    """Returns what a receipt says. Raises NotUnderstood."""
    word = parameters.get("status", "")
    state = SMS_STATES.get(word.lower())
    if state is None:
        raise NotUnderstood(f"the status {tidy(word)!r} is not known")
    said = dict(parameters)
    code = find_text(said, "err-code")
    code = None if code == "0" else code
    state, refusal = classify(state, code, "receipts", codes)
    sender = find_text(said, "to")  # the recipient is the msisdn
    return ProviderReport(
        _find_id(parameters),
        state,
        code,
        refusal,
        price=make_price(said.get("price"), CURRENCY),
        sender_used=with_plus(sender) if sender is not None else None,
        client_ref=find_text(said, "client-ref"),
        at=_read_received(parameters.get("scts", "")),
    )


def parse_part(parameters: Parameters) -> ProviderInbound:
    """Returns an inbound message, or the part of one. Raises NotUnderstood, also for a binary message."""
    said = dict(parameters)
    sender, recipient, text = (find_text(said, key) for key in ("msisdn", "to", "text"))
    if sender is None or recipient is None:
        raise NotUnderstood("the message has no sender, or no recipient")
    if text is None and said.get("type") == "binary":
        raise NotUnderstood("the message is binary")
    part = None
    if (said.get("concat") or "").lower() == "true":
        reference, number, total = (
            find_text(said, "concat-ref"),
            *(find_count(said, f"concat-{each}") for each in ("part", "total")),
        )
        if reference is None or number is None or total is None or number > total:
            raise NotUnderstood("the part of a long message does not say which one it is")
        part = PartPlace(reference, number, total)
    moment = parse_moment(find_text(said, "message-timestamp"))
    return ProviderInbound(_find_id(parameters), with_plus(sender), with_plus(recipient), text or "", moment, part=part)


def _find_id(parameters: Parameters) -> str:
    id = parameters.get("messageId")
    if not id:
        raise NotUnderstood("the call has no messageId")
    return id


def _read_received(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _RECEIVED).replace(tzinfo=UTC)
    except ValueError:
        return None
