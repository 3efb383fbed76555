"""Door for clients of SMSEagle: its version 1 by GET, its JSON-RPC, and its version 2, as far as they send SMS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from modemd.api.doors.credentials import DoorGuard
from modemd.api.doors.door_route import DoorRoute
from modemd.api.doors.smseagle_answers import (
    TOO_MANY,
    WRONG_LOGIN,
    WRONG_PARAMETERS,
    WRONG_TOKEN,
    EagleResult,
    answer_problem,
    answer_sent,
)
from modemd.api.doors.smseagle_requests import (
    AnswerForm,
    BadParameters,
    EagleMessage,
    read_message,
    read_message_v2,
)
from modemd.api.messages import count_accepted
from modemd.errors import ErrorCode, ModemdError, Refused, StoreError
from modemd.rules.access.callers import Caller, choose_line, scope_idempotency_key
from modemd.rules.states import MessageState
from modemd.service.messages.submission import MessageRequest, SubmitResult
from modemd.service.service import Service

SCOPE = "messages:write"
MOST_PARAMETERS = 50
RPC_METHOD = "sms.send_sms"
# Behind an address of its own, and behind that of the whole API, where most clients look for it.
PLACES = ("/doors/smseagle", "/doors/smseagle/index.php", "", "/index.php")
# The number is not spelled as a number of the configured country; then it may have its own country in front, without the +.
_WITHOUT_PLUS = (
    ErrorCode.NEEDS_COUNTRY,
    ErrorCode.NOT_POSSIBLE,
    ErrorCode.BAD_NUMBER,
    ErrorCode.SHORT_CODE_NOT_ALLOWED,
)


def make_routes(service: Service, message_class: str) -> Iterator[BaseRoute]:
    """Yields the routes of the three forms. `message_class`: that of all messages."""
    door = _EagleDoor(service, message_class)
    for place in PLACES:
        yield DoorRoute(f"{place}/http_api/send_sms", door.send_v1, ["GET", "POST"])
        yield DoorRoute(f"{place}/jsonrpc/sms", door.send_rpc, ["POST"])
        if not place.endswith("index.php"):
            yield DoorRoute(f"{place}/api/v2/messages/sms", door.send_v2, ["POST"])


class _EagleDoor:
    def __init__(self, service: Service, message_class: str) -> None:
        self._service = service
        self._guard = DoorGuard(service, SCOPE)
        self._class = message_class

    async def send_v1(self, request: Request) -> Response:
        """Answers a request of version 1, whose parameters are in the query, or in a form."""
        form = AnswerForm.TEXT
        try:
            given = _read_pairs(request.scope["query_string"])
            if request.method == "POST":
                given |= _read_pairs(await request.body())
            form = AnswerForm.XML if given.get("responsetype") == "xml" else AnswerForm.TEXT
        except BadParameters as error:
            return answer_problem(form, WRONG_PARAMETERS, 422, str(error))
        return await self._admit_and_send(request, given, form, partial(read_message, given))

    async def send_rpc(self, request: Request) -> Response:
        """Answers a call of the JSON-RPC."""
        try:
            called = _read_object(await request.body())
            given = called.get("params")
            if not isinstance(given, Mapping):
                raise BadParameters("params is no object of JSON")
        except BadParameters as error:
            return answer_problem(AnswerForm.RPC_SIMPLE, WRONG_PARAMETERS, 422, str(error))
        form = AnswerForm.RPC_EXTENDED if given.get("responsetype") == "extended" else AnswerForm.RPC_SIMPLE
        response = await self._admit_and_send(request, given, form, partial(_read_call, called, given))
        return _with_id(response, called)

    async def send_v2(self, request: Request) -> Response:
        """Answers a request of version 2."""
        body = await request.body()
        return await self._admit_and_send(request, {}, AnswerForm.V2, lambda: read_message_v2(_read_object(body)))

    async def _admit_and_send(
        self, request: Request, given: Mapping[str, Any], form: AnswerForm, read: Callable[[], EagleMessage]
    ) -> Response:
        """Answers a client: it is let in by its credentials, which `given` may have, and then its message is read and sent."""
        has_login = "login" in given and "access_token" not in given
        try:
            caller = await self._admit(request, given, has_login=has_login)
        except Refused as error:
            return _answer_refused(form, error, WRONG_LOGIN if has_login else WRONG_TOKEN)
        try:
            response = await self._send(read(), form, caller)
        except BadParameters as error:
            return answer_problem(form, WRONG_PARAMETERS, 422, str(error))
        if request.method == "GET" and response.status_code < 400:  # the audit log takes a GET for one that only reads
            self._service.keys.note_change(caller, "GET", request.url.path, response.status_code)
        return response

    async def _admit(self, request: Request, given: Mapping[str, Any], *, has_login: bool) -> Caller:
        if has_login:
            return await self._guard.admit_by_login(request, str(given["login"]), str(given.get("pass", "")))
        if "authorization" in request.headers:
            return await self._guard.admit_by_header(request)
        token = given.get("access_token") or request.headers.get("access-token", "")
        return await self._guard.admit_by_token(request, str(token))

    async def _send(self, message: EagleMessage, form: AnswerForm, caller: Caller) -> Response:
        """Stores a message for each recipient that can be written to, all in one commit, and answers."""
        try:
            requests, problems = self._make_requests(message, caller)
            if not requests:
                code, reason = next(iter(problems.values()))
                return answer_problem(form, WRONG_PARAMETERS, code.status, reason)
            stored = [] if message.is_test else await self._submit([*requests.values()], caller)
        except Refused as error:
            return _answer_refused(form, error, WRONG_PARAMETERS)
        except ModemdError as error:
            code = error.code if isinstance(error, StoreError) else ErrorCode.UNAVAILABLE
            return answer_problem(form, "Service unavailable; try again later", code.status, str(error))
        results = {number: EagleResult(number, None, reason) for number, (_, reason) in problems.items()}
        results |= {number: EagleResult(number, 0) for number in requests}
        for number, each in zip(requests, stored, strict=False):
            refused = each.message.state is MessageState.REFUSED
            results[number] = EagleResult(number, each.message.id, each.message.reason if refused else None)
        all_refused = all(each.problem is not None for each in results.values())
        return answer_sent(form, [results[number] for number in message.recipients], 409 if all_refused else 200)

    async def _submit(self, requests: Sequence[MessageRequest], caller: Caller) -> list[SubmitResult]:
        async with self._service.keys.spending(caller, len(requests)) as spending:
            stored = await self._service.messages.submission.submit_all(requests)
            spending.accepted = count_accepted(stored)
        return stored

    def _make_requests(
        self, message: EagleMessage, caller: Caller
    ) -> tuple[dict[str, MessageRequest], dict[str, tuple[ErrorCode, str]]]:
        """Returns the requests by the numbers of the client, and the problems of the numbers that no message can go to. Raises
        Refused (`forbidden`) if the key has to say by which SIM it sends."""
        sim = choose_line(caller, None)
        requests: dict[str, MessageRequest] = {}
        problems: dict[str, tuple[ErrorCode, str]] = {}
        for index, number in enumerate(message.recipients):
            own_id = f"smseagle:{message.own_id}:{index}" if message.own_id is not None else None
            key = scope_idempotency_key(caller.key, own_id)
            request = MessageRequest(
                number, message.text, self._class, at=message.at, key=key, valid=message.valid, sim=sim
            )  # fmt: skip
            try:
                requests[number] = self._check(request)
            except Refused as error:
                code = error.code if isinstance(error.code, ErrorCode) else ErrorCode.BAD_REQUEST
                problems[number] = (code, error.reason)
        return requests, problems

    def _check(self, request: MessageRequest) -> MessageRequest:
        """Returns the request with a number that can be written to. Raises Refused."""
        submission = self._service.messages.submission
        try:
            submission.check(request)
        except Refused as error:
            if error.code not in _WITHOUT_PLUS or not request.to.isascii() or not request.to.isdigit():
                raise
            spelled = replace(request, to=f"+{request.to}")
            try:
                submission.check(spelled)
            except Refused:
                raise error from None
            return spelled
        return request


def _read_pairs(query: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
    except ValueError:
        raise BadParameters("the parameters cannot be read") from None
    return dict(pairs)


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise BadParameters("the body is no JSON") from None
    if not isinstance(found, dict):
        raise BadParameters("the body is no object of JSON")
    return found


def _read_call(called: Mapping[str, Any], params: Mapping[str, Any]) -> EagleMessage:
    if called.get("method") != RPC_METHOD:
        raise BadParameters(f"the method is unknown; modemd knows {RPC_METHOD}")
    return read_message(params)


def _answer_refused(form: AnswerForm, error: Refused, words: str) -> Response:
    """Returns the answer to a request that is refused: `words`, or that there are too many."""
    code = error.code if isinstance(error.code, ErrorCode) else ErrorCode.BAD_REQUEST
    return answer_problem(form, TOO_MANY if code.status == 429 else words, code.status, error.reason)


def _with_id(response: Response, called: Mapping[str, Any]) -> Response:
    """Returns the answer to a call with what the call named it by, if it did."""
    if "id" not in called:
        return response
    told = json.loads(bytes(response.body))
    named = {key: called[key] for key in ("jsonrpc", "id") if isinstance(called.get(key), str | int | None)}
    return JSONResponse(named | told, response.status_code)
