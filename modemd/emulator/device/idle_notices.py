"""Idle lines: unsolicited lines that a device repeats while a host listens."""

from __future__ import annotations

from functools import partial

from modemd.emulator.device.family_sections import Line
from modemd.emulator.device.registration import RegistrationLayer

EVERY_COMMANDS = 7
"""Commands from one line before an echo to the next."""


class IdleNotices:
    """The idle lines of one device's family, each at its own interval."""

    def __init__(self, device: RegistrationLayer) -> None:
        self._device = device
        self._generation = 0
        self._silenced = False
        self._commands = 0

    def begin(self) -> None:
        """Starts the lines: a host listens, or the device has power again."""
        device = self._device
        self._generation += 1
        if device.chatty and device.host.connected and not self._silenced:
            for line in device.family.chatter.lines:
                device.later(line.every_s, partial(self._send, self._generation, line))

    def end(self) -> None:
        """Stops the lines: no host listens."""
        self._generation += 1

    def silence(self) -> None:
        """Stops the lines until power is lost: the host asked for it."""
        self._silenced = True
        self.end()

    def lose_power(self) -> None:
        """Stops the lines, and forgets the host's request for silence."""
        self._silenced = False
        self.end()

    def before_echo(self) -> bytes:
        """Returns what precedes the echo of this command: the line of the family with every seventh, else nothing."""
        line = self._device.family.chatter.before_echo
        self._commands += 1
        is_due = line and self._commands % EVERY_COMMANDS == 0 and self._device.chatty and not self._silenced
        return f"{line}\r\n".encode() if is_due else b""

    def _send(self, generation: int, line: Line) -> None:
        device = self._device
        if generation == self._generation and device.chatty:
            device.host.send_notice(line.at(device.timers.now()))
            device.later(line.every_s, partial(self._send, generation, line))
