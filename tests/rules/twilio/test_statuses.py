"""Statuses."""

from __future__ import annotations

import pytest

from modemd.rules.refusals import RefusalCode
from modemd.rules.states import FINAL_MESSAGES, MessageState
from modemd.rules.twilio.statuses import StatusFacts, TwilioStatus, find_status

S = MessageState


@pytest.mark.parametrize(
    ("facts", "status", "code"),
    [
        pytest.param(StatusFacts(S.QUEUED), "accepted", None, id="the pool has not chosen yet"),
        pytest.param(StatusFacts(S.QUEUED, is_pinned=True), "queued", None, id="a number was asked for"),
        pytest.param(StatusFacts(S.HELD, "scheduled", is_pinned=True), "scheduled", None, id="at a time"),
        pytest.param(StatusFacts(S.HELD, "quiet_hours"), "accepted", None, id="quiet hours"),
        pytest.param(StatusFacts(S.SENDING), "sending", None, id="on the air"),
        pytest.param(StatusFacts(S.SENT), "sent", None, id="no report yet"),
        pytest.param(StatusFacts(S.SENT, is_closed=True), "sent", None, id="no report is no failure"),
        pytest.param(StatusFacts(S.DELIVERED), "delivered", None, id="delivered"),
        pytest.param(StatusFacts(S.UNKNOWN, "no_answer"), "sending", None, id="unknown, may be settled"),
        pytest.param(StatusFacts(S.UNKNOWN, "no_answer", is_closed=True), "undelivered", 30008, id="unknown for good"),
        pytest.param(StatusFacts(S.UNDELIVERED, "status_43"), "undelivered", 30005, id="not obtainable"),
        pytest.param(StatusFacts(S.UNDELIVERED, "status_46"), "undelivered", 30003, id="off for too long"),
        pytest.param(StatusFacts(S.UNDELIVERED, "status_42"), "undelivered", 30004, id="rejected"),
        pytest.param(StatusFacts(S.UNDELIVERED), "undelivered", 30008, id="nobody says why"),
        pytest.param(StatusFacts(S.FAILED, "+CMS ERROR: 28"), "failed", 30005, id="unknown number"),
        pytest.param(StatusFacts(S.FAILED, "+CMS ERROR: 96"), "failed", 30008, id="another refusal"),
        pytest.param(StatusFacts(S.FAILED), "failed", 30008, id="failed without a reason"),
        pytest.param(StatusFacts(S.EXPIRED, "validity_over"), "failed", 30036, id="expired"),
        pytest.param(StatusFacts(S.CANCELLED, "by_hand"), "canceled", None, id="by a person"),
        pytest.param(StatusFacts(S.CANCELLED, "opted_out"), "failed", 21610, id="by a STOP"),
        pytest.param(StatusFacts(S.REFUSED, "opted_out"), "failed", 21610, id="refused"),
        pytest.param(StatusFacts(S.REFUSED), "failed", 21612, id="refused without a reason"),
    ],
)
def test_a_state_is_a_status(facts: StatusFacts, status: str, code: int | None) -> None:
    """With the number of what went wrong, and a sentence about it."""
    found = find_status(facts)
    assert (found.status, found.code) == (status, code)
    assert (found.message is None) == (code is None)


@pytest.mark.parametrize("state", MessageState)
@pytest.mark.parametrize("reason", [None, "by_hand", *RefusalCode])
def test_every_state_has_a_status(state: MessageState, reason: str | None) -> None:
    """Whatever its reason; a final one has a final status."""
    waiting = {TwilioStatus.ACCEPTED, TwilioStatus.SCHEDULED, TwilioStatus.QUEUED, TwilioStatus.SENDING}
    found = find_status(StatusFacts(state, reason))
    assert (found.status in waiting) == (state not in FINAL_MESSAGES and state is not S.SENT)
