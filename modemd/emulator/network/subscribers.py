"""Subscribers of the network: phones, and SIMs in devices."""

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
"""Called once for each delivery: True if the subscriber has the message; False if it could not take it, and the network
keeps it.
"""


class Subscriber(Protocol):
    """A party with a number to which the network can deliver a message."""

    number: str

    def reachable(self) -> bool:
        """Returns whether the network can deliver a message now."""

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        """Takes one message; `done` is called at once or later."""


class Terminal(Protocol):
    """The device that a SIM is in, as the SIM uses it."""

    def reachable(self) -> bool: ...

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None: ...

    def ring(self, call: VoiceCall) -> bool: ...

    def call_changed(self, call: VoiceCall) -> None: ...

    def remove_sim(self) -> None: ...


class PhoneNetwork(Protocol):
    """The network, as a phone uses it."""

    timers: Timers
    exchange: Exchange

    def available(self, subscriber: Subscriber) -> None:
        """Starts the delivery of waiting messages to a subscriber that can take them (again)."""

    def send(self, sender: Phone, to: str, content: MessageContent) -> None:
        """Sends a message from this phone to a number."""

    def find_party(self, number: str) -> CallParty:
        """Returns the SIM or phone with this number."""


@dataclass(frozen=True, slots=True)
class Received:
    """A whole message as a phone shows it. `text` is None if it is no text; `tpdus` are the raw DELIVERs."""

    at: datetime
    sender: str
    text: str | None
    parts: int
    tpdus: tuple[bytes, ...]


class Phone:
    """An emulated handset: joins the parts of long messages, and shows a message once it is complete.

    Each callback of `on_received` is called with a complete message; there a phone gets its behaviour (an answer, a
    STOP). A phone that is off receives nothing; the network keeps its messages for later. It takes a silent message
    (type 0) and shows it to nobody (3GPP TS 23.040 9.2.3.9). Its own messages go through the service centre of its
    operator.
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
        """Leaves the network, and ends its calls."""
        self.on = False
        self.hang_up()

    def switch_on(self) -> None:
        """Comes back to the network; waiting messages follow."""
        if not self.on:
            self.on = True
            self._network.available(self)

    def send(self, to: str, content: str | MessageContent) -> None:
        """Sends a message to the number of a SIM or of another phone. Raises EncodeError if it cannot be encoded."""
        self._network.send(self, to, Text(content) if isinstance(content, str) else content)

    # -- calls

    def call(self, to: str, *, for_s: float | None = None) -> VoiceCall:
        """Calls a number, and hangs up after `for_s` seconds; None: the call lasts until `hang_up`, or nobody answers."""
        call = VoiceCall(self, self._network.find_party(to))
        self.calls.append(call)
        self._network.exchange.connect(call)
        if for_s is not None:
            self._network.timers.after(for_s, partial(call.hang_up, self))
        return call

    def hang_up(self) -> None:
        """Ends all calls of this phone."""
        for call in self.calls:
            call.hang_up(self)

    def ring(self, call: VoiceCall) -> bool:
        """Takes an incoming call at once, or lets it ring if the phone does not `picks_up`. Returns False if it is busy."""
        if any(other.open for other in self.calls):
            return False
        self.calls.append(call)
        if self.picks_up:
            self._network.timers.after(0, call.answer)
        return True

    def call_changed(self, call: VoiceCall) -> None:
        """Does nothing: `calls` shows the state."""

    # -- messages

    def reachable(self) -> bool:
        return self.on

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        """Takes one part from the network. Phones request no reports, so only DELIVERs come."""
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
        if known is not None and known.user_data != message.user_data:  # the sender uses this reference again
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

    It is reachable through the device that it is in. Three wrong PINs lock it until the PUK is entered; ten wrong PUKs
    lock it for good (3GPP TS 31.101 9.5). Without a `pin` it asks for none; then its PIN is 0000, for `+CLCK`.
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
    def stored_iccid(self) -> str:
        """The ICCID as it lies on the card: ten octets, the digits of each swapped, F for none (ETSI TS 102 221 13.2)."""
        digits = self.iccid.ljust(20, "F")
        return "".join(digits[at + 1] + digits[at] for at in range(0, 20, 2))

    @property
    def requires_pin(self) -> bool:
        """True if a device must enter the PIN (or PUK) after power-on."""
        return self.pin_enabled or self.pin_tries == 0

    @property
    def blocked(self) -> bool:
        """True if neither PIN nor PUK unlocks the SIM any more."""
        return self.pin_tries == 0 and self.puk_tries == 0

    def verify_pin(self, pin: str) -> bool:
        """Tries a PIN, and returns whether it is right; a wrong one costs a try.

        Returns False also if the SIM asks for its PUK.
        """
        if self.pin_tries == 0:
            return False
        if pin == self.pin:
            self.pin_tries = self.PIN_TRIES
            return True
        self.pin_tries -= 1
        return False

    def unblock(self, puk: str, new_pin: str) -> bool:
        """Tries the PUK, and returns whether it is right; the right one sets a new PIN."""
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
