"""Health: whether a message can pass. `modemd status`, `GET /healthz` and systemd's STATUS= line all show this answer."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from modemd.errors import StoreDamaged, StoreUnavailable
from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.pauses import find_stopped_classes
from modemd.rules.waits import ExplainWaits, Wait
from modemd.service.modems.views import ModemViews
from modemd.service.operations.alarms import Alarms
from modemd.service.operations.wall_clock import TrustedClock
from modemd.service.views import ModemView, SimView
from modemd.store import Store, listings
from modemd.store.rows import AlarmRow, PauseRow, StoreCounts, WaitingCount

CAN_SEND = "can_send"
NO_DAEMON = "no_daemon"
NO_MODEM = "no_modem_found"
NOT_READY = "none_ready"
PAUSED = "paused"
NOT_NOW = "no modem can send now: "
"""Beginning of the message of `NO_MODEM` and `NOT_READY`."""

CODES = {
    CAN_SEND: "a message can pass",
    NO_DAEMON: "no daemon runs: what is accepted waits",
    NO_MODEM: "no modem is configured, and none is found",
    NOT_READY: "there are modems, and a message can pass through none of them; the first reason is told",
    PAUSED: "modems can send, and a person has paused everything but alarms; the message says who, and why",
}
"""Meaning of each code. There are also those of a database in trouble (`modemd.errors.StoreUnavailable`, `StoreDamaged`)."""


@dataclass(frozen=True, slots=True)
class ModemState:
    """State of a modem, or of a device that cannot be used, as far as health depends on it. `sim`: the ICCID of its SIM."""

    name: str
    can_send: bool
    reason: str | None = None
    sim: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Answer to whether a message can pass, with a code for programs and a line for people."""

    can_send: bool
    code: str
    message: str


def assess_health(
    failure: StoreUnavailable | StoreDamaged | None,
    modems: Sequence[ModemState],
    pauses: Sequence[PauseRow] = (),
    *,
    running: bool = True,
) -> Health:
    """Returns the health of the whole service: the database comes first, since without it nothing is accepted or sent.

    A pause of everything but alarms, on every SIM that can send, is an answer of its own; other pauses are only named."""
    paused = "; ".join(map(str, pauses))
    if failure is not None:
        return Health(False, failure.code, f"nothing is accepted or sent: {failure}")
    able = [modem for modem in modems if modem.can_send]
    open_classes = [_list_open_classes(modem, pauses) for modem in able]
    if able and set().union(*open_classes) <= {MessageClass.ALARM}:
        what = "no message but an alarm" if any(open_classes) else "no message"
        return Health(False, PAUSED, f"{what} can pass: {paused}")
    if able:
        count = f"{len(able)} of {len(modems)} {_counted_modems(len(modems))} can send"
        return Health(True, CAN_SEND, f"a message can pass: {count}{paused and f'; {paused}'}")
    if not running:
        return Health(False, NO_DAEMON, f"no message can pass: no daemon runs{paused and f'; {paused}'}")
    if not modems:
        return Health(False, NO_MODEM, f"{NOT_NOW}none is found")
    first = modems[0]
    others = f" (and {len(modems) - 1} more)" if len(modems) > 1 else ""
    return Health(False, NOT_READY, f"{NOT_NOW}{first.name}: {first.reason or 'starting'}{others}")


def _list_open_classes(modem: ModemState, pauses: Sequence[PauseRow]) -> set[MessageClass]:
    """Returns the classes of which the SIM of a modem may begin a message."""
    return set(MessageClass) - find_stopped_classes([pause.what for pause in pauses], modem.sim or "")


def _counted_modems(count: int) -> str:
    return "modem" if count == 1 else "modems"


@dataclass(frozen=True, slots=True)
class WaitingView:
    """Number of messages of a class that wait in a state, and the age of the oldest of them in seconds; 0 if it is not known.
    `waits`: why the oldest waits; None while a part of it is on the air."""

    count: WaitingCount
    age_s: int
    waits: Wait | None = None


@dataclass(frozen=True, slots=True)
class StatusView:
    """Status of the whole service. `failure`: why the database takes no changes, None while it does; `clock_distrust`: why the
    machine's clock is not trusted, None while it is; `alarms`: the active ones; `pid`: the process that answers."""

    health: Health
    pid: int
    failure: StoreUnavailable | StoreDamaged | None
    clock_distrust: str | None
    modems: tuple[ModemView, ...]
    sims: tuple[SimView, ...]
    alarms: tuple[AlarmRow, ...]
    pauses: tuple[PauseRow, ...]
    waiting: tuple[WaitingView, ...]
    counts: StoreCounts


class ServiceHealth:
    """Health and status of the whole service. `is_running` tells whether its tasks run; `list_sims` returns its SIMs, and
    `list_pauses` what a person has paused."""

    def __init__(
        self,
        store: Store,
        clock: TrustedClock,
        modems: ModemViews,
        alarms: Alarms,
        *,
        list_sims: Callable[[], Awaitable[list[SimView]]],
        list_pauses: Callable[[], Sequence[PauseRow]],
        explain_waits: ExplainWaits,
        is_running: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._modems = modems
        self._alarms = alarms
        self._list_sims = list_sims
        self._list_pauses = list_pauses
        self._explain_waits = explain_waits
        self._is_running = is_running

    def assess(self) -> Health:
        """Returns whether a message can pass. Nothing here waits, not even for the database."""
        states = [
            ModemState(each.name, each.can_send, each.explain(), each.sim) for each in self._modems.list_availability()
        ]
        return assess_health(self._store.failure, states, self._list_pauses(), running=self._is_running())

    async def read_status(self) -> StatusView:
        """Returns whether a message can pass, the modems, the SIMs, the active alarms, and what waits."""
        counts = await self._store.read(listings.read_counts)
        modems, now = self._modems.list_modems(), self._clock.now()
        waits = await self._explain_waits(
            [each.oldest_message for each in counts.waiting if each.oldest_message is not None]
        )
        return StatusView(
            health=self.assess(),
            pid=os.getpid(),
            failure=self._store.failure,
            clock_distrust=self._clock.distrust_reason,
            modems=tuple(modems),
            sims=tuple(await self._list_sims()),
            alarms=tuple(await self._alarms.list_active()),
            pauses=tuple(self._list_pauses()),
            waiting=tuple(
                WaitingView(each, _compute_age_s(each.oldest, now), waits.get(each.oldest_message or 0))
                for each in counts.waiting
            ),
            counts=counts,
        )


def _compute_age_s(oldest: datetime | None, now: datetime) -> int:
    return max(int((now - oldest).total_seconds()), 0) if oldest is not None else 0
