"""The routes. Each error has one JSON body: `{"error": {"code": ..., "message": ...}}`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime

from modemd import __version__
from modemd.api import schedules, sims
from modemd.api.errors import _add_error_handlers, _error_response
from modemd.api.messages import LARGEST_CSV, NewMessage, Settling, _accepted_response
from modemd.api.modems import Ussd
from modemd.api.requests import Decision, IdFilter, Limit, PathId
from modemd.errors import Refused
from modemd.service.messages import submission
from modemd.service.service import Service

Since = Annotated[AwareDatetime | None, Query(description="seen at this moment or later, oldest first")]


def create_app(service: Service) -> FastAPI:
    """The application over a running service."""
    app = FastAPI(title="modemd", version=__version__, docs_url=None, redoc_url=None)
    _add_error_handlers(app)

    @app.post("/v1/messages", status_code=202, summary="Accept one message")
    async def post_message(new: NewMessage) -> JSONResponse:
        request = submission.MessageRequest(
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
        return _accepted_response(await service.submit(request))

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
    async def get_batch(id: PathId) -> dict[str, Any]:
        return await service.batch(id)

    @app.get("/v1/messages", summary="Outbound messages, newest first")
    async def get_messages(
        id: IdFilter = None, state: str | None = None, batch: IdFilter = None, limit: Limit = 50
    ) -> list[dict[str, Any]]:
        return await service.messages(id=id, state=state, batch=batch, limit=limit)

    @app.get("/v1/messages/{id}", summary="One message and its story")
    async def get_message(id: PathId) -> dict[str, Any]:
        return await service.message(id)

    @app.post("/v1/messages/{id}/settle", summary="Say what became of unknown parts")
    async def post_settle(id: PathId, settling: Settling) -> dict[str, Any]:
        return await service.settle(id, settling.verdict, settling.part, settling.authorship)

    @app.post("/v1/messages/{id}/cancel", summary="Cancel a message of which nothing has left")
    async def post_cancel(id: PathId, decision: Decision) -> dict[str, Any]:
        return await service.cancel(id, decision.authorship)

    @app.post("/v1/messages/{id}/resend", status_code=202, summary="Send a message that has ended once more")
    async def post_resend(id: PathId, decision: Decision) -> JSONResponse:
        return _accepted_response(await service.resend(id, decision.authorship))

    @app.get("/v1/reports", summary="Status reports, newest first")
    async def get_reports(matched: bool | None = None, limit: Limit = 50) -> list[dict[str, Any]]:
        return await service.reports(matched=matched, limit=limit)

    @app.get("/v1/inbox", summary="Inbound messages, newest first")
    async def get_inbox(
        id: IdFilter = None, kind: str | None = None, since: Since = None, limit: Limit = 50
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
    async def post_ussd_end(name: str, session: PathId) -> dict[str, Any]:
        await service.end_ussd(name, session)
        return {"state": "ended"}

    @app.get("/v1/status", summary="Whether a message can pass, and what waits")
    async def get_status() -> dict[str, Any]:
        return await service.status()

    @app.get("/healthz", summary="200 while a message can pass, 503 while none can")
    async def get_health() -> JSONResponse:
        found = service.health()
        if not found.can_send:
            return _error_response(503, found.code, found.message)
        return JSONResponse({"can_send": True, "code": found.code, "message": found.message})

    schedules.add_routes(app, service)
    sims.add_routes(app, service)
    return app
