"""Alarms, kept once and told once, in simulated time."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from modemd.config import CurrentSettings
from modemd.config.alarms import AlarmSettings
from modemd.errors import Refused
from modemd.rules.send_decision import SendDecision, SendVerdict
from modemd.service.operations.alarms import NOTHING_PASSES, TEST_TEXT, Alarms, AlarmTest, alarm_text
from modemd.store import alarms as kept_alarms
from modemd.store.queue import claims
from tests.service.bench import ALICE, BOB, WEST, Bench
from tests.sim.world.loop import START, LoopClock, simulate

COMMAND = ("/usr/local/bin/tell", "--now")


class AlarmBench:
    """A bench with alarms, whose process can be ended and begun again; `heard`: what the command was told."""

    def __init__(self, **configured: Any) -> None:
        self.clock = LoopClock(asyncio.get_running_loop())
        self.bench = Bench(self.clock)
        self.settings = CurrentSettings(
            self.bench.settings.model_copy(
                update={"alarms": AlarmSettings.model_validate({"to": [ALICE], "command": list(COMMAND), **configured})}
            )
        )
        self.heard: list[dict[str, Any]] = []
        self.fails = False

    async def begin(self) -> None:
        bench = self.bench
        self.alarms = Alarms(bench.store, self.settings, bench.rules, self.clock, bench._queued, self._command)
        await self.alarms.load()
        self._task = asyncio.ensure_future(self.alarms.run())

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _command(self, words: Sequence[str], document: dict[str, Any], limit_s: float) -> str | None:
        assert (tuple(words), limit_s) == (COMMAND, 30.0)
        self.heard.append(document)
        return "it failed" if self.fails else None

    def texts(self) -> list[str]:
        return [row["text"] for row in self.bench.all("SELECT text FROM message ORDER BY id")]

    def rows(self, columns: str = "code, subject, cleared_at IS NOT NULL AS over") -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.bench.all(f"SELECT {columns} FROM alarm ORDER BY id")]


def run_bench(scenario: Callable[[AlarmBench], Awaitable[None]], **configured: Any) -> None:
    async def process() -> None:
        alarm_bench = AlarmBench(**configured)
        await alarm_bench.begin()
        await scenario(alarm_bench)
        await alarm_bench.end()

    simulate(process())


def test_an_alarm_is_raised_and_told_once() -> None:
    """However often it is raised: one row, one SMS of class alarm to each administrator, one call of the command."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        for _ in range(5):
            alarm_bench.alarms.raise_alarm("modem", "west", "modem west cannot be used")
            await asyncio.sleep(30)
        assert alarm_bench.rows() == [("modem", "west", 0)]
        messages = alarm_bench.bench.all("SELECT number, text, class, state FROM message ORDER BY id")
        assert [row["number"] for row in messages] == [ALICE, BOB]
        assert {(row["text"], row["class"], row["state"]) for row in messages} == {
            ("modemd: modem west cannot be used", "alarm", "queued")
        }
        (document,) = alarm_bench.heard
        assert document == {
            "code": "modem", "subject": "west", "text": "modem west cannot be used",
            "raised_at": "2026-03-02T06:00:00+00:00", "cleared_at": None,
        }  # fmt: skip
        alarm_bench.alarms.clear("modem", "west")
        alarm_bench.alarms.clear("modem", "west")
        await asyncio.sleep(60)
        assert alarm_bench.rows() == [("modem", "west", 1)]
        assert len(alarm_bench.heard) == 1
        whats = [row["what"] for row in alarm_bench.bench.all("SELECT what FROM event WHERE what LIKE 'alarm%'")]
        assert whats == ["alarm raised", "alarm cleared"]

    run_bench(scenario, to=[ALICE, BOB])


def test_several_at_once_are_one_message() -> None:
    """A hub that is pulled out is one piece of news."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        for name in ("a", "b", "c"):
            alarm_bench.alarms.raise_alarm("modem", name, f"modem {name} is gone")
            await asyncio.sleep(2)
        await asyncio.sleep(60)
        assert alarm_bench.texts() == ["modemd: 3 alarms: modem a is gone; modem b is gone; modem c is gone"]
        assert [document["subject"] for document in alarm_bench.heard] == ["a", "b", "c"]

    run_bench(scenario)


def test_an_alarm_that_comes_and_goes_spends_no_credit() -> None:
    """Within the hold-down it is raised and cleared, and told once; if it stands when that is over, it is told again."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        for _ in range(10):
            alarm_bench.alarms.raise_alarm("modem", "west", "gone")
            await asyncio.sleep(120)
            alarm_bench.alarms.clear("modem", "west")
            await asyncio.sleep(120)
        assert len(alarm_bench.rows()) == 10
        assert (len(alarm_bench.texts()), len(alarm_bench.heard)) == (1, 1)
        alarm_bench.alarms.raise_alarm("modem", "west", "gone for good")
        await asyncio.sleep(19 * 60)
        assert len(alarm_bench.texts()) == 1
        await asyncio.sleep(120)
        assert (len(alarm_bench.texts()), len(alarm_bench.heard)) == (2, 2)
        alarm_bench.alarms.raise_alarm("modem", "east", "another is not held down by it")
        await asyncio.sleep(60)
        assert len(alarm_bench.texts()) == 3

    run_bench(scenario, hold_down="1h")


