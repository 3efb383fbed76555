"""Health: whether a message can pass. `modemd status`, `GET /healthz` and systemd's STATUS= line give this one answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modemd.errors import StoreDamaged, StoreUnavailable
from modemd.service.modems.views import ModemViews
from modemd.service.operations.alarms import Alarms
from modemd.service.operations.wall_clock import TrustedClock
from modemd.store import Store, listings

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
"""What each code means; beside them those of a database in trouble (`modemd.errors.StoreUnavailable`, `StoreDamaged`)."""


@dataclass(frozen=True, slots=True)
class ModemState:
    """What the verdict needs to know of a modem, or of something that is plugged in and is none yet."""

    name: str
    can_send: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a message can pass, with a code for programs and a line for people."""

    can_send: bool
    code: str
    message: str


def assess_health(
    trouble: StoreUnavailable | StoreDamaged | None, modems: Sequence[ModemState], *, running: bool = True
) -> Health:
    """What holds for the whole: the database first, since without it nothing is accepted or sent."""
    if trouble is not None:
        return Health(False, trouble.code, f"nothing is accepted or sent: {trouble}")
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


class ServiceHealth:
    """Health and status of the whole service. `is_running` tells whether its tasks run; `list_sims` returns its SIMs."""

    def __init__(
        self,
        store: Store,
        clock: TrustedClock,
        modems: ModemViews,
        alarms: Alarms,
        *,
        list_sims: Callable[[], Awaitable[list[dict[str, Any]]]],
        is_running: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._modems = modems
        self._alarms = alarms
        self._list_sims = list_sims
        self._is_running = is_running

    def assess(self) -> Health:
        """Says whether a message can pass. It waits for nothing, not even for the database."""
        return self._assess(self._modems.list_modems())

    def _assess(self, modems: Sequence[dict[str, Any]]) -> Health:
        states = [
            ModemState(
                modem["name"], modem["can_send"], modem["reason"] or "; ".join(modem["remarks"]) or modem["health"]
            )
            for modem in modems
        ]
        return assess_health(self._store.failure, states, running=self._is_running())

    async def read_status(self) -> dict[str, Any]:
        """Returns whether a message can pass, the modems, the SIMs, the active alarms, and what waits."""
        counts = await self._store.read(listings.read_counts)
        modems = self._modems.list_modems()
        health = self._assess(modems)
        now = self._clock.now()
        for row in counts["waiting"]:
            row["age_s"] = (
                max(int((now - datetime.fromisoformat(row["oldest"])).total_seconds()), 0) if row["oldest"] else 0
            )
        failure = self._store.failure
        return {
            "can_send": health.can_send,
            "code": health.code,
            "message": health.message,
            "trouble": {"code": failure.code, "message": str(failure)} if failure else None,
            "clock": {"trusted": self._clock.is_trusted, "because": self._clock.distrust_reason},
            "modems": modems,
            "sims": await self._list_sims(),
            "alarms": await self._alarms.list_alarms(cleared=False, limit=0),
            **counts,
        }
