"""What becomes of status reports: most reach the SIM that asked for them; some do so late, twice, disguised, or never."""

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
"""What can befall one report: it comes late, comes again, is joined by one for a message nobody sent, or never comes."""

LATE_S = 60.0
"""How much later a late report comes, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class _PlannedAnomaly:
    """What was ordered for the next report, to one SIM or (None) to any."""

    oddity: Oddity
    sim: Sim | None
    seconds: float


class StatusReporter:
    """The network's writer of status reports (3GPP TS 23.040 9.2.2.3). `lost` counts those that never came."""

    def __init__(self, behaviour: NetworkBehaviour, timers: Timers, centre: ServiceCentre) -> None:
        self.lost = 0
        self._centre = centre
        self._behaviour = behaviour
        self._timers = timers
        self._planned: deque[_PlannedAnomaly] = deque()
        centre.on_outcome.append(self._report_outcome)

    def next_report(self, oddity: Oddity, sim: Sim | None, seconds: float) -> None:
        """Order what becomes of the next report that is owed, to this SIM or to any. Orders wait their turn."""
        self._planned.append(_PlannedAnomaly(oddity, sim, seconds))

    def answer(self, sim: Sim, command: Command, status: int) -> None:
        """Report on an SMS-COMMAND (TP-SRQ 1): what is ordered or usual of other reports does not touch these."""
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
        """Report on a message to the SIM that submitted it, where it asked for that."""
        if held.report_to is None or held.submit is None or not isinstance(held.message, Deliver):
            return
        sim, reference = held.report_to
        behaviour = self._behaviour
        planned = self._take_planned(sim)
        oddity = planned.oddity if planned is not None else None
        # What is ordered takes the place of chance; the seed's sequence then goes on as if this report had not been.
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
        """The recipient as the report writes it: as it was sent, or, in the operator's own country, in national form."""
        international = destination.type_of_number is TypeOfNumber.INTERNATIONAL
        at_home = international and destination.value.startswith(operator.country_code)
        if not at_home or not self._behaviour.is_drawn(self._behaviour.unkind.reports_national):
            return destination
        return Address(f"0{destination.value.removeprefix(operator.country_code)}", TypeOfNumber.UNKNOWN)

    def _make_foreign_report(self, report: StatusReport, operator: Operator) -> StatusReport:
        random = self._behaviour.random
        number = Address(f"{operator.country_code}600{random.randrange(10**6):06d}", TypeOfNumber.INTERNATIONAL)
        return replace(report, reference=random.randrange(256), recipient=number)
