"""SIM slot of a device: SIM in or out, read or not yet, locked or unlocked; and the message memories of SIM and device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import partial

from modemd.emulator.device.family import Family
from modemd.emulator.device.family_sections import Line
from modemd.emulator.device.power import PowerLayer
from modemd.emulator.device.results import CmeError, CmsError
from modemd.emulator.device.settings import Notifications
from modemd.emulator.network.message_memory import CombinedMemory, MessageMemory, SlotMemory
from modemd.emulator.network.subscribers import DeliveryCallback, IncomingMessage, Sim
from modemd.emulator.network.voice_calls import VoiceCall
from modemd.emulator.timers import Handle, Timers


class SimLayer(PowerLayer, ABC):
    """A device with a slot for a SIM. The layer above knows whether it can be reached, and learns every change."""

    def __init__(self, family: Family, timers: Timers, boot_factor: float, sim: Sim | None) -> None:
        super().__init__(family, timers, boot_factor)
        self.sim = sim
        self._own_memory = SlotMemory("ME", family.storage.device_capacity)
        self._report_memory = SlotMemory("SR", family.storage.report_capacity)
        self._unlocked = sim is None or not sim.requires_pin
        self._sim_ready = True
        self._busy_timer: Handle | None = None

    # -- what the layer above knows

    @abstractmethod
    def reachable(self) -> bool:
        """Returns whether the network can deliver a message now."""

    @abstractmethod
    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        """Takes a message or report from the network."""

    @abstractmethod
    def ring(self, call: VoiceCall) -> bool:
        """Signals an incoming voice call. Returns False if the device is busy."""

    @abstractmethod
    def call_changed(self, call: VoiceCall) -> None:
        """Signals that a voice call was answered, or is over."""

    @abstractmethod
    def sim_changed(self, *, registers: bool = False) -> None:
        """Signals that the SIM was removed, inserted, read, locked or unlocked.

        `registers`: it is new to the network, and registers anew.
        """

    # -- in and out

    def remove_sim(self) -> None:
        """Removes the SIM while the device runs: the device sends the lines of its family, and loses the network."""
        if self.sim is None:
            return
        self.sim.terminal = None
        self.sim = None
        if self._busy_timer is not None:
            self._busy_timer.cancel()
            self._busy_timer = None
        self._announce_sim_change(self.family.dialogue.sim_removed)

    def insert_sim(self, sim: Sim) -> None:
        """Inserts a SIM, the same or another, and removes it from the device it was in.

        The device reads it and registers as at boot; if it is off, at its next boot. The settings of message commands are lost
        (3GPP TS 27.005 has them per SIM; SIM800 and others lose them).
        """
        self.remove_sim()
        if sim.terminal is not None:
            sim.terminal.remove_sim()
        self.sim = sim
        sim.terminal = self
        self._unlocked = not sim.requires_pin
        self._sim_ready = False
        self.host.settings.notifications = Notifications.at_start(self.family)
        if self._powered:
            self.later(self.family.boot.sim_ready_s * self.boot_factor, self._read_inserted)
        self.sim_changed(registers=True)

    def _read_inserted(self) -> None:
        self._read_sim()
        self._announce_sim_change(self.family.dialogue.sim_inserted)

    def _read_sim(self) -> None:
        self._sim_ready = True
        self.sim_changed()

    def _announce_sim_change(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.host.send_notice(line)
        self.sim_changed()

    def _lose_power(self) -> None:
        super()._lose_power()
        self._sim_ready = False
        self._busy_timer = None

    def _boot(self) -> None:
        super()._boot()
        self._unlocked = self.sim is None or not self.sim.requires_pin
        self.later(self.family.boot.sim_ready_s * self.boot_factor, self._read_sim)

    def _is_line_enabled(self, line: Line) -> bool:
        state = "absent" if self.sim is None else "ready" if self._unlocked else "locked"
        return line.sim in ("", state) and super()._is_line_enabled(line)

    # -- whether it can be used

    @property
    def sim_ready(self) -> bool:
        """True if the SIM has been read since power-on."""
        return self._sim_ready

    @property
    def unlocked(self) -> bool:
        """True if no PIN or PUK is asked for."""
        return self._unlocked

    @property
    def sim_usable(self) -> bool:
        """True if there is a SIM, read and unlocked."""
        return self.sim is not None and self._sim_ready and self._unlocked

    def require_sim(self, error: type[CmsError] | type[CmeError]) -> Sim:
        """Returns the usable SIM. Raises `error` with the number of the reason if there is none."""
        boot = self.family.boot
        codes = {"absent": 310, "pin": 311, "puk": 316, "busy": boot.busy_cms, "failed": 313}
        if error is CmeError:
            codes = {"absent": 10, "pin": 11, "puk": 12, "busy": boot.busy_cme, "failed": 13}
        if self.sim is None:
            raise error(codes["absent"])
        if not self._sim_ready:
            raise error(codes["busy"])
        if not self._unlocked:
            raise error(codes["failed" if self.sim.blocked else "puk" if self.sim.pin_tries == 0 else "pin"])
        if self._busy_timer is not None:
            raise error(codes["busy"])
        return self.sim

    def ask_pin(self, *, pin: str = "1234", tries: int = Sim.PIN_TRIES) -> None:
        """Locks the SIM until its PIN is entered, as after a brown-out of the SIM; with 0 `tries` left, its PUK.

        A SIM without a PIN gets this one. Raises CmeError 10 if there is no SIM.
        """
        if self.sim is None:
            raise CmeError(10)
        if not self.sim.pin_enabled:
            self.sim.pin = pin
            self.sim.pin_enabled = True
        self.sim.pin_tries = tries
        self._unlocked = False
        self.sim_changed()

    def lock(self) -> None:
        """Locks the SIM: the last try was used up, and it asks for its PUK."""
        self._unlocked = False
        self.sim_changed()

    def unlock(self) -> None:
        """Unlocks the SIM after the right PIN.

        The SIM is busy for the family's time; then the device sends that it is ready, and registers.
        """
        self._unlocked = True
        entry, factor = self.family.pin, self.boot_factor
        if busy_s := entry.busy_s * factor:
            self._busy_timer = self.later(busy_s, self._no_longer_busy)
        for line in entry.ready:
            self.later(line.after_s * factor, partial(self.host.send_notice, line.say))
        self.sim_changed(registers=True)

    def _no_longer_busy(self) -> None:
        self._busy_timer = None

    # -- the message memories

    def memory(self, name: str) -> MessageMemory:
        """Returns the message memory of that name. Raises CmsError as `require_sim` if it is on the SIM, CmsError 302 if the
        family has no memories."""
        if not self.family.storage.memories:
            raise CmsError(302)
        if name == "ME":
            return self._own_memory
        if name == "SR":
            return self._report_memory
        if name == "MT":
            return CombinedMemory([self.memory(one) for one in self.family.storage.joined])
        return self.require_sim(CmsError).memory
