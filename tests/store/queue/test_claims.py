"""The claim: which part goes on the air next, and what is journaled with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import QueuePlace
from modemd.rules.send_decision import SendDecision, SendFacts, SendVerdict
from modemd.store.queue import claims
from modemd.store.queue.candidates import MAX_CANDIDATES
from modemd.store.queue.outcomes import AttemptResult
from tests.store.bench import ALICE, BOB, EAST, START, WEST, Bench

HOUR = timedelta(hours=1)


def numbers(count: int) -> list[str]:
    return [f"+336000000{index:02d}" for index in range(count)]


def test_class_goes_before_age(bench: Bench) -> None:
    """The order of claim is by class, and by age within a class."""
    submitted = [
        bench.submit(to, message_class)
        for to, message_class in zip(
            numbers(7),
            (
                MessageClass.MARKETING,
                MessageClass.CONVERSATIONAL,
                MessageClass.TRANSACTIONAL,
                MessageClass.SYSTEM,
                MessageClass.OTP,
                MessageClass.ALARM,
                MessageClass.MARKETING,
            ),
            strict=True,
        )
    ]
    old, *rest, young = submitted
    assert bench.candidates() == [*rest[::-1], old, young]


@pytest.mark.parametrize("message_class", [MessageClass.ALARM, MessageClass.OTP])
def test_no_sim_chooses_ahead_what_is_urgent_and_any_sim_may_begin(bench: Bench, message_class: MessageClass) -> None:
    """It goes to the SIM that is free first; the rest of one that this SIM has begun can go by no other."""
    offer = bench.submit(BOB, MessageClass.MARKETING)
    bench.submit(ALICE, message_class, parts=2)
    bench.submit(BOB, message_class)
    first, second = bench.claim(ahead=True), bench.claim(ahead=True)
    assert first is not None
    assert second is not None
    assert first.next_candidate is not None
    assert (first.next_candidate.seq, second.next_candidate) == (2, None)
    third = bench.claim(ahead=True)
    assert third is not None
    assert third.next_candidate is not None
    assert third.next_candidate.message_id == offer


def test_held_and_future_messages_are_no_candidates(bench: Bench) -> None:
    """What is held costs the claim nothing, whatever its class."""
    bench.submit(ALICE, MessageClass.ALARM, at=bench.now + HOUR)
    queued = bench.submit(BOB, MessageClass.MARKETING)
    assert bench.candidates() == [queued]


def test_the_rest_of_a_message_goes_before_its_class(bench: Bench) -> None:
    """Between two parts of a long message nothing of the same or a lower class steps in, but a higher class does."""
    older = bench.submit(ALICE, parts=3)
    bench.submit(BOB)
    bench.submit(BOB, MessageClass.MARKETING)
    assert bench.send().candidate.message_id == older
    assert bench.claimed().candidate.message_id == older
    alarm = bench.submit(BOB, MessageClass.ALARM)
    assert bench.candidates()[:2] == [alarm, older]


def test_a_started_message_goes_before_older_ones_of_its_class(bench: Bench) -> None:
    """A message that has started is finished before an older one that was queued again meanwhile."""
    older = bench.submit(ALICE)
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + HOUR)
    younger = bench.submit(BOB, parts=2)
    bench.send()
    bench.passes(hours=1)
    bench.promote()
    assert bench.candidates() == [younger, older]


def test_parts_go_in_order(bench: Bench) -> None:
    """Of each message only the first part that waits is a candidate."""
    message = bench.submit(parts=3)
    assert bench.candidates() == [message]
    assert [bench.send(reference=n).candidate.seq for n in range(3)] == [1, 2, 3]
    assert bench.claim() is None


def test_a_long_message_hides_nobody(bench: Bench) -> None:
    """A message of more parts than a claim looks at leaves room for the others."""
    long, other = bench.submit(ALICE, parts=MAX_CANDIDATES + 5), bench.submit(BOB)
    assert bench.candidates() == [long, other]


def test_a_pinned_message_is_only_its_sims(bench: Bench) -> None:
    """A message that names a SIM waits for it; the others never see it."""
    pinned = bench.submit(ALICE, pinned=EAST)
    assert (bench.candidates(WEST), bench.candidates(EAST)) == ([], [pinned])
    assert bench.claimed(EAST).candidate.message_id == pinned


def test_lanes_are_one_queue(bench: Bench) -> None:
    """What is pinned to a SIM and what any may send stand in one order."""
    first = bench.submit(ALICE)
    pinned = bench.submit(BOB, pinned=WEST)
    last = bench.submit(next(iter(numbers(1))))
    assert bench.candidates(WEST) == [first, pinned, last]


def test_what_others_chose_is_left_to_them(bench: Bench) -> None:
    """A part that another modem has encoded already is passed over, and the rest of its message with it."""
    chosen, other = bench.submit(ALICE, parts=3), bench.submit(BOB)
    claim = bench.claim(WEST, skip={bench.part(chosen)["id"]})
    assert claim is not None
    assert claim.candidate.message_id == other


def test_a_claim_is_journaled(bench: Bench) -> None:
    """A claim makes the attempt, counts the try, and makes the message that SIM's."""
    message = bench.submit(ALICE, parts=2)
    claim = bench.claimed(WEST)
    attempt = bench.attempt(claim)
    assert (attempt["outcome"], attempt["sim"], attempt["number"]) == ("open", WEST, ALICE)
    assert (attempt["modem"], attempt["written_at"]) == (f"modem of {WEST}", None)
    assert bench.parts(message) == ["sending", "queued"]
    assert (bench.part(message, 1)["tries"], bench.part(message, 2)["tries"]) == (1, 0)
    rest = bench.part(message, 2)
    place = QueuePlace(MessageClass.TRANSACTIONAL, is_started=True)
    assert (bench.lane(message, 2), QueuePlace.from_columns(rest["rank"], rest["started"])) == (WEST, place)
    assert (bench.state(message), bench.message(message)["sim"]) == ("sending", WEST)
    assert bench.db.execute("SELECT last_sim FROM contact").fetchone()["last_sim"] is None, "nothing was sent yet"
    assert bench.events(message) == ["message queued", "claimed", "message sending"]


