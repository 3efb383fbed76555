"""Which SIMs the filter watch judges, and by what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.filter_watch.judgement import FilterThresholds
from modemd.rules.pauses import Pause
from modemd.service.operations.filter_watch import FilteredSim, judge_sims
from modemd.store.deliveries import counts
from modemd.store.deliveries.fates import DeliveryGroup
from modemd.store.events import Authorship
from modemd.store.queue import pauses
from tests.store.bench import EAST, WEST, Bench

GROUP = DeliveryGroup(WEST, "+336", True)
WHO = Authorship("alice", "a test")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "modemd.db")
    yield bench
    bench.db.close()


def lose(bench: Bench, count: int, message_class: MessageClass = MessageClass.MARKETING) -> None:
    """Messages that never arrive."""
    for index in range(count):
        bench.submit(f"+336123{index:05d}", message_class)
        bench.send()
    bench.passes(minutes=20)


def usual(bench: Bench, group: DeliveryGroup = GROUP) -> None:
    """A history of a thousand messages, of which nearly all arrived."""
    added = [((group, bench.now.date().isoformat(), is_delivered), n) for is_delivered, n in ((True, 950), (False, 50))]
    counts.add_counts(
        bench.db, counts.DayCounts(tuple(added), (counts.find_last_counted(bench.db) or 0) + 1), bench.now
    )


def judged(bench: Bench, *sims: str) -> list[FilteredSim]:
    return judge_sims(bench.db, 0, sims, FilterThresholds(), bench.now)


def test_a_filtered_sim_is_found_with_its_figures(bench: Bench) -> None:
    """By its newest messages against those of the weeks before."""
    usual(bench)
    lose(bench, 30)
    assert judged(bench, WEST, EAST) == [
        FilteredSim(
            WEST,
            "marketing to +336...: 0 of the newest 30 delivered (0%), 0 undeliverable; before, 950 of 1000 (95%)",
        )
    ]
    assert judged(bench, EAST) == judged(bench) == []


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(DeliveryGroup(EAST, "+336", True), id="another SIM"),
        pytest.param(DeliveryGroup(WEST, "+337", True), id="another destination"),
        pytest.param(DeliveryGroup(WEST, "+336", False), id="other classes"),
    ],
)
def test_only_like_is_compared_with_like(bench: Bench, group: DeliveryGroup) -> None:
    """A history of something else is none: the rate would fall with the mix."""
    usual(bench, group)
    lose(bench, 30)
    assert judged(bench, WEST) == []


def test_other_classes_that_do_not_arrive_are_told_as_such(bench: Bench) -> None:
    """What is paused is marketing, which may be why they are filtered."""
    usual(bench, DeliveryGroup(WEST, "+336", False))
    lose(bench, 30, MessageClass.TRANSACTIONAL)
    (found,) = judged(bench, WEST)
    assert found.because.startswith("messages other than marketing to +336...: 0 of the newest 30 delivered")


def test_after_a_resume_only_new_messages_are_judged(bench: Bench) -> None:
    """The old ones are history then; thirty new ones that are lost are evidence again."""
    usual(bench)
    lose(bench, 30)
    pauses.pause(bench.db, Pause(MessageClass.MARKETING, WEST), WHO, bench.now)
    pauses.resume(bench.db, Pause(MessageClass.MARKETING, WEST), WHO, bench.now)
    bench.passes(seconds=1)
    lose(bench, 29)
    assert judged(bench, WEST) == []
    bench.submit("+33612399999", MessageClass.MARKETING)
    bench.send()
    bench.passes(minutes=20)
    (found,) = judged(bench, WEST)
    assert found.because.endswith("before, 950 of 1030 (92%)")


def test_messages_of_the_last_minutes_are_not_judged(bench: Bench) -> None:
    """Their reports may come yet."""
    usual(bench)
    lose(bench, 30)
    bench.now -= timedelta(minutes=10)
    assert judged(bench, WEST) == []
