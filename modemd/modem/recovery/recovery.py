"""Recovery: escalates, counts and times the steps, logs them, and takes them.

Whatever a step needs from outside modemd (USB, a program that switches power) is passed in as `RecoveryTools`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from modemd import logs
from modemd.connector import Outbound
from modemd.errors import CommandFailed, ModemdError, NotNow
from modemd.light_dataclass import dataclass
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
# Different refusals of one trouble after which the next one counts as seen before.
MAX_REFUSALS = 10


@dataclass(frozen=True, slots=True)
class UsbLocation:
    """Location of a USB device. `path` is its position in the USB tree (`1-1.2`), `node` its device node."""

    path: str
    node: str

    @property
    def hub(self) -> str:
        """Hub that the device is plugged into: `1-1`; at a root port, the bus: `1`."""
        return self.path.rpartition("." if "." in self.path else "-")[0]

    @property
    def port(self) -> str:
        """Port of the hub: `2`."""
        return self.path.rpartition("." if "." in self.path else "-")[2]


@dataclass(frozen=True, slots=True)
class RecoveryTools:
    """Tools that recovery may use.

    `find_usb_location` returns the location of a port's device, None if it has none. `usb_reset` resets the device.
    `run_program` runs a program. The latter two raise ModemdError if they fail, and are None if they are not available.
    """

    find_usb_location: Callable[[str], UsbLocation | None] = lambda port: None
    usb_reset: Callable[[UsbLocation], Awaitable[None]] | None = None
    run_program: Callable[[Sequence[str]], Awaitable[None]] | None = None


NO_TOOLS = RecoveryTools()


@dataclass(frozen=True, slots=True)
class RecoveryStatus:
    """Status of a modem's recovery, for display. The API shows the names of the fields.

    `rung` is the last step. Times are in seconds. `counts` and `spent_s` are by the step's name, since the start.
    """

    trouble: str | None
    reason: str | None
    rung: str | None
    rounds: int
    quarantined_s: float | None
    counts: dict[str, int]
    spent_s: dict[str, float]


class Recovery:
    """Recovery of one modem. Only the modem's task calls it."""

    def __init__(
        self,
        line: ModemLine,
        status: ModemStatus,
        tools: RecoveryTools,
        *,
        quarantine_s: Sequence[float] = QUARANTINE_S,
        reset_interval_s: float = RESET_INTERVAL_S,
    ) -> None:
        self._line = line
        self._status = status
        self._tools = tools
        self._loop = asyncio.get_running_loop()
        self._escalation = Escalation(quarantine_s, reset_interval_s)
        self._usb_location: UsbLocation | None = None
        self._spent_s: dict[EscalationStep, float] = {}
        self._reason: str | None = None
        self._pending_step: EscalationStep | None = None
        self._refusals: set[str] = set()  # of this trouble, in words

    def note_location(self) -> None:
        """Notes where the device of the port, which has just been opened, is plugged in, if that can be found out."""
        self._usb_location = self._tools.find_usb_location(self._port) or self._usb_location

    @property
    def _port(self) -> str:
        return self._status.port or self._line.port

    def escalate(self, trouble: Trouble, reason: str, profile: Profile | None = None) -> EscalationStep | None:
        """Returns the step to take now, None if none. `profile` is that of the modem in the dialogue, None if there is no
        dialogue. A step that needs the port closed becomes the pending one."""
        step = self._escalation.choose_step(trouble, self._loop.time(), self._list_possible_steps(profile))
        if step is not None:
            self._reason = reason
            log.warning("recovery", modem=self._line.name, rung=step.label, trouble=trouble, reason=reason)
        if step in (EscalationStep.REOPEN, EscalationStep.USB_RESET, EscalationStep.POWER):
            self._pending_step = step
        return step

    def escalate_refusal(self, error: CommandFailed, profile: Profile) -> EscalationStep | None:
        """Returns the step to take because of a refusal in the set-up.

        A refusal that was not seen before in this trouble may be due to noise, or to a modem that still starts: then the set-up
        is tried again. The same one again is the modem's answer.
        """
        if isinstance(error, NotNow):
            return self.escalate(Trouble.UNSTEADY, str(error), profile)
        if self._escalation.trouble is not Trouble.REFUSING:
            self._refusals.clear()
        is_new = str(error) not in self._refusals and len(self._refusals) < MAX_REFUSALS
        self._refusals.add(str(error))
        if is_new and len(self._refusals) > 1 and not self.is_quarantined:
            self._reason = str(error)
            self._escalation.counts[EscalationStep.SET_UP] += 1
            return EscalationStep.SET_UP
        return self.escalate(Trouble.REFUSING, str(error), profile)

    def note_escape(self, reason: str) -> None:
        """Notes that an answer did not come, and that the dialogue is to be synchronised. If another trouble is being
        treated, this is only counted, because that trouble's escalation goes on."""
        if self._escalation.trouble in (None, Trouble.SILENT):
            self.escalate(Trouble.SILENT, reason)
        else:
            self._escalation.counts[EscalationStep.ESCAPE] += 1

    def take_pending_step(self) -> EscalationStep | None:
        """Returns the step that needs the port closed, None if there is none; it is pending no more."""
        step, self._pending_step = self._pending_step, None
        return step

    @property
    def has_pending_step(self) -> bool:
        """True if a step waits for the port to be closed."""
        return self._pending_step is not None

    def note_success(self, sign: RecoverySign) -> None:
        """Notes a sign that something works again."""
        trouble, step = self._escalation.trouble, self._escalation.step
        if self._escalation.end_trouble(sign, self._loop.time()) and step is not None:
            log.info("modem has recovered", modem=self._line.name, trouble=trouble, after=step.label)

    @property
    def is_quarantined(self) -> bool:
        """True while the modem is in quarantine."""
        return self.quarantine_left_s is not None

    @property
    def quarantine_left_s(self) -> float | None:
        """Seconds that the modem is still in quarantine; None if it is not."""
        return self._escalation.find_quarantine_left(self._loop.time())

    @property
    def current_status(self) -> RecoveryStatus:
        """Current status of the recovery."""
        escalation = self._escalation
        return RecoveryStatus(
            escalation.trouble,
            self._reason,
            escalation.step.label if escalation.step is not None else None,
            escalation.rounds,
            escalation.find_quarantine_left(self._loop.time()),
            {step.label: escalation.counts[step] for step in EscalationStep if escalation.counts[step]},
            {step.label: round(spent_s, 3) for step, spent_s in sorted(self._spent_s.items())},
        )

    # The steps

    async def run_by_commands(self, step: EscalationStep, dialogue: Dialogue, profile: Profile) -> None:
        """Takes a step that consists of AT commands: RADIO or RESET."""
        with self.measure(step):
            if step is EscalationStep.RADIO:
                await dialogue.ask(profile.radio_off, timeout_s=RADIO_TIMEOUT_S)
                await dialogue.pause(RADIO_PAUSE_S)
                await dialogue.ask(profile.radio_on, timeout_s=RADIO_TIMEOUT_S)
            elif step is EscalationStep.RESET:
                for command in profile.reset:
                    if (await dialogue.ask(command, timeout_s=RESET_TIMEOUT_S)).ok:
                        break
                dialogue.mark_unsynchronised()
                await dialogue.pause(RESET_PAUSE_S)

    async def run_with_port_closed(self, step: EscalationStep) -> None:
        """Takes a step that needs the port closed. A failure is logged."""
        with self.measure(step):
            try:
                if (
                    step is EscalationStep.USB_RESET
                    and self._tools.usb_reset is not None
                    and self._usb_location is not None
                ):
                    await self._tools.usb_reset(self._usb_location)
                elif step is EscalationStep.POWER and self._tools.run_program is not None:
                    await self._tools.run_program(self._make_power_command())
            except ModemdError as error:
                log.error("recovery failed", modem=self._line.name, rung=step.label, error=str(error))

    @contextmanager
    def measure(self, step: EscalationStep) -> Iterator[None]:
        """Adds the time that the block takes to the step's."""
        began = self._loop.time()
        try:
            yield
        finally:
            self._spent_s[step] = self._spent_s.get(step, 0.0) + self._loop.time() - began

    def _list_possible_steps(self, profile: Profile | None) -> frozenset[EscalationStep]:
        possible = {EscalationStep.ESCAPE, EscalationStep.SET_UP, EscalationStep.REOPEN}
        if profile is not None and profile.radio_off and profile.radio_on:
            possible.add(EscalationStep.RADIO)
        if profile is not None and profile.reset:
            possible.add(EscalationStep.RESET)
        if self._tools.usb_reset is not None and self._usb_location is not None:
            possible.add(EscalationStep.USB_RESET)
        if self._line.power_hook and self._tools.run_program is not None and self._make_power_command():
            possible.add(EscalationStep.POWER)
        return frozenset(possible)

    def _make_power_command(self) -> list[str]:
        """Returns the configured program with its placeholders filled; empty if one has no value because the location is not
        known."""
        place = self._usb_location
        values = {"{name}": self._line.name, "{port}": self._port}
        if place is not None:
            values |= {"{location}": place.path, "{hub}": place.hub, "{hub_port}": place.port}
        argv = []
        for word in self._line.power_hook:
            for placeholder, value in values.items():
                word = word.replace(placeholder, value)
            argv.append(word)
        return [] if any(unknown in word for word in argv for unknown in PLACEHOLDERS) else argv


