"""Voice calls: nobody answers here, so each is a missed one. One call is told once, however often it rings."""

from __future__ import annotations

from dataclasses import dataclass

from modemd.at import replies
from modemd.errors import DecodeError

# Rings come every 3 to 6 s, by network and family. After this long without one, the next belongs to another call.
LONGEST_BETWEEN_RINGS_S = 12.0

_RINGS = ("RING", "+CRING:")
_CALLER = "+CLIP:"
# The caller gave up, or SIM7600's own word for that.
_CALL_ENDS = ("NO CARRIER", "MISSED_CALL:", "VOICE CALL: END")


@dataclass(slots=True)
class _Ringing:
    last_s: float
    is_reported: bool = False


class MissedCalls:
    """What the notices of one modem say of calls. Times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._ringing: _Ringing | None = None

    def handle_notice(self, line: str, now_s: float) -> str | None:
        """Take a notice in. The number of a call that is to be told now, empty where it is withheld; None: nothing is.

        The caller's number comes behind the ring (`+CLIP`, 3GPP TS 27.007 7.6); a second ring, or the call's end, without one
        means that none will come.
        """
        if line.startswith(_RINGS):
            earlier = self.take_overdue(now_s)
            if self._ringing is None:
                self._ringing = _Ringing(now_s)
                return earlier
            self._ringing.last_s = now_s
            return self._report_once("")
        if line.startswith(_CALLER):
            earlier = self.take_overdue(now_s)
            if self._ringing is None:
                self._ringing = _Ringing(now_s)  # its RING was lost, or came before the set-up
            self._ringing.last_s = now_s
            told = self._report_once(_parse_caller(line))
            return earlier if told is None else told
        if line.startswith(_CALL_ENDS) and self._ringing is not None:
            told = self._report_once("")
            self._ringing = None
            return told
        return None

    def take_overdue(self, now_s: float) -> str | None:
        """A call that rang once, without a number, and no more: it is over, and to be told now. None: there is none."""
        ringing = self._ringing
        if ringing is None or now_s - ringing.last_s < LONGEST_BETWEEN_RINGS_S:
            return None
        told = self._report_once("")
        self._ringing = None
        return told

    @property
    def is_ringing(self) -> bool:
        """Whether a call rings, as far as is known."""
        return self._ringing is not None

    def _report_once(self, number: str) -> str | None:
        if self._ringing is None or self._ringing.is_reported:
            return None
        self._ringing.is_reported = True
        return number


def is_call_notice(line: str) -> bool:
    """Whether a notice is one that `Calls.notice` takes."""
    return line.startswith((*_RINGS, _CALLER, *_CALL_ENDS))


def _parse_caller(line: str) -> str:
    """The caller in `+CLIP: "+447700900456",145,...`; empty where it is withheld."""
    try:
        return replies.parse_caller(line)
    except DecodeError:
        return ""
