"""Faults of a device: everything that can be made to go wrong with it, at any time. Those that wait for a command are carried out
in `commands/`."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Literal

from modemd.emulator.device.family import Family
from modemd.emulator.device.registration import RegistrationLayer
from modemd.emulator.device.results import CmeError
from modemd.emulator.device.settings import Settings
from modemd.emulator.network.network import Network
from modemd.emulator.network.subscribers import Sim
from modemd.emulator.timers import Handle, Timers

Counted = Literal["tpdu", "all", "nothing"]
"""What the length before a PDU counts: as 3GPP TS 27.005 3.1 has it, or with the SMSC field, or nothing: it is 0."""

_NOISE = bytes(range(0x80, 0x100)) + b"\x00\x7f"
"""Octets that are part of no command, result or PDU."""


class FaultLayer(RegistrationLayer):
    """A device with faults. `noise` decides all that is random in them."""

    def __init__(
        self, family: Family, network: Network, timers: Timers, boot_factor: float, sim: Sim | None, noise: Random
    ) -> None:
        super().__init__(family, network, timers, boot_factor, sim)
        self.faults = PendingFaults()
        self._noise_source = noise
        self.counted: Counted = "tpdu"
        self.has_short_smsc = False
        self.words_for_unknown = ""
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
        """True while octets from the host are lost."""
        return self._deaf is not None

    def deaf_for(self, seconds: float) -> None:
        """Loses every octet from the host for so many seconds. Unsolicited lines are still sent."""
        self.end_deafness()
        self._deaf = self.later(seconds, self.end_deafness)

    def end_deafness(self) -> None:
        """Ends the loss of octets from the host."""
        if self._deaf is not None:
            self._deaf.cancel()
            self._deaf = None

    @property
    def is_wedged(self) -> bool:
        """True if the device hears and sends nothing, though its port is there."""
        return self.host.is_mute

    def wedge(self) -> None:
        """Makes the device hear and send nothing until its power goes.

        That is by unplugging, a USB reset, or a restart from outside. Huawei sticks do so after hours of use; then only
        a USB reset or the power of the hub helps.
        """
        self.host.is_mute = True

    def set_noise(self, *, inserted: float = 0.0, lost: float = 0.0) -> None:
        """Damages the output from now on.

        `inserted` is the share (0 to 1) of octets with a wrong octet before them, `lost` that of lost octets. Both 0
        ends it.
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
        """Sends output one octet at a time from now on, one every `every_s` seconds; 0 ends it."""
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
        """Puts this unsolicited line into the next reply, directly before its result."""
        self.faults.interruptions.append(line)

    def hang_next(self, command: str, seconds: float) -> None:
        """Lets the next command of this name (`+CMGL`) wait so many seconds before it works; meanwhile nothing is answered."""
        self.faults.hangs.setdefault(command.upper(), deque()).append(seconds)

    def script_next(self, command: str, result: str) -> None:
        """Ends the next command of this name (`+CPIN`), or typed so (`+CPIN?`), with this result, without running it."""
        self.faults.scripted.setdefault(command.upper(), deque()).append(result)

    def lose_next_notice(self) -> None:
        """Loses the next unsolicited line (`+CMTI`, `+CDS` with its PDU, ...)."""
        self.host.notices_lost += 1

    def flood(self, line: str, times: int, every_s: float = 0.01) -> None:
        """Sends an unsolicited line so many times, one every `every_s` seconds."""
        for index in range(times):
            self.later(index * every_s, partial(self.host.send_notice, line))

    def leave_blanks_out(self, leaves: bool = True) -> None:
        """Writes no blank after the colon of a line from now on (`+CME ERROR:14`, `+CPIN:READY`), or writes it again.

        RDA chips do so (gammu #394: Orange Pi 2G-IoT; python-gsmmodem #87: A6).
        """
        self.host.leaves_blanks_out = leaves

    def say_error_in_words(self, words: str = "Command not supported") -> None:
        """Answers `ERROR: ` and these words to an unknown command from now on; empty: as the family does.

        Android's emulator does so (ashishb/android_emulator, telephony/android_modem.c; TerminalDZ/AT-Command-Emulator).
        """
        self.words_for_unknown = f"ERROR: {words}" if words else ""

    def forget_settings(self, *, text_mode: bool = False, charset: str | None = None) -> None:
        """Resets all settings of the host to those after power-on, without a notice or a restart: echo, format, notices.

        Cat-1 modules do so after a reset of their own (ML307C drops +CNMI). `text_mode`: the device is then in text
        mode, as a SIM800 after a brown-out. `charset`: it is in that character set (`+CSCS`), in which another program
        left it (ModemManager: wammu #27; gammu #326).
        """
        self.host.settings = Settings.fresh(self.family)
        self.host.settings.text_mode |= text_mode
        self.host.settings.alphabet = charset or self.host.settings.alphabet

    def lose_smsc(self) -> None:
        """Deletes the service centre on the SIM: `+CSCA?` is empty, and messages without one end in `+CMS ERROR: 330`.

        Raises CmeError 10 without a SIM.
        """
        if self.sim is None:
            raise CmeError(10)
        self.sim.smsc = ""

    def set_clock_offset(self, seconds: float) -> None:
        """Sets `+CCLK` so many seconds ahead of the network's time, until a host sets it or power is lost."""
        self.clock_shift = timedelta(seconds=seconds)

    # -- what stands before a PDU

    def count_in_lengths(self, counted: Counted) -> None:
        """Sets what the lengths in `+CMGL`, `+CMGR`, `+CMT` and `+CDS` count from now on.

        `all`: rsa9000/modememul and signalroute/modem-emu, after Huawei's E3372. `nothing`: Android's Cuttlefish.
        """
        self.counted = counted

    def length_of(self, smsc: bytes, tpdu: bytes) -> int:
        """Returns the length that stands before a PDU of this SMSC field and TPDU."""
        return {"tpdu": len(tpdu), "all": len(smsc) + len(tpdu), "nothing": 0}[self.counted]

    def shorten_smsc(self, is_short: bool = True) -> None:
        """Puts 01 00, a type octet without a number, in place of the SMSC field of what comes from now on, or ends that.

        Messages in China came so (mgaman/PDUlib issue 47).
        """
        self.has_short_smsc = is_short

    # -- sending

    def lose_next_answer(self) -> None:
        """Loses `+CMGS` and result of the next accepted message; the device works on."""
        self.faults.answers_lost += 1

    def delay_next_answer(self, seconds: float) -> None:
        """Delays the answer to the next accepted message by so many seconds; the device reads no input until then."""
        self.faults.answers_late.append(seconds)

    def lose_next_prompt(self) -> None:
        """Loses the prompt of the next `+CMGS`, which waits for its PDU all the same."""
        self.faults.prompts_lost += 1

    def stick_next_send(self) -> None:
        """Neither accepts nor refuses nor answers the next message; the device hears nothing more until it restarts."""
        self.faults.sends_stuck += 1

    def refuse_next(self, cause: int) -> None:
        """Refuses the next message with this `+CMS ERROR` number after the send latency; nothing is accepted."""
        self.faults.refusals.append(cause)

    # -- memories

    def stick_slot(self, name: str, index: int) -> None:
        """Makes a slot (numbered as in the family) undeletable from now on: `+CMGD` ends in `+CMS ERROR: 320`."""
        self.faults.stuck.add((name, index - self.family.storage.index_base))

    def free_slot(self, name: str, index: int) -> None:
        """Undoes `stick_slot`."""
        self.faults.stuck.discard((name, index - self.family.storage.index_base))


