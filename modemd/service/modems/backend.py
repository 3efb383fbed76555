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
        self._inbound = arrivals
        self._on_ready = ready
        self._last_smsc: dict[str, str | None] = {}  # by SIM, as it last said

    @property
    def consent_epoch(self) -> int:
        return self._store.consent_epoch

    async def next_draft(self, identity: Identity, *, urgent: bool = False) -> Draft | None:
        return await self._dispatcher.next_draft(identity, urgent=urgent)

    def has_unseen_urgent(self, identity: Identity) -> bool:
        return self._dispatcher.has_unseen_urgent(identity)

    def claim(self, identity: Identity, draft: Draft, *, ahead: bool) -> Future[ClaimedPart | None]:
        return self._dispatcher.claim(identity, draft, ahead=ahead)

    def close_attempt(self, identity: Identity, attempted: AttemptReport) -> Future[None]:
        return self._dispatcher.close(identity, attempted)

    def close_attempt_lazily(self, identity: Identity, attempted: AttemptReport) -> None:
        self._dispatcher.close_with_next(identity, attempted)

    def is_current(self, identity: Identity, draft: Draft) -> bool:
        return self._dispatcher.is_current(identity, draft)

    def end_reservation(self, draft: Draft) -> None:
        self._dispatcher.release_draft(draft)

    def return_draft(self, draft: Draft) -> None:
        self._dispatcher.release_draft(draft)
        self._on_ready()

    def store_arrival(self, identity: Identity, octets: bytes) -> Awaitable[None]:
        return self._inbound.keep(identity, octets)

    def store_arrival_lazily(self, identity: Identity, octets: bytes) -> Awaitable[None]:
        return self._inbound.keep_with_next(identity, octets)

    def find_send_fault(self, identity: Identity) -> str | None:
        return self._dispatcher.sim_breakers.find_modem_fault(identity.iccid, self._clock.now())

    async def register_sim(self, identity: Identity) -> None:
        """Note the SIM; a configured number goes before the one written on it. NeedsPerson where it is not admitted."""
        configured = self._settings.sims.get(identity.iccid)
        admit = configured is not None or self._settings.admit_sims == "auto"
        admitted, self._last_smsc[identity.iccid] = await self._store.write(
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

    def notify_ready(self) -> None:
        self._on_ready()

    async def store_missed_call(self, identity: Identity, number: str) -> None:
        await self._inbound.keep_missed_call(identity, number)

    def report_network_time(self, stamp: datetime, *, fresh: bool) -> None:
        self._inbound.note_network_time(stamp, fresh=fresh)

    def report_roaming(self, identity: Identity, roaming: bool) -> None:
        sim = identity.iccid
        holds = roaming and not self._settings.may_roam_with_marketing(sim)
        self._dispatcher.set_marketing_held(sim, holds=holds)

    def is_marketing_held(self, identity: Identity) -> bool:
        return self._dispatcher.is_marketing_held(identity.iccid)

    def find_service_centre(self, identity: Identity, found: str) -> str | None:
        """The configured one; else the one that it has; else the one that it had."""
        configured = self._settings.sims.get(identity.iccid)
        if configured is not None and configured.smsc is not None:
            return configured.smsc
        if found and found != self._last_smsc.get(identity.iccid):
            self._last_smsc[identity.iccid] = found
            self._store.write(partial(sims.record_service_centre, iccid=identity.iccid, smsc=found))
        return found or self._last_smsc.get(identity.iccid)

    @property
    def is_rejecting_calls(self) -> bool:
        return self._settings.calls == "hang_up"
