"""The OpenAPI document: it is one, and it says of each route what a client must know."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from modemd.api.access.scopes import find_scope
from modemd.api.app import create_app
from modemd.api.openapi import TAGS
from modemd.errors import ErrorCode
from modemd.http.problems import CONTENT_TYPE
from tests.api.client import Client, narrow_app
from tests.service.assembled import assembled_service

Document = dict[str, Any]
NOT_OPERATIONS = {ErrorCode.NO_ROUTE, ErrorCode.WRONG_METHOD, ErrorCode.HTTP}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Document]:
    async with assembled_service(tmp_path) as assembled:
        answer = await Client(narrow_app(assembled.service)).get("/openapi.json")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        yield answer.json


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


async def test_the_document_is_openapi_3_1(served: Document) -> None:
    """An independent validator says so."""
    assert served["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(served).validate()
    assert "HTTPValidationError" not in json.dumps(served)


async def test_each_operation_has_a_name_of_its_own(served: Document) -> None:
    """And a summary, and a subject that the document lists; no subject is listed in vain."""
    names = [operation["operationId"] for _, _, operation in operations(served)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert {"post_messages", "get_messages_id", "post_batches_id_cancel"} <= set(names)
    assert all(operation["summary"] for _, _, operation in operations(served))
    used = {tag for _, _, operation in operations(served) for tag in operation["tags"]}
    assert used == {tag["name"] for tag in served["tags"]} == set(TAGS.values())


async def test_each_operation_names_the_scope_that_it_needs(served: Document) -> None:
    """As the door asks for it, in both ways to show a key."""
    assert set(served["components"]["securitySchemes"]) == {"bearer", "basic"}
    for method, path, operation in operations(served):
        scope = find_scope(method.upper(), path)
        assert operation["security"] == [{"bearer": [scope]}, {"basic": [scope]}]


async def test_each_operation_tells_its_errors(served: Document) -> None:
    """Every status that an error code has is among the answers of those that can meet it, as a problem document."""
    for method, path, operation in operations(served):
        statuses = {code.status for code in ErrorCode if code not in NOT_OPERATIONS}
        if "/ussd" not in path:
            statuses -= {502, 504}
        if method == "get":
            statuses -= {408, 409, 413, 415}
        errors = {int(status): answer for status, answer in operation["responses"].items() if int(status) >= 400}
        assert errors.keys() == statuses | {400}, path
        for answer in errors.values():
            if (reference := answer.get("$ref")) is not None:
                answer = served["components"]["responses"][reference.rpartition("/")[2]]
            assert answer["content"][CONTENT_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}
    named = " ".join(answer["description"] for answer in served["components"]["responses"].values())
    assert all(code in named for code in ErrorCode if code not in NOT_OPERATIONS)


async def test_an_error_is_as_the_schema_says(tmp_path: Path) -> None:
    """The fields of a problem are those of its schema."""
    async with assembled_service(tmp_path) as assembled:
        app = create_app(assembled.service)
        schema = app.openapi()["components"]["schemas"]["Problem"]
        answer = await Client(app).post("/v1/messages", {})
    assert set(schema["required"]) <= set(answer.json) <= set(schema["properties"])


async def test_lists_tell_of_their_pages(served: Document) -> None:
    """Each list with a limit can be cut, and says where it goes on; what is polled has a tag."""
    for method, path, operation in operations(served):
        if method != "get" or path in ("/v1/events", "/healthz"):
            continue
        names = {each["name"] for each in operation["parameters"]}
        assert ("limit" in names) == bool(names & {"before", "after"}), path
        headers = operation["responses"]["200"]["headers"]
        assert headers.keys() == ({"ETag", "Link", "X-Total-Count"} if "limit" in names else {"ETag"})
        assert "304" in operation["responses"]


async def test_bodies_that_are_no_json_are_told_of(served: Document) -> None:
    """Each POST has a body or needs none; a CSV is one."""
    for path in ("/v1/batches", "/v1/batches/preview", "/v1/consent/import"):
        assert list(served["paths"][path]["post"]["requestBody"]["content"]) == ["text/csv"]


def test_an_idle_daemon_does_not_make_it(tmp_path: Path) -> None:
    """The modules that make it are loaded when somebody asks for it."""
    program = f"""
import asyncio, pathlib, sys
from modemd.api.app import create_app
from tests.service.assembled import assembled_service

async def main():
    async with assembled_service(pathlib.Path({str(tmp_path)!r})) as assembled:
        app = create_app(assembled.service)
        before = any(name.startswith(("modemd.api.openapi", "modemd.api.answers")) for name in sys.modules)
        app.openapi()
        print(before, "modemd.api.openapi" in sys.modules, app.openapi_schema)

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "True", "None"]
