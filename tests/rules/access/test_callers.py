"""Callers and their scopes."""

from __future__ import annotations

import pytest

from modemd.errors import Refused
from modemd.rules.access.callers import (
    ALL,
    SOCKET,
    Caller,
    choose_line,
    find_unknown_scopes,
    scope_idempotency_key,
    show_idempotency_key,
)

SHOP = Caller(7, "shop", frozenset({"messages:write"}), lines=("8933",))


def test_a_scope_allows_one_thing_and_all_allows_everything() -> None:
    """To write is not to read."""
    assert SHOP.may("messages:write")
    assert not SHOP.may("messages:read")
    assert not SHOP.may(ALL)
    assert SOCKET.may("keys:write")
    assert find_unknown_scopes(["all", "messages:write", "messages:delete"]) == ["messages:delete"]


def test_each_key_has_a_space_of_idempotency_keys() -> None:
    """Two keys and the socket may take the same one; each sees its own."""
    stored = {scope_idempotency_key(key, "order-1") for key in (None, 7, 77)}
    assert len(stored) == 3
    assert {show_idempotency_key(each) for each in stored} == {"order-1"}
    assert scope_idempotency_key(7, None) is None
    assert show_idempotency_key(None) is None


def test_a_key_sends_by_its_lines_only() -> None:
    """One line is chosen by itself; of several, one has to be named; another is refused."""
    two = Caller(8, "plant", frozenset({ALL}), lines=("8933", "8944"))
    assert choose_line(SOCKET, None) is None
    assert choose_line(SHOP, None) == "8933"
    assert choose_line(two, "8944") == "8944"
    for caller, sim in ((SHOP, "8944"), (two, None)):
        with pytest.raises(Refused, match="sends only by these SIMs") as refused:
            choose_line(caller, sim)
        assert refused.value.code == "forbidden"
