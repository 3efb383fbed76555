"""Types of request fields that several routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

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
