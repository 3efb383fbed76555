"""Routes of messages and batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field

from modemd.api.access.callers import get_caller
from modemd.api.documents import document, documents
from modemd.api.lists import list_response
from modemd.api.requests import (
    CSV_BODY,
    LARGEST_INTEGER,
    Before,
    Body,
    Decision,
    IdFilter,
    Limit,
    Moment,
    PathId,
    Text,
    read_csv,
)
from modemd.api.routes import new_router
from modemd.errors import ErrorCode, Refused
from modemd.rules.access.callers import Caller, choose_line, scope_idempotency_key
from modemd.rules.classes import MessageClass
from modemd.rules.states import MessageState
from modemd.service.messages.batches import BatchResult
from modemd.service.messages.csv_rows import FileOptions
from modemd.service.messages.history import MessageSearch
from modemd.service.messages.previews import Preview
from modemd.service.messages.submission import MessageRequest, SubmitResult
from modemd.service.service import Service

BATCHES = "/v1/batches"
BATCH_PREVIEW = "/v1/batches/preview"
LARGEST_CSV = 32 * 1024 * 1024


_MESSAGE = {"application/json": {"schema": {"type": "object"}}}
ACCEPTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "its idempotency key was known: the first message", "content": _MESSAGE},
    409: {"description": "consent refuses it: the message with state refused; or a problem", "content": _MESSAGE},
}
"""What the OpenAPI document says of the answers to an accepted message, beside 202."""


class NewMessage(Body):
    """A message to send. `class` and `at` mean what docs/sending.md says."""

    to: str | list[str]
    text: str
    message_class: str = Field(default=MessageClass.TRANSACTIONAL, alias="class")
    at: str | None = None
    key: Text | None = None
    report: bool | None = None
    short_code: bool = False

    valid: Text | None = None
    window: Text | None = None
    sim: Text | None = None
    list_name: Text | None = Field(default=None, alias="list")
    answers: list[Text] = Field(default=[], max_length=100)

    def make_request(self, to: str, caller: Caller) -> MessageRequest:
        """Returns the request of a caller for one recipient. Raises Refused (`forbidden`)."""
        return MessageRequest(
            to,
            self.text,
            self.message_class,
            self.at,
            scope_idempotency_key(caller.key, self.key),
            self.report,
            short_code=self.short_code,
            valid=self.valid,
            window=self.window,
            sim=choose_line(caller, self.sim),
            list_name=self.list_name,
            answers=tuple(self.answers),
        )


def make_file_endpoint(
    work: Callable[[Caller, bytes, str | None, FileOptions], Awaitable[object]],
) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Returns the function of a route that takes a CSV, with the options of the whole file in its query, and answers with the
    document of what `work` makes of it."""

    async def post_file(
        request: Request,
        key: Text | None = None,
        text: Text | None = None,
        message_class: Annotated[Text | None, Query(alias="class")] = None,
        at: Text | None = None,
        valid: Text | None = None,
        window: Text | None = None,
        sim: Text | None = None,
        list_name: Annotated[Text | None, Query(alias="list")] = None,
        answers: Annotated[Text | None, Query(description="words, separated by commas")] = None,
        report: bool | None = None,
        short_code: bool = False,
        to_column: Text | None = None,
        text_column: Text | None = None,
        dedupe: bool = False,
    ) -> dict[str, Any]:
        words, caller = tuple(answers.split(",")) if answers is not None else (), get_caller(request)
        options = FileOptions(
            text, message_class, at, valid, window, choose_line(caller, sim), list_name, words, report, short_code,
            to_column, text_column, once_per_number=dedupe, api_key=caller.key,
        )  # fmt: skip
        return document(await work(caller, await read_csv(request), scope_idempotency_key(caller.key, key), options))

    return post_file


class Settling(Decision):
    """Outcome of the unknown parts of a message, or of one of them."""

    verdict: str
    part: Annotated[int | None, Field(ge=1, le=LARGEST_INTEGER)] = None


