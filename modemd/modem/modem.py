"""The task that owns one modem: open, identify, set up, then receive and send in turn; and again, whenever the port goes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from modemd import logs
from modemd.at import Urc, replies
from modemd.at.replies import Registration
from modemd.errors import DecodeError, ModemdError, NeedsPerson, PortGone, StoreError
from modemd.modem.desk import Attempted, Desk, Draft, Ending, Health, Identity
from modemd.modem.dialogue import Dialogue
from modemd.modem.port import OpenPort, Port
from modemd.modem.receive import Receiver
from modemd.modem.send import Sender
from modemd.modem.setup import identify, knock, prepare
from modemd.profiles import Profiles

log = logs.get(__name__)

# Between two tries to open. The longest must let a stick that is back send within 5 s.
REOPEN_S = (0.2, 0.5, 1.0, 2.0, 3.0)
PERSON_RETRY_S = 30.0
MET_RETRY_S = 2.0
STATUS_S = 60.0
STATUS_SEARCHING_S = 5.0
# The longest interval between parts for which choosing ahead is worth while.
AHEAD_S = 0.25


@dataclass(frozen=True, slots=True)
class Line:
    """How to reach a modem, as configured. `rate` gives the pace for a SIM by its ICCID, in parts per second (None:
    unlimited). `driver` names a profile; None: by manufacturer and model."""

    name: str
    port: str
    rate: Callable[[str], float | None]
    driver: str | None = None


@dataclass(slots=True)
class Status:
    """What is known of a modem now."""

    health: Health = Health.OPENING
    reason: str | None = None
    identity: Identity | None = None
    registration: Registration = Registration.UNKNOWN
    signal_dbm: int | None = None
    sent: int = 0


class Modem:
    """One modem. Only its own task (`run`) touches port and dialogue; others `wake` and `stop` it."""

    def __init__(
        self,
        line: Line,
        *,
        desk: Desk,
        open_port: OpenPort,
        profiles: Profiles,
        sweep_interval_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self.line = line
        self.status = Status()
        self._desk = desk
        self._open_port = open_port
        self._profiles = profiles
        self._sweep_interval_s = sweep_interval_s
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._awake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ended_by_stop = False
        self._sender: Sender | None = None
        self._draft: Draft | None = None
        self._ahead: asyncio.Task[Draft | None] | None = None
        self._before: Attempted | None = None
        self._next_send = 0.0
        # Arrivals that no modem stores and the database did not take yet.
        self._held: deque[tuple[Identity, bytes]] = deque()

    def wake(self) -> None:
        """There may be something to send."""
        self._awake.set()

    def stop(self) -> None:
        """End after what is on the air; nothing more is claimed. With nothing on the air, end at once."""
        self._stopped.set()
        self._awake.set()
        if self._task is not None and not (self._sender is not None and self._sender.claimed):
            self._ended_by_stop = self._task.cancel()

    async def run(self) -> None:
        """Serve the modem until `stop`. Never ends by an error: each is logged, and the port is opened again."""
        self._task = task = asyncio.current_task()
        try:
            await self._live()
        except asyncio.CancelledError:
            # Ours, by `stop`, ends the task well; anybody else's is theirs.
            if not self._ended_by_stop or task is None or task.uncancel():
                raise
        finally:
            self.status.health, self.status.reason = Health.STOPPED, None
            if self._held:
                log.error(
                    "arrivals were not kept, and are nowhere else", modem=self.line.name, arrivals=len(self._held)
                )

    async def _live(self) -> None:
        failures = 0
        while not self._stopping:
            began = self._loop.time()
            try:
                await self._session()
            except NeedsPerson as error:
                self._unwell(Health.NEEDS_PERSON, str(error))
                await self._pause(PERSON_RETRY_S)
            except ModemdError as error:
                self._unwell(Health.GONE, str(error))
            except Exception as error:
                log.exception("modem task failed", modem=self.line.name, error=repr(error))
                self._unwell(Health.GONE, f"internal error: {error!r}")
            if not self._stopping:
                failures = failures + 1 if self._loop.time() - began < STATUS_S else 0
                await self._pause(REOPEN_S[min(failures, len(REOPEN_S) - 1)])

    @property
    def _stopping(self) -> bool:
        return self._stopped.is_set()

    def _unwell(self, health: Health, reason: str) -> None:
        if (self.status.health, self.status.reason) != (health, reason):
            log.warning("modem is not usable", modem=self.line.name, health=health, reason=reason)
        self.status.health, self.status.reason = health, reason

    async def _session(self) -> None:
        """One life of the port, from opening to its loss or the end."""
        port = await self._open_port(self.line.port)
        try:
            dialogue = Dialogue(port)
            dialogue.on_notice = self.wake
            while not self._stopping:
                await self._serve(dialogue)
        finally:
            await self._end(port)

    async def _end(self, port: Port) -> None:
        """Leave nothing behind: no draft that others wait for, no outcome that is not journaled."""
        port.close()
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
            if not ahead.cancelled() and ahead.exception() is None:
                self._draft = self._draft or ahead.result()
        self._drop_draft()
        await self._journal()

    async def _journal(self) -> None:
        """Close the attempt before, which no claim will take along."""
        before, self._before = self._before, None
        if before is not None and self.status.identity is not None:
            await self._desk.close(self.status.identity, before)

    async def _serve(self, dialogue: Dialogue) -> None:
        """Set the modem up, and use it until it restarts: then modes and notices are gone, and the SIM may be another."""
        if self.status.health not in (Health.GONE, Health.NEEDS_PERSON):
            self.status.health = Health.SETTING_UP
        await knock(dialogue)
        identity = await identify(dialogue, self._profiles, self.line.driver)
        profile = identity.profile
        dialogue.adopt(urcs=profile.ignore, command_timeout_s=profile.command_timeout_s, guard_s=profile.guard_s)
        memory = await prepare(dialogue, profile)
        self.status.identity = identity
        await self._meet(identity)
        log.info("modem set up", modem=self.line.name, model=identity.model, driver=profile.name, iccid=identity.iccid)
        receiver = Receiver(dialogue, identity, self._desk, memory, self._held)
        sender = self._sender = Sender(dialogue, identity, self._desk, self._now)
        next_sweep = next_status = self._loop.time()
        while not self._stopping:
            self._awake.clear()
            if dialogue.lost is not None:
                raise PortGone(dialogue.lost)
            if await self._notices(dialogue, receiver, sender):
                self._drop_draft()
                await self._journal()
                return
            if self._loop.time() >= next_status:
                await self._look(dialogue)
                next_status = self._loop.time() + (STATUS_S if self._usable else STATUS_SEARCHING_S)
            if receiver.behind or self._loop.time() >= next_sweep:
                await receiver.sweep()
                next_sweep = self._loop.time() + self._sweep_interval_s
            if not self._usable:
                self._drop_draft()  # others can send it
            if not (self._usable and await self._send(sender, dialogue)):
                await self._journal()
                await self._wait(min(next_sweep, next_status) - self._loop.time())
            elif self._next_send > self._loop.time():
                await self._wait(min(self._next_send, next_sweep, next_status) - self._loop.time())

    async def _meet(self, identity: Identity) -> None:
        """Have the SIM noted. A database that does not take it is no fault of the modem's, which stays open."""
        while not self._stopping:
            try:
                await self._desk.met(identity)
            except StoreError as error:
                self._unwell(self.status.health, str(error))
                await self._pause(MET_RETRY_S)
            else:
                return

    @property
    def _usable(self) -> bool:
        return self.status.registration.usable

    async def _pause(self, seconds: float) -> None:
        """That long, whatever happens; a `stop` ends it."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return

    async def _wait(self, seconds: float) -> None:
        """Until something happens, at most `seconds`."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        except TimeoutError:
            return

    async def _notices(self, dialogue: Dialogue, receiver: Receiver, sender: Sender) -> bool:
        """Deal with all notices; True where one says that the modem has restarted."""
        identity = self.status.identity
        restarted = False
        while dialogue.notices and identity is not None:
            urc: Urc = dialogue.notices.popleft()
            if urc.line.startswith("+CMGS:"):
                late = sender.answered_late(urc.line)
                if late is not None:
                    log.info("late answer", modem=self.line.name, attempt=late.attempt_id)
                    await self._desk.close(identity, late)
            elif not await receiver.notice(urc):
                restarted |= urc.line.startswith(identity.profile.restart)
        return restarted

    async def _look(self, dialogue: Dialogue) -> None:
        """Registration and signal. A modem on LTE alone may say so only to +CEREG."""
        was = self._usable and self.status.health is Health.READY
        for command in ("+CREG?", "+CGREG?", "+CEREG?"):
            reply = await dialogue.ask(command)
            try:
                self.status.registration = replies.registration(reply.lines)
            except DecodeError:
                continue
            if self._usable:
                break
        reply = await dialogue.ask("+CSQ")
        try:
            self.status.signal_dbm = replies.signal_dbm(reply.lines)
        except DecodeError:
            self.status.signal_dbm = None
        self.status.health = Health.READY if self._usable else Health.SEARCHING
        self.status.reason = None if self._usable else f"not registered: {self.status.registration.name.lower()}"
        if self._usable and not was:
            log.info("modem ready", modem=self.line.name, registration=self.status.registration.name.lower())
            self._desk.ready()

    async def _send(self, sender: Sender, dialogue: Dialogue) -> bool:
        """Send one part, if one is due and the pace allows. False: there is nothing to do but wait."""
        if self._loop.time() < self._next_send:
            return True
        draft = await self._next_draft()
        identity = self.status.identity
        if draft is None or identity is None:
            return False
        before, self._before = self._before, None
        started = self._loop.time()
        try:
            sent = await sender.send(draft, before, self._choose_ahead)
        except StoreError as error:
            # Nothing was journaled and nothing written. The desk wakes us when it is worth another try.
            log.error("claim not kept", modem=self.line.name, error=str(error))
            return False
        finally:
            self._desk.release(draft)
        if sent is None:
            return False
        attempted = sent.attempted
        if attempted.written_at is not None:
            rate = self.line.rate(identity.iccid)
            self._next_send = started + 1 / rate if rate else 0.0
        if attempted.ending is Ending.ACCEPTED:
            self.status.sent += 1
        self._before = attempted  # whatever comes now, it will be journaled
        self._draft = await self._collect_ahead()
        if sent.trouble is not None:
            await self._journal()
            log.warning(
                "part not answered", modem=self.line.name, attempt=attempted.attempt_id, error=str(sent.trouble)
            )
            if isinstance(sent.trouble, PortGone):
                raise sent.trouble
            await dialogue.settle()  # the answer may still come; a modem that answers no probe is given up
            return True
        if attempted.ending is Ending.REFUSED and attempted.code in _NO_NETWORK:
            await self._look(dialogue)
            self._before = replace(attempted, no_network=not self._usable)
        if self._draft is None or dialogue.notices or self._loop.time() < self._next_send:
            await self._journal()  # else in the commit of the next claim
        return True

    async def _next_draft(self) -> Draft | None:
        if self._draft is not None and not self._desk.fresh(self._draft):
            self._drop_draft()
        draft, self._draft = self._draft, None
        if draft is None and self.status.identity is not None:
            draft = await self._desk.choose(self.status.identity)
        return draft

    def _choose_ahead(self) -> None:
        """Choose and encode the next part while this one is on the air; not where the pace makes this modem wait anyway, and
        another could send it."""
        identity = self.status.identity
        if identity is None or self._stopping:
            return
        rate = self.line.rate(identity.iccid)
        if rate is None or 1 / rate <= AHEAD_S:
            self._ahead = self._loop.create_task(self._desk.choose(identity))

    async def _collect_ahead(self) -> Draft | None:
        draft = await self._ahead if self._ahead is not None else None
        self._ahead = None  # only now: a cancellation leaves it to `_end`
        return draft

    def _drop_draft(self) -> None:
        if self._draft is not None:
            self._desk.give_back(self._draft)
            self._draft = None


# No network service, no route: the registration may have gone (3GPP TS 27.005 3.2.5).
_NO_NETWORK = frozenset({331, 332})
