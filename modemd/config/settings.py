"""Model of the whole configuration. A field's description says what is allowed; the message for a mistake quotes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modemd.config.alarms import AlarmSettings
from modemd.config.amounts import DURATION_FORM, RATE_FORM
from modemd.config.consent import ConsentSettings
from modemd.config.doors import DoorSettings
from modemd.config.filter_watch import FilterWatchSettings
from modemd.config.geography import CountryCode, GeographySettings, ReachSettings
from modemd.config.http import HttpSettings
from modemd.config.limits import LimitSettings
from modemd.config.quiet_hours import QuietHoursSettings
from modemd.config.retention import RetentionSettings
from modemd.config.values import (
    HOOK_FORM,
    ICCID_PATTERN,
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
from modemd.config.webhooks import WebhookSettings

LOCATORS = ("port", "imei", "iccid", "usb")
"""Keys that identify a modem. Each modem has exactly one of them."""


class ModemSettings(Frozen):
    """Modem, identified by its port, IMEI, SIM or USB place. Number, quota and price belong to the SIM in it."""

    name: Annotated[str, matching(r"[a-z0-9_-]{1,40}")] = Field(
        description="a unique name of small letters, digits, _ and -"
    )
    port: Annotated[str, BeforeValidator(port_name)] | None = Field(
        default=None, description="a unique device path, such as /dev/modemd/west, or socket://host:port"
    )
    imei: Annotated[str, matching_digits(r"[0-9]{14,16}")] | None = Field(
        default=None, description="the IMEI of the modem, 15 digits; it is found in any port"
    )
    iccid: Annotated[str, matching_digits(ICCID_PATTERN)] | None = Field(
        default=None, description="the ICCID of a SIM, 18 to 22 digits; the modem with this SIM in it is meant"
    )
    usb: Annotated[str, matching(r"[0-9]{1,3}-[0-9]{1,3}(\.[0-9]{1,3}){0,6}")] | None = Field(
        default=None, description="a place in the USB tree, such as 1-1.2; the modem plugged in there is meant"
    )
    rate: Rate = Field(default=1.0, description=RATE_FORM)
    """Parts per second for a SIM in this modem that has no rate of its own. None: unlimited."""
    driver: Annotated[str, matching(r"[a-z0-9_-]+")] | None = Field(
        default=None,
        description="the name of a driver file without .toml; without this key, modemd recognises the modem",
    )
    power_hook: Argv | None = Field(default=None, description=HOOK_FORM)
    """None: the `power_hook` of `recovery`."""
    pin_file: FilePath | None = Field(
        default=None, description="the path of a file with the PIN of any SIM in this modem, 4 to 8 digits"
    )

    @model_validator(mode="after")
    def _check_locators(self) -> ModemSettings:
        given = [key for key in LOCATORS if getattr(self, key) is not None]
        if len(given) != 1:
            mistake = f"has {' and '.join(given)}" if given else "does not say which modem it is"
            raise ValueError(f"{mistake}; exactly one of {', '.join(LOCATORS)} is needed")
        return self


class DiscoverySettings(Frozen):
    """Discovery of modems that have no port in the file."""

    others: bool | None = Field(
        default=None, description="true or false: whether modemd uses modems that the file does not name"
    )
    """None: true only if the file names no modem at all."""
    probe_bridges: bool = Field(
        default=False,
        description="true or false: whether modemd sends AT to serial bridges, which may lead to any device",
    )
    rescan: Interval = Field(default=timedelta(seconds=30), description=f"{DURATION_FORM}; at least 1s, at most 1d")
    emulator: FilePath | None = Field(
        default=None,
        description="the folder of a running `modemd emulate`, to find its modems instead of the machine's",
    )


class BalanceSmsSettings(Frozen):
    """Balance that is requested by SMS."""

    to: Annotated[str, matching_digits(r"\+?[0-9]{2,15}")] = Field(
        description="the operator's number, mostly a short code, such as 123"
    )
    text: Annotated[str, matching(r"(?=.*\S)[^\x00-\x1f]{1,160}")] = Field(
        description="the text of the message, at most 160 characters"
    )
    sender: Annotated[str, matching_digits(r"(?=.*\S)[^\x00-\x1f]{1,20}")] | None = Field(
        default=None, description="the sender of the answer, as the inbox shows it; needed only if it differs from `to`"
    )

    @property
    def answer_sender(self) -> str:
        """The sender of the answer."""
        return self.sender or self.to


class BalanceSettings(Frozen):
    """Balance of a SIM: the request, the pattern of the answer, and the amount that raises an alarm."""

    ussd: Annotated[str, matching(r"[*#0-9]{2,40}")] | None = Field(
        default=None, description="a USSD code in quotation marks, such as '*100#'"
    )
    replies: Annotated[
        tuple[Annotated[str, matching_digits(r"[*#0-9]{1,20}")], ...],
        BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
    ] = Field(default=(), description="a list of replies to the code's menus, such as [1, 2]")
    sms: BalanceSmsSettings | None = Field(
        default=None, description="to, text and sender of a message, instead of ussd"
    )
    pattern: Annotated[str, AfterValidator(check_expression)] = Field(
        description="a regular expression whose first group is the amount, such as '([0-9]+[.,][0-9]{2})'"
    )
    every: Annotated[Duration, in_range(timedelta(minutes=10), timedelta(days=31))] = Field(
        default=timedelta(hours=24), description=f"{DURATION_FORM}; at least 10min, at most 31d"
    )
    low: float | None = Field(default=None, description="an amount, such as 2.00; a lower balance raises an alarm")

    @model_validator(mode="after")
    def _check_request(self) -> BalanceSettings:
        if (self.ussd is None) == (self.sms is None):
            raise ValueError("exactly one of ussd, sms is needed")
        if self.replies and self.ussd is None:
            raise ValueError("replies needs ussd")
        return self


class RecoverySettings(Frozen):
    """Recovery of a modem that lets no message pass."""

    power_hook: Argv | None = Field(default=None, description=HOOK_FORM)
    """None: no program switches the power."""
    quarantine: Annotated[tuple[Interval, ...], BeforeValidator(not_empty)] = Field(
        default=(timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=30)),
        description=f"a list of durations, one for each failed round, the last for all further ones; {DURATION_FORM}",
    )
    rest: Interval = Field(
        default=timedelta(minutes=5),
        description=f"{DURATION_FORM}; at least 1s, at most 1d; between rounds with resets",
    )


class SimSettings(Frozen):
    """Settings of a SIM. Its key in the file is its ICCID."""

    number: Annotated[str, matching(r"\+[1-9][0-9]{6,14}")] | None = Field(
        default=None, description="the SIM's own number with + and country code, such as +33612345678"
    )
    name: Annotated[str, matching(r"(?=.*\S)[^\x00-\x1f]{1,80}")] | None = Field(
        default=None, description="a name for people, at most 80 characters"
    )
    rate: SimRate = Field(default="modem", description=f"{RATE_FORM}, or modem for the rate of its modem")
    """Parts per second. None: unlimited; "modem": the rate of the modem that the SIM is in."""
    pin_file: FilePath | None = Field(default=None, description="the path of a file with this SIM's PIN, 4 to 8 digits")
    smsc: Annotated[str, matching(r"\+[1-9][0-9]{6,14}")] | None = Field(
        default=None,
        description="the number of the operator's service centre with + and country code, such as +33609001390",
    )
    marketing_while_roaming: bool | None = Field(
        default=None, description="true or false: whether this SIM sends marketing in a foreign network"
    )
    """None: the value of the same key at the top."""
    balance: BalanceSettings | None = Field(
        default=None, description="how to request the balance: ussd, replies, sms, pattern, every, low"
    )
    limits: LimitSettings | None = Field(
        default=None, description="limits for this SIM, instead of those for all SIMs: hour, day, month and more"
    )
    """Replaces the whole group. None: the limits of all SIMs."""
    prefixes: Annotated[tuple[Prefix, ...], BeforeValidator(not_empty)] = Field(
        default=(),
        description="a list of the only prefixes that this SIM sends to, such as ['+33', '+32']; without this key, all",
    )
    price: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="the price of a part, a number from 0; all prices are in one currency"
    )
    contract: Annotated[str, matching(r"(?=.*\S)[^\x00-\x1f]{1,200}")] | None = Field(
        default=None,
        description="a note for people, at most 200 characters: the contract that allows machine sending on this SIM",
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(parse_with(parse_time_zone, ZoneInfo))] | None = Field(
        default=None,
        description="the name of a time zone, such as Europe/Paris; the SIM's quotas count its hours, days and months",
    )
    countries: Annotated[Mapping[CountryCode, ReachSettings], AfterValidator(freeze_mapping)] = Field(
        default_factory=lambda: freeze_mapping({}),
        description="countries by two capital letters, each with two_way, sender_kept, such as BE: {two_way: false}",
    )


class ValiditySettings(Frozen):
    """Validity of the messages of each class, counted from their `at`."""

    alarm: Lifetime = Field(default=timedelta(hours=1), description=LIFETIME_FORM)
    otp: Lifetime = Field(default=timedelta(minutes=5), description=LIFETIME_FORM)
    system: Lifetime = Field(default=timedelta(hours=24), description=LIFETIME_FORM)
    transactional: Lifetime = Field(default=timedelta(hours=24), description=LIFETIME_FORM)
    conversational: Lifetime = Field(default=timedelta(hours=24), description=LIFETIME_FORM)
    marketing: Lifetime = Field(default=timedelta(hours=72), description=LIFETIME_FORM)

    def of(self, message_class: str) -> timedelta:
        """Returns the validity of a class by its name. KeyError for a name that is not a class."""
        if message_class not in type(self).model_fields:
            raise KeyError(message_class)
        lifetime: timedelta = getattr(self, message_class)
        return lifetime


class Settings(Frozen):
    """Whole configuration. Paths are absolute, durations are timedeltas; only a reload changes it."""

    database: FilePath = Field(description="the path of the database file, such as /var/lib/modemd/modemd.db")
    socket: FilePath = Field(
        default_factory=lambda data: data.get("database", Path("modemd")).with_suffix(".sock"),
        description="the path of the daemon's Unix socket",
    )
    modems: Annotated[tuple[ModemSettings, ...], BeforeValidator(check_modem_list)] = Field(
        default=(),
        description="auto, or a list of at least one modem, each with name and one of port, imei, iccid, usb",
    )
    """Empty: every modem that is found."""
    finding: DiscoverySettings = Field(
        default_factory=DiscoverySettings,
        description="how modems without a port are found: others, probe_bridges, rescan, emulator",
    )
    sims: Annotated[Mapping[Iccid, SimSettings], AfterValidator(freeze_mapping)] = Field(
        default_factory=lambda: freeze_mapping({}),
        description="SIMs by their ICCID, 18 to 22 digits (A to E in some) without a filler F",
    )
    limits: LimitSettings = Field(
        default_factory=LimitSettings,
        description="the most that a SIM may send: hour, day, month, reserve, marketing_per_hour, warm_up",
    )
    routes: Annotated[Mapping[Prefix, Route], AfterValidator(freeze_mapping)] = Field(
        default_factory=lambda: freeze_mapping({}),
        description="prefixes, each with the SIMs that may send to it, such as '+33': [ICCID]",
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(parse_with(parse_time_zone, ZoneInfo))] = Field(
        default_factory=lambda: ZoneInfo("UTC"), description="the name of a time zone, such as Europe/Paris"
    )
    country: CountryCode | None = Field(
        default=None, description="the two capital letters of a country, such as FR; numbers without + belong to it"
    )
    brand: Annotated[str, matching(r"(?=.*\S)[^\x00-\x1f]{1,40}")] | None = Field(
        default=None, description="the name that people know you by, at most 40 characters"
    )
    consent: ConsentSettings = Field(
        default_factory=ConsentSettings, description="who may get messages: marketing, caps and more"
    )
    geography: GeographySettings = Field(
        default_factory=GeographySettings,
        description="which numbers may be written to: countries, premium, satellite, landlines",
    )
    quiet_hours: QuietHoursSettings = Field(
        default_factory=QuietHoursSettings,
        description="when marketing may reach people: enabled, hours, holidays, fallback_zones, shortest, strictest_us",
    )
    http: HttpSettings = Field(default_factory=HttpSettings, description="the API on TCP: listen, tls, trusted_proxies")
    validity: ValiditySettings = Field(
        default_factory=ValiditySettings, description="a duration for each class of message"
    )
    stop_grace_s: float = Field(default=45.0, ge=0, le=600, description="seconds, 0 to 600, without a unit")
    drivers: FilePath = Field(
        default=Path("/etc/modemd/drivers"), description="the path of the folder with your own driver files"
    )
    log_level: Literal["debug", "info", "warning"] = Field(default="info", description="debug, info or warning")
    sweep_interval: Interval = Field(
        default=timedelta(seconds=60), description=f"{DURATION_FORM}; at least 1s, at most 1d"
    )
    report: bool = Field(default=True, description="true or false")
    recovery: RecoverySettings = Field(
        default_factory=RecoverySettings, description="how modemd recovers a sick modem: power_hook, quarantine, rest"
    )
    admit_sims: Literal["auto", "manual"] = Field(
        default="auto", description="auto: modemd uses a new SIM at once; manual: only after a person has admitted it"
    )
    calls: Literal["ignore", "hang_up"] = Field(
        default="ignore", description="ignore: a call rings until its caller gives up; hang_up: modemd refuses it"
    )
    marketing_while_roaming: bool = Field(
        default=False, description="true or false: whether a SIM sends marketing in a foreign network"
    )
    alarms: AlarmSettings = Field(
        default_factory=AlarmSettings, description="how alarms are reported: to, command, hold_down and more"
    )
    filter_watch: FilterWatchSettings = Field(
        default_factory=FilterWatchSettings,
        description="when the marketing of a SIM is paused because its messages stop arriving: enabled, fall, least",
    )
    doors: DoorSettings = Field(
        default_factory=DoorSettings,
        description="formats by which other programs hand over alerts and messages: alertmanager, grafana, smseagle",
    )
    webhooks: WebhookSettings = Field(
        default_factory=WebhookSettings, description="which receivers webhooks may have: private_targets, ca_file"
    )
    retention: RetentionSettings = Field(
        default_factory=RetentionSettings, description="how long texts and rows are stored: outbox, inbox, log"
    )

    @property
    def may_use_unlisted(self) -> bool:
        """True if modemd uses modems that the file does not name."""
        return not self.modems if self.finding.others is None else self.finding.others

    @property
    def is_discovery_enabled(self) -> bool:
        """True if modemd looks for modems at all. It does not if the file gives each modem a port, and allows no others."""
        return self.may_use_unlisted or any(modem.port is None for modem in self.modems)

    def rate(self, modem: ModemSettings, iccid: str | None) -> float | None:
        """Returns the configured parts per second for this SIM in this modem. None: unlimited."""
        sim = self.sims.get(iccid) if iccid else None
        return modem.rate if sim is None or sim.rate == "modem" else sim.rate

    def may_roam_with_marketing(self, iccid: str) -> bool:
        """Returns whether the configuration lets this SIM send marketing in a foreign network."""
        sim = self.sims.get(iccid)
        own = sim.marketing_while_roaming if sim is not None else None
        return self.marketing_while_roaming if own is None else own
