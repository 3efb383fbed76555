"""USSD codes of the network, and its answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class UssdState(IntEnum):
    """The `<m>` of `+CUSD`."""

    DONE = 0
    MORE_WANTED = 1
    ENDED = 2
    NOT_SUPPORTED = 4
    TIMED_OUT = 5


@dataclass(frozen=True, slots=True)
class UssdAnswer:
    """Answer of the network to a code, or to a reply within a session.

    With a `menu` the session goes on: its keys are the known replies, each with an answer of its own; any other reply
    ends the session. Without a text the answer is only the state `ends`. The answer comes after `after_s` seconds,
    `times` times, and with a `+CUSD: 2` after it if `closes` is set; `TIMED_OUT` comes when the network's waiting time
    is over.
    """

    text: str | None = None
    menu: Mapping[str, UssdAnswer] = field(default_factory=dict)
    ends: UssdState = UssdState.DONE
    after_s: float = 2.0
    times: int = 1
    closes: bool = False

    @property
    def state(self) -> UssdState:
        """The `<m>` of this answer."""
        return UssdState.MORE_WANTED if self.menu else self.ends


UNKNOWN_CODE = UssdAnswer(ends=UssdState.NOT_SUPPORTED)
UNKNOWN_REPLY = UssdAnswer(ends=UssdState.ENDED)
BALANCE = UssdAnswer("Balance: 12.50 EUR")
"""Answer of `modemd emulate` to `*100#`."""
NETWORK_WAITS_S = 60.0
"""Seconds that the network waits for a service that does not answer, and for a reply of the host."""
