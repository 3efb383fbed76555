"""docs/emulator.md tells all there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from modemd.emulator import families
from modemd.emulator.device.commands import COMMANDS
from modemd.emulator.lab.control_api import create_app
from modemd.emulator.lab.lab import Lab
from modemd.emulator.lab.requests.faults import fault_kinds
from modemd.emulator.lab.scenario import Scenario, load

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "emulator.md").read_text(encoding="utf-8")
COMMANDS_TEXT = (DOCS / "emulator-commands.md").read_text(encoding="utf-8")


def _routes() -> list[str]:
    app = create_app(object.__new__(Lab))  # the routes are there without a running lab
    return [
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    ]


@pytest.mark.parametrize("route", _routes())
def test_every_route_is_in_the_docs(route: str) -> None:
    """A route is named with its method."""
    assert re.search(rf"`{re.escape(route)}[`?]", TEXT)


@pytest.mark.parametrize("kind", fault_kinds())
def test_every_fault_is_in_the_docs(kind: str) -> None:
    """A fault is shown with the body that puts it on."""
    assert f'`{{"kind": "{kind}"' in TEXT


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_docs(command: str) -> None:
    """A command of the standards has its row, with a cell for each family."""
    (row,) = re.findall(rf"^\| `{re.escape(command)}` \|.*$", COMMANDS_TEXT, re.M)
    assert row.count("|") == len(families) + 2


def _told_keys() -> dict[str, set[str]]:
    """The keys of each table of a scenario, as the docs list them: a row without a table goes on with the one above."""
    told: dict[str, set[str]] = {}
    table = ""
    section = TEXT[TEXT.index("| table | key |") : TEXT.index("## USB")]
    for name, keys in re.findall(r"^\| (?:`(\w+)` )?\| (`[^|]+`) \|", section, re.M):
        table = name or table
        told.setdefault(table, set()).update(re.findall(r"`(\w+)`", keys))
    return told


def test_every_key_of_a_scenario_is_in_the_docs() -> None:
    """The docs list the tables and keys that are read, no more and no less."""
    schema = Scenario.model_json_schema()
    tables = {name: json.dumps(schema["properties"][name]) for name in schema["properties"]}
    read = {
        name: set(schema["$defs"][re.findall(r"\$defs/(\w+)", told)[0]]["properties"]) for name, told in tables.items()
    }
    assert _told_keys() == read


def test_the_scenario_in_the_docs_can_be_used(tmp_path: Path) -> None:
    """The one that is shown is taken as it stands."""
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.M | re.S)
    (tmp_path / "shown.toml").write_text(shown, encoding="utf-8")
    assert load(tmp_path / "shown.toml").phone[0].reply == "Thank you"


@pytest.mark.parametrize("name", list(families))
def test_every_family_is_in_the_docs(name: str) -> None:
    """A family has its row among the families, its column among the commands, and a row for those of its own."""
    assert f"| `{name}` |" in TEXT
    assert re.search(rf"^\| command \|.* `{name}` \|", COMMANDS_TEXT, re.M)
    assert re.search(rf"^\| `{name}` \|", COMMANDS_TEXT, re.M)
