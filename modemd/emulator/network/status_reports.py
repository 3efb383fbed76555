"""Status reports: most reach the SIM that requested them; some come late, twice or changed, or never come."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from modemd.emulator.network.behaviour import NetworkBehaviour
from modemd.emulator.network.operators import Operator
from modemd.emulator.network.service_centre import HeldMessage, ServiceCentre
from modemd.emulator.network.subscribers import Sim
from modemd.emulator.timers import Timers
from modemd.pdu import Address, Command, Deliver, StatusReport, TypeOfNumber

Oddity = Literal["late", "twice", "foreign", "never"]
"""What can happen to one report: it comes late, comes twice, comes together with a foreign one, or never comes."""

LATE_S = 60.0
"""Default delay of a late report, in seconds."""


@dataclass(frozen=True, slots=True)
class _PlannedAnomaly:
    """Anomaly of the next report to one SIM (None: to any)."""

    oddity: Oddity
    sim: Sim | None
    seconds: float


class StatusReporter:
    """Sender of status reports (3GPP TS 23.040 9.2.2.3). `lost` counts those that never came."""

    def __init__(self, behaviour: NetworkBehaviour, timers: Timers, centre: ServiceCentre) -> None:
        self.lost = 0
        self._centre = centre
        self._behaviour = behaviour
        self._timers = timers
        self._planned: deque[_PlannedAnomaly] = deque()
        centre.on_outcome.append(self._report_outcome)

    def next_report(self, oddity: Oddity, sim: Sim | None, seconds: float) -> None:
        """Sets how the next report to this SIM (None: to any) comes. Several calls apply to as many reports, in order."""
        self._planned.append(_PlannedAnomaly(oddity, sim, seconds))

    def answer(self, sim: Sim, command: Command, status: int) -> None:
        """Reports on an SMS-COMMAND (TP-SRQ 1). Planned oddities and losses do not apply to these reports."""
        now = self._timers.now()
        stamp = self._behaviour.timestamp_at(now)
        report = StatusReport(
            reference=command.reference,
            recipient=command.destination,
            timestamp=stamp,
            discharge=stamp,
            status=status,
            for_command=True,
        )
        self._send(sim, report, now, self._latency_s(sim))

    def _report_outcome(self, held: HeldMessage, status: int) -> None:
        """Reports the outcome of a message to the SIM that submitted it, if that SIM requested a report."""
        if held.report_to is None or held.submit is None or not isinstance(held.message, Deliver):
            return
        sim, reference = held.report_to
        behaviour = self._behaviour
        planned = self._take_planned(sim)
        oddity = planned.oddity if planned is not None else None
        # A planned report draws nothing from the sequence of the seed: the others stay as they would be without it.
        if oddity == "never" or (planned is None and behaviour.is_drawn(behaviour.report_loss)):
            self.lost += 1
            return
        now = self._timers.now()
        report = StatusReport(
            reference=reference,
            recipient=self._recipient_as_written(held.submit.destination, sim.operator),
            timestamp=held.message.timestamp,
            discharge=behaviour.timestamp_at(now),
            status=status,
        )
        latency_s = self._latency_s(sim) + (planned.seconds if planned is not None and oddity == "late" else 0.0)
        self._send(sim, report, now, latency_s)
        if oddity == "twice" or (planned is None and behaviour.is_drawn(behaviour.unkind.reports_twice)):
            self._send(sim, report, now, latency_s + behaviour.unkind.repeat_after_s)
        if oddity == "foreign" or (planned is None and behaviour.is_drawn(behaviour.unkind.reports_foreign)):
            self._send(sim, self._make_foreign_report(report, sim.operator), now, latency_s)

    def _send(self, sim: Sim, report: StatusReport, now: datetime, latency_s: float) -> None:
        self._centre.forward(sim, HeldMessage(report, now + self._behaviour.validity), latency_s)

    def _latency_s(self, sim: Sim) -> float:
        own = sim.operator.report_latency_s
        return self._behaviour.report_latency_s if own is None else own

    def _take_planned(self, sim: Sim) -> _PlannedAnomaly | None:
        for planned in self._planned:
            if planned.sim is None or planned.sim is sim:
                self._planned.remove(planned)
                return planned
        return None

    def _recipient_as_written(self, destination: Address, operator: Operator) -> Address:
        """Returns the recipient as submitted, or, within the operator's own country, perhaps in national form."""
        international = destination.type_of_number is TypeOfNumber.INTERNATIONAL
        at_home = international and destination.value.startswith(operator.country_code)
        if not at_home or not self._behaviour.is_drawn(self._behaviour.unkind.reports_national):
            return destination
        return Address(f"0{destination.value.removeprefix(operator.country_code)}", TypeOfNumber.UNKNOWN)

    def _make_foreign_report(self, report: StatusReport, operator: Operator) -> StatusReport:
        random = self._behaviour.random
        number = Address(f"{operator.country_code}600{random.randrange(10**6):06d}", TypeOfNumber.INTERNATIONAL)
        return replace(report, reference=random.randrange(256), recipient=number)
