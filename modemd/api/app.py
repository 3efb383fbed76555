"""The routes. Each error has one JSON body: `{"error": {"code": ..., "message": ...}}`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from modemd import __version__
from modemd.api import household, senders
from modemd.api.shapes import LARGEST, Decision, Id, Limit, Text, ThisId
from modemd.errors import ModemdError, Refused, StoreError
from modemd.rules.classes import MessageClass
from modemd.service.messages import submission
from modemd.service.messages.csv_rows import BadRows
from modemd.service.messages.submission import Answer
from modemd.service.modems.ussd import ANSWER_S, LONGEST_ANSWER_S
from modemd.service.service import Service

LARGEST_CSV = 32 * 1024 * 1024
_STATUS = {
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


class NewMessage(BaseModel):
    """A message to send. `class` and `at` mean what docs/sending.md says."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    to: str
    text: str
    message_class: str = Field(default=MessageClass.TRANSACTIONAL, alias="class")
    at: str | None = None
    key: Text | None = None
    report: bool | None = None
    short_code: bool = False

    valid: Text | None = None
    window: Text | None = None
    sim: Text | None = None


class Ussd(BaseModel):
    """A code to say to the network, or with a `session` a reply."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    session: int | None = None
    timeout_s: Annotated[float, Field(ge=1, le=LONGEST_ANSWER_S)] = ANSWER_S


class Settling(Decision):
    """What became of the unknown parts of a message, or of one of them."""

    verdict: str
    part: Annotated[int | None, Field(ge=1, le=LARGEST)] = None


Since = Annotated[AwareDatetime | None, Query(description="seen at this moment or later, oldest first")]


def create(service: Service) -> FastAPI:
    """The application over a running service."""
    app = FastAPI(title="modemd", version=__version__, docs_url=None, redoc_url=None)
    _errors(app)

    @app.post("/v1/messages", status_code=202, summary="Accept one message")
    async def post_message(new: NewMessage) -> JSONResponse:
        request = submission.Request(
            new.to,
            new.text,
            new.message_class,
            new.at,
            new.key,
            new.report,
            short_code=new.short_code,
            valid=new.valid,
            window=new.window,
            sim=new.sim,
        )
        return _accepted(await service.submit(request))

    @app.post("/v1/batches", status_code=202, summary="Accept the rows of a CSV: to,text,class[,at,key]")
    async def post_batch(request: Request, key: str | None = None) -> dict[str, Any]:
        body = await request.body()
        if len(body) > LARGEST_CSV:
            raise Refused("too_large", f"a CSV has at most {LARGEST_CSV // 1024 // 1024} MiB; split it")
        return await service.submit_csv(body, key)

    @app.get("/v1/batches", summary="Batches, newest first")
    async def get_batches(key: str | None = None, limit: Limit = 50) -> list[dict[str, Any]]:
        return await service.batches(key=key, limit=limit)

    @app.get("/v1/batches/{id}", summary="One batch, and how far its messages are")
    async def get_batch(id: ThisId) -> dict[str, Any]:
        return await service.batch(id)

    @app.get("/v1/messages", summary="Outbound messages, newest first")
    async def get_messages(
        id: Id = None, state: str | None = None, batch: Id = None, limit: Limit = 50
    ) -> list[dict[str, Any]]:
        return await service.messages(id=id, state=state, batch=batch, limit=limit)

    @app.get("/v1/messages/{id}", summary="One message and its story")
    async def get_message(id: ThisId) -> dict[str, Any]:
        return await service.message(id)

    @app.post("/v1/messages/{id}/settle", summary="Say what became of unknown parts")
    async def post_settle(id: ThisId, settling: Settling) -> dict[str, Any]:
        return await service.settle(id, settling.verdict, settling.part, settling.word)

    @app.post("/v1/messages/{id}/cancel", summary="Cancel a message of which nothing has left")
    async def post_cancel(id: ThisId, decision: Decision) -> dict[str, Any]:
        return await service.cancel(id, decision.word)

    @app.post("/v1/messages/{id}/resend", status_code=202, summary="Send a message that has ended once more")
    async def post_resend(id: ThisId, decision: Decision) -> JSONResponse:
        return _accepted(await service.resend(id, decision.word))

    @app.get("/v1/reports", summary="Status reports, newest first")
    async def get_reports(matched: bool | None = None, limit: Limit = 50) -> list[dict[str, Any]]:
        return await service.reports(matched=matched, limit=limit)

    @app.get("/v1/inbox", summary="Inbound messages, newest first")
    async def get_inbox(
        id: Id = None, kind: str | None = None, since: Since = None, limit: Limit = 50
    ) -> list[dict[str, Any]]:
        if since is not None:
            return await service.house.arrived(since, limit)
        return await service.inbox(id=id, kind=kind, limit=limit)

    @app.get("/v1/optouts", summary="Who has opted out")
    async def get_opt_outs(limit: Limit = 50) -> list[dict[str, Any]]:
        return await service.opt_outs(limit=limit)

    @app.get("/v1/modems", summary="The modems and how they are")
    async def get_modems() -> list[dict[str, Any]]:
        return service.modems()

    @app.get("/v1/modems/{name}/wire", summary="The last lines between host and modem, masked")
    async def get_wire(name: str) -> list[dict[str, Any]]:
        return service.wire(name)

    @app.post("/v1/modems/{name}/ussd", summary="Say a USSD code, or reply within its session")
    async def post_ussd(name: str, ussd: Ussd) -> dict[str, Any]:
        return await service.ussd(name, ussd.text, session=ussd.session, answer_s=ussd.timeout_s)

    @app.post("/v1/modems/{name}/ussd/{session}/end", summary="End a USSD session that waits for a reply")
    async def post_ussd_end(name: str, session: ThisId) -> dict[str, Any]:
        await service.end_ussd(name, session)
        return {"state": "ended"}

    @app.get("/v1/status", summary="Whether a message can pass, and what waits")
    async def get_status() -> dict[str, Any]:
        return await service.status()

    @app.get("/healthz", summary="200 while a message can pass, 503 while none can")
    async def get_health() -> JSONResponse:
        found = service.health()
        if not found.can_send:
            return _error(503, found.code, found.message)
        return JSONResponse({"can_send": True, "code": found.code, "message": found.message})

    household.add(app, service)
    senders.add(app, service)
    return app


def _accepted(answer: Answer) -> JSONResponse:
    shown = _shown(answer)
    # Refused by consent: kept and listed, and said so. A key seen before: the first answer again.
    status = 409 if shown["state"] == "refused" else 200 if shown["again"] else 202
    return JSONResponse(shown, status)


def _shown(answer: Answer) -> dict[str, Any]:
    return answer.message | {"warnings": list(answer.warnings), "again": answer.again}


def _errors(app: FastAPI) -> None:
    """One shape for every error."""

    @app.exception_handler(ModemdError)
    async def on_modemd_error(request: Request, error: ModemdError) -> JSONResponse:
        if isinstance(error, BadRows):
            return _error(422, error.code, str(error), problems=error.problems)
        if isinstance(error, Refused):
            return _error(_STATUS.get(error.code, 422), error.code, error.reason)
        return _error(503, error.code if isinstance(error, StoreError) else "unavailable", str(error))

    @app.exception_handler(RequestValidationError)
    async def on_bad_request(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()]
        return _error(422, "bad_request", "; ".join(problems), problems=problems)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
        code = {400: "bad_request", 404: "no_route", 405: "wrong_method"}.get(error.status_code, "http")
        response = _error(error.status_code, code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def on_mistake_of_ours(request: Request, error: Exception) -> JSONResponse:
        # What it was is logged where the server catches it; a caller gets no insides.
        return _error(500, "internal", "a mistake inside modemd; its log tells more")


def _error(status: int, code: str, message: str, **more: Any) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, **more}}, status)
