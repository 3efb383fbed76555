"""Error classes, retries and repetitions: what a refusal means, and when a part is due again.

`retry_at` counts if the message or the network refused, `freed_retry_at` if modem or SIM are at fault, as
`service/dispatch/outcomes.py` decides. `repeat_at` says whether a part of unknown outcome is sent once more. Sources: 3GPP
TS 24.011 annex E, TS 23.040 9.2.3.22, TS 27.005 3.2.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from modemd.rules.classes import MessageClass


class ErrorClass(StrEnum):
    """Class of an error: what to do about it."""

    SOON = "soon"  # passes inside the modem or SIM
    LATER = "later"  # passes in the network
    OTHER = "other"  # this SIM will not do it: the part is freed for another SIM, if there is one
    RECIPIENT = "recipient"  # nobody there
    MESSAGE = "message"  # malformed or not supported
    RESET = "reset"  # the modem's state is wrong
    SIM = "sim"  # absent, barred, out of credit: a person
    CONFIG = "config"  # a setting of ours is wrong
    UNKNOWN = "unknown"  # the network may have taken it
    ACCEPTED = "accepted"  # 197: it already has

    @property
    def is_permanent(self) -> bool:
        """True if the same message to the same recipient is not worth another try, or not one more than a few at once."""
        return self in (self.RECIPIENT, self.MESSAGE)

    def counts_after(self, tries: int) -> bool:
        """True if a refusal of this class counts after so many tries, this one included: a line that lost an octet makes a
        message look malformed (+CMS ERROR: 304), so that such a refusal counts from the third on."""
        return self is not self.MESSAGE or tries > _MALFORMED_RETRIES


def _make_standard_classes() -> dict[int, ErrorClass]:
    by_class = {
        ErrorClass.SOON: (81, 98, 210, 212, 213, 300, 301, 302, 314, 320),
        ErrorClass.LATER: (17, 22, 27, 38, 41, 42, 47, 111, 127, 192, 194, 224, 255, 322, 331, 332, 500),
        ErrorClass.OTHER: (11, 21, 29, 69),
        ErrorClass.RECIPIENT: (1, 28, 30, 195, 196),
        ErrorClass.MESSAGE: (
            95, 96, 97, 99, 128, 129, 130, 143, 144, 145, 159, 160, 161, 175, 176, 198, 199, 304,
        ),
        ErrorClass.RESET: (313,),
        ErrorClass.SIM: (8, 10, 50, 193, 310, 311, 312, 315, 316, 317, 318),
        ErrorClass.CONFIG: (208, 209, 211, 303, 305, 330, 340),
        ErrorClass.UNKNOWN: (225, 226),
        ErrorClass.ACCEPTED: (197,),
    }  # fmt: skip
    return {code: kind for kind, codes in by_class.items() for code in codes}


STANDARD_CLASSES = _make_standard_classes()
# Refusals of the network's own timers: later than the refusal window they may hide an acceptance.
AMBIGUOUS_WHEN_LATE = frozenset({41, 111, 127, 332, 500})


def classify(
    code: int | None, *, elapsed_s: float, refusal_window_s: float, vendor: Mapping[int, str] | None = None
) -> ErrorClass:
    """Returns the class of a final `+CMS ERROR` that answered a PDU `elapsed_s` seconds after its Ctrl-Z. The vendor's table goes
    first.

    A bare ERROR (`code` None) is LATER: it says that the modem refused, not why.
    """
    if code is None:
        return ErrorClass.LATER
    if code in AMBIGUOUS_WHEN_LATE and elapsed_s > refusal_window_s:
        return ErrorClass.UNKNOWN
    named = (vendor or {}).get(code)
    return ErrorClass(named) if named is not None else STANDARD_CLASSES.get(code, ErrorClass.LATER)


_BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
_SOON = timedelta(seconds=5)
_SOON_TRIES = 5
_MALFORMED_RETRIES = 2
FREED_RETRY_DELAY = timedelta(seconds=2)


def retry_at(kind: ErrorClass, tries: int, now: datetime, expires_at: datetime, jitter: float) -> datetime | None:
    """Returns when a part that was refused `tries` times, this one counted, is due again; None if it never is.

    Back-off 1, 5, 15, 60 minutes, then hourly with up to a tenth of jitter (`jitter` 0 to 1). An error that passes inside
    the modem is tried again after 5 s, five times; a message that is called malformed after 5 s, twice. A try that would come
    after `expires_at` is due then, and its part is over: `expired`, not `failed`. Past it the waits go on: while the clock is
    not trusted nothing expires."""
    if kind.is_permanent and kind.counts_after(tries):
        return None
    if kind is ErrorClass.MESSAGE or (kind is ErrorClass.SOON and tries <= _SOON_TRIES):
        due = now + _SOON
    else:
        step = _BACK_OFF[min(max(tries, 1), len(_BACK_OFF)) - 1]
        due = now + step + (step * (jitter / 10) if tries > len(_BACK_OFF) else timedelta())
    return min(due, expires_at) if now < expires_at else due


def freed_retry_at(now: datetime, tries: int, expires_at: datetime) -> datetime | None:
    """Returns when a part is due again if modem or SIM were at fault: after 2 s, however often the part was tried.
    Another SIM may send it then, or the same one when its network is back."""
    due = now + FREED_RETRY_DELAY
    return min(due, expires_at) if now < expires_at else due


# Time that an unknown outcome waits for evidence. The other classes are never repeated: they are sent at most once.
REPEAT_DELAYS = {MessageClass.ALARM: timedelta(seconds=60), MessageClass.OTP: timedelta(seconds=20)}


def repeat_at(message_class: MessageClass, repeats: int, now: datetime, expires_at: datetime) -> datetime | None:
    """Returns when a part of unknown outcome is sent once more without evidence: once, for an alarm or OTP that is still valid
    then. None if it is not."""
    delay = REPEAT_DELAYS.get(message_class)
    return None if delay is None or repeats or now + delay >= expires_at else now + delay


def put_back_retry_at(now: datetime, tries: int, expires_at: datetime) -> datetime | None:
    """Returns when a part is due again that was refused for good after its SIM had rested: the SIM may be at fault, or the part;
    so others go before it."""
    return retry_at(ErrorClass.LATER, tries, now, expires_at, 0.0)
