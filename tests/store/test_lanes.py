"""Which lane a message is put in, and when that changes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from modemd.errors import Refused
from modemd.rules.classes import MessageClass
from modemd.rules.lanes import ANY, Lane, LaneKind
from modemd.rules.pauses import Pause
from modemd.rules.routing import RoutingSnapshot
from modemd.store import lanes
from modemd.store.events import Authorship
from modemd.store.queue import candidates, pauses
from modemd.store.queue.outcomes import AttemptResult
from tests.store.bench import ALICE, BOB, EAST, WEST, Bench

HOUR = timedelta(hours=1)
WORD = Authorship("alice", "the offer was wrong")


def lane(bench: Bench, message: int) -> str:
    return bench.lane(message)


def test_the_sim_that_sent_goes_first_from_then_on(bench: Bench) -> None:
    """What was queued before for the same contact goes by it too; other contacts are anybody's."""
    bench.submit(ALICE)
    waiting, other = bench.submit(ALICE), bench.submit(BOB)
    assert (lane(bench, waiting), lane(bench, other)) == ("any", "any")
    bench.send(WEST)
    assert (lane(bench, waiting), lane(bench, other)) == (f"any>{WEST}", "any")
    assert lane(bench, bench.submit(ALICE)) == f"any>{WEST}"


def test_what_was_not_written_is_no_talk(bench: Bench) -> None:
    """A refusal or a withdrawal leaves a contact with the SIM it had."""
    bench.submit(ALICE)
    for result in (AttemptResult.REFUSED, AttemptResult.WITHDRAWN):
        bench.close(bench.claimed(WEST), result)
        assert lane(bench, bench.submit(ALICE)) == "any"


@pytest.mark.parametrize("urgent", [MessageClass.ALARM, MessageClass.OTP])
def test_urgent_messages_go_by_whoever_is_free(bench: Bench, urgent: MessageClass) -> None:
    """An alarm or a code waits for no SIM in particular."""
    bench.submit(ALICE)
    bench.send(WEST)
    assert lane(bench, bench.submit(ALICE, urgent)) == "any"


def test_the_longest_prefix_decides(bench: Bench) -> None:
    """Rules are looked up by number; what is held is put in its lane when it is promoted."""
    lanes.adopt_lanes(bench.db, {"": ANY, "+33": Lane(LaneKind.CHEAPEST, "+33"), "+3361": Lane(LaneKind.ANY, "+3361")})
    assert [lane(bench, bench.submit(number)) for number in (ALICE, "+33712345678", "+4915112345678")] == [
        "any+3361", "any+33>cheapest", "any",
    ]  # fmt: skip
    later = bench.submit(BOB, at=bench.now + timedelta(hours=1))
    lanes.adopt_lanes(bench.db, {"": ANY, "+336": Lane(LaneKind.ANY, "+336")})
    bench.passes(hours=1)
    bench.promote()
    assert lane(bench, later) == "any+336"


ODD_SENDERS = ["MyShop", "twilio:+15005550006", "anyone", "any+33", "any>cheapest", "a/b c.d>e"]


@pytest.mark.parametrize("sender", ODD_SENDERS)
def test_a_sender_of_any_form_has_a_lane_of_its_own(bench: Bench, sender: str) -> None:
    """What is pinned to it is its alone, from the submit to the outcome, whatever the lane of the contact's other messages."""
    bench.submit(ALICE)
    bench.send(WEST)
    pinned = bench.submit(ALICE, pinned=sender, parts=2)
    assert (bench.candidates(WEST), bench.candidates(EAST), bench.candidates(sender)) == ([], [], [pinned])
    claim = bench.claimed(sender)
    assert bench.claim(WEST) is None
    bench.close(claim, AttemptResult.WITHDRAWN)
    assert (bench.candidates(WEST), bench.candidates(sender)) == ([], [pinned]), "it stays pinned"
    bench.send(sender)
    assert bench.claim(WEST) is None, "and so does its rest"
    bench.send(sender)
    assert (bench.state(pinned), bench.message(pinned)["sim"]) == ("sent", sender)
    assert [
        json.loads(row["detail"])["because"]
        for row in bench.db.execute(
            "SELECT detail FROM event WHERE what = 'claimed' AND message_id = ? ORDER BY id DESC LIMIT 2", (pinned,)
        )
    ][::-1] == ["pinned", "it began the message"]


