"""What became of an attempt, and what follows for its part and message."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.retry import ErrorClass, retry_at
from modemd.rules.sending_rules import SendingRules
from modemd.store import listings
from modemd.store.events import Authorship
from modemd.store.inbound import status_reports
from modemd.store.outbox import decisions
from modemd.store.queue import outcomes
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult
from tests.store.bench import ALICE, BOB, EAST, START, WEST, Bench, Retry

WORD = Authorship("alice", "the modem was in a wrong state")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def test_accepted(bench: Bench) -> None:
    """`+CMGS` makes a part sent; the message is sent with its last part, and that moment is kept."""
    message = bench.submit(parts=2)
    claim = bench.send(reference=41)
    assert bench.state(message) == "sending"
    bench.passes(seconds=3)
    bench.send(reference=42)
    attempt, row = bench.attempt(claim), bench.message(message)
    assert (attempt["outcome"], attempt["reference"], attempt["written_at"]) == (
        "sent",
        41,
        START.isoformat("T", "microseconds"),
    )
    assert (row["state"], row["sent_at"], row["closed_at"]) == ("sent", bench.now.isoformat("T", "microseconds"), None)


def test_no_answer(bench: Bench) -> None:
    """A part that was written and never answered is unknown, with the reason, and blocks nothing."""
    message = bench.submit()
    bench.lose()
    row = bench.message(message)
    assert (row["state"], row["reason"], row["sent_at"]) == ("unknown", "no_answer", None)


def test_an_unknown_part_does_not_stop_the_others(bench: Bench) -> None:
    """The rest of a message goes on, and the whole is unknown until the part is settled."""
    message = bench.submit(parts=3)
    bench.send()
    bench.lose()
    bench.send()
    assert (bench.parts(message), bench.state(message)) == (["sent", "unknown", "sent"], "unknown")


def test_withdrawn(bench: Bench) -> None:
    """A claim of which no octet was written leaves no trace but its row: the message is any SIM's again, as if untouched."""
    message = bench.submit(ALICE, parts=2)
    claim = bench.claimed(WEST)
    bench.close(claim, AttemptResult.WITHDRAWN)
    part = bench.part(message)
    assert (bench.state(message), part["tries"], bench.lane(message)) == ("queued", 0, "any")
    assert bench.message(message)["sim"] is None
    assert bench.attempt(claim)["outcome"] == "withdrawn"
    assert bench.claimed(EAST).candidate.reference == 2


def test_a_withdrawn_rest_stays_where_it_began(bench: Bench) -> None:
    """Once a part has left, a withdrawn one waits for the same SIM."""
    message = bench.submit(parts=2)
    bench.send(WEST)
    bench.close(bench.claimed(WEST), AttemptResult.WITHDRAWN)
    assert (bench.candidates(EAST), bench.candidates(WEST)) == ([], [message])


def test_a_withdrawn_message_expires_as_before(bench: Bench) -> None:
    """A claim that came to nothing gives no day more."""
    message = bench.submit(valid=HOUR)
    bench.close(bench.claimed(), AttemptResult.WITHDRAWN)
    bench.passes(hours=1)
    assert (bench.claim(), bench.state(message)) == (None, "expired")


def test_refused_for_now(bench: Bench) -> None:
    """A part that is refused for now waits with its rest until the moment the rule names, and any SIM may try then."""
    message = bench.submit(ALICE, parts=2)
    bench.close(bench.claimed(WEST), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + MINUTE)
    row = bench.message(message)
    assert (row["state"], row["reason"], row["sim"]) == ("held", "+CMS ERROR: 38", None)
    assert bench.parts(message) == ["held", "held"]
    assert bench.next_due() == bench.now + MINUTE
    bench.passes(minutes=1)
    bench.promote()
    assert bench.claimed(EAST).candidate.seq == 1


def test_the_rule_of_retry_is_told_tries_and_validity(bench: Bench) -> None:
    """The rule gets how often the part was tried, this time counted, and when its message ends."""
    bench.submit(valid=HOUR)
    told = []

    def retry(tries: int, expires_at: object) -> None:
        told.append((tries, expires_at))

    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=retry)
    assert told == [(1, START + HOUR)]


