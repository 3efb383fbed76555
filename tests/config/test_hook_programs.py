"""Programs that the configuration names and that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modemd.config import Settings
from modemd.config.hook_programs import find_unusable_programs


def settings(folder: Path, **configured: Any) -> Settings:
    return Settings.model_validate({"database": str(folder / "modemd.db"), **configured})


@pytest.mark.parametrize("key", ["alarms", "recovery", "modems"])
def test_every_program_is_looked_for(tmp_path: Path, key: str) -> None:
    """Each key that names a program: with the key, the path and the reason in one line."""
    missing = [str(tmp_path / "nothing"), "--now"]
    configurations: dict[str, tuple[dict[str, Any], str]] = {
        "alarms": ({"alarms": {"command": missing}}, "alarms.command"),
        "recovery": ({"recovery": {"power_hook": missing}}, "recovery.power_hook"),
        "modems": ({"modems": [{"name": "west", "port": "/dev/x", "power_hook": missing}]}, "modems[0].power_hook"),
    }
    configured, named = configurations[key]
    assert find_unusable_programs(settings(tmp_path, **configured)) == [
        f"{named}: {tmp_path}/nothing: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("mode", "fault"),
    [pytest.param(0o755, [], id="a program"), pytest.param(0o644, ["it is not executable"], id="a file")],
)
def test_a_program_can_be_run(tmp_path: Path, mode: int, fault: list[str]) -> None:
    """A file that nobody may run is none; a folder neither."""
    program = tmp_path / "tell"
    program.write_text("#!/bin/sh\n")
    program.chmod(mode)
    found = find_unusable_programs(settings(tmp_path, alarms={"command": [str(program)]}))
    assert [line.split(": ")[2].split(";")[0] for line in found] == fault
    (folder,) = find_unusable_programs(settings(tmp_path, alarms={"command": [str(tmp_path)]}))
    assert folder.endswith("it is no file")


def test_nothing_is_named(tmp_path: Path) -> None:
    """Then nothing is looked for."""
    assert find_unusable_programs(settings(tmp_path)) == []
