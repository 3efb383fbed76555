"""Consent against classes: who may be sent what, also by list."""

from __future__ import annotations

from itertools import product

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import ConsentPolicy, Marketing
from modemd.rules.refusals import RefusalCode

ALICE = "+33612345678"
UNKNOWN, PENDING, IN, OUT = Marketing.UNKNOWN, Marketing.PENDING, Marketing.OPTED_IN, Marketing.OPTED_OUT
LAX, STRICT = ConsentPolicy(), ConsentPolicy(marketing_needs_opt_in=True)


@pytest.mark.parametrize(
    ("marketing", "list_state", "lax", "strict"),
    [
        (UNKNOWN, None, None, "not_opted_in"),
        (PENDING, None, "pending", "pending"),
        (IN, None, None, None),
        (OUT, None, "opted_out", "opted_out"),
        (UNKNOWN, UNKNOWN, None, "not_opted_in"),
        (UNKNOWN, PENDING, "pending", "pending"),
        (UNKNOWN, IN, None, None),
        (UNKNOWN, OUT, "list_opted_out", "list_opted_out"),
        (PENDING, UNKNOWN, "pending", "pending"),
        (PENDING, IN, None, None),
        (PENDING, OUT, "list_opted_out", "list_opted_out"),
        (IN, UNKNOWN, None, None),
        (IN, PENDING, "pending", "pending"),
        (IN, OUT, "list_opted_out", "list_opted_out"),
        (OUT, UNKNOWN, "opted_out", "opted_out"),
        (OUT, IN, "opted_out", "opted_out"),
        (OUT, OUT, "opted_out", "opted_out"),
    ],
)
def test_marketing_by_statement_and_list(
    marketing: Marketing, list_state: Marketing | None, lax: str | None, strict: str | None
) -> None:
    """A STOP wins over all; then the list's own statement; an opt-in to the list suffices where one is needed."""
    for policy, objection in ((LAX, lax), (STRICT, strict)):
        assert policy.find_objection(MessageClass.MARKETING, ALICE, marketing, list_state) == objection


@pytest.mark.parametrize("message_class", [each for each in MessageClass if each is not MessageClass.MARKETING])
def test_lists_bind_marketing_only(message_class: MessageClass) -> None:
    """An alarm, an OTP or an order goes whatever was said about lists."""
    for policy, marketing, list_state in product((LAX, STRICT), Marketing, (None, *Marketing)):
        assert policy.find_objection(message_class, ALICE, marketing, list_state) is None


def test_an_order_after_stop_by_country() -> None:
    """The longest prefix decides about transactional messages; the code is that of the STOP."""
    policy = ConsentPolicy(transactional_after_stop={"+1": False, "+1416": True})
    for number, objection in (
        ("+12025550123", RefusalCode.OPTED_OUT),
        ("+14165550123", None),
        (ALICE, None),
    ):
        assert policy.find_objection(MessageClass.TRANSACTIONAL, number, OUT) is objection
