"""Matching of status reports: decides which attempt a report speaks of. Pure: attempts and report in, a decision out.

A report names the reference (TP-MR, 8 bits, wraps), the recipient (often in another form than we sent) and the moment the
service centre took the message (TP-SCTS, on a clock that may be minutes off). No one of them alone proves anything. There are
modems that give no reference, a wrong one, or one to all messages. So if the stamp names another message to the number than the
reference, the reference counts only if other reports have proved that the modem gives those of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.clock_trust import NETWORK_MARGIN

# A service centre's clock may be off by so much, for a report of an attempt whose outcome is unknown.
CLOCK_SKEW = timedelta(minutes=10)
# TP-SCTS counts whole seconds (3GPP TS 23.040 9.2.3.11).
STAMP_RESOLUTION = timedelta(seconds=1)
# A stamp names an attempt if it is at most so far from its time on the air. More would doubt true references of long messages.
NEAR = timedelta(seconds=1)
# A message may be accepted so long after the send time-out.
LATE_ACCEPTANCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """Attempt, as far as evidence needs it. `reference` is None if no `+CMGS` came, or one without a readable number; then
    `is_accepted` tells the two apart. `is_settled`: a final report came before, with the TP-SCTS `settled_stamp`.
    `has_proved_reference`: earlier reports have had the references that this modem gave. `answered_at`: when the modem
    answered. A part that is repeated has several attempts."""

    attempt_id: int
    reference: int | None
    number: str
    written_at: datetime
    is_settled: bool
    is_accepted: bool = False
    settled_stamp: datetime | None = None
    has_proved_reference: bool = True
    answered_at: datetime | None = None
    part_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Status report. `accepted_at` is TP-SCTS in UTC; None if its octets are rubbish. `siblings`: the references of other reports
    about the same number that belong to no attempt yet."""

    reference: int
    number: str
    accepted_at: datetime | None
    siblings: frozenset[int] = frozenset()


class MatchDoubt(StrEnum):
    """Reason why a report is given to no attempt."""

    NOBODY = "nobody"  # nothing of the SIM to that number has that reference, and nothing is unknown
    REFERENCE_TAKEN = "reference_taken"  # an unknown attempt fits, but the reference has an owner
    SEVERAL = "several"  # more than one attempt can be meant
    OUT_OF_TIME = "out_of_time"  # an unknown attempt would fit at another time
    NO_TIME = "no_time"  # without TP-SCTS an unknown attempt cannot be proved
    UNPROVED = "unproved"  # the reference fits, and nothing has proved yet that the modem tells true ones
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

    An attempt owns a report whose reference it has. If TP-SCTS names another to the same number, the modem's
    references must be proved, or the reports that came about the number have exactly the references of its attempts. If
    several have the reference, recipient and time alone decide, and only if one attempt is left. If TP-SCTS names an unknown
    attempt of another part and not the owner, the report proves nothing: the modem may have counted anew. If nobody owns
    the reference, exactly one attempt without a reference that fits recipient and time is proved accepted; times that a trusted
    clock may have wrong do not tell two of them apart. A lone owner out of time (service centres lie about their zone) is
    believed if no other could be meant.
    """
    mine = [attempt for attempt in attempts if same_number(attempt.number, report.number)]
    owners = [attempt for attempt in mine if attempt.reference == report.reference]
    open_owners = [attempt for attempt in owners if not attempt.is_settled]
    unknown = [
        attempt for attempt in mine if attempt.reference is None and not (attempt.is_accepted and attempt.is_settled)
    ]
    moment = report.accepted_at
    if moment is None:
        return _match_only(open_owners) or ReportMatch(doubt=_find_doubt(owners, unknown, MatchDoubt.NO_TIME))
    same_message = [attempt for attempt in owners if attempt.settled_stamp == moment]
    if len(same_message) == 1:  # a further report: the stamp is the message's, whenever the report was made
        return ReportMatch(same_message[0].attempt_id)
    possible = [attempt for attempt in mine if _may_be_accepted_at(attempt, moment, send_timeout)]
    waiting = [attempt for attempt in possible if not attempt.is_settled]
    # A service centre stamps a message once: what had its final report with another stamp is another message, after which the
    # modem has begun to count anew.
    in_time = [
        attempt
        for attempt in possible
        if attempt.reference == report.reference and attempt.settled_stamp in (None, moment)
    ]
    if in_time:
        chosen = [attempt for attempt in in_time if not attempt.is_settled] or in_time
        if len(chosen) == 1 and _is_contradicted(chosen[0], waiting, report, send_timeout):
            return ReportMatch(doubt=MatchDoubt.UNPROVED)
        if len(chosen) == 1 and _has_rival(chosen[0], unknown, moment, send_timeout):
            return ReportMatch(doubt=MatchDoubt.SEVERAL)
        return _match_only(chosen) or ReportMatch(doubt=MatchDoubt.SEVERAL)
    fitting = [attempt for attempt in unknown if attempt in possible]
    if fitting and owners:
        return ReportMatch(doubt=MatchDoubt.REFERENCE_TAKEN)
    # Our clock may have been stepped between two of them, by anything that leaves it trusted.
    may_be_meant = partial(_may_be_accepted_at, accepted_at=moment, send_timeout=send_timeout, error=NETWORK_MARGIN)
    if fitting and sum(map(may_be_meant, unknown)) > 1:
        return ReportMatch(doubt=MatchDoubt.SEVERAL)
    if len(fitting) == 1 and _is_contradicted(fitting[0], waiting, report, send_timeout):
        return ReportMatch(doubt=MatchDoubt.UNPROVED)
    return _match_only(fitting or open_owners) or ReportMatch(
        doubt=_find_doubt(owners, unknown, MatchDoubt.OUT_OF_TIME)
    )


def _is_contradicted(
    chosen: AttemptFacts, waiting: Sequence[AttemptFacts], report: ReportFacts, send_timeout: timedelta
) -> bool:
    """Returns True if the stamp of a report names another of the attempts that wait for one than `chosen`, whose reference names
    it, or which has none while the other has a different one; and if nothing proves the modem's references."""
    moment = report.accepted_at
    if moment is None or (chosen.reference is not None and chosen.has_proved_reference):
        return False
    others = [
        attempt
        for attempt in waiting
        if attempt is not chosen and not (attempt.reference is not None and attempt.has_proved_reference)
    ]
    nearest = min((_measure_distance(attempt, moment, send_timeout) for attempt in others), default=CLOCK_SKEW)
    if nearest > NEAR or nearest >= _measure_distance(chosen, moment, send_timeout):
        return False
    references = {attempt.reference for attempt in waiting}
    return len(references) < len(waiting) or references != report.siblings | {report.reference}


def _has_rival(owner: AttemptFacts, unknown: Sequence[AttemptFacts], moment: datetime, send_timeout: timedelta) -> bool:
    """Returns True if the stamp of a report names an unknown attempt of another part, and not the owner of its reference: the
    modem may have given the reference again because it has begun to count anew."""
    return _measure_distance(owner, moment, send_timeout) > NEAR and any(
        attempt.part_id != owner.part_id and _measure_distance(attempt, moment, send_timeout) <= NEAR
        for attempt in unknown
    )


def _measure_distance(attempt: AttemptFacts, moment: datetime, send_timeout: timedelta) -> timedelta:
    """Returns how far a time is from that of an attempt on the air, from its first octet to its answer."""
    begin = attempt.written_at - STAMP_RESOLUTION
    end = attempt.answered_at or attempt.written_at + send_timeout
    return max(begin - moment, moment - end, timedelta())


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
