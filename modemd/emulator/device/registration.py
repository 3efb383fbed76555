"""Registration: what the network grants a device with a usable SIM, and how the device reports it."""

from __future__ import annotations

from datetime import timedelta

from modemd.emulator.device.family import Family
from modemd.emulator.device.sim_slot import SimLayer
from modemd.emulator.network.network import Network
from modemd.emulator.network.subscribers import Sim
from modemd.emulator.timers import Handle, Timers

NOT_REGISTERED, HOME, SEARCHING, DENIED, ROAMING = 0, 1, 2, 3, 5
"""`+CREG` states (3GPP TS 27.007 7.2)."""
REGISTERED = (HOME, ROAMING, 6, 7, 9, 10)
"""States in which messages go: also 6 and 7, SMS only, and 9 and 10, circuit-switched fallback not preferred."""

AUTOMATIC, NONE = 0, 2
"""`+COPS` modes (27.007 7.3)."""


class RegistrationLayer(SimLayer):
    """A device with a SIM on a network: the mobile termination of 3GPP.

    `on_air` is True while a message is on its way to the network.
    """

    def __init__(self, family: Family, network: Network, timers: Timers, boot_factor: float, sim: Sim | None) -> None:
        super().__init__(family, timers, boot_factor, sim)
        self.network = network
        self.function = 1
        self.signal = 17
        self.selection = AUTOMATIC
        self.clock_shift = timedelta()
        self.on_air = False
        self._attached = True
        self._attaching: Handle | None = None
        self._coverage = HOME
        self._announced = NOT_REGISTERED

    @property
    def registration(self) -> int:
        """The `+CREG` state."""
        if not (self._powered and self._radio_on and self.selection != NONE and self.sim_usable):
            return NOT_REGISTERED
        return self._coverage if self._attached else SEARCHING

    @property
    def registered(self) -> bool:
        """True if the device is registered, at home or roaming, so that messages go."""
        return self.registration in REGISTERED

    def reachable(self) -> bool:
        """Returns whether the device is registered."""
        return self.registered

    @property
    def sending(self) -> bool:
        """True while a message is typed or is on its way to the network."""
        return self.host.entering or self.on_air

    def set_function(self, function: int) -> None:
        """Sets `+CFUN`: 1 is full, others are with or without radio as in the family."""
        had_radio = self._radio_on
        self.function = function
        if self._radio_on and not had_radio:
            self._register()
        self.registration_changed()

    @property
    def _radio_on(self) -> bool:
        return self.function not in self.family.commands.offline

    def select_operator(self, mode: int) -> None:
        """Sets `+COPS`: automatic (0), manual (1, 4), or none, which leaves the network (2)."""
        previous, self.selection = self.selection, mode
        if previous == NONE and mode != NONE:
            self._register()
        self.registration_changed()

    def set_coverage(self, state: int) -> None:
        """Sets what the network grants from now on: a `+CREG` state, 1 home, 2 searching, 3 denied, 5 roaming, or another up
        to 11."""
        self._coverage = state
        self.registration_changed()

    def sim_changed(self, *, registers: bool = False) -> None:
        """Reacts to a changed SIM. `registers`: it is new to the network, and registers anew."""
        if registers:
            self._register()
        elif self.sim is None:
            self._detach()
        self.registration_changed()

    def _register(self) -> None:
        """Registers after the family's time, counted from now, and not before the SIM is read."""
        boot = self.family.boot
        wait_s = boot.registered_s if self._sim_ready else max(boot.sim_ready_s, boot.registered_s)
        self._detach()
        self._attaching = self.later(wait_s * self.boot_factor, self._attach)

    def _attach(self) -> None:
        self._attached = True
        self.registration_changed()

    def _detach(self) -> None:
        self._attached = False
        if self._attaching is not None:
            self._attaching.cancel()

    def _lose_power(self) -> None:
        super()._lose_power()
        self._detach()
        self.on_air = False
        self.clock_shift = timedelta()
        self._announced = NOT_REGISTERED

    def _boot(self) -> None:
        self.function = 1
        self.selection = AUTOMATIC
        super()._boot()
        self._attaching = self.later(self.family.boot.registered_s * self.boot_factor, self._attach)

    def registration_changed(self) -> None:
        """Notifies the host, if it asked for that, and the network."""
        state = self.registration
        if state == self._announced:
            return
        self._announced = state
        for name, level in self.host.settings.registration_notices.items():
            if level:
                self.host.send_notice(f"{name}: {self.format_registration(name)}")
        if self.registered and self.sim is not None:
            self.network.available(self.sim)

    def format_registration(self, name: str, *, is_asked: bool = False) -> str:
        """Returns the state as in `+CREG`, `+CGREG` or `+CEREG`; at level 2 with the cell, if there is one. `is_asked`: it is
        the answer to the read form, which has the cell at every level in some families."""
        with_cell = self.host.settings.registration_notices[name] == 2 or (is_asked and self.family.dialogue.shows_cell)
        if with_cell and self.registered:
            return f"{self.registration},{self.family.dialogue.cell}"
        return str(self.registration)

    def notify_memory_available(self) -> None:
        """Tells the service centre that a slot is free, so that it tries again (SMMA, 3GPP TS 24.011 7.2)."""
        if self.sim is not None and self.registered:
            self.network.available(self.sim)
