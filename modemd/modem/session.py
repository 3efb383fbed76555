"""One life of a modem's port, from the open to its loss: set up, then receive, send and do what others ask, in turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from modemd import logs
from modemd.at import Urc, replies
from modemd.errors import (
    CommandFailed,
    DecodeError,
    NeedsPerson,
    PortGone,
    ReplyTimeout,
    Silent,
    SimUnusable,
    StoreError,
)
from modemd.modem.backend import Backend
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.port import Port
from modemd.modem.link.wire_log import WireLog
from modemd.modem.messages.pipeline import Pipeline
from modemd.modem.messages.receiver import Receiver
from modemd.modem.messages.sender import PartSender
from modemd.modem.polling import StatusPolling
from modemd.modem.recovery.escalation import EscalationStep, Trouble
from modemd.modem.recovery.recovery import HealthMonitor
from modemd.modem.requests import RequestQueue
from modemd.modem.setup.first_words import wake_modem
from modemd.modem.setup.initialise import identify, initialise_modem
from modemd.modem.setup.sim import NO_PINS, PinSource, read_sim_state
from modemd.modem.status import Identity, ModemHealth, ModemLine, ModemStatus
from modemd.profiles import GENERIC, Profiles

log = logs.get(__name__)

REGISTER_RETRY_S = 2.0
STATUS_S = 60.0
# A message is to leave within 5 s of the network's being there.
STATUS_SEARCHING_S = 2.0
# Between looks at a SIM that needs a person, and between tries of a set-up that was refused.
# While a person is needed: how often the SIM's state is asked, and everything is looked at anew.
PERSON_PROBE_S = 3.0
PERSON_RETRY_S = 30.0
REFUSED_RETRY_S = 3.0
# A sweep that was not answered is tried again so long after; meanwhile messages go out.
SWEEP_RETRY_S = 60.0
# Every wait of a modem's task has its deadline. Sending takes the longest (prompt and answer, 3 min), and a sweep of a full
# storage on a slow modem; a turn that has not ended after so long waits for something that does not come.
LONGEST_TURN_S = 900.0
WIRE_LINES_LOGGED = 6  # of the dialogue, told with what went wrong


@dataclass(slots=True)
class ModemContext:
    """What a modem keeps from one session to the next. `held`: arrivals that no modem stores and the database did not take
    yet; `untold`: missed calls that it did not. `undeletable`: what a storage does not let go; `used`: the storages messages
    went to."""

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
    unstored_arrivals: deque[tuple[Identity, bytes]] = field(default_factory=deque)
    pins: PinSource = NO_PINS
    unstored_calls: list[str] = field(default_factory=list)
    undeletable: set[tuple[str, int, str]] = field(default_factory=set)
    used_memories: set[str] = field(default_factory=set)
    sweep_not_before: float = 0.0

    def report_unusable(self, health: ModemHealth, reason: str) -> None:
        """Say how the modem is, and once in the log."""
        if (self.status.health, self.status.reason) != (health, reason):
            last = (
                " | ".join(
                    map(str, self.wire.list_lines(self.now(), asyncio.get_running_loop().time(), WIRE_LINES_LOGGED))
                )
                or None
            )
            log.warning("modem is not usable", modem=self.line.name, health=health, reason=reason, wire=last)
        self.status.health, self.status.reason = health, reason

    def renew_deadline(self) -> None:
        """The modem's task is here, and will be again in good time."""
        self.status.turn_deadline = asyncio.get_running_loop().time() + LONGEST_TURN_S

    async def pause(self, seconds: float) -> None:
        """That long, whatever happens; a `stop` ends it."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopped.wait()
        except TimeoutError:
            return

    async def wait_for_work(self, seconds: float) -> None:
        """Until something happens, at most `seconds`."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self.awake.wait()
        except TimeoutError:
            return


