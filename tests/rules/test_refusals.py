"""Codes of refusals: stable, told to a person, and mapped to Twilio's numbers."""

from __future__ import annotations

import re

import pytest

from modemd.errors import ErrorCode
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.rules.quotas import Period
from modemd.rules.refusals import RefusalCode, find_twilio_code
from modemd.rules.send_decision import OUTSIDE_WINDOW
from modemd.rules.sending_rules import ContactFacts, SendingRules

# Programs compare these: a code that is here stays.
CODES = """
    opted_out list_opted_out not_opted_in pending under_review country_not_allowed premium_number satellite_number landline
    too_long quiet_hours public_holiday zone_unknown holidays_unknown outside_window frequency_cap quota_hour quota_day
    quota_month marketing_brake warm_up roaming validity_over superseded
"""


def test_codes_are_stable() -> None:
    """None disappears or is spelt anew; a new one is added to the list."""
    assert list(RefusalCode) == CODES.split()


@pytest.mark.parametrize("code", RefusalCode)
def test_each_code_says_why_and_what_to_do(code: RefusalCode) -> None:
    """In clauses that a sentence can go round: a small letter first, and no stop."""
    for clause in (code.sentence, code.remedy):
        assert re.fullmatch(r"[a-z](?!.*\.$).{10,110}", clause), clause


@pytest.mark.parametrize("code", RefusalCode)
def test_what_is_held_can_go_later(code: RefusalCode) -> None:
    """A final code ends the message. The rules that hold say so by their codes."""
    held = (
        "under_review quiet_hours public_holiday zone_unknown holidays_unknown outside_window frequency_cap quota_hour "
        "quota_day quota_month marketing_brake warm_up roaming"
    )
    assert code.is_final is (code not in held.split())


def test_the_rules_use_these_codes() -> None:
    """What other rules give as a reason is one of them."""
    reasons = [*(f"quota_{period}" for period in Period), OUTSIDE_WINDOW, "marketing_brake", "warm_up"]
    assert [RefusalCode(reason) for reason in reasons] == reasons
    objection = SendingRules().find_objection(MessageClass.MARKETING, "+33612345678", ContactFacts(Marketing.OPTED_OUT))
    assert objection is RefusalCode.OPTED_OUT


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (RefusalCode.OPTED_OUT, 21610), (RefusalCode.LIST_OPTED_OUT, 21610), (RefusalCode.NOT_OPTED_IN, 21610),
        (RefusalCode.COUNTRY_NOT_ALLOWED, 21408), (RefusalCode.LANDLINE, 21614), (RefusalCode.FREQUENCY_CAP, 30022),
        (RefusalCode.QUIET_HOURS, None), (ErrorCode.BAD_NUMBER, 21211), (ErrorCode.NOT_POSSIBLE, 21211),
        (ErrorCode.EMPTY_TEXT, 21619), (ErrorCode.DISK_FULL, None),
    ],
)  # fmt: skip
def test_twilio_has_numbers_for_them(code: RefusalCode | ErrorCode, number: int | None) -> None:
    """Those that client programs test: opted out, country not allowed, not a mobile, invalid To."""
    assert find_twilio_code(code) == number
