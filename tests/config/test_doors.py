"""What can be said about doors."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from modemd.config import load
from modemd.errors import ConfigError
from tests.config.test_loader import SMALLEST, written

ON_CALL = "receivers: {on-call: [+33612345678, +33612345678]}"


def test_a_door_is_closed_unless_it_is_named(tmp_path: Path) -> None:
    """What is not said of an open one has its default; a number that is named twice is there once."""
    assert load(written(tmp_path, SMALLEST)).doors.are_closed
    doors = load(written(tmp_path, SMALLEST + f"doors: {{alertmanager: {{{ON_CALL}}}}}\n")).doors
    assert not doors.are_closed
    assert list(doors.alert_doors) == ["alertmanager"]
    door = doors.alert_doors["alertmanager"]
    assert door.receivers == {"on-call": ("+33612345678",)}
    assert (door.resolved, door.repeat, door.most) == (False, timedelta(hours=1), 10)
    doors = load(written(tmp_path, SMALLEST + "doors: {smseagle: {}}\n")).doors
    assert doors.smseagle is not None
    assert (doors.smseagle.message_class, doors.alert_doors, doors.are_closed) == ("transactional", {}, False)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("alertmanager: {}", "alertmanager.receivers"),
        ("grafana: {receivers: {}}", "grafana.receivers"),
        ("grafana: {receivers: {on-call: []}}", "grafana.receivers.on-call"),
        ("grafana: {receivers: {on-call: [0612345678]}}", "grafana.receivers.on-call"),
        ("grafana: {receivers: {'on/call': [+33612345678]}}", "grafana.receivers.on/call"),
        (f"grafana: {{{ON_CALL}, repeat: 1s}}", "grafana.repeat"),
        (f"grafana: {{{ON_CALL}, most: 0}}", "grafana.most"),
        (f"grafana: {{{ON_CALL}, to: x}}", "grafana.to"),
        ("smseagle: {message_class: system}", "smseagle.message_class"),
        ("zabbix: {}", "zabbix"),
    ],
)
def test_mistakes_are_told_with_their_key(tmp_path: Path, said: str, key: str) -> None:
    """One line, which names the key."""
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, SMALLEST + f"doors: {{{said}}}\n"))
    assert [problem.split(": ")[1] for problem in caught.value.problems] == [f"doors.{key}"]
