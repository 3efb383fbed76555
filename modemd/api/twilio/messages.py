"""Messages of Twilio's API: create, fetch, list, cancel, redact, delete, and what belongs to one of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Literal, cast

from fastapi import Response
from fastapi.responses import JSONResponse

from modemd.api.twilio import documents
from modemd.api.twilio.pages import find_page_size, find_place, page_response
from modemd.api.twilio.resources import TwilioCall
from modemd.light_dataclass import dataclass
from modemd.rules.twilio.dates import find_day, parse_date
from modemd.rules.twilio.errors import TwilioCode, TwilioError
from modemd.rules.twilio.new_message import parse_new_message
from modemd.rules.twilio.sids import MessageIdentity, parse_message_sid
from modemd.service.keys.keys import ApiKeys
from modemd.service.messages.decisions import Authorship
from modemd.service.twilio.messages import TwilioMessage, TwilioMessages, TwilioSearch

IDEMPOTENCY_HEADER = "i-twilio-idempotency-token"


@dataclass(frozen=True, slots=True)
class MessageAnswers:
    """Answers to the calls about messages."""

    messages: TwilioMessages
    keys: ApiKeys

    async def create(self, call: TwilioCall) -> Response:
        """Accepts a message."""
        call.check_scope("messages:write")
        token = call.request.headers.get(IDEMPOTENCY_HEADER)
        new = parse_new_message(call.form, call.account_sid, token)
        async with self.keys.spending(call.caller, 1) as spending:
            sent = await self.messages.send(new, call.caller)
            spending.accepted = 0 if sent.is_repeat else 1
        return _show(call, sent.message, 201)

    async def list_page(self, call: TwilioCall) -> Response:
        """Lists a page of the messages; those that came in only for a key that may read the inbox."""
        call.check_scope("messages:read")
        since, until = _find_times(call)
        search = TwilioSearch(
            call.form.find("To"), call.form.find("From"), since, until, with_inbound=call.caller.may("inbox:read")
        )
        page = await self.messages.list_page(search, find_place(call), find_page_size(call))
        make = partial(documents.make_message, account_sid=call.account_sid)
        return page_response(
            call, "messages", page.messages, make, following=page.next_place, previous=page.previous_place
        )

    async def fetch(self, call: TwilioCall) -> Response:
        """Shows a message."""
        return _show(call, await self.messages.read(_find_identity(call, "read")))

    async def update(self, call: TwilioCall) -> Response:
        """Cancels a message, or removes its text. Without either, shows it."""
        identity = _find_identity(call, "write")
        body, status = call.form.get("Body"), call.form.find("Status")
        if body:
            raise TwilioError(TwilioCode.BAD_PARAMETER, "Body can only be made empty: that removes the text")
        if status not in (None, "canceled"):
            raise TwilioError(TwilioCode.BAD_PARAMETER, "Status can only become canceled")
        if status is not None:
            cancelled = await self.messages.cancel(identity, Authorship(call.author, "cancelled by the Twilio API"))
            if body is None:
                return _show(call, cancelled)
        if body is not None:
            why = Authorship(call.author, "redacted by the Twilio API")
            return _show(call, await self.messages.redact(identity, why))
        return _show(call, await self.messages.read(identity))

    async def delete(self, call: TwilioCall) -> Response:
        """Removes the text of a message, and lists it no more."""
        identity = _find_identity(call, "write")
        await self.messages.delete(identity, Authorship(call.author, "deleted by the Twilio API"))
        return Response(status_code=204)

    async def add_feedback(self, call: TwilioCall) -> Response:
        """Stores what the recipient of a message did with it."""
        identity, outcome = _find_identity(call, "write"), call.form.find("Outcome") or "confirmed"
        if outcome not in ("confirmed", "unconfirmed"):
            raise TwilioError(TwilioCode.BAD_PARAMETER, "Outcome is confirmed or unconfirmed")
        at = await self.messages.note_feedback(identity, cast(Literal["confirmed", "unconfirmed"], outcome))
        return JSONResponse(documents.make_feedback(identity.sid, call.account_sid, outcome, at), 201)

    async def list_media(self, call: TwilioCall) -> Response:
        """Lists the media of a message: there are none."""
        await self.messages.read(_find_identity(call, "read"))
        return page_response(call, "media_list", [], dict)

    async def refuse_media(self, call: TwilioCall) -> Response:
        """Raises TwilioError: no message has media."""
        await self.messages.read(_find_identity(call, "read"))
        raise TwilioError(TwilioCode.NOT_FOUND, "the message has no media; modemd sends and receives texts")


def _show(call: TwilioCall, message: TwilioMessage, status: int = 200) -> Response:
    return JSONResponse(documents.make_message(message, call.account_sid), status)


def _find_identity(call: TwilioCall, right: Literal["read", "write"]) -> MessageIdentity:
    """Returns the message in the path. Raises TwilioError if it can be none, or is not for this key."""
    identity = parse_message_sid(call.get("sid"))
    if identity is None or identity.direction == "out":
        call.check_scope(f"messages:{right}")
    else:
        call.check_scope(f"inbox:{right}")
    if identity is None:
        raise TwilioError(TwilioCode.NOT_FOUND, f"there is no message {call.get('sid')[:40]}")
    return identity


def _find_times(call: TwilioCall) -> tuple[datetime | None, datetime | None]:
    """Returns from when on and before when the messages were sent. `DateSent` alone is a whole day; with < or >, the moment
    itself counts, too. Raises TwilioError."""
    since, until = None, None
    for name in ("DateSent", "DateSent>", "DateSent>=", "DateSent<", "DateSent<="):
        given = call.form.find(name)
        if given is None:
            continue
        try:
            moment = parse_date(given)
            if name == "DateSent":
                since, until = find_day(moment)
            elif ">" in name:
                since = max(since or moment, moment)
            else:
                end = moment + timedelta(seconds=1)  # clients write whole seconds
                until = min(until or end, end)
        except (ValueError, OverflowError):
            raise TwilioError(
                TwilioCode.BAD_PARAMETER, f"{name} is no date; write it as 2026-11-22T18:30:00Z"
            ) from None
    return since, until
