"""A modem lab: an emulated network, its subscribers, and devices that answer AT as their families do.

Everything here is sans I/O and driven by `Timers` handed in, so that the same device runs on a pty in real time and in
memory in simulated time; the same seed gives the same bytes. The transports are in `modemd.emulator.links`, the
server with its control door in `modemd.emulator.server`; neither is imported from here.
"""

from __future__ import annotations

from modemd.emulator.device import Device
from modemd.emulator.family import Family, families
from modemd.emulator.journal import Accepted, Journal
from modemd.emulator.network import Network
from modemd.emulator.subscribers import Phone, Received, Sim
from modemd.emulator.timers import Handle, LoopTimers, Timers

__all__ = [
    "Accepted",
    "Device",
    "Family",
    "Handle",
    "Journal",
    "LoopTimers",
    "Network",
    "Phone",
    "Received",
    "Sim",
    "Timers",
    "families",
]
