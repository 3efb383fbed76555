"""One family of modems, as its driver file says it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

GENERIC = "generic"
ERROR_CLASSES = ("soon", "later", "other", "recipient", "message", "reset", "sim", "config", "unknown")
USSD_CODINGS = ("plain", "packed_hex", "charset")


class Quirk(StrEnum):
    """Oddities that cannot be said as a value. Each is obeyed in one place."""

    CNMA_AFTER_REPORT = "cnma-after-report"
    """With CSMS 1 a `+CDS` is followed by no other until `AT+CNMA`; obeyed in `modemd.modem.messages.receiver`."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One family. Commands are without `AT`; times are seconds; `drivers/README.md` documents each key.

    `path` is the file it was read from.
    """

    name: str
    path: Path | None = None
    title: str = ""
    # [match]
    manufacturer: str = ""
    model: str = ""
    usb: tuple[str, ...] = ()
    at_interface: tuple[str, ...] = ()
    at_protocol: tuple[str, ...] = ()
    other_protocol: tuple[str, ...] = ()
    # [at]
    first: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()
    iccid: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    quirks: frozenset[Quirk] = frozenset()
    # [pin]: the command that tells how many tries are left, and which of the answer's values, counted from 0, is the PIN's
    pin_tries: str = ""
    pin_tries_field: int = 0
    # [recover]
    reset: tuple[str, ...] = ("+CFUN=1,1",)
    radio_off: str = "+CFUN=4"
    radio_on: str = "+CFUN=1"
    power_off: str = ""
    # [ussd]
    ussd: str = "charset"
    # [time]
    command_timeout_s: float = 10.0
    prompt_timeout_s: float = 30.0
    send_timeout_s: float = 60.0
    refusal_window_s: float = 10.0
    guard_s: float = 0.0
    escape_s: float = 0.02
    send_interval_s: float = 0.0
    # [send]
    link_hold: str = ""
    # [errors]: +CMS ERROR numbers whose meaning is the vendor's own (reference: the standard's table)
    errors: Mapping[int, str] = field(default_factory=dict)
    # [source]
    source: str = ""
    unverified: bool = False

    def is_match_for(self, manufacturer: str, model: str) -> bool:
        """Whether a modem that answers so to +CGMI and +CGMM is of this family."""
        return bool(self.manufacturer or self.model) and all(
            re.search(pattern, said, re.IGNORECASE) is not None
            for pattern, said in ((self.manufacturer, manufacturer), (self.model, model))
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """Beginnings of every line that this family says unasked, for `Channel`."""
        return (*self.ignore, *self.restart, *self.ready, *self.full)


SECTIONS: dict[str, tuple[str, ...]] = {
    "": ("title",),
    "match": ("manufacturer", "model", "usb", "at_interface", "at_protocol", "other_protocol"),
    "at": (
        *("first", "init", "optional", "notify", "storage", "iccid"),
        *("ignore", "restart", "ready", "full", "quirks"),
    ),
    "pin": ("pin_tries", "pin_tries_field"),
    "recover": ("reset", "radio_off", "radio_on", "power_off"),
    "ussd": ("ussd",),
    "time": (
        *("command_timeout_s", "prompt_timeout_s", "send_timeout_s", "refusal_window_s"),
        *("guard_s", "escape_s", "send_interval_s"),
    ),
    "send": ("link_hold",),
    "source": ("source", "unverified"),
}
"""Which keys stand in which section of a driver file; `errors` is a section of its own kind."""
