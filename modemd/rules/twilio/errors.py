"""Errors as Twilio's API tells them: a number that programs compare, and its HTTP status."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self

from modemd.errors import ErrorCode, ModemdError
from modemd.rules.refusals import RefusalCode, find_twilio_code


class TwilioCode(IntEnum):
    """Number of an error, with the HTTP status by which it is answered (400 if none stands here)."""

    status: int

    def __new__(cls, code: int, status: int = 400) -> Self:
        """Makes a member that is its number, and has the status beside it."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.status = status
        return member

    BAD_CREDENTIALS = 20003, 401
    WRONG_METHOD = 20004, 405
    MAY_NOT = 20006, 403
    NOT_ENDED = 20009, 409
    NOT_FOUND = 20404, 404
    CONFLICT = 20409, 409
    BAD_PARAMETER = 20422, 422
    TOO_MANY_TRIES = 20429, 429
    INTERNAL = 20500, 500
    UNAVAILABLE = 20503, 503
    BAD_RECIPIENT = 21211
    COUNTRY_NOT_ALLOWED = 21408
    NO_SENDER = 21603
    NO_RECIPIENT = 21604
    NOT_OUR_NUMBER = 21606
    BAD_CALLBACK = 21609
    OPTED_OUT = 21610
    CANNOT_BE_SENT = 21612
    NO_MOBILE_NUMBER = 21614
    TOO_LONG = 21617
    NO_TEXT = 21619
    TOO_MANY_MEDIA = 21623
    NO_SUCH_SERVICE = 21701, 404
    UNREACHABLE = 30003
    BLOCKED = 30004
    UNKNOWN_NUMBER = 30005
    UNREACHABLE_NETWORK = 30006
    UNKNOWN_ERROR = 30008
    RATE_EXCEEDED = 30022
    VALIDITY_OVER = 30036
    TOO_LATE_TO_CANCEL = 30409, 409
    NO_SEND_AT = 35111
    SEND_AT_TOO_EARLY = 35114
    SEND_AT_TOO_LATE = 35117


class TwilioError(ModemdError):
    """Request of Twilio's API that is not accepted."""

    def __init__(self, code: TwilioCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


# What the rules of modemd have no number for. All other codes are a wrong parameter.
_CODES = {
    ErrorCode.BAD_TEXT: TwilioCode.TOO_LONG,
    ErrorCode.EMPTY_TEXT: TwilioCode.NO_TEXT,
    ErrorCode.IN_THE_PAST: TwilioCode.SEND_AT_TOO_EARLY,
    ErrorCode.BAD_TIME: TwilioCode.SEND_AT_TOO_EARLY,
    ErrorCode.TOO_FAR: TwilioCode.SEND_AT_TOO_LATE,
    ErrorCode.NOT_FOUND: TwilioCode.NOT_FOUND,
    ErrorCode.KEY_REUSED: TwilioCode.CONFLICT,
    ErrorCode.ON_ITS_WAY: TwilioCode.NOT_ENDED,
    ErrorCode.TOO_LATE: TwilioCode.TOO_LATE_TO_CANCEL,
    ErrorCode.OPTED_OUT: TwilioCode.OPTED_OUT,
    ErrorCode.FORBIDDEN: TwilioCode.MAY_NOT,
    ErrorCode.BUDGET_SPENT: TwilioCode.TOO_MANY_TRIES,
    ErrorCode.RATE_LIMITED: TwilioCode.TOO_MANY_TRIES,
}
_BY_STATUS = {
    401: TwilioCode.BAD_CREDENTIALS,
    403: TwilioCode.MAY_NOT,
    404: TwilioCode.NOT_FOUND,
    405: TwilioCode.WRONG_METHOD,
    409: TwilioCode.CONFLICT,
    429: TwilioCode.TOO_MANY_TRIES,
    500: TwilioCode.INTERNAL,
    503: TwilioCode.UNAVAILABLE,
}


def find_code(code: StrEnum) -> TwilioCode:
    """Returns the number of an error of modemd's. One without a number of its own has that of its HTTP status."""
    number = find_twilio_code(code) if isinstance(code, ErrorCode | RefusalCode) else None
    if number is not None:
        return TwilioCode(number)
    if isinstance(code, ErrorCode):
        otherwise = TwilioCode.UNAVAILABLE if code.status >= 500 else TwilioCode.BAD_PARAMETER
        return _CODES.get(code) or _BY_STATUS.get(code.status, otherwise)
    return TwilioCode.BAD_PARAMETER


def find_refusal_code(reason: str | None) -> TwilioCode:
    """Returns the number for a message that a rule has refused for this reason. One that Twilio has no number for: the message
    cannot be sent to this recipient."""
    known = find_twilio_code(RefusalCode(reason)) if reason in set(RefusalCode) else None
    return TwilioCode(known) if known is not None else TwilioCode.CANNOT_BE_SENT
