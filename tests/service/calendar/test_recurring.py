"""Recurring sends, in simulated time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from modemd.config import CurrentSettings
from modemd.errors import Refused
from modemd.service.calendar.recurring import RecurringSends, ScheduleRequest
from modemd.service.keys.keys import ApiKeys, KeyRequest
from modemd.service.messages.decisions import Authorship
from modemd.service.messages.submission import MessageRequest, Submission
from tests.service.assembled import all_rows
from tests.service.bench import ALICE, BOB, WORDS, Bench
from tests.sim.world.loop import LoopClock, simulate

PARIS = ZoneInfo("Europe/Paris")
WORD = Authorship("ann", "holidays")
DAY_S = 24 * 3600.0


class RecurringBench:
    """A bench with recurring sends, whose process can be ended and begun again."""

    def __init__(self, start: datetime, **configured: Any) -> None:
        self.clock = LoopClock(asyncio.get_running_loop(), start)
        self.bench = Bench(self.clock, timezone="Europe/Paris", **configured)
        self.trust = True
        self.keys = ApiKeys(self.bench.store, self.clock, asyncio.get_running_loop().time)
        self._task: asyncio.Task[None] | None = None
        self.begin()

    def begin(self) -> None:
        bench = self.bench
        queued: Callable[..., None] = lambda submitted, message_class: None  # noqa: E731
        submitting = Submission(
            bench.store, CurrentSettings(bench.settings), bench.rules, self.clock, queued, lambda: WORDS
        )
        self.recurring = RecurringSends(
            bench.store, submitting, bench.rules, self.clock, PARIS, bench._queued, lambda: self.trust,
            self.keys.spending_for,
        )  # fmt: skip
        self._task = asyncio.ensure_future(self.recurring.run())

    async def end(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])

    async def add(self, cron: str, *, late: bool = False, to: tuple[str, ...] = (ALICE,), **more: Any) -> None:
        await self.recurring.add(ScheduleRequest("daily", cron, to, MessageRequest("", "Good morning", **more), late))

    def sent(self) -> list[str]:
        """When messages were submitted, local time."""
        rows = self.bench.all("SELECT created_at FROM message ORDER BY id")
        return [datetime.fromisoformat(row["created_at"]).astimezone(PARIS).strftime("%m-%d %H:%M") for row in rows]

    async def runs(self) -> list[tuple[str, str]]:
        shown = await self.recurring.describe("daily")
        return [(run.local, run.outcome) for run in reversed(shown.runs)]


def run_bench(start: str, scenario: Callable[[RecurringBench], Awaitable[None]], **configured: Any) -> None:
    async def process() -> None:
        moment = datetime.fromisoformat(start).replace(tzinfo=PARIS).astimezone(UTC)
        recurring_bench = RecurringBench(moment, **configured)
        await scenario(recurring_bench)
        await recurring_bench.end()

    simulate(process())


def test_it_is_sent_at_its_local_time() -> None:
    """Every day at 09:30 in Paris, before and after the change to summer time, to each recipient once."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("30 9 * * *", to=(ALICE, BOB, ALICE))
        await asyncio.sleep(3 * DAY_S)
        assert recurring_bench.sent() == ["03-28 09:30"] * 2 + ["03-29 09:30"] * 2 + ["03-30 09:30"] * 2
        assert [row["number"] for row in recurring_bench.bench.all("SELECT number FROM message LIMIT 2")] == [
            ALICE,
            BOB,
        ]

    run_bench("2026-03-27T12:00", scenario)


def test_a_sim_that_was_never_met_is_warned_of() -> None:
    """As it is for a message: it may be put in later."""

    async def scenario(bench: RecurringBench) -> None:
        request = MessageRequest("", "Good morning", sim="8933010000000000010")
        added = await bench.recurring.add(ScheduleRequest("daily", "30 9 * * *", (ALICE, BOB), request, late=False))
        assert [warning.split(":")[0] for warning in added.warnings] == ["SIM 8933010000000000010 was never met"]

    run_bench("2026-11-22T08:00", scenario)


