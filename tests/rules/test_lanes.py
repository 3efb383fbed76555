"""Lanes as values: nothing is read out of the form of a sender's identity."""

from __future__ import annotations

import pytest

from modemd.rules.lanes import ANY, Lane, LaneKind
from modemd.rules.routing import LaneAccess, LaneReach, Routes, RoutingSnapshot, SimCapability

# Identities that look like other lanes, or like their parts.
ODD = ["MyShop", "twilio:+15005550006", "any", "any+49", "any>cheapest", "cheapest", "a/b c>d", "~", "été"]


@pytest.mark.parametrize("sender", ODD)
def test_a_sender_of_any_form_is_one_sender(sender: str) -> None:
    """Its own lane is its alone; where it is preferred, it goes first, and the others after it."""
    own, preferring = Lane.of_sender(sender), Lane(LaneKind.ANY, "+49").preferring(sender)
    assert (own.is_shared, own.home, preferring.is_shared, preferring.home) == (False, sender, True, sender)
    assert preferring.without_preference() == Lane(LaneKind.ANY, "+49")
    routes = Routes(senders={"8949010000000000036": SimCapability(prefixes=("+49",), price=0.01)})
    assert [routes.find_access(sim, own) is not None for sim in (sender, "8949010000000000036")] == [True, False]
    assert routes.find_access(sender, preferring) == LaneAccess()
    assert routes.find_access("8949010000000000036", preferring) == LaneAccess(frozenset({sender}))
    assert RoutingSnapshot(routes).find_reach(sender, own) == LaneReach(None, frozenset({sender}))


def test_cheapest_is_no_sender() -> None:
    """A sender of that name is preferred by its name alone."""
    assert ANY.preferring("cheapest") != Lane(LaneKind.CHEAPEST)
