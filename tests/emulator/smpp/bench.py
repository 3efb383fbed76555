"""A client of an emulated message centre, on a connection in memory: what it sends, and the events that come."""

from __future__ import annotations

from typing import TypeVar

from modemd.emulator import Network
from modemd.emulator.smpp.centre import SmppCentre
from modemd.emulator.smpp.settings import CentreSettings
from modemd.smpp.addresses import encode_address, encode_recipient
from modemd.smpp.events import Delivery, Event, OctetsToSend, RequestAnswered
from modemd.smpp.message_operations import SubmitSm
from modemd.smpp.parts import LongTextMethod, make_parts
from modemd.smpp.permissions import SmppRole
from modemd.smpp.session import SmppSession
from modemd.smpp.session_operations import Bind, BindTransceiver
from modemd.smpp.texts import DefaultAlphabet
from tests.emulator.bench import HandTimers

ALICE, SHOP, CODE = "+33612345678", "+33755500001", "36123"
SYSTEM_ID, PASSWORD = "shop", "secret"
E = TypeVar("E")


def make_submit(
    text: str,
    *,
    sender: str = SHOP,
    to: str = ALICE,
    asks: int = 1,
    method: LongTextMethod = LongTextMethod.UDH,
    alphabet: DefaultAlphabet = DefaultAlphabet.GSM7,
    validity: str = "",
) -> list[SubmitSm]:
    """The submit_sm of a text, one for each part. `asks`: registered_delivery."""
    source, destination = encode_address(sender), encode_recipient(to)
    return [
        SubmitSm(
            source_addr=source.value,
            source_addr_ton=source.numbering.ton,
            source_addr_npi=source.numbering.npi,
            destination_addr=destination.value,
            short_message=part.short_message,
            esm_class=part.esm_class,
            data_coding=part.data_coding,
            registered_delivery=asks,
            validity_period=validity,
            tlvs=part.tlvs,
        )
        for part in make_parts(text, alphabet, method, reference=7)
    ]


class Client:
    """Client of a centre. It acknowledges each delivery, unless `acknowledges` is False."""

    def __init__(self, bench: CentreBench, *, acknowledges: bool = True) -> None:
        self._timers = bench.timers
        self.acknowledges = acknowledges
        self.events: list[Event] = []
        self.is_cut = False
        self.session = SmppSession(SmppRole.ESME, self._now())
        self._connection = bench.centre.connect(self._receive, self._cut)

    def bind(self, body: Bind | None = None) -> Client:
        """Binds as a transceiver, or as `body` says."""
        bind = body or BindTransceiver(system_id=SYSTEM_ID, password=PASSWORD)
        self._connection.receive(self.session.send_bind(bind, self._now()).octets)
        return self

    def submit(self, *bodies: SubmitSm) -> list[int]:
        """Sends messages, and returns their sequence numbers."""
        sequences = []
        for body in bodies:
            request = self.session.send_request(body, self._now())
            sequences.append(request.sequence)
            self._connection.receive(request.octets)
        return sequences

    def send(self, text: str) -> list[int]:
        """Sends a text from the number of the account."""
        return self.submit(*make_submit(text))

    def end(self) -> None:
        """Ends the connection, as a client does that is killed."""
        self._connection.lost()

    def write(self, octets: bytes) -> None:
        """Sends octets, whatever they are."""
        self._connection.receive(octets)

    def take(self, kind: type[E]) -> list[E]:
        """The events of a kind since the last call."""
        found: list[E] = [each for each in self.events if isinstance(each, kind)]
        self.events = [each for each in self.events if not isinstance(each, kind)]
        return found

    def take_answers(self) -> list[RequestAnswered]:
        return self.take(RequestAnswered)

    def _now(self) -> float:
        return self._timers.now().timestamp()

    def _receive(self, octets: bytes) -> None:
        for event in self.session.receive_data(octets, self._now()):
            if isinstance(event, OctetsToSend):
                self._timers.after(0, lambda octets=event.octets: self._connection.receive(octets))  # type: ignore[misc]
                continue
            self.events.append(event)
            if isinstance(event, Delivery) and self.acknowledges:
                answer = self.session.acknowledge(event.sequence)
                self._timers.after(0, lambda octets=answer: self._connection.receive(octets))  # type: ignore[misc]

    def _cut(self) -> None:
        if not self.is_cut:
            self.is_cut = True
            self.events += self.session.connection_lost()


class CentreBench:
    """A centre with one account, on a network of which nothing takes time."""

    def __init__(self, settings: CentreSettings | None = None, senders: tuple[str, ...] = ("Chez Paul",)) -> None:
        self.timers = HandTimers()
        self.network = Network(self.timers, delivery_latency_s=0, report_latency_s=0)
        self.centre = SmppCentre(self.network, settings=settings)
        self.account = self.centre.add_account(SYSTEM_ID, PASSWORD, numbers=(SHOP, CODE), senders=senders)

    def client(self, *, acknowledges: bool = True) -> Client:
        """A client that is bound."""
        return Client(self, acknowledges=acknowledges).bind()

    def inbox(self, number: str = ALICE) -> list[str | None]:
        """The texts that a phone shows."""
        self.timers.run(1)
        return [each.text for each in self.network.phone(number).inbox]
