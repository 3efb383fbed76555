"""The SIM in a device: in or out, read or not yet, locked or open; and the message memories that stand beside its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import partial

from modemd.emulator.device.family import Family, Line
from modemd.emulator.device.power import PowerLayer
from modemd.emulator.device.results import CmeError, CmsError
from modemd.emulator.device.settings import Notifications
from modemd.emulator.network.message_memory import CombinedMemory, MessageMemory, SlotMemory
from modemd.emulator.network.subscribers import DeliveryCallback, IncomingMessage, Sim
from modemd.emulator.network.voice_calls import VoiceCall
from modemd.emulator.timers import Handle, Timers


class SimLayer(PowerLayer, ABC):
    """A device with a slot for a SIM. The layer above says whether it can be reached, and is told of every change."""

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
        """Whether the network can hand over a message now."""

    @abstractmethod
    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        """A message or report from the network."""

    @abstractmethod
    def ring(self, call: VoiceCall) -> bool:
        """A voice call; False where it finds the device busy."""

    @abstractmethod
    def call_changed(self, call: VoiceCall) -> None:
        """A voice call was answered, or is over."""

    @abstractmethod
    def sim_changed(self, *, registers: bool = False) -> None:
        """The SIM went, came, was read, locked or opened. `registers`: it is new to the network, which takes its time."""

    # -- in and out

    def remove_sim(self) -> None:
        """The SIM is pulled out while the device runs: it says so as its family does, and loses the network."""
        if self.sim is None:
            return
        self.sim.terminal = None
        self.sim = None
        if self._busy_timer is not None:
            self._busy_timer.cancel()
            self._busy_timer = None
        self._announce_sim_change(self.family.dialogue.sim_removed)

    def insert_sim(self, sim: Sim) -> None:
        """A SIM is put in, the same or another; out of the device it sat in. It is read and registered as at boot.

        The settings of message commands are gone (3GPP TS 27.005 has them per SIM; SIM800 and others lose them).
        """
        self.remove_sim()
        if sim.terminal is not None:
            sim.terminal.remove_sim()
        self.sim = sim
        sim.terminal = self
        self._unlocked = not sim.requires_pin
        self._sim_ready = False
        self.host.settings.notifications = Notifications(bfr=self.family.notify.bfr[0])
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
        """Whether the SIM has been read since power-on."""
        return self._sim_ready

    @property
    def unlocked(self) -> bool:
        """Whether no PIN or PUK is asked for."""
        return self._unlocked

    @property
    def sim_usable(self) -> bool:
        """Whether there is a SIM, read and open."""
        return self.sim is not None and self._sim_ready and self._unlocked

    def require_sim(self, error: type[CmsError] | type[CmeError]) -> Sim:
        """The SIM, usable; else the error that says why not, numbered as its kind numbers it."""
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
        """Ask for the PIN again, as after a brown-out of the SIM; with 0 tries left, for the PUK.

        A SIM without a PIN gets this one. CmeError 10 where there is no SIM.
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
        """The last try was used up: the SIM wants its PUK."""
        self._unlocked = False
        self.sim_changed()

    def unlock(self) -> None:
        """The right PIN was given: the SIM is busy for the family's time, says that it is ready, and registers."""
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
        """The message memory of that name. CmsError as for `require_sim` where it is on the SIM."""
        if name == "ME":
            return self._own_memory
        if name == "SR":
            return self._report_memory
        if name == "MT":
            return CombinedMemory([self.memory(one) for one in self.family.storage.joined])
        return self.require_sim(CmsError).memory
