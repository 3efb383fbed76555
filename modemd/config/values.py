"""The kinds of values that settings have: what each takes, and how a mistake is answered."""

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

LONGEST_VALIDITY = timedelta(weeks=63)  # TP-VP can say no more (3GPP TS 23.040 9.2.3.12.1)


def absolute_path(value: object, info: ValidationInfo) -> object:
    """A path in the file counts from the file's own folder, wherever the daemon was started."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise ValueError(rejection_message(value))
    folder = (info.context or {}).get("folder", Path.cwd())
    return Path(os.path.normpath(folder / os.fspath(value)))


def port_name(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError(rejection_message(value))
    if "://" not in value:
        return str(absolute_path(value, info))
    parts = urlsplit(value)
    try:
        whole = parts.scheme == "socket" and bool(parts.hostname) and bool(parts.port) and not parts.path
    except ValueError:  # a port number past 65535, or not a number
        whole = False
    if not whole:
        raise ValueError(rejection_message(value))
    return value


def parse_with(parse: Callable[[str], object], *ready: type) -> Callable[[object], object]:
    """A validator that reads texts with `parse` and lets values of the `ready` types pass as they are."""

    def read(value: object) -> object:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, ready) and not isinstance(value, bool):
            return value
        raise ValueError(rejection_message(value))

    return read


def matching(pattern: str) -> BeforeValidator:
    """A validator for texts that `pattern` matches whole."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object) -> object:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise ValueError(rejection_message(value))
        return value

    return BeforeValidator(check)


def parse_rate(value: object, info: ValidationInfo) -> object:
    # Programs say None for unlimited. In a file an empty value is a slip, and must not open the tap.
    if value is None and info.context is None:
        return None
    return parse_with(amounts.parse_rate, float)(value)


def parse_sim_rate(value: object, info: ValidationInfo) -> object:
    return value if value == "modem" else parse_rate(value, info)


def parse_time_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {text!r}") from None


def check_country_code(text: str) -> str:
    # Imported here because it is needed for this key alone and would double the time this module takes to import.
    from phonenumbers import SUPPORTED_REGIONS

    if text not in SUPPORTED_REGIONS:
        raise ValueError(f"{text!r} is no country whose numbers are known")
    return text


def in_range(least: timedelta, most: timedelta) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if not least <= value <= most:
            raise ValueError(f"{value} is out of range")
        return value

    return AfterValidator(check)


def format_value(value: object) -> str:
    """A value as the file's writer would know it again."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a group of keys"
        case list() | tuple():
            return "a list"
        case _:
            return repr(value)


def rejection_message(value: object) -> str:
    return f"{format_value(value)} will not do"


def freeze_mapping(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(mapping))


def matching_digits(pattern: str) -> BeforeValidator:
    """As `matching`, for numbers that a file's writer leaves unquoted: YAML reads those as numbers."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object) -> object:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or compiled.fullmatch(text) is None:
            raise ValueError(rejection_message(value))
        return text

    return BeforeValidator(check)


def check_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from None
    return text


def check_modem_list(value: object) -> object:
    return () if value == "auto" else not_empty(value)


_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


HOOK_PLACEHOLDERS = ("{name}", "{port}", "{location}", "{hub}", "{hub_port}")


def parse_argv(value: object) -> object:
    """A program with its arguments; numbers among them may stand unquoted."""
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(rejection_message(value))
    if any(isinstance(word, bool) or not isinstance(word, str | int) for word in value):
        raise ValueError(f"{format_value(value)} holds what is no text")
    words = tuple(str(word) for word in value)
    if unknown := [name for word in words for name in _PLACEHOLDER.findall(word) if name not in HOOK_PLACEHOLDERS]:
        raise ValueError(f"{unknown[0]} is no placeholder; there are {', '.join(HOOK_PLACEHOLDERS)}")
    return words


def not_empty(value: object) -> object:
    # Here and not by min_length, which counts only the items that are right and so adds a complaint about the wrong ones.
    if isinstance(value, list | tuple) and not value:
        raise ValueError("holds nothing")
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


Iccid = Annotated[str, matching(r"[0-9]{18,22}")]


Route = Annotated[tuple[Iccid, ...], BeforeValidator(not_empty)]


HOOK_FORM = "a program and its arguments as a list, as [uhubctl, -l, '{hub}', -p, '{hub_port}', -a, cycle]; no shell"


LIFETIME_FORM = f"{DURATION_FORM}; at least 1s, at most 441d"


class Frozen(BaseModel):
    """Unknown keys are mistakes, values are not bent to fit, and nothing changes after the start but by a reload."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)