def test_what_a_request_asks_for_holds_for_every_run() -> None:
    """The SIM, like the window and the validity: each message is pinned to it."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("30 9 * * *", sim="8933010000000000010", window="09:00-18:00", valid="2h")
        assert (await recurring_bench.recurring.describe("daily")).schedule.pinned == "8933010000000000010"
        await asyncio.sleep(2 * DAY_S)
        rows = recurring_bench.bench.all("SELECT pinned, window FROM message")
        assert [row["pinned"] for row in rows] == ["8933010000000000010"] * 2
        assert {row["window"] for row in rows} == {"09:00-18:00 Europe/Paris"}

    run_bench("2026-03-02T12:00", scenario)


def test_the_answers_hold_for_every_run() -> None:
    """Each message declares them, so that a YES to the second is no opt-in either."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("30 9 * * *", answers=("YES", "NO"))
        await asyncio.sleep(2 * DAY_S)
        rows = recurring_bench.bench.all("SELECT answers FROM message")
        assert [json.loads(row["answers"]) for row in rows] == [["YES", "NO"]] * 2

    run_bench("2026-03-02T12:00", scenario)


def test_a_text_that_its_notice_makes_too_long_fails_the_run() -> None:
    """The run says so, and the next one is tried."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        request = MessageRequest("", "x" * 255 * 153, "marketing")
        await recurring_bench.recurring.add(ScheduleRequest("daily", "30 9 * * *", (ALICE,), request, late=False))
        await asyncio.sleep(2 * DAY_S)
        runs = (await recurring_bench.recurring.describe("daily")).runs
        assert [(run.outcome, run.messages) for run in runs] == [("failed", ())] * 2
        assert runs[0].error is not None
        assert runs[0].error.startswith("with its opt-out notice, the text cannot be sent")

    run_bench("2026-03-02T12:00", scenario, consent={"notice": "auto"})


async def add_by_key(recurring_bench: RecurringBench, id: int) -> None:
    request = MessageRequest("", "Good morning")
    await recurring_bench.recurring.add(ScheduleRequest("daily", "30 9 * * *", (ALICE, BOB), request, False, id))


async def describe_runs(recurring_bench: RecurringBench) -> list[tuple[str, int, str | None]]:
    shown = await recurring_bench.recurring.describe("daily")
    return [(run.outcome, len(run.messages), run.error) for run in reversed(shown.runs)]


def test_runs_count_against_the_budget_of_their_key() -> None:
    """What is left of the day is less than a run: nothing of it is sent, and the run says why."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        keys = recurring_bench.keys
        key = await keys.create(KeyRequest("shop", ("messages:write",), per_day=3))
        caller = await keys.authenticate(key.key, "")
        await add_by_key(recurring_bench, key.row.id)
        await asyncio.sleep(0.95 * DAY_S)  # after the first run, on its day
        with pytest.raises(Refused, match="has 1 left"):
            async with keys.spending(caller, 2):
                pass
        await asyncio.sleep(0.85 * DAY_S)  # before the second
        async with keys.spending(caller, 2) as spending:
            spending.accepted = 2
        await asyncio.sleep(0.2 * DAY_S)
        first, refused = await describe_runs(recurring_bench)
        assert first == ("sent", 2, None)
        assert refused[:2] == ("refused", 0)
        assert "3 messages a day" in str(refused[2])

    run_bench("2026-03-02T12:00", scenario)


