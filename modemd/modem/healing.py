"""What is seen of a modem that answers, and what is done where no message can pass through it."""

from __future__ import annotations

import asyncio

from modemd.modem.desk import Desk, Health, Identity
from modemd.modem.dialogue import Dialogue
from modemd.modem.health import Finding, Vitals
from modemd.modem.ladder import Cure, Rung, Trouble
from modemd.modem.recovery import Recovery
from modemd.modem.status import Status

# Under which key the status has what is seen and nothing is done about.
REMARK = "health"


class Healing:
    """The health of one modem, over its sessions."""

    def __init__(self, status: Status, desk: Desk, vitals: Vitals, recovery: Recovery) -> None:
        self._status = status
        self._desk = desk
        self._loop = asyncio.get_running_loop()
        self.vitals = vitals
        self.recovery = recovery

    @property
    def may_send(self) -> bool:
        """Whether parts are given to the modem: not while it swallows them and has been given up for a while."""
        return not (self.recovery.quarantined and self._status.health is Health.QUARANTINED)

    async def heal(self, dialogue: Dialogue, identity: Identity) -> bool:
        """Say how the modem is, and climb a rung where one is due. True: it is to be set up again, or its port is wanted."""
        status, now = self._status, self._loop.time()
        self.vitals.registered(status.registration, now)
        if status.registration.usable:
            self.vitals.signal(status.signal_dbm, now)
            self.recovery.cured(Cure.READY)
        self.vitals.failing(self._desk.sends_fail(identity), now)
        findings = self.vitals.findings(now)
        worst = next((finding for finding in findings if finding.trouble is not None), None)
        status.remarks.pop(REMARK, None)
        if worst is None or worst.trouble is None:
            told = "; ".join(finding.reason for finding in findings)
            if told and status.registration.usable:
                status.remarks[REMARK] = told
            elif told:
                status.reason = told
            return False
        return await self._climb(worst, worst.trouble, dialogue, identity)

    async def _climb(self, finding: Finding, trouble: Trouble, dialogue: Dialogue, identity: Identity) -> bool:
        rung = self.recovery.climb(trouble, finding.reason, identity.profile)
        self._status.health = Health.QUARANTINED if self.recovery.quarantined else Health.UNHEALTHY
        self._status.reason = finding.reason
        if rung is None or rung is Rung.QUARANTINE:
            return False
        self.vitals.acted(finding.sign)
        if rung in (Rung.RADIO, Rung.RESET):
            await self.recovery.do_inside(rung, dialogue, identity.profile)
        return True
