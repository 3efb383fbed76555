"""How a network is unkind: what real ones do to reports and to order, each by its share. Nothing is, to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

USUAL_REPORT_LOSS = 0.1
USUAL_NATIONAL = 0.1
MOST_CLOCK_OFF_S = 600
"""What a network is like unless it is asked to be kind: a tenth of the reports never come, a tenth name the recipient
as a national number, and the service centre's clock is off by up to ten minutes."""


@dataclass(slots=True)
class Unkindness:
    """Shares are 0 (never) to 1 (always) and may be changed at any time; the network's seed decides which ones.

    `reports_twice`: a report comes again, `repeat_after_s` later. `reports_foreign`: beside a report comes one with a
    reference nobody was given, for a number nobody wrote to. `reports_national`: the recipient in a report is written
    as a national number. `temporary_reports`: a message that cannot be handed over at the first try is reported as
    buffered (TP-ST 30), and again when its end is known. `reordered`: a message overtakes what waits before it.
    `clock_off`: how far the service centre's clock is ahead.
    """

    reports_twice: float = 0.0
    reports_foreign: float = 0.0
    reports_national: float = 0.0
    temporary_reports: float = 0.0
    reordered: float = 0.0
    repeat_after_s: float = 5.0
    clock_off: timedelta = timedelta()

    @classmethod
    def usual(cls, random: Random) -> Unkindness:
        """What is usual; by how many whole seconds the clock is off, ahead or behind, is drawn from `random`."""
        off_s = random.randint(-MOST_CLOCK_OFF_S, MOST_CLOCK_OFF_S)
        return cls(reports_national=USUAL_NATIONAL, clock_off=timedelta(seconds=off_s))
