"""Routing: decides which SIM may send a message, and which of several free ones goes first. Pure.

The order of decision: the pinned SIM; the SIM that the contact last talked with; rules by country and prefix; capability; price.
It is stored as the lane of the message (`rules.lanes`) when that is queued. The rest is how SIMs take parts from their lanes: a
SIM that is not well, rests or is paused takes none; the first free SIM goes first; of several free ones the one that has sent
nothing for the longest time (`service/modems/registry.py` wakes the modems in that order, and the reader answers in it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from modemd.light_dataclass import dataclass
from modemd.rules.lanes import Lane, LaneKind
from modemd.rules.quotas import QuotaLimits

# A message that has waited so long for its preferred SIM, which is well but behind, goes by another.
PREFERRED_SIM_WAIT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class SimCapability:
    """Configuration of a SIM: the prefixes to which it may write (none: to all numbers), and the price of a part."""

    prefixes: tuple[str, ...] = ()
    price: float | None = None


@dataclass(frozen=True, slots=True)
class LaneAccess:
    """Access of a SIM to a lane. `preferred_sims`: those that go first, if it is not one of them."""

    preferred_sims: frozenset[str] = frozenset()

    @property
    def is_own(self) -> bool:
        """True if no other SIM goes first."""
        return not self.preferred_sims


class Routes:
    """Routing rules: prefixes with the SIMs that serve them, and the capability of each SIM. They never change, so that every
    thread may ask."""

    def __init__(
        self, routes: Mapping[str, Sequence[str]] | None = None, senders: Mapping[str, SimCapability] | None = None
    ) -> None:
        self._routes = MappingProxyType(dict(routes or {}))
        self._capabilities = MappingProxyType(dict(senders or {}))

    def make_lane_table(self) -> dict[str, Lane]:
        """Returns the lanes by prefix; a number has the lane of the longest prefix that a rule or a SIM names, "" is for all
        others."""
        named = {prefix for sender in self._capabilities.values() for prefix in sender.prefixes}
        prefixes = {"", *self._routes, *named}
        return {
            prefix: Lane(LaneKind.CHEAPEST if self._find_cheapest(prefix) else LaneKind.ANY, prefix)
            for prefix in sorted(prefixes)
        }

    def find_access(self, sim: str, lane: Lane) -> LaneAccess | None:
        """Returns how `sim` may take parts from `lane`; None: it may not."""
        return _find_access(self, sim, lane)

    def derive_access(self, sim: str, lane: Lane) -> LaneAccess | None:
        """Derives how `sim` may take parts from `lane`, as `find_access` returns it from memory."""
        if not lane.is_shared:
            return LaneAccess() if lane.home == sim else None
        prefers = lane.kind is LaneKind.PREFERRED
        if prefers and lane.home == sim and self._may_serve(sim, lane.prefix):
            return LaneAccess()
        if not self._may_route(sim, lane.prefix):
            return None
        homes = self._find_cheapest(lane.prefix) if lane.kind is LaneKind.CHEAPEST else frozenset[str]()
        if prefers:
            homes = frozenset({lane.home})
        if sim in homes or (prefers and not self._may_serve(lane.home, lane.prefix)):
            return LaneAccess()
        return LaneAccess(homes)

    def _may_serve(self, sim: str, prefix: str) -> bool:
        prefixes = self._capabilities.get(sim, SimCapability()).prefixes
        return not prefixes or any(prefix.startswith(own) for own in prefixes)

    def _may_route(self, sim: str, prefix: str) -> bool:
        """Returns True if rules and capability let a SIM write to numbers of a prefix."""
        rule = max((each for each in self._routes if prefix.startswith(each)), key=len, default=None)
        return self._may_serve(sim, prefix) and (rule is None or sim in self._routes[rule])

    def _find_cheapest(self, prefix: str) -> frozenset[str]:
        """Returns the cheapest of the SIMs that may write to a prefix and have a price."""
        prices = {
            sim: sender.price
            for sim, sender in self._capabilities.items()
            if sender.price is not None and self._may_route(sim, prefix)
        }
        least = min(prices.values(), default=None)
        return frozenset(sim for sim, price in prices.items() if price == least)


# Asked for each lane in every search.
@lru_cache(maxsize=4096)
def _find_access(routes: Routes, sim: str, lane: Lane) -> LaneAccess | None:
    return routes.derive_access(sim, lane)


def list_prefixes(number: str, longest: int) -> Iterable[str]:
    """Yields every prefix of `number` up to `longest` characters, "" first: a rule about the number has one of them."""
    return (number[:length] for length in range(min(len(number), longest) + 1))


def explain_choice(lane: Lane, sim: str) -> str:
    """Returns in a few words why `sim` sends a part that waited in a shared lane."""
    if lane.kind is LaneKind.CHEAPEST:
        return "by price"
    if lane.kind is LaneKind.PREFERRED and lane.home == sim:
        return "it talked with this contact last"
    first = f"first free for {lane.prefix}" if lane.prefix else "first free"
    return f"{first}; SIM {lane.home} was not" if lane.kind is LaneKind.PREFERRED else first


@dataclass(frozen=True, slots=True)
class LaneReach:
    """Reach of a SIM into a lane. `queued_before`: it may take only what was queued until then, because other SIMs, which are
    well, go first; None: everything. `quota_sims`: the SIMs whose quota holds what waits there, once all have used it up."""

    queued_before: datetime | None
    quota_sims: frozenset[str]


def _unlimited(sim: str) -> QuotaLimits:
    return QuotaLimits()


@dataclass(frozen=True, slots=True)
class RoutingSnapshot:
    """Snapshot of the rules, the limits of each SIM, the SIMs that have asked for parts lately, and those of them that are well.
    `deferred_since`: a message queued later is left to its preferred SIM while that is well. `is_starting`: a SIM that has not
    asked yet may be setting up."""

    routes: Routes = field(default_factory=Routes)
    limits: Callable[[str], QuotaLimits] = _unlimited
    active_sims: frozenset[str] = frozenset()
    healthy_sims: frozenset[str] = frozenset()
    is_starting: bool = False
    deferred_since: datetime | None = None

    def find_reach(self, sim: str, lane: Lane) -> LaneReach | None:
        """Returns how `sim` may take parts from `lane` now; None: it may not."""
        access = self.routes.find_access(sim, lane)
        if access is None:
            return None
        if not access.is_own:
            wait = access.preferred_sims & self.healthy_sims or (
                self.is_starting and access.preferred_sims - self.active_sims
            )
            return LaneReach(self.deferred_since if wait else None, access.preferred_sims)
        if not lane.is_shared:
            return LaneReach(None, frozenset({sim}))
        return LaneReach(None, frozenset(each for each in self.active_sims | {sim} if self._has_own_access(each, lane)))

    def _has_own_access(self, sim: str, lane: Lane) -> bool:
        access = self.routes.find_access(sim, lane)
        return access is not None and access.is_own


# No rules and no limits: the first free SIM takes the part.
UNRESTRICTED = RoutingSnapshot()
