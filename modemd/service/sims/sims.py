"""SIMs as senders: their quotas, pauses by people, admission, and the lanes that the routing rules make."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.config import CurrentSettings, SimSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.modem.modem import Modem
from modemd.rules.classes import MessageClass
from modemd.rules.country_policies.policies import Policy
from modemd.rules.pauses import Pause, find_stopped_classes
from modemd.rules.quotas import QuotaUsage
from modemd.rules.sending_time import SimCapacity
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.authorship import check_authorship
from modemd.service.dispatch.policy import SendingPolicy, SimLimits
from modemd.service.messages.decisions import Authorship
from modemd.service.named_sim import PAUSE_WAITS, check_sim_id, describe_unmet
from modemd.service.sims.balances import Balances
from modemd.service.sims.policies import list_policies
from modemd.service.store_retry import StoreRetry
from modemd.service.views import LimitView, PauseView, SimView
from modemd.store import Store, lanes, listings, sims
from modemd.store.queue import pauses, quotas
from modemd.store.rows import PauseRow, SimRow

log = logs.get(__name__)

STEP = 500
# Pace of a SIM that is in no modem now, in parts per second: that of a modem without a rate of its own.
DEFAULT_RATE = 1.0


@dataclass(frozen=True, slots=True)
class _SimUsage:
    """SIM as the database knows it: its row, its limits by reason, and the classes that are paused on it."""

    sim: SimRow
    limits: dict[str, LimitView]
    paused: tuple[MessageClass, ...]


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
        self.active_pauses: tuple[PauseRow, ...] = ()
        """Active pauses, oldest first, as the database has them: this process alone changes them."""

    async def load_pauses(self) -> None:
        """Reads the pauses from the database, before anything else."""
        self.active_pauses = tuple(await self._store.read(pauses.list_pauses))

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

    async def list_sims(self) -> list[SimView]:
        """Returns the SIMs that were met, with what each has used of its quotas, and its balance if that is known."""
        now = self._clock.now()
        names = {iccid: sim.name for iccid, sim in self._settings.current().sims.items()}
        usages = await self._store.read(partial(_read_usages, limits=self._policy.limits, now=now))
        modems = {each.status.identity.iccid: each for each in self._modems() if each.status.identity is not None}
        return [self._make_view(usage, names, modems.get(usage.sim.iccid), now) for usage in usages]

    async def list_capacities(self) -> list[SimCapacity]:
        """Returns what the admitted SIMs can send: those that are in a modem now; if none is, as without a daemon, all that were
        met."""
        settings, now = self._settings.current(), self._clock.now()
        usages = await self._store.read(partial(_read_quota_usages, limits=self._policy.limits, now=now))
        modems = {each.status.identity.iccid: each for each in self._modems() if each.status.identity is not None}
        present = {iccid: found for iccid, found in usages.items() if iccid in modems} or usages
        capacities = []
        for iccid, (usage, stopped) in present.items():
            configured = settings.sims.get(iccid, SimSettings())
            own = DEFAULT_RATE if configured.rate == "modem" else configured.rate
            rate = modems[iccid].line.rate(iccid) if iccid in modems else own
            capacities.append(SimCapacity(iccid, rate, usage, configured.price, stopped))
        return capacities

    async def admit(self, iccid: str) -> SimView:
        """Admits a SIM, so that it may be used. Raises Refused (`no_sim`) if no SIM of that ICCID was met."""
        if not await self._store.write(partial(sims.admit, iccid=iccid, now=self._clock.now())):
            raise Refused(ErrorCode.NO_SIM, f"no SIM {iccid} was met; `modemd sims list` shows those that were")
        self._on_ready()
        return next(view for view in await self.list_sims() if view.sim.iccid == iccid)

    def list_policies(self, country: str | None) -> list[Policy]:
        """Returns the policies of a country and those of no country; without a country, all. Raises Refused (`bad_country`)."""
        return list_policies(country)

    async def list_pauses(self) -> list[PauseView]:
        """Returns the pauses: of what, since when, by whom and why."""
        return await self._store.read(_read_pauses)

    async def pause(self, message_class: str | None, sim: str | None, authorship: Authorship) -> list[PauseView]:
        """Pauses a class, a SIM, a class at a SIM, or everything: no message of it is begun, and those that were begun are
        finished. Alarms go on unless their class is named. Returns all pauses. Raises Refused (`bad_class`, `bad_sim`,
        `no_reason`)."""
        if sim is not None:
            check_sim_id(sim)
        return await self._change_pauses(pauses.pause, message_class, sim, authorship)

    async def resume(self, message_class: str | None, sim: str | None, authorship: Authorship) -> list[PauseView]:
        """Ends exactly such a pause. Returns all that are left. Raises Refused (`not_paused`, `bad_class`, `no_reason`)."""
        return await self._change_pauses(pauses.resume, message_class, sim, authorship)

    async def _change_pauses(
        self,
        change: Callable[[sqlite3.Connection, Pause, Authorship, datetime], None],
        message_class: str | None,
        sim: str | None,
        authorship: Authorship,
    ) -> list[PauseView]:
        what, checked, now = _pause_of(message_class, sim), check_authorship(authorship), self._clock.now()

        def change_and_read(db: sqlite3.Connection) -> list[PauseView]:
            change(db, what, checked, now)
            return _read_pauses(db)

        active = await self._store.write(change_and_read)
        self.active_pauses = tuple(view.pause for view in active)
        self._on_changed()
        return active

    def _make_view(
        self, usage: _SimUsage, names: Mapping[str, str | None], modem: Modem | None, now: datetime
    ) -> SimView:
        iccid = usage.sim.iccid
        breaker = self._breakers.open_until(iccid, now)
        return SimView(
            sim=usage.sim,
            name=names.get(iccid),
            limits=usage.limits,
            paused=usage.paused,
            modem=modem.line.name if modem is not None else None,
            health=modem.status.health if modem is not None else None,
            rests_until=breaker[0] if breaker is not None else None,
            rate=modem.line.rate(iccid) if modem is not None else None,
            balance=self._balances.view(iccid),
        )


def _read_pauses(db: sqlite3.Connection) -> list[PauseView]:
    return [
        PauseView(
            pause,
            () if pause.sim is None or sims.is_known(db, pause.sim) else (describe_unmet(pause.sim, PAUSE_WAITS),),
        )
        for pause in pauses.list_pauses(db)
    ]


def _read_usages(db: sqlite3.Connection, limits: SimLimits, now: datetime) -> list[_SimUsage]:
    paused = pauses.list_active(db)
    return [
        _SimUsage(
            sim,
            _make_limits(quotas.read_usage(db, sim.iccid, limits(sim.iccid, sim.number), now)),
            tuple(each for each in MessageClass if each in find_stopped_classes(paused, sim.iccid)),
        )
        for sim in listings.list_sims(db)
    ]


def _read_quota_usages(
    db: sqlite3.Connection, limits: SimLimits, now: datetime
) -> dict[str, tuple[QuotaUsage, frozenset[MessageClass]]]:
    """Returns the usage of each admitted SIM, and the classes that are paused on it."""
    paused = pauses.list_active(db)
    return {
        sim.iccid: (
            quotas.read_usage(db, sim.iccid, limits(sim.iccid, sim.number), now),
            frozenset(find_stopped_classes(paused, sim.iccid)),
        )
        for sim in listings.list_sims(db)
        if sim.admitted_at is not None
    }


def _make_limits(usage: QuotaUsage) -> dict[str, LimitView]:
    """Returns each limit that binds marketing, which all of them do; of a quota the whole, with its reserve."""
    found = {}
    for ceiling in usage.list_ceilings(MessageClass.MARKETING):
        whole = usage.limits.quota(ceiling.period) if ceiling.reason.startswith("quota_") else None
        most = ceiling.limit if whole is None else whole
        found[ceiling.reason] = LimitView(ceiling.used, most, most - ceiling.limit)
    return found


def _pause_of(message_class: str | None, sim: str | None) -> Pause:
    if message_class is not None and message_class not in set(MessageClass):
        raise Refused(ErrorCode.BAD_CLASS, f"{message_class!r} is no class; there are {', '.join(MessageClass)}")
    return Pause(MessageClass(message_class) if message_class else None, sim)