@pytest.mark.parametrize("is_revoked", [True, False])
def test_nothing_is_sent_for_a_key_that_has_ended(is_revoked: bool) -> None:
    """Each run says that its key was revoked or has expired."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        keys, end = recurring_bench.keys, recurring_bench.clock.now() + timedelta(days=1)
        key = await keys.create(KeyRequest("shop", ("messages:write",), expires_at=None if is_revoked else end))
        await add_by_key(recurring_bench, key.row.id)
        await asyncio.sleep(DAY_S)
        if is_revoked:
            await keys.revoke(key.row.id)
        await asyncio.sleep(DAY_S)
        reason = "its API key was revoked" if is_revoked else "its API key has expired"
        assert await describe_runs(recurring_bench) == [("sent", 2, None), ("refused", 0, reason)]
        assert len(recurring_bench.sent()) == 2

    run_bench("2026-03-02T12:00", scenario)


def test_an_hour_that_occurs_twice_is_one_run() -> None:
    """Each local date and time runs once, where the clock shows it twice."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("30 2 * * *")
        await asyncio.sleep(2 * DAY_S)
        assert await recurring_bench.runs() == [("2026-10-25T02:30", "sent"), ("2026-10-26T02:30", "sent")]

    run_bench("2026-10-24T12:00", scenario)


def test_a_clock_that_is_set_back_repeats_nothing() -> None:
    """What ran at a local date and time has run."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("0 * * * *")
        await asyncio.sleep(3.25 * 3600)
        before = recurring_bench.sent()
        assert len(before) == 3
        recurring_bench.clock.off -= timedelta(hours=2)
        await asyncio.sleep(2.2 * 3600)
        assert recurring_bench.sent() == before
        await asyncio.sleep(3600)
        assert len(recurring_bench.sent()) == 4

    run_bench("2026-06-01T09:30", scenario)


@pytest.mark.parametrize(
    ("late", "runs", "sent"),
    [
        (False, [("2026-06-03T09:00", "missed"), ("2026-06-04T09:00", "sent")], ["06-04 09:00"]),
        (True, [("2026-06-03T09:00", "late"), ("2026-06-04T09:00", "sent")], ["06-03 20:00", "06-04 09:00"]),
    ],
)
def test_what_was_missed_is_made_up_for_once_or_not(late: bool, runs: list[tuple[str, str]], sent: list[str]) -> None:
    """Two and a half days without power: one late run where that is wanted, else none; then as ever."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("0 9 * * *", late=late)
        await recurring_bench.end()
        await asyncio.sleep(56 * 3600)
        recurring_bench.begin()
        await asyncio.sleep(14 * 3600)
        assert await recurring_bench.runs() == runs
        assert recurring_bench.sent() == sent

    run_bench("2026-06-01T12:00", scenario)


def test_a_restart_in_the_same_minute_doubles_nothing() -> None:
    """The mark and the messages are one commit; a process that ends at any moment round it leaves one run."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("0 9 * * *")
        await asyncio.sleep(3600 - 0.05)
        for _ in range(40):
            await asyncio.sleep(0.01)
            await recurring_bench.end()
            recurring_bench.begin()
        await asyncio.sleep(60)
        assert recurring_bench.sent() == ["06-01 09:00"]

    run_bench("2026-06-01T08:00", scenario)


def test_nothing_runs_by_a_clock_that_is_not_trusted() -> None:
    """The calendar stops; a run that passed meanwhile was missed."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("0 9 * * *")
        recurring_bench.trust = False
        await asyncio.sleep(5 * 3600)
        assert recurring_bench.sent() == []
        recurring_bench.trust = True
        await asyncio.sleep(60)
        assert await recurring_bench.runs() == [("2026-06-01T09:00", "missed")]

    run_bench("2026-06-01T08:00", scenario)


