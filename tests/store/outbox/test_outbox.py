"""Messages as they are accepted, promoted, expired, cancelled and closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from modemd.errors import Refused
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import ConsentPolicy
from modemd.rules.queue_place import QueuePlace
from modemd.rules.sending_rules import SendingRules
from modemd.store import ending
from modemd.store.outbox import due
from modemd.store.queue.outcomes import AttemptResult
from tests.store.bench import ALICE, BOB, EAST, START, WEST, Bench

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


def test_a_message_is_queued_with_its_parts(bench: Bench) -> None:
    """A submit makes the message and one queued part a segment, open to every SIM, in the place of its class."""
    message = bench.submit(parts=3)
    assert bench.parts(message) == ["queued"] * 3
    part = bench.part(message, 2)
    assert (bench.lane(message), part["number"]) == ("any", ALICE)
    assert QueuePlace.from_columns(part["rank"], part["started"]) == QueuePlace(MessageClass.TRANSACTIONAL)
    assert bench.events(message) == ["message queued"]


def test_a_later_message_is_held_until_its_time(bench: Bench) -> None:
    """A message with a start time costs the claim nothing until then."""
    message = bench.submit(at=bench.now + HOUR)
    assert (bench.state(message), bench.message(message)["reason"]) == ("held", "scheduled")
    assert bench.candidates() == []
    assert bench.next_due() == START + HOUR


def test_a_time_that_has_come_is_now(bench: Bench) -> None:
    """A start time that is not in the future queues at once."""
    assert bench.state(bench.submit(at=bench.now)) == "queued"


def test_a_refused_message_is_kept_without_parts(bench: Bench) -> None:
    """A submit that consent forbids is stored as refused, with the reason, closed, and nothing to send."""
    bench.says(ALICE)
    row = bench.message(bench.submit(ALICE, MessageClass.MARKETING))
    assert (row["state"], row["reason"], row["closed_at"] is not None) == ("refused", "opted_out", True)
    assert bench.parts(row["id"]) == []


def test_marketing_may_need_a_yes(bench: Bench) -> None:
    """If the rules want a yes, marketing to somebody who has said nothing is refused."""
    bench.rules = SendingRules(ConsentPolicy(marketing_needs_opt_in=True))
    assert bench.message(bench.submit(ALICE, MessageClass.MARKETING))["reason"] == "not_opted_in"


def test_the_same_key_gives_the_first_answer_again(bench: Bench) -> None:
    """A key with the same content makes no second message; the answer tells the first one's state as it is now."""
    first = bench.submit(key="order-1")
    bench.send()
    again = bench.submitted(key="order-1")
    assert (again.id, again.state, again.is_repetition) == (first, "sent", True)
    assert bench.db.execute("SELECT count(*) FROM message").fetchone()[0] == 1


def test_a_key_is_for_one_content(bench: Bench) -> None:
    """A key that is used again for another recipient, text, class or time is refused, and says whose it is."""
    first = bench.submit(key="order-1")
    others: list[dict[str, Any]] = [
        {"to": BOB},
        {"text": "bye"},
        {"message_class": MessageClass.OTP},
        {"at": START + HOUR},
    ]
    for other in others:
        with pytest.raises(Refused, match=f"'order-1' belongs to message {first}") as refused:
            bench.submit(key="order-1", **other)
        assert refused.value.code == "key_reused"


def test_the_same_time_in_another_zone_is_the_same_content(bench: Bench) -> None:
    """Times are compared as moments, not as they were written."""
    first = bench.submit(key="k", at=START + HOUR)
    assert bench.submit(key="k", at=(START + HOUR).astimezone(ZoneInfo("Asia/Tokyo"))) == first


def test_a_refusal_leaves_its_key_free(bench: Bench) -> None:
    """A message refused by consent does not use up its key: the reason may pass."""
    bench.says(ALICE)
    refused = bench.submit(ALICE, MessageClass.MARKETING, key="k")
    bench.says(ALICE, opts_in=True)
    accepted = bench.submit(ALICE, MessageClass.MARKETING, key="k")
    assert accepted != refused
    assert bench.state(accepted) == "queued"


