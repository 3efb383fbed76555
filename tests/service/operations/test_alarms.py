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
from modemd.rules.send_decision import SendDecision, SendVerdict
from modemd.service.operations.alarms import Alarms, alarm_text
from modemd.store import alarms as kept_alarms
from modemd.store.queue import claims
from tests.service.bench import ALICE, BOB, WEST, Bench
from tests.sim.world.loop import START, LoopClock, simulate

COMMAND = ("/usr/local/bin/tell", "--now")


class Post:
    """A bench with alarms, whose process can be ended and begun again; it hears what the command is told."""

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
        self.alarms = Alarms(bench.store, self.settings, bench.policy, self.clock, bench._queued, self._command)
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


def lived(course: Callable[[Post], Awaitable[None]], **configured: Any) -> None:
    async def life() -> None:
        post = Post(**configured)
        await post.begin()
        await course(post)
        await post.end()

    simulate(life())


def test_an_alarm_is_raised_and_told_once() -> None:
    """However often it is raised: one row, one SMS of class alarm to each administrator, one call of the command."""

    async def course(post: Post) -> None:
        for _ in range(5):
            post.alarms.raise_alarm("modem", "west", "modem west cannot be used")
            await asyncio.sleep(30)
        assert post.rows() == [("modem", "west", 0)]
        messages = post.bench.all("SELECT number, text, class, state FROM message ORDER BY id")
        assert [row["number"] for row in messages] == [ALICE, BOB]
        assert {(row["text"], row["class"], row["state"]) for row in messages} == {
            ("modemd: modem west cannot be used", "alarm", "queued")
        }
        (document,) = post.heard
        assert document == {
            "code": "modem", "subject": "west", "text": "modem west cannot be used",
            "raised_at": "2026-03-02T06:00:00+00:00",
        }  # fmt: skip
        post.alarms.clear("modem", "west")
        post.alarms.clear("modem", "west")
        await asyncio.sleep(60)
        assert post.rows() == [("modem", "west", 1)]
        assert len(post.heard) == 1
        whats = [row["what"] for row in post.bench.all("SELECT what FROM event WHERE what LIKE 'alarm%'")]
        assert whats == ["alarm raised", "alarm cleared"]

    lived(course, to=[ALICE, BOB])


def test_several_at_once_are_one_message() -> None:
    """A hub that is pulled out is one piece of news."""

    async def course(post: Post) -> None:
        for name in ("a", "b", "c"):
            post.alarms.raise_alarm("modem", name, f"modem {name} is gone")
            await asyncio.sleep(2)
        await asyncio.sleep(60)
        assert post.texts() == ["modemd: 3 alarms: modem a is gone; modem b is gone; modem c is gone"]
        assert [document["subject"] for document in post.heard] == ["a", "b", "c"]

    lived(course)


def test_an_alarm_that_comes_and_goes_spends_no_credit() -> None:
    """Within the hold-down it is raised and cleared, and told once; if it stands when that is over, it is told again."""

    async def course(post: Post) -> None:
        for _ in range(10):
            post.alarms.raise_alarm("modem", "west", "gone")
            await asyncio.sleep(120)
            post.alarms.clear("modem", "west")
            await asyncio.sleep(120)
        assert len(post.rows()) == 10
        assert (len(post.texts()), len(post.heard)) == (1, 1)
        post.alarms.raise_alarm("modem", "west", "gone for good")
        await asyncio.sleep(19 * 60)
        assert len(post.texts()) == 1
        await asyncio.sleep(120)
        assert (len(post.texts()), len(post.heard)) == (2, 2)
        post.alarms.raise_alarm("modem", "east", "another is not held down by it")
        await asyncio.sleep(60)
        assert len(post.texts()) == 3

    lived(course, hold_down="1h")


def test_what_is_over_before_anybody_looks_is_not_told() -> None:
    """An alarm that stood for seconds leaves nothing."""

    async def course(post: Post) -> None:
        await asyncio.sleep(5)
        post.alarms.raise_alarm("modem", "west", "gone")
        post.alarms.clear("modem", "west")
        await asyncio.sleep(300)
        assert (post.rows(), post.texts(), post.heard) == ([], [], [])

    lived(course)


