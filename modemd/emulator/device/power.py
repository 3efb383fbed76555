"""Power: what a device forgets with it, how it boots, and what becomes of its port meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from modemd.emulator.device.family import Family, Line
from modemd.emulator.device.serial_line import SerialLine
from modemd.emulator.device.settings import Settings
from modemd.emulator.timers import Handle, Timers

SWITCH_OFF_DELAY_S = 0.1
"""From the last words of a device that switches off to its end: long enough for them to leave."""


class Port(Protocol):
    """What carries a device's octets and can go away with it."""

    def lost(self) -> None:
        """The device took its port away."""

    def back(self) -> None:
        """The device's port is there again."""


class PowerLayer:
    """The lowest layer of a device: what it does later, it does only if it still has the power it had.

    The layers above add what they lose with it (`_lose_power`) and what they do as it comes (`_boot`).
    """

    host: SerialLine

    def __init__(self, family: Family, timers: Timers, boot_factor: float) -> None:
        self.family = family
        self.timers = timers
        self.boot_factor = boot_factor
        self.chatty = False
        self.ports: list[Port] = []
        self._generation = 0
        self._powered = True
        self._answering = True

    def later(self, seconds: float, action: Callable[[], None]) -> Handle:
        """Put an action off; a loss of power forgets it."""
        return self.timers.after(seconds, partial(self._run_if_powered, self._generation, action))

    def _run_if_powered(self, generation: int, action: Callable[[], None]) -> None:
        if generation == self._generation:
            action()

    def power_off(self) -> None:
        """Everything volatile is gone. What was being sent and is not yet accepted will never be."""
        self._generation += 1
        self._powered = self._answering = False
        self._lose_power()

    def power_on(self) -> None:
        """Boot: silent first, then the family's lines, the SIM, the network."""
        if not self._powered:
            self._powered = True
            self._boot()

    def restart(self) -> None:
        """Reboot at once, as after AT+CFUN=1,1 or a brown-out. On USB the port goes and comes back; on a UART it stays."""
        if not self._powered:
            return
        self.power_off()
        if not self.family.dialogue.usb:
            self.power_on()
            return
        for port in self.ports:
            port.lost()
        self.later(self.family.boot.gone_s * self.boot_factor, self._finish_restart)

    def switch_off(self) -> None:
        """Off by command: the family's last words, then nothing until it is plugged in anew."""
        for line in self.family.commands.last_words:
            self.host.send_notice(line)
        self.later(SWITCH_OFF_DELAY_S, self._switch_off_now)

    def _switch_off_now(self) -> None:
        self.power_off()
        if self.family.dialogue.usb:
            for port in self.ports:
                port.lost()

    def _finish_restart(self) -> None:
        for port in self.ports:
            port.back()
        self.power_on()

    def _lose_power(self) -> None:
        """The layers above forget what they have no power to keep."""

    def _boot(self) -> None:
        boot, factor = self.family.boot, self.boot_factor
        for line in boot.lines:
            self.later(line.after_s * factor, partial(self._send_boot_line, line))
        self.later(boot.answers_s * factor, self._answer)

    def _send_boot_line(self, line: Line) -> None:
        if self._is_line_enabled(line):
            self.host.send_notice(line.say)

    @property
    def settings(self) -> Settings:
        """What the host has set."""
        return self.host.settings

    def switched(self, needs: str) -> bool:
        """Whether a switch of the family is set as something of its file needs it."""
        return self.family.switched(self.settings.flags, needs)

    def _is_line_enabled(self, line: Line) -> bool:
        """Whether what the line needs is so."""
        return self.switched(line.needs)

    def _answer(self) -> None:
        self._answering = True
