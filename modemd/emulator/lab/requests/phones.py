"""Requests to a phone: messages of every content, and calls; in JSON, in a scenario, from the command line."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from modemd.emulator.lab.requests.base import LabRequest, Seconds
from modemd.emulator.network.messages import Data, MessageContent, Mms, Raw, Text, Voicemail

Hex = Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2})+$")]
Port = Annotated[int, Field(ge=0, le=65535)]
_CONTENT_KEYS = ("text", "binary", "mms", "voicemail", "raw")

_CONTENT_OF_OPTION = {
    "message_class": ("text", "binary"),
    "silent": ("text",),
    "replace": ("text",),
    "ports": ("binary",),
}


class PhoneMessageRequest(LabRequest):
    """A message of a phone, and its recipient: one of text, binary, mms, voicemail (which may have a text), raw."""

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
        present = [name for name in _CONTENT_KEYS if getattr(self, name) is not None]
        if len(present) != 1 and present != ["text", "voicemail"]:
            raise ValueError(f"one of {', '.join(_CONTENT_KEYS)} is needed, {len(present)} are there")
        content = present[-1]
        for key, contents in _CONTENT_OF_OPTION.items():
            value = getattr(self, key)
            if value is not None and value is not False and content not in contents:  # class 0 counts as present
                raise ValueError(f"{'class' if key == 'message_class' else key} goes without {content}")
        if self.silent and self.replace is not None:
            raise ValueError("silent goes without replace")
        return self

    def to_content(self) -> MessageContent:
        """Returns the content of the message."""
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
    """Calls a number, and hangs up after `for_s` seconds. Without them it rings until nobody answers, or a party hangs up."""

    to: Annotated[str, Field(min_length=1)]
    for_s: Seconds | None = None
