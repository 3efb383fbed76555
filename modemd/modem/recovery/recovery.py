"""Climb the ladder: count and time its rungs, say so in the log, and do those that need no dialogue.

What a rung needs of the world outside (USB, a program that switches power) is handed in as `Tools`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from modemd import logs
from modemd.errors import ModemdError
from modemd.modem.backend import Backend
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.recovery.escalation import (
    QUARANTINE_S,
    RESET_INTERVAL_S,
    Escalation,
    EscalationStep,
    RecoverySign,
    Trouble,
)
from modemd.modem.recovery.symptoms import SymptomFinding, Symptoms
from modemd.modem.status import Identity, ModemHealth, ModemLine, ModemStatus
from modemd.profiles import Profile

log = logs.get(__name__)


RADIO_TIMEOUT_S = 40.0


RADIO_PAUSE_S = 2.0


RESET_TIMEOUT_S = 10.0


RESET_PAUSE_S = 2.0


@dataclass(frozen=True, slots=True)
class UsbLocation:
    """Where a port's device is plugged in. `location` is its place in the USB tree (`1-1.2`), `node` its device node."""

    location: str
    node: str

    @property
    def hub(self) -> str:
        """The hub it sits in: `1-1`; of a root port, the bus: `1`."""
        return self.location.rpartition("." if "." in self.location else "-")[0]

    @property
    def port(self) -> str:
        """The hub's port: `2`."""
        return self.location.rpartition("." if "." in self.location else "-")[2]


@dataclass(frozen=True, slots=True)
class RecoveryTools:
    """What recovery may use. `usb_place` finds the place of a port's device, None where it has none; `usb_reset` resets it;
    `run` runs a program. The latter two raise ModemdError where they fail."""

    usb_place: Callable[[str], UsbLocation | None] = lambda port: None
    usb_reset: Callable[[UsbLocation], Awaitable[None]] | None = None
    run: Callable[[Sequence[str]], Awaitable[None]] | None = None


NO_TOOLS = RecoveryTools()


@dataclass(frozen=True, slots=True)
class RecoveryStatus:
    """Where a modem stands, to be shown. Times are seconds; `counts` and `spent_s` are since the start, by the rung's name."""

    trouble: str | None
    reason: str | None
    rung: str | None
    rounds: int
    quarantined_s: float | None
    counts: dict[str, int]
    spent_s: dict[str, float]


