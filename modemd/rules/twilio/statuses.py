"""Status of a message in Twilio's words, with the number of what went wrong."""

from __future__ import annotations

import re
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.rules.refusals import RefusalCode
from modemd.rules.states import MessageState
from modemd.rules.twilio.errors import TwilioCode, find_refusal_code


class TwilioStatus(StrEnum):
    """Status of a message, as Twilio's API has it."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """Facts about an outbound message that decide its status. `reason`: a `RefusalCode`, a word of modemd's, what the modem said
    (`+CMS ERROR: 28`), or the TP-Status of a report (`status_46`); `is_pinned`: one SIM was asked for; `is_closed`: nothing more
    is expected of the message."""

    state: MessageState
    reason: str | None = None
    is_pinned: bool = False
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class FoundStatus:
    """Status, and the number of the error with a sentence about it; both None if there is none."""

    status: TwilioStatus
    code: TwilioCode | None = None
    message: str | None = None


def find_status(facts: StatusFacts) -> FoundStatus:
    """Returns the status of an outbound message."""
    match facts.state:
        case MessageState.HELD if facts.reason == "scheduled":
            return FoundStatus(TwilioStatus.SCHEDULED)
        case MessageState.HELD:  # quiet hours, a quota, a wait before the next try: Twilio has no word for these
            return FoundStatus(TwilioStatus.ACCEPTED)
        case MessageState.QUEUED:
            return FoundStatus(TwilioStatus.QUEUED if facts.is_pinned else TwilioStatus.ACCEPTED)
        case MessageState.SENDING | MessageState.SENT | MessageState.DELIVERED:
            return FoundStatus(TwilioStatus(facts.state.value))
        case MessageState.UNKNOWN if not facts.is_closed:
            return FoundStatus(TwilioStatus.SENDING)
        case MessageState.UNKNOWN:
            text = "the modem never said what became of it; it may have arrived"
            return FoundStatus(TwilioStatus.UNDELIVERED, TwilioCode.UNKNOWN_ERROR, text)
        case MessageState.UNDELIVERED:
            return _describe(TwilioStatus.UNDELIVERED, _find_report_code(facts.reason), "the network gave it up")
        case MessageState.EXPIRED:
            text = RefusalCode.VALIDITY_OVER.sentence
            return FoundStatus(TwilioStatus.FAILED, TwilioCode.VALIDITY_OVER, text)
        case MessageState.CANCELLED if facts.reason not in set(RefusalCode):
            return FoundStatus(TwilioStatus.CANCELED)
        case MessageState.CANCELLED | MessageState.REFUSED:
            text = RefusalCode(facts.reason).sentence if facts.reason in set(RefusalCode) else "a rule refused it"
            return FoundStatus(TwilioStatus.FAILED, find_refusal_code(facts.reason), text)
        case MessageState.FAILED:
            return _describe(TwilioStatus.FAILED, _find_failure_code(facts.reason), facts.reason)


def _describe(status: TwilioStatus, code: TwilioCode, otherwise: str | None) -> FoundStatus:
    return FoundStatus(status, code, _SENTENCES.get(code) or otherwise or "the network refused it")


_SENTENCES = {
    TwilioCode.UNREACHABLE: "the telephone is off, or has no signal",
    TwilioCode.BLOCKED: "the telephone or the network blocks the message",
    TwilioCode.UNKNOWN_NUMBER: "the network does not know the number",
    TwilioCode.UNREACHABLE_NETWORK: "the number is in a network that cannot be reached, or cannot get messages",
}
# 3GPP TS 23.040 9.2.3.15.
_REPORT_CODES = {
    **dict.fromkeys((0x46, 0x61, 0x62, 0x65), TwilioCode.UNREACHABLE),
    **dict.fromkeys((0x42, 0x63), TwilioCode.BLOCKED),
    0x43: TwilioCode.UNKNOWN_NUMBER,
    **dict.fromkeys((0x41, 0x45), TwilioCode.UNREACHABLE_NETWORK),
}
# 3GPP TS 24.011 annex E.
_CMS_CODES = {
    27: TwilioCode.UNREACHABLE,
    **dict.fromkeys((8, 10, 21), TwilioCode.BLOCKED),
    **dict.fromkeys((1, 28, 30), TwilioCode.UNKNOWN_NUMBER),
    **dict.fromkeys((29, 50, 69), TwilioCode.UNREACHABLE_NETWORK),
}
_CMS_ERROR = re.compile(r"CMS ERROR: *([0-9]+)", re.ASCII)


_TP_STATUS = re.compile(r"status_([0-9A-F]{2})", re.ASCII)


def _find_report_code(reason: str | None) -> TwilioCode:
    found = _TP_STATUS.fullmatch(reason or "")
    return (
        _REPORT_CODES.get(int(found[1], 16), TwilioCode.UNKNOWN_ERROR)
        if found is not None
        else TwilioCode.UNKNOWN_ERROR
    )


def _find_failure_code(reason: str | None) -> TwilioCode:
    found = _CMS_ERROR.search(reason or "")
    return _CMS_CODES.get(int(found[1]), TwilioCode.UNKNOWN_ERROR) if found is not None else TwilioCode.UNKNOWN_ERROR
