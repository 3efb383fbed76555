"""The SIMs as senders: what each has used of its quotas, what a person has paused, and the lanes that the rules make."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from modemd import logs
from modemd.clock import Clock
from modemd.config import Settings
from modemd.errors import Refused, StoreError
from modemd.modem.modem import Modem
from modemd.rules.classes import MessageClass
from modemd.rules.pauses import Pause, find_stopped_classes
from modemd.rules.quotas import QuotaUsage
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.dispatch.policy import SendingPolicy
from modemd.service.messages.decisions import Authorship, check_authorship
from modemd.store import Store, lanes, listings
from modemd.store.queue import pauses, quotas

log = logs.get(__name__)

STEP = 500
RETRY_S = 5.0


class SimControl:
    """What the faces ask about SIMs, and what they decide."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Clock,
        traffic: SendingPolicy,
        sims: SimBreakers,
        *,
        modems: Callable[[], Sequence[Modem]],
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._policy = traffic
        self._breakers = sims
        self._modems = modems
        self._on_changed = changed

    async def adopt_rules(self) -> bool:
        """Put the rules of the configuration in the database. Whether what is queued by others is to be put in their lanes."""
        return await self._store.write(partial(lanes.adopt_lanes, table=self._policy.routes.make_lane_table()))

    async def relane(self) -> None:
        """Put what is queued in the lanes that the rules make now, step by step; what a crash leaves, the next start does."""
        log.info("the rules have changed; what is queued is put in their lanes")
        after: int | None = 0
        while after is not None:
            try:
                after = await self._store.write(partial(lanes.reassign_lanes, after=after, limit=STEP))
            except StoreError as error:
                log.error("the rules wait for the database", error=str(error))
                await asyncio.sleep(RETRY_S)
        self._on_changed()

    async def list_sims(self) -> list[dict[str, Any]]:
        """The SIMs that were met, by number and ICCID."""
        now = self._clock.now()
        rows = await self._store.read(partial(self._sim_rows, now=now))
        sits = {each.status.identity.iccid: each for each in self._modems() if each.status.identity is not None}
        return [row | self._modem_fields(row["sim"], sits.get(row["sim"]), now) for row in rows]

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

    def _sim_rows(self, db: sqlite3.Connection, now: datetime) -> list[dict[str, Any]]:
        paused = pauses.list_active(db)
        return [
            row
            | {
                "name": self._settings.sims[row["sim"]].name if row["sim"] in self._settings.sims else None,
                "limits": _limit_views(
                    quotas.read_usage(db, row["sim"], self._policy.limits(row["sim"], row["number"]), now)
                ),
                "paused": [each.value for each in MessageClass if each in find_stopped_classes(paused, row["sim"])],
            }
            for row in listings.list_sims(db)
        ]

    def _modem_fields(self, iccid: str, modem: Modem | None, now: datetime) -> dict[str, Any]:
        rest = self._breakers.open_until(iccid, now)
        return {
            "modem": modem.line.name if modem is not None else None,
            "health": modem.status.health.value if modem is not None else None,
            "rests_until": rest[0].isoformat(timespec="microseconds") if rest is not None else None,
            "rate": modem.line.rate(iccid) if modem is not None else None,
        }


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
        raise Refused("bad_class", f"{message_class!r} is no class; there are {', '.join(MessageClass)}")
    if sim is not None and not (sim.isdecimal() and sim.isascii()):
        raise Refused("bad_sim", f"{sim!r} is no ICCID; modemd sims list shows the SIMs")
    return Pause(MessageClass(message_class) if message_class else None, sim)
