"""docs/alert-doors.md says what the doors do, and a closed door is none."""

from __future__ import annotations

import asyncio
import itertools
import re
import shlex
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from starlette.routing import Route

from modemd.api.app import create_app
from modemd.api.doors import PATHS, list_open_paths, make_router
from modemd.api.doors.smseagle import PLACES
from modemd.service.alerts.incoming import AlertOutcome
from tests.api.doors.made_keys import make_key
from tests.api.doors.served import served_on_tcp
from tests.service.assembled import assembled_service

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "alert-doors.md").read_text(encoding="utf-8")
RECEIVERS = {"receivers": {"on-call": ["+33612345678"]}}
ALL_DOORS = {"alertmanager": RECEIVERS, "grafana": RECEIVERS, "smseagle": {}}


async def test_every_route_is_documented(tmp_path: Path) -> None:
    """The table of doors has all routes, those of SMSEagle in one of their places; and all begin as the doors' paths do."""
    async with assembled_service(tmp_path, doors=ALL_DOORS) as assembled:
        routes = [route for route in make_router(assembled.service).routes if isinstance(route, Route)]
        assert create_app(assembled.service).openapi()["paths"].keys().isdisjoint(route.path for route in routes)
    assert all(route.path.startswith(PATHS) for route in routes)
    found = {
        f"{method} {route.path}"
        for route in routes
        for method in (route.methods or set()) - {"HEAD"}
        if not any(place and route.path.startswith(place) for place in PLACES)
    }
    assert set(re.findall(r"`((?:GET|POST) [^`]+)`", TEXT)) == found


def list_examples() -> list[str]:
    """Lists the calls of curl on the page."""
    return re.findall(r"^ {4}(curl (?:.*\\\n)*.*)$", TEXT, flags=re.MULTILINE)


def call(example: str, port: int, key: str) -> str:
    """Makes the request that a call of curl would make. Returns the answer. Raises HTTPError."""
    words = shlex.split(example.replace("\\\n", " ").replace("THE-KEY", key).replace(":8080", f":{port}"))
    (url,) = [word for word in words if word.startswith("http:")]
    options = list(itertools.pairwise(words))
    headers = dict(value.split(": ") for name, value in options if name == "-H")
    queries = dict(value.split("=", 1) for name, value in options if name == "--data-urlencode")
    body = next((value.encode() for name, value in options if name == "-d"), None)
    target = f"{url}?{urllib.parse.urlencode(queries)}" if queries else url
    request = urllib.request.Request(target, body, headers)  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - our own
        return str(response.read().decode())


async def test_the_examples_work(tmp_path: Path) -> None:
    """Each call of curl is answered with the id of a message."""
    async with assembled_service(tmp_path, doors=ALL_DOORS) as assembled:
        await make_key(assembled, "mk_x", "alerts:write", "messages:write")
        async with served_on_tcp(assembled) as port:
            answers = [await asyncio.to_thread(call, example, port, "mk_x") for example in list_examples()]
    assert len(answers) == 5
    assert all(re.search(r"ID=\d|\"messages\":\[\d|\"id\":\d", answer) for answer in answers), answers


async def test_only_open_doors_look_for_a_key_themselves(tmp_path: Path) -> None:
    """Every route of an open one; by TCP the others answer as any path without a key."""
    async with assembled_service(tmp_path, doors=ALL_DOORS) as assembled:
        paths = list_open_paths(assembled.service)
        routes = [route for route in make_router(assembled.service).routes if isinstance(route, Route)]
    assert all(route.path.startswith(paths) for route in routes)
    async with assembled_service(tmp_path, doors={"grafana": RECEIVERS}) as assembled:
        assert list_open_paths(assembled.service) == ("/doors/grafana",)
        async with served_on_tcp(assembled) as port:
            for path in ("/doors/alertmanager", "/http_api/send_sms", "/v1/messages", "/doors"):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
                writer.close()


async def test_a_closed_door_has_no_route(tmp_path: Path) -> None:
    """Only what the configuration names is there."""
    async with assembled_service(tmp_path) as assembled:
        assert make_router(assembled.service).routes == []
    async with assembled_service(tmp_path, doors={"grafana": RECEIVERS}) as assembled:
        paths = [route.path for route in make_router(assembled.service).routes if isinstance(route, Route)]
    assert paths == ["/doors/grafana", "/doors/grafana/{receiver}"]


def test_what_serves_a_door_is_loaded_only_if_it_is_open() -> None:
    """The daemon without doors loads none of their code, which would stay in its memory."""
    script = "import sys, modemd.daemon, modemd.api.app, modemd.service.assembly; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    loaded = [name for name in done.stdout.split() if "alerts" in name or name.startswith("modemd.api.doors")]
    assert loaded == ["modemd.api.doors"]


def test_every_outcome_is_documented() -> None:
    """Each outcome of a group has its line."""
    documented = re.findall(r"^\| `(\w+)` \| (?:200|409) \|", TEXT, flags=re.MULTILINE)
    assert documented == [outcome.value for outcome in AlertOutcome]
