"""`modemd emulate --scenario`: what the command line makes of it. What a scenario does is in tests/emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from modemd.emulator import server
from modemd.emulator.lab import Lab, LabOptions
from tests.cli.bench import Modemd


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[LabOptions, bool]]:
    """What was to be served, and whether a scenario was to begin; nothing runs."""
    seen: list[tuple[LabOptions, bool]] = []

    async def serve(
        options: LabOptions, ready: Callable[[str], None], *, prepare: Callable[[Lab], None] | None = None
    ) -> None:
        await asyncio.sleep(0)
        seen.append((options, prepare is not None))

    monkeypatch.setattr(server, "serve", serve)
    return seen


def test_without_a_scenario_nothing_is_planned(
    modemd: Modemd, tmp_path: Path, served: list[tuple[LabOptions, bool]]
) -> None:
    """The options mean what they always meant: a kind network, modems in turn."""
    assert modemd("emulate", "--dir", str(tmp_path), "--modems", "2").status == 0
    assert served == [(LabOptions(tmp_path, 2, send_latency_s=0.3, seed=0), False)]
    assert served[0][0].report_loss == 0


def test_a_scenario_says_it_all(modemd: Modemd, tmp_path: Path, served: list[tuple[LabOptions, bool]]) -> None:
    """The file's lab is served, and the scenario begins before any host can reach it."""
    assert modemd("emulate", "--dir", str(tmp_path), "--scenario", "bad_day").status == 0
    ((options, begins),) = served
    assert (options.directory, options.seed, [plan.name for plan in options.plans()], begins) == (
        tmp_path,
        7,
        ["west", "east"],
        True,
    )


def test_options_beside_a_scenario_are_refused(modemd: Modemd, tmp_path: Path) -> None:
    """What the file says is not said twice."""
    ended = modemd("emulate", "--dir", str(tmp_path), "--scenario", "stop", "--seed", "0")
    assert (ended.status, ended.err) == (
        2,
        "modemd: modemd emulate: --seed goes without --scenario: the file says it\n",
    )


def test_every_mistake_of_a_scenario_has_a_line(modemd: Modemd, tmp_path: Path) -> None:
    """File, key and what is allowed; the status is 2."""
    path = tmp_path / "wrong.toml"
    path.write_text('[[modem]]\nname = "west"\nfamily = "nokia"\n', encoding="utf-8")
    ended = modemd("emulate", "--dir", str(tmp_path / "lab"), "--scenario", str(path))
    assert (ended.status, ended.err.splitlines()) == (
        2,
        [
            f"modemd: {path}: modem[0].number: is needed",
            f"modemd: {path}: modem[0].family: 'nokia' is not one of generic, huawei_e3372, sim800",
        ],
    )
