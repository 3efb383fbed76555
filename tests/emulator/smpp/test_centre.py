"""The emulated message centre: binds, messages to phones, receipts, messages from phones, and faults."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modemd.emulator.smpp.faults import FaultKind, ReceiptFault, SubmitFault
from modemd.emulator.smpp.settings import CentreSettings, IdForm
from modemd.errors import Refused
from modemd.smpp.events import BindRefused, Bound, Delivery, LinkLost, RequestUnknown, Unbound
from modemd.smpp.message_operations import QuerySm, QuerySmResp, SubmitSmResp
from modemd.smpp.parts import LongTextMethod
from modemd.smpp.receipts import DeliveryReceipt, SmscState, read_receipt
from modemd.smpp.session_operations import BindReceiver, BindTransceiver, BindTransmitter
from modemd.smpp.statuses import CommandStatus
from modemd.smpp.texts import DefaultAlphabet, read_message
from tests.emulator.smpp.bench import ALICE, CODE, PASSWORD, SHOP, SYSTEM_ID, CentreBench, Client, make_submit

LONG = "Ça coûte 5 €. " * 20


def receipts(client: Client) -> list[DeliveryReceipt]:
    """The receipts that have come since the last call."""
    found = [read_receipt(each.body) for each in client.take(Delivery)]
    return [each for each in found if each is not None]


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [
        (SYSTEM_ID, "wrong", CommandStatus.INVALID_PASSWORD),
        ("nobody", PASSWORD, CommandStatus.INVALID_SYSTEM_ID),
    ],
)
def test_a_wrong_login_is_refused(system_id: str, password: str, status: CommandStatus) -> None:
    """With the status that says what is wrong; the right one is bound after that."""
    client = Client(CentreBench()).bind(BindTransceiver(system_id=system_id, password=password))
    assert client.take(BindRefused) == [BindRefused(status)]
    (bound,) = client.bind().take(Bound)
    assert (bound.system_id, bound.interface_version) == ("smsc", 0x34)


@pytest.mark.parametrize("method", list(LongTextMethod))
@pytest.mark.parametrize("text", ["Hello", LONG, "Привет " * 30, "{[€]}" * 50])
def test_a_text_arrives_whole(text: str, method: LongTextMethod) -> None:
    """In one part or several, however it is submitted, once; the network's journal has each part."""
    bench = CentreBench()
    client = bench.client()
    bodies = make_submit(text, method=method)
    client.submit(*bodies)
    assert all(each.is_taken for each in client.take_answers())
    assert bench.inbox() == [text]
    assert {(each.device, each.sender, each.recipient) for each in bench.network.journal} == {("smsc", SHOP, ALICE)}
    assert "".join(each.text or "" for each in bench.network.journal) == text


@pytest.mark.parametrize("alphabet", list(DefaultAlphabet))
def test_each_default_alphabet_is_read_and_written(alphabet: DefaultAlphabet) -> None:
    """To the phone, and from it."""
    bench = CentreBench(CentreSettings(alphabet=alphabet))
    client = bench.client()
    client.submit(*make_submit("Order #1 @ 5$", alphabet=alphabet))
    assert bench.inbox() == ["Order #1 @ 5$"]
    client.take(Delivery)
    bench.network.phone(ALICE).send(SHOP, "Thanks @ all")
    bench.timers.run(1)
    (delivery,) = client.take(Delivery)
    assert read_message(delivery.body, alphabet).text == "Thanks @ all"


def test_a_name_is_a_sender() -> None:
    """The phone shows it. Another name, and a sender of somebody else, are refused."""
    bench = CentreBench()
    client = bench.client()
    client.submit(*make_submit("Hi", sender="Chez Paul"))
    bench.timers.run(1)
    assert [each.sender for each in bench.network.phone(ALICE).inbox] == ["Chez Paul"]
    client.take_answers()
    for sender in ("Bank", "+33700000001"):
        client.submit(*make_submit("Hi", sender=sender))
    assert [each.status for each in client.take_answers()] == [CommandStatus.INVALID_SOURCE_ADDRESS] * 2
    assert len(bench.network.journal) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"destination_addr": "123"}, CommandStatus.INVALID_DESTINATION_ADDRESS),
        ({"validity_period": "tomorrow"}, CommandStatus.INVALID_EXPIRY),
        ({"schedule_delivery_time": "000001000000000R"}, CommandStatus.INVALID_SCHEDULE),
        ({"short_message": b"a" * 161}, CommandStatus.INVALID_MESSAGE_LENGTH),
    ],
)
def test_a_wrong_message_is_refused(change: dict[str, Any], status: CommandStatus) -> None:
    """With its status, and nothing is accepted. A text that is too long for one part is only cut if it is a payload."""
    bench = CentreBench()
    client = bench.client()
    (body,) = make_submit("Hi")
    if "short_message" in change:
        change = change | {"esm_class": 0x40, "short_message": b"\x05\x00\x03\x07\x02\x01" + b"a" * 161}
    if "destination_addr" in change:
        change = change | {"dest_addr_ton": 3}
    client.submit(replace(body, **change))
    assert [each.status for each in client.take_answers()] == [status]
    assert len(bench.network.journal) == 0


