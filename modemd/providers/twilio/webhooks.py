"""Webhooks that Twilio calls: who calls, and what the call says (twilio.com/docs/messaging/guides/webhook-request)."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from urllib.parse import parse_qsl, urlsplit

from modemd.providers.codes import CodeTable
from modemd.providers.documents import tidy
from modemd.providers.outcomes import RefusalClass
from modemd.providers.reports import (
    NotAuthentic,
    NotUnderstood,
    ProviderInbound,
    ProviderReport,
)
from modemd.providers.secret import Secret
from modemd.providers.twilio.messages import STATES, classify, is_sid
from modemd.providers.twilio.requests import CALLBACK_KEY
from modemd.rules.twilio.form import TwilioForm
from modemd.rules.twilio.signatures import sign

SIGNATURE = "X-Twilio-Signature"
_PORTS = {"http": 80, "https": 443}
_KINDS = ("STOP", "START", "HELP")


def check_signature(url: str, form: TwilioForm, signature: str | None, tokens: Iterable[Secret]) -> None:
    """Checks who calls. Raises NotAuthentic. `url`: the public address that was called, with its query, made from the setting and
    never from the header `Host`; `form`: of the body, empty for a GET; `tokens`: the auth tokens of the account. API keys do not
    sign."""
    given = (signature or "").encode()
    params: dict[str, list[str]] = {}
    for name, value in form.fields:
        params.setdefault(name, []).append(value)
    matches = [
        compare_digest(sign(each, params, token.reveal()).encode(), given)
        for token in tokens
        for each in _list_spellings(url)
    ]
    if not any(matches):
        raise NotAuthentic(
            f"the header {SIGNATURE} is missing" if not given else f"the header {SIGNATURE} does not fit"
        )


def _list_spellings(url: str) -> list[str]:
    """Returns an address as it is, and with its default port written or left out: Twilio has signed each of them at times."""
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    host = parts.netloc
    if port is None:
        return [url]
    if host.endswith(f":{port}"):
        other = host.removesuffix(f":{port}")
    elif parts.port is None:
        other = f"{host}:{port}"
    else:
        return [url]
    return [url, parts._replace(netloc=other).geturl()]


def parse_status(url: str, form: TwilioForm, codes: CodeTable) -> ProviderReport:
    """Returns what a status callback says. Raises NotUnderstood. `url`: as it was called; its query can name the attempt."""
    sid = _find_sid(form)
    word = form.find("MessageStatus") or form.find("SmsStatus") or ""
    state = STATES.get(word)
    if state is None:
        raise NotUnderstood(f"the status {tidy(word)!r} is not known")
    code = form.find("ErrorCode")
    refusal: RefusalClass | None
    state, refusal = classify(state, code, codes)
    attempt = next((value for key, value in parse_qsl(urlsplit(url).query) if key == CALLBACK_KEY), None)
    return ProviderReport(
        sid,
        state,
        code,
        refusal,
        tidy(form.find("ErrorMessage")),
        sender_used=form.find("From"),
        client_ref=attempt,
    )


def parse_inbound(form: TwilioForm) -> ProviderInbound:
    """Returns an inbound message. Raises NotUnderstood."""
    sid = _find_sid(form)
    sender, recipient = form.find("From"), form.find("To")
    if sender is None or recipient is None:
        raise NotUnderstood("the message has no sender, or no recipient")
    media = form.find("NumMedia") or "0"
    kind = (form.find("OptOutType") or "").upper()
    return ProviderInbound(
        sid,
        sender,
        recipient,
        form.get("Body") or "",
        media=int(media) if media.isascii() and media.isdecimal() and len(media) < len("1000") else 0,
        answered=kind if kind in _KINDS else None,
    )


def _find_sid(form: TwilioForm) -> str:
    sid = form.find("MessageSid") or form.find("SmsSid")
    if sid is None or not is_sid(sid):
        raise NotUnderstood("the call has no MessageSid")
    return sid