def test_a_restart_tells_nothing_twice() -> None:
    """What stands is known to the next process, which may clear it; ended at any moment, it is told once by SMS."""

    async def course(post: Post) -> None:
        post.alarms.raise_alarm("modem", "west", "gone")
        for _ in range(200):
            await asyncio.sleep(0.1)
            await post.end()
            await post.begin()
            post.alarms.raise_alarm("modem", "west", "gone")
        await asyncio.sleep(60)
        assert (post.rows(), len(post.texts())) == ([("modem", "west", 0)], 1)
        post.alarms.clear("modem", "west")
        await asyncio.sleep(60)
        assert post.rows() == [("modem", "west", 1)]

    lived(course)


def test_nobody_is_told_where_nobody_is_named() -> None:
    """The table has it all the same."""

    async def course(post: Post) -> None:
        post.alarms.raise_alarm("modem", "west", "gone")
        await asyncio.sleep(300)
        assert post.rows("code, sms_at, command_at") == [("modem", None, None)]
        assert (post.texts(), post.heard) == ([], [])

    lived(course, to=[], command=[])


def test_a_command_that_fails_is_not_tried_for_ever() -> None:
    """Its failure is logged; the alarm counts as told."""

    async def course(post: Post) -> None:
        post.fails = True
        post.alarms.raise_alarm("modem", "west", "gone")
        await asyncio.sleep(3 * 3600)
        assert len(post.heard) == 1

    lived(course)


def test_the_command_hears_what_the_database_does_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk is full nothing can be kept or sent; the command is told, and not again when there is room."""
    full = [True]
    keep = kept_alarms.raise_alarm

    def refuse(*given: Any) -> int | None:
        if full[0]:
            raise sqlite3.OperationalError("database or disk is full")
        return keep(*given)

    monkeypatch.setattr(kept_alarms, "raise_alarm", refuse)

    async def course(post: Post) -> None:
        post.alarms.raise_alarm("database", "", "the disk is full")
        await asyncio.sleep(120)
        assert (len(post.heard), post.rows()) == (1, [])
        full[0] = False
        await asyncio.sleep(120)
        assert post.rows("code, command_at IS NOT NULL, sms_at IS NOT NULL") == [("database", 1, 1)]
        assert (len(post.heard), post.texts()) == (1, ["modemd: the disk is full"])

    lived(course)


def test_a_long_story_is_cut() -> None:
    """An SMS of an alarm is two parts at most."""
    alarm = kept_alarms.ActiveAlarm(1, "modem", "west", "x" * 1000, START, None, None)
    assert len(alarm_text([alarm, alarm])) == 300


def test_an_alarm_goes_first() -> None:
    """Its message is claimed before everything else that waits."""

    async def course(post: Post) -> None:
        await post.bench.submit(BOB)
        post.alarms.raise_alarm("modem", "west", "gone")
        await asyncio.sleep(30)
        claim = await post.bench.store.write(
            lambda db: claims.claim(db, WEST, "stick", lambda facts: SendDecision(SendVerdict.SEND), post.clock.now())
        )
        assert claim is not None
        assert claim.candidate.text == "modemd: gone"
        assert json.loads(json.dumps(post.heard)) == post.heard

    lived(course)


def test_an_alarm_is_valid_as_long_as_the_settings_in_force_say() -> None:
    """A validity that was taken over while the daemon runs holds for the next alarm."""

    async def course(post: Post) -> None:
        current = post.settings.current()
        longer = current.validity.model_copy(update={"alarm": timedelta(hours=5)})
        post.settings.reload(current.model_copy(update={"validity": longer, "report": False}))
        post.alarms.raise_alarm("modem", "west", "modem west is gone")
        await asyncio.sleep(60)
        (message,) = post.bench.all("SELECT report, created_at, expires_at FROM message")
        lasts = datetime.fromisoformat(message["expires_at"]) - datetime.fromisoformat(message["created_at"])
        assert (lasts, message["report"]) == (timedelta(hours=5), 0)

    lived(course)
