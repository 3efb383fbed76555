"""What the modems see of the service: the desk where parts come from and arrivals go."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from modemd.clock import Clock
from modemd.config import Settings
from modemd.connector import AttemptReport, ClaimedPart, Draft
from modemd.errors import NeedsPerson
from modemd.modem.status import Identity
from modemd.service.dispatch.dispatcher import Dispatcher
from modemd.service.inbox.inbound import InboundMessages
from modemd.store import Store, sims


class ServiceBackend:
    """`modemd.modem.backend.Backend`, made of the dispatcher, the arrivals and the store."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Clock,
        dispatcher: Dispatcher,
        arrivals: InboundMessages,
        *,
        ready: Callable[[], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._dispatcher = dispatcher
        self._arrivals = arrivals
        self._ready = ready
        self._known_smsc: dict[str, str | None] = {}  # by SIM, as it last said

    @property
    def consent_epoch(self) -> int:
        return self._store.consent_epoch

    async def choose(self, identity: Identity, *, urgent: bool = False) -> Draft | None:
        return await self._dispatcher.choose(identity, urgent=urgent)

    def presses(self, identity: Identity) -> bool:
        return self._dispatcher.presses(identity)

    def claim(self, identity: Identity, draft: Draft, *, ahead: bool) -> Future[ClaimedPart | None]:
        return self._dispatcher.claim(identity, draft, ahead=ahead)

    def close(self, identity: Identity, attempted: AttemptReport) -> Future[None]:
        return self._dispatcher.close(identity, attempted)

    def close_with_next(self, identity: Identity, attempted: AttemptReport) -> None:
        self._dispatcher.close_with_next(identity, attempted)

    def fresh(self, identity: Identity, draft: Draft) -> bool:
        return self._dispatcher.fresh(identity, draft)

    def release(self, draft: Draft) -> None:
        self._dispatcher.release(draft)

    def give_back(self, draft: Draft) -> None:
        self._dispatcher.release(draft)
        self._ready()

    def keep(self, identity: Identity, octets: bytes) -> Awaitable[None]:
        return self._arrivals.keep(identity, octets)

    def keep_with_next(self, identity: Identity, octets: bytes) -> Awaitable[None]:
        return self._arrivals.keep_with_next(identity, octets)

    def sends_fail(self, identity: Identity) -> str | None:
        return self._dispatcher.sims.failing(identity.iccid, self._clock.now())

    async def met(self, identity: Identity) -> None:
        """Note the SIM; a configured number goes before the one written on it. NeedsPerson where it is not admitted."""
        configured = self._settings.sims.get(identity.iccid)
        admit = configured is not None or self._settings.admit_sims == "auto"
        admitted, self._known_smsc[identity.iccid] = await self._store.write(
            partial(
                sims.record_sim,
                admit=admit,
                iccid=identity.iccid,
                imsi=identity.imsi,
                number=(configured.number if configured else None) or identity.number,
                modem=identity.imei,
                now=self._clock.now(),
            )
        )
        if not admitted:
            raise NeedsPerson(
                f"this SIM is new here; say `modemd sims admit {identity.iccid}`, or put it under sims in the configuration"
            )

    def ready(self) -> None:
        self._ready()

    async def called(self, identity: Identity, number: str) -> None:
        await self._arrivals.called(identity, number)

    def heard_time(self, stamp: datetime, *, fresh: bool) -> None:
        self._arrivals.heard_time(stamp, fresh=fresh)

    def roams(self, identity: Identity, roaming: bool) -> None:
        sim = identity.iccid
        holds = roaming and not self._settings.may_roam_with_marketing(sim)
        self._dispatcher.hold_marketing(sim, holds=holds)

    def holds_marketing(self, identity: Identity) -> bool:
        return self._dispatcher.holds_marketing(identity.iccid)

    def service_centre(self, identity: Identity, found: str) -> str | None:
        """The configured one; else the one that it has; else the one that it had."""
        configured = self._settings.sims.get(identity.iccid)
        if configured is not None and configured.smsc is not None:
            return configured.smsc
        if found and found != self._known_smsc.get(identity.iccid):
            self._known_smsc[identity.iccid] = found
            self._store.write(partial(sims.record_service_centre, iccid=identity.iccid, smsc=found))
        return found or self._known_smsc.get(identity.iccid)

    @property
    def hangs_up(self) -> bool:
        return self._settings.calls == "hang_up"
