"""Answers as the OpenAPI document describes them: each key is there, none is too many, and each value has its type."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs

from modemd.api.answers.routes import ANSWERS, find_answer
from modemd.api.answers.schemas import Schemas
from modemd.api.doors import PATHS
from modemd.rules.twilio import PREFIX

# Answers that have the form of somebody else, and the document itself.
NOT_OURS = (*PATHS, PREFIX, "/openapi.json")


def check_answer(method: str, target: str, status: int, content_type: str, body: bytes) -> None:
    """Fails if a JSON answer is not as the document says. Errors are checked where they are looked at."""
    path = target.partition("?")[0]
    if content_type != "application/json" or path.startswith(NOT_OURS):
        return
    assert status < 300 or status == 409, f"{method} {path}: {status} is no problem document"
    find_validator(find_route(method, path)).validate(json.loads(body))


@cache
def find_route(method: str, path: str) -> str:
    """The route that has a path, as the table of answers has it; the one with most steps of its own."""
    found = [route for route in ANSWERS if compile_route(route).fullmatch(f"{method} {path}")]
    assert found, f"{method} {path} has no answer in the table"
    return min(found, key=lambda route: route.count("{"))


@cache
def compile_route(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", route))


@cache
def find_validator(route: str) -> jsonschema_rs.Draft202012Validator:
    """A validator of the answer of a route that takes no key that is not described."""
    schemas = Schemas()
    schema = schemas.describe(find_answer(*route.split()))
    named = {name: close(each) for name, each in schemas.named.items()}
    return jsonschema_rs.Draft202012Validator(schema | {"components": {"schemas": named}}, validate_formats=True)


def close(schema: dict[str, Any]) -> dict[str, Any]:
    return schema | {"additionalProperties": False}
