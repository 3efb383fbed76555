"""Pauses: decides which classes a SIM must not begin because a person paused them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass

BATCH_PAUSED = "batch_paused"
"""Reason of a batch, and of its messages, that a person has paused."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Pause of a class, of a SIM (ICCID), or of a class on a SIM; if neither is named, of the whole queue."""

    message_class: MessageClass | None = None
    sim: str | None = None

    def stops(self, sim: str, message_class: MessageClass) -> bool:
        """Returns True if messages of a class wait at a SIM. Alarms go on unless their class is named."""
        if self.sim not in (None, sim):
            return False
        if self.message_class is None:
            return message_class is not MessageClass.ALARM
        return message_class is self.message_class

    def __str__(self) -> str:
        """Returns what is paused, in words."""
        match self.message_class, self.sim:
            case None, None:
                return "the queue"
            case None, sim:
                return f"SIM {sim}"
            case message_class, None:
                return f"class {message_class}"
            case message_class, sim:
                return f"class {message_class} on SIM {sim}"


def find_stopped_classes(pauses: Iterable[Pause], sim: str) -> frozenset[MessageClass]:
    """Returns the classes of which nothing may begin at a SIM."""
    given = tuple(pauses)
    if not given:
        return frozenset()
    return frozenset(each for each in MessageClass if any(pause.stops(sim, each) for pause in given))
