"""Two machines fall silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from modemd.rules.twilio import reply_loops
from modemd.rules.twilio.reply_loops import MOST_IN_A_DAY, MOST_IN_A_WHILE, ReplyLoops

NOON, ALICE, BOB = datetime(2026, 11, 22, 12, tzinfo=UTC), "+33612345678", "+33612345679"


def test_a_person_is_answered_and_a_machine_not_for_long() -> None:
    """So many replies in a while, and in a day; to somebody else it makes no difference."""
    loops, now, replies = ReplyLoops(), NOON, 0
    while loops.allows(ALICE, now):
        loops.note(ALICE, now)
        replies += 1
    assert replies == MOST_IN_A_WHILE
    assert loops.allows(BOB, now)
    while now < NOON + timedelta(hours=20):
        now += timedelta(minutes=1)
        if loops.allows(ALICE, now):
            loops.note(ALICE, now)
            replies += 1
    assert replies == MOST_IN_A_DAY
    assert loops.allows(ALICE, now + timedelta(days=1))


def test_the_count_does_not_grow_for_ever() -> None:
    """Of too many numbers, those that were answered longest ago are forgotten."""
    loops = ReplyLoops()
    for _ in range(MOST_IN_A_WHILE):
        loops.note(ALICE, NOON)
    for number in range(reply_loops.MOST_NUMBERS):
        loops.note(str(number), NOON)
    assert loops.allows(ALICE, NOON)