def again(bench: Bench) -> Retry:
    """The service's rule for a busy network."""
    return lambda tries, expires_at: retry_at(ErrorClass.LATER, tries, bench.now, expires_at, 0.5)


def test_back_off_until_validity_ends_expires(bench: Bench) -> None:
    """What is refused for now until its validity ends is expired, not failed: the network never refused it for good."""
    message = bench.submit(valid=timedelta(minutes=5))
    for minutes in (1, 4):
        bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=again(bench))
        assert bench.state(message) == "held"
        assert bench.next_due() == bench.now + timedelta(minutes=minutes)
        bench.passes(minutes=minutes)
        bench.promote()
        bench.expire()
    row = bench.message(message)
    assert (row["state"], row["reason"]) == ("expired", "validity_over")
    assert bench.now == START + timedelta(minutes=5)


def test_a_rest_is_tried_again_past_the_validity(bench: Bench) -> None:
    """When a part has left, its rest has a day longer: a refusal then puts it off, and does not fail the message."""
    message = bench.submit(parts=2, valid=timedelta(minutes=2))
    bench.send()
    bench.passes(seconds=90)
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=again(bench))
    assert (bench.parts(message), bench.next_due()) == (["sent", "held"], bench.now + MINUTE)


def test_a_refused_repeat_goes_back_to_unknown_at_the_end(bench: Bench) -> None:
    """A repeat that cannot be sent before the validity ends leaves its part as unknown as it was."""
    message = bench.submit(message_class=MessageClass.OTP, valid=timedelta(minutes=1))
    bench.lose()
    bench.passes(seconds=20)
    bench.promote()
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=again(bench))
    bench.passes(seconds=40)
    bench.promote()
    bench.expire()
    assert bench.state(message) == "unknown"


def test_a_try_without_network_does_not_count(bench: Bench) -> None:
    """A refusal because the modem has lost the network puts a part off, uses up no try, and frees it for every SIM."""
    message = bench.submit()
    outcome = AttemptOutcome(
        bench.claimed(WEST).attempt_id,
        AttemptResult.REFUSED,
        find_retry_time=lambda *_: bench.now + MINUTE,
        is_counted=False,
    )
    outcomes.close_attempt(bench.db, outcome, bench.now)
    assert (bench.state(message), bench.part(message)["tries"]) == ("held", 0)
    bench.passes(minutes=1)
    bench.promote()
    assert bench.candidates(EAST) == [message]


def test_the_story_says_until_when_and_why_that_sim(bench: Bench) -> None:
    """A part that is put off says until when; a claim says why that SIM has it."""
    message = bench.submit(parts=2)
    bench.send(WEST)
    bench.close(bench.claimed(WEST), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=again(bench))
    bench.submit(BOB, pinned=EAST)
    bench.claimed(EAST)
    story = listings.list_events(bench.db, message) + listings.list_events(bench.db, message + 1)
    assert [event.detail["because"] for event in story if event.what == "claimed"] == [
        "first free", "it began the message", "pinned",
    ]  # fmt: skip
    (put_off,) = [event.detail for event in story if event.what == "put off"]
    assert (put_off["error"], put_off["until"]) == ("+CMS ERROR: 38", (START + MINUTE).isoformat("T", "microseconds"))


@pytest.mark.parametrize("sent", [0, 1, 2], ids=["the first", "the second", "the last"])
def test_refused_for_good(bench: Bench, sent: int) -> None:
    """A part that is refused for good fails with all that still waits; what has left stays counted."""
    message = bench.submit(ALICE, parts=3)
    for _ in range(sent):
        bench.send()
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 1", retry=lambda *_: None)
    row = bench.message(message)
    assert (row["state"], row["reason"], row["closed_at"] is not None) == ("failed", "+CMS ERROR: 1", True)
    assert bench.parts(message) == ["sent"] * sent + ["failed"] * (3 - sent)
    assert bench.claim() is None


def test_a_refused_rest_keeps_its_sim(bench: Bench) -> None:
    """Backing off in the middle of a message does not move its rest to another SIM."""
    message = bench.submit(parts=2)
    bench.send(WEST)
    bench.close(bench.claimed(WEST), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + MINUTE)
    bench.passes(minutes=1)
    bench.promote()
    assert (bench.candidates(EAST), bench.candidates(WEST)) == ([], [message])


