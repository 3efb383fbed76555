"""Programs that hang, write without end, or leave something behind."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from pathlib import Path

import pytest

from modemd import programs


def sh(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def runs(pid: Path) -> bool:
    """Whether the process whose number stands in a file runs, and is no zombie."""
    state = Path(f"/proc/{pid.read_text().strip()}/stat")
    return state.exists() and state.read_text().split()[2] != "Z"


async def test_one_that_has_left_the_group_holds_nobody_up(tmp_path: Path) -> None:
    """A daemon that a program has started keeps its output open for long; the program is over all the same."""
    pid = tmp_path / "pid"
    script = f"trap '' TERM; setsid sh -c 'echo $$ > {pid}; exec sleep 60' & while :; do sleep 1; done"
    began = time.perf_counter()
    assert await programs.run(sh(script), 0.5) == "it did not end within 0.5 s"
    assert time.perf_counter() - began < 0.5 + programs.TERMINATE_TIMEOUT_S + 5
    os.kill(int(pid.read_text()), 9)


async def test_output_without_end_takes_no_memory() -> None:
    """Only the end of it is kept, and the program is not held up by it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = await programs.run(sh("head -c 200000000 /dev/zero; echo; echo the end; exit 3"), 60)
    assert said == "it ended with status 3: the end"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


async def test_what_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    """Also where the program itself has ended already."""
    pid = tmp_path / "pid"
    assert await programs.run(sh(f"trap '' TERM; sleep 60 & echo $! > {pid}; exit 0"), 10) is None
    for _ in range(100):
        if not runs(pid):
            return
        await asyncio.sleep(0.05)
    pytest.fail("it still runs")


async def test_a_program_with_a_child_in_the_background_has_ended(tmp_path: Path) -> None:
    """It is over when it has ended, and not when its output is closed."""
    began = time.perf_counter()
    assert await programs.run(sh("sleep 30 & exit 0"), 20) is None
    assert time.perf_counter() - began < 10


async def test_a_word_with_a_nul_is_told() -> None:
    """No program can be handed one."""
    assert await programs.run(["/bin/echo", "a\0b"], 5) == "it cannot be run: embedded null byte"
