"""Dataclasses whose methods are shared: they behave as those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from modemd.light_dataclass import dataclass

Decorator = Callable[..., Callable[[type], Any]]
BOTH = pytest.mark.parametrize(
    "make", [pytest.param(dataclasses.dataclass, id="standard"), pytest.param(dataclass, id="light")]
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Class that a pickle can name."""

    number: int
    text: str = ""


def make_point(make: Decorator, **options: Any) -> Any:
    """A class of two fields, and a third that is neither compared nor shown."""

    @make(**options)
    class Point:
        """Point."""

        x: int
        y: int = 0
        remark: str = dataclasses.field(default="", compare=False, repr=False)

    return Point


@BOTH
def test_objects_are_compared_by_their_values(make: Decorator) -> None:
    """Those of one class; what is not compared does not count, and another class is never equal."""
    Point = make_point(make, frozen=True, slots=True)
    Other = make_point(make, frozen=True, slots=True)
    assert Point(1, 2, "a") == Point(1, 2, "b")
    assert Point(1, 2) != Point(2, 1)
    assert Point(1, 2) != Other(1, 2)
    assert Point(1, 2) != (1, 2)
    assert len({Point(1, 2, "a"), Point(1, 2, "b"), Point(2, 2)}) == 2
    assert repr(Point(1, 2, "a")).endswith("Point(x=1, y=2)")


@BOTH
@pytest.mark.parametrize(
    ("options", "has_hash"), [({}, False), ({"frozen": True}, True), ({"eq": False}, True), ({"order": True}, False)]
)
def test_what_can_change_has_no_hash(make: Decorator, options: dict[str, bool], has_hash: bool) -> None:
    """As Python says of objects that are compared by values. Without comparison, an object is equal to itself only."""
    point = make_point(make, slots=True, **options)(1)
    assert (type(point).__hash__ is not None) is has_hash
    assert (point == copy.copy(point)) is options.get("eq", True)


@BOTH
def test_a_frozen_object_does_not_change(make: Decorator) -> None:
    """Neither a field, nor any other attribute; an object that is not frozen does."""
    frozen, loose = make_point(make, frozen=True, slots=True)(1), make_point(make, slots=True)(1)
    for name in ("x", "remark"):
        with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(frozen, name, 3)
        with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot delete field '{name}'"):
            delattr(frozen, name)
    loose.x = 3
    assert (frozen.x, loose.x, dataclasses.replace(frozen, x=4).x, dataclasses.astuple(loose)) == (1, 3, 4, (3, 0, ""))


@BOTH
def test_what_a_class_writes_itself_stays(make: Decorator) -> None:
    """Its own comparison, hash and representation."""

    class Own:
        """Object that is equal to everything."""

        x: int

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "own"

    own = make(frozen=True, slots=True)(Own)(1)
    assert (own == 5, hash(own), repr(own)) == (True, 7, "own")


@BOTH
def test_order_is_that_of_the_values(make: Decorator) -> None:
    """If it is asked for."""
    Point = make_point(make, frozen=True, slots=True, order=True)
    assert sorted([Point(2), Point(1, 5), Point(1, 3)]) == [Point(1, 3), Point(1, 5), Point(2)]


@BOTH
def test_an_object_without_fields_is_equal_to_another(make: Decorator) -> None:
    """And one may contain itself, and be shown all the same."""

    @make(frozen=True, slots=True)
    class Empty:
        """Nothing."""

    @make(slots=True)
    class Box:
        """Box."""

        inside: Any = None

    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    box = Box()
    box.inside = [box]
    assert repr(box).endswith("Box(inside=[...])")


def test_objects_can_be_copied_and_pickled() -> None:
    """With slots, and frozen."""
    assert pickle.loads(pickle.dumps(Kept(1, "a"))) == copy.deepcopy(Kept(1, "a")) == Kept(1, "a")  # noqa: S301 - our own


def test_the_class_that_slots_has_replaced_is_gone() -> None:
    """In the standard library of Python 3.11, two of the compiled functions keep it."""

    class Written:
        """The class as it is written."""

        x: int

    replaced = weakref.ref(Written)
    made: Any = dataclass(frozen=True, slots=True)(Written)
    del Written
    gc.collect()
    assert replaced() is None
    assert made(1).x == 1
