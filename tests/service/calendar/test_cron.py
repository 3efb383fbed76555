"""Cron expressions as people know them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from modemd.errors import Refused
from modemd.service.calendar.cron import parse_cron

PARIS = ZoneInfo("Europe/Paris")


def times(expression: str, after: str, count: int) -> list[str]:
    """The first local times after a local time."""
    found, moment = [], datetime.fromisoformat(after).replace(tzinfo=PARIS).astimezone(UTC)
    times = parse_cron(expression, PARIS)
    for _ in range(count):
        following = times.next_after(moment)
        assert following is not None
        assert following > moment
        moment = following
        found.append(times.local_name(moment))
    return found


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        pytest.param("0 9 * * 0", "2026-06-07T09:00", id="0 is Sunday"),
        pytest.param("0 9 * * 7", "2026-06-07T09:00", id="7 is Sunday"),
        pytest.param("0 9 * * sun", "2026-06-07T09:00", id="a day by name"),
        pytest.param("0 9 * * 1", "2026-06-08T09:00", id="1 is Monday"),
        pytest.param("0 9 * * 6-7", "2026-06-06T09:00", id="a range to the 7"),
        pytest.param("*/20 * * * *", "2026-06-01T12:20", id="a step"),
        pytest.param("15,45 8-10 1 jan,jul *", "2026-07-01T08:15", id="lists and names"),
        pytest.param("@daily", "2026-06-02T00:00", id="a word"),
        pytest.param("0 9 13 * 5", "2026-06-05T09:00", id="either of the two days"),
    ],
)
def test_expressions_mean_what_crontab_means(expression: str, first: str) -> None:
    """crontab(5): days are counted from Sunday, and of the two fields for days either will do."""
    assert times(expression, "2026-06-01T12:00", 1) == [first]


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "* * * * * *", "60 * * * *", "0 24 * * *", "0 0 * * 8", "0 0 * * 5-2", "*/0 * * * *", "0 0 * * */0",
     "a b c d e", "0 0 L * *", "0 0 last * *", "0 0 1st mon * *", "5-1 * * * *"],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression: str) -> None:
    """One error with what was written; APScheduler's own extensions are not let through."""
    with pytest.raises(Refused) as refused:
        parse_cron(expression, PARIS)
    assert refused.value.code == "bad_cron"


def test_a_time_that_is_left_out_moves_forward() -> None:
    """02:30 does not occur on 29 March 2026: it is 03:30 then."""
    assert times("30 2 * * *", "2026-03-28T00:00", 3) == ["2026-03-28T02:30", "2026-03-29T03:30", "2026-03-30T02:30"]


def test_a_time_that_occurs_twice_is_one() -> None:
    """02:30 occurs twice on 25 October 2026; so does every time in that hour."""
    assert times("30 2 * * *", "2026-10-24T12:00", 2) == ["2026-10-25T02:30", "2026-10-26T02:30"]
    assert times("*/30 * * * *", "2026-10-25T01:45", 4) == [
        "2026-10-25T02:00", "2026-10-25T02:30", "2026-10-25T03:00", "2026-10-25T03:30",
    ]  # fmt: skip


def test_the_latest_missed_time_is_found_without_a_walk() -> None:
    """A year of minutes, and of one day in four years: the same answer as by walking, and quickly."""
    now = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)
    minutes = parse_cron("* * * * *", PARIS)
    assert minutes.latest_between(now - timedelta(days=366), now) == now.replace(second=0)
    assert minutes.latest_between(now - timedelta(seconds=20), now) is None
    leap = parse_cron("0 0 29 2 *", PARIS)
    assert leap.latest_between(datetime(2021, 1, 1, tzinfo=UTC), now) == datetime(2024, 2, 28, 23, tzinfo=UTC)
    assert leap.latest_between(datetime(2024, 3, 1, tzinfo=UTC), now) is None
