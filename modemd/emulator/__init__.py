"""Emulator of modems: a network, its subscribers, and devices that answer AT commands as their families do.

Network and devices do no input or output and know only the `Timers` that they are given. So the same device runs on a
pty in real time, and in memory in simulated time; the same seed gives the same bytes. The links are in
`modemd.emulator.links`, the server with its control API in `modemd.emulator.lab.server`, the objects for tests of
other software in `modemd.emulator.testing`; this module imports none of them.

The names below are loaded on first use: pytest imports this package with its plugin at every start, also in projects
that use no modem.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modemd.emulator.device.device import Device
    from modemd.emulator.device.family import Family, families
    from modemd.emulator.network.journal import Accepted, Journal
    from modemd.emulator.network.messages import Data, Mms, Raw, Text, Voicemail
    from modemd.emulator.network.network import Network
    from modemd.emulator.network.operators import Operator
    from modemd.emulator.network.subscribers import Phone, Received, Sim
    from modemd.emulator.network.ussd_services import UssdAnswer
    from modemd.emulator.timers import Handle, LoopTimers, Timers

__all__ = [
    "Accepted",
    "Data",
    "Device",
    "Family",
    "Handle",
    "Journal",
    "LoopTimers",
    "Mms",
    "Network",
    "Operator",
    "Phone",
    "Raw",
    "Received",
    "Sim",
    "Text",
    "Timers",
    "UssdAnswer",
    "Voicemail",
    "families",
]

_HOMES = {
    "Accepted": "network.journal",
    "Data": "network.messages",
    "Device": "device.device",
    "Family": "device.family",
    "Handle": "timers",
    "Journal": "network.journal",
    "LoopTimers": "timers",
    "Mms": "network.messages",
    "Network": "network.network",
    "Operator": "network.operators",
    "Phone": "network.subscribers",
    "Raw": "network.messages",
    "Received": "network.subscribers",
    "Sim": "network.subscribers",
    "Text": "network.messages",
    "Timers": "timers",
    "UssdAnswer": "network.ussd_services",
    "Voicemail": "network.messages",
    "families": "device.family",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