def test_the_rest_belongs_to_the_sim_that_began(bench: Bench) -> None:
    """Parts that share a concatenation reference leave by one SIM."""
    bench.submit(parts=2)
    bench.send(WEST)
    assert bench.claim(EAST) is None
    assert bench.claimed(WEST).candidate.seq == 2


def test_references_count_up_for_each_contact(bench: Bench) -> None:
    """Sets to one recipient take references one after another and wrap at 256; every part of a set has the same."""
    bench.submit(ALICE, parts=2)
    bench.submit(BOB, parts=2)
    assert [bench.send(reference=n).candidate.reference for n in range(4)] == [1, 1, 1, 1]
    bench.submit(ALICE, parts=2)
    assert bench.send().candidate.reference == 2
    bench.send()
    bench.db.execute("UPDATE contact SET reference = 255")
    bench.submit(ALICE, parts=2)
    assert bench.send().candidate.reference == 0


def test_a_lone_part_takes_no_reference(bench: Bench) -> None:
    """A message of one part leaves the count alone."""
    message = bench.submit(ALICE)
    bench.send()
    assert bench.message(message)["reference"] is None
    assert bench.db.execute("SELECT reference FROM contact").fetchone()["reference"] == 0


def test_first_attempts_to_one_number_keep_their_order(bench: Bench) -> None:
    """While an earlier message to a number is on the air at one SIM, another SIM sends something else."""
    bench.submit(ALICE)
    bench.submit(ALICE)
    other = bench.submit(BOB)
    first = bench.claimed(WEST)
    assert bench.claimed(EAST).candidate.message_id == other
    assert bench.claim(EAST) is None
    bench.close(first, reference=1)
    assert bench.claim(EAST) is not None


def test_order_holds_while_an_earlier_message_is_chosen_elsewhere(bench: Bench) -> None:
    """A draft of another modem that is not claimed yet counts as earlier too."""
    first = bench.submit(ALICE)
    bench.submit(ALICE)
    assert bench.claim(EAST, skip={bench.part(first)["id"]}) is None


def test_a_sim_that_has_gone_delays_nobody(bench: Bench) -> None:
    """The rest of a message waits for its own SIM; after five minutes without a try, others to that number go first."""
    long = bench.submit(ALICE, parts=3)
    bench.send(EAST)
    later = bench.submit(ALICE)
    assert bench.claim(WEST) is None, "in order, while that SIM is at work"
    bench.passes(minutes=6)
    assert bench.claimed(WEST).candidate.message_id == later
    assert bench.claimed(EAST).candidate.message_id == long


def test_order_is_within_a_class(bench: Bench) -> None:
    """A code is not held up by marketing to the same number, nor the other way round."""
    bench.submit(ALICE, MessageClass.MARKETING)
    bench.claimed(WEST)
    code = bench.submit(ALICE, MessageClass.OTP)
    assert bench.claimed(EAST).candidate.message_id == code


@pytest.mark.parametrize("how", ["held", "backing off", "unknown"])
def test_what_does_not_move_blocks_nothing(bench: Bench, how: str) -> None:
    """A held, backing-off or unknown message does not hold up the next one to its number."""
    bench.submit(ALICE, at=bench.now + HOUR if how == "held" else None)
    if how == "backing off":
        bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + HOUR)
    elif how == "unknown":
        bench.lose()
    second = bench.submit(ALICE)
    assert bench.claimed(EAST).candidate.message_id == second


