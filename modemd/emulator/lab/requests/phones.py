"""A letter from outside the emulated modems, as an order: in JSON, in a scenario, from the command line."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from modemd.emulator.lab.requests.base import LabRequest, Seconds
from modemd.emulator.network.messages import Data, MessageContent, Mms, Raw, Text, Voicemail

Hex = Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2})+$")]


Port = Annotated[int, Field(ge=0, le=65535)]


_WHAT = ("text", "binary", "mms", "voicemail", "raw")


_ONLY_WITH = {
    "message_class": ("text", "binary"),
    "silent": ("text",),
    "replace": ("text",),
    "ports": ("binary",),
}


class PhoneMessageRequest(LabRequest):
    """What a phone writes, and to which number: one of text, binary, mms, voicemail (which may have a text), raw."""

    to: str = Field(min_length=1)
    text: str | None = None
    message_class: Annotated[int | None, Field(ge=0, le=3, alias="class")] = None
    silent: bool = False
    replace: Annotated[int, Field(ge=1, le=7)] | None = None
    binary: Hex | None = None
    ports: tuple[Port, Port] | None = None
    mms: Annotated[str, Field(min_length=1)] | None = None
    voicemail: Annotated[int, Field(ge=0, le=255)] | None = None
    raw: Hex | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        there = [name for name in _WHAT if getattr(self, name) is not None]
        if len(there) != 1 and there != ["text", "voicemail"]:
            raise ValueError(f"one of {', '.join(_WHAT)} is needed, {len(there)} are there")
        what = there[-1]
        for key, whose in _ONLY_WITH.items():
            given = getattr(self, key)
            if given is not None and given is not False and what not in whose:  # class 0 is given
                raise ValueError(f"{'class' if key == 'message_class' else key} goes without {what}")
        if self.silent and self.replace is not None:
            raise ValueError("silent goes without replace")
        return self

    def to_content(self) -> MessageContent:
        """The letter itself."""
        if self.voicemail is not None:
            return Voicemail(self.voicemail, self.text or "")
        if self.binary is not None:
            return Data(bytes.fromhex(self.binary), self.ports, self.message_class)
        if self.mms is not None:
            return Mms(self.mms)
        if self.raw is not None:
            return Raw(bytes.fromhex(self.raw))
        return Text(self.text or "", self.message_class, self.silent, self.replace)


class CallRequest(LabRequest):
    """Call a number; hang up after `for_s` seconds. Without them it rings until nobody answers, or is hung up."""

    to: Annotated[str, Field(min_length=1)]
    for_s: Seconds | None = None
