"""Formats: the request that tells a receiver of a change, as modemd has it or as Twilio has it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

from modemd.light_dataclass import dataclass
from modemd.rules.webhooks import signature
from modemd.service.changes.feed import ChangeView, make_view
from modemd.service.webhooks.exchange import DeliveryFailed, WebhookRequest
from modemd.store.changes.feed import Change
from modemd.store.webhooks.callbacks import CallbackMethod, CallbackTarget
from modemd.store.webhooks.subscriptions import WebhookTarget

if TYPE_CHECKING:
    from modemd.rules.twilio.twiml import TwimlRedirect

MakeDocument = Callable[[ChangeView], dict[str, Any]]
EVENT_ID = "Modemd-Event-Id"


@dataclass(frozen=True, slots=True)
class TwilioFormat:
    """Format of Twilio. `make_form`: the parameters that tell of a change for an API key, and whether it is about a message that
    was sent by the pool of all SIMs; None if Twilio tells of no such change.
    `sign`: the value of `X-Twilio-Signature` for an address (with its query) and parameters (none for a GET), by the token of a
    key. `on_reply`: takes what a receiver answers to an inbound message, with the id of its key, and how many answers
    went on elsewhere before; it returns where this one goes on, if it does, and may come twice for one change."""

    make_form: Callable[[Change, int, bool], Mapping[str, str] | None]
    sign: Callable[[str, Mapping[str, str], int], str]
    on_reply: Callable[[Change, bytes, str, int | None, int], Awaitable[TwimlRedirect | None]]


class RequestMaker:
    """Maker of requests. `twilio`: None if that format is not offered."""

    def __init__(self, make_document: MakeDocument, twilio: TwilioFormat | None) -> None:
        self._make_document = make_document
        self.twilio = twilio

    def make(self, target: WebhookTarget | CallbackTarget, change: Change, now: datetime) -> WebhookRequest | None:
        """Returns the request that tells `target` of a change; None if its format has none for that."""
        if isinstance(target, CallbackTarget):
            return self._make_twilio(target.url, target.method, target.key_id, change, is_pooled=target.is_pooled)
        if target.format == "twilio":
            return self._make_twilio(target.url, "POST", target.key_id, change, is_pooled=False)
        document = self._make_document(make_view(change))
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        headers = (
            ("Content-Type", "application/json"),
            (EVENT_ID, change.id),
            (signature.HEADER, signature.sign(body, target.secrets, now)),
        )
        return WebhookRequest(target.url, "POST", headers, body)

    def make_redirected(
        self, url: str, redirect: TwimlRedirect, key_id: int | None, change: Change
    ) -> WebhookRequest | None:
        """Returns the request that asks elsewhere what to answer to a change; None if nothing tells of it any more. `url`: of the
        answer that says so. Raises DeliveryFailed if the address is none, or would no longer be encrypted."""
        try:
            further = urljoin(url, redirect.url)
        except ValueError:
            raise DeliveryFailed("<Redirect> has an address that cannot be called") from None
        if url.startswith("https:") and not further.startswith("https:"):
            raise DeliveryFailed("<Redirect> leads from https to another scheme")
        return self._make_twilio(further, redirect.method, key_id, change, is_pooled=False)

    def _make_twilio(
        self, url: str, method: CallbackMethod, key_id: int | None, change: Change, *, is_pooled: bool
    ) -> WebhookRequest | None:
        twilio = self.twilio
        if twilio is None or key_id is None:
            return None
        form = twilio.make_form(change, key_id, is_pooled)
        if form is None:
            return None
        encoded = urlencode(form)
        headers = [("I-Twilio-Idempotency-Token", change.id)]
        if method == "GET":
            url = f"{url}{'&' if '?' in url else '?'}{encoded}"
            headers.append(("X-Twilio-Signature", twilio.sign(url, {}, key_id)))
            return WebhookRequest(url, "GET", tuple(headers), b"")
        headers += [
            ("X-Twilio-Signature", twilio.sign(url, form, key_id)),
            ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ]
        return WebhookRequest(url, "POST", tuple(headers), encoded.encode())
