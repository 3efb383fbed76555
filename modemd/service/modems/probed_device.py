"""Devices that are plugged in, as discovery knows them: when each is probed, which modem it is, or why it cannot be used."""

from __future__ import annotations

import asyncio

from modemd.light_dataclass import dataclass
from modemd.modem.discovery.devices import UsbDevice
from modemd.service.modems.found_modem import FoundModem


@dataclass(frozen=True, slots=True)
class UnusableDevice:
    """Device that is plugged in and could be a modem, and why it cannot be used."""

    device: UsbDevice
    path: str | None
    reason: str


@dataclass(slots=True)
class ProbedDevice:
    """Device that is plugged in. `next_probe_at`: when it is probed next, in seconds of the loop's clock."""

    device: UsbDevice
    probes: int = 0
    next_probe_at: float = 0.0
    task: asyncio.Task[None] | None = None
    found_modem: FoundModem | None = None
    path: str | None = None
    reason: str | None = None
    is_silent: bool = False  # it has a port for AT, and no modem has answered there


def is_replaced(probed: ProbedDevice, device: UsbDevice | None) -> bool:
    """Returns True if a device is not there any more, or has changed so that it must be probed again."""
    if device is None or device.ids != probed.device.ids:
        return True
    if probed.found_modem is not None:
        return probed.found_modem.path not in {port.path for port in device.ports}
    return device.ports != probed.device.ports
