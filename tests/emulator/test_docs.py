"""docs/emulator.md tells all there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from fastapi.routing import APIRoute

from modemd.emulator import families
from modemd.emulator.commands import COMMANDS
from modemd.emulator.control import Fault, create_app
from modemd.emulator.lab import Lab

TEXT = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")


def _routes() -> list[str]:
    app = create_app(object.__new__(Lab))  # the routes are there without a running lab
    return [
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    ]


def _kinds() -> list[str]:
    union, _ = get_args(Fault)
    return [get_args(model.model_fields["kind"].annotation)[0] for model in get_args(union)]


@pytest.mark.parametrize("route", _routes())
def test_every_route_is_in_the_docs(route: str) -> None:
    """A route is named with its method."""
    assert re.search(rf"`{re.escape(route)}[`?]", TEXT)


@pytest.mark.parametrize("kind", _kinds())
def test_every_fault_is_in_the_docs(kind: str) -> None:
    """A fault is shown with the body that puts it on."""
    assert f'`{{"kind": "{kind}"' in TEXT


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_docs(command: str) -> None:
    """A command all families share is in the list of them."""
    listed = TEXT[TEXT.index("Commands all families share") : TEXT.index("## The control door")]
    assert re.search(rf"(?<=[ `]){re.escape(command)}(?=[ `])", listed)


@pytest.mark.parametrize("name", list(families))
def test_every_family_is_in_the_docs(name: str) -> None:
    """A family has its column."""
    assert f" `{name}` |" in TEXT
