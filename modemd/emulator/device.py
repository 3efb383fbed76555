"""One emulated modem: power, SIM, registration, and the AT commands that reach them. Sans I/O.

It starts as a stick that was plugged in long ago: booted, its SIM read, registered (a SIM with a PIN wants it first).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Protocol
from zlib import crc32

from modemd.emulator import identities
from modemd.emulator.calls import BadLine, Call, read_line
from modemd.emulator.commands import COMMANDS
from modemd.emulator.family import Family, Line, families
from modemd.emulator.faulty import Faulty
from modemd.emulator.hostside import HostSide
from modemd.emulator.inbound import Inbound
from modemd.emulator.memory import Joined, Memory, Slots
from modemd.emulator.network import Network
from modemd.emulator.results import CME_TEXTS, CmeError, CmsError, FinalResult, UnknownCommand
from modemd.emulator.settings import Notifications, Settings
from modemd.emulator.subscribers import Done, Incoming, Sim
from modemd.emulator.timers import Handle, Timers

NOT_REGISTERED, HOME, SEARCHING, DENIED, ROAMING = 0, 1, 2, 3, 5
"""`+CREG` states (3GPP TS 27.007 7.2)."""


class Port(Protocol):
    """What carries a device's octets and can go away with it."""

    def lost(self) -> None:
        """The device took its port away."""

    def back(self) -> None:
        """The device's port is there again."""


