"""Who the network delivers to: phones, and SIMs that sit in devices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from modemd.emulator.memory import Slots
from modemd.errors import DecodeError
from modemd.pdu import Deliver, ReassemblyKey, StatusReport, join

if TYPE_CHECKING:
    from modemd.emulator.network import Network

Incoming = Deliver | StatusReport
Done = Callable[[bool], None]
"""Called once per delivery: True, the subscriber has it; False, it could not take it and the network keeps it."""


class Subscriber(Protocol):
    """Anything with a number that the network can hand a message to."""

    number: str

    def reachable(self) -> bool:
        """Whether the network could hand something over now."""

    def receive(self, message: Incoming, done: Done) -> None:
        """Take one message; `done` is called at once or later."""


class Terminal(Protocol):
    """What a SIM needs of the device it sits in."""

    def reachable(self) -> bool: ...

    def receive(self, message: Incoming, done: Done) -> None: ...


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
    is put. A phone that is off receives nothing; the network keeps it for later.
    """

    def __init__(self, number: str, network: Network) -> None:
        self.number = number
        self.on = True
        self.inbox: list[Received] = []
        self.on_received: list[Callable[[Received], None]] = []
        self._network = network
        self._parts: dict[ReassemblyKey, dict[int, Deliver]] = {}

    def switch_off(self) -> None:
        """Leave the network."""
        self.on = False

    def switch_on(self) -> None:
        """Come back; what waited at the SC follows."""
        if not self.on:
            self.on = True
            self._network.available(self)

    def send(self, to: str, text: str) -> None:
        """Write to a number: a SIM's, or another phone's. EncodeError when that cannot be put on the air."""
        self._network.send_text(self.number, to, text)

    def reachable(self) -> bool:
        return self.on

    def receive(self, message: Incoming, done: Done) -> None:
        """Take one part from the network. Phones ask for no reports, so only DELIVERs come."""
        done(True)
        if not isinstance(message, Deliver):
            return
        key = ReassemblyKey.of(message)
        concatenation = message.concatenation
        if key is None or concatenation is None:
            self._show([message])
            return
        parts = self._parts.setdefault(key, {})
        if parts.get(concatenation.sequence, message) != message:  # the sender came round to this reference again
            parts.clear()
        parts[concatenation.sequence] = message
        if len(parts) == concatenation.total:
            del self._parts[key]
            self._show([parts[sequence] for sequence in sorted(parts)])

    def _show(self, parts: list[Deliver]) -> None:
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
    lock it for good (3GPP TS 31.101 9.5).
    """

    PIN_TRIES = 3
    PUK_TRIES = 10

    def __init__(
        self, number: str, *, iccid: str, imsi: str, capacity: int, pin: str | None, puk: str, smsc: str
    ) -> None:
        self.number = number
        self.iccid = iccid
        self.imsi = imsi
        self.memory = Slots("SM", capacity)
        self.pin = pin
        self.puk = puk
        self.pin_tries = self.PIN_TRIES
        self.puk_tries = self.PUK_TRIES
        self.smsc = smsc
        self.terminal: Terminal | None = None

    def verify_pin(self, pin: str) -> bool:
        """Try a PIN; a wrong one costs a try. False also when the card wants its PUK."""
        if self.pin_tries == 0:
            return False
        if self.pin is None or pin == self.pin:
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

    def receive(self, message: Incoming, done: Done) -> None:
        if self.terminal is None:
            done(False)
        else:
            self.terminal.receive(message, done)
