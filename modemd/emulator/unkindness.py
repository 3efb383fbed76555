"""How a network is unkind: what real ones do to reports and to order, each by its share. Nothing is, to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


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
