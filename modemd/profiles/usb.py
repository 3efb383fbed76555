"""Roles of USB interfaces, from `drivers/usb.toml`: an AT port, another port of a modem, or no modem at all.

Only the interface's number, or Huawei's subclass and protocol, shows which of a stick's ports is for AT commands; the tty
numbers of the ports are not stable. Some devices need a person: a stick that still shows its CD-ROM, one in network mode, a
bootloader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from modemd.errors import ProfileError
from modemd.light_dataclass import dataclass
from modemd.profiles.profile import Profile
from modemd.profiles.reading import read_toml

VENDOR_SPECIFIC = 0xFF
# With these subclasses, the protocol has no meaning either (12d1:1001 has ff/ff/ff, Quectel ff/00/00).
_SAYS_NOTHING = (0x00, 0xFF, None)
_ID = re.compile(r"[0-9a-f]{4}:([0-9a-f]{4}|\*)")
_HEX2 = re.compile("[0-9a-f]{2}")


class UsbKind(StrEnum):
    """Kind of an interface, or of the whole device."""

    AT = "at"
    """The port that is meant for AT commands."""
    POSSIBLE = "possible"
    """A port of a modem that may answer AT: probed after the certain ones."""
    NOT_AT = "not at"
    """A port of a modem for another purpose: diagnostics, positions, audio, network."""
    STORAGE = "storage"
    """A stick that shows its CD-ROM: it needs usb_modeswitch before it is a modem."""
    NETWORK = "network"
    """A stick in network mode: a router, without an AT port."""
    BOOTLOADER = "bootloader"
    """A module that waits for firmware: it needs a power cycle."""
    NEVER = "never"
    """A device of a modem maker that is not a modem, such as a GNSS receiver."""
    BRIDGE = "bridge"
    """A serial bridge, which may lead to any device: probed only if a person says so."""
    UNKNOWN = "unknown"
    """An unknown device: left alone."""


@dataclass(frozen=True, slots=True)
class UsbRole:
    """Role of an interface. `rank`: the port of a device with the lowest rank is tried first. `driver`: the expected profile,
    only as a hint: several families share ids, so the modem's own answers decide. `model` and `remark` are for people."""

    kind: UsbKind
    rank: int = 0
    driver: str | None = None
    model: str = ""
    remark: str = ""

    @property
    def may_probe(self) -> bool:
        """True if modemd may send AT to it without being told to."""
        return self.kind in (UsbKind.AT, UsbKind.POSSIBLE)


UNKNOWN = UsbRole(UsbKind.UNKNOWN)
_WHOLE_DEVICE = (UsbKind.STORAGE, UsbKind.NETWORK, UsbKind.BOOTLOADER, UsbKind.NEVER, UsbKind.BRIDGE)
KINDS = ("modem", *_WHOLE_DEVICE)
KEYS: dict[str, type] = {
    "kind": str,
    "family": str,
    "model": str,
    "remark": str,
    "at": list,
    "also": list,
    "other": list,
}


@dataclass(frozen=True, slots=True)
class UsbEntry:
    """Row of `usb.toml`. `at`: interfaces for AT commands, best first; `also`: others that may answer AT; `other`: those that
    never do. All are numbers as in bInterfaceNumber."""

    kind: str = "modem"
    family: str | None = None
    model: str = ""
    remark: str = ""
    at: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    other: tuple[str, ...] = ()


UsbTable = Mapping[str, UsbEntry]


def read_usb(path: Path) -> dict[str, UsbEntry]:
    """Returns devices by id (`12d1:1506`, or `12d1:*` for the others of a maker). ProfileError names file and key."""
    entries = {}
    for identity, row in read_toml(path).items():
        where = f"{path}: {identity}"
        if not _ID.fullmatch(identity) or not isinstance(row, dict):
            raise ProfileError(f"{where}: needs lines as `\"12d1:1506\" = {{ at = ['02'] }}`, in lower-case hex digits")
        entries[identity] = _entry(where, row)
    return entries


def _entry(where: str, row: dict[str, Any]) -> UsbEntry:
    for key, value in row.items():
        if key not in KEYS:
            raise ProfileError(f"{where}: {key}: unknown key; known here: {', '.join(KEYS)}")
        if not isinstance(value, KEYS[key]):
            raise ProfileError(f"{where}: {key}: needs {KEYS[key].__name__}, not {value!r}")
        if isinstance(value, list) and not all(isinstance(one, str) and _HEX2.fullmatch(one) for one in value):
            raise ProfileError(f"{where}: {key}: needs interface numbers as two lower-case hex digits, not {value!r}")
    kind = row.get("kind", "modem")
    if kind not in KINDS:
        raise ProfileError(f"{where}: kind: needs one of {', '.join(KINDS)}, not {kind!r}")
    numbers = {key: tuple(row.get(key, ())) for key in ("at", "also", "other")}
    listed = [number for group in numbers.values() for number in group]
    if len(listed) != len(set(listed)):
        raise ProfileError(f"{where}: an interface is named twice: {' '.join(listed)}")
    return UsbEntry(kind, row.get("family"), row.get("model", ""), row.get("remark", ""), **numbers)


def find_role(
    entry: UsbEntry,
    profile: Profile | None,
    *,
    interface_number: int | None,
    interface_class: int | None,
    subclass: int | None,
    protocol: int | None,
) -> UsbRole:
    """Returns the role of an interface. The numbers in the row of the table come before the protocols in the profile."""
    facts = (entry.family, entry.model, entry.remark)
    if entry.kind != "modem":
        return UsbRole(UsbKind(entry.kind), 0, *facts)
    number = None if interface_number is None else f"{interface_number:02x}"
    if number in entry.other:
        return UsbRole(UsbKind.NOT_AT, 0, *facts)
    if number in entry.at:
        return UsbRole(UsbKind.AT, entry.at.index(number), *facts)
    if profile is not None and interface_class == VENDOR_SPECIFIC and subclass not in _SAYS_NOTHING and not entry.at:
        protocol_hex = f"{protocol or 0:02x}"
        if protocol_hex in profile.at_protocol:
            return UsbRole(UsbKind.AT, 0, *facts)
        if protocol_hex in profile.other_protocol:
            return UsbRole(UsbKind.NOT_AT, 0, *facts)
    named = (*entry.at, *entry.also)
    rank = named.index(number) if number in entry.also else len(named) + (interface_number or 0)
    return UsbRole(UsbKind.POSSIBLE, rank, *facts)
