"""The service has a life, and one attribute a room; it forwards nothing."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields
from pathlib import Path

import pytest

from modemd.service.service import Rooms, Service
from tests.test_imports import PACKAGE, ids

LIFE = {"start", "know_time", "stop", "cut", "failed_task", "make_watchdog", "is_running"}
ROOMS = {field.name for field in fields(Rooms)}
FACES = sorted(path for room in ("api", "cli", "doctor") for path in (PACKAGE / room).rglob("*.py"))


def test_the_service_forwards_nothing() -> None:
    """Its own functions are those of its life; what a room can do is called on the room."""
    public = {name for name, _ in inspect.getmembers(Service) if not name.startswith("_")}
    assert public == LIFE


@pytest.mark.parametrize("path", [*FACES, PACKAGE / "daemon.py"], ids=ids)
def test_a_face_calls_the_rooms(path: Path) -> None:
    """A face takes nothing else of a service than its rooms, its settings and its life."""
    taken = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "service"
    }
    assert taken <= ROOMS | LIFE | {"settings"}
