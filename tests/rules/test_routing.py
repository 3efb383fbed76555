"""The chain: which lane a number has, and who may come for what is in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.lanes import Lane, LaneKind
from modemd.rules.pauses import Pause, find_stopped_classes
from modemd.rules.routing import Routes, RoutingSnapshot, SimCapability, explain_choice

A, B, C = "8933010000000000010", "8933010000000000028", "8949010000000000036"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def named(text: str) -> Lane:
    """The lane of these short words."""
    if not text.startswith("any"):
        return Lane.of_sender(text)
    prefix, _, home = text.removeprefix("any").partition(">")
    kind = {"": LaneKind.ANY, "cheapest": LaneKind.CHEAPEST}.get(home, LaneKind.PREFERRED)
    lane = Lane(kind, prefix, home if kind is LaneKind.PREFERRED else "")
    assert str(lane) == text
    return lane


def takers(routes: Routes, lane: str) -> dict[str, bool]:
    """The SIMs that may come for what is in a lane, and whether it is theirs first."""
    places = {sim: routes.find_access(sim, named(lane)) for sim in (A, B, C)}
    return {sim: place.is_own for sim, place in places.items() if place is not None}


def table(routes: Routes) -> dict[str, str]:
    """The lanes by prefix, in short words."""
    return {prefix: str(lane) for prefix, lane in routes.make_lane_table().items()}


def test_without_rules_everybody_may() -> None:
    """One lane for all numbers, and every SIM comes for what is in it."""
    assert table(Routes()) == {"": "any"}
    assert takers(Routes(), "any") == {A: True, B: True, C: True}


def test_a_pinned_lane_is_one_sims() -> None:
    """Nobody else comes for it, whatever happens to that SIM."""
    assert takers(Routes(), A) == {A: True}


def test_a_rule_names_the_sims_of_a_prefix() -> None:
    """The longest prefix decides; a SIM of another rule does not come."""
    routes = Routes({"+49": [C], "+4917": [A, C]})
    assert table(routes) == {"": "any", "+49": "any+49", "+4917": "any+4917"}
    assert takers(routes, "any+49") == {C: True}
    assert takers(routes, "any+4917") == {A: True, C: True}
    assert takers(routes, "any") == {A: True, B: True, C: True}


def test_a_sim_that_cannot_write_there_does_not_come() -> None:
    """What a SIM can goes before every wish: also where a contact talked with it."""
    routes = Routes(senders={C: SimCapability(prefixes=("+49", "+43"))})
    assert set(table(routes)) == {"", "+49", "+43"}
    assert takers(routes, "any") == {A: True, B: True}
    assert takers(routes, "any+49") == {A: True, B: True, C: True}
    assert takers(routes, f"any>{C}") == {A: True, B: True}, "nobody waits for it either"


def test_the_sim_of_the_contact_goes_first() -> None:
    """Others come for what is left; the contact's SIM goes before the rule of its prefix."""
    assert takers(Routes(), f"any>{A}") == {A: True, B: False, C: False}
    assert takers(Routes({"+49": [B, C]}), f"any+49>{A}") == {A: True, B: False, C: False}


def test_of_those_that_may_the_cheapest_goes_first() -> None:
    """Price is looked at behind rule and capability; a SIM without a price is not cheap."""
    routes = Routes(
        {"+49": [B, C]}, {A: SimCapability(price=0.01), B: SimCapability(price=0.05), C: SimCapability(price=0.03)}
    )
    assert table(routes) == {"": "any>cheapest", "+49": "any+49>cheapest"}
    assert takers(routes, "any>cheapest") == {A: True, B: False, C: False}
    assert takers(routes, "any+49>cheapest") == {B: False, C: True}
    assert takers(Routes(senders={A: SimCapability(price=1.0)}), "any>cheapest") == {A: True, B: False, C: False}


@pytest.mark.parametrize(
    ("well", "starting", "waits"),
    [
        pytest.param({A, B}, False, True, id="well: it has its time"),
        pytest.param({B}, False, False, id="not well: at once"),
        pytest.param({B}, True, True, id="just started: it may come yet"),
    ],
)
def test_health_spills_at_once_and_pace_after_a_while(well: set[str], starting: bool, waits: bool) -> None:
    """What is another SIM's is left to it while it is well, for as long as patience lasts."""
    since = NOW - timedelta(seconds=30)
    terms = RoutingSnapshot(
        active_sims=frozenset({B} | well), healthy_sims=frozenset(well), is_starting=starting, deferred_since=since
    )
    reach = terms.find_reach(B, named(f"any>{A}"))
    assert reach is not None
    assert reach.queued_before == (since if waits else None)
    assert reach.quota_sims == {A}, "its quota holds it all the same"


def test_who_holds_a_shared_lane() -> None:
    """A lane without a first one is held once every SIM that comes for it has used up its quota."""
    terms = RoutingSnapshot(Routes({"+49": [B, C]}), active_sims=frozenset({A, B, C}))
    assert [terms.find_reach(B, named(lane)).quota_sims for lane in ("any", "any+49", B)] == [{A, B, C}, {B, C}, {B}]  # type: ignore[union-attr]
    assert terms.find_reach(A, named("any+49")) is None


@pytest.mark.parametrize(
    ("lane", "sim", "said"),
    [
        ("any", A, "first free"),
        ("any+49", A, "first free for +49"),
        (f"any>{A}", A, "it talked with this contact last"),
        (f"any>{A}", B, f"first free; SIM {A} was not"),
        ("any>cheapest", A, "by price"),
    ],
)
def test_the_story_says_why(lane: str, sim: str, said: str) -> None:
    """`explain` tells why that SIM sent a message."""
    assert explain_choice(named(lane), sim) == said


def test_lanes_are_told_apart() -> None:
    """An ICCID is a lane of one; a shared lane keeps its base whoever goes first."""
    assert [named(lane).is_shared for lane in (A, "any", f"any+33>{A}")] == [False, True, True]
    assert [str(named(lane).without_preference()) for lane in ("any", f"any+33>{A}")] == ["any", "any+33"]


@pytest.mark.parametrize(
    ("pause", "sim", "goes_on"),
    [
        pytest.param(Pause(), A, {MessageClass.ALARM}, id="the queue"),
        pytest.param(Pause(sim=A), A, {MessageClass.ALARM}, id="a SIM"),
        pytest.param(Pause(sim=A), B, set(MessageClass), id="another SIM"),
        pytest.param(Pause(MessageClass.ALARM), A, set(MessageClass) - {MessageClass.ALARM}, id="alarms by name"),
        pytest.param(Pause(MessageClass.OTP, A), A, set(MessageClass) - {MessageClass.OTP}, id="a class on a SIM"),
        pytest.param(Pause(MessageClass.OTP, A), B, set(MessageClass), id="that class on another SIM"),
    ],
)
def test_alarms_go_on_unless_they_are_named(pause: Pause, sim: str, goes_on: set[MessageClass]) -> None:
    """A pause stops what it names; the queue and a SIM are paused without alarms."""
    assert set(MessageClass) - find_stopped_classes([pause], sim) == goes_on
