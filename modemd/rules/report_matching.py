"""Matching of status reports: decides which attempt a report speaks of. Pure: attempts and report in, a decision out.

A report names the reference (TP-MR, 8 bits, wraps), the recipient (often in another form than we sent) and the moment the
service centre took the message (TP-SCTS, on a clock that may be minutes off). No one of them alone proves anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from modemd.rules import phone_numbers
from modemd.rules.clock_trust import NETWORK_MARGIN

# A service centre's clock may be off by so much, for a report of an attempt whose outcome is unknown.
CLOCK_SKEW = timedelta(minutes=10)
# A message may be accepted so long after the send time-out.
LATE_ACCEPTANCE = timedelta(minutes=10)
# TP-SCTS counts whole seconds (3GPP TS 23.040 9.2.3.11).
STAMP_RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """Attempt, as far as evidence needs it. `reference` is None if no `+CMGS` came. `is_settled`: a final report came before;
    `answered_at`: when the modem answered."""

    attempt_id: int
    reference: int | None
    number: str
    written_at: datetime
    is_settled: bool
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Status report. `accepted_at` is TP-SCTS in UTC; None if its octets are rubbish."""

    reference: int
    number: str
    accepted_at: datetime | None


class MatchDoubt(StrEnum):
    """Reason why a report is given to no attempt."""

    NOBODY = "nobody"  # nothing of the SIM to that number has that reference, and nothing is unknown
    REFERENCE_TAKEN = "reference_taken"  # an unknown attempt fits, but the reference has an owner
    SEVERAL = "several"  # more than one attempt can be meant
    OUT_OF_TIME = "out_of_time"  # an unknown attempt would fit at another time
    NO_TIME = "no_time"  # without TP-SCTS an unknown attempt cannot be proved
    SETTLED = "settled"  # the owner of the reference had its final report, and the time fits nobody


@dataclass(frozen=True, slots=True)
class ReportMatch:
    """Result: the attempt that a report is of, or why that is not certain; one of the two."""

    attempt_id: int | None = None
    doubt: MatchDoubt | None = None


def match_report(
    report: ReportFacts,
    attempts: Sequence[AttemptFacts],
    same_number: Callable[[str, str], bool],
    send_timeout: timedelta,
) -> ReportMatch:
    """Returns the attempt that a report is of, from all attempts of its SIM that are not closed; a doubt if that is not certain.

    An attempt owns a report whose reference it has; among several in time (some modems give one reference to all), the one
    that was on the air at TP-SCTS, else the oldest. If nobody owns the reference, exactly one attempt
    of unknown outcome that fits recipient and time is proved accepted; if there are several of one recipient, times that a
    trusted clock may have wrong do not tell them apart. A lone owner out of time (service centres lie about their zone) is
    believed if no unknown one could be meant.
    """
    mine = [attempt for attempt in attempts if same_number(attempt.number, report.number)]
    owners = [attempt for attempt in mine if attempt.reference == report.reference]
    open_owners = [attempt for attempt in owners if not attempt.is_settled]
    unknown = [attempt for attempt in mine if attempt.reference is None]
    moment = report.accepted_at
    if moment is None:
        return _match_only(open_owners) or ReportMatch(doubt=_find_doubt(owners, unknown, MatchDoubt.NO_TIME))
    in_time = [attempt for attempt in owners if _may_be_accepted_at(attempt, moment, send_timeout)]
    if in_time:
        return ReportMatch(_choose_owner(in_time, moment, send_timeout).attempt_id)
    fitting = [attempt for attempt in unknown if _may_be_accepted_at(attempt, moment, send_timeout)]
    if fitting and owners:
        return ReportMatch(doubt=MatchDoubt.REFERENCE_TAKEN)
    # Our clock may have been stepped between two of them, by anything that leaves it trusted.
    if (
        fitting
        and len([attempt for attempt in unknown if _may_be_accepted_at(attempt, moment, send_timeout, NETWORK_MARGIN)])
        > 1
    ):
        return ReportMatch(doubt=MatchDoubt.SEVERAL)
    return _match_only(fitting or open_owners) or ReportMatch(
        doubt=_find_doubt(owners, unknown, MatchDoubt.OUT_OF_TIME)
    )


def find_owner(
    report: ReportFacts,
    attempts: Sequence[AttemptFacts],
    same_number: Callable[[str, str], bool],
    send_timeout: timedelta,
) -> int | None:
    """Returns the attempt that `match_report` finds; None if that is not certain."""
    return match_report(report, attempts, same_number, send_timeout).attempt_id


def _match_only(possible: Sequence[AttemptFacts]) -> ReportMatch | None:
    """Returns the only attempt that can be meant, or the doubt that there are several; None if there is none."""
    if len(possible) > 1:
        return ReportMatch(doubt=MatchDoubt.SEVERAL)
    return ReportMatch(possible[0].attempt_id) if possible else None


def _find_doubt(owners: Sequence[AttemptFacts], unknown: Sequence[AttemptFacts], unproved: MatchDoubt) -> MatchDoubt:
    """Returns why no attempt can be meant: `unproved` if an unknown attempt could have been, at another time."""
    if owners:
        return MatchDoubt.SETTLED
    return unproved if unknown else MatchDoubt.NOBODY


def _choose_owner(owners: Sequence[AttemptFacts], moment: datetime, send_timeout: timedelta) -> AttemptFacts:
    """Returns which of several attempts with one reference a report is of: the only one without a final report that was on the
    air at the report's stamp, from the first octet to the answer. If that singles out none (the service centre's clock is off),
    the oldest: reports of what one phone gets come in its order."""
    waiting = [attempt for attempt in owners if not attempt.is_settled] or list(owners)
    on_air = [
        attempt
        for attempt in waiting
        if attempt.written_at - STAMP_RESOLUTION <= moment <= (attempt.answered_at or attempt.written_at + send_timeout)
    ]
    return min(on_air if len(on_air) == 1 else waiting, key=lambda attempt: attempt.written_at)


def _may_be_accepted_at(
    attempt: AttemptFacts, accepted_at: datetime, send_timeout: timedelta, error: timedelta = timedelta()
) -> bool:
    """Returns True if an attempt can have been accepted at that time; `error`: by how much our clock may have been wrong."""
    earliest = attempt.written_at - max(CLOCK_SKEW, error)
    return earliest <= accepted_at <= attempt.written_at + send_timeout + LATE_ACCEPTANCE + error


def make_owner_finder(send_timeout: timedelta) -> FindOwner:
    """Returns the function that finds the owner of a report, for a modem that waits `send_timeout` for an answer."""

    def rule(report: ReportFacts, attempts: Sequence[AttemptFacts]) -> int | None:
        return find_owner(report, attempts, phone_numbers.is_same_number, send_timeout)

    return rule


FindOwner = Callable[[ReportFacts, Sequence[AttemptFacts]], int | None]
