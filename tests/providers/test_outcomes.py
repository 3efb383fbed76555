"""Outcomes of a send, and which of them another route may follow."""

from __future__ import annotations

import pytest

from modemd.providers.outcomes import Ambiguous, RefusalClass, Taken


@pytest.mark.parametrize("refusal", RefusalClass)
def test_another_route_follows_only_what_was_surely_not_taken(refusal: RefusalClass) -> None:
    """Neither a wrong number, an opt-out, nor a message that was refused goes to a second provider; nor what may be tried
    again."""
    assert refusal.may_fail_over == (refusal in ("throttle", "account", "money", "route", "sender"))


def test_there_are_nine_classes() -> None:
    """Each has its place in the tables of the providers."""
    words = {"number", "optout", "message", "sender", "throttle", "account", "money", "route", "again"}
    assert set(RefusalClass) == words


def test_an_opt_out_is_the_end_on_every_route() -> None:
    """Whatever else can send: the person does not want it."""
    assert not RefusalClass.OPTOUT.may_fail_over


def test_what_a_provider_does_not_say_is_none() -> None:
    """No number or name is made up for it."""
    taken = Taken("SM1")
    assert (taken.segments, taken.price, taken.sender_used, taken.refused_parts, taken.more_ids) == (
        None,
        None,
        None,
        0,
        (),
    )
    assert Ambiguous(("a", "b")).provider_ids == ("a", "b")
