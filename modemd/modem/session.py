"""Session with one open port, until it is lost: sets the modem up, then receives, sends and runs requests in turn."""

from __future__ import annotations

import asyncio

from modemd import logs
from modemd.at import Urc
from modemd.at.notices import begins_with
from modemd.errors import (
    CommandFailed,
    NeedsPerson,
    NotNow,
    PortGone,
    ReplyTimeout,
    Silent,
    SimUnusable,
    StoreError,
)
from modemd.modem.context import ModemContext
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.pdu_mode import is_in_text_mode
from modemd.modem.link.port import Port
from modemd.modem.messages.receiver import Receiver
from modemd.modem.messages.sender import PartSender
from modemd.modem.polling import StatusPolling
from modemd.modem.recovery.escalation import EscalationStep, Trouble
from modemd.modem.setup.first_words import wake_modem
from modemd.modem.setup.initialise import set_up_modem
from modemd.modem.setup.sim_pin import read_sim_state
from modemd.modem.status import RECEIVING_REMARK, Identity, ModemHealth
from modemd.profiles import GENERIC, Profile

log = logs.get(__name__)

REGISTER_RETRY_S = 2.0
STATUS_S = 60.0
# Short enough that a message leaves within 5 s after the network is found.
STATUS_SEARCHING_S = 2.0
# While a person is needed: intervals at which the SIM's state is asked, and the whole set-up is tried again.
PERSON_PROBE_S = 3.0
PERSON_RETRY_S = 30.0
CHANGE_PROBE_S = 1.0  # how often a wait for a change looks for one
REFUSED_RETRY_S = 3.0  # between tries of a set-up that was refused
# Delay after a sweep that was not answered. Meanwhile messages are sent.
SWEEP_RETRY_S = 60.0
# Key in the status's remarks for a refusal that modemd lives with.
REFUSAL_REMARK = "refusal"


