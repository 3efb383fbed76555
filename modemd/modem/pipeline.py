"""Part after part through one modem: the next chosen while one is on the air, outcomes in the commit of the next claim."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from modemd import logs
from modemd.errors import Restarted, StoreError
from modemd.modem.desk import Attempted, Desk, Draft, Ending, Identity
from modemd.modem.dialogue import Dialogue
from modemd.modem.health import Vitals
from modemd.modem.ladder import Cure
from modemd.modem.recovery import Recovery
from modemd.modem.send import PROMPT_PATIENCE_S, Sender
from modemd.modem.status import Line, Status

log = logs.get(__name__)

# The longest interval between parts for which choosing ahead is worth while.
AHEAD_S = 0.25
# No service centre, no network service, no route: that, and the registration, may have gone (3GPP TS 27.005 3.2.5).
_NO_NETWORK = frozenset({330, 331, 332})
# What a modem may answer that has lost its PDU mode, or its SIM: a bare ERROR, not allowed, not supported, invalid; 310 and on.
_NOT_IN_ORDER = _NO_NETWORK | frozenset({None, 302, 303, 304, 305, *range(310, 319)})


class Pipeline:
    """What is chosen, on the air and not journaled yet, of one modem. Only its task calls it."""

    def __init__(self, line: Line, status: Status, desk: Desk, vitals: Vitals, recovery: Recovery) -> None:
        self._line = line
        self._status = status
        self._desk = desk
        self._vitals = vitals
        self._recovery = recovery
        self._loop = asyncio.get_running_loop()
        self._draft: Draft | None = None
        self._ahead: asyncio.Task[Draft | None] | None = None
        self._before: Attempted | None = None
        self._closed = False
        self.next_send = 0.0

    async def send(
        self, sender: Sender, dialogue: Dialogue, identity: Identity, look: Callable[[], Awaitable[bool]]
    ) -> bool:
        """Send one part, if one is due and the pace allows. False: there is nothing to do but wait. `look` tells whether the
        modem was in order, registered and with a service centre: then a refusal is the message's own. ReplyTimeout where
        the modem did not answer."""
        if self._loop.time() < self.next_send:
            return True
        draft = await self._next_draft(identity)
        if draft is None:
            return False
        before, self._before = self._before, None
        started = self._loop.time()
        letting_go = self._loop.call_later(PROMPT_PATIENCE_S, self._let_go, draft, sender)
        try:
            sent = await sender.send(draft, before, self._choose_ahead)
        except Restarted as restarted:
            log.warning("nothing was sent", modem=self._line.name, error=str(restarted))
            return True
        except StoreError as error:
            # Nothing was journaled and nothing written. The desk wakes us when it is worth another try.
            log.error("claim not kept", modem=self._line.name, error=str(error))
            return False
        finally:
            letting_go.cancel()
            (self._desk.release if sender.was_claimed else self._desk.give_back)(draft)
        if sent is None:
            return False
        attempted = sent.attempted
        if attempted.written_at is not None:
            rate = self._line.rate(identity.iccid)
            self.next_send = started + 1 / rate if rate else 0.0
        if attempted.ending is Ending.ACCEPTED:
            self._status.sent += 1
            self._vitals.passed()
            self._recovery.cured(Cure.PASSED)
        self._before = attempted  # whatever comes now, it will be journaled
        self._draft = await self._collect_ahead()
        if sent.trouble is not None:
            await self.journal()
            log.warning(
                "part not answered", modem=self._line.name, attempt=attempted.attempt_id, error=str(sent.trouble)
            )
            if attempted.written_at is not None:
                self._vitals.unanswered()
            if isinstance(sent.trouble, Restarted):
                return True  # its notice leads to the set-up
            raise sent.trouble
        if attempted.ending is Ending.REFUSED and attempted.code in _NOT_IN_ORDER:
            self._before = replace(attempted, no_network=not await look())
        if self._draft is None or dialogue.notices or self._loop.time() < self.next_send:
            await self.journal()  # else in the commit of the next claim
        return True

    async def journal(self) -> None:
        """Close the attempt before, which no claim will take along."""
        before, self._before = self._before, None
        if before is not None and self._status.identity is not None:
            await self._desk.close(self._status.identity, before)

    async def end(self) -> None:
        """Leave nothing behind: no draft that others wait for, no outcome that is not journaled."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
            if not ahead.cancelled() and ahead.exception() is None:
                self._draft = self._draft or ahead.result()
        self.drop_draft()
        await self.journal()

    def _let_go(self, draft: Draft, sender: Sender) -> None:
        """No prompt yet: whichever modem has one first may send it."""
        if not sender.claimed:
            log.warning("slow prompt", modem=self._line.name, part=draft.part_id)
            self._desk.give_back(draft)

    def close(self) -> None:
        """Choose nothing ahead any more: the modem stops."""
        self._closed = True

    def drop_draft(self) -> None:
        """Let others send what was chosen ahead."""
        if self._draft is not None:
            self._desk.give_back(self._draft)
            self._draft = None

    async def _next_draft(self, identity: Identity) -> Draft | None:
        if self._draft is not None and not self._desk.fresh(self._draft):
            self.drop_draft()
        draft, self._draft = self._draft, None
        return await self._desk.choose(identity) if draft is None else draft

    def _choose_ahead(self) -> None:
        """Choose and encode the next part while this one is on the air; not where the pace makes this modem wait anyway, and
        another could send it."""
        identity = self._status.identity
        if identity is None or self._closed:
            return
        rate = self._line.rate(identity.iccid)
        if rate is None or 1 / rate <= AHEAD_S:
            self._ahead = self._loop.create_task(self._desk.choose(identity))

    async def _collect_ahead(self) -> Draft | None:
        draft = await self._ahead if self._ahead is not None else None
        self._ahead = None  # only now: a cancellation leaves it to `end`
        return draft
