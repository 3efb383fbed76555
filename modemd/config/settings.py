"""What can be configured. Each field's description says what is allowed, and is what a mistake is answered with."""

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
from modemd.config.amounts import DURATION_FORM, RATE_FORM
from modemd.config.keeping import Alarms, Retention
from modemd.config.sending import Limits

LONGEST_VALIDITY = timedelta(weeks=63)  # TP-VP can say no more (3GPP TS 23.040 9.2.3.12.1)


def _absolute(value: object, info: ValidationInfo) -> object:
    """A path in the file counts from the file's own folder, wherever the daemon was started."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise ValueError(_unfit(value))
    folder = (info.context or {}).get("folder", Path.cwd())
    return Path(os.path.normpath(folder / os.fspath(value)))


def _port(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError(_unfit(value))
    if "://" not in value:
        return str(_absolute(value, info))
    parts = urlsplit(value)
    try:
        whole = parts.scheme == "socket" and bool(parts.hostname) and bool(parts.port) and not parts.path
    except ValueError:  # a port number past 65535, or not a number
        whole = False
    if not whole:
        raise ValueError(_unfit(value))
    return value


def _from_text(parse: Callable[[str], object], *ready: type) -> Callable[[object], object]:
    """A validator that reads texts with `parse` and lets values of the `ready` types pass as they are."""

    def read(value: object) -> object:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, ready) and not isinstance(value, bool):
            return value
        raise ValueError(_unfit(value))

    return read


def _matching(pattern: str) -> BeforeValidator:
    """A validator for texts that `pattern` matches whole."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: object) -> object:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise ValueError(_unfit(value))
        return value

    return BeforeValidator(check)


def _rate(value: object, info: ValidationInfo) -> object:
    # Programs say None for unlimited. In a file an empty value is a slip, and must not open the tap.
    if value is None and info.context is None:
        return None
    return _from_text(amounts.rate, float)(value)


def _sim_rate(value: object, info: ValidationInfo) -> object:
    return value if value == "modem" else _rate(value, info)


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {text!r}") from None


def _country(text: str) -> str:
    # Imported here because it is needed for this key alone and would double the time this module takes to import.
    from phonenumbers import SUPPORTED_REGIONS

    if text not in SUPPORTED_REGIONS:
        raise ValueError(f"{text!r} is no country whose numbers are known")
    return text


def _between(least: timedelta, most: timedelta) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if not least <= value <= most:
            raise ValueError(f"{value} is out of range")
        return value

    return AfterValidator(check)


def shown(value: object) -> str:
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


def _unfit(value: object) -> str:
    return f"{shown(value)} will not do"


def _fixed(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(mapping))


def _not_empty(value: object) -> object:
    # Here and not by min_length, which counts only the items that are right and so adds a complaint about the wrong ones.
    if isinstance(value, list | tuple) and not value:
        raise ValueError("holds nothing")
    return tuple(value) if isinstance(value, list) else value


FilePath = Annotated[Path, BeforeValidator(_absolute)]
Duration = Annotated[timedelta, BeforeValidator(_from_text(amounts.duration, timedelta))]
Lifetime = Annotated[Duration, _between(timedelta(seconds=1), LONGEST_VALIDITY)]
Interval = Annotated[Duration, _between(timedelta(seconds=1), timedelta(days=1))]
Rate = Annotated[float | None, BeforeValidator(_rate)]
SimRate = Annotated[float | Literal["modem"] | None, BeforeValidator(_sim_rate)]
Prefix = Annotated[str, _matching(r"\+[1-9][0-9]{0,6}")]
Iccid = Annotated[str, _matching(r"[0-9]{18,22}")]
Route = Annotated[tuple[Iccid, ...], BeforeValidator(_not_empty)]

LIFETIME_FORM = f"{DURATION_FORM}; at least 1s, at most 441d"


