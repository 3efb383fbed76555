"""Requests of Vonage's Messages API, Reports API and account (developer.vonage.com/en/api)."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal
from urllib.parse import urlencode, urlsplit

from modemd.light_dataclass import dataclass
from modemd.providers.exchange import ProviderRequest
from modemd.providers.secret import Secret
from modemd.providers.vonage.numbers import without_plus
from modemd.rules.webhooks.targets import WebTarget, parse_target

API = parse_target("https://api.nexmo.com")
REST = parse_target("https://rest.nexmo.com")
LONGEST_TEXT = 1000
# The schema says 100, error 1450 says 40.
LONGEST_CLIENT_REF = 40
TTL_S = (20, 604800)
LONGEST_PERIOD = timedelta(hours=24)
_RECORDS = "/v2/reports/records?"
_JSON = ("Accept", "application/json")
_JSON_BODY = ("Content-Type", "application/json")


class VonageProduct(StrEnum):
    """Product of Vonage, as the Reports API names it."""

    SMS = "SMS"
    MESSAGES = "MESSAGES"


@dataclass(frozen=True, slots=True)
class VonageSend:
    """Message to be sent. `client_ref`: name of the attempt, unique, which comes back in records and webhooks; `ttl_s`: seconds
    after which it must not arrive any more; None: what Vonage does, which is 72 hours; `callback`: where to tell what becomes
    of it."""

    recipient: str
    sender: str
    text: str = field(repr=False)
    client_ref: str
    ttl_s: int | None = None
    callback: str | None = None


def check_send(message: VonageSend) -> None:
    """Checks that a message can be asked for. Raises ValueError."""
    if not message.text:
        raise ValueError("the message has no text")
    if not 0 < len(message.client_ref) <= LONGEST_CLIENT_REF:
        raise ValueError(f"a client_ref has 1 to {LONGEST_CLIENT_REF} characters")


def bound_ttl(seconds: int) -> int:
    """Returns a time to live that Vonage takes."""
    shortest, longest = TTL_S
    return min(max(seconds, shortest), longest)


@dataclass(frozen=True, slots=True)
class VonageRequests:
    """Maker of the requests of an account. `api_key`: its name; `authorization`: the value of the header, Basic with key and
    secret; `api` and `rest`: where its two servers are."""

    api_key: str
    authorization: Secret
    api: WebTarget = API
    rest: WebTarget = REST

    def make_send(self, message: VonageSend) -> ProviderRequest:
        """Returns the request that sends a message by the Messages API. It never asks for a failover of Vonage's: that would be
        two sends of one message. ValueError if it has no text, one that is too long, or no good `client_ref`."""
        check_send(message)
        if len(message.text) > LONGEST_TEXT:
            raise ValueError(f"a text has at most {LONGEST_TEXT} characters")
        document: dict[str, object] = {
            "channel": "sms",
            "message_type": "text",
            "to": without_plus(message.recipient),
            "from": without_plus(message.sender),
            "text": message.text,
            "client_ref": message.client_ref,
        }
        if message.ttl_s is not None:
            document["ttl"] = bound_ttl(message.ttl_s)
        if message.callback is not None:
            document["webhook_url"] = message.callback
        target = replace(self.api, path="/v1/messages")
        body = json.dumps(document).encode("ascii")
        return ProviderRequest("POST", target, self.authorization, (_JSON_BODY, _JSON), body)

    def list_by_id(self, product: VonageProduct, ids: Collection[str]) -> ProviderRequest:
        """Returns the request for the records of outbound messages. It costs money: ask for all that are open at once.
        ValueError if there are none."""
        if not ids or any("," in each for each in ids):
            raise ValueError("name the messages whose records are wanted")
        return self._list(product, "outbound", {"id": ",".join(ids)})

    def list_between(
        self,
        product: VonageProduct,
        direction: Literal["outbound", "inbound"],
        begin: datetime,
        end: datetime,
    ) -> ProviderRequest:
        """Returns the request for the records of a time, with their texts if they are inbound. It costs money. ValueError if it
        is longer than a day."""
        if not timedelta() < end - begin <= LONGEST_PERIOD:
            raise ValueError("records are asked for by at most 24 hours")
        more = {"include_message": "true"} if direction == "inbound" else {}
        return self._list(product, direction, {"date_start": _write(begin), "date_end": _write(end), **more})

    def follow(self, next_url: str) -> ProviderRequest:
        """Returns the request for the next page of records. ValueError if it is not in the Reports API: the credentials go
        nowhere else."""
        parts = urlsplit(next_url)
        path = f"{parts.path}?{parts.query}"
        is_here = (parts.scheme, parts.hostname) == (self.api.scheme, self.api.host) or not parts.netloc
        if not is_here or not path.startswith(_RECORDS) or not path.isascii() or not path.isprintable() or " " in path:
            raise ValueError("the next page is not one of the Reports API")
        return ProviderRequest("GET", replace(self.api, path=path), self.authorization, (_JSON,))

    def get_balance(self) -> ProviderRequest:
        """Returns the request for the money that is left, which also proves the credentials."""
        target = replace(self.rest, path="/account/get-balance")
        return ProviderRequest("GET", target, self.authorization, (_JSON,))

    def _list(self, product: VonageProduct, direction: str, more: dict[str, str]) -> ProviderRequest:
        query = {"account_id": self.api_key, "product": product.value, "direction": direction, **more}
        target = replace(self.api, path=f"{_RECORDS}{urlencode(query)}")
        return ProviderRequest("GET", target, self.authorization, (_JSON,))


def _write(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
