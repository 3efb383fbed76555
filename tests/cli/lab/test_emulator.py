"""`modemd emulate --scenario`: what the command line makes of it. What a scenario does is in tests/emulator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from modemd.emulator import families
from modemd.emulator.lab import server
from modemd.emulator.lab.lab import Lab, LabOptions
from modemd.emulator.lab.scenario import load
from tests.cli.shell import Modemd


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[LabOptions]:
    """What was to be served. Nothing runs, but a lab is there for long enough to be prepared."""
    seen: list[LabOptions] = []

    async def serve(
        options: LabOptions, ready: Callable[[str], None], *, prepare: Callable[[Lab], None] | None = None
    ) -> None:
        seen.append(options)
        lab = Lab(options, asyncio.get_running_loop())
        if prepare is not None:
            prepare(lab)
        lab.close()

    monkeypatch.setattr(server, "serve", serve)
    return seen


def test_without_a_scenario_nothing_is_planned(modemd: Modemd, tmp_path: Path, served: list[LabOptions]) -> None:
    """Modems in turn on a network as they usually are, which is said where no program reads on."""
    ended = modemd("emulate", "--dir", str(tmp_path), "--modems", "2")
    assert (ended.status, ended.out) == (0, "")
    assert served == [LabOptions(tmp_path, 2, send_latency_s=0.3, seed=0, kind=False)]
    assert ended.err == (
        "modemd: the network is unkind, like real ones: 10% of the reports never come, 10% name the recipient as a "
        "national number, its clock is 374 s fast; --kind switches this off\n"
    )


def test_a_kind_network_is_asked_for(modemd: Modemd, tmp_path: Path, served: list[LabOptions]) -> None:
    """--kind loses nothing."""
    ended = modemd("emulate", "--dir", str(tmp_path), "--kind")
    assert ended.err == "modemd: the network is kind: every report comes, once and correct\n"
    assert served == [LabOptions(tmp_path, 1, send_latency_s=0.3, seed=0, kind=True)]


@pytest.mark.parametrize(("name", "told"), [("bad_day", "is unkind"), ("stop", "is kind")])
def test_a_scenario_says_it_all(modemd: Modemd, tmp_path: Path, served: list[LabOptions], name: str, told: str) -> None:
    """The file's lab is served, and the scenario begins before any host can reach it; also what it is like is told."""
    ended = modemd("emulate", "--dir", str(tmp_path), "--scenario", name)
    assert (ended.status, ended.out) == (0, "")
    (options,) = served
    loaded = load(Path(name))
    assert options == loaded.options(tmp_path)
    assert [plan.name for plan in options.plans()] == [modem.name for modem in loaded.modem]
    assert ended.err.startswith(f"modemd: the network {told}")
    if told == "is unkind":
        assert ended.err.endswith("; kind = true under [network] switches this off\n")


@pytest.mark.parametrize("option", [("--seed", "0"), ("--kind",)], ids=lambda option: str(option[0]))
def test_options_beside_a_scenario_are_refused(modemd: Modemd, tmp_path: Path, option: tuple[str, ...]) -> None:
    """What the file says is not said twice."""
    ended = modemd("emulate", "--dir", str(tmp_path), "--scenario", "stop", *option)
    assert (ended.status, ended.err) == (
        2,
        f"modemd: modemd emulate: {option[0]} cannot be used with --scenario: the file sets it\n",
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
            f"modemd: {path}: modem[0].family: 'nokia' is not one of {', '.join(families)}",
        ],
    )
