"""Errors of the API: one JSON body for all of them. `modemd/errors.py` has the codes with their HTTP statuses."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from modemd.api import doors
from modemd.controls import mark_controls
from modemd.errors import ErrorCode, ModemdError, Refused, StoreError
from modemd.http.methods import list_methods
from modemd.http.problems import CONTENT_TYPE, make_problem

# How many mistakes of one request are told, and how many characters of the place of each.
MOST_PROBLEMS = 20
LONGEST_PLACE = 100


# What a person reads instead of the words of pydantic, by the types of its errors.
_WORDS = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "is no whole number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "is neither true nor false"),
    **dict.fromkeys(("list_type", "tuple_type"), "is no list"),
    **dict.fromkeys(("model_attributes_type", "model_type", "dict_type"), "is no JSON object"),
    "int_parsing_size": "is too large",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
    "too_long": "has more than {max_length} entries",
    "string_type": "is no text",
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "json_invalid": "is no JSON: {error}",
}
# What pydantic says before the words of a check of ours.
_OURS = "Value error, "
# What pydantic says of a body that was not read as JSON.
_NO_OBJECT = frozenset({"model_attributes_type", "dict_type", "model_type"})


def add_error_handlers(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Adds handlers that give every error the body of `error_response`. `routes`: all of the application, in its order."""

    @app.exception_handler(ModemdError)
    async def on_modemd_error(request: Request, error: ModemdError) -> JSONResponse:
        if isinstance(error, Refused) and isinstance(error.code, ErrorCode):
            more: dict[str, Any] = {"problems": error.problems} if error.problems else {}
            return error_response(error.code, error.reason, headers=list_wait(error), **more)
        return error_response(error.code if isinstance(error, StoreError) else ErrorCode.UNAVAILABLE, str(error))

    @app.exception_handler(RequestValidationError)
    async def on_bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/json" and any(
            each["loc"] == ("body",) and each["type"] in _NO_OBJECT for each in found
        ):
            said = f"it has {_shorten(kind)}" if kind else "it has none"
            return error_response(ErrorCode.BAD_MEDIA_TYPE, f"the body needs Content-Type: application/json; {said}")
        problems = [_describe_problem(each) for each in found[:MOST_PROBLEMS]]
        if len(found) > MOST_PROBLEMS:
            problems.append(f"and {len(found) - MOST_PROBLEMS} more")
        return error_response(ErrorCode.BAD_REQUEST, "; ".join(problems), problems=problems)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == HTTPStatus.NOT_FOUND and (setting := doors.find_closed(request.url.path, routes)):
            return error_response(
                ErrorCode.DOOR_CLOSED,
                f"this door is closed; set {setting} in the configuration, and restart the daemon",
            )
        code = _HTTP_CODES.get(error.status_code, ErrorCode.HTTP)
        headers = dict(error.headers or {})
        if "Allow" in headers and (methods := list_methods(routes, request.scope["path"])):
            headers["Allow"] = ", ".join(methods)
        text = _describe_http_error(request, error, headers.get("Allow"))
        response = error_response(code, text, status=error.status_code)
        response.headers.update(headers)
        return response

    @app.exception_handler(Exception)
    async def on_mistake_of_ours(request: Request, error: Exception) -> JSONResponse:
        # The server logs the error; the answer tells nothing about the inside.
        return error_response(ErrorCode.INTERNAL, "a mistake inside modemd; its log tells more")


def _describe_http_error(request: Request, error: HTTPException, takes: str | None) -> str:
    """Returns in words what the framework says with two: a path that is no route, or a method that a route does not take.
    `takes`: the methods that it takes."""
    path = _shorten(request.url.path)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"there is no route {path}; modemd help api lists the routes"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{path} does not take {request.method}{f'; it takes {takes}' if takes else ''}"
    return str(error.detail)


def _describe_problem(problem: dict[str, Any]) -> str:
    """Returns one mistake of a request: where it is, and what is wrong. A key of the client may be as long as it likes."""
    where, facts = ".".join(str(part) for part in problem["loc"]), problem.get("ctx", {})
    said = _WORDS.get(problem.get("type", ""))
    return f"{_shorten(where)}: {said.format(**facts) if said is not None else problem['msg'].removeprefix(_OURS)}"


def _shorten(place: str) -> str:
    return place if len(place) <= LONGEST_PLACE else f"{place[:LONGEST_PLACE]}…"


def list_wait(refused: Refused) -> dict[str, str]:
    """Returns the header that says when to come again; none if nobody knows."""
    return {"retry-after": str(refused.wait_s)} if refused.wait_s is not None else {}


def error_response(
    code: str, message: str, *, status: int | None = None, headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    """Returns the JSON body that every error has (`modemd.http.problems`), with `more` fields. `message`: one line for people;
    `status`: if it is not the one of the code."""
    if status is None:
        status = code.status if isinstance(code, ErrorCode) else HTTPStatus.SERVICE_UNAVAILABLE
    problem = make_problem(code, status, mark_controls(message), **more)
    return JSONResponse(problem, status, headers, CONTENT_TYPE)


# What the framework refuses before a route is reached.
_HTTP_CODES = {400: ErrorCode.BAD_REQUEST, 404: ErrorCode.NO_ROUTE, 405: ErrorCode.WRONG_METHOD}
