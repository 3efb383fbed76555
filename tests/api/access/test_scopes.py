"""Scopes of routes: each has one."""

from __future__ import annotations

import re
from pathlib import Path

from modemd.api.access.scopes import find_scope
from modemd.api.app import create_app
from modemd.api.doors import PATHS
from modemd.rules.access.callers import ALL, SCOPES
from tests.service.assembled import assembled_service

DOCS = (Path(__file__).resolve().parents[3] / "docs" / "access.md").read_text(encoding="utf-8")


async def test_each_route_has_a_scope_of_its_own_subject(tmp_path: Path) -> None:
    """No route is forgotten: one that is would need `all`."""
    async with assembled_service(tmp_path) as assembled:
        paths = create_app(assembled.service).openapi()["paths"]
    scopes = {find_scope(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert scopes <= SCOPES - {ALL}


async def test_the_docs_say_what_a_task_needs(tmp_path: Path) -> None:
    """The routes of each task are there, and need just the scopes that stand beside them; no scope is forgotten."""
    async with assembled_service(tmp_path) as assembled:
        paths = create_app(assembled.service).openapi()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    (rows,) = re.findall(r"^\| task \| requests \| scopes \|\n\|.*\n((?:\|.*\n)+)", DOCS, re.MULTILINE)
    named = set()
    for row in rows.splitlines():
        _, task, requests, scopes, _ = row.split("|")
        asked, needed = re.findall(r"`([A-Z]+ [^`]+)`", requests), set(re.findall(r"`([^`]+)`", scopes))
        assert [each for each in asked if each not in routes and not each.split()[1].startswith(PATHS)] == [], task
        assert {find_scope(*each.split()) for each in asked} == needed, task
        named |= needed
    assert named == SCOPES - {ALL}


def test_to_read_and_to_write_are_two_rights() -> None:
    """A preview changes nothing. What is no route tells nothing."""
    assert find_scope("GET", "/v1/messages/7") == "messages:read"
    assert find_scope("POST", "/v1/messages") == "messages:write"
    assert find_scope("POST", "/v1/messages/preview") == "messages:read"
    assert find_scope("GET", "/v1/keys") == "keys:write"
    assert find_scope("GET", "/v1/messagesx") == ALL
    assert find_scope("POST", "/doors/grafana/on-call") == "alerts:write"
    assert {
        find_scope("POST", path)
        for path in ("/http_api/send_sms", "/doors/smseagle/jsonrpc/sms", "/api/v2/messages/sms")
    } == {"messages:write"}
    assert find_scope("GET", "/") == ALL
