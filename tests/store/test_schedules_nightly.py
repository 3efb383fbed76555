"""Calendar work runs once for each job and local date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.store import schedules
from tests.store.bench import ALICE, Bench

DAY = date(2026, 11, 22)


def test_a_job_runs_once_a_day(bench: Bench) -> None:
    """The same job on the same local date runs once; another job, or the next date, is another run."""
    ran: list[str] = []

    def run(job: str, day: date) -> bool:
        return schedules.run_once_a_day(bench.db, job, day, lambda db, now: ran.append(job), bench.now)

    assert [run("a", DAY), run("a", DAY), run("b", DAY), run("a", DAY + timedelta(days=1))] == [True, False, True, True]
    assert ran == ["a", "b", "a"]


def test_a_job_that_fails_may_run_again(bench: Bench) -> None:
    """The mark and the work are one change: where the work raises, its savepoint takes the mark back."""

    def fails(db: object, now: object) -> None:
        raise ValueError("no")

    bench.db.execute("SAVEPOINT change")
    with pytest.raises(ValueError, match="no"):
        schedules.run_once_a_day(bench.db, "a", DAY, fails, bench.now)
    bench.db.execute("ROLLBACK TO change")
    assert schedules.run_once_a_day(bench.db, "a", DAY, lambda db, now: None, bench.now)


def test_statistics_are_renewed(bench: Bench) -> None:
    """Optimising runs on a database with rows, and leaves its answers as they were."""
    for _ in range(20):
        bench.submit()
    before = bench.candidates()
    schedules.run_nightly_maintenance(bench.db, bench.now)
    assert bench.candidates() == before


def test_evidence_is_looked_for_until_a_day_after_the_end(bench: Bench) -> None:
    """A part of unknown outcome of a message that has ended may still be settled; a day later nobody waits for that."""
    bench.submit(ALICE, MessageClass.MARKETING, parts=2)
    attempt = bench.lose().attempt_id
    bench.says(ALICE)
    matchable = "SELECT matchable FROM attempt WHERE id = ?"
    schedules.run_nightly_maintenance(bench.db, bench.now)
    assert bench.db.execute(matchable, (attempt,)).fetchone()["matchable"] == 1
    bench.passes(days=2)
    schedules.run_nightly_maintenance(bench.db, bench.now)
    assert bench.db.execute(matchable, (attempt,)).fetchone()["matchable"] == 0
