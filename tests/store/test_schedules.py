"""Recurring sends as they are kept."""

from __future__ import annotations

from modemd.rules.classes import MessageClass
from modemd.store import schedules
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.schedules import RunOutcome, ScheduleContent
from tests.store.bench import ALICE, Bench


def test_a_local_time_runs_once(bench: Bench) -> None:
    """Whoever asks, and whatever it would submit: the second run of a local date and time submits nothing."""
    new = ScheduleContent(
        "daily", "@daily", "UTC", (ALICE,), "hi", "otp", True, None, None, None, None, (), late=False, api_key=None
    )
    schedules.add(bench.db, new, bench.now)
    found = schedules.find_by_name(bench.db, "daily")

    def run(local: str) -> bool:
        message = OutboundMessage(ALICE, "hi", MessageClass.OTP, 1, bench.now.replace(year=2027))
        return (
            schedules.execute_run(bench.db, found, local, [message], bench.rules, bench.now, RunOutcome.SENT)
            is not None
        )

    assert [run("2026-11-22T00:00"), run("2026-11-22T00:00"), run("2026-11-23T00:00")] == [True, False, True]
    assert bench.db.execute("SELECT count(*) FROM message").fetchone()[0] == 2
    schedules.pause(bench.db, "daily", bench.now, by="ann", why="no")
    assert not run("2026-11-24T00:00")
