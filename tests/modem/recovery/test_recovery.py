"""Health of a modem over the steps of its recovery: whether it is given parts."""

from __future__ import annotations

import asyncio

from modemd.modem.recovery.escalation import EscalationStep, RecoverySign, Trouble
from modemd.modem.recovery.recovery import NO_TOOLS, HealthMonitor, Recovery
from modemd.modem.recovery.symptoms import Symptoms
from modemd.modem.status import ModemHealth, ModemLine, ModemStatus
from tests.modem.backend import FakeBackend
from tests.modem.scripted_port import simulated


@simulated
async def test_a_modem_in_quarantine_is_given_no_parts() -> None:
    """It takes parts and does not send them: other modems are to have them. When the quarantine is over, it is tried again."""
    line, status = ModemLine("west", "/dev/west", rate=lambda iccid: None), ModemStatus(health=ModemHealth.READY)
    recovery = Recovery(line, status, NO_TOOLS, quarantine_s=(300.0,))
    monitor = HealthMonitor(status, FakeBackend().outbound, Symptoms(), recovery)
    steps, may_send = [], []
    for _ in range(2):
        steps.append(recovery.escalate(Trouble.FAILING, "5 sends failed"))
        status.health = ModemHealth.QUARANTINED if recovery.is_quarantined else ModemHealth.UNHEALTHY
        may_send.append(monitor.may_send)
    await asyncio.sleep(301)
    may_send.append(monitor.may_send)
    assert (steps, may_send) == ([EscalationStep.SET_UP, EscalationStep.QUARANTINE], [True, False, True])
    recovery.note_success(RecoverySign.PASSED)
    assert recovery.current_status.trouble is None
