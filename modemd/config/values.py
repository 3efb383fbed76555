"""Types of the values in the configuration: what each accepts, and the message for a mistake."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from modemd.config import amounts
from modemd.config.amounts import DURATION_FORM

LONGEST_VALIDITY = timedelta(weeks=63)  # the most that TP-VP can express (3GPP TS 23.040 9.2.3.12.1)


def absolute_path(value: object, info: ValidationInfo) -> object:
    """Returns a path as absolute: a relative path starts at the folder of the file, not at the current folder."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise ValueError(rejection_message(value))
    if "\0" in os.fspath(value):
        raise ValueError(f"{os.fspath(value)!r} has a character that no path can have")
    folder = (info.context or {}).get("folder", Path.cwd())
    return Path(os.path.normpath(folder / os.fspath(value)))


def port_name(value: object, info: ValidationInfo) -> object:
    """Returns a device path as absolute, or `socket://host:port` as it is."""
    if not isinstance(value, str) or not value:
        raise ValueError(rejection_message(value))
    if "://" not in value:
        return str(absolute_path(value, info))
    parts = urlsplit(value)
    try:
        is_complete = parts.scheme == "socket" and bool(parts.hostname) and bool(parts.port) and not parts.path
    except ValueError:  # a port number past 65535, or not a number
        is_complete = False
    if not is_complete:
        raise ValueError(rejection_message(value))
    return value


def parse_with(parse: Callable[[str], object], *ready: type) -> Callable[[object], object]:
    """Returns a validator that parses texts with `parse`, and accepts values of the `ready` types as they are."""

    def read(value: object) -> object:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, ready) and not isinstance(value, bool):
            return value
        raise ValueError(rejection_message(value))

    return read


def matching(pattern: str) -> BeforeValidator:
    """Returns a validator for texts that `pattern` matches as a whole."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object) -> object:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise ValueError(rejection_message(value))
        return value

    return BeforeValidator(check)


def parse_rate(value: object, info: ValidationInfo) -> object:
    """Returns parts per second, or None for unlimited."""
    # In a program, None means unlimited. In a file, an empty value is a mistake and must not remove the limit.
    if value is None and info.context is None:
        return None
    return parse_with(amounts.parse_rate, float)(value)


def parse_sim_rate(value: object, info: ValidationInfo) -> object:
    """Returns as `parse_rate`, or the word `modem`."""
    return value if value == "modem" else parse_rate(value, info)


def parse_time_zone(text: str) -> ZoneInfo:
    """Returns the time zone of that name. ValueError if there is none."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {text!r}") from None


def check_country_code(text: str) -> str:
    """Returns `text` if it is a country whose numbering plan is known. ValueError if not."""
    # Imported here because only this key needs it, and it would double the import time of this module.
    from phonenumbers import SUPPORTED_REGIONS

    if text not in SUPPORTED_REGIONS:
        raise ValueError(f"{text!r} is not a known country")
    return text


def in_range(least: timedelta, most: timedelta) -> AfterValidator:
    """Returns a validator for durations from `least` to `most`, both included."""

    def check(value: timedelta) -> timedelta:
        if not least <= value <= most:
            raise ValueError(f"{value} is out of range")
        return value

    return AfterValidator(check)


def format_value(value: object) -> str:
    """Returns a value in a form that the writer of the file recognises."""
    match value:
        case None:
            return "an empty value"
        case bool():
            return str(value).lower()
        case dict():
            return "a group of keys"
        case list() | tuple():
            return "a list"
        case _:
            return repr(value)


def rejection_message(value: object) -> str:
    """Returns the message for a value of a wrong form. The loader adds what is allowed."""
    return f"{format_value(value)} is not valid"


def freeze_mapping(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns a read-only copy."""
    return MappingProxyType(dict(mapping))


def matching_digits(pattern: str) -> BeforeValidator:
    """Returns a validator as `matching`, which accepts unquoted digits, too: YAML reads them as a number."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object) -> object:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or compiled.fullmatch(text) is None:
            raise ValueError(rejection_message(value))
        return text

    return BeforeValidator(check)


def check_expression(text: str) -> str:
    """Returns `text` if it is a regular expression. ValueError if not."""
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from None
    return text


def check_modem_list(value: object) -> object:
    """Returns () for `auto`, which means every modem that is found; else a list that is not empty."""
    return () if value == "auto" else not_empty(value)


_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
HOOK_PLACEHOLDERS = ("{name}", "{port}", "{location}", "{hub}", "{hub_port}")


def parse_argv(value: object) -> object:
    """Returns a program with its arguments. Numbers among them need no quotes."""
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(rejection_message(value))
    if any(isinstance(word, bool) or not isinstance(word, str | int) for word in value):
        raise ValueError("the list has an item that is not text")
    words = tuple(str(word) for word in value)
    if unknown := [name for word in words for name in _PLACEHOLDER.findall(word) if name not in HOOK_PLACEHOLDERS]:
        raise ValueError(f"{unknown[0]} is not a placeholder; known: {', '.join(HOOK_PLACEHOLDERS)}")
    return words


def not_empty(value: object) -> object:
    """Returns a list as a tuple. ValueError if it is empty."""
    # Not min_length, which counts only valid items, and so reports a second mistake for a list of invalid ones.
    if isinstance(value, list | tuple) and not value:
        raise ValueError("the list is empty")
    return tuple(value) if isinstance(value, list) else value


FilePath = Annotated[Path, BeforeValidator(absolute_path)]
duration = parse_with(amounts.parse_duration, timedelta)
Duration = Annotated[timedelta, BeforeValidator(duration)]
Lifetime = Annotated[Duration, in_range(timedelta(seconds=1), LONGEST_VALIDITY)]
Interval = Annotated[Duration, in_range(timedelta(seconds=1), timedelta(days=1))]
Argv = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(parse_argv)]
Rate = Annotated[float | None, BeforeValidator(parse_rate)]
SimRate = Annotated[float | Literal["modem"] | None, BeforeValidator(parse_sim_rate)]
Prefix = Annotated[str, matching(r"\+[1-9][0-9]{0,6}")]
# ICCIDs are stored as BCD (ETSI TS 102 221 13.2); some issuers, most of them Chinese, use A to E as digits.
ICCID_PATTERN = r"[0-9]{6}[0-9A-E]{12,16}"
Iccid = Annotated[str, matching(ICCID_PATTERN)]
Route = Annotated[tuple[Iccid, ...], BeforeValidator(not_empty)]

HOOK_FORM = (
    "a program and its arguments as a list, such as [uhubctl, -l, '{hub}', -p, '{hub_port}', -a, cycle]; no shell"
)

LIFETIME_FORM = f"{DURATION_FORM}; at least 1s, at most 441d"


class Frozen(BaseModel):
    """Settings model: unknown keys are mistakes, values are not converted, and only a reload changes them after the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)
