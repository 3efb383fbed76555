"""Evidence for a send whose answer is lost: the message in Twilio's list, if exactly one can be it.

The API has no key that a client can give to a message, so a message is known by its recipient, sender, text and time. With a
public address there is a better way: `mark_callback` in `requests`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import field
from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.providers.outcomes import Ambiguous, NoCandidate, SearchResult, Settled, SettledAs
from modemd.providers.reports import ReportedState
from modemd.providers.twilio.messages import OUTBOUND_API, ListedMessage, MessagePage

# Seconds by which two clocks may differ; and until a message is made after the client has given up waiting for the answer.
SKEW_S = 60.0
LATE_S = 600.0
_FAILED = frozenset({ReportedState.FAILED, ReportedState.CANCELLED, ReportedState.EXPIRED})


@dataclass(frozen=True, slots=True)
class TwilioAttempt:
    """Attempt whose answer is lost. `senders`: the sender that was asked for, and those by which Twilio replaces it;
    `service_sid`: the messaging service, if that was asked for; `written_at`: when the first octet was written; `timeout_s`:
    for how long the answer was awaited; `segments`: expected, for `may_be_rewritten`: the account shortens links, or replaces
    letters."""

    recipient: str
    text: str = field(repr=False)
    senders: frozenset[str]
    service_sid: str | None
    written_at: datetime
    timeout_s: float
    segments: int | None = None
    may_be_rewritten: bool = False
    skew_s: float = SKEW_S

    @property
    def earliest(self) -> datetime:
        """Earliest time at which its message can have been made. Twilio tells whole seconds."""
        return self.written_at - timedelta(seconds=self.skew_s + 1)

    @property
    def latest(self) -> datetime:
        """Latest time at which its message can have been made."""
        return self.written_at + timedelta(seconds=self.timeout_s + LATE_S)


def find_by_list(attempt: TwilioAttempt, page: MessagePage, owned: Collection[str]) -> SearchResult:
    """Returns what a list of the messages to the recipient (`TwilioRequests.list_to`) says of an attempt. `owned`: the SIDs of
    all other attempts, which cannot be its message. While a search is not whole, it must go on with the next page
    (`MessagePage.join`): even one candidate settles nothing, since the next page could have another."""
    candidates = [each for each in page.messages if each.sid not in owned and _can_be(attempt, each)]
    exact = [each for each in candidates if _normalize(each.text) == _normalize(attempt.text)]
    found = {each.sid: each for each in exact or candidates}
    if len(found) > 1:
        return Ambiguous(tuple(sorted(found)))
    is_whole = _is_whole(attempt, page)
    if not found or not is_whole:
        return NoCandidate(is_whole)
    (message,) = found.values()
    if (
        message.state is None or message.created_at is None
    ):  # not read well enough to prove anything, nor to be overlooked
        return Ambiguous((message.sid,))
    ending = SettledAs.FAILED if message.state in _FAILED else SettledAs.SENT
    return Settled(ending, message.sid, message.code if ending is SettledAs.FAILED else None)


def _can_be(attempt: TwilioAttempt, message: ListedMessage) -> bool:
    return (
        message.direction == OUTBOUND_API
        and message.recipient == attempt.recipient
        and _has_sender(attempt, message)
        and (message.created_at is None or attempt.earliest <= message.created_at <= attempt.latest)
        and _has_text(attempt, message)
    )


def _has_sender(attempt: TwilioAttempt, message: ListedMessage) -> bool:
    if attempt.service_sid is not None:  # which sender it chooses is not known before
        return message.service_sid == attempt.service_sid
    return message.sender in attempt.senders


def _has_text(attempt: TwilioAttempt, message: ListedMessage) -> bool:
    sent, listed = _normalize(attempt.text), _normalize(message.text)
    if sent == listed:
        return True
    # Other letters of the same number, in as many segments: what the account has made of the text.
    is_alike = len(sent) == len(listed) and attempt.segments is not None and attempt.segments == message.segments
    return attempt.may_be_rewritten and is_alike


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _is_whole(attempt: TwilioAttempt, page: MessagePage) -> bool:
    """Returns True if a page has all messages that can be the attempt's: it is the last, or goes back far enough. The newest come
    first."""
    if page.next_path is None:
        return True
    moments = [each.created_at for each in page.messages if each.created_at is not None]
    return bool(moments) and min(moments) < attempt.earliest