def test_what_is_over_before_anybody_looks_is_not_told() -> None:
    """An alarm that stood for seconds leaves nothing."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        await asyncio.sleep(5)
        alarm_bench.alarms.raise_alarm("modem", "west", "gone")
        alarm_bench.alarms.clear("modem", "west")
        await asyncio.sleep(300)
        assert (alarm_bench.rows(), alarm_bench.texts(), alarm_bench.heard) == ([], [], [])

    run_bench(scenario)


def test_a_restart_tells_nothing_twice() -> None:
    """What stands is known to the next process, which may clear it; ended at any moment, it is told once by SMS."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        alarm_bench.alarms.raise_alarm("modem", "west", "gone")
        for _ in range(200):
            await asyncio.sleep(0.1)
            await alarm_bench.end()
            await alarm_bench.begin()
            alarm_bench.alarms.raise_alarm("modem", "west", "gone")
        await asyncio.sleep(60)
        assert (alarm_bench.rows(), len(alarm_bench.texts())) == ([("modem", "west", 0)], 1)
        alarm_bench.alarms.clear("modem", "west")
        await asyncio.sleep(60)
        assert alarm_bench.rows() == [("modem", "west", 1)]

    run_bench(scenario)


def test_nobody_is_told_where_nobody_is_named() -> None:
    """The table has it all the same."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        alarm_bench.alarms.raise_alarm("modem", "west", "gone")
        await asyncio.sleep(300)
        assert alarm_bench.rows("code, sms_at, command_at") == [("modem", None, None)]
        assert (alarm_bench.texts(), alarm_bench.heard) == ([], [])

    run_bench(scenario, to=[], command=[])


def test_a_command_that_fails_is_tried_again() -> None:
    """After 1, 5, 15 and 60 minutes, then every hour, while the alarm stands; it does not count as told before it has worked."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        alarm_bench.fails = True
        alarm_bench.alarms.raise_alarm("modem", "west", "gone")
        await asyncio.sleep(3 * 3600)
        assert len(alarm_bench.heard) == 6
        assert alarm_bench.rows("command_at, sms_at IS NOT NULL") == [(None, 1)]
        alarm_bench.fails = False
        await asyncio.sleep(3600)
        assert len(alarm_bench.heard) == 7
        assert alarm_bench.rows("command_at IS NOT NULL") == [(1,)]
        await asyncio.sleep(3 * 3600)
        assert len(alarm_bench.heard) == 7

    run_bench(scenario)


def test_nothing_can_be_sent_is_told_each_time() -> None:
    """There is no hold-down: whoever was told that it is over must be told when it comes again."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        for _ in range(2):
            alarm_bench.alarms.raise_alarm(NOTHING_PASSES, "", "nothing can be sent")
            await asyncio.sleep(60)
            alarm_bench.alarms.clear(NOTHING_PASSES)
            await asyncio.sleep(60)
        assert (len(alarm_bench.texts()), len(alarm_bench.heard)) == (2, 2)

    run_bench(scenario, hold_down="1h")


@pytest.mark.parametrize("tells", [True, False])
def test_the_all_clear_goes_the_same_ways(tells: bool) -> None:
    """If it is configured: once, to those who were told of the alarm, also by the next process; not for alarms before that."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        alarm_bench.alarms.raise_alarm("modem", "west", "west is gone")
        alarm_bench.alarms.raise_alarm("modem", "east", "east is gone")
        await asyncio.sleep(60)
        alarm_bench.alarms.clear("modem", "west")
        alarm_bench.alarms.clear("modem", "east")
        await asyncio.sleep(10.5)  # stored by now, and perhaps not told
        await alarm_bench.end()
        await alarm_bench.begin()
        await asyncio.sleep(300)
        told = ["modemd: 2 alarms: west is gone; east is gone"]
        over = ["modemd: over: 2 alarms: west is gone; east is gone"]
        assert alarm_bench.texts() == (told + over if tells else told)
        cleared = [document["subject"] for document in alarm_bench.heard if document["cleared_at"] is not None]
        assert cleared == (["west", "east"] if tells else [])

    run_bench(scenario, all_clear=tells)


