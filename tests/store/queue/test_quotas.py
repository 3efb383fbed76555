"""What SIMs use is counted in the claim, given back where nothing went out, and held where it is over."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.quotas import PartCounts, QuotaLimits
from modemd.rules.routing import RoutingSnapshot
from modemd.store import lanes
from modemd.store.events import Authorship
from modemd.store.outbox import decisions
from modemd.store.queue import candidates, claims, quotas
from modemd.store.queue.candidates import ExhaustedLane
from modemd.store.queue.claims import Claim
from modemd.store.queue.outcomes import AttemptResult
from modemd.store.timestamps import to_text
from tests.store.bench import ALICE, BOB, EAST, WEST, Bench

NUMBERS = [f"+3361234{index:04d}" for index in range(300)]
PARIS = ZoneInfo("Europe/Paris")


def terms(**limits: object) -> RoutingSnapshot:
    given = QuotaLimits(**{"reserve": 0, "zone": PARIS, **limits})  # type: ignore[arg-type]
    return RoutingSnapshot(limits=lambda sim: given)


def claimed(bench: Bench, given: RoutingSnapshot, sim: str = WEST) -> Claim | None:
    return claims.claim(bench.db, sim, "modem", bench.decide, bench.now, terms=given)


def used(bench: Bench, sim: str = WEST) -> PartCounts:
    return quotas.read_usage(bench.db, sim, QuotaLimits(zone=PARIS), bench.now).counts


def over(bench: Bench, given: RoutingSnapshot, sim: str = WEST) -> tuple[ExhaustedLane, ...]:
    return candidates.find(bench.db, sim, bench.now, terms=given).exhausted_lanes


def hold(bench: Bench, given: RoutingSnapshot, found: ExhaustedLane) -> int:
    return quotas.hold_lane(bench.db, found.lane_id, found.message_class, found.sim, given.limits(found.sim), bench.now)


def test_a_claim_counts(bench: Bench) -> None:
    """Each part counts in its hour, day and month, marketing for its brake as well; each SIM for itself."""
    bench.submit(ALICE, MessageClass.TRANSACTIONAL, parts=2)
    bench.submit(BOB, MessageClass.MARKETING)
    for _ in range(3):
        bench.send(WEST)
    bench.submit(NUMBERS[0])
    bench.send(EAST)
    assert used(bench, WEST) == PartCounts(hour=3, day=3, month=3, marketing=1)
    assert used(bench, EAST) == PartCounts(hour=1, day=1, month=1)


def test_windows_begin_anew(bench: Bench) -> None:
    """An hour later the hour's count is nothing, the day's stays; next month all are."""
    bench.submit(ALICE, MessageClass.MARKETING)
    bench.send()
    bench.passes(hours=1)
    assert used(bench) == PartCounts(hour=0, day=1, month=1, marketing=0)
    bench.passes(days=30)
    assert used(bench) == PartCounts()
    bench.submit(BOB)
    bench.send()
    assert used(bench) == PartCounts(hour=1, day=1, month=1)


@pytest.mark.parametrize(
    ("result", "counted"),
    [(AttemptResult.SENT, 1), (AttemptResult.UNKNOWN, 1), (AttemptResult.REFUSED, 0), (AttemptResult.WITHDRAWN, 0)],
)
def test_only_what_may_have_gone_stays_counted(bench: Bench, result: AttemptResult, counted: int) -> None:
    """A part that was refused or never written is given back; one that is unknown may have cost money."""
    bench.submit(ALICE, MessageClass.MARKETING)
    bench.close(bench.claimed(), result)
    assert used(bench) == PartCounts(hour=counted, day=counted, month=counted, marketing=counted)


def test_what_is_given_back_late_leaves_the_new_window_alone(bench: Bench) -> None:
    """A part of the last hour that comes back takes nothing from this one."""
    bench.submit(ALICE)
    bench.submit(BOB)
    first = bench.claimed()
    bench.passes(hours=1)
    bench.send()
    bench.close(first, AttemptResult.REFUSED, error="+CMS ERROR: 38")
    assert (used(bench).hour, used(bench).day) == (1, 1)


def test_a_clock_that_is_set_back_begins_no_window(bench: Bench) -> None:
    """What was counted an hour ahead still counts."""
    bench.submit(ALICE)
    bench.send()
    bench.passes(hours=-1)
    bench.submit(BOB)
    bench.send()
    assert used(bench).hour == 2


def test_the_claim_looks_at_the_quota_again(bench: Bench) -> None:
    """The last place in a quota is one claim's; what was chosen beside it waits."""
    for number in NUMBERS[:3]:
        bench.submit(number)
    given = terms(day=2)
    assert claimed(bench, given) is not None
    assert claimed(bench, given) is not None
    assert claimed(bench, given) is None
    assert used(bench).day == 2


def test_a_message_begins_where_it_fits_whole(bench: Bench) -> None:
    """Three parts do not begin where two are left, and are held; a shorter message behind them goes."""
    bench.submit(NUMBERS[0])
    long, short = bench.submit(ALICE, parts=3), bench.submit(BOB, parts=2)
    given = terms(day=3)
    claimed(bench, given)
    claim = claimed(bench, given)
    assert claim is not None
    assert claim.candidate.message_id == short
    assert (bench.state(long), bench.message(long)["reason"]) == ("held", "quota_day")


