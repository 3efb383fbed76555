"""docs/twilio.md says what the API does."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.routing import Route

from modemd.api.twilio.resources import TwilioResource
from modemd.api.twilio.routes import ACCOUNT, ACCOUNTS, make_routes
from modemd.rules.twilio.errors import TwilioCode
from modemd.rules.twilio.statuses import TwilioStatus
from tests.service.assembled import assembled_service

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "twilio.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return re.split(r"^## ", TEXT.split(f"## {title}\n")[1], flags=re.MULTILINE)[0]


async def test_every_path_is_documented(tmp_path: Path) -> None:
    """With its methods, no more and no less."""
    async with assembled_service(tmp_path) as assembled:
        routes = make_routes(assembled.service).routes
    offered = {
        route.path.removeprefix(ACCOUNT): ", ".join(route.endpoint.methods)
        for route in routes
        if isinstance(route, Route) and isinstance(route.endpoint, TwilioResource) and route.path != ACCOUNTS
    }
    assert f"`{ACCOUNTS}`" in section("What there is")
    assert dict(re.findall(r"^\| `([^`]+)` \| ([A-Z, ]+) \|", section("What there is"), flags=re.MULTILINE)) == offered


def test_every_code_is_documented() -> None:
    """With its HTTP status, or that it comes later."""
    documented = dict(re.findall(r"^\| (\d+) \| (\d+|later) \|", section("Errors"), flags=re.MULTILINE))
    assert documented.keys() == {f"{code:d}" for code in TwilioCode}
    assert {
        code for code, status in documented.items() if status != "later" and status != str(TwilioCode(int(code)).status)
    } == set()


def test_every_status_is_documented() -> None:
    """With the state of modemd that it stands for."""
    assert set(re.findall(r"^\| `(\w+)` \|", section("Status"), flags=re.MULTILINE)) == set(TwilioStatus)
