"""Settings of an emulated network: latencies, lost reports and impairments, which anybody may change while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from random import Random

from modemd.pdu import Timestamp

TYPICAL_REPORT_LOSS = 0.1
TYPICAL_NATIONAL_SHARE = 0.1
MAX_CLOCK_OFFSET_S = 600
"""Behaviour of a network that is not kind: the share of reports that never come, the share that have the recipient as a
national number, and by how much the clock of the service centre is wrong at most."""


class NetworkBehaviour:
    """Settings of a network, each an attribute that may be changed at any time.

    `delivery_latency_s`: seconds from acceptance to the first delivery attempt. `report_latency_s`: seconds from the
    outcome to the first delivery attempt of the report. `report_loss`: the share (0 to 1) of reports that never come.
    `retry_s`: seconds until the service centre tries again after a subscriber could not take a message. `validity`:
    used if the SUBMIT has none. `zone`: the local time of the service centre. `unkind`: what else real networks do to
    reports and to the order of messages. `seed` decides all that is random.
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
        """True if every report comes, once, in order, unchanged and with the right time."""
        return self.report_loss == 0 and self.unkind == Impairments()

    def be_unkind(self) -> None:
        """Sets the behaviour of real networks: a tenth of the reports is lost, and `Impairments.typical` applies."""
        self.report_loss = TYPICAL_REPORT_LOSS
        self.unkind = Impairments.typical(Random(f"{self._seed} unkind"))

    def be_kind(self) -> None:
        """Ends all losses and impairments, and corrects the clock."""
        self.report_loss = 0.0
        self.unkind = Impairments()

    def is_drawn(self, share: float) -> bool:
        """Returns whether an event with this probability happens now.

        A share of 0 draws nothing from the sequence of the seed.
        """
        return share > 0 and self.random.random() < share

    def timestamp_at(self, moment: datetime) -> Timestamp:
        """Returns a time as the clock of the service centre shows it."""
        return Timestamp.of((moment + self.unkind.clock_off).astimezone(self.zone))


@dataclass(slots=True)
class Impairments:
    """Impairments of a network, which may be changed at any time.

    Shares are 0 (never) to 1 (always); the seed decides which messages. `reports_twice`: a report comes again,
    `repeat_after_s` seconds later. `reports_foreign`: together with a report comes one that fits no message, with a
    random reference and recipient. `reports_national`: the recipient in a report is a national number.
    `temporary_reports`: a message that cannot be delivered at the first attempt is reported as buffered (TP-ST 30), and
    again when its outcome is known. `reordered`: a message overtakes waiting ones. `clock_off`: how far the clock of
    the service centre is ahead.
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
        """Returns the impairments of a usual network. `random` decides how many whole seconds the clock is ahead or behind."""
        off_s = random.randint(-MAX_CLOCK_OFFSET_S, MAX_CLOCK_OFFSET_S)
        return cls(reports_national=TYPICAL_NATIONAL_SHARE, clock_off=timedelta(seconds=off_s))
