"""Missed calls: finds voice calls in a modem's notices. Nobody answers them, and each is reported once, however often it
rings."""

from __future__ import annotations

from modemd.at import replies
from modemd.errors import DecodeError
from modemd.light_dataclass import dataclass

# Rings come every 3 to 6 s, depending on network and family. After a longer silence the next ring belongs to another call.
MAX_RING_INTERVAL_S = 12.0

_RINGS = ("RING", "+CRING:")
_CALLER = "+CLIP:"
# The caller hung up; the latter two are SIM7600's.
_CALL_ENDS = ("NO CARRIER", "MISSED_CALL:", "VOICE CALL: END")


@dataclass(slots=True)
class _Ringing:
    last_s: float
    is_reported: bool = False


class MissedCalls:
    """Calls of one modem, by its notices. Times are the loop's, in seconds. `decode` decodes a number by the modem's character
    set."""

    def __init__(self, decode: replies.Decode = str) -> None:
        self._decode = decode
        self._ringing: _Ringing | None = None

    def handle_notice(self, line: str, now_s: float) -> str | None:
        """Takes in a notice. Returns the number of a call that is to be reported now, empty if the caller withheld it; None if
        there is none.

        The caller's number comes after the ring (`+CLIP`, 3GPP TS 27.007 7.6). A second ring or the end of the call without it
        means that it will not come.
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
                self._ringing = _Ringing(now_s)  # the RING was lost, or came before the set-up
            self._ringing.last_s = now_s
            number = self._report_once(_parse_caller(line, self._decode))
            return earlier if number is None else number
        if line.startswith(_CALL_ENDS) and self._ringing is not None:
            number = self._report_once("")
            self._ringing = None
            return number
        return None

    def take_overdue(self, now_s: float) -> str | None:
        """Returns an empty number if a call rang once without a number and has ended, so that it is to be reported now; None
        if there is none."""
        ringing = self._ringing
        if ringing is None or now_s - ringing.last_s < MAX_RING_INTERVAL_S:
            return None
        number = self._report_once("")
        self._ringing = None
        return number

    @property
    def is_ringing(self) -> bool:
        """True if a call rings, as far as is known."""
        return self._ringing is not None

    def _report_once(self, number: str) -> str | None:
        if self._ringing is None or self._ringing.is_reported:
            return None
        self._ringing.is_reported = True
        return number


def is_call_notice(line: str) -> bool:
    """True if the notice is one that `MissedCalls.handle_notice` understands."""
    return line.startswith((*_RINGS, _CALLER, *_CALL_ENDS))


def _parse_caller(line: str, decode: replies.Decode) -> str:
    """Returns the caller in `+CLIP: "+447700900456",145,...`; empty if withheld."""
    try:
        return replies.parse_caller(line, decode)
    except DecodeError:
        return ""
