"""Emulated USB: modems in a port list as pyserial gives it."""

from __future__ import annotations

from modemd.emulator.usb.bus import BRIDGE, STICK, UsbBus, UsbDevice, UsbInterface

__all__ = ["BRIDGE", "STICK", "UsbBus", "UsbDevice", "UsbInterface"]