def test_a_late_answer_settles_an_unknown_part(bench: Bench) -> None:
    """`+CMGS` after the deadline proves that the part was accepted; the reason for not knowing goes."""
    message = bench.submit()
    claim = bench.lose()
    bench.passes(seconds=30)
    bench.close(claim, reference=9)
    row = bench.message(message)
    assert (row["state"], row["reason"]) == ("sent", None)
    assert bench.attempt(claim)["reference"] == 9


def test_a_late_answer_stops_the_repeat(bench: Bench) -> None:
    """A code whose first answer comes while its repeat waits is not sent again."""
    message = bench.submit(ALICE, MessageClass.OTP)
    claim = bench.lose()
    bench.passes(seconds=20)
    bench.promote()
    bench.close(claim, reference=9)
    assert (bench.state(message), bench.claim()) == ("sent", None)


@pytest.mark.parametrize("second", AttemptResult)
def test_only_unknown_turns_into_sent(bench: Bench, second: AttemptResult) -> None:
    """An outcome is told once; nothing that is told later changes it, but an answer to what was unknown."""
    message = bench.submit()
    claim = bench.send(reference=1)
    before = tuple(bench.attempt(claim))
    bench.close(claim, second, reference=2)
    assert (tuple(bench.attempt(claim)), bench.state(message)) == (before, "sent")


def test_evidence_while_the_repeat_waits(bench: Bench) -> None:
    """A report that proves the first attempt cancels the repeat: nothing is sent twice that need not be."""
    message = bench.submit(ALICE, MessageClass.OTP)
    bench.lose()
    bench.passes(seconds=20)
    bench.promote()
    assert bench.report(7, accepted_at=START) == message
    assert (bench.state(message), bench.claim()) == ("delivered", None)


def test_evidence_while_the_repeat_is_backing_off(bench: Bench) -> None:
    """The same where the repeat was refused for now, and is held."""
    message = bench.submit(ALICE, MessageClass.ALARM, valid=HOUR)
    bench.lose()
    bench.passes(seconds=60)
    bench.promote()
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + MINUTE)
    assert bench.report(7, accepted_at=START) == message
    bench.passes(minutes=1)
    assert (bench.promote(), bench.state(message)) == (set(), "delivered")


@pytest.mark.parametrize("ending", AttemptResult)
def test_evidence_while_the_repeat_is_on_the_air(bench: Bench, ending: AttemptResult) -> None:
    """Where the first attempt is proved while the second is on the air, the second's end is journaled and changes nothing."""
    message = bench.submit(ALICE, MessageClass.OTP)
    bench.lose(WEST)
    bench.passes(seconds=20)
    bench.promote()
    repeat = bench.claimed(EAST)
    assert bench.report(7, accepted_at=START) == message
    bench.close(repeat, ending, reference=8, retry=lambda *_: bench.now + MINUTE)
    assert bench.attempt(repeat)["outcome"] == ending
    assert (bench.state(message), bench.parts(message), bench.next_due()) == ("delivered", ["delivered"], None)


def test_the_first_attempts_failure_says_nothing_of_the_second(bench: Bench) -> None:
    """That an unknown attempt was accepted and not delivered leaves the repeat's own report to decide."""
    message = bench.submit(ALICE, MessageClass.OTP)
    bench.lose(WEST)
    bench.passes(seconds=20)
    bench.promote()
    bench.send(EAST, reference=8)
    assert bench.report(7, status_reports.DeliveryOutcome.PERMANENT, accepted_at=START, sim=WEST) == message
    assert bench.state(message) == "sent"
    assert bench.report(8, sim=EAST) == message
    assert bench.state(message) == "delivered"


def test_a_start_finds_a_repeat_whose_message_is_over(bench: Bench) -> None:
    """A report of the first try delivers an otp while its repeat is on the air; a start ends that attempt all the same."""
    message = bench.submit(ALICE, MessageClass.OTP)
    bench.lose(WEST)
    bench.passes(seconds=20)
    bench.promote()
    bench.claimed(EAST)
    assert bench.report(7, accepted_at=START) == message
    assert bench.state(message) == "delivered"
    assert outcomes.close_interrupted_attempts(bench.db, bench.now) == 1
    assert [row["outcome"] for row in bench.attempts(message)] == ["sent", "unknown"]
    assert bench.state(message) == "delivered"


