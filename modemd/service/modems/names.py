"""Names of modems: finds the one that the configuration gives, or makes one that stays with the stick."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from modemd.config import ModemSettings
from modemd.modem.discovery.probe import ProbeResult


def is_same_imei(one: str | None, other: str | None) -> bool:
    """Returns True if both are known and of one modem. The 15th digit is a check digit, which some firmware leaves out (3GPP TS
    23.003 6.2.1)."""
    return one is not None and other is not None and one[:14] == other[:14]


def match_configured(named: Iterable[ModemSettings], result: ProbeResult, place: str) -> ModemSettings | None:
    """Returns the configured modem that a probe's answer belongs to: by IMEI before SIM before place."""
    tests: tuple[Callable[[ModemSettings], bool], ...] = (
        lambda modem: is_same_imei(modem.imei, result.imei),
        lambda modem: modem.iccid is not None and modem.iccid == result.iccid,
        lambda modem: modem.usb is not None and modem.usb == place,
    )
    modems = list(named)
    return next((modem for fits in tests for modem in modems if fits(modem)), None)


def make_name(identity: str, taken: Container[str]) -> str:
    """Returns a name that stays with the stick: `modem-` and the last six characters of its IMEI, or of its USB place if it tells
    none; more if that is taken."""
    lengths = range(min(6, len(identity)), len(identity) + 1)
    names = (f"modem-{identity[-length:]}" for length in lengths)
    return next((name for name in names if name not in taken), f"modem-{identity}-2")
