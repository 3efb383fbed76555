"""Types of request fields that several routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict

from modemd.service.messages.decisions import Authorship

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


class Decision(BaseModel):
    """Decision of a person: by whom, and why."""

    model_config = ConfigDict(extra="forbid")

    by: Text
    why: Text

    @property
    def authorship(self) -> Authorship:
        return Authorship(self.by, self.why)