def test_a_cut_process_leaves_unknown_attempts(bench: Bench) -> None:
    """At a start every attempt that has no outcome is unknown, and an otp among them is sent again after its wait."""
    code, other = bench.submit(ALICE, MessageClass.OTP), bench.submit(BOB)
    bench.claimed(WEST)
    bench.claimed(EAST)
    bench.passes(seconds=5)
    assert outcomes.close_interrupted_attempts(bench.db, bench.now) == 2
    assert [bench.state(message) for message in (code, other)] == ["unknown", "unknown"]
    assert [row["written_at"] for row in bench.attempts(code)] == [START.isoformat("T", "microseconds")]
    assert bench.attempts(code)[0]["error"] == "restart"
    assert outcomes.close_interrupted_attempts(bench.db, bench.now) == 0
    bench.passes(seconds=20)
    assert bench.promote() == {code}


def test_no_part_of_a_failed_message_is_repeated(bench: Bench) -> None:
    """The first part of an alarm is unknown and due again in a minute; the second is refused for good: the first stays so."""
    message = bench.submit(message_class=MessageClass.ALARM, parts=2)
    bench.lose()
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 1")
    assert bench.part(message)["due"] is None
    bench.passes(minutes=5)
    bench.promote()
    assert bench.parts(message) == ["unknown", "failed"]


def test_what_is_put_back_is_as_if_untouched(bench: Bench) -> None:
    """A message had failed by the fault of its SIM: all of it is queued again, free for every SIM, with its tries given back."""
    message = bench.submit(parts=2)
    claim = bench.claimed()
    bench.close(claim, AttemptResult.REFUSED, error="+CMS ERROR: 1")
    assert bench.state(message) == "failed"
    other = bench.submit(BOB)
    refused = AttemptOutcome(
        bench.claimed().attempt_id,
        AttemptResult.REFUSED,
        bench.now,
        error="+CMS ERROR: 1",
        put_back=(claim.attempt_id,),
    )
    outcomes.close_attempt(bench.db, refused, bench.now)
    row = bench.message(message)
    assert (row["state"], row["closed_at"], row["sim"], bench.parts(message)) == ("queued", None, None, ["queued"] * 2)
    assert (bench.part(message)["tries"], bench.state(other)) == (0, "failed")
    assert bench.candidates(EAST) == [message]


def refuse_and_put_back(bench: Bench, attempt: int) -> None:
    """The refusal by which the SIM rests, and the attempt before it is put back."""
    bench.submit(BOB)
    last = AttemptOutcome(
        bench.claimed().attempt_id, AttemptResult.REFUSED, bench.now, error="+CMS ERROR: 28", put_back=(attempt,)
    )
    outcomes.close_attempt(bench.db, last, bench.now)


def test_what_was_sent_anew_is_not_put_back(bench: Bench) -> None:
    """A person has resent a failed message before its SIM rests: it goes out once, not twice."""
    message = bench.submit()
    claim = bench.claimed()
    bench.close(claim, AttemptResult.REFUSED, error="+CMS ERROR: 28")
    decisions.resend(bench.db, message, WORD, lambda _: timedelta(hours=1), SendingRules(), bench.now)
    refuse_and_put_back(bench, claim.attempt_id)
    assert bench.parts(message) == ["failed"]


def test_what_a_person_settled_is_not_put_back(bench: Bench) -> None:
    """Part 1 was settled as not sent, which is final: the put-back of part 2 does not send it again."""
    message = bench.submit(parts=2)
    bench.lose()
    claim = bench.claimed()
    bench.close(claim, AttemptResult.REFUSED, error="+CMS ERROR: 28")
    decisions.settle(bench.db, message, decisions.Settlement.NOT_SENT, WORD, bench.now)
    refuse_and_put_back(bench, claim.attempt_id)
    assert bench.parts(message) == ["failed", "failed"]