def test_held_messages_are_queued_when_due(bench: Bench) -> None:
    """A start time that has come queues all parts, and the reason for holding goes."""
    message = bench.submit(parts=2, at=bench.now + HOUR)
    bench.passes(minutes=59)
    assert bench.promote() == set()
    bench.passes(minutes=1)
    assert bench.promote() == {message}
    assert (bench.state(message), bench.message(message)["reason"]) == ("queued", None)
    assert bench.parts(message) == ["queued", "queued"]


@pytest.mark.parametrize(("message_class", "wait_s"), [(MessageClass.ALARM, 60), (MessageClass.OTP, 20)])
def test_unknown_alarms_and_codes_are_sent_again_once(bench: Bench, message_class: MessageClass, wait_s: int) -> None:
    """An unknown alarm or otp goes out once more after its wait, by whichever SIM is free; then never again."""
    message = bench.submit(ALICE, message_class, valid=HOUR)
    bench.lose(WEST)
    bench.passes(seconds=wait_s - 1)
    assert bench.promote() == set()
    bench.passes(seconds=1)
    assert bench.promote() == {message}
    assert bench.lose(EAST).candidate.repeats == 1
    assert bench.message(message)["sim"] == EAST
    assert (bench.state(message), len(bench.attempts(message))) == ("unknown", 2)
    bench.passes(minutes=30)
    assert (bench.promote(), bench.claim()) == (set(), None)


@pytest.mark.parametrize(
    "message_class",
    [MessageClass.SYSTEM, MessageClass.TRANSACTIONAL, MessageClass.CONVERSATIONAL, MessageClass.MARKETING],
)
def test_other_unknown_messages_are_never_sent_again(bench: Bench, message_class: MessageClass) -> None:
    """At most once: what was written and not answered stays unknown."""
    message = bench.submit(ALICE, message_class)
    bench.lose()
    bench.passes(hours=1)
    assert (bench.promote(), bench.claim(), bench.state(message)) == (set(), None, "unknown")


def test_a_part_of_several_is_repeated_on_its_own_sim(bench: Bench) -> None:
    """An unknown part of a long alarm goes out again where its set began, under the set's own reference."""
    message = bench.submit(ALICE, MessageClass.ALARM, parts=2, valid=HOUR)
    first = bench.lose(WEST)
    bench.send(WEST, reference=2)
    bench.passes(seconds=60)
    bench.promote()
    assert bench.claim(EAST) is None
    again = bench.claimed(WEST).candidate
    assert (again.message_id, again.seq, again.reference) == (message, 1, first.candidate.reference)


def test_a_repeat_is_not_planned_past_validity(bench: Bench) -> None:
    """A code that will be out of date by the time of its repeat is not sent again."""
    message = bench.submit(ALICE, MessageClass.OTP, valid=timedelta(seconds=20))
    bench.lose()
    assert bench.part(message)["due"] is None


def test_a_repeat_whose_time_has_passed_stays_unknown(bench: Bench) -> None:
    """A daemon that was down when a repeat was due does not send it when the message is out of date."""
    message = bench.submit(ALICE, MessageClass.OTP, valid=timedelta(minutes=5))
    bench.lose()
    bench.passes(minutes=5)
    bench.promote()
    assert (bench.state(message), bench.claim()) == ("unknown", None)
    assert bench.next_due() == START + timedelta(minutes=5) + DAY


def test_a_repeat_that_finds_no_modem_in_time_stays_unknown(bench: Bench) -> None:
    """A repeat binds to the message's validity like a first part, and what it leaves behind is unknown, not expired."""
    message = bench.submit(ALICE, MessageClass.OTP, valid=timedelta(minutes=5))
    bench.lose()
    bench.passes(seconds=20)
    bench.promote()
    bench.passes(minutes=5)
    assert bench.claim() is None
    assert (bench.state(message), bench.events(message)[-2:]) == ("unknown", ["given up", "message unknown"])


