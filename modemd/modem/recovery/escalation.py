"""The recovery ladder, as data: what is done about which trouble, in which order, and how long is waited in between.

Pure: what happened and when goes in, the rung to climb comes out. `modemd.modem.recovery.recovery` climbs. The order of the
rungs, the rest between rounds, and that a SIM is never reset for, are those that years of modems behind gateways have taught: the
gentlest first, since each rung costs more time than the one before, and the higher ones may lose what is on the air.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

# Between the end of a round in which modem or stick was reset and the next reset.
RESET_INTERVAL_S = 300.0
# So long well, and the next trouble begins with the shortest quarantine again.
FORGET_ROUNDS_S = 1800.0
QUARANTINE_S = (300.0, 600.0, 1800.0)


class EscalationStep(IntEnum):
    """What can be done, from the gentlest on."""

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
        """Its name for people and programs: `usb reset`."""
        return self.name.lower().replace("_", " ")

    @property
    def is_hard(self) -> bool:
        """Whether the modem starts anew by it, and forgets what it had in hand."""
        return self in (EscalationStep.RESET, EscalationStep.USB_RESET, EscalationStep.POWER)


class Trouble(StrEnum):
    """What a modem can have."""

    SILENT = "silent"
    REFUSING = "refusing"
    UNREGISTERED = "unregistered"
    FAILING = "failing"
    PORT_HANGS = "port hangs"
    PORT_GONE = "port gone"
    SIM = "sim"
    MISTAKE = "mistake"


class RecoverySign(StrEnum):
    """What shows that a trouble is over."""

    READY = "set up and registered"
    PASSED = "a part was accepted"


@dataclass(frozen=True, slots=True)
class EscalationPlan:
    """What is done about a trouble. `rungs` are climbed in order, one whenever the trouble shows again and the rung before has
    had its time; `after_s` is how long the trouble must have lasted before a rung. Behind the last comes quarantine; a trouble
    without rungs is only looked at again."""

    description: str
    steps: tuple[EscalationStep, ...]
    ends_by: RecoverySign = RecoverySign.READY
    after_s: Mapping[EscalationStep, float] = field(default_factory=dict)


PLANS: Mapping[Trouble, EscalationPlan] = {
    Trouble.SILENT: EscalationPlan(
        # A modem that answers no AT hears no reset command either.
        "no answer to AT, asked for 15 s",
        (EscalationStep.ESCAPE, EscalationStep.REOPEN, EscalationStep.USB_RESET, EscalationStep.POWER),
    ),
    Trouble.REFUSING: EscalationPlan(
        "a command of the set-up refused",
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
        # A stick that fell off the bus comes back by power alone; one that was pulled out does not mind.
        "no port, or not ours to open",
        (EscalationStep.POWER,),
        after_s={EscalationStep.POWER: 300.0},
    ),
    Trouble.SIM: EscalationPlan("a person is needed: PIN, PUK, no SIM, wrong SIM", ()),
    Trouble.MISTAKE: EscalationPlan("an error of modemd's own", ()),
}

# What a rung is given before the trouble counts again: time to boot, to find the network.
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
    """Where one modem stands on its ladder. Times are seconds of any steady clock."""

    def __init__(
        self, quarantine_s: Sequence[float] = QUARANTINE_S, reset_interval_s: float = RESET_INTERVAL_S
    ) -> None:
        self._quarantine_s = tuple(quarantine_s)
        self._reset_interval_s = reset_interval_s
        self._began = 0.0
        self._has_reset = False  # whether this round has had a hard step
        self._reset_not_before = 0.0
        self._ended_at: float | None = None
        self._waits_until = 0.0
        self.trouble: Trouble | None = None
        self.step: EscalationStep | None = None
        self.rounds = 0
        self.counts: Counter[EscalationStep] = Counter()

    def choose_step(self, trouble: Trouble, now: float, possible: AbstractSet[EscalationStep]) -> EscalationStep | None:
        """The trouble shows: the rung to climb now, of those that can be. None: nothing more than to look again."""
        if self.trouble is None and self._ended_at is not None and now - self._ended_at >= FORGET_ROUNDS_S:
            self.rounds = 0
        if now < self._waits_until:
            return None  # what a reset brings with it, a port that goes, is no trouble of its own
        if trouble is not self.trouble:
            self.trouble, self._began = trouble, now
        if self.step is EscalationStep.QUARANTINE:
            self.step = None
        plan = PLANS[trouble]
        for step in plan.steps:
            if (self.step is not None and step <= self.step) or step not in possible:
                continue
            if now - self._began < plan.after_s.get(step, 0.0) or (step.is_hard and now < self._reset_not_before):
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
        """Something went well: whether that ends the trouble there was."""
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
        """How much longer the modem is in quarantine, in seconds; None where it is not."""
        return self._waits_until - now if self.step is EscalationStep.QUARANTINE and now < self._waits_until else None
