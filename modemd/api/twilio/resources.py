"""Resources: each path with a function for each method, and every error as Twilio tells it.

The body of an error has neither `type` nor `title`: by these newer SDKs take it for another kind, which older code does not
catch.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from modemd.api.errors import list_wait
from modemd.api.twilio.access import check_scope, find_caller
from modemd.controls import mark_controls
from modemd.errors import ModemdError, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.access.callers import Caller
from modemd.rules.twilio import PREFIX
from modemd.rules.twilio.errors import TwilioCode, TwilioError, find_code
from modemd.rules.twilio.form import TwilioForm

MORE_INFO = "modemd help twilio lists the codes: "
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class TwilioCall:
    """Call of a resource: of which account, by whom, and with which parameters: the form of its body, or the query of a GET."""

    request: Request
    account_sid: str
    caller: Caller
    form: TwilioForm

    @property
    def author(self) -> str:
        """Name of the key, for what is stored about a decision."""
        return self.caller.name or "twilio"

    def get(self, name: str) -> str:
        """Returns a part of the path."""
        return str(self.request.path_params[name])

    def check_scope(self, *scopes: str) -> None:
        """Raises TwilioError if the caller's key has none of these scopes."""
        check_scope(self.caller, *scopes)


ACCOUNTS = f"{PREFIX}/Accounts/"
Answer = Callable[[TwilioCall], Awaitable[Response]]


class TwilioResource:
    """Path of the API, as an ASGI application: `answers` has the function for each method."""

    def __init__(self, **answers: Answer) -> None:
        self._answers = answers

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods that the path takes."""
        return tuple(self._answers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._answer(Request(scope, receive))
        except TwilioError as error:
            allow = {"allow": ", ".join(self.methods)} if error.code is TwilioCode.WRONG_METHOD else None
            response = error_response(error.code, error.reason, headers=allow)
        except Refused as error:
            response = error_response(find_code(error.code), error.reason, headers=list_wait(error))
        except ModemdError as error:  # of the database
            response = error_response(TwilioCode.UNAVAILABLE, str(error))
        except Exception:
            mistake = error_response(TwilioCode.INTERNAL, "a mistake inside modemd; its log tells more")
            await mistake(scope, receive, send)
            raise  # the server logs it
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        caller, account_sid = find_caller(request, request.path_params.get("account"))
        if method not in self._answers:
            takes = ", ".join(self.methods)
            raise TwilioError(TwilioCode.WRONG_METHOD, f"this path takes {takes}, not {method[:20]}")
        given = request.url.query if method == "GET" else await _read_body(request)
        try:
            form = TwilioForm.parse(given)
        except ValueError as error:
            what = "the query" if method == "GET" else "the body"
            raise TwilioError(TwilioCode.BAD_PARAMETER, f"{what} {error}") from None
        return await self._answers[method](TwilioCall(request, account_sid, caller, form))


async def _read_body(request: Request) -> bytes:
    """Returns the body of a request. Raises TwilioError if it is said to be no form: its fields would seem to be missing."""
    body = await request.body()
    kind = request.headers.get("content-type", FORM_TYPE).partition(";")[0].strip().casefold()
    if body and kind != FORM_TYPE:
        raise TwilioError(TwilioCode.BAD_PARAMETER, f"the body is {kind[:100] or 'of no type'}; send it as {FORM_TYPE}")
    return body


class UnknownResource:
    """Path that is none, as an ASGI application: an error for the owner of the account as for others."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, path = Request(scope, receive), str(scope["path"])
        account, _, rest = path.removeprefix(ACCOUNTS).partition("/")
        try:
            if path.startswith(ACCOUNTS):
                find_caller(request, account.removesuffix(".json"))
        except TwilioError as error:
            await error_response(error.code, error.reason)(scope, receive, send)
            return
        if not path.startswith(PREFIX):
            reason = f"modemd does not offer {path[:100]}; of Twilio's APIs it has {PREFIX} only"
        elif not path.endswith(".json"):
            reason = f"there is nothing at {path[:200]}; put .json behind the path: modemd answers in JSON only"
        else:
            name = rest.partition("/")[0].removesuffix(".json") if path.startswith(ACCOUNTS) else path
            reason = (
                f"modemd does not offer {name[:100] or path[:100]}; it has Messages, IncomingPhoneNumbers and Balance"
            )
        await error_response(TwilioCode.NOT_FOUND, reason)(scope, receive, send)


def error_response(code: TwilioCode, message: str, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """Returns an error in Twilio's shape."""
    body = {
        "code": int(code),
        "message": mark_controls(message),
        "more_info": f"{MORE_INFO}{code:d}",
        "status": code.status,
    }
    more = {"www-authenticate": 'Basic realm="modemd"'} if code is TwilioCode.BAD_CREDENTIALS else {}
    return JSONResponse(body, code.status, {**more, **(headers or {})})
