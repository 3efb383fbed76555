"""Profile of one family of modems, with the values of its driver file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path

from modemd.light_dataclass import dataclass

GENERIC = "generic"
ERROR_CLASSES = ("soon", "later", "other", "recipient", "message", "reset", "sim", "config", "unknown")
USSD_CODINGS = ("plain", "packed_hex", "charset")
PDU_MODES = ("joined", "before", "never")


class Quirk(StrEnum):
    """Quirks of modems that cannot be expressed as a value. Each is handled in one place."""

    CNMA_AFTER_REPORT = "cnma-after-report"
    """With CSMS 1, no `+CDS` follows another until `AT+CNMA`. Handled in `modemd.modem.messages.arrivals`."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Profile of one family. Commands are without `AT`; times are in seconds; `drivers/README.md` documents each key.

    `path` is the file that it was read from.
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
    direct: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()
    iccid: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    ready: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    quirks: frozenset[Quirk] = frozenset()
    # [pin]: the command for the number of tries left, and which value of the answer, counted from 0, is the PIN's
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
    pdu_mode: str = "never"
    gives_reference: bool = True
    probe_lost_answer: bool = False
    # [errors]: +CMS ERROR numbers whose meaning differs from the table of the standard
    errors: Mapping[int, str] = field(default_factory=dict)
    # [source]
    source: str = ""
    unverified: bool = False

    def is_match_for(self, manufacturer: str, model: str) -> bool:
        """Returns whether a modem with these answers to +CGMI and +CGMM belongs to this family."""
        return bool(self.manufacturer or self.model) and all(
            re.search(pattern, answer, re.IGNORECASE) is not None
            for pattern, answer in ((self.manufacturer, manufacturer), (self.model, model))
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """Beginnings of all notices of this family, for `Channel`."""
        return (*self.ignore, *self.restart, *self.ready, *self.full)


SECTIONS: dict[str, tuple[str, ...]] = {
    "": ("title",),
    "match": ("manufacturer", "model", "usb", "at_interface", "at_protocol", "other_protocol"),
    "at": (
        *("first", "init", "optional", "notify", "direct", "storage", "iccid"),
        *("ignore", "restart", "ready", "full", "quirks"),
    ),
    "pin": ("pin_tries", "pin_tries_field"),
    "recover": ("reset", "radio_off", "radio_on", "power_off"),
    "ussd": ("ussd",),
    "time": (
        *("command_timeout_s", "prompt_timeout_s", "send_timeout_s", "refusal_window_s"),
        *("guard_s", "escape_s", "send_interval_s"),
    ),
    "send": ("link_hold", "pdu_mode", "gives_reference", "probe_lost_answer"),
    "source": ("source", "unverified"),
}
"""Keys of each section of a driver file. The section `errors` has numbers as keys instead."""
