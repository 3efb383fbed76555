"""What can be configured. Each field's description says what is allowed, and is what a mistake is answered with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modemd.config.alarms import AlarmSettings
from modemd.config.amounts import DURATION_FORM, RATE_FORM
from modemd.config.limits import LimitSettings
from modemd.config.retention import RetentionSettings
from modemd.config.values import (
    HOOK_FORM,
    LIFETIME_FORM,
    Argv,
    Duration,
    FilePath,
    Frozen,
    Iccid,
    Interval,
    Lifetime,
    Prefix,
    Rate,
    Route,
    SimRate,
    check_country_code,
    check_expression,
    check_modem_list,
    freeze_mapping,
    in_range,
    matching,
    matching_digits,
    not_empty,
    parse_time_zone,
    parse_with,
    port_name,
)

LOCATORS = ("port", "imei", "iccid", "usb")
"""The keys of which each modem has one: how it is told from others."""


class ModemSettings(Frozen):
    """A modem, told by its port, or wherever it is plugged in by its IMEI, its SIM or its USB place. Number, quota and price
    belong to the SIM that sits there."""

    name: Annotated[str, matching(r"[a-z0-9_-]{1,40}")] = Field(
        description="a name of its own, of small letters, digits, _ and -"
    )
    port: Annotated[str, BeforeValidator(port_name)] | None = Field(
        default=None, description="a device path of its own, as /dev/modemd/west, or socket://host:port"
    )
    imei: Annotated[str, matching_digits(r"[0-9]{14,16}")] | None = Field(
        default=None, description="the IMEI of a modem, 15 digits: it is this one wherever it is plugged in"
    )
    iccid: Annotated[str, matching_digits(r"[0-9]{18,22}")] | None = Field(
        default=None, description="the ICCID of a SIM, 18 to 22 digits: it is the modem that this SIM is found in"
    )
    usb: Annotated[str, matching(r"[0-9]{1,3}-[0-9]{1,3}(\.[0-9]{1,3}){0,6}")] | None = Field(
        default=None, description="a place in the USB tree, as 1-1.2: it is the modem that is plugged in there"
    )
    rate: Rate = Field(default=1.0, description=RATE_FORM)
    """Parts per second for a SIM that sits here and has no rate of its own; None is unlimited."""
    driver: Annotated[str, matching(r"[a-z0-9_-]+")] | None = Field(
        default=None, description="the name of a driver file without .toml, or nothing to have the modem recognised"
    )
    power_hook: Argv | None = Field(default=None, description=HOOK_FORM)
    """None: that of `recovery`."""
    pin_file: FilePath | None = Field(
        default=None, description="the path of a file that holds the PIN of whichever SIM sits here, 4 to 8 digits"
    )

    @model_validator(mode="after")
    def _in_one_place(self) -> ModemSettings:
        said = [key for key in LOCATORS if getattr(self, key) is not None]
        if len(said) != 1:
            told = f"says {' and '.join(said)}" if said else "does not say which modem it is"
            raise ValueError(f"{told}; one of {', '.join(LOCATORS)} is needed")
        return self


class DiscoverySettings(Frozen):
    """How modems are found that have no port in the file."""

    others: bool | None = Field(
        default=None, description="true or false: whether modems are used that the file does not name"
    )
    """None: where the file names none at all."""
    probe_bridges: bool = Field(
        default=False, description="true or false: whether serial bridges, behind which anything may sit, are asked AT"
    )
    rescan: Interval = Field(default=timedelta(seconds=30), description=f"{DURATION_FORM}; at least 1s, at most 1d")
    emulator: FilePath | None = Field(
        default=None,
        description="the folder of a running `modemd emulate`, to find its modems instead of the machine's",
    )


class BalanceSmsSettings(Frozen):
    """A balance that is asked for by message."""

    to: Annotated[str, matching_digits(r"\+?[0-9]{2,15}")] = Field(
        description="the operator's number, mostly a short code, as 123"
    )
    text: Annotated[str, matching(r"(?=.*\S)[^\x00-\x1f]{1,160}")] = Field(
        description="what to say, at most 160 characters"
    )
    sender: Annotated[str, matching_digits(r"(?=.*\S)[^\x00-\x1f]{1,20}")] | None = Field(
        default=None, description="who answers, as the inbox shows it; nothing where it is the number that is asked"
    )

    @property
    def answer_sender(self) -> str:
        """Who answers."""
        return self.sender or self.to


class BalanceSettings(Frozen):
    """How to ask what a SIM has left."""

    ussd: Annotated[str, matching(r"[*#0-9]{2,40}")] | None = Field(
        default=None, description="a USSD code in quotation marks, as '*100#'"
    )
    replies: Annotated[
        tuple[Annotated[str, matching_digits(r"[*#0-9]{1,20}")], ...],
        BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
    ] = Field(default=(), description="a list of replies to the code's menus, as [1, 2]")
    sms: BalanceSmsSettings | None = Field(
        default=None, description="to, text and sender of a message, in place of ussd"
    )
    pattern: Annotated[str, AfterValidator(check_expression)] = Field(
        description="a regular expression whose first group is the amount, as '([0-9]+[.,][0-9]{2})'"
    )
    every: Annotated[Duration, in_range(timedelta(minutes=10), timedelta(days=31))] = Field(
        default=timedelta(hours=24), description=f"{DURATION_FORM}; at least 10min, at most 31d"
    )
    low: float | None = Field(default=None, description="an amount, as 2.00; less than it raises an alarm")

    @model_validator(mode="after")
    def _asked_in_one_way(self) -> BalanceSettings:
        if (self.ussd is None) == (self.sms is None):
            raise ValueError("one of ussd, sms is needed")
        if self.replies and self.ussd is None:
            raise ValueError("replies go with ussd")
        return self


class RecoverySettings(Frozen):
    """What is done about a modem that lets no message pass."""

    power_hook: Argv | None = Field(default=None, description=HOOK_FORM)
    """None: there is none."""
    quarantine: Annotated[tuple[Interval, ...], BeforeValidator(not_empty)] = Field(
        default=(timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=30)),
        description=f"a list of durations, one for each round that was in vain, the last for all further ones; {DURATION_FORM}",
    )
    rest: Interval = Field(
        default=timedelta(minutes=5),
        description=f"{DURATION_FORM}; at least 1s, at most 1d; between rounds with resets",
    )


class SimSettings(Frozen):
    """What is known of a SIM beforehand. Its place in the file is its ICCID."""

    number: Annotated[str, matching(r"\+[1-9][0-9]{6,14}")] | None = Field(
        default=None, description="the SIM's own number with + and country, as +33612345678"
    )
    name: Annotated[str, matching(r"(?=.*\S)[^\x00-\x1f]{1,80}")] | None = Field(
        default=None, description="a name for people, at most 80 characters"
    )
    rate: SimRate = Field(default="modem", description=f"{RATE_FORM}, or modem for the rate of the modem it sits in")
    """Parts per second; None is unlimited; "modem" is the rate of whichever modem it sits in."""
    pin_file: FilePath | None = Field(
        default=None, description="the path of a file that holds this SIM's PIN, 4 to 8 digits"
    )
    smsc: Annotated[str, matching(r"\+[1-9][0-9]{6,14}")] | None = Field(
        default=None, description="the number of the operator's service centre with + and country, as +33609001390"
    )
    marketing_while_roaming: bool | None = Field(
        default=None, description="true or false: whether this SIM sends marketing in a foreign network"
    )
    """None: as the key of that name at the top says."""
    balance: BalanceSettings | None = Field(
        default=None, description="how to ask what it has left: ussd, replies, sms, pattern, every, low"
    )
    limits: LimitSettings | None = Field(
        default=None, description="as the limits of all SIMs, in their place: hour, day, month and more"
    )
    """In place of the whole group; None: as all SIMs."""
    prefixes: Annotated[tuple[Prefix, ...], BeforeValidator(not_empty)] = Field(
        default=(),
        description="a list of prefixes that this SIM writes to, as ['+33', '+32']; all where it is left out",
    )
    price: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="what a part costs, a number from 0, in whichever currency all prices are"
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(parse_with(parse_time_zone, ZoneInfo))] | None = Field(
        default=None, description="the name of a time zone, as Europe/Paris, in which its quotas begin anew"
    )


class ConsentSettings(Frozen):
    """Who may be written to."""

    marketing: Literal["opted_in", "not_opted_out"] = Field(
        default="not_opted_out", description="opted_in or not_opted_out"
    )
    transactional_after_stop: Annotated[
        Mapping[Prefix, Literal["allow", "refuse"]],
        AfterValidator(lambda given: freeze_mapping({"+1": "refuse"} | dict(given))),
    ] = Field(
        default_factory=lambda: freeze_mapping({"+1": "refuse"}),
        description="country calling prefixes with allow or refuse, as '+1': refuse",
    )
    """The longest prefix that fits decides. +1 is in it, as refuse, unless the file says otherwise: naming another country
    does not open that one."""


class ValiditySettings(Frozen):
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


class Settings(Frozen):
    """The whole configuration. Paths are absolute, durations are timedeltas, nothing can be changed."""

    database: FilePath = Field(description="the path of the database file, as /var/lib/modemd/modemd.db")
    socket: FilePath = Field(
        default_factory=lambda data: data.get("database", Path("modemd")).with_suffix(".sock"),
        description="the path of the Unix socket that the command line talks to",
    )
    modems: Annotated[tuple[ModemSettings, ...], BeforeValidator(check_modem_list)] = Field(
        default=(),
        description="auto, or a list of at least one modem, each with name and one of port, imei, iccid, usb",
    )
    """Empty: all that are found."""
    finding: DiscoverySettings = Field(
        default_factory=DiscoverySettings,
        description="how modems without a port are found: others, probe_bridges, rescan, emulator",
    )
    sims: Annotated[Mapping[Iccid, SimSettings], AfterValidator(freeze_mapping)] = Field(
        default_factory=lambda: freeze_mapping({}),
        description="SIMs by their ICCID, 18 to 22 digits without a filler F",
    )
    limits: LimitSettings = Field(
        default_factory=LimitSettings,
        description="what a SIM may send: hour, day, month, reserve, marketing_per_hour, warm_up",
    )
    routes: Annotated[Mapping[Prefix, Route], AfterValidator(freeze_mapping)] = Field(
        default_factory=lambda: freeze_mapping({}),
        description="prefixes, each with the SIMs that write to it, as '+33': [ICCID]",
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(parse_with(parse_time_zone, ZoneInfo))] = Field(
        default_factory=lambda: ZoneInfo("UTC"), description="the name of a time zone, as Europe/Paris"
    )
    country: Annotated[str, BeforeValidator(parse_with(check_country_code))] | None = Field(
        default=None, description="the two capital letters of a country, as FR; numbers without + are read as its own"
    )
    brand: Annotated[str, matching(r"(?=.*\S)[^\x00-\x1f]{1,40}")] | None = Field(
        default=None, description="the name people know you by, at most 40 characters"
    )
    consent: ConsentSettings = Field(
        default_factory=ConsentSettings, description="who may be written to: marketing, transactional_after_stop"
    )
    validity: ValiditySettings = Field(
        default_factory=ValiditySettings, description="a duration for each class of message"
    )
    stop_grace_s: float = Field(default=45.0, ge=0, le=600, description="seconds, 0 to 600, without a unit")
    drivers: FilePath = Field(
        default=Path("/etc/modemd/drivers"), description="the path of a folder with driver files of your own"
    )
    log_level: Literal["debug", "info", "warning"] = Field(default="info", description="debug, info or warning")
    sweep_interval: Interval = Field(
        default=timedelta(seconds=60), description=f"{DURATION_FORM}; at least 1s, at most 1d"
    )
    report: bool = Field(default=True, description="true or false")
    recovery: RecoverySettings = Field(
        default_factory=RecoverySettings, description="what is done about a sick modem: power_hook, quarantine, rest"
    )
    admit_sims: Literal["auto", "manual"] = Field(
        default="auto", description="auto: a SIM that is new is used at once; manual: when a person has admitted it"
    )
    calls: Literal["ignore", "hang_up"] = Field(
        default="ignore", description="ignore: a call rings until its caller gives up; hang_up: it is refused"
    )
    marketing_while_roaming: bool = Field(
        default=False, description="true or false: whether a SIM sends marketing in a foreign network"
    )

    @property
    def may_use_unlisted(self) -> bool:
        """Whether modems are used that the file does not name."""
        return not self.modems if self.finding.others is None else self.finding.others

    @property
    def is_discovery_enabled(self) -> bool:
        """Whether modems are looked for at all: an old file that gives each a port leaves every other port alone."""
        return self.may_use_unlisted or any(modem.port is None for modem in self.modems)

    alarms: AlarmSettings = Field(
        default_factory=AlarmSettings, description="who is told of alarms: to, command, hold_down and more"
    )
    retention: RetentionSettings = Field(
        default_factory=RetentionSettings, description="how long what is kept: outbox, inbox, log"
    )

    def rate(self, modem: ModemSettings, iccid: str | None) -> float | None:
        """Parts per second for this SIM in this modem, as configured; None is unlimited."""
        sim = self.sims.get(iccid) if iccid else None
        return modem.rate if sim is None or sim.rate == "modem" else sim.rate

    def may_roam_with_marketing(self, iccid: str) -> bool:
        """Whether this SIM sends marketing in a foreign network, as configured."""
        sim = self.sims.get(iccid)
        own = sim.marketing_while_roaming if sim is not None else None
        return self.marketing_while_roaming if own is None else own
