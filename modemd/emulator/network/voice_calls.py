"""Voice calls between subscribers: they ring, are answered or not, and end. They have no sound."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from modemd.emulator.timers import Handle, Timers


class CallState(Enum):
    """State of a call; all but the first two are final."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HUNG_UP = "hung_up"
    REFUSED = "refused"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"


OPEN_STATES = (CallState.RINGING, CallState.ANSWERED)


class CallParty(Protocol):
    """A party that can call and be called."""

    number: str

    def reachable(self) -> bool: ...

    def ring(self, call: VoiceCall) -> bool:
        """Signals an incoming call. Returns False if the party is busy, and does not ring then."""

    def call_changed(self, call: VoiceCall) -> None:
        """Signals that a call of this party was answered, or is over."""


class VoiceCall:
    """A voice call. It rings for `ring_s` seconds at most; once answered, it lasts until a party hangs up."""

    def __init__(self, caller: CallParty, callee: CallParty) -> None:
        self.caller = caller
        self.callee = callee
        self.state = CallState.RINGING
        self.ended_by: CallParty | None = None
        self._answer_timeout: Handle | None = None

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    def begin(self, timers: Timers, ring_s: float) -> None:
        """Rings the callee, as `Exchange.connect` says."""
        if not (self.caller.reachable() and self.callee.reachable()):
            self._end(CallState.UNREACHABLE, None)
        elif not self.callee.ring(self):
            self._end(CallState.BUSY, None)
        elif self.state is CallState.RINGING:
            self._answer_timeout = timers.after(ring_s, self._on_answer_timeout)

    def answer(self) -> None:
        """Answers the call for the callee."""
        if self.state is CallState.RINGING:
            self.state = CallState.ANSWERED
            self._cancel_answer_timeout()
            self.caller.call_changed(self)
            self.callee.call_changed(self)

    def hang_up(self, party: CallParty) -> None:
        """Ends the call for one party; if the callee hangs up while it rings, the call is refused."""
        if self.open:
            refused = self.state is CallState.RINGING and party is self.callee
            self._end(CallState.REFUSED if refused else CallState.HUNG_UP, party)

    def _on_answer_timeout(self) -> None:
        if self.state is CallState.RINGING:
            self._end(CallState.NO_ANSWER, None)

    def _end(self, state: CallState, by: CallParty | None) -> None:
        self.state = state
        self.ended_by = by
        self._cancel_answer_timeout()
        self.caller.call_changed(self)
        self.callee.call_changed(self)

    def _cancel_answer_timeout(self) -> None:
        if self._answer_timeout is not None:
            self._answer_timeout.cancel()
            self._answer_timeout = None


class Exchange:
    """Exchange that connects calls. A call that nobody answers ends after `ring_s` seconds."""

    def __init__(self, timers: Timers, *, ring_s: float = 30.0) -> None:
        self.ring_s = ring_s
        self._timers = timers

    def connect(self, call: VoiceCall) -> None:
        """Rings the callee. If that is impossible, the caller learns it at once."""
        call.begin(self._timers, self.ring_s)
