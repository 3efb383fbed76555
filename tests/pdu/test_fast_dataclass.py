"""Objects made fast are the objects the class makes."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from modemd.pdu import Address, Concatenation, NumberingPlan, TypeOfNumber
from modemd.pdu.fast_dataclass import make_constructor


def test_the_same_object() -> None:
    """A maker gives what the class gives: same type, fields, defaults, hash."""
    made, plain = make_constructor(Concatenation)(7, 3, 1), Concatenation(7, 3, 1)
    assert type(made) is Concatenation
    assert (made, hash(made), repr(made)) == (plain, hash(plain), repr(plain))
    assert replace(made, sequence=2) == Concatenation(7, 3, 2, 8)


def test_frozen_once_made() -> None:
    """No field of what was made can be set or deleted, by the maker's means or any other."""
    address = make_constructor(Address)("12345", TypeOfNumber.UNKNOWN, plan=NumberingPlan.ISDN)
    with pytest.raises(FrozenInstanceError):
        address.value = "1"  # type: ignore[misc]  # what is refused here
    with pytest.raises(FrozenInstanceError):
        del address.value


def test_a_field_without_default_is_asked_for() -> None:
    """A missing field is a TypeError, as the class has it."""
    with pytest.raises(TypeError, match="missing"):
        make_constructor(Concatenation)(7, 3)  # type: ignore[call-arg]  # what is refused here