def test_what_no_window_could_hold_begins_with_one(bench: Bench) -> None:
    """A message longer than the whole quota would wait for ever; what has begun is finished; then nothing more goes."""
    bench.submit(ALICE, parts=3)
    bench.submit(BOB)
    given = terms(day=2)
    for _ in range(3):
        claim = claimed(bench, given)
        assert claim is not None
        bench.close(claim)
    assert claimed(bench, given) is None


def test_what_is_over_is_held_with_reason_and_time(bench: Bench) -> None:
    """Until midnight of the SIM's zone, told in the history; then it is queued by its time."""
    for number in NUMBERS[:2]:
        bench.submit(number)
    given = terms(day=1)
    claimed(bench, given)
    (found,) = over(bench, given)
    assert (str(lanes.read_lane(bench.db, found.lane_id)), found.sim) == ("any", WEST)
    assert hold(bench, given, found) == 1
    assert (bench.state(2), bench.message(2)["reason"]) == ("held", "quota_day")
    assert bench.part(2)["due"] == "2026-11-22T23:00:00.000000+00:00"
    assert over(bench, given) == ()
    bench.passes(hours=11)
    assert bench.promote() == {2}
    assert claimed(bench, given) is not None


def test_each_waits_for_the_window_with_room_for_it(bench: Bench) -> None:
    """Of 25 over a quota of ten an hour, ten wait one hour, ten two, five three; those that come later go behind them."""
    for number in NUMBERS[:35]:
        bench.submit(number)
    given = terms(hour=10)
    for _ in range(10):
        claimed(bench, given)
    (found,) = over(bench, given)
    assert hold(bench, given, found) == 25

    def hours() -> list[int]:
        rows = bench.db.execute("SELECT due FROM part WHERE state = 'held' ORDER BY id")
        return [int(row["due"][11:13]) for row in rows]

    assert hours() == [13] * 10 + [14] * 10 + [15] * 5
    for number in NUMBERS[40:46]:
        bench.submit(number)
    hold(bench, given, found)
    assert hours()[25:] == [15] * 5 + [16]


def test_a_place_that_is_given_back_is_used(bench: Bench) -> None:
    """What is cancelled, or paused with its batch, leaves its window to what comes later; at its window it leaves it, too."""
    for number in NUMBERS[:30]:
        bench.submit(number)
    given = terms(hour=10)
    for _ in range(10):
        claimed(bench, given)
    (found,) = over(bench, given)
    hold(bench, given, found)
    for message in range(11, 21):  # all of the first window
        decisions.cancel(bench.db, message, Authorship("alice", "wrong file"), bench.now)
    later = bench.submit(NUMBERS[40])
    hold(bench, given, found)
    assert bench.part(later)["due"][11:13] == "13"
    bench.passes(hours=3)
    bench.promote()
    assert {row["parts"] for row in bench.db.execute("SELECT parts FROM sim_booking")} == {0}


def test_only_one_step_at_a_time(bench: Bench) -> None:
    """A campaign is held in steps, between which others are served."""
    for number in NUMBERS[:230]:
        bench.submit(number, MessageClass.MARKETING)
    given = terms(marketing_per_hour=5)
    for _ in range(5):
        claimed(bench, given)
    (found,) = over(bench, given)
    assert [hold(bench, given, found) for _ in range(4)] == [100, 100, 25, 0]


def test_a_quota_is_not_evaded_by_another_sim(bench: Bench) -> None:
    """What a contact's SIM may not send any more is held for it, whoever asks; also after patience is over."""
    bench.submit(ALICE)
    bench.send(WEST)
    waits = bench.submit(ALICE)
    limits = {WEST: QuotaLimits(day=1, reserve=0, zone=PARIS), EAST: QuotaLimits()}
    given = RoutingSnapshot(limits=limits.__getitem__, active_sims=frozenset({EAST}), deferred_since=bench.now)
    bench.passes(hours=2)
    assert claimed(bench, given, EAST) is None
    (found,) = over(bench, given, EAST)
    assert (str(lanes.read_lane(bench.db, found.lane_id)), found.sim) == (f"any>{WEST}", WEST)
    hold(bench, given, found)
    assert bench.state(waits) == "held"


def test_what_any_sim_may_send_is_held_when_all_are_over(bench: Bench) -> None:
    """While one of two has room it sends; then both hold, until the one that is free first."""
    for number in NUMBERS[:3]:
        bench.submit(number)
    limits = {WEST: QuotaLimits(day=1, reserve=0, zone=PARIS), EAST: QuotaLimits(hour=1, reserve=0, zone=PARIS)}
    given = RoutingSnapshot(limits=limits.__getitem__, active_sims=frozenset({WEST, EAST}))
    claimed(bench, given, WEST)
    assert over(bench, given, WEST) == ()
    claimed(bench, given, EAST)
    (found,) = over(bench, given, WEST)
    assert found.sim == EAST
    hold(bench, given, found)
    assert bench.part(3)["due"] == to_text(bench.now + timedelta(hours=1))