class Session:
    """Session with the modem on one open port. Only the modem's task calls it."""

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
        self._refusals_at_work: set[str] = set()

    @property
    def has_claim(self) -> bool:
        """True if a part is claimed, and so may be on the air."""
        return self._sender is not None and self._sender.is_claimed

    async def run(self) -> None:
        """Runs until `stop`, or until recovery needs the port closed. Raises PortGone, Silent and other errors if it cannot
        continue."""
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
        """Waits until the SIM is in another state, or the whole set-up is to be tried again, because a file with a PIN may
        have changed."""
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
                except CommandFailed:  # the state is another one in any case
                    return
                if changed:
                    return
            elif context.awake.is_set():  # a person may have admitted it
                return

    async def _become_unusable(self, health: ModemHealth, reason: str) -> None:
        """Reports that the modem is unusable, and leaves its draft to other modems."""
        self._context.report_unusable(health, reason)
        self._context.pipeline.drop_draft()

    async def _resynchronise(self, error: ReplyTimeout) -> None:
        """Brings the dialogue out of any state by ESC and probes. Raises Silent if the modem answers none."""
        recovery = self._context.health_monitor.recovery
        recovery.note_escape(str(error))
        await self._become_unusable(ModemHealth.UNHEALTHY, str(error))
        if not recovery.has_pending_step:
            self._dialogue.mark_unsynchronised()
            with recovery.measure(EscalationStep.ESCAPE):
                await self._dialogue.synchronise()

    async def _handle_refused_setup(self, error: CommandFailed) -> None:
        """Takes a step of recovery for a modem that answers, but refuses a command that modemd cannot do without. If it refuses
        the same command again, modemd waits long, unless the modem restarts or is unplugged meanwhile."""
        recovery, identity = self._context.health_monitor.recovery, self._status.identity
        profile = identity.profile if identity is not None else self._context.profiles.find_by_name(GENERIC)
        step = recovery.escalate_refusal(error, profile)
        if step is EscalationStep.RESET:
            await recovery.run_by_commands(step, self._dialogue, profile)
        elif recovery.has_pending_step:
            return
        elif recovery.is_quarantined and not isinstance(error, NotNow):
            self._status.health = ModemHealth.QUARANTINED
            await self._wait_for_change(recovery.quarantine_left_s or 0.0, profile)
        else:
            await self._context.pause(REFUSED_RETRY_S)

    async def _wait_for_change(self, seconds: float, profile: Profile) -> None:
        """Waits so long; less if the port is lost, or the modem says that it has restarted."""
        context, until = self._context, self._loop.time() + seconds
        signs, known = (*profile.restart, *profile.ready), len(self._dialogue.notices)
        while not context.stopped.is_set() and self._loop.time() < until:
            context.renew_deadline()
            await context.pause(min(CHANGE_PROBE_S, max(until - self._loop.time(), 0.01)))
            if self._dialogue.loss_reason is not None or any(
                begins_with(notice.line, signs) for notice in list(self._dialogue.notices)[known:]
            ):
                return

    async def _set_up_and_work(self) -> None:
        """Sets the modem up, and uses it until it restarts: after that modes and notices are lost, and the SIM may be
        another."""
        context, dialogue = self._context, self._dialogue
        if self._status.health in (ModemHealth.OPENING, ModemHealth.READY, ModemHealth.SEARCHING):
            self._status.health = ModemHealth.SETTING_UP
        await wake_modem(dialogue)
        identity, storage = await set_up_modem(
            dialogue,
            context.profiles,
            context.line.driver,
            context.pins,
            context.line.name,
            context.receiver_state.used_memories,
        )
        profile = identity.profile
        self._status.identity = identity
        self._status.identity = identity = await self._register_sim(identity)
        log.info(
            "modem set up", modem=context.line.name, model=identity.model, driver=profile.name, iccid=identity.iccid
        )
        receiver = Receiver(
            dialogue,
            identity,
            context.backend.inbound,
            storage,
            context.receiver_state,
            context.awake.set,
            self._send_urgent,
        )
        polling = self._polling = StatusPolling(
            dialogue, identity, context.backend, self._status, receiver, context.unstored_calls
        )
        await polling.start()
        if receiver.remark is not None:
            self._status.remarks[RECEIVING_REMARK] = receiver.remark
            log.warning("modem needs a look", iccid=identity.iccid, because=receiver.remark)
        sender = PartSender(dialogue, identity, context.backend.outbound, context.now)
        if self._sender is not None:
            sender.inherit_state(self._sender)
        self._sender = sender
        while not context.stopped.is_set():
            try:
                await self._receive_and_send(identity, receiver, sender)
            except CommandFailed as error:
                if await self._is_tolerated(error):
                    continue
                # What the modem stores is read once it is set up again, not a minute later.
                context.sweep_not_before = min(context.sweep_not_before, self._loop.time() + REFUSED_RETRY_S)
            return

    async def _is_tolerated(self, error: CommandFailed) -> bool:
        """Returns whether the modem is used although it refused something at work, such as the list of its messages.

        The set-up is tried again once for each refusal; after that a remark says it, since sending needs nothing of it.
        """
        if await is_in_text_mode(self._dialogue):
            log.warning("modem has lost PDU mode", modem=self._context.line.name, refusal=str(error))
            return False
        if str(error) in self._refusals_at_work:
            self._status.remarks[REFUSAL_REMARK] = f"{error}: messages that the modem stores may not be read"
            return True
        self._refusals_at_work.add(str(error))
        log.warning("the modem refuses a command", modem=self._context.line.name, refusal=str(error))
        return False

    async def _receive_and_send(self, identity: Identity, receiver: Receiver, sender: PartSender) -> None:
        """Receives and sends, until the modem is to be set up again."""
        context, dialogue, pipeline = self._context, self._dialogue, self._context.pipeline
        next_sweep = self._next_poll = self._loop.time()
        while not context.stopped.is_set():
            context.renew_deadline()
            context.awake.clear()
            if dialogue.loss_reason is not None:
                raise PortGone(dialogue.loss_reason)
            restarted = await self._handle_notices(identity, receiver, sender)
            if restarted or self._needs_setup():
                self._has_lost_pdu_mode = False
                pipeline.drop_draft()
                return
            if pipeline.take_long_send():
                await receiver.check_handing_over()
            await receiver.delete_stored()
            # A lost answer leaves the session as it is: nothing else would look before the next poll.
            if self._loop.time() >= self._next_poll or context.health_monitor.symptoms.is_unanswered:
                await self._poll_status()
                if await context.health_monitor.check_and_recover(dialogue, identity):
                    return
                if self._needs_setup():
                    continue
            if self._loop.time() >= (
                context.sweep_not_before if receiver.has_unstored else max(next_sweep, context.sweep_not_before)
            ):
                context.sweep_not_before = self._loop.time() + SWEEP_RETRY_S  # unless it is answered
                await receiver.sweep()
                context.sweep_not_before = 0.0
                self._status.remarks.pop(REFUSAL_REMARK, None)
                next_sweep = self._loop.time() + context.sweep_interval_s
            if context.requests:
                await context.requests.run_next(dialogue, identity)
            sweep_due = max(next_sweep, context.sweep_not_before)
            usable = self._is_usable
            if not usable:
                pipeline.drop_draft()  # other modems can send it
            if not (usable and await pipeline.send(sender, identity, self._is_in_order)):
                await context.wait_for_work(self._find_idle_time(sweep_due, self._next_poll))
            elif pipeline.next_send > self._loop.time():
                await context.wait_for_work(self._find_idle_time(pipeline.next_send, sweep_due, self._next_poll))

    def _find_idle_time(self, *due_times: float) -> float:
        """Returns the seconds until the next of the due times; 0 if a request waits."""
        return 0.0 if self._context.requests else min(due_times) - self._loop.time()

    async def _register_sim(self, identity: Identity) -> Identity:
        """Registers the SIM, and returns its identity as it is known. If the database does not take it, that is no fault of the
        modem: its port stays open."""
        context = self._context
        while not context.stopped.is_set():
            context.renew_deadline()
            try:
                return await context.backend.register_sim(identity)
            except StoreError as error:
                context.report_unusable(self._status.health, str(error))
                await context.pause(REGISTER_RETRY_S)
        return identity

    async def _send_urgent(self) -> None:
        """Sends an alarm or otp that waits, between two pieces of other work: none waits for a sweep, or a flood of notices."""
        context, identity = self._context, self._status.identity
        context.renew_deadline()
        if self._is_usable and self._sender is not None and identity is not None and not context.stopped.is_set():
            await context.pipeline.send_urgent(self._sender, identity, self._is_in_order)

    def _needs_setup(self) -> bool:
        """True if the modem has lost what the set-up set, or has another SIM."""
        polling = self._polling
        return self._has_lost_pdu_mode or (polling is not None and (polling.has_other_sim or polling.has_lost_settings))

    @property
    def _is_usable(self) -> bool:
        return self._is_registered and self._context.health_monitor.may_send

    @property
    def _is_registered(self) -> bool:
        return self._status.registration.is_registered

    async def _handle_notices(self, identity: Identity, receiver: Receiver, sender: PartSender) -> bool:
        """Handles all notices. Returns True if one of them says that the modem has restarted."""
        dialogue, context = self._dialogue, self._context
        restarted = False
        while dialogue.notices:
            if not restarted:
                await self._send_urgent()
            urc: Urc = dialogue.notices.popleft()
            if urc.line.startswith("+CMGS:"):
                late = sender.take_late_answer(urc.line)
                if late is not None:
                    log.info("late answer", modem=context.line.name, message=late.message_id, attempt=late.attempt_id)
                    await context.backend.outbound.close_attempt(identity.sender, late)
            elif restarted and urc.pdu is None and begins_with(urc.line, ("+CMTI:", "+CDSI:", *identity.profile.full)):
                continue  # it may be another storage now; the sweep after the set-up finds the message
            elif not (
                await receiver.handle_notice(urc)
                or (self._polling is not None and await self._polling.handle_notice(urc))
            ):
                restarted |= begins_with(urc.line, (*identity.profile.restart, *identity.profile.ready))
        return restarted

    async def _is_in_order(self) -> bool:
        """True if a refusal is due to the message: network, service centre, SIM and PDU mode were there."""
        await self._poll_status()
        self._has_lost_pdu_mode = await is_in_text_mode(self._dialogue)
        was_repaired = self._polling is not None and self._polling.has_restored_smsc
        return self._is_registered and not was_repaired and not self._needs_setup()

    async def _poll_status(self) -> None:
        """Polls the status, and sets the modem's health by it."""
        status, was_ready = self._status, self._status.health is ModemHealth.READY and self._is_registered
        if self._polling is not None:
            await self._polling.poll_network()
            await self._polling.poll()
        self._next_poll = self._loop.time() + (STATUS_S if self._is_registered else STATUS_SEARCHING_S)
        status.health = ModemHealth.READY if self._is_registered else ModemHealth.SEARCHING
        status.reason = None if self._is_registered else f"not registered: {status.registration.name.lower()}"
        if self._is_registered and not was_ready:
            log.info("modem ready", modem=self._context.line.name, registration=status.registration.name.lower())
            self._context.backend.notify_ready()
