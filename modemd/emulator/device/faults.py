"""The faults of a device that can be switched on at any time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random

from modemd.emulator.device.family import Family
from modemd.emulator.device.registration import RegistrationLayer
from modemd.emulator.device.results import CmeError
from modemd.emulator.device.settings import Settings
from modemd.emulator.network.network import Network
from modemd.emulator.network.subscribers import Sim
from modemd.emulator.timers import Handle, Timers

_NOISE = bytes(range(0x80, 0x100)) + b"\x00\x7f"
"""Octets that no command, result or PDU is made of."""


class FaultLayer(RegistrationLayer):
    """What can be made to go wrong with a device. What is random in it comes from `noise`, a source of its own."""

    def __init__(
        self, family: Family, network: Network, timers: Timers, boot_factor: float, sim: Sim | None, noise: Random
    ) -> None:
        super().__init__(family, network, timers, boot_factor, sim)
        self.faults = PendingFaults()
        self._noise_source = noise
        self._deaf: Handle | None = None
        self._trickle = bytearray()

    def _lose_power(self) -> None:
        super()._lose_power()
        self.end_deafness()
        self.host.is_mute = False
        self._trickle.clear()

    # -- the line

    @property
    def is_deaf(self) -> bool:
        """Whether octets from the host are being lost."""
        return self._deaf is not None

    def deaf_for(self, seconds: float) -> None:
        """Lose every octet from the host for this long. What the device says by itself goes on."""
        self.end_deafness()
        self._deaf = self.later(seconds, self.end_deafness)

    def end_deafness(self) -> None:
        """No longer deaf."""
        if self._deaf is not None:
            self._deaf.cancel()
            self._deaf = None

    @property
    def is_wedged(self) -> bool:
        """Whether it neither hears nor says anything, though its port is there."""
        return self.host.is_mute

    def wedge(self) -> None:
        """Hear nothing and say nothing more, until the power goes: by unplugging, a USB reset, or a restart from outside.

        As Huawei sticks after hours of use, that only a USB reset or the hub's power revives.
        """
        self.host.is_mute = True

    def set_noise(self, *, inserted: float = 0.0, lost: float = 0.0) -> None:
        """From now on, before so many of the octets said comes a junk octet, and so many get lost (shares, 0 to 1).

        Both 0 ends it.
        """
        if not (inserted or lost):
            self.host.distort = None
            return
        source = self._noise_source

        def distort(data: bytes) -> bytes:
            heard = bytearray()
            for octet in data:
                if source.random() < inserted:
                    heard.append(source.choice(_NOISE))
                if source.random() >= lost:
                    heard.append(octet)
            return bytes(heard)

        self.host.distort = distort

    def set_trickle(self, every_s: float) -> None:
        """From now on what is said comes one octet at a time, one every so many seconds; 0 ends it."""
        if every_s == 0:
            self.host.carry = None
            self.host.transmit(bytes(self._trickle))
            self._trickle.clear()
            return

        def drop() -> None:
            if self._trickle:
                self.host.transmit(bytes((self._trickle.pop(0),)))
            if self._trickle:
                self.later(every_s, drop)

        def carry(data: bytes) -> None:
            waiting = bool(self._trickle)
            self._trickle += data
            if not waiting:
                self.later(every_s, drop)

        self.host.carry = carry

    def interrupt_next_answer(self, line: str) -> None:
        """The next reply has this unsolicited line inside, just before its result."""
        self.faults.interruptions.append(line)

    def hang_next(self, command: str, seconds: float) -> None:
        """The next command of this name (`+CMGL`) does nothing for so long, then works; meanwhile nothing is answered."""
        self.faults.hangs.setdefault(command.upper(), deque()).append(seconds)

    def script_next(self, command: str, result: str) -> None:
        """The next command of this name (`+CPIN`), or typed so (`+CPIN?`), ends with this result and does nothing."""
        self.faults.scripted.setdefault(command.upper(), deque()).append(result)

    def lose_next_notice(self) -> None:
        """The next unsolicited line (`+CMTI`, `+CDS` with its PDU, ...) is never said."""
        self.host.notices_lost += 1

    def flood(self, line: str, times: int, every_s: float = 0.01) -> None:
        """Say an unsolicited line so many times, one every so many seconds."""
        for index in range(times):
            self.later(index * every_s, partial(self.host.send_notice, line))

    def forget_settings(self, *, text_mode: bool = False) -> None:
        """Everything the host set is as after power-on, with no word of it and no restart: echo, format, notices.

        Cat-1 modules do so after a reset of their own (ML307C drops +CNMI). With `text_mode` it is in text mode then,
        as a SIM800 after a brown-out.
        """
        self.host.settings = Settings.fresh(self.family)
        self.host.settings.text_mode |= text_mode

    def lose_smsc(self) -> None:
        """The SIM has no service centre any more: `+CSCA?` is empty, and what names none ends in `+CMS ERROR: 330`."""
        if self.sim is None:
            raise CmeError(10)
        self.sim.smsc = ""

    def set_clock_offset(self, seconds: float) -> None:
        """`+CCLK` is that much ahead of the network's time, until a host sets it or power is lost."""
        self.clock_shift = timedelta(seconds=seconds)

    # -- sending

    def lose_next_answer(self) -> None:
        """The next accepted message gets no `+CMGS` and no result; the device works on."""
        self.faults.answers_lost += 1

    def delay_next_answer(self, seconds: float) -> None:
        """The next accepted message is answered this much later; the device reads no further until then."""
        self.faults.answers_late.append(seconds)

    def lose_next_prompt(self) -> None:
        """The next `+CMGS` waits for its PDU without saying so."""
        self.faults.prompts_lost += 1

    def stick_next_send(self) -> None:
        """The next message is neither accepted nor refused nor answered; the device hears nothing more until it restarts."""
        self.faults.sends_stuck += 1

    def refuse_next(self, cause: int) -> None:
        """The next message is refused with this `+CMS ERROR` number after the send latency; nothing is accepted."""
        self.faults.refusals.append(cause)

    # -- memories

    def stick_slot(self, name: str, index: int) -> None:
        """From now on the slot (numbered as the family does) cannot be deleted: `+CMGD` ends in `+CMS ERROR: 320`."""
        self.faults.stuck.add((name, index - self.family.storage.index_base))

    def free_slot(self, name: str, index: int) -> None:
        """Undo `stick_slot`."""
        self.faults.stuck.discard((name, index - self.family.storage.index_base))


