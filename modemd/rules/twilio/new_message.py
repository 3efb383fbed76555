"""New message as a client of Twilio's API asks for it: its parameters, checked as far as they can be without a database."""

from __future__ import annotations

import hashlib
from typing import Literal, cast

from modemd.errors import Refused
from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.twilio.dates import parse_date
from modemd.rules.twilio.errors import TwilioCode, TwilioError
from modemd.rules.twilio.form import TwilioForm
from modemd.rules.twilio.intents import INTENTS, find_class
from modemd.rules.twilio.sids import make_service_sid
from modemd.rules.webhooks.targets import parse_target

LONGEST_BODY = 1600  # characters
LONGEST_VALIDITY_S = 36_000
LONGEST_TOKEN = 100


@dataclass(frozen=True, slots=True)
class StatusCallback:
    """Address that wants to know the status of one message, and how it is called."""

    url: str
    method: Literal["GET", "POST"] = "POST"


@dataclass(frozen=True, slots=True)
class NewTwilioMessage:
    """Message to send. `sender`: the number that it must come from, None: of any SIM; `at`: when, in ISO 8601; `valid`: for how
    long, as 600s; `is_smart_encoded`: look-alikes of the GSM alphabet are put for other characters; `key`: idempotency key."""

    to: str
    text: str
    sender: str | None
    message_class: MessageClass
    at: str | None = None
    valid: str | None = None
    is_smart_encoded: bool = False
    callback: StatusCallback | None = None
    key: str | None = None


def parse_new_message(form: TwilioForm, account_sid: str, token: str | None = None) -> NewTwilioMessage:
    """Returns the message that a form asks for. `token`: the header `I-Twilio-Idempotency-Token`. Raises TwilioError. Parameters
    that are not known, or have no meaning here, are ignored."""
    to, sender, service = form.find("To"), form.find("From"), form.find("MessagingServiceSid")
    if to is None:
        raise TwilioError(TwilioCode.NO_RECIPIENT, "To is missing: the number that the message goes to")
    if sender is None and service is None:
        raise TwilioError(TwilioCode.NO_SENDER, "From or MessagingServiceSid is missing: one of them says who sends it")
    if service is not None and service != (own := make_service_sid(account_sid)):
        raise TwilioError(TwilioCode.NO_SUCH_SERVICE, f"there is no such messaging service; this account has {own}")
    return NewTwilioMessage(
        to,
        _parse_body(form),
        sender,
        _parse_intent(form),
        _parse_send_at(form),
        _parse_validity(form),
        form.is_true("SmartEncoded"),
        parse_callback(form),
        make_key(token) if token else None,
    )


def make_key(token: str) -> str:
    """Returns the idempotency key of a token. Those of other APIs are others."""
    return f"twilio:{token if len(token) <= LONGEST_TOKEN else hashlib.sha256(token.encode()).hexdigest()}"


def parse_callback(form: TwilioForm) -> StatusCallback | None:
    """Returns the address for the status of a message, if there is one. Raises TwilioError."""
    url = form.find("StatusCallback")
    if url is None:
        return None
    method = (form.find("StatusCallbackMethod") or "POST").upper()
    if method not in ("GET", "POST"):
        raise TwilioError(TwilioCode.BAD_CALLBACK, "StatusCallbackMethod is GET or POST")
    return StatusCallback(parse_callback_url(url), cast(Literal["GET", "POST"], method))


def parse_callback_url(url: str) -> str:
    """Returns the URL that is called for a status: without what stands behind a #, by which Twilio's clients change its time-outs
    and retries. Raises TwilioError if none can be called. Where a name leads is judged when it is called."""
    try:
        target = parse_target(url.partition("#")[0])
    except Refused as refused:
        raise TwilioError(TwilioCode.BAD_CALLBACK, f"StatusCallback {refused.reason}") from None
    if "_" in target.host:
        raise TwilioError(
            TwilioCode.BAD_CALLBACK, "StatusCallback has a host name with an underscore, which no host name has"
        )
    return url.partition("#")[0]


def _parse_body(form: TwilioForm) -> str:
    text = form.get("Body") or ""
    if form.get_list("MediaUrl"):
        raise TwilioError(TwilioCode.TOO_MANY_MEDIA, "modemd sends no media; put a link into Body")
    if form.find("ContentSid") is not None and not text:
        raise TwilioError(TwilioCode.NO_TEXT, "modemd has no content templates; put the text into Body")
    if not text:
        raise TwilioError(TwilioCode.NO_TEXT, "Body is missing: the text of the message")
    if len(text) > LONGEST_BODY:
        raise TwilioError(TwilioCode.TOO_LONG, f"Body has {len(text)} characters; {LONGEST_BODY} are the most")
    return text


def _parse_intent(form: TwilioForm) -> MessageClass:
    given = form.find("MessageIntent")
    found = find_class(given)
    if found is None:
        raise TwilioError(
            TwilioCode.BAD_PARAMETER, f"MessageIntent is not known; it is one of {', '.join(sorted(INTENTS))}"
        )
    return found


def _parse_send_at(form: TwilioForm) -> str | None:
    kind, at = form.find("ScheduleType"), form.find("SendAt")
    if kind is not None and kind.casefold() != "fixed":
        raise TwilioError(TwilioCode.BAD_PARAMETER, "ScheduleType is fixed, or left out")
    if at is None:
        if kind is not None:
            raise TwilioError(TwilioCode.NO_SEND_AT, "SendAt is missing: when a scheduled message goes")
        return None
    try:
        return parse_date(at).isoformat()
    except ValueError:
        raise TwilioError(TwilioCode.SEND_AT_TOO_EARLY, "SendAt is no time; write it as 2026-11-22T18:30:00Z") from None


def _parse_validity(form: TwilioForm) -> str | None:
    given = form.find("ValidityPeriod")
    if given is None:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and 1 <= int(given) <= LONGEST_VALIDITY_S):
        raise TwilioError(
            TwilioCode.BAD_PARAMETER, f"ValidityPeriod is a number of seconds from 1 to {LONGEST_VALIDITY_S}"
        )
    return f"{int(given)}s"