class Session:
    """The modem behind one open port. Belongs to the modem's task."""

    def __init__(self, context: ModemContext, port: Port) -> None:
        self._context = context
        self._status = context.status
        self._loop = asyncio.get_running_loop()
        self._dialogue = Dialogue(port, context.wire)
        self._dialogue.on_notice = context.awake.set
        self._sender: PartSender | None = None
        self._polling: StatusPolling | None = None
        self._has_lost_pdu_mode = False
        self._next_poll = 0.0

    @property
    def has_claim(self) -> bool:
        """Whether a part is claimed and may be on the air."""
        return self._sender is not None and self._sender.is_claimed

    async def run(self) -> None:
        """Until `stop`, or until the ladder wants the port closed. PortGone and other errors where it cannot go on."""
        context = self._context
        while not (context.stopped.is_set() or context.health_monitor.recovery.has_pending_step):
            context.renew_deadline()
            try:
                await self._set_up_and_work()
            except NeedsPerson as error:
                context.health_monitor.recovery.escalate(Trouble.SIM, str(error))
                await self._become_unusable(ModemHealth.NEEDS_PERSON, str(error))
                await self._wait_for_person(error)
            except Silent:
                raise
            except ReplyTimeout as error:
                await self._resynchronise(error)
            except CommandFailed as error:
                await self._become_unusable(ModemHealth.UNHEALTHY, str(error))
                await self._handle_refused_setup(error)

    async def _wait_for_person(self, error: NeedsPerson) -> None:
        """Until the SIM is in another state, or it is worth looking at everything again: a file with a PIN may have changed."""
        context = self._context
        until = self._loop.time() + PERSON_RETRY_S
        context.awake.clear()
        while not context.stopped.is_set() and self._loop.time() < until:
            await context.pause(PERSON_PROBE_S)
            if self._dialogue.loss_reason is not None or context.stopped.is_set():
                return
            if isinstance(error, SimUnusable):
                try:
                    changed = await read_sim_state(self._dialogue) != error.state
                except CommandFailed:  # whatever it is now, it is not what it was
                    return
                if changed:
                    return
            elif context.awake.is_set():  # a person may have admitted it
                return

    async def _become_unusable(self, health: ModemHealth, reason: str) -> None:
        """Keep nothing that others can send or wait for."""
        self._context.report_unusable(health, reason)
        self._context.pipeline.drop_draft()

    async def _resynchronise(self, error: ReplyTimeout) -> None:
        """Out of whatever the modem is at, by ESC and probes. Silent where it answers none."""
        recovery = self._context.health_monitor.recovery
        recovery.note_escape(str(error))
        await self._become_unusable(ModemHealth.UNHEALTHY, str(error))
        if not recovery.has_pending_step:
            self._dialogue.mark_unsynchronised()
            with recovery.measure(EscalationStep.ESCAPE):
                await self._dialogue.synchronise()

    async def _handle_refused_setup(self, error: CommandFailed) -> None:
        """The modem answers, and will not be set up."""
        recovery, identity = self._context.health_monitor.recovery, self._status.identity
        profile = identity.profile if identity is not None else self._context.profiles.find_by_name(GENERIC)
        step = recovery.escalate(Trouble.REFUSING, str(error), profile)
        if step is EscalationStep.RESET:
            await recovery.run_by_commands(step, self._dialogue, profile)
        elif not recovery.has_pending_step:
            await self._context.pause(REFUSED_RETRY_S)

    async def _set_up_and_work(self) -> None:
        """Set the modem up, and use it until it restarts: then modes and notices are gone, and the SIM may be another."""
        context, dialogue = self._context, self._dialogue
        if self._status.health in (ModemHealth.OPENING, ModemHealth.READY, ModemHealth.SEARCHING):
            self._status.health = ModemHealth.SETTING_UP
        await wake_modem(dialogue)
        identity = await identify(dialogue, context.profiles, context.line.driver, context.pins)
        profile = identity.profile
        dialogue.apply_profile(profile)
        dialogue.expect_restarts(profile.restart)
        storage = await initialise_modem(dialogue, profile, context.used_memories)
        self._status.identity = identity
        await self._register_sim(identity)
        log.info(
            "modem set up", modem=context.line.name, model=identity.model, driver=profile.name, iccid=identity.iccid
        )
        receiver = Receiver(
            dialogue,
            identity,
            context.backend.inbound,
            storage,
            context.unstored_arrivals,
            context.undeletable,
            context.used_memories,
            context.awake.set,
        )
        polling = self._polling = StatusPolling(
            dialogue, identity, context.backend, self._status, receiver, context.unstored_calls
        )
        await polling.start()
        sender = PartSender(dialogue, identity, context.backend.outbound, context.now)
        if self._sender is not None:
            sender.inherit_state(self._sender)
        self._sender = sender
        await self._receive_and_send(identity, receiver, sender)

    async def _receive_and_send(self, identity: Identity, receiver: Receiver, sender: PartSender) -> None:
        """Receive and send, until the modem has restarted."""
        context, dialogue, pipeline = self._context, self._dialogue, self._context.pipeline
        next_sweep = self._next_poll = self._loop.time()
        while not context.stopped.is_set():
            context.renew_deadline()
            context.awake.clear()
            if dialogue.loss_reason is not None:
                raise PortGone(dialogue.loss_reason)
            restarted = await self._handle_notices(identity, receiver, sender)
            if restarted or self._has_lost_pdu_mode or (self._polling is not None and self._polling.has_other_sim):
                self._has_lost_pdu_mode = False
                pipeline.drop_draft()
                return
            await receiver.delete_stored()
            if self._loop.time() >= self._next_poll:
                await self._poll_status()
                if await context.health_monitor.check_and_recover(dialogue, identity):
                    return
            if self._loop.time() >= (
                context.sweep_not_before if receiver.has_unstored else max(next_sweep, context.sweep_not_before)
            ):
                context.sweep_not_before = self._loop.time() + SWEEP_RETRY_S  # unless it is answered
                await receiver.sweep()
                context.sweep_not_before = 0.0
                next_sweep = self._loop.time() + context.sweep_interval_s
            if context.requests:
                await context.requests.run_next(dialogue, identity)
            sweep_due = max(next_sweep, context.sweep_not_before)
            usable = self._is_registered and context.health_monitor.may_send
            if not usable:
                pipeline.drop_draft()  # others can send it
            if not (usable and await pipeline.send(sender, identity, self._is_in_order)):
                await context.wait_for_work(self._find_idle_time(sweep_due, self._next_poll))
            elif pipeline.next_send > self._loop.time():
                await context.wait_for_work(self._find_idle_time(pipeline.next_send, sweep_due, self._next_poll))

    def _find_idle_time(self, *moments: float) -> float:
        """How long there is nothing to do by itself."""
        return 0.0 if self._context.requests else min(moments) - self._loop.time()

    async def _register_sim(self, identity: Identity) -> None:
        """Have the SIM noted. A database that does not take it is no fault of the modem's, which stays open."""
        context = self._context
        while not context.stopped.is_set():
            context.renew_deadline()
            try:
                await context.backend.register_sim(identity)
            except StoreError as error:
                context.report_unusable(self._status.health, str(error))
                await context.pause(REGISTER_RETRY_S)
            else:
                return

    @property
    def _is_registered(self) -> bool:
        return self._status.registration.is_registered

    async def _handle_notices(self, identity: Identity, receiver: Receiver, sender: PartSender) -> bool:
        """Deal with all notices; True where one says that the modem has restarted."""
        dialogue, context = self._dialogue, self._context
        restarted = False
        while dialogue.notices:
            urc: Urc = dialogue.notices.popleft()
            if urc.line.startswith("+CMGS:"):
                late = sender.take_late_answer(urc.line)
                if late is not None:
                    log.info("late answer", modem=context.line.name, attempt=late.attempt_id)
                    await context.backend.outbound.close_attempt(identity.sender, late)
            elif restarted and urc.pdu is None and urc.line.startswith(("+CMTI:", "+CDSI:", *identity.profile.full)):
                continue  # the storage may be another's now; the sweep after the set-up finds what is there
            elif not (
                await receiver.handle_notice(urc)
                or (self._polling is not None and await self._polling.handle_notice(urc))
            ):
                restarted |= urc.line.startswith((*identity.profile.restart, *identity.profile.ready))
        return restarted

    async def _is_in_order(self) -> bool:
        """Whether a refusal is the message's own. Not where network, service centre, SIM or PDU mode had gone."""
        await self._poll_status()
        reply = await self._dialogue.ask("+CMGF?")
        self._has_lost_pdu_mode = reply.ok and any(line.startswith("+CMGF: 1") for line in reply.lines)
        was_repaired = self._polling is not None and (self._polling.has_restored_smsc or self._polling.has_other_sim)
        return self._is_registered and not was_repaired and not self._has_lost_pdu_mode

    async def _poll_status(self) -> None:
        """Registration and signal. A modem on LTE alone may say so only to +CEREG."""
        dialogue, status = self._dialogue, self._status
        was_ready = self._is_registered and status.health is ModemHealth.READY
        for command in ("+CREG?", "+CGREG?", "+CEREG?"):
            reply = await dialogue.ask(command)
            try:
                status.registration = replies.parse_registration(reply.lines)
            except DecodeError:
                continue
            if self._is_registered:
                break
        reply = await dialogue.ask("+CSQ")
        try:
            status.signal_dbm = replies.parse_signal_dbm(reply.lines)
        except DecodeError:
            status.signal_dbm = None
        if self._polling is not None:
            await self._polling.poll()
        self._next_poll = self._loop.time() + (STATUS_S if self._is_registered else STATUS_SEARCHING_S)
        status.health = ModemHealth.READY if self._is_registered else ModemHealth.SEARCHING
        status.reason = None if self._is_registered else f"not registered: {status.registration.name.lower()}"
        if self._is_registered and not was_ready:
            log.info("modem ready", modem=self._context.line.name, registration=status.registration.name.lower())
            self._context.backend.notify_ready()
