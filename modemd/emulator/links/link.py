"""Base of all links: unplugs a device and plugs it in again."""

from __future__ import annotations

from abc import ABC, abstractmethod

from modemd.emulator.device.device import Device


class Link(ABC):
    """Port of a device (`modemd.emulator.device.power.Port`) that a person can unplug and plug in again."""

    def __init__(self, device: Device) -> None:
        self.device = device
        device.ports.append(self)

    @abstractmethod
    def lost(self) -> None:
        """Takes the port away from the host."""

    @abstractmethod
    def back(self) -> None:
        """Makes the port available again."""

    def unplug(self) -> None:
        """Pulls the stick out: the host loses the port, and the device loses power."""
        self.device.power_off()
        self.lost()

    def replug(self) -> None:
        """Plugs the stick in again: the port is back, and the device boots."""
        self.back()
        self.device.power_on()

    def _detach_from_device(self) -> None:
        """Removes this port from the device."""
        if self in self.device.ports:
            self.device.ports.remove(self)
