"""Answers to clients of SMSEagle, in the form that each reads: the words of the box are what scripts look for."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, PlainTextResponse, Response

from modemd.api.doors.smseagle_requests import AnswerForm
from modemd.light_dataclass import dataclass

WRONG_PARAMETERS = "Wrong parameters"
WRONG_TOKEN = "Invalid access token"  # noqa: S105 - an answer
WRONG_LOGIN = "Invalid login or password"
TOO_MANY = "Too many requests; try again later"


@dataclass(frozen=True, slots=True)
class EagleResult:
    """Outcome for one recipient, whose `number` is as the client wrote it. `problem`: why nothing is sent; None if it is."""

    number: str
    message: int | None
    problem: str | None = None


def answer_sent(form: AnswerForm, results: Sequence[EagleResult], status: int) -> Response:
    """Returns the answer for messages that were stored, with one item for each recipient."""
    match form:
        case AnswerForm.TEXT:
            return PlainTextResponse(_make_words(results), status)
        case AnswerForm.XML:
            return _make_xml("".join(f"<item>{_make_xml_item(each)}</item>" for each in results), status)
        case AnswerForm.RPC_SIMPLE:
            return JSONResponse({"result": _make_words(results)}, status)
        case AnswerForm.RPC_EXTENDED:
            items = [_make_item(each, "ok", "message_id", "error_text") for each in results]
            return JSONResponse({"result": items[0] if len(items) == 1 else items}, status)
        case AnswerForm.V2:
            items = [_make_item(each, "queued", "id", "message") | {"number": each.number} for each in results]
            return JSONResponse(items, status)


def answer_problem(form: AnswerForm, problem: str, status: int, details: str = "") -> Response:
    """Returns the answer for a request of which nothing was stored. `details`: more about it, in the forms with room for it."""
    match form:
        case AnswerForm.TEXT:
            return PlainTextResponse(problem, status)
        case AnswerForm.XML:
            return _make_xml(f"<error_text>{_escape(problem)}</error_text><status>error</status>", status)
        case AnswerForm.RPC_SIMPLE:
            return JSONResponse({"result": problem}, status)
        case AnswerForm.RPC_EXTENDED:
            return JSONResponse({"result": {"error_text": problem, "status": "error"}}, status)
        case AnswerForm.V2:
            return JSONResponse({"message": f"{problem}: {details}" if details else problem}, status)


def _make_words(results: Sequence[EagleResult]) -> str:
    lines = [
        f"OK; ID={each.message}" if each.problem is None else f"{WRONG_PARAMETERS}; {each.problem}" for each in results
    ]
    return "\n".join(lines)


def _make_item(result: EagleResult, good: str, id_key: str, problem_key: str) -> dict[str, object]:
    item: dict[str, object] = {} if result.message is None else {id_key: result.message}
    if result.problem is None:
        return item | {"status": good}
    return item | {"status": "error", problem_key: result.problem}


def _make_xml_item(result: EagleResult) -> str:
    id = f"<message_id>{result.message}</message_id>" if result.message is not None else ""
    if result.problem is None:
        return f"{id}<status>ok</status>"
    return f"{id}<error_text>{_escape(result.problem)}</error_text><status>error</status>"


def _make_xml(content: str, status: int) -> Response:
    return Response(f"<xml>{content}</xml>", status, media_type="text/xml")


def _escape(text: str) -> str:
    # xml.sax.saxutils would load urllib.request, too, and stay in memory with 0.6 MiB.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