def make_router(service: Service) -> APIRouter:
    """Returns the routes of messages, batches and status reports."""
    router, rooms = new_router("/v1"), service.messages

    @router.post(
        "/messages",
        status_code=202,
        summary="Accept one message, or one for each of several recipients",
        responses=ACCEPTED,
    )
    async def post_message(request: Request, new: NewMessage) -> JSONResponse:
        caller = get_caller(request)
        if isinstance(new.to, str):
            async with service.keys.spending(caller, 1) as spending:
                answer = await rooms.submission.submit(new.make_request(new.to, caller))
                spending.accepted = count_accepted([answer])
            return accepted_response(answer)
        if new.key is not None and len(new.to) > 1:
            raise Refused(
                ErrorCode.BAD_KEY, "an idempotency key belongs to one message; give each recipient one of its own"
            )
        async with service.keys.spending(caller, len(new.to)) as spending:
            results = await rooms.submission.submit_to_each(new.make_request("", caller), new.to)
            spending.accepted = count_accepted(results)
        accepted = any(each.message.state is not MessageState.REFUSED for each in results)
        return JSONResponse(documents(results), 202 if accepted else 409)

    @router.post("/messages/preview", summary="Tell parts, duration and cost of messages; nothing is stored")
    async def post_message_preview(request: Request, new: NewMessage) -> dict[str, Any]:
        recipients = [new.to] if isinstance(new.to, str) else new.to
        wish = new.make_request("", get_caller(request))
        return document(await rooms.previews.preview_messages(wish, recipients))

    async def accept_file(caller: Caller, body: bytes, key: str | None, options: FileOptions) -> BatchResult:
        # A line is at most one message, so what is counted before is enough, and the rest is given back.
        async with service.keys.spending(caller, max(body.count(b"\n"), 1)) as spending:
            result = await rooms.batches.accept(body, key, options)
            spending.accepted = 0 if result.is_repeat else result.batch.accepted
        return result

    async def preview_file(caller: Caller, body: bytes, key: str | None, options: FileOptions) -> Preview:
        return await rooms.previews.preview_file(body, key, options)

    router.post(
        "/batches",
        status_code=202,
        summary="Accept the rows of a CSV: to,text,class[,at,key,list]",
        openapi_extra=CSV_BODY,
    )(make_file_endpoint(accept_file))
    router.post(
        "/batches/preview", summary="Tell parts, duration and cost of a CSV; nothing is stored", openapi_extra=CSV_BODY
    )(make_file_endpoint(preview_file))

    @router.get("/batches", summary="List the batches, newest first", response_model=list[dict[str, Any]])
    async def get_batches(
        request: Request, key: str | None = None, before: Before = None, limit: Limit = 50
    ) -> StreamingResponse:
        stored = scope_idempotency_key(get_caller(request).key, key)
        return list_response(request, await rooms.batches.list_batches(key=stored, before=before, limit=limit))

    @router.get("/batches/{id}", summary="Show a batch and the states of its messages")
    async def get_batch(id: PathId) -> dict[str, Any]:
        return document(await rooms.batches.describe(id))

    @router.post("/batches/{id}/cancel", summary="Cancel every message of a batch that has not been sent")
    async def post_batch_cancel(id: PathId, decision: Decision) -> dict[str, Any]:
        return document(await rooms.batch_decisions.cancel(id, decision.authorship))

    @router.post("/batches/{id}/pause", summary="Pause a batch")
    async def post_batch_pause(id: PathId, decision: Decision) -> dict[str, Any]:
        return document(await rooms.batch_decisions.pause(id, decision.authorship))

    @router.post("/batches/{id}/resume", summary="Resume a paused batch")
    async def post_batch_resume(id: PathId, decision: Decision) -> dict[str, Any]:
        return document(await rooms.batch_decisions.resume(id, decision.authorship))

    @router.get("/messages", summary="List the outbound messages, newest first", response_model=list[dict[str, Any]])
    async def get_messages(
        request: Request,
        id: IdFilter = None,
        state: str | None = None,
        batch: IdFilter = None,
        to: Annotated[str | None, Query(description="to this number")] = None,
        message_class: Annotated[str | None, Query(alias="class", description="only this class")] = None,
        since: Annotated[Moment | None, Query(description="accepted at this moment or later")] = None,
        until: Annotated[Moment | None, Query(description="accepted before this moment")] = None,
        sim: Annotated[str | None, Query(description="sent by this SIM: its ICCID or number")] = None,
        modem: Annotated[str | None, Query(description="tried by this modem: its name or IMEI")] = None,
        before: Before = None,
        limit: Limit = 50,
    ) -> StreamingResponse:
        search = MessageSearch(id, state, batch, to, message_class, since, until, sim, modem, before)
        return list_response(request, await rooms.histories.list_views(search, limit=limit))

    @router.get("/messages/{id}", summary="Show everything that happened to a message")
    async def get_message(id: PathId) -> dict[str, Any]:
        return document(await rooms.histories.describe(id))

    @router.post("/messages/{id}/settle", summary="Decide the outcome of unknown parts")
    async def post_settle(id: PathId, settling: Settling) -> dict[str, Any]:
        return document(await rooms.decisions.settle(id, settling.verdict, settling.part, settling.authorship))

    @router.post("/messages/{id}/cancel", summary="Cancel a message that has not been sent")
    async def post_cancel(id: PathId, decision: Decision) -> dict[str, Any]:
        return document(await rooms.decisions.cancel(id, decision.authorship))

    @router.post(
        "/messages/{id}/resend",
        status_code=202,
        summary="Send an ended message once more, as a new message",
        responses=ACCEPTED,
    )
    async def post_resend(request: Request, id: PathId, decision: Decision) -> JSONResponse:
        caller = get_caller(request)
        async with service.keys.spending(caller, 1) as spending:
            answer = await rooms.decisions.resend(id, decision.authorship, caller)
            spending.accepted = count_accepted([answer])
        return accepted_response(answer)

    @router.get("/reports", summary="List the status reports, newest first", response_model=list[dict[str, Any]])
    async def get_reports(
        request: Request, id: IdFilter = None, matched: bool | None = None, before: Before = None, limit: Limit = 50
    ) -> StreamingResponse:
        found = await rooms.histories.list_reports(id=id, matched=matched, before=before, limit=limit)
        return list_response(request, found)

    return router


def count_accepted(answers: Sequence[SubmitResult]) -> int:
    """Returns how many messages were accepted, without those that were known by their key."""
    return sum(not each.is_repeat and each.message.state is not MessageState.REFUSED for each in answers)


def accepted_response(answer: SubmitResult) -> JSONResponse:
    """Returns the answer to an accepted message: 202; 200 if its key was known already; 409 if consent refused it."""
    # A message that consent refused is stored and listed. A known key gets its first answer again.
    status = 409 if answer.message.state is MessageState.REFUSED else 200 if answer.is_repeat else 202
    return JSONResponse(document(answer), status)