def test_a_later_try_keeps_no_order(bench: Bench) -> None:
    """Order binds first attempts: a message that was refused once does not wait for an earlier one to its number."""
    bench.submit(ALICE, at=bench.now + HOUR)
    second = bench.submit(ALICE)
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + HOUR)
    bench.passes(hours=1)
    bench.promote()
    bench.claimed(WEST)
    assert bench.claimed(EAST).candidate.message_id == second


def test_consent_is_looked_at_in_the_claim(bench: Bench) -> None:
    """Marketing that was queued before a STOP is withdrawn by the claim, though nothing else withdrew it."""
    message = bench.submit(ALICE, MessageClass.MARKETING, parts=2)
    bench.db.execute("UPDATE contact SET marketing = 'opted_out'")
    assert bench.claim() is None
    assert (bench.state(message), bench.message(message)["reason"]) == ("cancelled", "opted_out")
    assert bench.attempts(message) == []


def test_a_stop_in_the_middle_ends_a_message(bench: Bench) -> None:
    """Consent binds every part: the rest of a started message is withdrawn too, and what was sent stays told."""
    message = bench.submit(ALICE, MessageClass.MARKETING, parts=3)
    bench.send()
    bench.db.execute("UPDATE contact SET marketing = 'opted_out'")
    assert bench.claim() is None
    assert bench.parts(message) == ["sent", "cancelled", "cancelled"]
    assert bench.state(message) == "cancelled"


def test_validity_is_looked_at_in_the_claim(bench: Bench) -> None:
    """A message whose validity ended in the queue expires in the claim, and the next one goes."""
    over = bench.submit(ALICE, parts=2, valid=HOUR)
    bench.passes(hours=1)
    good = bench.submit(BOB)
    assert bench.claimed().candidate.message_id == good
    assert (bench.state(over), bench.message(over)["reason"]) == ("expired", "validity_over")


def test_a_claim_looks_at_a_bounded_number(bench: Bench) -> None:
    """At most 20 candidates are decided on in one claim."""
    for number in numbers(30):
        bench.submit(number)
    seen: list[SendFacts] = []

    def nobody(facts: SendFacts) -> SendDecision:
        seen.append(facts)
        return SendDecision(SendVerdict.CANCEL, "closed on Mondays")

    assert claims.claim(bench.db, WEST, "modem", nobody, bench.now) is None
    assert len(seen) == MAX_CANDIDATES == 20


def test_what_has_ended_in_a_claim_hides_nobody(bench: Bench) -> None:
    """What stood behind it goes in the same claim, as long as twenty were not looked at."""
    first = bench.submit(ALICE, MessageClass.SYSTEM, valid=HOUR)
    behind = bench.submit(ALICE, MessageClass.SYSTEM, valid=3 * HOUR)
    bench.passes(hours=1)
    assert bench.candidates() == [first]
    assert bench.claimed().candidate.message_id == behind


def test_what_may_not_go_is_cleared_to_bring_others_into_view(bench: Bench) -> None:
    """Twenty withdrawn candidates do not hide the twenty-first for ever."""
    for number in numbers(MAX_CANDIDATES):
        bench.submit(number, valid=HOUR)
    good = bench.submit(BOB, valid=3 * HOUR)
    bench.passes(hours=1)
    assert good not in bench.candidates()
    assert claims.end_unsendable(bench.db, WEST, bench.decide, bench.now) is True
    assert bench.candidates() == [good]
    assert claims.end_unsendable(bench.db, WEST, bench.decide, bench.now) is False


def test_a_candidate_says_all_that_encoding_needs(bench: Bench) -> None:
    """Number, text, place, reference, report wish, repetition and end of validity come with the claim."""
    message = bench.submit(ALICE, MessageClass.OTP, parts=2, valid=HOUR, text="your code")
    candidate = bench.claimed().candidate
    assert (candidate.message_id, candidate.number, candidate.text) == (message, ALICE, "your code")
    assert (candidate.seq, candidate.parts, candidate.report, candidate.repeats) == (1, 2, True, 0)
    assert candidate.expires_at == START + HOUR
    assert candidate.message_class is MessageClass.OTP


def test_one_number_holds_up_nobody_else(bench: Bench) -> None:
    """While a part is on the air, however many messages to its number wait, another SIM sends to others."""
    for _ in range(3 * MAX_CANDIDATES):
        bench.submit(ALICE)
    other = bench.submit(BOB)
    bench.claimed(EAST)
    assert bench.claimed(WEST).candidate.message_id == other