class _Frozen(BaseModel):
    """Unknown keys are mistakes, values are not bent to fit, and nothing changes after the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class Modem(_Frozen):
    """A place where a modem is plugged in. Number, quota and price belong to the SIM that sits there."""

    name: Annotated[str, _matching(r"[a-z0-9_-]{1,40}")] = Field(
        description="a name of its own, of small letters, digits, _ and -"
    )
    port: Annotated[str, BeforeValidator(_port)] = Field(
        description="a device path of its own, as /dev/modemd/west, or socket://host:port"
    )
    rate: Rate = Field(default=1.0, description=RATE_FORM)
    """Parts per second for a SIM that sits here and has no rate of its own; None is unlimited."""
    driver: Annotated[str, _matching(r"[a-z0-9_-]+")] | None = Field(
        default=None, description="the name of a driver file without .toml, or nothing to have the modem recognised"
    )


class Sim(_Frozen):
    """What is known of a SIM beforehand. Its place in the file is its ICCID."""

    number: Annotated[str, _matching(r"\+[1-9][0-9]{6,14}")] | None = Field(
        default=None, description="the SIM's own number with + and country, as +33612345678"
    )
    name: Annotated[str, _matching(r"(?=.*\S)[^\x00-\x1f]{1,80}")] | None = Field(
        default=None, description="a name for people, at most 80 characters"
    )
    rate: SimRate = Field(default="modem", description=f"{RATE_FORM}, or modem for the rate of the modem it sits in")
    """Parts per second; None is unlimited; "modem" is the rate of whichever modem it sits in."""
    limits: Limits | None = Field(
        default=None, description="as the limits of all SIMs, in their place: hour, day, month and more"
    )
    """In place of the whole group; None: as all SIMs."""
    prefixes: Annotated[tuple[Prefix, ...], BeforeValidator(_not_empty)] = Field(
        default=(),
        description="a list of prefixes that this SIM writes to, as ['+33', '+32']; all where it is left out",
    )
    price: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="what a part costs, a number from 0, in whichever currency all prices are"
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(_from_text(_zone, ZoneInfo))] | None = Field(
        default=None, description="the name of a time zone, as Europe/Paris, in which its quotas begin anew"
    )


class Consent(_Frozen):
    """Who may be written to."""

    marketing: Literal["opted_in", "not_opted_out"] = Field(
        default="not_opted_out", description="opted_in or not_opted_out"
    )
    transactional_after_stop: Annotated[
        Mapping[Prefix, Literal["allow", "refuse"]],
        AfterValidator(lambda given: _fixed({"+1": "refuse"} | dict(given))),
    ] = Field(
        default_factory=lambda: _fixed({"+1": "refuse"}),
        description="country calling prefixes with allow or refuse, as '+1': refuse",
    )
    """The longest prefix that fits decides. +1 is in it, as refuse, unless the file says otherwise: naming another country
    does not open that one."""


class Validity(_Frozen):
    """How long a message of each class is worth sending, counted from its `at`."""

    alarm: Lifetime = Field(default=timedelta(hours=1), description=LIFETIME_FORM)
    otp: Lifetime = Field(default=timedelta(minutes=5), description=LIFETIME_FORM)
    system: Lifetime = Field(default=timedelta(hours=24), description=LIFETIME_FORM)
    transactional: Lifetime = Field(default=timedelta(hours=24), description=LIFETIME_FORM)
    conversational: Lifetime = Field(default=timedelta(hours=24), description=LIFETIME_FORM)
    marketing: Lifetime = Field(default=timedelta(hours=72), description=LIFETIME_FORM)

    def of(self, message_class: str) -> timedelta:
        """The validity of a class by its name. Raises KeyError for a name that is no class."""
        if message_class not in type(self).model_fields:
            raise KeyError(message_class)
        lifetime: timedelta = getattr(self, message_class)
        return lifetime


class Settings(_Frozen):
    """The whole configuration. Paths are absolute, durations are timedeltas, nothing can be changed."""

    database: FilePath = Field(description="the path of the database file, as /var/lib/modemd/modemd.db")
    socket: FilePath = Field(
        default_factory=lambda data: data.get("database", Path("modemd")).with_suffix(".sock"),
        description="the path of the Unix socket that the command line talks to",
    )
    modems: Annotated[tuple[Modem, ...], BeforeValidator(_not_empty)] = Field(
        description="a list of at least one modem, each with name and port"
    )
    sims: Annotated[Mapping[Iccid, Sim], AfterValidator(_fixed)] = Field(
        default_factory=lambda: _fixed({}), description="SIMs by their ICCID, 18 to 22 digits without a filler F"
    )
    limits: Limits = Field(
        default_factory=Limits,
        description="what a SIM may send: hour, day, month, reserve, marketing_per_hour, warm_up",
    )
    routes: Annotated[Mapping[Prefix, Route], AfterValidator(_fixed)] = Field(
        default_factory=lambda: _fixed({}),
        description="prefixes, each with the SIMs that write to it, as '+33': [ICCID]",
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(_from_text(_zone, ZoneInfo))] = Field(
        default_factory=lambda: ZoneInfo("UTC"), description="the name of a time zone, as Europe/Paris"
    )
    country: Annotated[str, BeforeValidator(_from_text(_country))] | None = Field(
        default=None, description="the two capital letters of a country, as FR; numbers without + are read as its own"
    )
    brand: Annotated[str, _matching(r"(?=.*\S)[^\x00-\x1f]{1,40}")] | None = Field(
        default=None, description="the name people know you by, at most 40 characters"
    )
    consent: Consent = Field(
        default_factory=Consent, description="who may be written to: marketing, transactional_after_stop"
    )
    validity: Validity = Field(default_factory=Validity, description="a duration for each class of message")
    stop_grace_s: float = Field(default=45.0, ge=0, le=600, description="seconds, 0 to 600, without a unit")
    drivers: FilePath = Field(
        default=Path("/etc/modemd/drivers"), description="the path of a folder with driver files of your own"
    )
    log_level: Literal["debug", "info", "warning"] = Field(default="info", description="debug, info or warning")
    sweep_interval: Interval = Field(
        default=timedelta(seconds=60), description=f"{DURATION_FORM}; at least 1s, at most 1d"
    )
    report: bool = Field(default=True, description="true or false")
    alarms: Alarms = Field(default_factory=Alarms, description="who is told of alarms: to, command, hold_down and more")
    retention: Retention = Field(default_factory=Retention, description="how long what is kept: outbox, inbox, log")

    def rate(self, modem: Modem, iccid: str | None) -> float | None:
        """Parts per second for this SIM in this modem, as configured; None is unlimited."""
        sim = self.sims.get(iccid) if iccid else None
        return modem.rate if sim is None or sim.rate == "modem" else sim.rate
