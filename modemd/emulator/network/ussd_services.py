"""USSD codes that the network answers, and what it answers."""

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
    """What the network says to a code, or to a reply within a session.

    With a `menu` it goes on: its keys are the replies that are known, each with its own answer; to another reply the
    network ends the session. Without a text it says only how it `ends`. It comes after `after_s` seconds, so many
    `times`, with a `+CUSD: 2` behind it where the network `closes` aloud; `TIMED_OUT` comes when the network's time
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
        """The `<m>` it comes with."""
        return UssdState.MORE_WANTED if self.menu else self.ends


UNKNOWN_CODE = UssdAnswer(ends=UssdState.NOT_SUPPORTED)


UNKNOWN_REPLY = UssdAnswer(ends=UssdState.ENDED)


BALANCE = UssdAnswer("Balance: 12.50 EUR")
"""What `modemd emulate` answers to `*100#`."""


NETWORK_WAITS_S = 60.0
"""How long the network waits for a service that says nothing, and for a reply of the host's."""
