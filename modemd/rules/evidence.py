"""Which attempt a status report speaks of. Pure: attempts and report in, a decision out.

A report names the reference (TP-MR, 8 bits, wraps), the recipient (often in another form than we sent) and the moment the
service centre took the message (TP-SCTS, on a clock that may be minutes off). No one of them alone proves anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CLOCK_SKEW = timedelta(minutes=10)
LATE_ACCEPTANCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt, as evidence needs it. `reference` is None where no `+CMGS` came. `settled`: a final report came before."""

    attempt: int
    reference: int | None
    number: str
    written_at: datetime
    settled: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A status report. `accepted_at` is TP-SCTS in UTC; None where its octets are rubbish."""

    reference: int
    number: str
    accepted_at: datetime | None


def owner(
    told: Told, attempts: Sequence[Tried], same_number: Callable[[str, str], bool], send_timeout: timedelta
) -> int | None:
    """The attempt that a report is of, from all attempts of its SIM that are not closed; None where that is not certain.

    An attempt owns a report whose reference it has; among several in time, the nearest to TP-SCTS that has no final report
    yet. Where nobody owns the reference, exactly one attempt of unknown outcome that fits recipient and time is proved
    accepted. A lone owner out of time (service centres lie about their zone) is believed if no unknown one could be meant.
    """
    mine = [tried for tried in attempts if same_number(tried.number, told.number)]
    owners = [tried for tried in mine if tried.reference == told.reference]
    open_owners = [tried for tried in owners if not tried.settled]
    moment = told.accepted_at
    if moment is None:
        return open_owners[0].attempt if len(open_owners) == 1 else None
    in_time = [tried for tried in owners if _fits(tried, moment, send_timeout)]
    if in_time:
        nearest = min(in_time, key=lambda tried: (tried.settled, abs(tried.written_at - moment)))
        return nearest.attempt
    unknown = [tried for tried in mine if tried.reference is None and _fits(tried, moment, send_timeout)]
    if unknown:
        return unknown[0].attempt if len(unknown) == 1 and not owners else None
    return open_owners[0].attempt if len(open_owners) == 1 else None


def _fits(tried: Tried, accepted_at: datetime, send_timeout: timedelta) -> bool:
    earliest = tried.written_at - CLOCK_SKEW
    return earliest <= accepted_at <= tried.written_at + send_timeout + LATE_ACCEPTANCE