@pytest.mark.parametrize("sender", ODD_SENDERS)
def test_a_sender_of_any_form_is_the_home_of_a_lane(bench: Bench, sender: str) -> None:
    """What is queued for a contact that talked with it goes by it, while it is well; else by another."""
    bench.submit(ALICE)
    waiting = bench.submit(ALICE)
    bench.send(sender)
    later = bench.submit(ALICE)
    terms = RoutingSnapshot(
        active_sims=frozenset({WEST, sender}), healthy_sims=frozenset({WEST, sender}), deferred_since=bench.now - HOUR
    )
    left = candidates.find(bench.db, WEST, bench.now, terms=terms)
    assert (left.candidates, left.has_deferred) == ([], True)
    assert [each.message_id for each, _ in candidates.find(bench.db, sender, bench.now, terms=terms).candidates] == [
        waiting
    ]
    assert bench.send(WEST).candidate.message_id == waiting, "without terms the sender is not known to be well"
    assert bench.candidates(sender) == [later]


@pytest.mark.parametrize("sender", ODD_SENDERS)
def test_a_sender_of_any_form_that_has_gone_delays_nobody(bench: Bench, sender: str) -> None:
    """The rest of a message waits for its sender; after five minutes without a try, others to that number go first."""
    long = bench.submit(ALICE, parts=3)
    bench.send(sender)
    later = bench.submit(ALICE)
    assert bench.claim(WEST) is None, "in order, while that sender is at work"
    bench.passes(minutes=6)
    assert bench.claimed(WEST).candidate.message_id == later
    assert bench.claimed(sender).candidate.message_id == long


def test_rules_that_change_move_what_is_queued(bench: Bench) -> None:
    """Step by step, and only what is not one SIM's."""
    queued = [bench.submit(number) for number in (ALICE, BOB)]
    pinned = bench.submit(ALICE, pinned=EAST)
    assert lanes.adopt_lanes(bench.db, {"": ANY}) is False, "the first time there is nothing to change"
    assert lanes.adopt_lanes(bench.db, {"": ANY}) is False
    assert lanes.adopt_lanes(bench.db, {"": ANY, "+33": Lane(LaneKind.ANY, "+33")}) is True
    assert lanes.adopt_lanes(bench.db, {"": ANY, "+33": Lane(LaneKind.ANY, "+33")}) is True, (
        "a start that was cut begins again"
    )
    after: int | None = 0
    steps = 0
    while after is not None:
        after, steps = lanes.reassign_lanes(bench.db, after, 1), steps + 1
    assert steps == 4
    assert lanes.adopt_lanes(bench.db, {"": ANY, "+33": Lane(LaneKind.ANY, "+33")}) is False
    assert [lane(bench, message) for message in (*queued, pinned)] == ["any+33", "any+33", EAST]


def test_only_lanes_that_hold_something_are_looked_at(bench: Bench) -> None:
    """Found by steps from one to the next, however much lies in each."""
    assert lanes.list_occupied(bench.db) == []
    for pinned in (None, None, WEST, EAST, WEST):
        bench.submit(ALICE, pinned=pinned)
    assert sorted(str(lane) for _, lane in lanes.list_occupied(bench.db)) == sorted([WEST, EAST, "any"])


def test_a_pause_begins_nothing_and_ends_what_has_begun(bench: Bench) -> None:
    """A message of which a part has left is finished; others wait, alarms do not."""
    long, other = bench.submit(ALICE, parts=2), bench.submit(BOB)
    bench.send()
    pauses.pause(bench.db, Pause(), WORD, bench.now)
    assert bench.send().candidate.message_id == long
    assert bench.claim() is None
    alarm = bench.submit(BOB, MessageClass.ALARM)
    assert bench.send().candidate.message_id == alarm
    pauses.resume(bench.db, Pause(), WORD, bench.now)
    assert bench.send().candidate.message_id == other


def test_a_paused_class_hides_no_other(bench: Bench) -> None:
    """However much of it is queued in front, the class behind it goes."""
    for _ in range(50):
        bench.submit(ALICE, MessageClass.TRANSACTIONAL)
    behind = bench.submit(BOB, MessageClass.MARKETING)
    pauses.pause(bench.db, Pause(MessageClass.TRANSACTIONAL), WORD, bench.now)
    assert bench.candidates() == [behind]


def test_a_pause_is_ended_by_its_name(bench: Bench) -> None:
    """Twice is once; a wider or narrower one is another; each leaves an event with who and why."""
    both = Pause(MessageClass.OTP, WEST)
    for _ in range(2):
        pauses.pause(bench.db, both, WORD, bench.now)
    assert pauses.list_active(bench.db) == [both]
    (row,) = pauses.list_pauses(bench.db)
    assert (row.message_class, row.sim, row.by, row.why) == ("otp", WEST, "alice", "the offer was wrong")
    for other in (Pause(), Pause(MessageClass.OTP), Pause(sim=WEST)):
        with pytest.raises(Refused, match="is not paused"):
            pauses.resume(bench.db, other, WORD, bench.now)
    pauses.resume(bench.db, both, WORD, bench.now)
    assert pauses.list_active(bench.db) == []
    events = bench.db.execute("SELECT what FROM event WHERE message_id IS NULL ORDER BY id").fetchall()
    assert [event["what"] for event in events] == ["paused", "paused", "resumed"]