class Recovery:
    """The ladder of one modem. Belongs to the modem's task."""

    def __init__(
        self,
        line: ModemLine,
        status: ModemStatus,
        tools: RecoveryTools,
        *,
        quarantine_s: Sequence[float] = QUARANTINE_S,
        rest_s: float = RESET_INTERVAL_S,
    ) -> None:
        self._line = line
        self._status = status
        self._tools = tools
        self._loop = asyncio.get_running_loop()
        self._ladder = Escalation(quarantine_s, rest_s)
        self._place: UsbLocation | None = None
        self._spent_s: dict[EscalationStep, float] = {}
        self._reason: str | None = None
        self._pending: EscalationStep | None = None

    def opened(self) -> None:
        """The port is open: note where its device is plugged in, as long as one can see it."""
        self._place = self._tools.usb_place(self._port) or self._place

    @property
    def _port(self) -> str:
        return self._status.port or self._line.port

    def climb(self, trouble: Trouble, reason: str, profile: Profile | None = None) -> EscalationStep | None:
        """The rung to climb now. `profile`: of the modem that listens, None where there is no dialogue. A rung that is not the
        dialogue's stays pending for `take`."""
        rung = self._ladder.climb(trouble, self._loop.time(), self._possible(profile))
        if rung is not None:
            self._reason = reason
            log.warning("recovery", modem=self._line.name, rung=rung.words, trouble=trouble, reason=reason)
        if rung in (EscalationStep.REOPEN, EscalationStep.USB_RESET, EscalationStep.POWER):
            self._pending = rung
        return rung

    def escape(self, reason: str) -> None:
        """An answer did not come, and the dialogue is to be escaped. In a trouble of another kind that is only counted: it has
        its own way up."""
        if self._ladder.trouble in (None, Trouble.SILENT):
            self.climb(Trouble.SILENT, reason)
        else:
            self._ladder.counts[EscalationStep.ESCAPE] += 1

    def take(self) -> EscalationStep | None:
        """The rung that waits to be climbed with the port closed."""
        rung, self._pending = self._pending, None
        return rung

    @property
    def wants_port(self) -> bool:
        """Whether a rung waits for the port to be closed."""
        return self._pending is not None

    def cured(self, cure: RecoverySign) -> None:
        """Something went well."""
        trouble, rung = self._ladder.trouble, self._ladder.rung
        if self._ladder.cured(cure, self._loop.time()) and rung is not None:
            log.info("modem has recovered", modem=self._line.name, trouble=trouble, after=rung.words)

    @property
    def quarantined(self) -> bool:
        return self._ladder.quarantined(self._loop.time()) is not None

    @property
    def standing(self) -> RecoveryStatus:
        """Where the modem stands now."""
        ladder = self._ladder
        return RecoveryStatus(
            ladder.trouble,
            self._reason,
            ladder.rung.words if ladder.rung is not None else None,
            ladder.rounds,
            ladder.quarantined(self._loop.time()),
            {rung.words: ladder.counts[rung] for rung in EscalationStep if ladder.counts[rung]},
            {rung.words: round(spent_s, 3) for rung, spent_s in sorted(self._spent_s.items())},
        )

    # The rungs

    async def do_inside(self, rung: EscalationStep, dialogue: Dialogue, profile: Profile) -> None:
        """Climb one that goes by AT commands."""
        with self.timed(rung):
            if rung is EscalationStep.RADIO:
                await dialogue.ask(profile.radio_off, timeout_s=RADIO_TIMEOUT_S)
                await dialogue.pause(RADIO_PAUSE_S)
                await dialogue.ask(profile.radio_on, timeout_s=RADIO_TIMEOUT_S)
            elif rung is EscalationStep.RESET:
                for command in profile.reset:
                    if (await dialogue.ask(command, timeout_s=RESET_TIMEOUT_S)).ok:
                        break
                dialogue.unsettle()
                await dialogue.pause(RESET_PAUSE_S)

    async def do_outside(self, rung: EscalationStep) -> None:
        """Climb one for which the port is closed. What it cannot do, it says in the log."""
        with self.timed(rung):
            try:
                if rung is EscalationStep.USB_RESET and self._tools.usb_reset is not None and self._place is not None:
                    await self._tools.usb_reset(self._place)
                elif rung is EscalationStep.POWER and self._tools.run is not None:
                    await self._tools.run(self._hook())
            except ModemdError as error:
                log.error("recovery failed", modem=self._line.name, rung=rung.words, error=str(error))

    @contextmanager
    def timed(self, rung: EscalationStep) -> Iterator[None]:
        """Count the time within to the rung's."""
        began = self._loop.time()
        try:
            yield
        finally:
            self._spent_s[rung] = self._spent_s.get(rung, 0.0) + self._loop.time() - began

    def _possible(self, profile: Profile | None) -> frozenset[EscalationStep]:
        can = {EscalationStep.ESCAPE, EscalationStep.SET_UP, EscalationStep.REOPEN}
        if profile is not None and profile.radio_off and profile.radio_on:
            can.add(EscalationStep.RADIO)
        if profile is not None and profile.reset:
            can.add(EscalationStep.RESET)
        if self._tools.usb_reset is not None and self._place is not None:
            can.add(EscalationStep.USB_RESET)
        if self._line.power_hook and self._tools.run is not None and self._hook():
            can.add(EscalationStep.POWER)
        return frozenset(can)

    def _hook(self) -> list[str]:
        """The configured program, its placeholders filled; empty where one has no value: the place is not known."""
        place = self._place
        values = {"{name}": self._line.name, "{port}": self._port}
        if place is not None:
            values |= {"{location}": place.location, "{hub}": place.hub, "{hub_port}": place.port}
        argv = []
        for word in self._line.power_hook:
            for placeholder, value in values.items():
                word = word.replace(placeholder, value)
            argv.append(word)
        return [] if any(unknown in word for word in argv for unknown in PLACEHOLDERS) else argv


PLACEHOLDERS = ("{name}", "{port}", "{location}", "{hub}", "{hub_port}")
"""What may stand in a power hook."""


# Under which key the status has what is seen and nothing is done about.
HEALTH_REMARK = "health"


class HealthMonitor:
    """The health of one modem, over its sessions."""

    def __init__(self, status: ModemStatus, desk: Backend, vitals: Symptoms, recovery: Recovery) -> None:
        self._status = status
        self._desk = desk
        self._loop = asyncio.get_running_loop()
        self.vitals = vitals
        self.recovery = recovery

    @property
    def may_send(self) -> bool:
        """Whether parts are given to the modem: not while it swallows them and has been given up for a while."""
        return not (self.recovery.quarantined and self._status.health is ModemHealth.QUARANTINED)

    async def heal(self, dialogue: Dialogue, identity: Identity) -> bool:
        """Say how the modem is, and climb a rung where one is due. True: it is to be set up again, or its port is wanted."""
        status, now = self._status, self._loop.time()
        self.vitals.registered(status.registration, now)
        if status.registration.usable:
            self.vitals.signal(status.signal_dbm, now)
            self.recovery.cured(RecoverySign.READY)
        self.vitals.failing(self._desk.sends_fail(identity), now)
        findings = self.vitals.findings(now)
        worst = next((finding for finding in findings if finding.trouble is not None), None)
        status.remarks.pop(HEALTH_REMARK, None)
        if worst is None or worst.trouble is None:
            told = "; ".join(finding.reason for finding in findings)
            if told and status.registration.usable:
                status.remarks[HEALTH_REMARK] = told
            elif told:
                status.reason = told
            return False
        return await self._climb(worst, worst.trouble, dialogue, identity)

    async def _climb(self, finding: SymptomFinding, trouble: Trouble, dialogue: Dialogue, identity: Identity) -> bool:
        rung = self.recovery.climb(trouble, finding.reason, identity.profile)
        self._status.health = ModemHealth.QUARANTINED if self.recovery.quarantined else ModemHealth.UNHEALTHY
        self._status.reason = finding.reason
        if rung is None or rung is EscalationStep.QUARANTINE:
            return False
        self.vitals.acted(finding.sign)
        if rung in (EscalationStep.RADIO, EscalationStep.RESET):
            await self.recovery.do_inside(rung, dialogue, identity.profile)
        return True
