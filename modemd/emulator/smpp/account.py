"""Account of a client at the message centre: who it is, the numbers that it has, and what waits for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from modemd.emulator.network.subscribers import DeliveryCallback, IncomingMessage, Subscriber
from modemd.emulator.smpp.conversion import make_delivery
from modemd.emulator.smpp.settings import CentreSettings
from modemd.errors import EncodeError
from modemd.pdu import Deliver
from modemd.smpp.message_operations import DeliverSm

Done = Callable[[bool], None]
"""Called once with the fate of a delivery: True if the client has acknowledged it, False if it did not."""


class Link(Protocol):
    """Bound connection of a client, as its account uses it."""

    @property
    def takes_deliveries(self) -> bool:
        """True if the client is bound as a receiver or transceiver, and its window has room."""

    def deliver(self, body: DeliverSm, done: Done) -> None:
        """Sends a delivery. `done` is called when it is answered, or when the answer will not come."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Delivery that no link has taken yet."""

    body: DeliverSm
    done: Done


class SmppAccount:
    """Account with its links. `numbers`: the numbers and short codes that phones can write to; `senders`: further senders that it
    may use, such as a name; without any of both it may use every sender."""

    def __init__(
        self,
        system_id: str,
        password: str,
        settings: CentreSettings,
        numbers: tuple[str, ...] = (),
        senders: tuple[str, ...] = (),
    ) -> None:
        self.system_id = system_id
        self.password = password
        self.numbers = numbers
        self.links: list[Link] = []
        self._settings = settings
        self._senders = frozenset((*numbers, *senders))
        self._waiting: deque[_Waiting] = deque()

    @property
    def waiting(self) -> int:
        """The number of receipts and messages that wait for a link."""
        return len(self._waiting)

    def may_send_from(self, sender: str) -> bool:
        """Returns whether the account may use a sender."""
        return not self._senders or sender in self._senders

    def add_link(self, link: Link) -> None:
        """Adds a bound connection, which gets what waits."""
        self.links.append(link)
        self.pump()

    def remove_link(self, link: Link) -> None:
        """Removes a connection that is bound no more."""
        if link in self.links:
            self.links.remove(link)

    def deliver(self, body: DeliverSm, done: Done) -> None:
        """Sends a delivery over a link; without one, it waits for the next bind."""
        self._waiting.append(_Waiting(body, done))
        self.pump()

    def pump(self) -> None:
        """Sends what waits, as far as the links have room."""
        while self._waiting:
            link = next((each for each in self.links if each.takes_deliveries), None)
            if link is None:
                return
            waiting = self._waiting.popleft()
            link.deliver(waiting.body, waiting.done)

    def is_reachable(self) -> bool:
        """Returns whether a link would take a delivery now."""
        return any(each.takes_deliveries for each in self.links)

    def receive(self, number: str, message: IncomingMessage, done: DeliveryCallback) -> None:
        """Takes a message from a phone to one of its numbers."""
        if not isinstance(message, Deliver):
            done(True)  # nobody reports to a service
            return
        try:
            body = make_delivery(message, number, self._settings.alphabet)
        except EncodeError:  # the alphabet of the centre has no such character, or the sender no such address
            done(False)
            return
        self.deliver(body, done)


class ServiceNumber(Subscriber):
    """Number or short code of an account, to which phones can write. It is reachable while a link of the account has room."""

    def __init__(self, number: str, account: SmppAccount) -> None:
        self.number = number
        self._account = account
        self._receive = partial(account.receive, number)

    def reachable(self) -> bool:
        return self._account.is_reachable()

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        self._receive(message, done)
