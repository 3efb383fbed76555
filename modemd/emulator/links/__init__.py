"""Links that carry a device's octets to a host: memory, a pty, TCP. Each can be unplugged and plugged in again."""

from __future__ import annotations

from modemd.emulator.links.memory import MemoryLink, MemoryPort
from modemd.emulator.links.pty import PtyLink
from modemd.emulator.links.tcp import TcpLink

__all__ = ["MemoryLink", "MemoryPort", "PtyLink", "TcpLink"]
