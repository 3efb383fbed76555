"""Backend of the modems: stores SIMs, network times and service centres that modems report, and looks up settings for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from modemd import logs
from modemd.clock import Clock
from modemd.config import CurrentSettings, SimSettings
from modemd.connector import Inbound
from modemd.errors import NeedsPerson
from modemd.modem.status import Identity
from modemd.rules.country_policies.policies import PolicySeverity, find_policies
from modemd.rules.geography.sim_country import SimIdentity, find_sim_country
from modemd.service.dispatch.dispatcher import Dispatcher
from modemd.service.inbox.status_reports import NoteNetworkTime
from modemd.store import Store, sims

log = logs.get(__name__)


class ServiceBackend:
    """Implementation of `modemd.modem.backend.Backend` over the store. `on_network_time` is called with the network's time and
    the time of our clock that belongs to it, if that is known; `on_ready` when a modem became able to send; `on_sim` with a
    SIM that answers."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        clock: Clock,
        outbound: Dispatcher,
        inbound: Inbound,
        *,
        on_network_time: NoteNetworkTime,
        on_ready: Callable[[], None],
        on_sim: Callable[[Sequence[SimIdentity]], None],
    ) -> None:
        self.outbound = outbound
        self.inbound = inbound
        self._store = store
        self._settings = settings
        self._clock = clock
        self._on_network_time = on_network_time
        self._on_ready = on_ready
        self._on_sim = on_sim
        self._last_smsc: dict[str, str | None] = {}  # by SIM, as its modem last named it

    async def register_sim(self, identity: Identity) -> Identity:
        """Stores the SIM; a configured number takes precedence over the one stored on it. Returns the identity with the id under
        which the SIM is known: a modem that has just started, or a noisy line, may hide the ICCID for once. Raises NeedsPerson if
        the SIM is not admitted."""
        if identity.imsi is not None and identity.iccid not in self._settings.current().sims:
            known = partial(sims.find_id, told=identity.iccid, imsi=identity.imsi, modem=identity.device)
            identity = replace(identity, iccid=await self._store.read(known))
        configured = self._settings.current().sims.get(identity.iccid)
        admit = configured is not None or self._settings.current().admit_sims == "auto"
        is_new, (admitted, self._last_smsc[identity.iccid]) = await self._store.write(
            partial(
                _record_sim,
                admit=admit,
                iccid=identity.iccid,
                imsi=identity.imsi,
                number=(configured.number if configured else None) or identity.number,
                modem=identity.device,
                now=self._clock.now(),
            )
        )
        if is_new:
            _log_policies(identity, configured)
        self._on_sim([SimIdentity(identity.iccid, identity.number, identity.imsi)])
        if not admitted:
            raise NeedsPerson(
                f"this SIM is new here; say `modemd sims admit {identity.iccid}`, or put it under sims in the configuration"
            )
        return identity

    def notify_ready(self) -> None:
        """Calls `on_ready`: a modem became able to send."""
        self._on_ready()

    def report_network_time(self, stamp: datetime, *, fresh: bool) -> None:
        """Reports the network's time; `fresh`: the time as it is now, not the time of an earlier event."""
        self._on_network_time(stamp, self._clock.now() if fresh else None, None)

    def report_roaming(self, identity: Identity, roaming: bool) -> None:
        """Holds the marketing of a SIM while it is in a foreign network, unless the settings allow it there."""
        held = roaming and not self._settings.current().may_roam_with_marketing(identity.iccid)
        self.outbound.set_marketing_held(identity.iccid, held=held)

    def is_marketing_held(self, identity: Identity) -> bool:
        """True if a SIM sends no marketing because it roams."""
        return self.outbound.is_marketing_held(identity.iccid)

    def find_service_centre(self, identity: Identity, found: str) -> str | None:
        """Returns the configured service centre; else `found`, the one that the modem names; else the one that it named last."""
        if found and found != self._last_smsc.get(identity.iccid):
            self._last_smsc[identity.iccid] = found
            self._store.write(partial(sims.record_service_centre, iccid=identity.iccid, smsc=found))
        configured = self._settings.current().sims.get(identity.iccid)
        if configured is not None and configured.smsc is not None:
            return configured.smsc
        return found or self._last_smsc.get(identity.iccid)

    @property
    def is_rejecting_calls(self) -> bool:
        """True if voice calls are to be hung up (`calls: hang_up`)."""
        return self._settings.current().calls == "hang_up"


def _record_sim(db: sqlite3.Connection, iccid: str, **seen: Any) -> tuple[bool, tuple[bool, str | None]]:
    """Stores a SIM. Returns whether it was never seen before, and the result of `sims.record_sim`."""
    is_new = not sims.is_known(db, iccid)
    return is_new, sims.record_sim(db, iccid, **seen)


def _log_policies(identity: Identity, configured: SimSettings | None) -> None:
    """Logs what is to be known about sending in the country of a SIM that is seen for the first time."""
    number = (configured.number if configured else None) or identity.number
    country = find_sim_country(SimIdentity(identity.iccid, number, identity.imsi))
    has_contract = configured is not None and configured.contract is not None
    for policy in find_policies([country] if country else [], has_contracts=has_contract):
        if policy.severity is PolicySeverity.WARNING:
            log.warning("to be known about this SIM", iccid=identity.iccid, policy=policy.code, what=str(policy))