@dataclass(slots=True)
class PendingFaults:
    """What will go wrong on a device.

    `answers_lost` and `prompts_lost` count how many more get lost; `answers_late` are seconds between acceptance and
    answer; `refusals` are `+CMS ERROR` numbers said instead of sending; `interruptions` are lines said inside replies,
    just before their result; `hangs` are seconds before a command, by name, is even looked at.
    `scripted` are final results said in place of running a command, by name; `sends_stuck` counts the messages that
    are neither accepted nor refused nor ever answered.
    `stuck` are memory and slot (counted from 0) that cannot be deleted; it is not used up.
    """

    answers_lost: int = 0
    answers_late: deque[float] = field(default_factory=deque)
    prompts_lost: int = 0
    refusals: deque[int] = field(default_factory=deque)
    interruptions: deque[str] = field(default_factory=deque)
    hangs: dict[str, deque[float]] = field(default_factory=dict)
    scripted: dict[str, deque[str]] = field(default_factory=dict)
    sends_stuck: int = 0
    stuck: set[tuple[str, int]] = field(default_factory=set)

    def take_prompt_loss(self) -> bool:
        """Whether this prompt is one of those that get lost."""
        if self.prompts_lost == 0:
            return False
        self.prompts_lost -= 1
        return True

    def take_answer_loss(self) -> bool:
        """Whether this answer is one of those that get lost."""
        if self.answers_lost == 0:
            return False
        self.answers_lost -= 1
        return True

    def take_answer_delay(self) -> float:
        """How late this answer comes; 0 for at once."""
        return self.answers_late.popleft() if self.answers_late else 0.0

    def take_refusal(self) -> int | None:
        """The number this message is refused with, None where it is not."""
        return self.refusals.popleft() if self.refusals else None

    def take_interruption(self) -> str | None:
        """The line said inside this reply, None for none."""
        return self.interruptions.popleft() if self.interruptions else None

    def take_hang(self, name: str) -> float | None:
        """How long this command hangs, None where it does not."""
        waiting = self.hangs.get(name)
        return waiting.popleft() if waiting else None

    def answer(self, name: str, typed: str) -> str | None:
        """The result said in place of running this command, named alone or as typed; None for none."""
        for key in (typed.upper(), name):
            if waiting := self.scripted.get(key):
                return waiting.popleft()
        return None

    def take_stuck_send(self) -> bool:
        """Whether this message is one of those that get stuck."""
        if self.sends_stuck == 0:
            return False
        self.sends_stuck -= 1
        return True
