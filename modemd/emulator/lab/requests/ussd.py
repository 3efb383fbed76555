"""Requests for USSD services: the network's answer to a code from now on."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from modemd.emulator.lab.requests.base import LabRequest, Seconds
from modemd.emulator.network.network import Network
from modemd.emulator.network.ussd_services import UssdAnswer, UssdState

Code = Annotated[str, Field(pattern=r"^[*#0-9]{1,182}$")]
_ENDS = {
    "done": UssdState.DONE,
    "ended": UssdState.ENDED,
    "not_supported": UssdState.NOT_SUPPORTED,
    "timed_out": UssdState.TIMED_OUT,
}


class UssdReply(LabRequest):
    """An answer of a service; its menu holds the answers to replies."""

    text: Annotated[str, Field(min_length=1, max_length=182)] | None = None
    menu: dict[Annotated[str, Field(min_length=1, max_length=182)], UssdReply] = Field(default_factory=dict)
    ends: Literal["done", "ended", "not_supported", "timed_out"] = "done"
    after_s: Seconds = 2.0
    times: Annotated[int, Field(ge=1, le=10)] = 1
    closes: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and (self.menu or self.ends == "done"):
            raise ValueError("an answer that ends as done, or has a menu, needs a text")
        return self

    def answer(self) -> UssdAnswer:
        """Returns the answer in the form of the network."""
        return UssdAnswer(
            self.text,
            {typed: reply.answer() for typed, reply in self.menu.items()},
            ends=_ENDS[self.ends],
            after_s=self.after_s,
            times=self.times,
            closes=self.closes,
        )


class UssdServiceRequest(LabRequest):
    """Sets the answer to `code`; without an `answer`, the code is unknown again."""

    code: Code
    answer: UssdReply | None = None

    def apply(self, network: Network) -> None:
        if self.answer is None:
            network.ussd.pop(self.code, None)
        else:
            network.ussd[self.code] = self.answer.answer()
