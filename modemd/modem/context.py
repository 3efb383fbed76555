"""Context of a modem's sessions: what a modem keeps from one session to the next, and the waits of its task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import field
from datetime import datetime

from modemd import logs
from modemd.light_dataclass import dataclass
from modemd.modem.backend import Backend
from modemd.modem.link.wire_log import WireLog
from modemd.modem.messages.pipeline import Pipeline
from modemd.modem.messages.receiver_state import ReceiverState
from modemd.modem.recovery.recovery import HealthMonitor
from modemd.modem.requests import RequestQueue
from modemd.modem.setup.sim_pin import NO_PINS, PinSource
from modemd.modem.status import ModemHealth, ModemLine, ModemStatus
from modemd.profiles import Profiles

log = logs.get(__name__)

# Longest time between two turns of a modem's task. Every wait of the task has a deadline; sending takes the longest (prompt and
# answer, 3 min), and a sweep of a full storage on a slow modem. A turn that takes longer waits for something that never comes.
LONGEST_TURN_S = 900.0
WIRE_LINES_LOGGED = 6  # lines of the dialogue that are logged with a failure


@dataclass(slots=True)
class ModemContext:
    """Parts and state of a modem that outlive a session.

    `awake` is set when there may be work, `stopped` when the modem is to stop. `unstored_calls` has the numbers of missed calls
    that the database has not taken yet. `sweep_not_before` is the time of the loop, in seconds, before which no sweep is made,
    because the last one was not answered.
    """

    line: ModemLine
    status: ModemStatus
    backend: Backend
    profiles: Profiles
    sweep_interval_s: float
    now: Callable[[], datetime]
    pipeline: Pipeline
    health_monitor: HealthMonitor
    requests: RequestQueue
    awake: asyncio.Event
    wire: WireLog = field(default_factory=WireLog)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    pins: PinSource = NO_PINS
    receiver_state: ReceiverState = field(default_factory=ReceiverState)
    unstored_calls: list[str] = field(default_factory=list)
    sweep_not_before: float = 0.0

    def report_unusable(self, health: ModemHealth, reason: str) -> None:
        """Sets health and reason in the status. If they changed, logs them with the last lines of the dialogue."""
        if (self.status.health, self.status.reason) != (health, reason):
            loop_now = asyncio.get_running_loop().time()
            lines = self.wire.list_lines(self.now(), loop_now, WIRE_LINES_LOGGED)
            log.warning(
                "modem is not usable",
                modem=self.line.name,
                health=health,
                reason=reason,
                wire=" | ".join(map(str, lines)) or None,
            )
        self.status.health, self.status.reason = health, reason

    def renew_deadline(self) -> None:
        """Sets the time by which the modem's task must begin its next turn."""
        self.status.turn_deadline = asyncio.get_running_loop().time() + LONGEST_TURN_S

    async def pause(self, seconds: float) -> None:
        """Waits so long. Only a stop ends it early."""
        await _wait_for(self.stopped, seconds)

    async def wait_for_work(self, seconds: float) -> None:
        """Waits until there may be work, at most so long."""
        if seconds > 0:
            await _wait_for(self.awake, seconds)


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
