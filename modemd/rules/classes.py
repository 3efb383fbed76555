"""Classes of messages and kinds of inbound messages: closed lists; the classes are in order of claim."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, get_args


class MessageClass(StrEnum):
    """Purpose of a message. The order of the members is the order of claim."""

    ALARM = "alarm"
    OTP = "otp"
    SYSTEM = "system"
    TRANSACTIONAL = "transactional"
    CONVERSATIONAL = "conversational"
    MARKETING = "marketing"

    @property
    def rank(self) -> int:
        """Number of the class in the order of claim; 0 goes first."""
        return _RANK[self]


_RANK = {name: rank for rank, name in enumerate(MessageClass)}
# `system` is internal: a person or a program submits the others.
SUBMITTABLE = tuple(name for name in MessageClass if name is not MessageClass.SYSTEM)
Kind = Literal["text", "data", "undecodable", "mms", "voicemail", "sim_data", "call"]
KINDS: tuple[Kind, ...] = get_args(Kind)
