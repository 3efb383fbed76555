"""The handle of an SMPP message centre, with a client that is not ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import smpplib.exceptions

from modemd.emulator.testing import MessageCentre, Network, NotBound
from modemd.errors import ConfigError, Refused
from tests.emulator.testing.smpp_client import Gateway

LONG = "The plumber comes on Monday between eight and ten. " * 8


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture
def centre(network: Network) -> MessageCentre:
    return network.message_centre(senders=("Chez Paul",))


def bind(centre: MessageCentre) -> Gateway:
    return Gateway(centre.host, centre.port, centre.system_id, centre.password)


@pytest.mark.parametrize("text", ["Your code is 1234", LONG, "Ваш код 1234"])
def test_a_message_goes_from_the_client_to_a_phone(network: Network, centre: MessageCentre, text: str) -> None:
    """Answered, received once, and reported back."""
    phone = network.phone()
    with closing(bind(centre)) as gateway:
        centre.wait_until_bound()
        gateway.send("Chez Paul", phone.number, text)
        received = phone.wait_for(text)
        assert (received.text, received.sender) == (text, "Chez Paul")
        while not gateway.deliveries:
            gateway.read()
        receipt = gateway.deliveries[0]
        assert b"stat:DELIVRD" in receipt.short_message
        answer = gateway.answers.get(timeout=5)
        assert (answer.status, receipt.receipted_message_id.rstrip(b"\0")) == (0, answer.message_id)
    assert phone.inbox == [received]


def test_a_phone_writes_to_the_client(network: Network, centre: MessageCentre) -> None:
    """As soon as it is bound; a phone's message waits for it."""
    phone = network.phone()
    phone.send(centre.number, "Where are you?")
    with closing(bind(centre)) as gateway:
        while not gateway.deliveries:
            gateway.read()
        (delivery,) = gateway.deliveries
        assert (delivery.short_message, delivery.source_addr) == (b"Where are you?", phone.number[1:].encode())


@pytest.mark.parametrize("fail", [MessageCentre.cut_after_next, MessageCentre.lose_next_answer])
def test_an_accepted_message_without_an_answer_arrives(
    network: Network, centre: MessageCentre, fail: Callable[[MessageCentre], None]
) -> None:
    """Once. Whether the client sends it again is what such a test looks at."""
    phone = network.phone()
    with closing(bind(centre)) as gateway:
        fail(centre)
        gateway.send(centre.number, phone.number, "one")
        phone.wait_for("one")
        assert gateway.answers.empty()
    assert len(network.journal) == 1


def test_a_message_that_is_not_accepted_does_not_arrive(network: Network, centre: MessageCentre) -> None:
    """It is refused with the status, or the connection ends before."""
    phone = network.phone()
    with closing(bind(centre)) as gateway:
        centre.refuse_next(0x58)
        gateway.send(centre.number, phone.number, "one")
        gateway.read()
        assert gateway.answers.get_nowait().status == 0x58
        centre.cut_before_next()
        gateway.send(centre.number, phone.number, "two")
        with pytest.raises(smpplib.exceptions.ConnectionError):
            gateway.read()
    assert network.journal == []


def test_a_client_that_does_not_bind_is_told(network: Network, centre: MessageCentre) -> None:
    """In time, with how many are bound."""
    with pytest.raises(NotBound, match="there are 0"):
        centre.wait_until_bound(timeout=0.01)
    centre.refuse_binds(0x0D)
    with pytest.raises(Exception, match="13"):
        bind(centre)
    centre.refuse_binds(None)
    with closing(bind(centre)):
        centre.wait_until_bound()
        assert centre.bound == 1
        centre.cut()


@pytest.mark.parametrize(
    "change",
    [
        lambda centre: centre.refuse_next(0),
        lambda centre: centre.delay_next_answer(-1),
        lambda centre: centre.next_receipt("odd"),
        lambda centre: centre.configure(alphabet="ebcdic"),
        lambda centre: centre.configure(id_form="octal"),
        lambda centre: centre.refuse_binds(-1),
    ],
)
def test_a_wrong_value_is_told(centre: MessageCentre, change: Callable[[MessageCentre], None]) -> None:
    """As a ConfigError, and nothing is changed."""
    with pytest.raises(ConfigError):
        change(centre)


def test_a_number_has_one_owner(network: Network, centre: MessageCentre) -> None:
    """Several centres have numbers of their own."""
    with pytest.raises(Refused, match="in use"):
        network.message_centre()
    other = network.message_centre(number="+33755500002")
    assert other.port != centre.port
    assert repr(other) == f"<message centre at 127.0.0.1:{other.port}>"
    assert other.waiting == 0
