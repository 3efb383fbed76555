"""Health: whether a message can pass. `modemd status`, `GET /healthz` and systemd's STATUS= line all show this answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from modemd.errors import StoreDamaged, StoreUnavailable
from modemd.service.modems.views import ModemViews
from modemd.service.operations.alarms import Alarms
from modemd.service.operations.wall_clock import TrustedClock
from modemd.service.views import ModemView, SimView
from modemd.store import Store, listings
from modemd.store.rows import AlarmRow, StoreCounts, WaitingCount

CAN_SEND = "can_send"
NO_DAEMON = "no_daemon"
NO_MODEM = "no_modem_found"
NOT_READY = "none_ready"

CODES = {
    CAN_SEND: "a message can pass",
    NO_DAEMON: "no daemon runs: what is accepted waits",
    NO_MODEM: "no modem is configured, and none is found",
    NOT_READY: "there are modems, and a message can pass through none of them; the first reason is told",
}
"""Meaning of each code. There are also those of a database in trouble (`modemd.errors.StoreUnavailable`, `StoreDamaged`)."""


@dataclass(frozen=True, slots=True)
class ModemState:
    """State of a modem, or of a device that cannot be used, as far as health depends on it."""

    name: str
    can_send: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Answer to whether a message can pass, with a code for programs and a line for people."""

    can_send: bool
    code: str
    message: str


def assess_health(
    failure: StoreUnavailable | StoreDamaged | None, modems: Sequence[ModemState], *, running: bool = True
) -> Health:
    """Returns the health of the whole service: the database comes first, since without it nothing is accepted or sent."""
    if failure is not None:
        return Health(False, failure.code, f"nothing is accepted or sent: {failure}")
    able = sum(modem.can_send for modem in modems)
    if able:
        return Health(
            True, CAN_SEND, f"a message can pass: {able} of {len(modems)} {_counted_modems(len(modems))} can send"
        )
    if not running:
        return Health(False, NO_DAEMON, "no modem can send now: no daemon runs")
    if not modems:
        return Health(False, NO_MODEM, "no modem can send now: none is found")
    first = modems[0]
    others = f" (and {len(modems) - 1} more)" if len(modems) > 1 else ""
    return Health(False, NOT_READY, f"no modem can send now: {first.name}: {first.reason or 'starting'}{others}")


def _counted_modems(count: int) -> str:
    return "modem" if count == 1 else "modems"


@dataclass(frozen=True, slots=True)
class WaitingView:
    """Number of messages of a class that wait in a state, and the age of the oldest of them in seconds; 0 if it is not known."""

    count: WaitingCount
    age_s: int


@dataclass(frozen=True, slots=True)
class StatusView:
    """Status of the whole service. `failure`: why the database takes no changes, None while it does; `clock_distrust`: why the
    machine's clock is not trusted, None while it is; `alarms`: the active ones."""

    health: Health
    failure: StoreUnavailable | StoreDamaged | None
    clock_distrust: str | None
    modems: tuple[ModemView, ...]
    sims: tuple[SimView, ...]
    alarms: tuple[AlarmRow, ...]
    waiting: tuple[WaitingView, ...]
    counts: StoreCounts


class ServiceHealth:
    """Health and status of the whole service. `is_running` tells whether its tasks run; `list_sims` returns its SIMs."""

    def __init__(
        self,
        store: Store,
        clock: TrustedClock,
        modems: ModemViews,
        alarms: Alarms,
        *,
        list_sims: Callable[[], Awaitable[list[SimView]]],
        is_running: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._modems = modems
        self._alarms = alarms
        self._list_sims = list_sims
        self._is_running = is_running

    def assess(self) -> Health:
        """Returns whether a message can pass. Nothing here waits, not even for the database."""
        return self._assess(self._modems.list_modems())

    def _assess(self, modems: Sequence[ModemView]) -> Health:
        states = [
            ModemState(modem.name, modem.can_send, modem.reason or "; ".join(modem.remarks) or modem.health)
            for modem in modems
        ]
        return assess_health(self._store.failure, states, running=self._is_running())

    async def read_status(self) -> StatusView:
        """Returns whether a message can pass, the modems, the SIMs, the active alarms, and what waits."""
        counts = await self._store.read(listings.read_counts)
        modems, now = self._modems.list_modems(), self._clock.now()
        return StatusView(
            health=self._assess(modems),
            failure=self._store.failure,
            clock_distrust=self._clock.distrust_reason,
            modems=tuple(modems),
            sims=tuple(await self._list_sims()),
            alarms=tuple(await self._alarms.list_alarms(cleared=False, limit=0)),
            waiting=tuple(WaitingView(each, _compute_age_s(each.oldest, now)) for each in counts.waiting),
            counts=counts,
        )


def _compute_age_s(oldest: datetime | None, now: datetime) -> int:
    return max(int((now - oldest).total_seconds()), 0) if oldest is not None else 0
