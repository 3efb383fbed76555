"""Refusal codes: every reason for which a rule refuses, cancels or holds a message, with what a person should know about it.

The codes are stable: programs compare them. The `reason` of a message is one of them, or it comes from a person (`by_hand`), the
network or a modem. The table in docs/states.md is made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from modemd.errors import ErrorCode
from modemd.light_dataclass import dataclass


class RefusalCode(StrEnum):
    """Reason for which a rule refuses, cancels or holds a message."""

    # Consent.
    OPTED_OUT = "opted_out"
    LIST_OPTED_OUT = "list_opted_out"
    NOT_OPTED_IN = "not_opted_in"
    PENDING = "pending"
    UNDER_REVIEW = "under_review"
    # The number.
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    PREMIUM_NUMBER = "premium_number"
    SATELLITE_NUMBER = "satellite_number"
    LANDLINE = "landline"
    # The text.
    TOO_LONG = "too_long"
    # Hours.
    QUIET_HOURS = "quiet_hours"
    PUBLIC_HOLIDAY = "public_holiday"
    ZONE_UNKNOWN = "zone_unknown"
    HOLIDAYS_UNKNOWN = "holidays_unknown"
    OUTSIDE_WINDOW = "outside_window"
    # Amounts.
    FREQUENCY_CAP = "frequency_cap"
    QUOTA_HOUR = "quota_hour"
    QUOTA_DAY = "quota_day"
    QUOTA_MONTH = "quota_month"
    MARKETING_BRAKE = "marketing_brake"
    WARM_UP = "warm_up"
    ROAMING = "roaming"
    # Time.
    VALIDITY_OVER = "validity_over"
    SUPERSEDED = "superseded"

    @property
    def sentence(self) -> str:
        """Says why, in words that go after "because"."""
        return _ADVICE[self].sentence

    @property
    def remedy(self) -> str:
        """Says what a person can do."""
        return _ADVICE[self].remedy

    @property
    def is_final(self) -> bool:
        """True if the message is refused, or ends if it was accepted before. False: it waits."""
        return _ADVICE[self].is_final


@dataclass(frozen=True, slots=True)
class RefusalAdvice:
    """Advice on a code: why, and what a person can do. `is_final`: see `RefusalCode.is_final`. `twilio_code`: the number that
    Twilio's API has for it; None if there is none."""

    sentence: str
    remedy: str
    is_final: bool = True
    twilio_code: int | None = None


