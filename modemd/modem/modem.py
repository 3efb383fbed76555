"""Task of one modem: runs one session after the other, as often as the port is lost, and recovery between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from modemd import logs
from modemd.errors import CommandFailed, ModemdError, NeedsPerson, PortGone, PortHangs, ReplyTimeout
from modemd.modem.backend import Backend
from modemd.modem.context import ModemContext
from modemd.modem.link.port import OpenPort
from modemd.modem.link.wire_log import WireLine
from modemd.modem.messages.pipeline import Pipeline
from modemd.modem.recovery.escalation import QUARANTINE_S, RESET_INTERVAL_S, Trouble
from modemd.modem.recovery.recovery import NO_TOOLS, HealthMonitor, Recovery, RecoveryStatus, RecoveryTools
from modemd.modem.recovery.symptoms import Symptoms
from modemd.modem.requests import RequestQueue, T, Work
from modemd.modem.session import PERSON_RETRY_S, STATUS_S, Session
from modemd.modem.setup.sim_pin import NO_PINS, PinSource
from modemd.modem.status import ModemHealth, ModemLine, ModemStatus
from modemd.profiles import Profiles

log = logs.get(__name__)

# Delays between tries to open the port. The longest lets a modem that is plugged in again send within 5 s.
REOPEN_S = (0.2, 0.5, 1.0, 2.0, 3.0)


class Modem:
    """Modem with its task. Only the task (`run`) uses port and dialogue. Others call `run_request`, `wake` and `stop`."""

    def __init__(
        self,
        line: ModemLine,
        *,
        backend: Backend,
        open_port: OpenPort,
        profiles: Profiles,
        sweep_interval_s: float,
        now: Callable[[], datetime],
        pins: PinSource = NO_PINS,
        tools: RecoveryTools = NO_TOOLS,
        quarantine_s: Sequence[float] = QUARANTINE_S,
        reset_interval_s: float = RESET_INTERVAL_S,
    ) -> None:
        self.line = line
        self.status = ModemStatus()
        self._recovery = recovery = Recovery(
            line, self.status, tools, quarantine_s=quarantine_s, reset_interval_s=reset_interval_s
        )
        symptoms = Symptoms()
        self._open_port = open_port
        self._loop = asyncio.get_running_loop()
        awake = asyncio.Event()
        self._context = ModemContext(
            line=line,
            status=self.status,
            backend=backend,
            profiles=profiles,
            sweep_interval_s=sweep_interval_s,
            now=now,
            pins=pins,
            pipeline=Pipeline(line, self.status, backend.outbound, symptoms, recovery),
            health_monitor=HealthMonitor(self.status, backend.outbound, symptoms, recovery),
            requests=RequestQueue(awake.set),
            awake=awake,
        )
        self._task: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._ended_by_stop = False

    def wake(self) -> None:
        """Wakes the task, because there may be something to send."""
        self._context.awake.set()

    async def run_request(self, work: Work[T], *, within_s: float) -> T:
        """Returns the result of `work(dialogue, identity)`, or raises its error. The modem's task runs it between its own
        work, never while a part is on the air. Raises PortGone if the port is lost or not open, and ReplyTimeout after
        `within_s` seconds."""
        if self._session is None or self.status.identity is None:
            raise PortGone(f"{self.line.name} is not open: {self.status.reason or self.status.health}")
        return await self._context.requests.submit(work, within_s)

    @property
    def last_sent_at(self) -> float:
        """Time of the loop, in seconds, at which the last part was sent; 0 if none was."""
        return self._context.pipeline.last_sent_at

    @property
    def is_open(self) -> bool:
        """True if the port is open."""
        return self._session is not None

    @property
    def recovery_status(self) -> RecoveryStatus:
        """Status of the modem's recovery."""
        return self._recovery.current_status

    def list_wire_lines(self) -> list[WireLine]:
        """Returns the last lines that passed, of this session and earlier ones, masked."""
        return self._context.wire.list_lines(self._context.now(), self._loop.time())

    def stop(self) -> None:
        """Stops the task after the part that is on the air; claims nothing more. If nothing is on the air, stops at once."""
        self._context.stopped.set()
        self._context.awake.set()
        self._context.pipeline.stop_drafting()
        if self._task is not None and not (self._session is not None and self._session.has_claim):
            self._ended_by_stop = self._task.cancel()

    async def run(self) -> None:
        """Runs the modem until `stop`. Never ends by an error: each is logged, and the port is opened again."""
        self._task = task = asyncio.current_task()
        try:
            await self._run_sessions()
        except asyncio.CancelledError:
            # A cancellation by `stop` ends the task normally; any other is passed on.
            if not self._ended_by_stop or task is None or task.uncancel():
                raise
        finally:
            self.status.health, self.status.reason = ModemHealth.STOPPED, None
            if unstored := self._context.receiver_state.unstored:
                log.error("arrivals were not kept, and are nowhere else", modem=self.line.name, arrivals=len(unstored))

    async def _run_sessions(self) -> None:
        context = self._context
        failures = 0
        while not context.stopped.is_set():
            began_at = self._loop.time()
            try:
                await self._run_session()
            except NeedsPerson as error:
                self._handle_failure(Trouble.SIM, ModemHealth.NEEDS_PERSON, str(error))
                await context.pause(PERSON_RETRY_S)
            except PortGone as error:
                trouble = Trouble.PORT_HANGS if isinstance(error, PortHangs) else Trouble.PORT_GONE
                self._handle_failure(trouble, ModemHealth.GONE, str(error))
            except ReplyTimeout as error:
                self._handle_failure(Trouble.SILENT, ModemHealth.UNHEALTHY, str(error))
            except CommandFailed as error:
                self._handle_failure(Trouble.REFUSING, ModemHealth.UNHEALTHY, str(error))
            except ModemdError as error:
                self._handle_failure(Trouble.MISTAKE, ModemHealth.GONE, str(error))
            except Exception as error:
                log.exception("modem task failed", modem=self.line.name, error=repr(error))
                self._handle_failure(Trouble.MISTAKE, ModemHealth.GONE, f"internal error: {error!r}")
            if (step := self._recovery.take_pending_step()) is not None and not context.stopped.is_set():
                await self._recovery.run_with_port_closed(step)
            if not context.stopped.is_set():
                failures = failures + 1 if self._loop.time() - began_at < STATUS_S else 0
                await context.pause(REOPEN_S[min(failures, len(REOPEN_S) - 1)])

    def _handle_failure(self, trouble: Trouble, health: ModemHealth, reason: str) -> None:
        """Reports what failed, and lets recovery choose what to do about it."""
        if not self._recovery.has_pending_step:
            self._recovery.escalate(trouble, reason)
        if health is ModemHealth.UNHEALTHY and self._recovery.is_quarantined:
            health = ModemHealth.QUARANTINED
        self._context.report_unusable(health, reason)

    async def _run_session(self) -> None:
        """Runs one session, from the opening of the port to its loss or the stop."""
        port = await self._open_port(self.line.port)
        try:
            self._recovery.note_location()
            session = self._session = Session(self._context, port)
            await session.run()
        finally:
            self._session = None
            self.status.turn_deadline = None
            port.close()
            self._context.requests.fail_all(PortGone(f"{self.line.name}: the port was closed"))
            self._context.pipeline.drop_draft()
