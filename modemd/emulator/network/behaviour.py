"""How an emulated network behaves: the knobs that its parts look at, and that anybody may turn while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from random import Random

from modemd.pdu import Timestamp


class NetworkBehaviour:
    """Knobs, each an attribute.

    `delivery_latency_s` (from acceptance to the first try), `report_latency_s` (from outcome to the report's first
    try), `report_loss` (0 to 1, of reports that never come), `retry_s` (how long the SC waits after a subscriber could
    not take a message), `validity` (where the SUBMIT states none), `zone` (the SC's local time). `unkind` holds what
    else real networks do to reports and to order. All that is random comes from `seed`.
    """

    def __init__(
        self,
        *,
        seed: int,
        delivery_latency_s: float,
        report_latency_s: float,
        report_loss: float,
        retry_s: float,
        validity: timedelta,
        zone: tzinfo,
    ) -> None:
        self.delivery_latency_s = delivery_latency_s
        self.report_latency_s = report_latency_s
        self.report_loss = report_loss
        self.retry_s = retry_s
        self.validity = validity
        self.zone = zone
        self.unkind = Impairments()
        self.random = Random(seed)
        self._seed = seed

    @property
    def kind(self) -> bool:
        """Whether every report comes, once and as it should, in order, with the right time on it."""
        return self.report_loss == 0 and self.unkind == Impairments()

    def be_unkind(self) -> None:
        """Behave as networks usually do: lose a tenth of the reports, and what `Unkindness.usual` says."""
        self.report_loss = TYPICAL_REPORT_LOSS
        self.unkind = Impairments.typical(Random(f"{self._seed} unkind"))

    def be_kind(self) -> None:
        """Lose, repeat, disguise and reorder nothing, and have the right time."""
        self.report_loss = 0.0
        self.unkind = Impairments()

    def is_drawn(self, share: float) -> bool:
        """Whether one of so many happens now. A share of 0 takes nothing from the seed's sequence."""
        return share > 0 and self.random.random() < share

    def timestamp_at(self, moment: datetime) -> Timestamp:
        """A moment as the service centre's clock shows it."""
        return Timestamp.of((moment + self.unkind.clock_off).astimezone(self.zone))


TYPICAL_REPORT_LOSS = 0.1


TYPICAL_NATIONAL_SHARE = 0.1


MAX_CLOCK_OFFSET_S = 600
"""What a network is like unless it is asked to be kind: a tenth of the reports never come, a tenth name the recipient
as a national number, and the service centre's clock is off by up to ten minutes."""


@dataclass(slots=True)
class Impairments:
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
    def typical(cls, random: Random) -> Impairments:
        """What is usual; by how many whole seconds the clock is off, ahead or behind, is drawn from `random`."""
        off_s = random.randint(-MAX_CLOCK_OFFSET_S, MAX_CLOCK_OFFSET_S)
        return cls(reports_national=TYPICAL_NATIONAL_SHARE, clock_off=timedelta(seconds=off_s))
