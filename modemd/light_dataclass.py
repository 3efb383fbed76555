"""Dataclasses that take half the memory: `dataclass` as the standard library has it, but with methods that all of them share.

The standard library compiles six functions for a frozen class, and two of them keep the class alive that `slots` has replaced.
The daemon has some five hundred such classes: that took 3.5 MiB. Here only `__init__` is compiled for each class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # for the type checker it is the same
else:
    import dataclasses
    from operator import attrgetter
    from reprlib import recursive_repr

    def dataclass(cls=None, /, *, eq=True, frozen=False, order=False, **options):
        """Returns the class, made a dataclass, or the decorator that does it, with the options of the standard library."""
        if cls is None:
            return lambda decorated: dataclass(decorated, eq=eq, frozen=frozen, order=order, **options)
        if order:  # its comparisons are compiled for each class; there is hardly one such class
            return dataclasses.dataclass(cls, eq=eq, frozen=frozen, order=order, **options)
        written = vars(cls)
        shared = {"__repr__": _describe}
        if eq:
            shared |= {"__eq__": _equals}
            # Who writes __eq__ gets None for __hash__ from Python.
            if written.get("__hash__") is None:
                shared["__hash__"] = _hash if frozen else None
        shared = {name: method for name, method in shared.items() if name == "__hash__" or name not in written}
        if frozen:
            shared |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
        made = dataclasses.dataclass(cls, eq=False, frozen=frozen, repr=False, **options)
        for name, method in shared.items():
            setattr(made, name, method)
        return made

    _getters = {}

    def _make_getter(cls):
        """Makes the function that returns the values by which objects of a class are compared."""
        names = [each.name for each in dataclasses.fields(cls) if each.compare]
        getter = _getters[cls] = attrgetter(*names) if names else lambda empty: ()
        return getter

    def _equals(self, other):
        cls = self.__class__
        if other.__class__ is not cls:
            return NotImplemented
        getter = _getters.get(cls) or _make_getter(cls)
        return getter(self) == getter(other)

    def _hash(self):
        cls = self.__class__
        return hash((_getters.get(cls) or _make_getter(cls))(self))

    @recursive_repr()
    def _describe(self):
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def _refuse_to_set(self, name, value):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_to_delete(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
