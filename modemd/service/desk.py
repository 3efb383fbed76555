"""What the modems see of the service: the desk where parts come from and arrivals go."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from functools import partial

from modemd.clock import Clock
from modemd.config import Settings
from modemd.modem.desk import Attempted, Claimed, Draft, Identity
from modemd.service.arrivals import Arrivals
from modemd.service.dispatching import Dispatcher
from modemd.store import Store, sims


class FrontDesk:
    """`modemd.modem.desk.Desk`, made of the dispatcher, the arrivals and the store."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Clock,
        dispatcher: Dispatcher,
        arrivals: Arrivals,
        *,
        ready: Callable[[], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._dispatcher = dispatcher
        self._arrivals = arrivals
        self._ready = ready

    @property
    def consent_epoch(self) -> int:
        return self._store.consent_epoch

    async def choose(self, identity: Identity) -> Draft | None:
        return await self._dispatcher.choose(identity)

    def claim(self, identity: Identity, draft: Draft, before: Attempted | None) -> Future[Claimed | None]:
        return self._dispatcher.claim(identity, draft, before)

    def close(self, identity: Identity, attempted: Attempted) -> Future[None]:
        return self._dispatcher.close(identity, attempted)

    def fresh(self, draft: Draft) -> bool:
        return self._dispatcher.fresh(draft)

    def release(self, draft: Draft) -> None:
        self._dispatcher.release(draft)

    def give_back(self, draft: Draft) -> None:
        self._dispatcher.release(draft)
        self._ready()

    async def keep(self, identity: Identity, octets: bytes) -> None:
        await self._arrivals.keep(identity, octets)

    async def met(self, identity: Identity) -> None:
        """Note the SIM; a configured number goes before the one written on it."""
        configured = self._settings.sims.get(identity.iccid)
        await self._store.write(
            partial(
                sims.seen,
                iccid=identity.iccid,
                imsi=identity.imsi,
                number=(configured.number if configured else None) or identity.number,
                modem=identity.imei,
                now=self._clock.now(),
            )
        )

    def ready(self) -> None:
        self._ready()