def test_what_was_not_told_has_no_all_clear() -> None:
    """An alarm that was held down is over without a word."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        for _ in range(2):
            alarm_bench.alarms.raise_alarm("modem", "west", "west is gone")
            await asyncio.sleep(60)
            alarm_bench.alarms.clear("modem", "west")
            await asyncio.sleep(60)
        assert alarm_bench.texts() == ["modemd: west is gone", "modemd: over: west is gone"]

    run_bench(scenario, all_clear=True)


def test_a_test_goes_every_way() -> None:
    """A message for each administrator, and one run of the command, whose failure is told; no alarm is stored."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        assert await alarm_bench.alarms.test() == AlarmTest((1, 2), True, None)
        assert alarm_bench.texts() == [TEST_TEXT, TEST_TEXT]
        (document,) = alarm_bench.heard
        assert (document["code"], document["text"]) == ("test", TEST_TEXT)
        alarm_bench.fails = True
        assert (await alarm_bench.alarms.test()).failure == "it failed"
        assert alarm_bench.rows() == []

    run_bench(scenario, to=[ALICE, BOB])


def test_a_test_of_nothing_is_refused() -> None:
    """If nobody is configured, that is what the test finds."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        with pytest.raises(Refused, match=r"set alarms\.to or alarms\.command"):
            await alarm_bench.alarms.test()

    run_bench(scenario, to=[], command=[])


def test_the_log_has_the_text_of_an_alarm(caplog: pytest.LogCaptureFixture) -> None:
    """It is modemd's own text, and no message."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        alarm_bench.alarms.raise_alarm("modem", "west", "modem west cannot be used")

    run_bench(scenario)
    assert 'alarm code=modem subject=west what="modem west cannot be used"' in caplog.text


def test_the_command_hears_what_the_database_does_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk is full nothing can be kept or sent; the command is told, and not again when there is room."""
    full = [True]
    keep = kept_alarms.raise_alarm

    def refuse(*given: Any) -> int | None:
        if full[0]:
            raise sqlite3.OperationalError("database or disk is full")
        return keep(*given)

    monkeypatch.setattr(kept_alarms, "raise_alarm", refuse)

    async def scenario(alarm_bench: AlarmBench) -> None:
        alarm_bench.alarms.raise_alarm("database", "", "the disk is full")
        await asyncio.sleep(120)
        assert (len(alarm_bench.heard), alarm_bench.rows()) == (1, [])
        full[0] = False
        await asyncio.sleep(120)
        assert alarm_bench.rows("code, command_at IS NOT NULL, sms_at IS NOT NULL") == [("database", 1, 1)]
        assert (len(alarm_bench.heard), alarm_bench.texts()) == (1, ["modemd: the disk is full"])

    run_bench(scenario)


def test_a_long_story_is_cut() -> None:
    """An SMS of an alarm is two parts at most."""
    alarm = kept_alarms.ActiveAlarm(1, "modem", "west", "x" * 1000, START, None, None)
    assert len(alarm_text([alarm, alarm])) == 300


def test_an_alarm_goes_first() -> None:
    """Its message is claimed before everything else that waits."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        await alarm_bench.bench.submit(BOB)
        alarm_bench.alarms.raise_alarm("modem", "west", "gone")
        await asyncio.sleep(30)
        claim = await alarm_bench.bench.store.write(
            lambda db: claims.claim(
                db, WEST, "stick", lambda facts: SendDecision(SendVerdict.SEND), alarm_bench.clock.now()
            )
        )
        assert claim is not None
        assert claim.candidate.text == "modemd: gone"
        assert json.loads(json.dumps(alarm_bench.heard)) == alarm_bench.heard

    run_bench(scenario)


def test_an_alarm_is_valid_as_long_as_the_settings_in_force_say() -> None:
    """A validity that was taken over while the daemon runs holds for the next alarm."""

    async def scenario(alarm_bench: AlarmBench) -> None:
        current = alarm_bench.settings.current()
        longer = current.validity.model_copy(update={"alarm": timedelta(hours=5)})
        alarm_bench.settings.reload(current.model_copy(update={"validity": longer, "report": False}))
        alarm_bench.alarms.raise_alarm("modem", "west", "modem west is gone")
        await asyncio.sleep(60)
        (message,) = alarm_bench.bench.all("SELECT report, created_at, expires_at FROM message")
        lasts = datetime.fromisoformat(message["expires_at"]) - datetime.fromisoformat(message["created_at"])
        assert (lasts, message["report"]) == (timedelta(hours=5), 0)

    run_bench(scenario)
