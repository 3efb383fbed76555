"""A configuration of its own for each test, and no daemon: commands run in this process, under the writer's lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from modemd.emulator.lab.control_api import create_app
from modemd.emulator.lab.lab import Lab, LabOptions
from modemd.emulator.testing.background import Background
from modemd.http.unix import listening, serving
from modemd.store import Store
from tests.cli.shell import Modemd, runner

SMALLEST = """
database: modemd.db
country: FR
modems:
  - name: west
    port: modem0
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "modemd.yaml"
    path.write_text(SMALLEST, encoding="utf-8")
    asyncio.run(make_database(tmp_path / "modemd.db"))
    return path


async def make_database(path: Path) -> None:
    """Makes an empty database, as the first start of the daemon does."""
    await (await Store.open(path)).close()


@pytest.fixture
def modemd(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Modemd:
    """`FILE` among the arguments stands for the configuration."""
    return runner(monkeypatch, capsys, {"FILE": str(config)})


@asynccontextmanager
async def _served(directory: Path) -> AsyncIterator[Lab]:
    options = LabOptions(directory, delivery_latency_s=0, chatty=False, boot_factor=0)
    lab = Lab(options, asyncio.get_running_loop())
    with listening(directory / "control.sock") as door:
        async with serving(create_app(lab), door):
            yield lab
    lab.close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab with its control API, on a loop beside the test."""
    background = Background("lab")
    served = _served(tmp_path)
    yield asyncio.run_coroutine_threadsafe(served.__aenter__(), background.loop).result(10)
    asyncio.run_coroutine_threadsafe(served.__aexit__(None, None, None), background.loop).result(10)
    background.close()
