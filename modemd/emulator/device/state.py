"""State of an emulated modem: settings of the host, message reference, and what the network brings to it.

It starts as a stick that was plugged in long ago: booted, its SIM read, registered (a SIM with a PIN asks for it
first).
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Self
from zlib import crc32

from modemd.emulator import identities
from modemd.emulator.device.command_line import ParsedCommand
from modemd.emulator.device.family import Family, families
from modemd.emulator.device.faults import FaultLayer
from modemd.emulator.device.idle_notices import IdleNotices
from modemd.emulator.device.inbound import Inbound
from modemd.emulator.device.results import (
    CME_TEXTS,
    CMS_TEXTS,
    CmeError,
    CmsError,
    FinalResult,
    UnknownCommand,
    result_of,
)
from modemd.emulator.device.serial_line import SerialLine
from modemd.emulator.device.settings import Settings
from modemd.emulator.device.ussd import UssdSession
from modemd.emulator.device.voice import VoiceLine
from modemd.emulator.network.message_memory import MessageStatus, StoredMessage
from modemd.emulator.network.network import Network
from modemd.emulator.network.subscribers import DeliveryCallback, IncomingMessage, Sim
from modemd.emulator.network.voice_calls import VoiceCall
from modemd.emulator.timers import Timers
from modemd.pdu import Address, Deliver, Timestamp, UserData, table

_SIM_PLACEHOLDERS = ("{iccid}", "{ef_iccid}", "{imsi}", "{number}", "{smsc}", "{pin_tries}", "{puk_tries}")
"""Placeholders in replies of a family that only a device with a SIM can fill in."""


class DeviceState(FaultLayer):
    """A modem of a family, with a SIM, on a network, without its commands.

    `send_latency_s` is the time from Ctrl-Z to acceptance, `prompt_latency_s` that to the prompt; None: those of the
    family. `boot_factor` multiplies the boot times of the family. `chatty`: the device sends the idle lines of its
    family while a host listens. `seed` and `name` decide all that is random (latency, the first TP-MR). Each callback
    of `first_octet_hooks` is called with the device and the first octet that a host sends after a prompt.
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
        chosen = families[family] if isinstance(family, str) else family
        serial = crc32(f"{seed}:{name}".encode())
        super().__init__(chosen, network, timers, boot_factor, sim, Random(f"{serial} noise"))
        self.name = name
        self.random = Random(serial)
        self.imei = imei or identities.imei(chosen.identity.type_allocation, serial)
        self.send_latency_s = send_latency_s
        self.prompt_latency_s = chosen.dialogue.prompt_latency_s if prompt_latency_s is None else prompt_latency_s
        self.chatty = chatty
        self.first_octet_hooks: list[Callable[[Self, bytes], None]] = []

        self.deleted_unread: list[tuple[StoredMessage, timedelta]] = []
        """Messages that a host deleted without having read them, and how long each had been in its slot."""
        self.saved: Settings | None = None
        self.reference = self.random.randrange(256)

        self.host = SerialLine(self._run_line, Settings.fresh(chosen), chosen.dialogue)
        self.inbound = Inbound(self)
        self.ussd = UssdSession(self)
        self.voice = VoiceLine(self)
        self.chatter = IdleNotices(self)
        self.host.before_echo = self.chatter.before_echo
        self._pending_commands: deque[ParsedCommand] = deque()
        self._hung: ParsedCommand | None = None
        self._result_at = datetime.min.replace(tzinfo=UTC)
        if sim is not None:
            sim.terminal = self
            self.registration_changed()

    # -- the host's side

    def connect(self, write: Callable[[bytes], None]) -> None:
        """Connects a host that opened the port: output goes to `write` from now on."""
        self.host.connect(write)
        if self._powered:
            self.chatter.begin()

    def disconnect(self) -> None:
        """Disconnects the host. Its settings and its unfinished input stay."""
        self.host.disconnect()
        self.chatter.end()

    def feed(self, data: bytes) -> None:
        """Takes octets from the host. A device that is off, booting, deaf or wedged loses them."""
        if self._answering and not self.is_deaf and not self.is_wedged:
            guard_s = self.family.dialogue.guard_s
            if guard_s and (self.timers.now() - self._result_at).total_seconds() < guard_s:
                self.host.drops_notices = True
            self.host.feed(data)

    def notice(self, line: str) -> None:
        """Sends an unsolicited line at once, even in the middle of another output."""
        self.host.interrupt(line)

    def finish(self, result: str = "OK") -> None:
        """Ends the command line with this result."""
        self._result_at = self.timers.now()
        self._pending_commands.clear()
        self.on_air = False
        if (line := self.faults.take_interruption()) is not None:
            self.host.interrupt(line)
        self.host.send_final_result(result)

    def fail(self, result: FinalResult) -> None:
        """Ends the command line with an error, in the form that the family and `+CMEE` choose."""
        self.finish(self._format_result(result))

    def finish_unanswered(self) -> None:
        """Ends the command line without a result."""
        self._pending_commands.clear()
        self.on_air = False
        self.host.release()

    def take_reference(self, typed: int) -> int:
        """Returns the TP-MR of the next message, and counts on; `typed` is the one in the PDU of the host."""
        if self.family.dialogue.references == "repeats":
            return typed
        if self.family.dialogue.references == "zero":
            return 0
        reference = self.reference
        self.reference = (reference + 1) % 256
        return reference

    @abstractmethod
    def _run_line(self, body: str) -> None:
        """Runs one command line, its `AT` taken off."""

    def send_filled_lines(self, lines: Iterable[str]) -> None:
        """Sends lines of the family's file with identities and counters filled in.

        Raises CmeError 10 if they need a SIM and there is none.
        """
        sim = self.sim
        values = {"{imei}": self.imei}
        if sim is not None:
            values |= {"{iccid}": sim.iccid, "{ef_iccid}": sim.stored_iccid, "{imsi}": sim.imsi}
            values |= {"{number}": sim.number, "{smsc}": sim.smsc}
            values |= {"{pin_tries}": str(sim.pin_tries), "{puk_tries}": str(sim.puk_tries)}
        elif any(placeholder in line for line in lines for placeholder in _SIM_PLACEHOLDERS):
            raise CmeError(10)
        for line in lines:
            for placeholder, value in values.items():
                line = line.replace(placeholder, value)
            self.host.send_line(line)

    def _format_result(self, result: FinalResult) -> str:
        if isinstance(result, UnknownCommand):
            result = result_of(self.words_for_unknown or self.family.dialogue.unknown)
        if isinstance(result, CmeError):
            level = self.settings.error_level
            if level == 0:
                return "ERROR"
            if level == 2:
                return f"+CME ERROR: {CME_TEXTS.get(result.code, 'unknown')}"
        if isinstance(result, CmsError):
            when = self.family.dialogue.cms_texts
            in_words = when == "always" or (when == "asked" and self.settings.error_level == 2)
            if in_words and (text := CMS_TEXTS.get(result.code)) is not None:
                return f"+CMS ERROR: {text}"
            return f"+CMS ERROR: {self.family.causes.get(str(result.code), result.code)}"
        return result.text

    @property
    def sends_blind(self) -> bool:
        """True if the family, as its switches are, does not tell the outcome of a message."""
        needs = self.family.dialogue.sends_blind
        return bool(needs) and self.switched(needs)

    def fill_memory(self, name: str = "SM") -> None:
        """Fills the free slots of a memory with old messages, already read; the device sends its family's notice, if any."""
        memory = self.memory(name)
        stamp = Timestamp.of(self.timers.now())
        old = Deliver(Address.parse("12345"), UserData(table(0, 0).encode("old")), stamp).encode()
        while not memory.full:
            memory.store(StoredMessage(self.inbound.smsc_field(), old, MessageStatus.READ))
        self.inbound.notify_if_full(name)

    # -- what the network and the layers below bring

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        self.inbound.receive(message, done)

    def ring(self, call: VoiceCall) -> bool:
        return self.voice.ring(call)

    def call_changed(self, call: VoiceCall) -> None:
        self.voice.call_changed(call)

    def registration_changed(self) -> None:
        super().registration_changed()
        if not self.registered:
            self.voice.end_by_network()

    def _lose_power(self) -> None:
        super()._lose_power()
        self.chatter.lose_power()
        self._pending_commands.clear()
        self.inbound.reset()
        self.ussd.reset()
        self.voice.reset()
        if self.family.dialogue.references == "restarts":
            self.reference = 0
        self.host.reset(self.settings.after_restart(self.family, self.saved))

    def _boot(self) -> None:
        super()._boot()
        self.chatter.begin()
