"""SIMs as senders: their quotas, pauses by people, admission, and the lanes that the routing rules make."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from modemd import logs
from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.modem.modem import Modem
from modemd.rules.classes import MessageClass
from modemd.rules.pauses import Pause, find_stopped_classes
from modemd.rules.quotas import QuotaUsage
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.dispatch.policy import SendingPolicy, SimLimits
from modemd.service.messages.decisions import Authorship, check_authorship
from modemd.service.sims.balances import Balances
from modemd.service.store_retry import StoreRetry
from modemd.store import Store, lanes, listings, sims
from modemd.store.queue import pauses, quotas

log = logs.get(__name__)

STEP = 500


class SimControl:
    """SIMs as the faces show them, and decisions of people about them. `on_changed` is called when parts may be sent that could
    not before; `on_ready` when a SIM may be used."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        clock: Clock,
        policy: SendingPolicy,
        breakers: SimBreakers,
        balances: Balances,
        *,
        modems: Callable[[], Sequence[Modem]],
        on_changed: Callable[[], None],
        on_ready: Callable[[], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._policy = policy
        self._breakers = breakers
        self._balances = balances
        self._modems = modems
        self._on_changed = on_changed
        self._on_ready = on_ready

    async def adopt_rules(self) -> bool:
        """Stores the lanes of the configured routing rules. Returns True if they have changed: `relane` must follow."""
        return await self._store.write(partial(lanes.adopt_lanes, table=self._policy.routes.make_lane_table()))

    async def relane(self) -> None:
        """Moves queued parts to the lanes that the rules make now, step by step; what a crash leaves undone is done after the
        next start."""
        log.info("the rules have changed; what is queued is put in their lanes")
        after: int | None = 0
        retry = StoreRetry(log, "the rules wait for the database")
        while after is not None:
            step = partial(lanes.reassign_lanes, after=after, limit=STEP)
            after = await retry.run(partial(self._store.write, step))
        self._on_changed()

    async def list_sims(self) -> list[dict[str, Any]]:
        """Returns the SIMs that were met, with what each has used of its quotas, and its balance if that is known."""
        now = self._clock.now()
        names = {iccid: sim.name for iccid, sim in self._settings.current().sims.items()}
        rows = await self._store.read(partial(_sim_rows, names=names, limits=self._policy.limits, now=now))
        modems = {each.status.identity.iccid: each for each in self._modems() if each.status.identity is not None}
        return [
            row
            | self._modem_fields(row["sim"], modems.get(row["sim"]), now)
            | {"balance": self._balances.view(row["sim"])}
            for row in rows
        ]

    async def admit(self, iccid: str) -> dict[str, Any]:
        """Admits a SIM, so that it may be used. Raises Refused (`no_sim`) if no SIM of that ICCID was met."""
        if not await self._store.write(partial(sims.admit, iccid=iccid, now=self._clock.now())):
            raise Refused(ErrorCode.NO_SIM, f"no SIM {iccid} was met; `modemd sims` lists those that were")
        self._on_ready()
        return next(row for row in await self.list_sims() if row["sim"] == iccid)

    async def list_pauses(self) -> list[dict[str, Any]]:
        """Returns the pauses: of what, since when, by whom and why."""
        return await self._store.read(pauses.list_pauses)

    async def pause(self, message_class: str | None, sim: str | None, authorship: Authorship) -> list[dict[str, Any]]:
        """Pauses a class, a SIM, a class at a SIM, or everything: no message of it is begun, and those that were begun are
        finished. Alarms go on unless their class is named. Returns all pauses. Raises Refused (`bad_class`, `bad_sim`,
        `no_reason`)."""
        change = partial(
            pauses.pause, what=_pause_of(message_class, sim), word=check_authorship(authorship), now=self._clock.now()
        )
        return await self._change_pauses(change)

    async def resume(self, message_class: str | None, sim: str | None, authorship: Authorship) -> list[dict[str, Any]]:
        """Ends exactly such a pause. Returns all pauses that are left. Raises Refused (`not_paused`, `bad_class`, `bad_sim`,
        `no_reason`)."""
        change = partial(
            pauses.resume, what=_pause_of(message_class, sim), word=check_authorship(authorship), now=self._clock.now()
        )
        return await self._change_pauses(change)

    async def _change_pauses(self, change: Callable[[sqlite3.Connection], None]) -> list[dict[str, Any]]:
        def change_and_read(db: sqlite3.Connection) -> list[dict[str, Any]]:
            change(db)
            return pauses.list_pauses(db)

        active = await self._store.write(change_and_read)
        self._on_changed()
        return active

    def _modem_fields(self, iccid: str, modem: Modem | None, now: datetime) -> dict[str, Any]:
        breaker = self._breakers.open_until(iccid, now)
        return {
            "modem": modem.line.name if modem is not None else None,
            "health": modem.status.health.value if modem is not None else None,
            "rests_until": breaker[0].isoformat(timespec="microseconds") if breaker is not None else None,
            "rate": modem.line.rate(iccid) if modem is not None else None,
        }


def _sim_rows(
    db: sqlite3.Connection, names: Mapping[str, str | None], limits: SimLimits, now: datetime
) -> list[dict[str, Any]]:
    paused = pauses.list_active(db)
    return [
        row
        | {
            "name": names.get(row["sim"]),
            "limits": _limit_views(quotas.read_usage(db, row["sim"], limits(row["sim"], row["number"]), now)),
            "paused": [each.value for each in MessageClass if each in find_stopped_classes(paused, row["sim"])],
        }
        for row in listings.list_sims(db)
    ]


def _limit_views(usage: QuotaUsage) -> dict[str, dict[str, Any]]:
    """Returns each limit that binds marketing, which all of them do; of a quota the whole, with its reserve."""
    found = {}
    for ceiling in usage.list_ceilings(MessageClass.MARKETING):
        whole = usage.limits.quota(ceiling.period) if ceiling.reason.startswith("quota_") else None
        most = ceiling.limit if whole is None else whole
        found[ceiling.reason] = {"used": ceiling.used, "most": most, "reserved": most - ceiling.limit}
    return found


def _pause_of(message_class: str | None, sim: str | None) -> Pause:
    if message_class is not None and message_class not in set(MessageClass):
        raise Refused(ErrorCode.BAD_CLASS, f"{message_class!r} is no class; there are {', '.join(MessageClass)}")
    if sim is not None and not (sim.isdecimal() and sim.isascii()):
        raise Refused(ErrorCode.BAD_SIM, f"{sim!r} is no ICCID; modemd sims list shows the SIMs")
    return Pause(MessageClass(message_class) if message_class else None, sim)
