"""Escalation, as data: which steps are taken against which trouble, in which order, and how long each is given.

Pure: troubles and times go in, the step to take comes out; `modemd.modem.recovery.recovery` takes it. The order of the steps,
the time between two resets, and the rule that no modem is reset because of its SIM come from years of experience with modems
behind gateways: the gentlest step comes first, because each costs more time than the one before, and the later ones may lose
what is on the air.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field
from enum import IntEnum, StrEnum

from modemd.light_dataclass import dataclass

# Time between the end of a round in which modem or USB device was reset, and the next reset.
RESET_INTERVAL_S = 300.0
# Time without trouble after which the shortest quarantine applies again.
FORGET_ROUNDS_S = 1800.0
# Time in quarantine after the first round, the second, and each later one.
QUARANTINE_S = (300.0, 600.0, 1800.0)


class EscalationStep(IntEnum):
    """Step of recovery. A greater value is a stronger step."""

    ESCAPE = 1
    SET_UP = 2
    RADIO = 3
    RESET = 4
    REOPEN = 5
    USB_RESET = 6
    POWER = 7
    QUARANTINE = 8

    @property
    def label(self) -> str:
        """Name of the step, for people and programs: `usb reset`."""
        return self.name.lower().replace("_", " ")

    @property
    def is_hard(self) -> bool:
        """True if the modem restarts, and loses what it was doing."""
        return self in (EscalationStep.RESET, EscalationStep.USB_RESET, EscalationStep.POWER)


class Trouble(StrEnum):
    """Trouble that a modem can have."""

    SILENT = "silent"
    REFUSING = "refusing"
    UNSTEADY = "unsteady"
    UNREGISTERED = "unregistered"
    FAILING = "failing"
    PORT_HANGS = "port hangs"
    PORT_GONE = "port gone"
    SIM = "sim"
    MISTAKE = "mistake"


class RecoverySign(StrEnum):
    """Sign that a trouble is over."""

    READY = "set up and registered"
    PASSED = "a part was accepted"


@dataclass(frozen=True, slots=True)
class EscalationPlan:
    """Plan against one trouble.

    `steps` are taken in order: the next one if the trouble still shows when the time of the one before is over. `after_s` is
    how long, in seconds, the trouble must have lasted before a step. After the last step comes quarantine. If there are no
    steps, the modem is only checked again. `ends_by` is the sign that ends the trouble; PASSED implies READY.
    """

    description: str
    steps: tuple[EscalationStep, ...]
    ends_by: RecoverySign = RecoverySign.READY
    after_s: Mapping[EscalationStep, float] = field(default_factory=dict)


PLANS: Mapping[Trouble, EscalationPlan] = {
    Trouble.SILENT: EscalationPlan(
        # A modem that answers no AT obeys no reset command either.
        "no answer to AT, asked for 15 s",
        (EscalationStep.ESCAPE, EscalationStep.REOPEN, EscalationStep.USB_RESET, EscalationStep.POWER),
    ),
    Trouble.REFUSING: EscalationPlan(
        # An answer, not an illness: no reset makes firmware take what it does not have, and it drops the network for a time.
        "a command refused that modemd cannot do without",
        (EscalationStep.SET_UP,),
    ),
    Trouble.UNSTEADY: EscalationPlan(
        "the SIM busy for a minute, or answers that differ each time",
        (
            EscalationStep.SET_UP,
            EscalationStep.RESET,
            EscalationStep.REOPEN,
            EscalationStep.USB_RESET,
            EscalationStep.POWER,
        ),
    ),
    Trouble.UNREGISTERED: EscalationPlan(
        "no network for 10 min, not refused by it",
        (EscalationStep.RADIO, EscalationStep.RESET, EscalationStep.USB_RESET, EscalationStep.POWER),
    ),
    Trouble.FAILING: EscalationPlan(
        "5 sends in a row failed, by no fault of the SIM",
        (
            EscalationStep.SET_UP,
            EscalationStep.RADIO,
            EscalationStep.RESET,
            EscalationStep.USB_RESET,
            EscalationStep.POWER,
        ),
        RecoverySign.PASSED,
    ),
    Trouble.PORT_HANGS: EscalationPlan(
        "opening hangs, or the port takes no bytes",
        (EscalationStep.REOPEN, EscalationStep.USB_RESET, EscalationStep.POWER),
    ),
    Trouble.PORT_GONE: EscalationPlan(
        # A modem that fell off the bus comes back by power only; for one that was unplugged the step does no harm.
        "no port, or not ours to open",
        (EscalationStep.POWER,),
        after_s={EscalationStep.POWER: 300.0},
    ),
    Trouble.SIM: EscalationPlan("a person is needed: PIN, PUK, no SIM, wrong SIM", ()),
    Trouble.MISTAKE: EscalationPlan("an error of modemd's own", ()),
}

# Time that a step is given before the trouble counts again: to boot, and to find the network.
PATIENCE_S: Mapping[EscalationStep, float] = {
    EscalationStep.ESCAPE: 0.0,
    EscalationStep.SET_UP: 0.0,
    EscalationStep.RADIO: 120.0,
    EscalationStep.RESET: 180.0,
    EscalationStep.REOPEN: 0.0,
    EscalationStep.USB_RESET: 60.0,
    EscalationStep.POWER: 120.0,
}


class Escalation:
    """Position of one modem in its escalation. Times are seconds of any monotonic clock."""

    def __init__(
        self, quarantine_s: Sequence[float] = QUARANTINE_S, reset_interval_s: float = RESET_INTERVAL_S
    ) -> None:
        self._quarantine_s = tuple(quarantine_s)
        self._reset_interval_s = reset_interval_s
        self._began_at = 0.0
        self._has_reset = False  # True if this round has had a hard step
        self._reset_not_before = 0.0
        self._ended_at: float | None = None
        self._waits_until = 0.0
        self.trouble: Trouble | None = None
        self.step: EscalationStep | None = None
        self.rounds = 0
        self.counts: Counter[EscalationStep] = Counter()

    def choose_step(self, trouble: Trouble, now: float, possible: AbstractSet[EscalationStep]) -> EscalationStep | None:
        """Returns the step to take now, out of those that are `possible`, because `trouble` shows. Returns None if the modem
        is only to be checked again."""
        if self.trouble is None and self._ended_at is not None and now - self._ended_at >= FORGET_ROUNDS_S:
            self.rounds = 0
        if now < self._waits_until:
            return None  # a consequence of the step, such as a port that is lost at a reset, is no new trouble
        if trouble is not self.trouble:
            self.trouble, self._began_at = trouble, now
        if self.step is EscalationStep.QUARANTINE:
            self.step = None
        plan = PLANS[trouble]
        for step in plan.steps:
            if (self.step is not None and step <= self.step) or step not in possible:
                continue
            if now - self._began_at < plan.after_s.get(step, 0.0) or (step.is_hard and now < self._reset_not_before):
                return None
            return self._take_step(step, now, PATIENCE_S[step])
        if not plan.steps or self.step is None:
            return None
        self._reset_not_before = (
            max(self._reset_not_before, now + self._reset_interval_s) if self._has_reset else self._reset_not_before
        )
        quarantine_s = self._quarantine_s[min(self.rounds, len(self._quarantine_s) - 1)]
        self.rounds += 1
        self._has_reset = False
        return self._take_step(EscalationStep.QUARANTINE, now, quarantine_s)

    def _take_step(self, step: EscalationStep, now: float, patience_s: float) -> EscalationStep:
        self.step = step
        self.counts[step] += 1
        self._has_reset |= step.is_hard
        self._waits_until = now + patience_s
        return step

    def end_trouble(self, sign: RecoverySign, now: float) -> bool:
        """Takes note of a sign that something works again. Returns True if that ends the trouble."""
        if self.trouble is None or PLANS[self.trouble].ends_by not in (sign, RecoverySign.READY):
            return False
        if self._has_reset:
            self._reset_not_before = now + self._reset_interval_s
        self.trouble = self.step = None
        self._has_reset = False
        self._waits_until = 0.0
        self._ended_at = now
        return True

    def find_quarantine_left(self, now: float) -> float | None:
        """Returns how much longer the modem is in quarantine, in seconds; None if it is not."""
        return self._waits_until - now if self.step is EscalationStep.QUARANTINE and now < self._waits_until else None
