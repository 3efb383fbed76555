"""Everything that the command line can do, a program can do by the API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from modemd.api.app import create_app
from modemd.cli.main import commands
from tests.service.assembled import assembled_service

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
SECTION = PAGE.read_text(encoding="utf-8").split("## Commands and routes\n")[1].split("\n## ")[0]
# How a command is used, and not what it asks for.
OF_THE_COMMAND = {"config", "json"}
# Options that only the command has, with what a program does instead.
ONLY_HERE = {
    "send": {"csv", "dry_run", "wait"},  # another route; the preview; the events
    "inbox": {"follow"},  # the events
    "status": {"check"},  # the status of /healthz
    "modems": {"id"},  # a row of the list
    "consent history": {"csv"},  # another form of the same answer
    "drivers list": {"drivers", "check"},  # files of this machine
    "drivers show": {"drivers"},
    # Each is a route of its own.
    "consent email": {"remove"},
    "consent review": {"opt_out", "dismiss", "undo"},
}
# Options whose field or query has another name.
NAMES = {
    "no_report": "report",
    "unmatched": "matched",
    "scope": "scopes",
    "line": "lines",
    "expires": "expires_at",
    "timeout": "timeout_s",
    "reply": "session",
}
RENAMED = {("alarms", "all"): "cleared", ("modems", "wire"): "name"}
PATHS = {"batch": "id", "modem": "name"}
"""Options that choose what is a step of the path of a route."""


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its name."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    if command.invoke_without_command and path != ("drivers",):  # which lists them
        yield " ".join(path), command
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from walk(child, (*path, name))


COMMANDS = dict(walk(commands))
ROUTES = {
    command: re.findall(r"`((?:GET|POST) [^`]+)`", line.split("|")[2])
    for line in SECTION.splitlines()
    if line.startswith("| `modemd ")
    for command in re.findall(r"`modemd ([^`]+)`", line.split("|")[1])
}
LOCAL = re.findall(r"`modemd ([^`]+)`", " ".join(SECTION.rpartition("|\n")[2].split()))


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The OpenAPI document, made once."""

    async def make() -> dict[str, Any]:
        async with assembled_service(tmp_path_factory.mktemp("document")) as assembled:
            return create_app(assembled.service).openapi()

    return asyncio.run(make())


def test_each_command_has_its_routes_or_is_local() -> None:
    """Once, and no other command is named."""
    assert sorted([*ROUTES, *LOCAL]) == sorted(COMMANDS)
    assert all(ROUTES.values())


def test_each_route_is_there(document: dict[str, Any]) -> None:
    """And every route belongs to a command."""
    there = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert {route for routes in ROUTES.values() for route in routes} == there


@pytest.mark.parametrize("command", ROUTES)
def test_each_option_has_its_field(document: dict[str, Any], command: str) -> None:
    """A query, a field of the body, or a step of the path: nothing can be said only by a command."""
    names = set().union(*(list_names(document, route) for route in ROUTES[command]))
    own = ONLY_HERE.get(command, set())
    for option in COMMANDS[command].params:
        if not isinstance(option, click.Option):
            continue
        name = option.opts[0].lstrip("-").replace("-", "_")
        if name in OF_THE_COMMAND | own:
            continue
        wanted = {RENAMED.get((command, name), NAMES.get(name, name)), PATHS.get(name, name)}
        assert wanted & names, f"--{name}: {sorted(names)}"
    assert own <= {option.opts[0].lstrip("-").replace("-", "_") for option in COMMANDS[command].params}


def list_names(document: dict[str, Any], route: str) -> set[str]:
    """The names of everything that a route takes."""
    method, path = route.split()
    operation = document["paths"][path][method.lower()]
    names = {each["name"] for each in operation.get("parameters", ())}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        if (reference := schema.get("$ref")) is not None:
            schema = document["components"]["schemas"][reference.rpartition("/")[2]]
        names |= set(schema.get("properties", ()))
    return names
