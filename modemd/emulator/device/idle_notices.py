"""What a device says by itself again and again, while a host listens."""

from __future__ import annotations

from functools import partial

from modemd.emulator.device.family import Line
from modemd.emulator.device.registration import RegistrationLayer


class IdleNotices:
    """The idle lines of one device's family, each on its own beat."""

    def __init__(self, device: RegistrationLayer) -> None:
        self._device = device
        self._generation = 0
        self._silenced = False

    def begin(self) -> None:
        """A host listens, or the device has power again."""
        device = self._device
        self._generation += 1
        if device.chatty and device.host.connected and not self._silenced:
            for line in device.family.chatter.lines:
                device.later(line.every_s, partial(self._send, self._generation, line))

    def end(self) -> None:
        """Nobody listens any more."""
        self._generation += 1

    def silence(self) -> None:
        """The host has asked for silence: there is some until the power goes."""
        self._silenced = True
        self.end()

    def lose_power(self) -> None:
        """Nothing is said, and what the host asked for is forgotten."""
        self._silenced = False
        self.end()

    def _send(self, generation: int, line: Line) -> None:
        device = self._device
        if generation == self._generation and device.chatty:
            device.host.send_notice(line.at(device.timers.now()))
            device.later(line.every_s, partial(self._send, generation, line))
