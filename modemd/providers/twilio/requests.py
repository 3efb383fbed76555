"""Requests of Twilio's Messages API (twilio.com/docs/messaging/api/message-resource)."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import date
from urllib.parse import quote, urlencode

from modemd.light_dataclass import dataclass
from modemd.providers.exchange import ProviderRequest
from modemd.providers.secret import Secret
from modemd.rules.webhooks.targets import WebTarget, parse_target

API = parse_target("https://api.twilio.com")
VERSION = "2010-04-01"
LONGEST_TEXT = 1600
# Seconds, in Twilio's own queue; more than the largest is refused.
VALIDITY_S = (1, 36000)
LARGEST_PAGE = 1000
CALLBACK_KEY = "attempt"
"""Key in the query of a status callback: its value is the name of the attempt, which so comes back together with the SID."""
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_JSON = ("Accept", "application/json")


@dataclass(frozen=True, slots=True)
class TwilioSend:
    """Message to be sent. Either `sender`, or `service_sid`: the messaging service that chooses one. `validity_s`: seconds that
    it may wait in Twilio's queue, at most ten hours are asked for; `callback`: where to tell what becomes of it."""

    recipient: str
    text: str = field(repr=False)
    sender: str | None = None
    service_sid: str | None = None
    validity_s: int | None = None
    callback: str | None = None


@dataclass(frozen=True, slots=True)
class TwilioRequests:
    """Maker of the requests of an account. `account_sid`: `AC…`; `authorization`: the value of the header, of the account itself
    or of one of its API keys; `api`: where the API is."""

    account_sid: str
    authorization: Secret
    api: WebTarget = API

    def make_send(self, message: TwilioSend) -> ProviderRequest:
        """Returns the request that sends a message. ValueError if it has not exactly one of sender and service, no text, or one
        that is too long."""
        if (message.sender is None) == (message.service_sid is None):
            raise ValueError("a message has either a sender or a messaging service")
        if not 0 < len(message.text) <= LONGEST_TEXT:
            raise ValueError(f"a text has 1 to {LONGEST_TEXT} characters")
        fields = {"To": message.recipient, "Body": message.text}
        if message.sender is not None:
            fields["From"] = message.sender
        if message.service_sid is not None:
            fields["MessagingServiceSid"] = message.service_sid
        if message.validity_s is not None:
            shortest, longest = VALIDITY_S
            fields["ValidityPeriod"] = str(min(max(message.validity_s, shortest), longest))
        if message.callback is not None:
            fields["StatusCallback"] = message.callback
        body = urlencode(fields).encode("ascii")
        return replace(self._make("POST", "Messages.json"), headers=(_FORM, _JSON), body=body)

    def list_since(self, day: date, recipient: str | None = None) -> ProviderRequest:
        """Returns the request for the messages that were sent from a day (UTC) on: the newest page. `recipient`: only those to
        this number, for example the inbound ones of one of our own. Messages that still wait have no day, and are not there."""
        query = {"To": recipient} if recipient is not None else {}
        return self._list({**query, "DateSent>": day.isoformat()})

    def list_to(self, recipient: str) -> ProviderRequest:
        """Returns the request for the messages to a number, those too that still wait: the search for a lost answer."""
        return self._list({"To": recipient})

    def follow(self, next_path: str) -> ProviderRequest:
        """Returns the request for the next page. ValueError if its path is not of this account's messages: the credentials go
        nowhere else."""
        start = f"/{VERSION}/Accounts/{self.account_sid}/Messages.json?"
        if (
            not next_path.startswith(start)
            or not next_path.isascii()
            or not next_path.isprintable()
            or " " in next_path
        ):
            raise ValueError("the next page is not one of the account's messages")
        return ProviderRequest("GET", replace(self.api, path=next_path), self.authorization, (_JSON,))

    def get_message(self, sid: str) -> ProviderRequest:
        """Returns the request for one message."""
        return self._make("GET", f"Messages/{quote(sid, safe='')}.json")

    def get_balance(self) -> ProviderRequest:
        """Returns the request for the money that is left."""
        return self._make("GET", "Balance.json")

    def get_account(self) -> ProviderRequest:
        """Returns the request for the account itself, which proves the credentials."""
        path = f"/{VERSION}/Accounts/{self.account_sid}.json"
        return ProviderRequest("GET", replace(self.api, path=path), self.authorization, (_JSON,))

    def _list(self, query: dict[str, str]) -> ProviderRequest:
        return self._make("GET", f"Messages.json?{urlencode({**query, 'PageSize': str(LARGEST_PAGE)})}")

    def _make(self, method: str, resource: str) -> ProviderRequest:
        path = f"/{VERSION}/Accounts/{self.account_sid}/{resource}"
        return ProviderRequest(method, replace(self.api, path=path), self.authorization, (_JSON,))


def mark_callback(url: str, attempt: str) -> str:
    """Returns the address of a callback with the name of an attempt in its query. A fragment must not be in it."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode({CALLBACK_KEY: attempt})}"
