"""Calendar work runs once for each job and local date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from modemd.store import calendar, reports
from tests.store.bench import Bench

DAY = date(2026, 11, 22)


def test_a_job_runs_once_a_day(bench: Bench) -> None:
    """The same job on the same local date runs once; another job, or the next date, is another run."""
    ran: list[str] = []

    def run(job: str, day: date) -> bool:
        return calendar.once(bench.db, job, day, lambda db, now: ran.append(job), bench.now)

    assert [run("a", DAY), run("a", DAY), run("b", DAY), run("a", DAY + timedelta(days=1))] == [True, False, True, True]
    assert ran == ["a", "b", "a"]


def test_a_job_that_fails_may_run_again(bench: Bench) -> None:
    """The mark and the work are one change: where the work raises, its savepoint takes the mark back."""

    def fails(db: object, now: object) -> None:
        raise ValueError("no")

    bench.db.execute("SAVEPOINT change")
    with pytest.raises(ValueError, match="no"):
        calendar.once(bench.db, "a", DAY, fails, bench.now)
    bench.db.execute("ROLLBACK TO change")
    assert calendar.once(bench.db, "a", DAY, lambda db, now: None, bench.now)


def test_statistics_are_renewed(bench: Bench) -> None:
    """Optimising runs on a database with rows, and leaves its answers as they were."""
    for _ in range(20):
        bench.submit()
    before = bench.candidates()
    calendar.keep_house(bench.db, bench.now)
    assert bench.candidates() == before


def test_reports_are_looked_for_until_a_day_after_the_end(bench: Bench) -> None:
    """A part of a message that has failed may still be reported; a day after the end nobody waits for it."""
    bench.submit(parts=2)
    bench.send(reference=1)
    bench.send(reference=2)
    bench.report(1, reports.Outcome.PERMANENT)
    calendar.keep_house(bench.db, bench.now)
    assert bench.report(2) is not None
    bench.submit()
    bench.send(reference=3)
    bench.report(3)
    bench.submit(parts=2)
    bench.send(reference=4)
    bench.send(reference=5)
    bench.report(4, reports.Outcome.PERMANENT)
    bench.passes(days=2)
    calendar.keep_house(bench.db, bench.now)
    assert bench.report(5) is None
