"""OpenAPI document: what FastAPI knows of the routes, and what all of them share: keys with their scopes, errors, tags, headers.

Imported when somebody asks for the document: to make it takes time and memory that an idle daemon does not spend.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from modemd import __version__
from modemd.api.access.scopes import find_scope
from modemd.api.answers.routes import find_answer
from modemd.api.answers.schemas import Schemas
from modemd.errors import ErrorCode
from modemd.http.problems import CONTENT_TYPE

Operation = dict[str, Any]

DESCRIPTION = (
    "The API of modemd. By TCP, each request needs an API key: as a Bearer token, or by Basic with the account SID and the auth "
    "token; an operation names the scope that the API key must have. By the Unix socket no API key is needed. Every error is a "
    "problem document (RFC 9457) whose `code` does not change. `modemd help api` says more."
)
# The beginning of a path decides, the longest that fits.
TAGS = {
    "/v1/messages": "messages",
    "/v1/reports": "messages",
    "/v1/batches": "batches",
    "/v1/inbox": "inbox",
    "/v1/numbers": "contacts",
    "/v1/optouts": "consent",
    "/v1/consent": "consent",
    "/v1/quiet-hours": "consent",
    "/v1/modems": "modems",
    "/v1/drivers": "modems",
    "/v1/sims": "sims",
    "/v1/policies": "sims",
    "/v1/pause": "pauses",
    "/v1/pauses": "pauses",
    "/v1/resume": "pauses",
    "/v1/release": "pauses",
    "/v1/schedules": "schedules",
    "/v1/keys": "keys",
    "/v1/audit": "keys",
    "/v1/events": "events",
    "/v1/webhooks": "webhooks",
    "/v1/alarms": "system",
    "/v1/status": "system",
    "/healthz": "system",
}
_EVERY = (400, 401, 403, 404, 422, 429, 500, 503)
_CHANGING = (408, 409, 413, 415)
_OF_THE_NETWORK = (502, 504)
_TITLES = {
    400: "the request does not have the form that HTTP or the route needs",
    401: "by TCP: no valid key",
    403: "the API key may not do this",
    404: "what the request names is not there",
    408: "the body did not come in time",
    409: "what is there forbids it",
    413: "the body is too large",
    415: "the body is not of the type that the route takes",
    422: "something in the request is wrong",
    429: "a limit of the key, or of failed tries, is reached; `Retry-After` says when to come again",
    500: "a mistake in modemd",
    502: "the modem or the network refused",
    503: "modemd cannot do this now",
    504: "the network did not answer in time",
}
_PROBLEM_CONTENT = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_HEADERS = {
    "ETag": ("the state of the answer, for If-None-Match", {"type": "string"}),
    "Link": ('if the list was cut: the address of the next page, with rel="next"', {"type": "string"}),
    "X-Total-Count": ("if the list was cut: how many rows there are", {"type": "integer"}),
}


def describe(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Returns the OpenAPI document of the routes."""
    found = get_openapi(
        title="modemd", version=__version__, openapi_version="3.1.0", description=DESCRIPTION, routes=routes
    )
    schemas = Schemas()
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method.upper(), path)
            _describe_answers(operation, schemas.describe, method.upper(), path)
    components = found.setdefault("components", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        components.get("schemas", {}).pop(unused, None)
    components.setdefault("schemas", {}).update(schemas.named)
    components["schemas"]["Problem"] = _make_problem_schema()
    components["responses"] = {f"Problem{status}": _make_response(status) for status in sorted(_TITLES)}
    components["headers"] = {name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()}
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "an API key"},
        "basic": {"type": "http", "scheme": "basic", "description": "the account SID and the auth token of an API key"},
    }
    found["tags"] = [{"name": tag} for tag in dict.fromkeys(TAGS.values())]
    return found


def name_operation(method: str, path: str) -> str:
    """Returns the id of an operation: method and path, as `post_messages_id_cancel`."""
    steps = [step.strip("{}").replace("-", "_") for step in path.split("/") if step not in ("", "v1")]
    return "_".join((method.lower(), *steps))


def _complete(operation: Operation, method: str, path: str) -> None:
    operation["operationId"] = name_operation(method, path)
    operation["tags"] = [_find_tag(path)]
    if (scope := find_scope(method, path)) is not None:
        operation["security"] = [{"bearer": [scope]}, {"basic": [scope]}]
    responses = operation["responses"]
    responses.pop("422", None)  # FastAPI's own
    for status in (*_EVERY, *(_CHANGING if method == "POST" else ()), *(_OF_THE_NETWORK if "/ussd" in path else ())):
        known = responses.setdefault(str(status), {})
        if known:
            known.setdefault("content", {}).update(_PROBLEM_CONTENT)
        else:
            known["$ref"] = f"#/components/responses/Problem{status}"
    if method == "GET" and path.startswith("/v1/") and path != "/v1/events":
        _add_conditions(operation, is_list=any(each["name"] == "limit" for each in operation.get("parameters", ())))
    operation["responses"] = dict(sorted(responses.items()))


def _describe_answers(operation: Operation, describe: Callable[[Any], dict[str, Any]], method: str, path: str) -> None:
    """Sets the schema of each JSON answer that is no error."""
    for answer in operation["responses"].values():
        if (content := answer.get("content", {}).get("application/json")) is not None:
            content["schema"] = describe(find_answer(method, path))


def _add_conditions(operation: Operation, *, is_list: bool) -> None:
    """Adds the headers of a conditional request, and those of a list."""
    operation.setdefault("parameters", []).append(
        {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "the ETag of the last answer: if nothing has changed, the answer is 304",
            "schema": {"type": "string"},
        }
    )
    headers = ("ETag", "Link", "X-Total-Count") if is_list else ("ETag",)
    found = operation["responses"]["200"]
    found["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    if is_list:
        found["content"]["application/jsonl"] = {"schema": {"type": "string", "description": "a row a line"}}
    operation["responses"]["304"] = {
        "description": "nothing has changed",
        "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
    }


def _find_tag(path: str) -> str:
    steps = path.split("/")
    beginnings = ("/".join(steps[:count]) for count in range(len(steps), 1, -1))
    return next(TAGS[beginning] for beginning in beginnings if beginning in TAGS)


def _make_response(status: int) -> Operation:
    codes = sorted(code for code in ErrorCode if code.status == status and code is not ErrorCode.HTTP)
    named = f" (`code`: {', '.join(codes)})" if codes else ""
    return {"description": f"{_TITLES[status]}{named}", "content": dict(_PROBLEM_CONTENT)}


def _make_problem_schema() -> dict[str, Any]:
    """Returns the schema of the body of every error. New codes may come, so they are no enumeration."""
    texts = {
        "type": "urn:modemd:error: and the code",
        "title": "the code in words",
        "code": "for programs; it does not change",
        "detail": "one line for a person: what is wrong, and what helps",
    }
    return {
        "type": "object",
        "title": "Problem",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            **{name: {"type": "string", "description": text} for name, text in texts.items()},
            "status": {"type": "integer", "description": "that of the answer"},
            "problems": {
                "type": "array",
                "items": {"type": "string"},
                "description": "a line for each problem, if there are several",
            },
        },
    }
