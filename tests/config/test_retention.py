"""What can be said about alarms, and about how long things are kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from modemd.config import load
from modemd.config.retention import FOREVER
from modemd.errors import ConfigError
from tests.config.test_loader import SMALLEST, written


def test_ages_are_days_or_for_ever(tmp_path: Path) -> None:
    """What is not said has its default."""
    said = "retention:\n  outbox: {texts: 30d, rows: forever}\n  log: 10d\n"
    kept = load(written(tmp_path, SMALLEST + said)).retention
    assert (kept.outbox.texts, kept.outbox.rows) == (timedelta(days=30), FOREVER)
    assert (kept.inbox.texts, kept.inbox.rows, kept.log) == (
        timedelta(days=90), timedelta(days=400), timedelta(days=10),
    )  # fmt: skip


def test_alarm_settings_are_read(tmp_path: Path) -> None:
    """Numbers, each once, and a program with its words."""
    said = "alarms:\n  to: [+33612345678, +33612345678]\n  command: [/bin/tell, --now, '$X']\n  hold_down: 2h\n"
    alarms = load(written(tmp_path, SMALLEST + said)).alarms
    assert (alarms.to, alarms.command) == (("+33612345678",), ("/bin/tell", "--now", "$X"))
    assert (alarms.hold_down, alarms.command_limit) == (timedelta(hours=2), timedelta(seconds=30))


@pytest.mark.parametrize(
    "said",
    [
        "retention: {outbox: {texts: 7d}}",
        "retention: {outbox: {texts: 100d, rows: 50d}}",
        "retention: {inbox: {rows: never}}",
        "retention: {log: 400}",
        "alarms: {to: '+33612345678'}",
        "alarms: {to: [0612345678]}",
        "alarms: {command: tell us}",
        "alarms: {command: [tell, us]}",
        "alarms: {hold_down: 1s}",
        "alarms: {command_limit: 1h}",
        "alarms: {tell: x}",
    ],
)
def test_mistakes_are_reported_with_what_is_allowed(tmp_path: Path, said: str) -> None:
    """One line, with the place in the file."""
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, f"{SMALLEST}{said}\n"))
    (problem,) = caught.value.problems
    assert ":5:" in problem
    assert "allowed" in problem