@pytest.mark.parametrize(
    ("form", "answered", "receipted"),
    [("decimal", "1000000", "1000000"), ("hex", "F4240", "F4240"), ("mixed", "F4240", "1000000")],
)
def test_a_receipt_tells_the_end(form: IdForm, answered: str, receipted: str) -> None:
    """With the identifier, as text and as TLVs, and the state; the reference of the client comes back."""
    bench = CentreBench(CentreSettings(id_form=form))
    client = bench.client()
    client.send("Hello Alice, this is a test")
    (answer,) = client.take_answers()
    assert answer.body == SubmitSmResp(answered)
    bench.timers.run(1)
    (receipt,) = receipts(client)
    assert (receipt.message_id, receipt.state, receipt.is_final) == (receipted, SmscState.DELIVERED, True)
    assert (receipt.submitted_parts, receipt.delivered_parts, receipt.text) == (1, 1, "Hello Alice, this is")


@pytest.mark.parametrize(
    ("asks", "fate", "states"),
    [
        (0, None, []),
        (1, None, [SmscState.DELIVERED]),
        (2, None, []),
        (1, 0x45, [SmscState.UNDELIVERABLE]),
        (2, 0x45, [SmscState.UNDELIVERABLE]),
        (1, 0x30, [SmscState.EXPIRED]),
        (0x11, 0x30, [SmscState.ENROUTE, SmscState.EXPIRED]),
    ],
)
def test_a_receipt_comes_if_it_was_asked_for(asks: int, fate: int | None, states: list[SmscState]) -> None:
    """Of every end, only of failures, or also of what is on its way. Validity ends what cannot arrive."""
    bench = CentreBench()
    bench.network.fate(ALICE, fate)
    client = bench.client()
    client.submit(*make_submit("Hi", asks=asks, validity="000000010000000R"))
    for _ in range(3):
        bench.timers.run(1800)
    assert [each.state for each in receipts(client)] == states


def test_a_message_can_be_asked_for() -> None:
    """By its identifier and its sender; anybody else's is not known."""
    bench = CentreBench()
    client = bench.client()
    client.send("Hi")
    (answer,) = client.take_answers()
    bench.timers.run(1)
    id = answer.body.message_id if isinstance(answer.body, SubmitSmResp) else ""
    for source, taken in ((SHOP[1:], True), ("33700000001", False)):
        request = client.session.send_request(
            QuerySm(message_id=id, source_addr=source), bench.timers.now().timestamp()
        )
        client.write(request.octets)
        (answer,) = client.take_answers()
        assert answer.is_taken is taken
        if taken:
            assert isinstance(answer.body, QuerySmResp)
            assert answer.body.message_state == SmscState.DELIVERED


@pytest.mark.parametrize("number", [SHOP, CODE])
def test_a_phone_writes_to_the_account(number: str) -> None:
    """To its number or short code, in several parts."""
    bench = CentreBench()
    client = bench.client()
    bench.network.phone(ALICE).send(number, LONG)
    bench.timers.run(5)
    deliveries = client.take(Delivery)
    assert len(deliveries) > 1
    assert {each.body.source_addr for each in deliveries} == {ALICE[1:]}
    assert {each.body.destination_addr for each in deliveries} == {number.removeprefix("+")}
    contents = [read_message(each.body, DefaultAlphabet.GSM7) for each in deliveries]
    assert "".join(each.text or "" for each in contents) == LONG


def test_what_comes_while_nobody_is_bound_waits() -> None:
    """Messages of phones and receipts; a transmitter gets none of it."""
    bench = CentreBench()
    transmitter = Client(bench).bind(BindTransmitter(system_id=SYSTEM_ID, password=PASSWORD))
    transmitter.send("Hi")
    bench.network.phone(ALICE).send(SHOP, "Yes")
    bench.timers.run(10)
    assert transmitter.take(Delivery) == []
    receiver = Client(bench).bind(BindReceiver(system_id=SYSTEM_ID, password=PASSWORD))
    bench.timers.run(10)
    texts = [read_message(each.body, DefaultAlphabet.GSM7).text or "" for each in receiver.take(Delivery)]
    assert sorted(text[:3] for text in texts) == ["Yes", "id:"]


