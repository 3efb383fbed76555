"""A modem lab: an emulated network, its subscribers, and devices that answer AT as their families do.

Everything here is sans I/O and driven by `Timers` handed in, so that the same device runs on a pty in real time and in
memory in simulated time; the same seed gives the same bytes. The transports are in `modemd.emulator.links`, the
server with its control door in `modemd.emulator.lab.server`, the handles for other people's tests in
`modemd.emulator.testing`; none of them is imported from here.

The names below are loaded when they are asked for: pytest imports this package with its plugin at every start, in
projects that may run no modem at all.
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
