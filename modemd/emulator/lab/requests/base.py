"""Base of all requests to a running lab."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=86400)]
Share = Annotated[float, Field(ge=0, le=1)]
MemoryName = Literal["SM", "ME", "SR"]
Cause = Annotated[int, Field(ge=0, le=999)]
Times = Annotated[int, Field(ge=1, le=100_000)]


def _without_at(command: str) -> str:
    return command[2:] if re.match(r"AT[^A-Z]", command, re.IGNORECASE) else command


Command = Annotated[str, Field(pattern=r"^[+^$*%#!&_A-Za-z]\S*$"), AfterValidator(_without_at)]
"""Name of a command, or the whole command; AT may precede it."""


class LabRequest(BaseModel):
    """A request. An unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid")