PLACEHOLDERS = ("{name}", "{port}", "{location}", "{hub}", "{hub_port}")
"""Placeholders that a power hook may have."""
# Key in the status's remarks for symptoms against which nothing is done.
HEALTH_REMARK = "health"


class HealthMonitor:
    """Health of one modem, over its sessions."""

    def __init__(self, status: ModemStatus, outbound: Outbound, symptoms: Symptoms, recovery: Recovery) -> None:
        self._status = status
        self._outbound = outbound
        self._loop = asyncio.get_running_loop()
        self.symptoms = symptoms
        self.recovery = recovery

    @property
    def may_send(self) -> bool:
        """True if parts may be given to the modem. Not so while it is quarantined: it takes parts and does not send them."""
        return not (self.recovery.is_quarantined and self._status.health is ModemHealth.QUARANTINED)

    async def check_and_recover(self, dialogue: Dialogue, identity: Identity) -> bool:
        """Updates the modem's status, and takes a step if one is due. Returns True if the modem is to be set up again, or
        its port is to be closed."""
        status, now = self._status, self._loop.time()
        self.symptoms.note_registration(status.registration, now)
        if status.registration.is_registered:
            self.symptoms.note_signal(status.signal_dbm, now)
            self.recovery.note_success(RecoverySign.READY)
        self.symptoms.note_failing(self._outbound.find_send_fault(identity.sender), now)
        findings = self.symptoms.list_findings(now)
        worst = next((finding for finding in findings if finding.trouble is not None), None)
        status.remarks.pop(HEALTH_REMARK, None)
        if worst is None or worst.trouble is None:
            reason = "; ".join(finding.reason for finding in findings)
            if reason and status.registration.is_registered:
                status.remarks[HEALTH_REMARK] = reason
            elif reason:
                status.reason = reason
            return False
        return await self._take_step(worst, worst.trouble, dialogue, identity)

    async def _take_step(
        self, finding: SymptomFinding, trouble: Trouble, dialogue: Dialogue, identity: Identity
    ) -> bool:
        step = self.recovery.escalate(trouble, finding.reason, identity.profile)
        self._status.health = ModemHealth.QUARANTINED if self.recovery.is_quarantined else ModemHealth.UNHEALTHY
        self._status.reason = finding.reason
        if step is None or step is EscalationStep.QUARANTINE:
            return False
        self.symptoms.mark_treated(finding.symptom)
        if step in (EscalationStep.RADIO, EscalationStep.RESET):
            await self.recovery.run_by_commands(step, dialogue, identity.profile)
        return True