class Device(Faulty):
    """A modem of a family, with a SIM, on a network.

    Latencies left out are the family's own; `send_latency_s` is from Ctrl-Z to acceptance, `boot_factor` stretches or
    shortens the family's boot times. `chatty` lets it say its family's idle lines while a host listens. All that is
    random (latency, the first TP-MR) comes from `seed` and `name`.
    """

    def __init__(
        self,
        name: str,
        family: Family | str,
        network: Network,
        timers: Timers,
        sim: Sim | None,
        *,
        imei: str | None = None,
        seed: int = 0,
        send_latency_s: float | None = None,
        prompt_latency_s: float | None = None,
        boot_factor: float = 1.0,
        chatty: bool = False,
    ) -> None:
        self.name = name
        self.family = families[family] if isinstance(family, str) else family
        self.network = network
        self.timers = timers
        self.sim = sim
        serial = crc32(f"{seed}:{name}".encode())
        self.random = Random(serial)
        super().__init__(Random(f"{serial} noise"))
        self.imei = imei or identities.imei(self.family.identity.type_allocation, serial)
        self.send_latency_s = send_latency_s
        self.prompt_latency_s = self.family.dialogue.prompt_latency_s if prompt_latency_s is None else prompt_latency_s
        self.boot_factor = boot_factor
        self.chatty = chatty
        self.first_octet_hooks: list[Callable[[Device, bytes], None]] = []
        self.ports: list[Port] = []

        self.saved: Settings | None = None
        self.reference = self.random.randrange(256)
        self.function = 1
        self.signal = 17

        self.host = HostSide(self._run_line, Settings.fresh(self.family))
        self.inbound = Inbound(self)
        self._own_memory = Slots("ME", self.family.storage.device_capacity)
        self._report_memory = Slots("SR", self.family.storage.report_capacity)
        self._calls: deque[Call] = deque()
        self._generation = 0
        self._chatter = 0
        self._powered = True
        self._answering = True
        self._unlocked = sim is None or sim.pin is None
        self._sim_ready = True
        self._attached = True
        self._coverage = HOME
        self._announced = NOT_REGISTERED
        if sim is not None:
            sim.terminal = self
            self.registration_changed()

    # -- the host's side

    @property
    def settings(self) -> Settings:
        return self.host.settings

    def connect(self, write: Callable[[bytes], None]) -> None:
        """A host opened the port: output goes to `write` from now on."""
        self.host.connect(write)
        self._start_chatter()

    def disconnect(self) -> None:
        """The host is gone. What it set stays set, what it half typed stays half typed."""
        self.host.disconnect()
        self._chatter += 1

    def feed(self, data: bytes) -> None:
        """Octets from the host. A device that is off, booting or deaf loses them."""
        if self._answering and not self.deaf:
            self.host.feed(data)

    def notice(self, line: str) -> None:
        """Say an unsolicited line at this very moment, wherever that falls."""
        self.host.interrupt(line)

    def finish(self, result: str = "OK") -> None:
        """End the command line with this result."""
        self._calls.clear()
        if (line := self.faults.interruption()) is not None:
            self.host.interrupt(line)
        self.host.final(result)

    def fail(self, result: FinalResult) -> None:
        """End the command line with an error, in the words the family and `+CMEE` choose."""
        self.finish(self._words(result))

    def finish_unanswered(self) -> None:
        """End the command line and say nothing."""
        self._calls.clear()
        self.host.release()

    def _run_line(self, body: str) -> None:
        try:
            self._calls.extend(read_line(body))
        except BadLine:
            self.finish("ERROR")
        else:
            self._proceed()

    def _proceed(self) -> None:
        try:
            while self._calls:
                if self._execute(self._calls.popleft()):
                    return
        except FinalResult as result:
            self.fail(result)
        else:
            self.finish()

    def _execute(self, call: Call) -> bool:
        """Run one command; True when it goes on by itself and will end the line later."""
        family = self.family
        if (seconds := self.faults.hang(call.name)) is not None:
            self._calls.appendleft(call)
            self.host.busy = True
            self.later(seconds, self._proceed)
            return True
        if call.name in family.commands.unanswered:
            self.finish_unanswered()
            return True
        if call.name in family.commands.unsupported:
            raise UnknownCommand
        if (refusal := family.refusals.get(call.typed)) is not None:
            raise FinalResult(refusal)
        if call.typed == family.chatter.silenced_by:
            self.chatty = False
        if (lines := family.replies.get(call.typed)) is not None:
            self._say_all(lines)
            return False
        handler = COMMANDS.get(call.name)
        if handler is None:
            raise UnknownCommand
        try:
            return bool(handler(self, call))
        except ValueError:  # an argument that is no number
            raise CmeError(50) from None

    def _say_all(self, lines: Iterable[str]) -> None:
        sim = self.sim
        if sim is None and any("{iccid}" in line or "{imsi}" in line or "{number}" in line for line in lines):
            raise CmeError(10)
        for line in lines:
            for word, value in (
                ("{imei}", self.imei),
                ("{iccid}", sim.iccid if sim else ""),
                ("{imsi}", sim.imsi if sim else ""),
                ("{number}", sim.number if sim else ""),
            ):
                line = line.replace(word, value)
            self.host.say(line)

    def _words(self, result: FinalResult) -> str:
        if isinstance(result, UnknownCommand):
            return self.family.dialogue.unknown
        if isinstance(result, CmeError):
            level = self.settings.error_level
            if level == 0:
                return "ERROR"
            if level == 2:
                return f"+CME ERROR: {CME_TEXTS.get(result.code, 'unknown')}"
        return result.text

    # -- the SIM and the radio

    def remove_sim(self) -> None:
        """The SIM is pulled out while the device runs: it says so as its family does, and loses the network."""
        if self.sim is None:
            return
        self.sim.terminal = None
        self.sim = None
        self._attached = False
        self._say_of_sim(self.family.dialogue.sim_removed)

    def insert_sim(self, sim: Sim) -> None:
        """A SIM is put in, the same or another; out of the device it sat in. It is read and registered as at boot.

        The settings of message commands are gone (3GPP TS 27.005 has them per SIM; SIM800 and others lose them).
        """
        self.remove_sim()
        if isinstance(other := sim.terminal, Device):
            other.remove_sim()
        self.sim = sim
        sim.terminal = self
        self._unlocked = sim.pin is None
        self._sim_ready = False
        self.settings.notifications = Notifications()
        boot, factor = self.family.boot, self.boot_factor
        self.later(boot.sim_ready_s * factor, self._read_inserted)
        self.later(max(boot.sim_ready_s, boot.registered_s) * factor, self._attach)
        self.registration_changed()

    def _read_inserted(self) -> None:
        self._read_sim()
        self._say_of_sim(self.family.dialogue.sim_inserted)

    def _say_of_sim(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.host.notice(line)
        self.registration_changed()

    def memory(self, name: str) -> Memory:
        """The message memory of that name. CmsError as for `require_sim` where it is on the SIM."""
        if name == "ME":
            return self._own_memory
        if name == "SR":
            return self._report_memory
        on_sim = self.require_sim(CmsError).memory
        return Joined((on_sim, self._own_memory)) if name == "MT" else on_sim

    def require_sim(self, error: type[CmsError] | type[CmeError]) -> Sim:
        """The SIM, usable; else the error that says why not, numbered as its kind numbers it."""
        codes = {"absent": 310, "pin": 311, "puk": 316, "busy": 314}
        if error is CmeError:
            codes = {"absent": 10, "pin": 11, "puk": 12, "busy": 14}
        if self.sim is None:
            raise error(codes["absent"])
        if not self._sim_ready:
            raise error(codes["busy"])
        if not self._unlocked:
            raise error(codes["puk" if self.sim.pin_tries == 0 else "pin"])
        return self.sim

    @property
    def sim_ready(self) -> bool:
        """Whether the SIM has been read since power-on."""
        return self._sim_ready

    @property
    def unlocked(self) -> bool:
        """Whether no PIN or PUK is asked for."""
        return self._unlocked

    def ask_pin(self, *, pin: str = "1234", tries: int = Sim.PIN_TRIES) -> None:
        """Ask for the PIN again, as after a brown-out of the SIM; with 0 tries left, for the PUK.

        A SIM without a PIN gets this one. CmeError 10 where there is no SIM.
        """
        if self.sim is None:
            raise CmeError(10)
        self.sim.pin = self.sim.pin or pin
        self.sim.pin_tries = tries
        self._unlocked = False
        self.registration_changed()

    def unlock(self) -> None:
        """The right PIN was given: register."""
        self._unlocked = True
        self._attached = False
        self.later(self.family.boot.registered_s * self.boot_factor, self._attach)
        self.registration_changed()

    @property
    def registration(self) -> int:
        """The `+CREG` state."""
        usable = self._powered and self.function == 1 and self.sim is not None and self._sim_ready and self._unlocked
        if not usable:
            return NOT_REGISTERED
        return self._coverage if self._attached else SEARCHING

    @property
    def registered(self) -> bool:
        return self.registration in (HOME, ROAMING)

    def set_function(self, function: int) -> None:
        """`+CFUN`: 1 full, 0 and 4 radio off."""
        was, self.function = self.function, function
        if function == 1 and was != 1:
            self._attached = False
            self.later(self.family.boot.registered_s * self.boot_factor, self._attach)
        self.registration_changed()

    def set_coverage(self, state: int) -> None:
        """What the network grants from now on: a `+CREG` state, 1 home, 2 searching, 3 denied, 5 roaming."""
        self._coverage = state
        self.registration_changed()

    def _attach(self) -> None:
        self._attached = True
        self.registration_changed()

    def registration_changed(self) -> None:
        """Say so where the host asked for it, and let the network know."""
        state = self.registration
        if state == self._announced:
            return
        self._announced = state
        for name, level in self.settings.registration_notices.items():
            if level:
                self.host.notice(f"{name}: {self.registration_form(name)}")
        if self.registered and self.sim is not None:
            self.network.available(self.sim)

    def registration_form(self, name: str) -> str:
        """The state as `+CREG`, `+CGREG` or `+CEREG` says it: where level 2 is set and there is a cell, that too."""
        if self.settings.registration_notices[name] == 2 and self.registered:
            return f"{self.registration},{self.family.dialogue.cell}"
        return str(self.registration)

    def memory_freed(self) -> None:
        """A slot was emptied: the SC may try again (SMMA, 3GPP TS 24.011 7.2)."""
        if self.sim is not None and self.registered:
            self.network.available(self.sim)

    def reachable(self) -> bool:
        """Whether the network can hand over a message now."""
        return self.registered

    def receive(self, message: Incoming, done: Done) -> None:
        """A message or report from the network."""
        self.inbound.take(message, done)

    # -- power

    def later(self, seconds: float, action: Callable[[], None]) -> Handle:
        """Put an action off; a loss of power forgets it."""
        return self.timers.after(seconds, partial(self._still, self._generation, action))

    def _still(self, generation: int, action: Callable[[], None]) -> None:
        if generation == self._generation:
            action()

    def power_off(self) -> None:
        """Everything volatile is gone. What was being sent and is not yet accepted will never be."""
        self._generation += 1
        self._chatter += 1
        self._powered = self._answering = self._sim_ready = self._attached = False
        self.hear()
        self._calls.clear()
        self._announced = NOT_REGISTERED
        self.inbound.reset()
        keep = self.family.dialogue.keeps_settings and self.saved is not None
        self.host.reset(self.saved.copy() if keep and self.saved else Settings.fresh(self.family))

    def power_on(self) -> None:
        """Boot: silent first, then the family's lines, the SIM, the network."""
        if self._powered:
            return
        boot, factor = self.family.boot, self.boot_factor
        self._powered = True
        self.function = 1
        self._unlocked = self.sim is None or self.sim.pin is None
        for line in boot.lines:
            self.later(line.after_s * factor, partial(self.host.notice, line.say))
        self.later(boot.answers_s * factor, self._answer)
        self.later(boot.sim_ready_s * factor, self._read_sim)
        self.later(boot.registered_s * factor, self._attach)
        self._start_chatter()

    def _answer(self) -> None:
        self._answering = True

    def _read_sim(self) -> None:
        self._sim_ready = True
        self.registration_changed()

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
        self.later(self.family.boot.gone_s * self.boot_factor, self._return)

    def _return(self) -> None:
        for port in self.ports:
            port.back()
        self.power_on()

    # -- chatter

    def _start_chatter(self) -> None:
        if not (self.chatty and self.host.connected and self._powered):
            return
        self._chatter += 1
        for line in self.family.chatter.lines:
            self.later(line.every_s, partial(self._chat, self._chatter, line))

    def _chat(self, chatter: int, line: Line) -> None:
        if chatter == self._chatter and self.chatty:
            self.host.notice(line.at(self.timers.now()))
            self.later(line.every_s, partial(self._chat, chatter, line))
