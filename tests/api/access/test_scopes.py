"""Scopes of routes: each has one."""

from __future__ import annotations

from pathlib import Path

from modemd.api.access.scopes import find_scope
from modemd.api.app import create_app
from modemd.rules.access.callers import ALL, SCOPES
from tests.service.assembled import assembled_service


async def test_each_route_has_a_scope_of_its_own_subject(tmp_path: Path) -> None:
    """No route is forgotten: one that is would need `all`."""
    async with assembled_service(tmp_path) as assembled:
        paths = create_app(assembled.service).openapi()["paths"]
    scopes = {find_scope(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert scopes <= SCOPES - {ALL}


def test_to_read_and_to_write_are_two_rights() -> None:
    """A preview changes nothing. What is no route tells nothing."""
    assert find_scope("GET", "/v1/messages/7") == "messages:read"
    assert find_scope("POST", "/v1/messages") == "messages:write"
    assert find_scope("POST", "/v1/messages/preview") == "messages:read"
    assert find_scope("GET", "/v1/keys") == "keys:write"
    assert find_scope("GET", "/v1/messagesx") == ALL
    assert find_scope("GET", "/") == ALL
