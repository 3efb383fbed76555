"""Profiles of modem families, read from `drivers/*.toml`. Those files are the drivers.

`Profile` is one family, `Profiles` all of them; `UsbRole` is the role of a USB interface, from `drivers/usb.toml`.
"""

from __future__ import annotations

from modemd.profiles.families import Profiles
from modemd.profiles.profile import ERROR_CLASSES, GENERIC, PDU_MODES, SECTIONS, USSD_CODINGS, Profile, Quirk
from modemd.profiles.usb import UsbKind, UsbRole

__all__ = [
    "ERROR_CLASSES",
    "GENERIC",
    "PDU_MODES",
    "SECTIONS",
    "USSD_CODINGS",
    "Profile",
    "Profiles",
    "Quirk",
    "UsbKind",
    "UsbRole",
]
