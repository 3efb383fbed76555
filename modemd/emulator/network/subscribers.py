"""Who the network delivers to: phones, and SIMs that sit in devices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from modemd.emulator.network.message_memory import SlotMemory
from modemd.emulator.network.messages import SILENT, MessageContent, Text
from modemd.emulator.network.operators import Operator
from modemd.emulator.network.phonebook import Phonebook, PhonebookEntry, type_of_address
from modemd.emulator.network.voice_calls import CallParty, Exchange, VoiceCall
from modemd.emulator.timers import Timers
from modemd.errors import DecodeError
from modemd.pdu import Deliver, ReassemblyKey, StatusReport, join

IncomingMessage = Deliver | StatusReport
DeliveryCallback = Callable[[bool], None]
"""Called once per delivery: True, the subscriber has it; False, it could not take it and the network keeps it."""


class Subscriber(Protocol):
    """Anything with a number that the network can hand a message to."""

    number: str

    def reachable(self) -> bool:
        """Whether the network could hand something over now."""

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        """Take one message; `done` is called at once or later."""


class Terminal(Protocol):
    """What a SIM needs of the device it sits in."""

    def reachable(self) -> bool: ...

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None: ...

    def ring(self, call: VoiceCall) -> bool: ...

    def call_changed(self, call: VoiceCall) -> None: ...

    def remove_sim(self) -> None: ...


class PhoneNetwork(Protocol):
    """What a phone needs of its network."""

    timers: Timers
    exchange: Exchange

    def available(self, subscriber: Subscriber) -> None:
        """A subscriber can take messages (again)."""

    def send(self, sender: Phone, to: str, content: MessageContent) -> None:
        """A message of this phone's to a number."""

    def find_party(self, number: str) -> CallParty:
        """Who is called by this number."""


@dataclass(frozen=True, slots=True)
class Received:
    """A whole message as a phone shows it. `text` is None where it is not text; `tpdus` are the raw DELIVERs."""

    at: datetime
    sender: str
    text: str | None
    parts: int
    tpdus: tuple[bytes, ...]


class Phone:
    """An emulated handset: it joins the parts of long messages, and shows a message once it is whole.

    `on_received` callbacks run as a message becomes whole; that is where a phone's behaviour (an answer, a STOP)
    is put. A phone that is off receives nothing; the network keeps it for later. A silent message (type 0) it takes
    and shows to nobody (3GPP TS 23.040 9.2.3.9). What it sends goes through its operator's service centre.
    """

    def __init__(self, number: str, network: PhoneNetwork, operator: Operator) -> None:
        self.number = number
        self.operator = operator
        self.on = True
        self.inbox: list[Received] = []
        self.on_received: list[Callable[[Received], None]] = []
        self.picks_up = True
        self.calls: list[VoiceCall] = []
        self._network = network
        self._parts: dict[ReassemblyKey, dict[int, Deliver]] = {}

    def switch_off(self) -> None:
        """Leave the network."""
        self.on = False
        self.hang_up()

    def switch_on(self) -> None:
        """Come back; what waited at the SC follows."""
        if not self.on:
            self.on = True
            self._network.available(self)

    def send(self, to: str, content: str | MessageContent) -> None:
        """Write to a number: a SIM's, or another phone's. EncodeError when that cannot be put on the air."""
        self._network.send(self, to, Text(content) if isinstance(content, str) else content)

    # -- calls

    def call(self, to: str, *, for_s: float | None = None) -> VoiceCall:
        """Call a number, and hang up after `for_s` seconds; without them when `hang_up` is called, or nobody answers."""
        call = VoiceCall(self, self._network.find_party(to))
        self.calls.append(call)
        self._network.exchange.connect(call)
        if for_s is not None:
            self._network.timers.after(for_s, partial(call.hang_up, self))
        return call

    def hang_up(self) -> None:
        """End every call there is."""
        for call in self.calls:
            call.hang_up(self)

    def ring(self, call: VoiceCall) -> bool:
        """Somebody calls: it is taken at once, or left to ring where the phone does not `picks_up`."""
        if any(other.open for other in self.calls):
            return False
        self.calls.append(call)
        if self.picks_up:
            self._network.timers.after(0, call.answer)
        return True

    def call_changed(self, call: VoiceCall) -> None:
        """Nothing is done about it: `calls` knows."""

    # -- messages

    def reachable(self) -> bool:
        return self.on

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        """Take one part from the network. Phones ask for no reports, so only DELIVERs come."""
        done(True)
        if not isinstance(message, Deliver) or message.protocol_id == SILENT:
            return
        key = ReassemblyKey.of(message)
        concatenation = message.concatenation
        if key is None or concatenation is None:
            self._add_to_inbox([message])
            return
        parts = self._parts.setdefault(key, {})
        known = parts.get(concatenation.sequence)
        if known is not None and known.user_data != message.user_data:  # the sender came round to this reference again
            parts.clear()
        parts[concatenation.sequence] = message
        if len(parts) == concatenation.total:
            del self._parts[key]
            self._add_to_inbox([parts[sequence] for sequence in sorted(parts)])

    def _add_to_inbox(self, parts: list[Deliver]) -> None:
        try:
            text = None if any(part.text is None for part in parts) else join(parts)
        except DecodeError:  # parts in different alphabets
            text = None
        received = Received(
            at=self._network.timers.now(),
            sender=str(parts[0].originator),
            text=text,
            parts=len(parts),
            tpdus=tuple(part.encode() for part in parts),
        )
        self.inbox.append(received)
        for react in list(self.on_received):
            react(received)