_ADVICE: Mapping[RefusalCode, RefusalAdvice] = MappingProxyType(
    {
        RefusalCode.OPTED_OUT: RefusalAdvice(
            "the person has opted out",
            "do not write to them; only they can come back, by START or UNSTOP",
            twilio_code=21610,
        ),
        RefusalCode.LIST_OPTED_OUT: RefusalAdvice(
            "the person has opted out of this list",
            "leave them off this list; other lists are not affected",
            twilio_code=21610,
        ),
        RefusalCode.NOT_OPTED_IN: RefusalAdvice(
            "the person has not agreed to marketing, and the configuration demands it",
            "ask them to opt in; if they did so elsewhere, record that with its evidence",
            twilio_code=21610,
        ),
        RefusalCode.PENDING: RefusalAdvice(
            "the person was asked whether they agree, and has not said yes yet",
            "wait for their answer; without it, no marketing goes to them",
            twilio_code=21610,
        ),
        RefusalCode.UNDER_REVIEW: RefusalAdvice(
            "the person wrote something that may mean STOP",
            "read it, and decide: until then marketing to them waits",
            is_final=False,
        ),
        RefusalCode.COUNTRY_NOT_ALLOWED: RefusalAdvice(
            "the number is in a country that is not allowed",
            "if you mean to write there, add the country to geography.countries",
            twilio_code=21408,
        ),
        RefusalCode.PREMIUM_NUMBER: RefusalAdvice(
            "the number is a premium-rate number, or of another kind that costs the sender",
            "use a mobile number of the person; if you must, set geography.premium to allow",
            twilio_code=21408,
        ),
        RefusalCode.SATELLITE_NUMBER: RefusalAdvice(
            "the number belongs to no country: it is a satellite phone or a worldwide service, which costs much",
            "if you need it, set geography.satellite to allow",
            twilio_code=21408,
        ),
        RefusalCode.LANDLINE: RefusalAdvice(
            "the number is a landline, which mostly gets no SMS",
            "use a mobile number; or set geography.landlines to warn",
            twilio_code=21614,
        ),
        RefusalCode.TOO_LONG: RefusalAdvice(
            "with its opt-out notice, the text is longer than a message can be",
            "shorten the text, or write into it how to end such messages",
            twilio_code=21617,
        ),
        RefusalCode.QUIET_HOURS: RefusalAdvice(
            "it is a quiet hour where the person lives",
            "wait: the message goes when the quiet hours end",
            is_final=False,
        ),
        RefusalCode.PUBLIC_HOLIDAY: RefusalAdvice(
            "it is a public holiday or a closed day where the person lives",
            "wait: the message goes on the next day that is open",
            is_final=False,
        ),
        RefusalCode.ZONE_UNKNOWN: RefusalAdvice(
            "nobody knows which time it is where the person lives",
            "set the time zone of the contact, or one for the country",
            is_final=False,
        ),
        RefusalCode.HOLIDAYS_UNKNOWN: RefusalAdvice(
            "the public holidays of the country are not known for this year",
            "wait: they are computed in the background; or add them by hand",
            is_final=False,
        ),
        RefusalCode.OUTSIDE_WINDOW: RefusalAdvice(
            "the window of the message is closed",
            "wait for its opening; or submit the message with another window",
            is_final=False,
        ),
        RefusalCode.FREQUENCY_CAP: RefusalAdvice(
            "the number got as much marketing as consent.caps allows",
            "wait: the message goes as soon as the cap allows it",
            is_final=False,
            twilio_code=30022,
        ),
        RefusalCode.QUOTA_HOUR: RefusalAdvice(
            "the quota of the SIM for an hour is used up",
            "wait for the next hour, or raise limits.hour",
            is_final=False,
        ),
        RefusalCode.QUOTA_DAY: RefusalAdvice(
            "the quota of the SIM for a day is used up",
            "wait for the next day, or raise limits.day",
            is_final=False,
        ),
        RefusalCode.QUOTA_MONTH: RefusalAdvice(
            "the quota of the SIM for a month is used up",
            "wait for the next month, or raise limits.month",
            is_final=False,
        ),
        RefusalCode.MARKETING_BRAKE: RefusalAdvice(
            "the SIM has sent as much marketing as it may in an hour",
            "wait for the next hour, or raise limits.marketing_per_hour",
            is_final=False,
        ),
        RefusalCode.WARM_UP: RefusalAdvice(
            "the SIM is new and has sent as much as it may today",
            "wait for the next day, or change limits.warm_up",
            is_final=False,
        ),
        RefusalCode.ROAMING: RefusalAdvice(
            "the SIM is in a foreign network, where marketing waits",
            "wait until it is home, or set marketing_while_roaming",
            is_final=False,
        ),
        RefusalCode.VALIDITY_OVER: RefusalAdvice(
            "the time was over in which the message was worth sending",
            "submit it again if it still is; --valid gives it more time",
            twilio_code=30036,
        ),
        RefusalCode.SUPERSEDED: RefusalAdvice(
            "the person wrote again before this confirmation went out",
            "do nothing: the newer confirmation goes instead",
        ),
    }
)
# What `parse_recipient` and the check of the text refuse.
_TWILIO_CODES_OF_ERRORS = {
    ErrorCode.BAD_NUMBER: 21211,
    ErrorCode.EMERGENCY_NUMBER: 21211,
    ErrorCode.EMPTY_TEXT: 21619,
    ErrorCode.NEEDS_COUNTRY: 21211,
    ErrorCode.NOT_POSSIBLE: 21211,
    ErrorCode.SHORT_CODE_NOT_ALLOWED: 21211,
}


def find_twilio_code(code: RefusalCode | ErrorCode) -> int | None:
    """Returns the number that Twilio's API has for a reason; None if it has none."""
    return _ADVICE[code].twilio_code if isinstance(code, RefusalCode) else _TWILIO_CODES_OF_ERRORS.get(code)
