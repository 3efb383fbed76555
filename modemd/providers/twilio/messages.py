"""Messages as Twilio's API shows them: one, or a page of a list."""

from __future__ import annotations

import re
from dataclasses import field
from datetime import datetime

from modemd.light_dataclass import dataclass
from modemd.providers.codes import EXPIRED, CodeTable
from modemd.providers.documents import Document, find_count, find_text, list_objects, make_price, tidy
from modemd.providers.outcomes import Price, RefusalClass
from modemd.providers.reports import ProviderInbound, ProviderReport, ReportedState
from modemd.rules.twilio.dates import parse_date

STATES = {
    **dict.fromkeys(("accepted", "scheduled", "queued"), ReportedState.WAITING),
    "sending": ReportedState.SENDING,
    "sent": ReportedState.SENT,
    **dict.fromkeys(("delivered", "read", "partially_delivered"), ReportedState.DELIVERED),
    "undelivered": ReportedState.UNDELIVERED,
    "failed": ReportedState.FAILED,
    "canceled": ReportedState.CANCELLED,
}
"""States of outbound messages, by Twilio's word."""
INBOUND = "inbound"
OUTBOUND_API = "outbound-api"
_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """Message of the API. `state`: None if it is inbound, or has a word that nobody knows; `segments`: None until a sender is
    chosen; `code`: of what went wrong. Its repr shows no text."""

    sid: str
    direction: str
    sender: str | None
    recipient: str | None
    text: str = field(repr=False)
    state: ReportedState | None
    code: str | None
    error: str
    segments: int | None
    media: int
    price: Price | None
    service_sid: str | None
    created_at: datetime | None
    sent_at: datetime | None
    updated_at: datetime | None

    def make_report(self, codes: CodeTable) -> ProviderReport | None:
        """Returns what the message says of itself as a report; None if it is no outbound message with a known state."""
        if self.state is None:
            return None
        state, refusal = classify(self.state, self.code, codes)
        return ProviderReport(
            self.sid,
            state,
            self.code,
            refusal,
            self.error,
            self.segments,
            self.price,
            self.sender,
            at=self.updated_at,
        )

    def make_inbound(self) -> ProviderInbound | None:
        """Returns the inbound message; None if it is none, or says not from whom or to whom."""
        if self.direction != INBOUND or self.sender is None or self.recipient is None:
            return None
        moment = self.sent_at or self.created_at
        return ProviderInbound(self.sid, self.sender, self.recipient, self.text, moment, self.media)


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Page of a list, the newest messages first. `next_path`: of the next page; None if there is none."""

    messages: tuple[ListedMessage, ...]
    next_path: str | None = None

    def join(self, following: MessagePage) -> MessagePage:
        """Returns this page and the one behind it as one."""
        return MessagePage((*self.messages, *following.messages), following.next_path)


def classify(state: ReportedState, code: str | None, codes: CodeTable) -> tuple[ReportedState, RefusalClass | None]:
    """Returns the state and the class of what went wrong: a code can say that the message has expired."""
    entry = codes.find("reports", code) or codes.find("answers", code)
    if entry is None or state not in (ReportedState.FAILED, ReportedState.UNDELIVERED):
        return state, None
    return (ReportedState.EXPIRED if entry.word == EXPIRED else state), entry.refusal


def is_sid(text: str | None) -> bool:
    """Returns True if a text can be the SID of a message."""
    return text is not None and _SID.fullmatch(text) is not None


def read_message(document: Document) -> ListedMessage | None:
    """Returns the message that a document is; None if it has no SID."""
    sid = find_text(document, "sid")
    if sid is None or not is_sid(sid):
        return None
    direction = find_text(document, "direction") or ""
    return ListedMessage(
        sid,
        direction,
        find_text(document, "from"),
        find_text(document, "to"),
        find_text(document, "body") or "",
        None if direction == INBOUND else STATES.get(find_text(document, "status") or ""),
        find_text(document, "error_code"),
        tidy(find_text(document, "error_message")),
        find_count(document, "num_segments"),
        find_count(document, "num_media") or 0,
        make_price(document.get("price"), document.get("price_unit")),
        find_text(document, "messaging_service_sid"),
        _find_moment(document, "date_created"),
        _find_moment(document, "date_sent"),
        _find_moment(document, "date_updated"),
    )


def read_page(document: Document) -> MessagePage | None:
    """Returns the page that a document is; None if it is none, or if one of its messages cannot be read: nothing may be taken for
    absent that was there."""
    found = list_objects(document, "messages")
    if found is None:
        return None
    messages = [read_message(each) for each in found]
    read = tuple(each for each in messages if each is not None)
    return MessagePage(read, find_text(document, "next_page_uri")) if len(read) == len(messages) else None


def _find_moment(document: Document, key: str) -> datetime | None:
    text = find_text(document, key)
    try:
        return parse_date(text) if text is not None else None
    except (ValueError, TypeError, IndexError):  # the standard library's reader of RFC 2822 raises all three
        return None
