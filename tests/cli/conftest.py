"""A configuration of its own for each test, and no daemon: commands run in this process, under the writer's lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.bench import Modemd, runner

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
    return path


@pytest.fixture
def modemd(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Modemd:
    """`FILE` among the arguments stands for the configuration."""
    return runner(monkeypatch, capsys, {"FILE": str(config)})