class Sim:
    """A subscriber that is a card: a number, identities, a message memory, perhaps a PIN.

    It is reachable through the device it sits in. Three wrong PINs lock it until the PUK is given; ten wrong PUKs
    lock it for good (3GPP TS 31.101 9.5). Without a `pin` none is asked for; it is 0000 then, for `+CLCK`.
    """

    PIN_TRIES = 3
    PUK_TRIES = 10
    DEFAULT_PIN = "0000"

    def __init__(
        self,
        number: str,
        operator: Operator,
        *,
        iccid: str,
        imsi: str,
        capacity: int,
        pin: str | None,
        puk: str,
    ) -> None:
        self.number = number
        self.operator = operator
        self.iccid = iccid
        self.imsi = imsi
        self.memory = SlotMemory("SM", capacity)
        self.pin = pin or self.DEFAULT_PIN
        self.contacts = Phonebook(250)
        self.own_numbers = Phonebook(2)
        self.own_numbers.write(1, PhonebookEntry(number, type_of_address(number)))
        self.pin_enabled = pin is not None
        self.puk = puk
        self.pin_tries = self.PIN_TRIES
        self.puk_tries = self.PUK_TRIES
        self.smsc = operator.smsc
        self.terminal: Terminal | None = None

    @property
    def requires_pin(self) -> bool:
        """Whether a device that powers it must give its PIN (or PUK) first."""
        return self.pin_enabled or self.pin_tries == 0

    @property
    def blocked(self) -> bool:
        """Whether neither PIN nor PUK opens it any more."""
        return self.pin_tries == 0 and self.puk_tries == 0

    def verify_pin(self, pin: str) -> bool:
        """Try a PIN; a wrong one costs a try. False also when the card wants its PUK."""
        if self.pin_tries == 0:
            return False
        if pin == self.pin:
            self.pin_tries = self.PIN_TRIES
            return True
        self.pin_tries -= 1
        return False

    def unblock(self, puk: str, new_pin: str) -> bool:
        """Try the PUK; the right one sets a new PIN."""
        if self.puk_tries == 0:
            return False
        if puk != self.puk:
            self.puk_tries -= 1
            return False
        self.puk_tries = self.PUK_TRIES
        self.pin_tries = self.PIN_TRIES
        self.pin = new_pin
        return True

    def reachable(self) -> bool:
        return self.terminal is not None and self.terminal.reachable()

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        if self.terminal is None:
            done(False)
        else:
            self.terminal.receive(message, done)

    def ring(self, call: VoiceCall) -> bool:
        return self.terminal is not None and self.terminal.ring(call)

    def call_changed(self, call: VoiceCall) -> None:
        if self.terminal is not None:
            self.terminal.call_changed(call)