@pytest.mark.parametrize("held", [False, True], ids=["queued", "held"])
def test_what_waits_past_its_validity_expires(bench: Bench, held: bool) -> None:
    """A message that nobody could send in time is expired, all parts at once, and closed."""
    message = bench.submit(parts=2, valid=HOUR, at=bench.now + DAY if held else None)
    bench.passes(minutes=59)
    assert bench.expire() == 0
    bench.passes(minutes=1)
    assert bench.expire() == 2
    row = bench.message(message)
    assert (row["state"], row["reason"], row["closed_at"] is not None) == ("expired", "validity_over", True)


def test_a_started_message_is_not_cut_by_its_validity(bench: Bench) -> None:
    """Once a part is out the rest gets a day more; a rest that is stuck even then fails, and is not called expired."""
    message = bench.submit(parts=2, valid=HOUR)
    bench.send()
    bench.passes(hours=2)
    assert bench.expire() == 0
    bench.passes(hours=23)
    assert bench.expire() == 1
    assert (bench.parts(message), bench.state(message)) == (["sent", "failed"], "failed")


def test_a_held_rest_that_is_stuck_fails(bench: Bench) -> None:
    """The same holds for a rest that is backing off."""
    message = bench.submit(parts=2, valid=HOUR)
    bench.send()
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + 30 * HOUR)
    assert bench.parts(message) == ["sent", "held"]
    bench.passes(hours=25)
    assert bench.expire() == 1
    assert bench.state(message) == "failed"


def test_sent_and_unknown_messages_close_a_day_past_validity(bench: Bench) -> None:
    """`sent` and `unknown` keep their name and close; a report that comes later is noted, and changes nothing."""
    sent, unknown = bench.submit(ALICE, valid=HOUR), bench.submit(BOB, valid=HOUR)
    bench.send(reference=7)
    bench.lose()
    assert bench.next_due() == START + HOUR + DAY
    bench.passes(hours=24, minutes=59)
    assert due.close_overdue(bench.db, bench.now) == 0
    bench.passes(minutes=1)
    assert due.close_overdue(bench.db, bench.now) == 2
    assert [bench.state(message) for message in (sent, unknown)] == ["sent", "unknown"]
    assert bench.message(sent)["closed_at"] is not None
    assert bench.report(7, accepted_at=START) == sent
    assert bench.state(sent) == "sent"
    assert due.close_overdue(bench.db, bench.now) == 0


def test_nothing_is_due_in_an_empty_database(bench: Bench) -> None:
    """Where nothing waits, nothing is due."""
    assert bench.next_due() is None


def test_the_earliest_moment_is_due_next(bench: Bench) -> None:
    """Promotion, expiry and closing are looked at together, and the earliest counts."""
    bench.submit(valid=3 * HOUR)
    assert bench.next_due() == START + 3 * HOUR
    bench.submit(at=START + 2 * HOUR)
    assert bench.next_due() == START + 2 * HOUR
    bench.submit(valid=HOUR)
    assert bench.next_due() == START + HOUR


def test_steps_are_bounded(bench: Bench) -> None:
    """A flood that is due at once is promoted and expired in steps, so that no transaction is long."""
    for _ in range(5):
        bench.submit(at=START + HOUR, valid=2 * HOUR)
    bench.passes(hours=1)
    assert [len(due.promote_due(bench.db, bench.now, 2)) for _ in range(4)] == [2, 2, 1, 0]
    bench.passes(hours=1)
    assert [due.expire_overdue(bench.db, bench.now, 3) for _ in range(3)] == [3, 2, 0]


def test_cancelling_reaches_what_waits(bench: Bench) -> None:
    """The waiting parts of a message are cancelled with the reason; a message of which nothing waits is left alone."""
    message = bench.submit(parts=2)
    assert ending.cancel_waiting_parts(bench.db, message, bench.now, "by_hand") == 1
    assert (bench.state(message), bench.message(message)["reason"]) == ("cancelled", "by_hand")
    assert ending.cancel_waiting_parts(bench.db, message, bench.now, "by_hand") == 0