def test_it_rests_while_it_is_paused() -> None:
    """What would have run meanwhile was not wanted: also `late` makes up for none of it."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("0 * * * *", late=True)
        shown = await recurring_bench.recurring.pause("daily", WORD)
        assert (shown.schedule.paused, shown.next_run) == (True, None)
        await asyncio.sleep(3 * 3600)
        assert recurring_bench.sent() == []
        shown = await recurring_bench.recurring.resume("daily", WORD)
        assert shown.next_run is not None
        assert shown.next_run.isoformat(timespec="minutes") == "2026-06-01T12:00+02:00"
        await asyncio.sleep(3600)
        assert recurring_bench.sent() == ["06-01 12:00"]
        (note,) = recurring_bench.bench.all("SELECT detail FROM event WHERE what = 'schedule paused'")
        assert '"by": "ann", "why": "holidays"' in note["detail"]

    run_bench("2026-06-01T08:30", scenario)


def test_a_removed_one_runs_no_more_and_frees_its_name() -> None:
    """Its messages go on; another may have the name."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add("0 * * * *")
        with pytest.raises(Refused, match="already"):
            await recurring_bench.add("0 * * * *")
        await recurring_bench.recurring.remove("daily", WORD)
        with pytest.raises(Refused, match="no schedule"):
            await recurring_bench.recurring.describe("daily")
        await asyncio.sleep(2 * 3600)
        assert recurring_bench.sent() == []
        await recurring_bench.add("0 9 * * *")
        assert [each.schedule.name for each in await all_rows(await recurring_bench.recurring.list_schedules())] == [
            "daily"
        ]

    run_bench("2026-06-01T08:30", scenario)


def test_its_messages_are_as_others() -> None:
    """Class, validity, window, and report are kept for every run; STOP binds it."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        await recurring_bench.add(
            "0 9 * * *", message_class="marketing", valid="2h", window="10:00-18:00", report=False
        )
        await asyncio.sleep(3600 + 60)
        row = recurring_bench.bench.one("SELECT * FROM message")
        assert (row["class"], row["state"], row["reason"], row["report"]) == (
            "marketing", "held", "outside_window", 0,
        )  # fmt: skip
        assert row["expires_at"].startswith("2026-06-01T09:00")
        await recurring_bench.bench.stop_word(ALICE)
        await asyncio.sleep(DAY_S)
        assert [row["state"] for row in recurring_bench.bench.all("SELECT state FROM message ORDER BY id")] == [
            "cancelled",
            "refused",
        ]

    run_bench("2026-06-01T08:00", scenario)


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        (ScheduleRequest("Daily", "@daily", (ALICE,), MessageRequest("", "x"), late=False), "bad_name"),
        (ScheduleRequest("daily", "@daily", (), MessageRequest("", "x"), late=False), "bad_recipients"),
        (
            ScheduleRequest("daily", "@daily", (ALICE,) * 101, MessageRequest("", "x"), late=False),
            "bad_recipients",
        ),
        (ScheduleRequest("daily", "0 0 31 2 *", (ALICE,), MessageRequest("", "x"), late=False), "bad_cron"),
        (ScheduleRequest("daily", "@daily", ("123x",), MessageRequest("", "x"), late=False), "bad_number"),
        (ScheduleRequest("daily", "@daily", (ALICE,), MessageRequest("", ""), late=False), "empty_text"),
        (
            ScheduleRequest("daily", "@daily", (ALICE,), MessageRequest("", "x", valid="soon"), late=False),
            "bad_validity",
        ),
        (ScheduleRequest("daily", "@daily", (ALICE,), MessageRequest("", "x", valid="0s"), late=False), "bad_validity"),
        (ScheduleRequest("daily", "@daily", (ALICE,), MessageRequest("", "x", window="9-5"), late=False), "bad_window"),
        (ScheduleRequest("daily", "@daily", (ALICE,), MessageRequest("", "x", key="k"), late=False), "bad_schedule"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_could_never_be_sent_is_refused_at_once(schedule: ScheduleRequest, code: str) -> None:
    """Everything that a run will be made of is looked at when it is added."""

    async def scenario(recurring_bench: RecurringBench) -> None:
        with pytest.raises(Refused) as refused:
            await recurring_bench.recurring.add(schedule)
        assert refused.value.code == code
        assert await all_rows(await recurring_bench.recurring.list_schedules()) == []

    run_bench("2026-06-01T08:00", scenario)
