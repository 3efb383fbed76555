"""Judgement of delivery rates: finds a sudden fall, and a run of refusals. Pure.

It counts messages, and not parts or attempts: the parts of a long message arrive or are lost together, and would look like more
proof than they are. A message is delivered if one of its parts is.

A report counts as `DELIVERED` only if the network says that the message arrived soon after it was sent. The same holds for the
newest messages and for those of the weeks before: so phones that are off lower both rates alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.rules.retry import STANDARD_CLASSES, ErrorClass

LEAST_HISTORY = 100
"""Messages before the newest ones; with fewer, no rate is known that could have fallen."""
LEAST_Z = 4.0
"""Two-proportion z; chance alone reaches 4 in one of 30,000 comparisons."""
RUN_LENGTH = 10
"""Recipients that were refused one after the other."""
# Causes that the network itself gives are below; from 128 on they are the modem's or speak of the form of the message.
_FIRST_OTHER_CAUSE = 128
_REFUSALS = frozenset({ErrorClass.OTHER, ErrorClass.RECIPIENT, ErrorClass.SIM})
_CAUSE = re.compile(r"\+CMS ERROR: ([0-9]{1,3})", re.ASCII)


class MessageFate(StrEnum):
    """Fate of a message, as far as it is known."""

    DELIVERED = "delivered"
    LATE = "late"  # delivered, but not soon
    MISSING = "missing"  # accepted by the network, a report was asked for, and none says that it was delivered
    UNDELIVERABLE = "undeliverable"  # accepted by the network, then reported as a permanent error
    REFUSED = "refused"  # not accepted by the network
    ACCEPTED = "accepted"  # accepted by the network, and no report was asked for

    @property
    def is_rated(self) -> bool:
        """True if a delivery rate counts the message."""
        return self not in (self.REFUSED, self.ACCEPTED)


class FilterKind(StrEnum):
    """Kind of a finding: the delivery rate has fallen, or recipient after recipient is refused."""

    FALL = "fall"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """Messages that were delivered soon, and all others for which a report was asked."""

    delivered: int = 0
    missed: int = 0

    @property
    def total(self) -> int:
        """All messages."""
        return self.delivered + self.missed

    @property
    def rate(self) -> float:
        """The share that was delivered, 0 to 1; 0 if there are no messages."""
        return self.delivered / self.total if self.total else 0.0

    def __add__(self, other: DeliveryCount) -> DeliveryCount:
        return DeliveryCount(self.delivered + other.delivered, self.missed + other.missed)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Message to a recipient, and its fate."""

    number: str
    fate: MessageFate


@dataclass(frozen=True, slots=True)
class FilterThresholds:
    """Thresholds. `fall`: the least fall of the rate, in points of a hundred; `least`: the least number of newest messages."""

    fall: int = 30
    least: int = 30


@dataclass(frozen=True, slots=True)
class FilterFinding:
    """Evidence that messages of a SIM are filtered; `because` has the figures, in words."""

    kind: FilterKind
    because: str


def is_refusal(error: str | None) -> bool:
    """Returns True if a result line says that the network refuses the message or the SIM for good (3GPP TS 24.011 annex E).
    Errors that pass, such as congestion, are no refusals."""
    found = _CAUSE.fullmatch(error or "")
    cause = int(found[1]) if found is not None else _FIRST_OTHER_CAUSE
    return cause < _FIRST_OTHER_CAUSE and STANDARD_CLASSES.get(cause) in _REFUSALS


def count_deliveries(messages: Sequence[SentMessage]) -> DeliveryCount:
    """Returns how many of the rated messages were delivered soon, and how many were not."""
    fates = [each.fate for each in messages if each.fate.is_rated]
    delivered = fates.count(MessageFate.DELIVERED)
    return DeliveryCount(delivered, len(fates) - delivered)


def judge(
    messages: Sequence[SentMessage], history: DeliveryCount, thresholds: FilterThresholds
) -> FilterFinding | None:
    """Returns a finding about the newest messages of a SIM to a destination, oldest first; None if there is none. `history`: the
    messages of the weeks before.

    The rate falls if the newest `least` messages, or twice, four times, ... as many, are delivered so much less than all before
    them. A SIM that never gets reports has no rate that could fall."""
    rated = [each for each in messages if each.fate.is_rated]
    size = max(thresholds.least, 1)
    while size <= len(rated):
        before = history + count_deliveries(rated[:-size])
        if before.total < LEAST_HISTORY:
            break
        if _has_fallen(count_deliveries(rated[-size:]), before, thresholds):
            return FilterFinding(FilterKind.FALL, _describe_fall(rated[-size:], before))
        size *= 2
    return _find_run(messages, has_reports=(history + count_deliveries(messages)).delivered > 0)


def compute_z(recent: DeliveryCount, before: DeliveryCount) -> float:
    """Returns by how many standard errors the rate has fallen (two-proportion z, pooled); 0 if nothing can be said."""
    both = recent + before
    spread = both.rate * (1 - both.rate)
    if not (recent.total and before.total and spread):
        return 0.0
    return (before.rate - recent.rate) / math.sqrt(spread * (1 / recent.total + 1 / before.total))


def _has_fallen(recent: DeliveryCount, before: DeliveryCount, thresholds: FilterThresholds) -> bool:
    # In whole numbers, so that a fall of exactly 30 points is one.
    fall = before.delivered * recent.total - recent.delivered * before.total
    return fall * 100 >= thresholds.fall * before.total * recent.total and compute_z(recent, before) >= LEAST_Z


def _find_run(messages: Sequence[SentMessage], *, has_reports: bool) -> FilterFinding | None:
    """Returns a finding if the messages end with a run of refusals. A message without a report says nothing; but of a SIM that
    gets no reports, it is all the success that can be seen."""
    refused: list[str] = []
    undeliverable: list[str] = []
    for each in reversed(messages):
        if each.fate is MessageFate.REFUSED:
            refused.append(each.number)
        elif each.fate is MessageFate.UNDELIVERABLE:
            undeliverable.append(each.number)
        elif each.fate is not MessageFate.MISSING or not has_reports:
            break
    recipients = len({*refused, *undeliverable})
    if recipients < RUN_LENGTH:
        return None
    return FilterFinding(
        FilterKind.RUN,
        f"{len(refused)} refused and {len(undeliverable)} undeliverable in a row, to {recipients} recipients, and none delivered "
        "between them",
    )


def _describe_fall(newest: Sequence[SentMessage], before: DeliveryCount) -> str:
    recent = count_deliveries(newest)
    undeliverable = sum(each.fate is MessageFate.UNDELIVERABLE for each in newest)
    return (
        f"{recent.delivered} of the newest {recent.total} delivered ({recent.rate:.0%}), {undeliverable} undeliverable; "
        f"before, {before.delivered} of {before.total} ({before.rate:.0%})"
    )
