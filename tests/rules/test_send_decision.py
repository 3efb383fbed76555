"""The last look before a part goes on the air."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import ConsentPolicy, Marketing
from modemd.rules.send_decision import SendDecision, SendFacts, SendVerdict, decide
from modemd.rules.sending_rules import ContactFacts, SendingRules

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FACTS = SendFacts(
    message_class=MessageClass.MARKETING,
    number="+33612345678",
    contact=ContactFacts(),
    expires_at=NOW + timedelta(hours=1),
    is_started=False,
)
STOPPED = ContactFacts(Marketing.OPTED_OUT)
RULES = SendingRules()
ANYBODY = ConsentPolicy()
OPTED_IN_ONLY = ConsentPolicy(marketing_needs_opt_in=True)
NOT_IN_NORTH_AMERICA = ConsentPolicy(transactional_after_stop={"+1": False, "+1876": True, "+44": True})


@pytest.mark.parametrize(
    ("policy", "marketing", "objection"),
    [
        pytest.param(ANYBODY, Marketing.UNKNOWN, None, id="said nothing"),
        pytest.param(ANYBODY, Marketing.OPTED_IN, None, id="said yes"),
        pytest.param(ANYBODY, Marketing.OPTED_OUT, "opted_out", id="said STOP"),
        pytest.param(OPTED_IN_ONLY, Marketing.UNKNOWN, "not_opted_in", id="said nothing, yes is needed"),
        pytest.param(OPTED_IN_ONLY, Marketing.OPTED_IN, None, id="said yes, yes is needed"),
        pytest.param(OPTED_IN_ONLY, Marketing.OPTED_OUT, "opted_out", id="said STOP, yes is needed"),
    ],
)
def test_marketing_needs_what_the_policy_says(
    policy: ConsentPolicy, marketing: Marketing, objection: str | None
) -> None:
    """Marketing never goes to somebody who said STOP, and under `opted_in` only to somebody who said yes."""
    assert policy.find_objection(MessageClass.MARKETING, "+33612345678", marketing) == objection


@pytest.mark.parametrize(
    ("number", "objection"),
    [
        pytest.param("+12125550123", "opted_out", id="listed as refused"),
        pytest.param("+18765550123", None, id="the longest prefix wins"),
        pytest.param("+447700900123", None, id="listed as allowed"),
        pytest.param("+33612345678", None, id="not listed"),
        pytest.param("12125", None, id="a short code has no prefix"),
    ],
)
def test_transactional_after_stop_is_told_by_prefix(number: str, objection: str | None) -> None:
    """After STOP the longest listed calling prefix says whether a transactional message may go; unlisted ones may."""
    assert NOT_IN_NORTH_AMERICA.find_objection(MessageClass.TRANSACTIONAL, number, Marketing.OPTED_OUT) == objection


@pytest.mark.parametrize("marketing", [Marketing.UNKNOWN, Marketing.OPTED_IN])
def test_transactional_needs_no_consent_before_stop(marketing: Marketing) -> None:
    """The prefix rule binds only after STOP."""
    assert NOT_IN_NORTH_AMERICA.find_objection(MessageClass.TRANSACTIONAL, "+12125550123", marketing) is None


@pytest.mark.parametrize(
    "message_class", [MessageClass.ALARM, MessageClass.OTP, MessageClass.SYSTEM, MessageClass.CONVERSATIONAL]
)
def test_other_classes_are_not_bound_by_stop(message_class: MessageClass) -> None:
    """Alarms, codes, answers and our own confirmations go out after STOP."""
    policy = ConsentPolicy(marketing_needs_opt_in=True, transactional_after_stop={"+": False})
    assert policy.find_objection(message_class, "+12125550123", Marketing.OPTED_OUT) is None


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        pytest.param(FACTS, SendDecision(SendVerdict.SEND), id="nothing speaks against it"),
        pytest.param(
            replace(FACTS, contact=STOPPED),
            SendDecision(SendVerdict.CANCEL, "opted_out"),
            id="after STOP",
        ),
        pytest.param(
            replace(FACTS, contact=STOPPED, is_started=True),
            SendDecision(SendVerdict.CANCEL, "opted_out"),
            id="after STOP in the middle",
        ),
        pytest.param(
            replace(FACTS, contact=STOPPED, expires_at=NOW),
            SendDecision(SendVerdict.CANCEL, "opted_out"),
            id="STOP goes before every other reason",
        ),
        pytest.param(
            replace(FACTS, expires_at=NOW), SendDecision(SendVerdict.EXPIRE, "validity_over"), id="validity ends now"
        ),
        pytest.param(
            replace(FACTS, expires_at=NOW + timedelta(microseconds=1)),
            SendDecision(SendVerdict.SEND),
            id="just still valid",
        ),
        pytest.param(
            replace(FACTS, expires_at=NOW, is_started=True),
            SendDecision(SendVerdict.SEND),
            id="expiry does not cut a message",
        ),
        pytest.param(
            replace(FACTS, expires_at=NOW),
            SendDecision(SendVerdict.EXPIRE, "validity_over"),
            id="expired though it waits its turn",
        ),
    ],
)
def test_the_last_look(facts: SendFacts, decision: SendDecision) -> None:
    """Consent binds every part, validity the first."""
    assert decide(facts, RULES, NOW) == decision


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        pytest.param(FACTS, SendVerdict.WAIT, id="marketing waits"),
        pytest.param(replace(FACTS, is_started=True), SendVerdict.WAIT, id="so does its rest"),
        pytest.param(replace(FACTS, contact=STOPPED), SendVerdict.CANCEL, id="STOP binds as ever"),
        pytest.param(
            replace(FACTS, message_class=MessageClass.OTP, expires_at=NOW - timedelta(days=3)), SendVerdict.SEND,
            id="nothing expires",
        ),
        pytest.param(replace(FACTS, message_class=MessageClass.ALARM), SendVerdict.SEND, id="alarms go on"),
    ],
)  # fmt: skip
def test_the_last_look_by_a_clock_that_is_not_trusted(facts: SendFacts, verdict: SendVerdict) -> None:
    """Marketing waits, expiry is not judged, all others go on."""
    assert decide(facts, RULES, NOW, trusted=False).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        pytest.param(FACTS, SendVerdict.WAIT, id="marketing"),
        pytest.param(replace(FACTS, is_started=True), SendVerdict.SEND, id="the rest of one that began at home"),
        pytest.param(replace(FACTS, expires_at=NOW), SendVerdict.EXPIRE, id="marketing that is over"),
        pytest.param(replace(FACTS, contact=STOPPED), SendVerdict.CANCEL, id="marketing after STOP"),
        pytest.param(replace(FACTS, message_class=MessageClass.TRANSACTIONAL), SendVerdict.SEND, id="not marketing"),
    ],
)
def test_a_sim_that_holds_marketing_begins_none(facts: SendFacts, verdict: SendVerdict) -> None:
    """It waits for another SIM, or for this one to be home; STOP and validity bind all the same."""
    assert decide(facts, RULES, NOW, marketing_waits=True).verdict is verdict