def test_a_delivery_that_is_not_acknowledged_comes_again() -> None:
    """After the client has gone, to its next connection: nothing is lost, and it may come twice."""
    bench = CentreBench()
    silent = bench.client(acknowledges=False)
    silent.send("Hi")
    bench.network.phone(ALICE).send(SHOP, "Yes")
    bench.timers.run(5)
    assert len(silent.take(Delivery)) == 2
    silent.end()
    client = bench.client()
    bench.timers.run(bench.network.retry_s + 5)
    assert len(client.take(Delivery)) == 2
    bench.timers.run(bench.network.retry_s + 5)
    assert client.take(Delivery) == []


@pytest.mark.parametrize(
    ("kind", "accepted", "ends"),
    [
        ("refuse", False, "answer"),
        ("lose_answer", True, "unknown"),
        ("late_answer", True, "answer"),
        ("cut", True, "cut"),
        ("cut_before", False, "cut"),
    ],
)
def test_a_fault_of_one_message(kind: FaultKind, accepted: bool, ends: str) -> None:
    """The truth is in the network's journal; the client learns a part of it. The next message has no fault."""
    bench = CentreBench()
    client = bench.client()
    bench.centre.faults.plan(SubmitFault(kind, status=CommandStatus.THROTTLED, seconds=5))
    client.send("one")
    bench.timers.run(1)
    early = client.take_answers()
    assert (early != []) is (kind == "refuse")
    assert client.is_cut is (ends == "cut")
    assert client.take(RequestUnknown) == [] or ends == "cut"
    bench.timers.run(5)
    if ends == "answer":
        (answer,) = early + client.take_answers()
        assert answer.is_taken is accepted
    assert bench.inbox() == (["one"] if accepted else [])
    client = client if not client.is_cut else bench.client()
    client.send("two")
    assert client.take_answers()[-1].is_taken
    assert bench.inbox()[-1] == "two"


@pytest.mark.parametrize(
    ("oddity", "at_once", "later"), [("late", 0, 1), ("twice", 1, 2), ("never", 0, 0), ("foreign", 2, 2)]
)
def test_an_odd_receipt(oddity: str, at_once: int, later: int) -> None:
    """Late, twice, never, or together with one for a message that nobody knows."""
    bench = CentreBench()
    client = bench.client()
    bench.centre.faults.plan(ReceiptFault(oddity))  # type: ignore[arg-type]
    client.send("Hi")
    bench.timers.run(5)
    first = receipts(client)
    assert len(first) == at_once
    bench.timers.run(120)
    found = first + receipts(client)
    assert len(found) == later
    ids = {each.message_id for each in found}
    assert len(ids) == (2 if oddity == "foreign" else min(later, 1))


def test_a_silent_client_is_asked_and_let_go() -> None:
    """By enquire_link, which a living client answers by itself."""
    bench = CentreBench()
    client = bench.client()
    bench.timers.run(300)
    assert not client.is_cut
    silent = Client(bench).bind()
    silent._receive = lambda octets: None  # type: ignore[method-assign]
    silent._connection._write = lambda octets: None
    bench.timers.run(60)
    assert silent.is_cut
    assert len(bench.account.links) == 1


def test_garbage_ends_the_connection() -> None:
    """And leaves the others alone."""
    bench = CentreBench()
    client, other = bench.client(), bench.client()
    client.write(b"GET / HTTP/1.1\r\n\r\n")
    assert client.is_cut
    assert client.take(LinkLost)
    other.send("Hi")
    assert other.take_answers()[0].is_taken


def test_unbind_ends_in_order() -> None:
    """Both sides know it; the account has no link any more."""
    bench = CentreBench()
    client = bench.client()
    for event in client.session.begin_unbind(bench.timers.now().timestamp()):
        client.write(event.octets)  # type: ignore[union-attr]
    assert [each.by_peer for each in client.take(Unbound)] == [False]
    assert bench.account.links == []


def test_a_number_belongs_to_one() -> None:
    """An account, a SIM or a phone."""
    bench = CentreBench()
    bench.network.phone(ALICE)
    for number in (ALICE, SHOP):
        with pytest.raises(Refused, match="in use"):
            bench.centre.add_account("two", "secret", numbers=(number,))
    with pytest.raises(Refused):
        bench.network.phone(SHOP)


def test_binds_can_be_refused() -> None:
    """As long as the setting says so."""
    bench = CentreBench()
    bench.centre.settings.refuses_binds_with = CommandStatus.BIND_FAILED
    client = Client(bench).bind()
    assert client.take(BindRefused) == [BindRefused(CommandStatus.BIND_FAILED)]
    bench.centre.settings.refuses_binds_with = None
    assert client.bind().take(Bound)
