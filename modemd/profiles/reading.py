"""Reader of driver files: turns TOML into a `Profile`, and names every mistake by file and key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from modemd.errors import ProfileError
from modemd.profiles.profile import ERROR_CLASSES, GENERIC, PDU_MODES, SECTIONS, USSD_CODINGS, Profile, Quirk

LONGEST_S = 3600.0
_SECTION_NAMES = ", ".join((*filter(None, SECTIONS), "errors"))
_HEX2 = re.compile("[0-9a-f]{2}")
_FORMS = {
    "usb": re.compile("[0-9a-f]{4}:[0-9a-f]{4}"),
    "at_interface": _HEX2,
    "at_protocol": _HEX2,
    "other_protocol": _HEX2,
}
# The keys that identify a family are not inherited: else every family would match like the generic one.
_NOT_INHERITED: dict[str, Any] = {key: () if key in _FORMS else "" for key in SECTIONS["match"]} | {
    "source": "",
    "unverified": False,
}
_WORDS = {"ussd": USSD_CODINGS, "pdu_mode": PDU_MODES}
_TYPES: dict[str, type] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "tuple[str, ...]": tuple,
    "frozenset[Quirk]": frozenset,
}
_KINDS = {field.name: _TYPES[str(field.type)] for field in fields(Profile) if str(field.type) in _TYPES}


def read_toml(path: Path) -> dict[str, Any]:
    """Returns the document. ProfileError, with the name of the file, if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path}: {error}") from error


def read_profile(path: Path, base: Profile) -> Profile:
    """Returns the family that `path` describes; missing keys come from `base`. ProfileError with the first mistake."""
    values: dict[str, Any] = dict(_NOT_INHERITED) if path.stem != GENERIC else {}
    values |= {"name": path.stem, "path": path}
    for key, value in read_toml(path).items():
        if key == "errors":
            values["errors"] = _errors(path, value)
        elif isinstance(value, dict):
            if key not in SECTIONS or not key:
                raise ProfileError(f"{path}: [{key}]: unknown section; there are {_SECTION_NAMES}")
            for inner, content in value.items():
                values[inner] = _value(path, key, inner, content)
        else:
            values[key] = _value(path, "", key, value)
    if not values.get("source") and not values.get("unverified"):
        raise ProfileError(f"{path}: [source] needs `source`, or `unverified = true`")
    return replace(base, **values)


def _value(path: Path, section: str, key: str, value: object) -> object:
    where = f"{path}: {f'[{section}] ' if section else ''}{key}"
    if key not in SECTIONS.get(section, ()):
        sections = "" if section else f", and the sections {_SECTION_NAMES}"
        raise ProfileError(f"{where}: unknown key; known here: {', '.join(SECTIONS[section])}{sections}")
    kind = _KINDS[key]
    if kind is tuple or kind is frozenset:
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise ProfileError(f"{where}: needs a list of strings, not {value!r}")
        if kind is tuple:
            _check_entries(where, key, value)
            return tuple(value)
        unknown = set(value) - set(Quirk)
        if unknown:
            raise ProfileError(f"{where}: unknown quirk {sorted(unknown)}; known: {', '.join(Quirk)}")
        return frozenset(map(Quirk, value))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, float) and not 0 <= value <= LONGEST_S:
        raise ProfileError(f"{where}: needs seconds from 0 to {LONGEST_S:.0f}, not {value!r}")
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ProfileError(f"{where}: needs {kind.__name__}, not {value!r}")
    if key in ("manufacturer", "model"):
        try:
            re.compile(str(value))
        except re.error as error:
            raise ProfileError(f"{where}: {value!r} is not a regular expression: {error}") from error
    words = _WORDS.get(key)
    if words is not None and value not in words:
        raise ProfileError(f"{where}: needs one of {', '.join(words)}, not {value!r}")
    return value


def _check_entries(where: str, key: str, entries: list[str]) -> None:
    """Checks that USB ids and numbers have the one form in which they are compared, and that no entry is empty: an empty notice
    would match every line. ProfileError if not."""
    form = _FORMS.get(key)
    if form is not None and not all(form.fullmatch(entry) for entry in entries):
        raise ProfileError(f"{where}: needs lower-case hex digits, as 12d1:1506 or 02, not {entries!r}")
    if not all(entry.strip() for entry in entries):
        raise ProfileError(f"{where}: has an empty entry: {entries!r}")


def _errors(path: Path, table: object) -> dict[int, str]:
    if not isinstance(table, dict):
        raise ProfileError(f'{path}: [errors] needs lines as `512 = "soon"`')
    for code, name in table.items():
        if not code.isdecimal() or name not in ERROR_CLASSES:
            raise ProfileError(
                f"{path}: [errors] {code} = {name!r}: needs a number and one of {', '.join(ERROR_CLASSES)}"
            )
    return {int(code): name for code, name in table.items()}
