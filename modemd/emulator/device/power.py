"""Power of a device: what it loses without power, how it boots, and whether its port is there meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from modemd.emulator.device.family import Family
from modemd.emulator.device.family_sections import Line
from modemd.emulator.device.serial_line import SerialLine
from modemd.emulator.device.settings import Settings
from modemd.emulator.timers import Handle, Timers

SWITCH_OFF_DELAY_S = 0.1
"""Seconds from the last words of a device that switches off to its end: enough for them to be sent."""


class Port(Protocol):
    """A carrier of a device's octets, which can go away with the device."""

    def lost(self) -> None:
        """Takes the port away, as the device did."""

    def back(self) -> None:
        """Makes the port available again."""


class PowerLayer:
    """The lowest layer of a device: its scheduled actions run only if it has had power since.

    The layers above override `_lose_power` and `_boot`. `chatty`: the device sends the idle lines of its family.
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

    @property
    def settings(self) -> Settings:
        """The settings of the host."""
        return self.host.settings

    def switched(self, needs: str) -> bool:
        """Returns whether a switch of the family has the value that something in its file needs."""
        return self.family.switched(self.settings.flags, needs)

    def later(self, seconds: float, action: Callable[[], None]) -> Handle:
        """Schedules an action; a loss of power cancels it."""
        return self.timers.after(seconds, partial(self._run_if_powered, self._generation, action))

    def _run_if_powered(self, generation: int, action: Callable[[], None]) -> None:
        if generation == self._generation:
            action()

    def power_off(self) -> None:
        """Cuts the power: everything volatile is lost. A message that is being sent and not yet accepted never will be."""
        self._generation += 1
        self._powered = self._answering = False
        self._lose_power()

    def power_on(self) -> None:
        """Boots the device if it is off: first silence, then the lines of the family, the SIM, the network."""
        if not self._powered:
            self._powered = True
            self._boot()

    def restart(self) -> None:
        """Reboots at once, as after AT+CFUN=1,1 or a brown-out. On USB the port goes and comes back; on a UART it stays."""
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
        """Switches off as after a command: sends the last words of the family, then is off until it is plugged in again."""
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
        """Forgets everything volatile of this layer."""

    def _boot(self) -> None:
        boot, factor = self.family.boot, self.boot_factor
        for line in boot.lines:
            self.later(line.after_s * factor, partial(self._send_boot_line, line))
        self.later(boot.answers_s * factor, self._answer)

    def _send_boot_line(self, line: Line) -> None:
        if self._is_line_enabled(line):
            self.host.send_notice(line.say)

    def _is_line_enabled(self, line: Line) -> bool:
        """Returns whether the switch that the line needs is set."""
        return self.switched(line.needs)

    def _answer(self) -> None:
        self._answering = True
