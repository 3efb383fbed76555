"""Routes of messages and batches."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from modemd.api.requests import LARGEST_INTEGER, Decision, Text
from modemd.rules.classes import MessageClass
from modemd.service.messages.submission import SubmitResult

LARGEST_CSV = 32 * 1024 * 1024


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


class Settling(Decision):
    """What became of the unknown parts of a message, or of one of them."""

    verdict: str
    part: Annotated[int | None, Field(ge=1, le=LARGEST_INTEGER)] = None


def _accepted_response(answer: SubmitResult) -> JSONResponse:
    shown = _result_document(answer)
    # Refused by consent: kept and listed, and said so. A key seen before: the first answer again.
    status = 409 if shown["state"] == "refused" else 200 if shown["again"] else 202
    return JSONResponse(shown, status)


def _result_document(answer: SubmitResult) -> dict[str, Any]:
    return answer.message | {"warnings": list(answer.warnings), "again": answer.is_repeat}
