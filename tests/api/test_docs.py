"""docs/api.md says what the application does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modemd.api.app import create_app
from modemd.api.messages import LARGEST_CSV, NewMessage
from modemd.errors import ErrorCode
from modemd.rules.changes.kinds import EventKind
from modemd.rules.waits import WaitCode
from modemd.service.operations import health
from tests.service.assembled import assembled_service

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return re.split(r"^## ", TEXT.split(f"## {title}\n")[1], flags=re.MULTILINE)[0]


async def test_every_route_is_documented(tmp_path: Path) -> None:
    """The table of routes is the application's own list, no more and no less."""
    async with assembled_service(tmp_path) as assembled:
        paths = create_app(assembled.service).openapi()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    documented = re.findall(r"^\| `((?:GET|POST) [^`]+)` \|", section("Routes"), flags=re.MULTILINE)
    assert sorted(documented) == sorted(routes)


async def test_every_query_is_documented(tmp_path: Path) -> None:
    """What a listing can be narrowed by stands in its line."""
    async with assembled_service(tmp_path) as assembled:
        paths = create_app(assembled.service).openapi()["paths"]
    for path, methods in paths.items():
        for method, route in methods.items():
            queries = [each["name"] for each in route.get("parameters", ()) if each["in"] == "query"]
            (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{method.upper()} {path}` |")]
            assert re.findall(r"`(\w+)`", line.split("|")[2]) == queries


def test_every_field_is_documented() -> None:
    """The table of fields is that of the message that is accepted."""
    documented = re.findall(r"^\| `(\w+)` \|", section("Sending"), flags=re.MULTILINE)
    assert documented == [field.alias or name for name, field in NewMessage.model_fields.items()]
    assert f"at most {LARGEST_CSV // 1024 // 1024} MiB" in section("Sending")


def test_every_code_is_documented() -> None:
    """The table of codes is the enumeration, each with its status; HTTP's own errors may have any."""
    documented = re.findall(r"^\| `(\w+)` \| (\d+|any)", section("Errors"), flags=re.MULTILINE)
    codes = [(str(code), "any" if code is ErrorCode.HTTP else str(code.status)) for code in ErrorCode]
    assert sorted(documented) == sorted(codes)


@pytest.mark.parametrize("title", ["Routes", "Sending", "Errors"])
def test_the_page_has_its_sections(title: str) -> None:
    """The tables stand where these tests look."""
    assert section(title).count("\n|") > 2


def test_every_kind_of_event_is_documented() -> None:
    """The table of kinds is the enumeration, in its order."""
    assert re.findall(r"^\| `([a-z_.]+)` \|", section("Events"), flags=re.MULTILINE) == [
        str(kind) for kind in EventKind
    ]


def test_every_verdict_is_documented() -> None:
    """Each code of the health, with its status."""
    documented = dict(re.findall(r"^\| `(\w+)`[^|]* \| (\d+) \|", section("Health"), flags=re.MULTILINE))
    assert {code for code in health.CODES if code in documented} == set(health.CODES)
    assert {code for code, status in documented.items() if status == "200"} == {health.CAN_SEND}


@pytest.mark.parametrize("code", WaitCode)
def test_every_reason_to_wait_is_documented(code: WaitCode) -> None:
    """With what it means."""
    assert f"`{code}`" in section("Why a message waits")
