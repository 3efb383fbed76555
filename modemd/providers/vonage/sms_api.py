"""SMS API of Vonage: the send, and its answer, which has an element for each part (developer.vonage.com/en/api/sms)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlencode

from modemd.light_dataclass import dataclass
from modemd.providers.codes import CodeTable
from modemd.providers.documents import Document, find_text, list_objects, parse_decimal, read_document
from modemd.providers.exchange import ProviderAnswer, ProviderRequest
from modemd.providers.outcomes import NotTaken, Price, SendOutcome, Taken, Unknown
from modemd.providers.secret import Secret
from modemd.providers.vonage.answers import CURRENCY
from modemd.providers.vonage.numbers import without_plus
from modemd.providers.vonage.requests import REST, VonageSend, bound_ttl, check_send
from modemd.rules.webhooks.targets import WebTarget

_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_JSON = ("Accept", "application/json")
_TAKEN = "0"


def make_sms_send(
    message: VonageSend, authorization: Secret, *, is_unicode: bool, rest: WebTarget = REST
) -> ProviderRequest:
    """Returns the request that sends a message by the SMS API. `is_unicode`: the text has characters that are not of the GSM
    alphabet; without it Vonage loses them. ValueError if the message has no text, or no good `client_ref`."""
    check_send(message)
    fields = {
        "to": without_plus(message.recipient),
        "from": without_plus(message.sender),
        "text": message.text,
        "type": "unicode" if is_unicode else "text",
        "client-ref": message.client_ref,
        "status-report-req": "true",
    }
    if message.ttl_s is not None:
        fields["ttl"] = str(bound_ttl(message.ttl_s) * 1000)  # here it is milliseconds
    if message.callback is not None:
        fields["callback"] = message.callback
    target = replace(rest, path="/sms/json")
    return ProviderRequest("POST", target, authorization, (_FORM, _JSON), urlencode(fields).encode("ascii"))


@dataclass(frozen=True, slots=True)
class _Parts:
    """Elements of an answer: the ids of the parts that were taken, and what the others say."""

    ids: tuple[str, ...]
    price: Decimal
    others: tuple[NotTaken | Unknown, ...]


def read_sms_send(answer: ProviderAnswer, codes: CodeTable) -> SendOutcome:
    """Returns the outcome of a send by the SMS API whose answer came whole. If a part was taken, or may have been, the message
    counts so."""
    document = read_document(answer.body)
    if not 200 <= answer.status < 300:
        return codes.judge("sms", answer.status, None, None)
    elements = list_objects(document or {}, "messages")
    if not elements:
        return Unknown(f"HTTP status {answer.status}, and no parts that can be read")
    parts = _read_parts(elements, codes)
    if parts.ids:
        first, *more = parts.ids
        refused = sum(isinstance(each, NotTaken) for each in parts.others)
        price = Price(parts.price, CURRENCY) if parts.price else None
        return Taken(first, len(elements), price, refused_parts=refused, more_ids=tuple(more))
    return next((each for each in parts.others if isinstance(each, Unknown)), parts.others[0])


def _read_parts(elements: list[Document], codes: CodeTable) -> _Parts:
    ids: list[str] = []
    others: list[NotTaken | Unknown] = []
    price = Decimal()
    for element in elements:
        status, id = find_text(element, "status"), find_text(element, "message-id")
        if status == _TAKEN and id is not None:
            ids.append(id)
            price += abs(parse_decimal(element.get("message-price")) or Decimal())
        elif status is None or status == _TAKEN:
            others.append(Unknown("a part has no status, or no id"))
        else:
            others.append(codes.judge("sms", None, status, find_text(element, "error-text")))
    return _Parts(tuple(ids), price, tuple(others))
