"""Types of request fields that several routes share."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from modemd.errors import ErrorCode, Refused
from modemd.service.messages.decisions import Authorship

MOST_KEYS = 50  # of the object in a request
LARGEST_INTEGER = 2**63 - 1  # the largest integer of SQLite


def check_storable(text: str) -> str:
    """Returns `text`. Raises ValueError if it has half a surrogate pair, which JSON can escape and no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a surrogate pair") from None
    return text


Text = Annotated[str, AfterValidator(check_storable)]
Limit = Annotated[int, Query(ge=0, le=LARGEST_INTEGER, description="how many at most; 0 means all")]
IdFilter = Annotated[int | None, Query(ge=1, le=LARGEST_INTEGER)]
PathId = Annotated[int, Path(ge=1, le=LARGEST_INTEGER)]


def check_moment(moment: datetime) -> datetime:
    """Returns a moment in UTC. Raises ValueError if UTC has no such year."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is not a year from 1 to 9999 in UTC") from None


def parse_with_zone(given: object, parse: ValidatorFunctionWrapHandler) -> datetime:
    """Returns the moment that a text means. Raises ValueError if it has no zone, or is a number, which could be seconds or
    milliseconds since 1970."""
    if isinstance(given, str):
        given = _LOST_PLUS.sub(r"\1+\2", given)
    is_number = isinstance(given, str) and _NUMBER.fullmatch(given.strip()) is not None
    try:
        if is_number or not isinstance(given, str | datetime):
            raise ValueError
        moment: datetime = parse(given)
    except ValueError:
        raise ValueError("is no time in ISO 8601 with a zone; write it as 2026-11-22T18:30:00+01:00") from None
    return moment


# In a query, a plus sign that is not written as %2B is a blank.
_LOST_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})$", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
Moment = Annotated[AwareDatetime, WrapValidator(parse_with_zone), AfterValidator(check_moment)]
Since = Annotated[Moment | None, Query(description="only from this moment on")]
Before = Annotated[
    int | None, Query(ge=1, le=LARGEST_INTEGER, description="only with smaller ids: the next page of a long list")
]
After = Annotated[Text | None, Query(description="only what comes behind: the next page, as the header Link has it")]


class Body(BaseModel):
    """JSON object of a request. A key that has no meaning is a mistake."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def check_size(cls, given: object) -> object:
        """Returns what was given. Raises ValueError if it has far more keys than any body: to tell of each takes the loop's
        time."""
        if isinstance(given, dict) and len(given) > MOST_KEYS:
            raise ValueError(f"has {len(given)} keys; {MOST_KEYS} are the most")
        return given


class Decision(Body):
    """Decision of a person: by whom, and why."""

    by: Text
    why: Text

    @property
    def authorship(self) -> Authorship:
        return Authorship(self.by, self.why)


CSV_BODY = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
}
"""What the OpenAPI document says of the body of a route that takes a CSV."""
_FORM, _FIELDS = "multipart/form-data", "application/x-www-form-urlencoded"


async def read_csv(request: Request) -> bytes:
    """Returns the CSV that is the body of a request. Raises Refused (`bad_media_type`) if it is packed into a form, or if its
    lines are lost: `curl -d @FILE` takes the line ends out."""
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind == _FORM or (kind == _FIELDS and b"\n" not in body and b"\r" not in body):
        found = f"not a form ({kind})" if kind == _FORM else f"with its line ends; this one has none, and is {kind}"
        raise Refused(
            ErrorCode.BAD_MEDIA_TYPE,
            f"the body is the CSV itself, {found}: send Content-Type: text/csv; "
            "in curl: -H 'Content-Type: text/csv' --data-binary @FILE, not -d or -F",
        )
    return body
