"""On which terms SIMs come for parts: which lanes are theirs now, and what they may send. Pure: a snapshot of what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from modemd.rules.quota import Limits
from modemd.rules.routing import Routes, is_shared


@dataclass(frozen=True, slots=True)
class Reach:
    """How a SIM may come for what is in a lane. `before`: only for what was queued until then, because others, who are well,
    go first; None: for everything. `holders`: the SIMs whose quota holds what waits there, once all have used it up."""

    before: datetime | None
    holders: frozenset[str]


def _unlimited(sim: str) -> Limits:
    return Limits()


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules and the limits of each SIM; which SIMs have asked for parts lately, and which of them are well; since when a
    message is left to its own SIM while that is well. `starting`: one that has not asked yet may be setting up."""

    routes: Routes = field(default_factory=Routes)
    limits: Callable[[str], Limits] = _unlimited
    present: frozenset[str] = frozenset()
    well: frozenset[str] = frozenset()
    starting: bool = False
    left_since: datetime | None = None

    def reach(self, sim: str, lane: str) -> Reach | None:
        """None: what is in the lane is not for this SIM."""
        place = self.routes.place(sim, lane)
        if place is None:
            return None
        if not place.own:
            wait = place.homes & self.well or (self.starting and place.homes - self.present)
            return Reach(self.left_since if wait else None, place.homes)
        if not is_shared(lane):
            return Reach(None, frozenset({sim}))
        return Reach(None, frozenset(each for each in self.present | {sim} if self._owns(each, lane)))

    def _owns(self, sim: str, lane: str) -> bool:
        place = self.routes.place(sim, lane)
        return place is not None and place.own


# No rules and no limits: whichever SIM is free first.
FREE = Terms()
