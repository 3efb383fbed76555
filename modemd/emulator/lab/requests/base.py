"""Base of all requests to a running lab."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=86400)]
Share = Annotated[float, Field(ge=0, le=1)]
MemoryName = Literal["SM", "ME", "SR"]
Cause = Annotated[int, Field(ge=0, le=999)]


class LabRequest(BaseModel):
    """A request. An unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid")
