"""Emulated USB: modems in a port list of the same form as pyserial's."""

from __future__ import annotations

from modemd.emulator.usb.bus import BRIDGE, STICK, UsbBus, UsbDevice, UsbInterface

__all__ = ["BRIDGE", "STICK", "UsbBus", "UsbDevice", "UsbInterface"]
