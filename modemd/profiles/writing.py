"""Writer of driver files: the output of `modemd drivers show` and `modemd drivers suggest`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from modemd.profiles.profile import SECTIONS, Profile

Value = str | int | float | bool | tuple[str, ...] | frozenset[str]


def as_toml(profile: Profile) -> str:
    """Returns a family as a complete driver file, values from generic.toml included. Read again, it is the same profile."""
    sections = {
        section: {key: getattr(profile, key) for key in keys if key != "unverified" or profile.unverified}
        for section, keys in SECTIONS.items()
    }
    if not profile.source:
        sections["source"].pop("source")
    text = format_document(sections)
    if profile.errors:
        text += "\n[errors]\n" + "".join(f"{code} = {_string(name)}\n" for code, name in sorted(profile.errors.items()))
    return text


def format_document(sections: Mapping[str, Mapping[str, Value]]) -> str:
    """Returns sections of keys as TOML. The keys of the section "" are at the top; a section without keys is left out."""
    blocks = []
    for section, keys in sections.items():
        lines = [f"{key} = {_value(value)}" for key, value in keys.items()]
        if lines:
            blocks.append("\n".join([f"[{section}]", *lines] if section else lines))
    return "\n\n".join(blocks) + "\n"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int | float):
        return f"{value:g}"
    return "[" + ", ".join(map(_string, value if isinstance(value, tuple) else sorted(value))) + "]"


def _string(text: str) -> str:
    """Returns a basic string of TOML 1.0. JSON's escapes are a part of TOML's, but JSON does not escape DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
