"""The SIMs as senders: what each has used of its quotas, what a person has paused, and the lanes that the rules make."""

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
    """What the faces ask about SIMs, and what they decide."""

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
        changed: Callable[[], None],
        ready: Callable[[], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._policy = policy
        self._breakers = breakers
        self._balances = balances
        self._modems = modems
        self._on_changed = changed
        self._on_ready = ready

    async def adopt_rules(self) -> bool:
        """Put the rules of the configuration in the database. Whether what is queued by others is to be put in their lanes."""
        return await self._store.write(partial(lanes.adopt_lanes, table=self._policy.routes.make_lane_table()))

    async def relane(self) -> None:
        """Put what is queued in the lanes that the rules make now, step by step; what a crash leaves, the next start does."""
        log.info("the rules have changed; what is queued is put in their lanes")
        after: int | None = 0
        retry = StoreRetry(log, "the rules wait for the database")
        while after is not None:
            step = partial(lanes.reassign_lanes, after=after, limit=STEP)
            after = await retry.run(partial(self._store.write, step))
        self._on_changed()

    async def list_sims(self) -> list[dict[str, Any]]:
        """Returns the SIMs that were met, with what each has used of its quotas, and what it has left if that is known."""
        now = self._clock.now()
        names = {iccid: sim.name for iccid, sim in self._settings.current().sims.items()}
        rows = await self._store.read(partial(_sim_rows, names=names, limits=self._policy.limits, now=now))
        sits = {each.status.identity.iccid: each for each in self._modems() if each.status.identity is not None}
        return [
            row
            | self._modem_fields(row["sim"], sits.get(row["sim"]), now)
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
        """What is paused: since when, by whom and why."""
        return await self._store.read(pauses.list_pauses)

    async def pause(self, message_class: str | None, sim: str | None, word: Authorship) -> list[dict[str, Any]]:
        """Begin nothing more of a class, at a SIM, or at all; what was begun is finished. Alarms go on unless their class is
        named. All pauses that stand then."""
        change = partial(
            pauses.pause, what=_pause_of(message_class, sim), word=check_authorship(word), now=self._clock.now()
        )
        return await self._change_pauses(change)

    async def resume(self, message_class: str | None, sim: str | None, word: Authorship) -> list[dict[str, Any]]:
        """End exactly such a pause. All pauses that stand then. Refused with `not_paused`."""
        change = partial(
            pauses.resume, what=_pause_of(message_class, sim), word=check_authorship(word), now=self._clock.now()
        )
        return await self._change_pauses(change)

    async def _change_pauses(self, change: Callable[[sqlite3.Connection], None]) -> list[dict[str, Any]]:
        def kept(db: sqlite3.Connection) -> list[dict[str, Any]]:
            change(db)
            return pauses.list_pauses(db)

        standing = await self._store.write(kept)
        self._on_changed()
        return standing

    def _modem_fields(self, iccid: str, modem: Modem | None, now: datetime) -> dict[str, Any]:
        rest = self._breakers.open_until(iccid, now)
        return {
            "modem": modem.line.name if modem is not None else None,
            "health": modem.status.health.value if modem is not None else None,
            "rests_until": rest[0].isoformat(timespec="microseconds") if rest is not None else None,
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


def _limit_views(standing: QuotaUsage) -> dict[str, dict[str, Any]]:
    """Each limit that binds marketing, which all of them do; of quotas the whole, with the reserve in it."""
    found = {}
    for ceiling in standing.list_ceilings(MessageClass.MARKETING):
        whole = standing.limits.quota(ceiling.period) if ceiling.reason.startswith("quota_") else None
        most = ceiling.limit if whole is None else whole
        found[ceiling.reason] = {"used": ceiling.used, "most": most, "reserved": most - ceiling.limit}
    return found


def _pause_of(message_class: str | None, sim: str | None) -> Pause:
    if message_class is not None and message_class not in set(MessageClass):
        raise Refused(ErrorCode.BAD_CLASS, f"{message_class!r} is no class; there are {', '.join(MessageClass)}")
    if sim is not None and not (sim.isdecimal() and sim.isascii()):
        raise Refused(ErrorCode.BAD_SIM, f"{sim!r} is no ICCID; modemd sims list shows the SIMs")
    return Pause(MessageClass(message_class) if message_class else None, sim)