@dataclass(slots=True)
class PendingFaults:
    """Faults that wait for their occasion.

    `answers_lost` and `prompts_lost` count how many more are lost; `answers_late` are seconds between acceptance and
    answer; `refusals` are `+CMS ERROR` numbers that come instead of sending; `interruptions` are lines within replies,
    directly before their result; `hangs` are seconds before a command, by name, is run. `scripted` are final results
    that come instead of running a command, by name; `sends_stuck` counts the messages that are neither accepted nor
    refused nor ever answered. `stuck` are memory and slot (counted from 0) that cannot be deleted; it is not used up.
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
        """Returns whether this prompt is lost."""
        if self.prompts_lost == 0:
            return False
        self.prompts_lost -= 1
        return True

    def take_answer_loss(self) -> bool:
        """Returns whether this answer is lost."""
        if self.answers_lost == 0:
            return False
        self.answers_lost -= 1
        return True

    def take_answer_delay(self) -> float:
        """Returns how many seconds late this answer comes; 0 for at once."""
        return self.answers_late.popleft() if self.answers_late else 0.0

    def take_refusal(self) -> int | None:
        """Returns the number with which this message is refused, None if it is not."""
        return self.refusals.popleft() if self.refusals else None

    def take_interruption(self) -> str | None:
        """Returns the line within this reply, None for none."""
        return self.interruptions.popleft() if self.interruptions else None

    def take_hang(self, name: str) -> float | None:
        """Returns how many seconds this command hangs, None if it does not."""
        waiting = self.hangs.get(name)
        return waiting.popleft() if waiting else None

    def answer(self, name: str, typed: str) -> str | None:
        """Returns the result that comes instead of running this command, named alone or as typed; None for none."""
        for key in (typed.upper(), name):
            if waiting := self.scripted.get(key):
                return waiting.popleft()
        return None

    def take_stuck_send(self) -> bool:
        """Returns whether this message gets stuck."""
        if self.sends_stuck == 0:
            return False
        self.sends_stuck -= 1
        return True
