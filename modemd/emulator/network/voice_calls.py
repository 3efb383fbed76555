"""Voice calls between subscribers: they ring, are answered or not, and end. Nothing is ever said in them."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from modemd.emulator.timers import Handle, Timers


class CallState(Enum):
    """Where a call stands; all but the first two are its end."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HUNG_UP = "hung_up"
    REFUSED = "refused"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"


OPEN_STATES = (CallState.RINGING, CallState.ANSWERED)


class CallParty(Protocol):
    """Who can call and be called."""

    number: str

    def reachable(self) -> bool: ...

    def ring(self, call: VoiceCall) -> bool:
        """It is called. False: it is busy, and has not rung."""

    def call_changed(self, call: VoiceCall) -> None:
        """A call it takes part in was answered, or is over."""


class VoiceCall:
    """One call. It rings for `ring_s` seconds at most; answered, it lasts until somebody hangs up."""

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
        """As `Exchange.connect`."""
        if not (self.caller.reachable() and self.callee.reachable()):
            self._end(CallState.UNREACHABLE, None)
        elif not self.callee.ring(self):
            self._end(CallState.BUSY, None)
        elif self.state is CallState.RINGING:
            self._answer_timeout = timers.after(ring_s, self._on_answer_timeout)

    def answer(self) -> None:
        """The callee takes it."""
        if self.state is CallState.RINGING:
            self.state = CallState.ANSWERED
            self._cancel_answer_timeout()
            self.caller.call_changed(self)
            self.callee.call_changed(self)

    def hang_up(self, party: CallParty) -> None:
        """One of the two ends it; for the callee of a call that still rings that is refusing it."""
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
    """Connects calls. One that nobody answers ends after `ring_s` seconds."""

    def __init__(self, timers: Timers, *, ring_s: float = 30.0) -> None:
        self.ring_s = ring_s
        self._timers = timers

    def connect(self, call: VoiceCall) -> None:
        """Ring the callee. Where that cannot be, the caller is told at once."""
        call.begin(self._timers, self.ring_s)
