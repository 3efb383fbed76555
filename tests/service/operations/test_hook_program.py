"""A program that is told something."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest

from modemd.service.operations import hook_program

DOCUMENT = {"code": "modem", "text": "modem “west” is gone; $(touch hacked)"}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "tell us"


def written(program: Path, body: str) -> str:
    program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


async def test_it_is_given_the_words_and_the_document(program: Path, tmp_path: Path) -> None:
    """Words reach it as they are, no shell looks at them; the document is on its standard input."""
    words = [written(program, f'cat > "{tmp_path}/input"; printf "%s|" "$@" > "{tmp_path}/words"'), "$HOME *", "; rm"]
    assert await hook_program.run_program(words, DOCUMENT, 10) is None
    assert json.loads((tmp_path / "input").read_text(encoding="utf-8")) == DOCUMENT
    assert (tmp_path / "words").read_text(encoding="utf-8") == "$HOME *|; rm|"


async def test_one_that_does_not_read_is_no_failure(program: Path) -> None:
    """A program may ignore what it is given."""
    assert await hook_program.run_program([written(program, "exec <&-; exit 0")], DOCUMENT, 10) is None


async def test_how_it_failed_is_told(program: Path) -> None:
    """Its status, and the last it said."""
    said = await hook_program.run_program(
        [written(program, "cat > /dev/null; echo first >&2; echo last >&2; exit 3")], DOCUMENT, 10
    )
    assert said == "it ended with status 3: last"


async def test_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    """No such file."""
    said = await hook_program.run_program([str(tmp_path / "none")], DOCUMENT, 10)
    assert said is not None
    assert "No such file" in said


async def test_one_that_does_not_end_is_ended(program: Path, tmp_path: Path) -> None:
    """Its time is limited, and with it ends what it started."""
    child = tmp_path / "child"
    said = await hook_program.run_program([written(program, f'sleep 60 & echo $! > "{child}"; wait')], DOCUMENT, 0.5)
    assert said == "it did not end within 0.5 s"
    async with asyncio.timeout(10):  # the kernel takes its moment, on a machine that is busy
        while not _over(child):  # noqa: ASYNC110 - another process's child sends no event
            await asyncio.sleep(0.01)


def _over(child: Path) -> bool:
    """Whether the process whose number is in a file has ended."""
    state = Path("/proc", child.read_text(encoding="ascii").strip(), "stat")
    return not state.exists() or state.read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
