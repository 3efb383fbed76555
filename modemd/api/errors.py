"""Errors of the API: one JSON body for all, and the HTTP status of each code."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from modemd.errors import ModemdError, Refused, StoreError
from modemd.service.messages.csv_rows import BadRows

_HTTP_STATUS = {
    "not_found": 404,
    "no_part": 404,
    "key_reused": 409,
    "not_unknown": 409,
    "not_paused": 409,
    "closed": 409,
    "too_late": 409,
    "on_its_way": 409,
    "staging": 409,
    "name_taken": 409,
    "too_large": 413,
    "no_modem": 404,
    "no_sim": 404,
    "no_session": 404,
    "ussd_busy": 409,
    "ussd_refused": 502,
    "ussd_not_supported": 502,
    "ussd_ended": 502,
    "ussd_garbled": 502,
    "ussd_timed_out": 504,
    "not_ready": 503,
}


def add_error_handlers(app: FastAPI) -> None:
    """One shape for every error."""

    @app.exception_handler(ModemdError)
    async def on_modemd_error(request: Request, error: ModemdError) -> JSONResponse:
        if isinstance(error, BadRows):
            return error_response(422, error.code, str(error), problems=error.problems)
        if isinstance(error, Refused):
            return error_response(_HTTP_STATUS.get(error.code, 422), error.code, error.reason)
        return error_response(503, error.code if isinstance(error, StoreError) else "unavailable", str(error))

    @app.exception_handler(RequestValidationError)
    async def on_bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()]
        return error_response(422, "bad_request", "; ".join(problems), problems=problems)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
        code = {400: "bad_request", 404: "no_route", 405: "wrong_method"}.get(error.status_code, "http")
        response = error_response(error.status_code, code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def on_mistake_of_ours(request: Request, error: Exception) -> JSONResponse:
        # What it was is logged where the server catches it; a caller gets no insides.
        return error_response(500, "internal", "a mistake inside modemd; its log tells more")


def error_response(status: int, code: str, message: str, **more: Any) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, **more}}, status)
