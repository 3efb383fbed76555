"""Mistakes against the limits of marketing and of numbers: frequency caps, countries, premium rate."""

from __future__ import annotations

from tests.sim.mutants.sources import SourceMutant as Mutant

_CAPS = "tests/rules/consent/test_caps.py tests/store/consent/test_marketing_history.py"
_GEOGRAPHY = "tests/rules/geography"

MUTANTS = (
    Mutant(
        "cap_by_segments",
        "a frequency cap counts the parts of a message, not the message",
        "store/consent/marketing_history.py",
        'message = row["id"]',
        'message = row["opened_at"]',
        _CAPS,
    ),
    Mutant(
        "cap_without_the_open",
        "an attempt on the air does not count for a frequency cap",
        "store/consent/marketing_history.py",
        "m.closed_at IS NULL\n      AND a.outcome IN ('open', 'sent', 'unknown')",
        "m.closed_at IS NULL\n      AND a.outcome IN ('sent', 'unknown')",
        _CAPS,
    ),
    Mutant(
        "cap_with_the_refused",
        "a refused attempt counts for a frequency cap",
        "store/consent/marketing_history.py",
        "m.closed_at IS NULL\n      AND a.outcome IN ('open', 'sent', 'unknown')",
        "m.closed_at IS NULL\n      AND a.outcome IN ('open', 'sent', 'unknown', 'refused')",
        _CAPS,
    ),
    Mutant(
        "cap_of_the_last_days_messages",
        "a frequency cap forgets a message when it is closed",
        "store/consent/marketing_history.py",
        "AND m.closed_at > :since\n      AND a.outcome IN ('open', 'sent', 'unknown')",
        "AND m.closed_at > :since\n      AND a.outcome IN ('open')",
        _CAPS,
    ),
    Mutant(
        "cap_of_one_more",
        "a frequency cap lets one message more pass",
        "rules/consent/caps.py",
        "latest[cap.count - 1] + cap.per",
        "latest[-1] + cap.per",
        _CAPS,
    ),
    Mutant(
        "cap_until_the_first_end",
        "of two frequency caps the earlier end counts",
        "rules/consent/caps.py",
        "until > hold.until",
        "until < hold.until",
        _CAPS,
    ),
    Mutant(
        "caribbean_is_the_united_states",
        "a number has the main country of its calling code",
        "rules/geography/number_kinds.py",
        "region = phonenumbers.region_code_for_number(parsed)",
        "region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)",
        _GEOGRAPHY,
    ),
    Mutant(
        "answers_to_premium_rate",
        "an answer goes to a premium-rate number",
        "rules/geography/geography.py",
        "found.kind is NumberKind.PREMIUM and not self.is_premium_allowed",
        "found.kind is NumberKind.PREMIUM and not (self.is_premium_allowed or message_class in _ANSWERS)",
        _GEOGRAPHY,
    ),
    Mutant(
        "otp_to_every_alarm_number",
        "every class goes to the numbers that are configured for alarms",
        "rules/geography/geography.py",
        "message_class is MessageClass.ALARM and number in self.alarm_numbers",
        "number in self.alarm_numbers",
        _GEOGRAPHY,
    ),
    Mutant(
        "list_opt_out_forgotten",
        "an opt-out of a list does not bind who has opted in to marketing",
        "rules/consent/policy.py",
        "if list_state is Marketing.OPTED_OUT:",
        "if list_state is Marketing.OPTED_OUT and marketing is not Marketing.OPTED_IN:",
        "tests/rules/consent/test_policy.py",
    ),
)
