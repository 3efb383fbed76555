"""Reader of TOML tables into dataclasses: collects every mistake with file and key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar, cast

Made = TypeVar("Made")


class TableReader:
    """Builds dataclasses from the tables of one file. `problems` has a line for each mistake.

    Fields may be str, bool, int, float, tuples of them of any length, and tuples of a dataclass that `nested` names.
    """

    def __init__(self, path: Path, nested: Mapping[str, type]) -> None:
        self.problems: list[str] = []
        self._path = path
        self._nested = nested

    def wrong(self, key: str, what: str) -> None:
        """Adds a mistake."""
        self.problems.append(f"{self._path}: {key}: {what}")

    def table(self, key: str, value: object) -> dict[str, Any]:
        """Returns the value as a table; if it is none, adds a mistake and returns an empty one."""
        if isinstance(value, dict):
            return cast(dict[str, Any], value)
        self.wrong(key, "must be a table")
        return {}

    def strings(self, key: str, value: object) -> dict[str, str]:
        """Reads a table of strings."""
        return {
            name: text for name, text in self.table(key, value).items() if self._holds(f"{key}.{name}", text, "str")
        }

    def lists(self, key: str, value: object) -> dict[str, tuple[str, ...]]:
        """Reads a table of lists of strings."""
        return {
            name: tuple(texts)
            for name, texts in self.table(key, value).items()
            if self._holds(f"{key}.{name}", texts, "tuple[str, ...]")
        }

    def section(self, kind: type[Made], where: str, table: object) -> Made | None:
        """Builds a dataclass from a table. Adds a mistake and returns None if a required field is missing."""
        known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]  # every `kind` is a dataclass
        values: dict[str, Any] = {}
        for key, value in self.table(where, table).items():
            wanted = str(known[key].type) if key in known else ""
            inner = self._nested.get(wanted.removeprefix("tuple[").removesuffix(", ...]"))
            if not wanted:
                self.wrong(f"{where}.{key}", f"unknown; allowed: {', '.join(known)}")
            elif inner is not None:
                values[key] = self._sections(inner, f"{where}.{key}", value)
            elif self._holds(f"{where}.{key}", value, wanted):
                values[key] = tuple(value) if isinstance(value, list) else value
        missing = [one.name for one in known.values() if one.default is MISSING and one.name not in values]
        for name in missing:
            self.wrong(f"{where}.{name}", "missing")
        return None if missing else kind(**values)

    def _sections(self, kind: type, where: str, value: object) -> tuple[object, ...]:
        if not isinstance(value, list):
            self.wrong(where, "must be a list of tables")
            return ()
        built = [self.section(kind, f"{where}[{number}]", table) for number, table in enumerate(value)]
        return tuple(one for one in built if one is not None)

    def _holds(self, where: str, value: object, wanted: str) -> bool:
        fits = {
            "str": lambda: isinstance(value, str),
            "bool": lambda: isinstance(value, bool),
            "int": lambda: type(value) is int,
            "float": lambda: type(value) in (int, float),
            "tuple[str, ...]": lambda: isinstance(value, list) and all(isinstance(one, str) for one in value),
            "tuple[int, ...]": lambda: isinstance(value, list) and all(type(one) is int for one in value),
            "tuple[float, ...]": lambda: isinstance(value, list) and all(type(one) in (int, float) for one in value),
        }[wanted]()
        if not fits:
            self.wrong(where, f"must be {wanted.replace('tuple[', 'a list of ').replace(', ...]', '')}")
        return fits
