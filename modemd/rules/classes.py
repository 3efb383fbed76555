"""The classes of messages: a closed list, in order of claim."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Literal, get_args


class MessageClass(StrEnum):
    """What a message is for. The order of the members is the order of claim."""

    ALARM = "alarm"
    OTP = "otp"
    SYSTEM = "system"
    TRANSACTIONAL = "transactional"
    CONVERSATIONAL = "conversational"
    MARKETING = "marketing"

    @property
    def rank(self) -> int:
        """Place in the order of claim; 0 goes first."""
        return _RANK[self]

    @property
    def repeats_after(self) -> timedelta | None:
        """How long an unknown outcome waits for evidence before it is sent once more; None: never (at most once)."""
        return _REPEATS.get(self)


_RANK = {name: rank for rank, name in enumerate(MessageClass)}


_REPEATS = {MessageClass.ALARM: timedelta(seconds=60), MessageClass.OTP: timedelta(seconds=20)}


# `system` is internal: a person or a program submits the others.
SUBMITTABLE = tuple(name for name in MessageClass if name is not MessageClass.SYSTEM)


Kind = Literal["text", "data", "undecodable", "mms", "voicemail", "sim_data", "call"]


KINDS: tuple[Kind, ...] = get_args(Kind)
