"""Routes of modems, their USSD and wire log."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from modemd.api.requests import Text
from modemd.service.modems.ussd import ANSWER_S, LONGEST_ANSWER_S


class Ussd(BaseModel):
    """A code to say to the network, or with a `session` a reply."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    session: int | None = None
    timeout_s: Annotated[float, Field(ge=1, le=LONGEST_ANSWER_S)] = ANSWER_S
