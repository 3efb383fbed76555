"""Which SIM sends a message: pinned, the one its contact last talked with, country and prefix, capability, price. Pure.

Promotion writes the choice down as the message's lane, and SIMs come for what is in their lanes:

    8933…0010           that SIM and no other: pinned to it, or begun by it
    any                 whichever SIM is free first
    any+33              the same, for numbers that begin so: rules or SIMs are particular about them
    any>8933…0010       that SIM, where it is well and not behind; else any
    any+33>cheapest     the cheapest of those that may, likewise

What comes after price in the chain is how lanes are emptied: a SIM that is not well, rests or is paused does not come; a free one
comes first; of several free ones whoever has waited longest comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from modemd.rules.lanes import Lane, LaneKind
from modemd.rules.quotas import QuotaLimits

# A message that has waited so long for the SIM it should go by, which is well but behind, goes by another.
PREFERRED_SIM_WAIT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class SimCapability:
    """What is configured of a SIM: to which prefixes it may write (none: to all), and what a part costs."""

    prefixes: tuple[str, ...] = ()
    price: float | None = None


@dataclass(frozen=True, slots=True)
class LaneAccess:
    """Where a SIM stands with a lane. `homes`: those who go first, if it is not one of them."""

    preferred_sims: frozenset[str] = frozenset()

    @property
    def is_own(self) -> bool:
        return not self.preferred_sims


class Routes:
    """The rules: prefixes and the SIMs that serve them, and what each SIM can."""

    def __init__(
        self, routes: Mapping[str, Sequence[str]] | None = None, senders: Mapping[str, SimCapability] | None = None
    ) -> None:
        self._routes = dict(routes or {})
        self._capabilities = dict(senders or {})
        self._accesses: dict[tuple[str, Lane], LaneAccess | None] = {}

    def make_lane_table(self) -> dict[str, Lane]:
        """The lane of numbers by their longest prefix that a rule or a SIM names; "" is every other number's."""
        named = {prefix for sender in self._capabilities.values() for prefix in sender.prefixes}
        prefixes = {"", *self._routes, *named}
        return {
            prefix: Lane(LaneKind.CHEAPEST if self._find_cheapest(prefix) else LaneKind.ANY, prefix)
            for prefix in sorted(prefixes)
        }

    def find_access(self, sim: str, lane: Lane) -> LaneAccess | None:
        """How `sim` may come for what is in `lane`; None: it may not."""
        key = (sim, lane)
        try:
            return self._accesses[key]
        except KeyError:
            access = self._accesses[key] = self._find_access(sim, lane)
            return access

    def _find_access(self, sim: str, lane: Lane) -> LaneAccess | None:
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
        """Whether rules and capability let a SIM write to numbers of a prefix."""
        rule = max((each for each in self._routes if prefix.startswith(each)), key=len, default=None)
        return self._may_serve(sim, prefix) and (rule is None or sim in self._routes[rule])

    def _find_cheapest(self, prefix: str) -> frozenset[str]:
        """Of those that may write to a prefix and have a price, the cheapest."""
        prices = {
            sim: sender.price
            for sim, sender in self._capabilities.items()
            if sender.price is not None and self._may_route(sim, prefix)
        }
        least = min(prices.values(), default=None)
        return frozenset(sim for sim, price in prices.items() if price == least)


def list_prefixes(number: str, longest: int) -> Iterable[str]:
    """Everything that a rule about a number may be filed under, "" with it."""
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
    """How a SIM may come for what is in a lane. `before`: only for what was queued until then, because others, who are well,
    go first; None: for everything. `holders`: the SIMs whose quota holds what waits there, once all have used it up."""

    queued_before: datetime | None
    quota_sims: frozenset[str]


def _unlimited(sim: str) -> QuotaLimits:
    return QuotaLimits()


@dataclass(frozen=True, slots=True)
class RoutingSnapshot:
    """The rules and the limits of each SIM; which SIMs have asked for parts lately, and which of them are well; since when a
    message is left to its own SIM while that is well. `starting`: one that has not asked yet may be setting up."""

    routes: Routes = field(default_factory=Routes)
    limits: Callable[[str], QuotaLimits] = _unlimited
    active_sims: frozenset[str] = frozenset()
    healthy_sims: frozenset[str] = frozenset()
    is_starting: bool = False
    deferred_since: datetime | None = None

    def find_reach(self, sim: str, lane: Lane) -> LaneReach | None:
        """None: what is in the lane is not for this SIM."""
        place = self.routes.find_access(sim, lane)
        if place is None:
            return None
        if not place.is_own:
            wait = place.preferred_sims & self.healthy_sims or (
                self.is_starting and place.preferred_sims - self.active_sims
            )
            return LaneReach(self.deferred_since if wait else None, place.preferred_sims)
        if not lane.is_shared:
            return LaneReach(None, frozenset({sim}))
        return LaneReach(None, frozenset(each for each in self.active_sims | {sim} if self._has_own_access(each, lane)))

    def _has_own_access(self, sim: str, lane: Lane) -> bool:
        place = self.routes.find_access(sim, lane)
        return place is not None and place.is_own


# No rules and no limits: whichever SIM is free first.
UNRESTRICTED = RoutingSnapshot()
