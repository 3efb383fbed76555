"""What modemd knows of each family of modems, read from `drivers/*.toml`. Those files are the drivers.

A family's file says only what differs from `generic.toml`. A file in the user's folder replaces the shipped one of that
name whole. An unknown key is an error that names file and key, so that a typing error never becomes a silent default.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from modemd.errors import ProfileError

GENERIC = "generic"


class Quirk(StrEnum):
    """Oddities that cannot be said as a value. Each is obeyed in one place."""

    CNMA_AFTER_REPORT = "cnma-after-report"
    """With CSMS 1 a `+CDS` is followed by no other until `AT+CNMA`; obeyed in `modemd.modem.receive`."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One family. Commands are without `AT`; times are seconds; `drivers/README.md` documents each key."""

    name: str
    title: str = ""
    # [match]
    manufacturer: str = ""
    model: str = ""
    usb: tuple[str, ...] = ()
    at_protocol: tuple[str, ...] = ()
    # [at]
    init: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()
    iccid: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    quirks: frozenset[Quirk] = frozenset()
    # [time]
    command_timeout_s: float = 10.0
    prompt_timeout_s: float = 30.0
    send_timeout_s: float = 60.0
    refusal_window_s: float = 10.0
    guard_s: float = 0.0
    # [send]
    link_hold: str = ""
    # [errors]: +CMS ERROR numbers whose meaning is the vendor's own (reference: the standard's table)
    errors: Mapping[int, str] = field(default_factory=dict)
    # [source]
    source: str = ""
    unverified: bool = False

    def fits(self, manufacturer: str, model: str) -> bool:
        """Whether a modem that answers so to +CGMI and +CGMM is of this family."""
        return bool(self.manufacturer or self.model) and all(
            re.search(pattern, said, re.IGNORECASE) is not None
            for pattern, said in ((self.manufacturer, manufacturer), (self.model, model))
        )


_SECTIONS: dict[str, tuple[str, ...]] = {
    "": ("title",),
    "match": ("manufacturer", "model", "usb", "at_protocol"),
    "at": ("init", "optional", "notify", "storage", "iccid", "ignore", "restart", "quirks"),
    "time": ("command_timeout_s", "prompt_timeout_s", "send_timeout_s", "refusal_window_s", "guard_s"),
    "send": ("link_hold",),
    "source": ("source", "unverified"),
}
_SECTION_NAMES = ", ".join((*filter(None, _SECTIONS), "errors"))
LONGEST_S = 3600.0
_FORMS = {"usb": re.compile("[0-9a-f]{4}:[0-9a-f]{4}"), "at_protocol": re.compile("[0-9a-f]{2}")}
ERROR_CLASSES = ("soon", "later", "other", "recipient", "message", "reset", "sim", "config", "unknown")
_TYPES: dict[str, type] = {
    "str": str,
    "float": float,
    "bool": bool,
    "tuple[str, ...]": tuple,
    "frozenset[Quirk]": frozenset,
}
_KINDS = {field.name: _TYPES[str(field.type)] for field in fields(Profile) if str(field.type) in _TYPES}


class Profiles:
    """All families at hand."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        if GENERIC not in profiles:
            raise ProfileError("no generic.toml among the drivers; reinstall modemd")
        self._profiles = dict(profiles)

    @classmethod
    def load(cls, folders: Iterable[Path]) -> Profiles:
        """Read every `*.toml` of `folders`; a later folder's file replaces the same name of an earlier one, whole."""
        files = {path.stem: path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.toml"))}
        if GENERIC not in files:
            raise ProfileError("no generic.toml among the drivers; reinstall modemd")
        generic = _read(files[GENERIC], Profile(GENERIC))
        return cls({name: generic if name == GENERIC else _read(path, generic) for name, path in files.items()})

    def __iter__(self) -> Iterator[Profile]:
        return iter(self._profiles.values())

    def named(self, name: str) -> Profile:
        """The profile of that name, or a ProfileError that lists what there is."""
        if name not in self._profiles:
            raise ProfileError(f"no driver {name!r}; there are {', '.join(sorted(self._profiles))}")
        return self._profiles[name]

    def match(self, manufacturer: str, model: str) -> Profile:
        """The family of a modem by its own words; `generic` where none fits."""
        fitting = [p for p in self._profiles.values() if p.name != GENERIC and p.fits(manufacturer, model)]
        # Where two fit, the one whose model pattern says more is the narrower.
        return max(fitting, key=lambda p: (len(p.model), p.name), default=self._profiles[GENERIC])


def _read(path: Path, base: Profile) -> Profile:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path}: {error}") from error
    values: dict[str, Any] = {"name": path.stem, "source": "", "unverified": False}
    if base.name == GENERIC:
        values |= {"manufacturer": "", "model": "", "usb": (), "at_protocol": ()}
    for key, value in document.items():
        if key == "errors":
            values["errors"] = _errors(path, value)
        elif isinstance(value, dict):
            if key not in _SECTIONS or not key:
                raise ProfileError(f"{path}: [{key}]: unknown section; there are {_SECTION_NAMES}")
            for inner, content in value.items():
                values[inner] = _value(path, key, inner, content)
        else:
            values[key] = _value(path, "", key, value)
    if not values["source"] and not values["unverified"]:
        raise ProfileError(f"{path}: [source] needs `source`, or `unverified = true`")
    return replace(base, **values)


def _value(path: Path, section: str, key: str, value: object) -> object:
    where = f"{path}: {f'[{section}] ' if section else ''}{key}"
    if key not in _SECTIONS.get(section, ()):
        sections = "" if section else f", and the sections {_SECTION_NAMES}"
        raise ProfileError(f"{where}: unknown key; known here: {', '.join(_SECTIONS[section])}{sections}")
    kind = _KINDS[key]
    if kind is tuple or kind is frozenset:
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise ProfileError(f"{where}: needs a list of strings, not {value!r}")
        if kind is tuple:
            _well_formed(where, key, value)
            return tuple(value)
        unknown = set(value) - set(Quirk)
        if unknown:
            raise ProfileError(f"{where}: unknown quirk {sorted(unknown)}; known: {', '.join(Quirk)}")
        return frozenset(map(Quirk, value))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, float) and not 0 <= value <= LONGEST_S:
        raise ProfileError(f"{where}: needs seconds from 0 to {LONGEST_S:.0f}, not {value!r}")
    if not isinstance(value, kind):
        raise ProfileError(f"{where}: needs {kind.__name__}, not {value!r}")
    if key in ("manufacturer", "model"):
        try:
            re.compile(str(value))
        except re.error as error:
            raise ProfileError(f"{where}: {value!r} is not a regular expression: {error}") from error
    return value


def _well_formed(where: str, key: str, entries: list[str]) -> None:
    """USB ids and protocols are compared as text, so there is one way to write them."""
    form = _FORMS.get(key)
    if form is not None and not all(form.fullmatch(entry) for entry in entries):
        raise ProfileError(f"{where}: needs lower-case hex digits, as 12d1:1506 or 02, not {entries!r}")


def _errors(path: Path, table: object) -> dict[int, str]:
    if not isinstance(table, dict):
        raise ProfileError(f'{path}: [errors] needs lines as `512 = "soon"`')
    for code, name in table.items():
        if not code.isdecimal() or name not in ERROR_CLASSES:
            raise ProfileError(
                f"{path}: [errors] {code} = {name!r}: needs a number and one of {', '.join(ERROR_CLASSES)}"
            )
    return {int(code): name for code, name in table.items()}
