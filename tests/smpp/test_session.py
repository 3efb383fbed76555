"""One side of a session, against PDUs written by the test."""

from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.smpp.events import (
    AlertReceived,
    AnsweredLate,
    BindRefused,
    BindRequested,
    Bound,
    Delivery,
    LinkLost,
    LossCause,
    OutbindRequested,
    RequestAnswered,
    RequestUnknown,
    SubmitRequested,
    Unbound,
    UnexpectedPdu,
    UnknownCause,
    UnreadableDelivery,
)
from modemd.smpp.limits import SessionLimits
from modemd.smpp.message_operations import (
    AlertNotification,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
)
from modemd.smpp.operation import CommandId
from modemd.smpp.pdus import Pdu, decode_pdu, make_pdu
from modemd.smpp.permissions import NotPermitted, SessionState
from modemd.smpp.session_operations import (
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Unbind,
    UnbindResp,
)
from modemd.smpp.statuses import CommandStatus
from modemd.smpp.tlvs import Tag, Tlv, make_integer_tlv
from modemd.smpp.window import WindowFull
from tests.smpp.samples import BIND, PDUS, bound_esme, bound_smsc, name_pdu, open_esme, open_smsc, others, written

MESSAGE = SubmitSm("MyBank", "447700900123", b"Hello")
INBOUND = DeliverSm("447700900123", "12345", b"STOP")
TAKEN = SubmitSmResp("1a2b")


def cut_body(pdu: Pdu, octets: int) -> bytes:
    """A frame of which the last octets of the body are missing."""
    whole = pdu.encode()[:-octets]
    return len(whole).to_bytes(4) + whole[4:]


# Binding.


def test_a_bind_is_answered() -> None:
    """The state, and what the SMSC says of itself."""
    session = open_esme()
    bind = session.send_bind(BIND, 0.0)
    assert decode_pdu(bind.octets) == make_pdu(BIND, bind.sequence)
    response = BindTransceiverResp("smsc", (make_integer_tlv(Tag.SC_INTERFACE_VERSION, 0x34),))
    assert session.receive_data(make_pdu(response, bind.sequence).encode(), 1.0) == [
        Bound(SessionState.BOUND_TRANSCEIVER, "smsc", 0x34)
    ]
    assert (session.state, session.room) == (SessionState.BOUND_TRANSCEIVER, 10)


@pytest.mark.parametrize(
    ("bind", "response", "state"),
    [
        (BindTransmitter("a"), BindTransmitterResp(), SessionState.BOUND_TRANSMITTER),
        (BindReceiver("a"), BindReceiverResp(), SessionState.BOUND_RECEIVER),
    ],
)
def test_two_binds_are_two_sessions(
    bind: BindTransmitter | BindReceiver, response: BindTransmitterResp | BindReceiverResp, state: SessionState
) -> None:
    """Each with its own state, which says what may be sent."""
    session = open_esme()
    sequence = session.send_bind(bind, 0.0).sequence
    assert session.receive_data(make_pdu(response, sequence).encode(), 0.0) == [Bound(state, "", None)]
    if state is SessionState.BOUND_RECEIVER:
        with pytest.raises(NotPermitted, match="submit_sm of the esme is not permitted when bound receiver"):
            session.send_request(MESSAGE, 0.0)
        assert others(session.receive_data(make_pdu(INBOUND, 1).encode(), 0.0)) == [Delivery(1, INBOUND)]
    else:
        session.send_request(MESSAGE, 0.0)
        assert [pdu.status for pdu in written(session.receive_data(make_pdu(INBOUND, 1).encode(), 0.0))] == [0x64]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Pdu(0x80000009, 1, 0x0E), 0x0E),
        (Pdu(0x80000009, 1, 0x0D, BindTransceiverResp("smsc")), 0x0D),
        (Pdu(0x80000000, 1, 0x03, GenericNack()), 0x03),
        (Pdu(0x80000000, 1, 0x00, GenericNack()), 0xFF),
    ],
)
def test_a_bind_is_refused(answer: Pdu, status: int) -> None:
    """The session is open as before: another bind may follow."""
    session = open_esme()
    session.send_bind(BIND, 0.0)
    assert session.receive_data(answer.encode(), 0.0) == [BindRefused(status)]
    assert session.state is SessionState.OPEN
    assert session.send_bind(BindTransmitter("a"), 0.0).sequence == 2


def test_a_bind_whose_answer_cannot_be_read_is_a_bind() -> None:
    """Its status says so; without a body, and with half a TLV."""
    for response in (
        Pdu(0x80000009, 1).encode(),
        cut_body(make_pdu(BindTransceiverResp("smsc", (Tlv(0x210, b"4"),)), 1), 1),
    ):
        session = open_esme()
        session.send_bind(BIND, 0.0)
        assert session.receive_data(response, 0.0) == [Bound(SessionState.BOUND_TRANSCEIVER, "", None)]


def test_no_traffic_before_the_bind() -> None:
    """Neither ours nor theirs, which they may repeat; a second bind does not leave."""
    session = open_esme()
    session.send_bind(BIND, 0.0)
    with pytest.raises(NotPermitted):
        session.send_request(MESSAGE, 0.0)
    with pytest.raises(NotPermitted, match="a bind waits"):
        session.send_bind(BIND, 0.0)
    events = session.receive_data(make_pdu(INBOUND, 9).encode(), 0.0)
    assert written(events) == [Pdu(CommandId.DELIVER_SM_RESP, 9, CommandStatus.TEMPORARY_APPLICATION_ERROR)]
    assert others(events) == [UnexpectedPdu(CommandId.DELIVER_SM, 9, 0, "not permitted when open")]


def test_a_delivery_may_come_with_the_answer_to_the_bind() -> None:
    """In one read: an SMSC with a queue does not wait."""
    session = open_esme()
    octets = make_pdu(BindTransceiverResp("smsc"), session.send_bind(BIND, 0.0).sequence).encode()
    events = session.receive_data(octets + make_pdu(INBOUND, 1).encode() + make_pdu(INBOUND, 2).encode()[:20], 0.0)
    assert events == [Bound(SessionState.BOUND_TRANSCEIVER, "smsc", None), Delivery(1, INBOUND)]
    assert session.receive_data(make_pdu(INBOUND, 2).encode()[20:], 0.0) == [Delivery(2, INBOUND)]


def test_a_bind_that_is_not_answered_ends_the_session() -> None:
    """After its time."""
    session = open_esme()
    assert session.next_deadline() is None
    session.send_bind(BIND, 0.0)
    assert session.next_deadline() == 30.0
    assert session.check(29.9) == []
    assert session.check(30.0) == [LinkLost(LossCause.NOT_BOUND, "no answer to bind within 30 s")]
    assert (session.state, session.next_deadline()) == (SessionState.CLOSED, None)


# Requests of ours.


@pytest.mark.parametrize(
    ("answer", "is_taken"),
    [
        (make_pdu(TAKEN, 2), True),
        (Pdu(CommandId.SUBMIT_SM_RESP, 2, 0x58), False),
        (Pdu(CommandId.SUBMIT_SM_RESP, 2, 0x45, SubmitSmResp("")), False),
        (make_pdu(GenericNack(), 2, 0x03), False),
        (make_pdu(GenericNack(), 2, 0x00), False),
    ],
)
def test_a_message_is_taken_or_refused(answer: Pdu, is_taken: bool) -> None:
    """Status 0 takes it; any other status, and generic_nack, surely does not."""
    session = bound_esme()
    request = session.send_request(MESSAGE, 0.0)
    assert decode_pdu(request.octets) == make_pdu(MESSAGE, 2)
    (event,) = session.receive_data(answer.encode(), 1.0)
    is_nack = answer.command_id == CommandId.GENERIC_NACK
    assert event == RequestAnswered(2, CommandId.SUBMIT_SM, answer.status, answer.body, is_nack)
    assert isinstance(event, RequestAnswered)
    assert event.is_taken == is_taken
    assert session.outstanding == 0


def test_a_request_is_registered_before_its_octets_are_given_out() -> None:
    """So no answer is too early."""
    session = bound_esme()
    sequence = session.send_request(MESSAGE, 0.0).sequence
    assert session.outstanding == 1
    assert len(session.receive_data(make_pdu(TAKEN, sequence).encode(), 0.0)) == 1


def test_a_message_that_cannot_be_written_takes_no_room() -> None:
    """Nothing waits for an answer to it."""
    session = bound_esme()
    with pytest.raises(EncodeError):
        session.send_request(SubmitSm("x" * 30, "1"), 0.0)
    assert session.outstanding == 0


def test_the_window_is_bounded() -> None:
    """An answer, or the end of its time, makes room."""
    session = bound_esme(SessionLimits(window=2, response_s=5.0))
    first = session.send_request(MESSAGE, 0.0).sequence
    session.send_request(MESSAGE, 1.0)
    with pytest.raises(WindowFull, match="2 requests"):
        session.send_request(MESSAGE, 1.0)
    session.receive_data(make_pdu(TAKEN, first).encode(), 1.0)
    session.send_request(MESSAGE, 2.0)
    assert session.room == 0
    session.check(6.0)
    assert session.room == 1


def test_answers_may_come_in_any_order() -> None:
    """Their sequence numbers say what they answer."""
    session = bound_esme()
    numbers = [session.send_request(MESSAGE, 0.0).sequence for _ in range(5)]
    octets = b"".join(make_pdu(SubmitSmResp(f"id{number}"), number).encode() for number in reversed(numbers))
    assert session.receive_data(octets, 0.0) == [
        RequestAnswered(number, CommandId.SUBMIT_SM, 0, SubmitSmResp(f"id{number}")) for number in reversed(numbers)
    ]


def test_a_lost_answer_is_unknown_and_a_late_one_settles() -> None:
    """It never looks like a refusal, and the session goes on."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    assert session.receive_data(make_pdu(EnquireLink(), 5).encode(), 50.0)
    assert session.check(59.9) == []
    assert session.check(60.0) == [RequestUnknown(2, CommandId.SUBMIT_SM, UnknownCause.TIMEOUT)]
    assert session.check(60.0) == []
    answer = RequestAnswered(2, CommandId.SUBMIT_SM, 0, TAKEN)
    assert session.receive_data(make_pdu(TAKEN, 2).encode(), 70.0) == [AnsweredLate(answer)]
    assert session.receive_data(make_pdu(TAKEN, 2).encode(), 71.0) == [
        UnexpectedPdu(CommandId.SUBMIT_SM_RESP, 2, 0, "nobody awaits this answer")
    ]
    assert session.state is SessionState.BOUND_TRANSCEIVER


def test_a_doubled_answer_counts_once() -> None:
    """The second one says nothing."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    events = session.receive_data(make_pdu(TAKEN, 2).encode() + Pdu(CommandId.SUBMIT_SM_RESP, 2, 0x58).encode(), 0.0)
    assert [type(event) for event in events] == [RequestAnswered, UnexpectedPdu]


def test_a_response_of_another_operation_is_no_answer() -> None:
    """The message still waits for its own."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    assert [type(each) for each in session.receive_data(make_pdu(DataSmResp("x"), 2).encode(), 0.0)] == [UnexpectedPdu]
    assert session.outstanding == 1


@pytest.mark.parametrize(("status", "is_taken"), [(0, True), (0x58, False)])
def test_an_answer_that_cannot_be_read_keeps_its_status(status: int, is_taken: bool) -> None:
    """A message that was taken is not sent again because its identifier is cut."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    (event,) = session.receive_data(cut_body(Pdu(CommandId.SUBMIT_SM_RESP, 2, status, TAKEN), 1), 0.0)
    assert isinstance(event, RequestAnswered)
    assert (event.is_taken, event.status, event.body) == (is_taken, status, None)
    assert event.problem is not None
    assert "message_id at octet 20" in event.problem


def test_an_unknown_response_settles_nothing() -> None:
    """Nobody answers a response, either."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    events = session.receive_data(bytes.fromhex("00000010 80000021 00000000 00000002"), 0.0)
    assert [type(event) for event in events] == [UnexpectedPdu]
    assert session.outstanding == 1


def test_queries_and_data_have_answers_of_their_own() -> None:
    """query_sm_resp, data_sm_resp."""
    session = bound_esme()
    session.send_request(QuerySm("1a2b", "MyBank", 5), 0.0)
    session.send_request(DataSm("1", "2"), 0.0)
    answer, data = QuerySmResp("1a2b", "", 1, 0), DataSmResp("9")
    events = session.receive_data(make_pdu(data, 3).encode() + make_pdu(answer, 2).encode(), 0.0)
    assert events == [
        RequestAnswered(3, CommandId.DATA_SM, 0, data),
        RequestAnswered(2, CommandId.QUERY_SM, 0, answer),
    ]


# What the peer sends.


def test_a_delivery_waits_for_its_acknowledgement() -> None:
    """The session itself writes nothing: first it must be stored."""
    session = bound_esme()
    assert session.receive_data(make_pdu(INBOUND, 77).encode(), 0.0) == [Delivery(77, INBOUND)]
    assert decode_pdu(session.acknowledge(77)) == make_pdu(DeliverSmResp(), 77)
    with pytest.raises(NotPermitted, match="no delivery 77"):
        session.acknowledge(77)


@pytest.mark.parametrize(
    ("body", "status", "response"),
    [
        (INBOUND, 0x64, Pdu(CommandId.DELIVER_SM_RESP, 7, 0x64)),
        (DataSm("1", "2"), 0x14, Pdu(CommandId.DATA_SM_RESP, 7, 0x14)),
        (DataSm("1", "2"), 0, Pdu(CommandId.DATA_SM_RESP, 7, 0, DataSmResp())),
    ],
)
def test_what_cannot_be_stored_is_refused(body: DeliverSm | DataSm, status: int, response: Pdu) -> None:
    """The SMSC repeats it."""
    session = bound_esme()
    session.receive_data(make_pdu(body, 7).encode(), 0.0)
    assert decode_pdu(session.acknowledge(7, status)) == response


def test_two_deliveries_of_one_number_get_two_answers() -> None:
    """An SMSC may use a number twice."""
    session = bound_esme()
    assert len(session.receive_data(make_pdu(INBOUND, 7).encode() * 2, 0.0)) == 2
    session.acknowledge(7)
    session.acknowledge(7)
    with pytest.raises(NotPermitted):
        session.acknowledge(7)


def test_a_delivery_that_cannot_be_read_is_given_out_as_octets() -> None:
    """It can be stored, and is then answered; a final error would make the SMSC drop it."""
    session = bound_esme()
    octets = cut_body(make_pdu(INBOUND, 7), 2)
    (event,) = session.receive_data(octets, 0.0)
    assert isinstance(event, UnreadableDelivery)
    assert (event.sequence, event.octets, event.status) == (7, octets, CommandStatus.INVALID_MESSAGE_LENGTH)
    assert decode_pdu(session.acknowledge(7)) == make_pdu(DeliverSmResp(), 7)


def test_deliveries_without_our_answer_are_bounded() -> None:
    """More are answered with "queue full", which is no final error, and are not given out; also those that cannot be read."""
    session = bound_esme(SessionLimits(most_requests=2))
    octets = b"".join(make_pdu(INBOUND, number).encode() for number in (1, 2, 3)) + cut_body(make_pdu(INBOUND, 4), 2)
    events = session.receive_data(octets, 0.0)
    assert written(events) == [
        Pdu(CommandId.DELIVER_SM_RESP, number, CommandStatus.MESSAGE_QUEUE_FULL) for number in (3, 4)
    ]
    assert [type(event) for event in others(events)] == [Delivery, Delivery, UnexpectedPdu, UnexpectedPdu]


def test_an_unknown_operation_gets_generic_nack_and_the_session_goes_on() -> None:
    """With status 3 and its number; what follows in the same read is handled."""
    session = bound_esme()
    unknown = bytes.fromhex("00000014 00000021 00000000 0000002A 01020304")
    events = session.receive_data(unknown + make_pdu(INBOUND, 1).encode(), 0.0)
    assert written(events) == [make_pdu(GenericNack(), 42, 0x03)]
    assert [type(event) for event in others(events)] == [UnexpectedPdu, Delivery]


def test_enquire_link_is_answered_at_once() -> None:
    """Also before the bind."""
    for session in (open_esme(), open_smsc(), bound_esme(), bound_smsc()):
        events = session.receive_data(make_pdu(EnquireLink(), 5).encode(), 0.0)
        assert (written(events), others(events)) == ([make_pdu(EnquireLinkResp(), 5)], [])


def test_notices_have_no_answer() -> None:
    """alert_notification and outbind, whether they can be read, are permitted, or not."""
    session, alert = bound_esme(), AlertNotification("447700900123", "12345")
    assert session.receive_data(make_pdu(alert, 5).encode(), 0.0) == [AlertReceived(alert)]
    outbind = make_pdu(Outbind("smsc"), 5)
    assert open_esme().receive_data(outbind.encode(), 0.0) == [OutbindRequested(Outbind("smsc"))]
    for octets in (outbind.encode(), cut_body(make_pdu(alert, 5), 1)):
        events = session.receive_data(octets, 0.0)
        assert [type(event) for event in events] == [UnexpectedPdu]


@pytest.mark.parametrize("pdu", [pdu for pdu in PDUS if not pdu.command_id & 0x80000000], ids=name_pdu)
def test_a_request_that_is_not_the_peers_is_refused(pdu: Pdu) -> None:
    """An SMSC does not submit, an ESME does not deliver."""
    permitted = {
        "esme": {"Unbind", "EnquireLink", "DeliverSm", "DataSm", "AlertNotification"},
        "smsc": {"Unbind", "EnquireLink", "SubmitSm", "DataSm", "QuerySm"},
    }
    for name, session in (("esme", bound_esme()), ("smsc", bound_smsc())):
        events = session.receive_data(pdu.encode(), 0.0)
        refused = [type(event) for event in others(events)] == [UnexpectedPdu]
        assert refused == (name_pdu(pdu) not in permitted[name])
        if refused and name_pdu(pdu) not in ("Outbind", "AlertNotification"):
            assert [each.sequence for each in written(events)] == [pdu.sequence]
            assert written(events)[0].status in (CommandStatus.INVALID_BIND_STATUS, CommandStatus.ALREADY_BOUND)


# Silence and the end.


def test_silence_is_followed_by_enquire_link_and_then_by_the_end() -> None:
    """After 30 s of silence it asks; after 10 s more the link is lost, and what is open is unknown."""
    session = bound_esme()
    session.send_request(MESSAGE, 25.0)
    assert session.next_deadline() == 30.0
    assert session.check(29.9) == []
    assert written(session.check(30.0)) == [make_pdu(EnquireLink(), 3)]
    assert session.check(30.0) == []
    assert session.next_deadline() == 40.0
    assert session.check(40.0) == [
        RequestUnknown(2, CommandId.SUBMIT_SM, UnknownCause.LINK_LOST),
        LinkLost(LossCause.SILENT, "no answer to enquire_link within 10 s"),
    ]
    assert session.check(1000.0) == session.connection_lost() == []


def test_an_answer_to_enquire_link_ends_the_silence() -> None:
    """The next one is due after the same time; generic_nack proves life as well."""
    for answer in (EnquireLinkResp(), GenericNack()):
        session = bound_esme()
        session.check(30.0)
        assert session.receive_data(make_pdu(answer, 2).encode(), 35.0) == []
        assert session.next_deadline() == 65.0


def test_another_pdu_proves_life_too() -> None:
    """An SMSC that is busy delivering need not answer enquire_link in time."""
    session = bound_esme()
    session.check(30.0)
    session.receive_data(make_pdu(INBOUND, 1).encode(), 39.0)
    assert session.check(40.0) == []
    assert session.next_deadline() == 69.0
    assert session.receive_data(make_pdu(EnquireLinkResp(), 2).encode(), 41.0) == []


def test_octets_without_a_whole_pdu_prove_nothing() -> None:
    """A slow drip does not keep a session alive."""
    session = bound_esme()
    session.check(30.0)
    session.receive_data(make_pdu(INBOUND, 1).encode()[:-1], 39.0)
    assert [type(event) for event in session.check(40.0)] == [LinkLost]


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        pytest.param(b"\0\0\0\x0f", LossCause.GARBAGE, id="too short"),
        pytest.param(b"HTTP/1.1 400", LossCause.GARBAGE, id="another protocol"),
        pytest.param(make_pdu(GenericNack(), 0, 2).encode(), LossCause.NACK_WITHOUT_SEQUENCE, id="nack of nothing"),
    ],
)
def test_what_makes_the_stream_useless_ends_the_session(octets: bytes, cause: LossCause) -> None:
    """Everything open is unknown, what came before counts, what comes after does not."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    session.send_request(MESSAGE, 0.0)
    after = make_pdu(TAKEN, 3).encode()
    events = session.receive_data(make_pdu(TAKEN, 2).encode() + octets + after, 0.0)
    assert events[:2] == [
        RequestAnswered(2, CommandId.SUBMIT_SM, 0, TAKEN),
        RequestUnknown(3, CommandId.SUBMIT_SM, UnknownCause.LINK_LOST),
    ]
    assert isinstance(events[2], LinkLost)
    assert events[2].cause is cause
    assert len(events) == 3
    assert session.receive_data(after, 0.0) == []
    assert session.state is SessionState.CLOSED


def test_a_closed_connection_makes_everything_unknown() -> None:
    """Also what was unknown already is not told again; deliveries can no longer be answered."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    session.receive_data(make_pdu(INBOUND, 1).encode(), 55.0)
    session.check(60.0)
    session.send_request(MESSAGE, 61.0)
    assert session.connection_lost("reset by peer") == [
        RequestUnknown(3, CommandId.SUBMIT_SM, UnknownCause.LINK_LOST),
        LinkLost(LossCause.CLOSED, "reset by peer"),
    ]
    assert session.connection_lost() == []
    with pytest.raises(NotPermitted):
        session.acknowledge(1)
    with pytest.raises(NotPermitted):
        session.send_request(MESSAGE, 62.0)


def test_unbind_waits_for_all_answers() -> None:
    """Ours and theirs; nothing new is sent meanwhile."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    session.receive_data(make_pdu(INBOUND, 7).encode(), 0.0)
    assert session.begin_unbind(1.0) == []
    assert session.room == 0
    with pytest.raises(NotPermitted):
        session.send_request(MESSAGE, 1.0)
    events = session.receive_data(make_pdu(TAKEN, 2).encode() + make_pdu(INBOUND, 8).encode(), 2.0)
    assert [type(event) for event in events] == [RequestAnswered, Delivery]
    session.acknowledge(7)
    assert session.check(2.0) == []
    session.acknowledge(8)
    assert session.next_deadline() == 2.0
    assert written(session.check(2.0)) == [make_pdu(Unbind(), 3)]
    assert session.begin_unbind(2.0) == []
    assert session.receive_data(make_pdu(UnbindResp(), 3).encode(), 3.0) == [Unbound(by_peer=False)]
    assert session.state is SessionState.CLOSED
    assert session.connection_lost() == []


def test_unbind_follows_the_time_of_a_lost_answer() -> None:
    """The message is unknown, and the session ends in order."""
    session = bound_esme(SessionLimits(response_s=20.0))
    session.send_request(MESSAGE, 0.0)
    session.begin_unbind(1.0)
    events = session.check(20.0)
    assert others(events) == [RequestUnknown(2, CommandId.SUBMIT_SM, UnknownCause.TIMEOUT)]
    assert written(events) == [make_pdu(Unbind(), 3)]


def test_an_unbind_without_answer_ends_the_session() -> None:
    """After 10 s."""
    session = bound_esme()
    assert written(session.begin_unbind(0.0)) == [make_pdu(Unbind(), 2)]
    assert session.check(10.0) == [LinkLost(LossCause.NOT_UNBOUND)]


def test_the_peer_unbinds() -> None:
    """It is answered; what is open is unknown, and an answer that still comes settles it."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    events = session.receive_data(make_pdu(Unbind(), 9).encode(), 1.0)
    assert written(events) == [make_pdu(UnbindResp(), 9)]
    assert others(events) == [RequestUnknown(2, CommandId.SUBMIT_SM, UnknownCause.UNBOUND), Unbound(by_peer=True)]
    late = session.receive_data(make_pdu(TAKEN, 2).encode(), 2.0)
    assert late == [AnsweredLate(RequestAnswered(2, CommandId.SUBMIT_SM, 0, TAKEN))]
    assert written(session.receive_data(make_pdu(INBOUND, 10).encode(), 3.0)) == []
    assert session.receive_data(b"garbage", 4.0) == []
    assert session.connection_lost() == []


def test_both_sides_unbind_at_once() -> None:
    """The answer to ours changes nothing any more."""
    session = bound_esme()
    session.begin_unbind(0.0)
    events = session.receive_data(make_pdu(Unbind(), 9).encode() + make_pdu(UnbindResp(), 2).encode(), 0.0)
    assert others(events) == [Unbound(by_peer=True)]


# The SMSC's side.


def test_the_smsc_decides_about_a_bind() -> None:
    """It may take its time; another bind meanwhile, or later, is refused."""
    session = open_smsc()
    assert session.receive_data(make_pdu(BIND, 5).encode(), 0.0) == [BindRequested(5, BIND)]
    refused = [Pdu(CommandId.BIND_TRANSCEIVER_RESP, 6, CommandStatus.ALREADY_BOUND)]
    assert written(session.receive_data(make_pdu(BIND, 6).encode(), 0.0)) == refused
    with pytest.raises(NotPermitted, match="no bind 6"):
        session.accept_bind(6, "smsc")
    assert session.next_deadline() is None
    version = make_integer_tlv(Tag.SC_INTERFACE_VERSION, 0x34)
    assert decode_pdu(session.accept_bind(5, "smsc")) == make_pdu(BindTransceiverResp("smsc", (version,)), 5)
    assert session.state is SessionState.BOUND_TRANSCEIVER
    assert written(session.receive_data(make_pdu(BIND, 6).encode(), 0.0)) == refused


def test_an_esme_of_version_3_3_gets_no_tlv() -> None:
    """It does not know them."""
    session, bind = open_smsc(), BindTransmitter("old", interface_version=0x33)
    session.receive_data(make_pdu(bind, 1).encode(), 0.0)
    assert decode_pdu(session.accept_bind(1, "smsc")) == make_pdu(BindTransmitterResp("smsc"), 1)


def test_the_smsc_refuses_a_bind() -> None:
    """Another one may follow."""
    session = open_smsc()
    session.receive_data(make_pdu(BIND, 5).encode(), 0.0)
    assert decode_pdu(session.refuse_bind(5, 0x0E)) == Pdu(CommandId.BIND_TRANSCEIVER_RESP, 5, 0x0E)
    assert session.receive_data(make_pdu(BIND, 6).encode(), 0.0) == [BindRequested(6, BIND)]


def test_who_does_not_bind_is_not_kept() -> None:
    """Not longer than session_init_timer."""
    session = open_smsc()
    assert session.next_deadline() == 30.0
    session.receive_data(make_pdu(EnquireLink(), 1).encode(), 20.0)
    assert session.check(30.0) == [LinkLost(LossCause.NOT_BOUND, "no bind within 30 s")]


def test_the_smsc_answers_messages_and_queries() -> None:
    """With a body, or with an error; each once."""
    session, query = bound_smsc(), QuerySm("1a2b", "MyBank")
    octets = b"".join(make_pdu(body, number).encode() for number, body in ((2, MESSAGE), (3, query), (4, MESSAGE)))
    assert session.receive_data(octets, 0.0) == [
        SubmitRequested(2, MESSAGE),
        SubmitRequested(3, query),
        SubmitRequested(4, MESSAGE),
    ]
    with pytest.raises(NotPermitted):
        session.answer(3, TAKEN)
    with pytest.raises(NotPermitted):
        session.acknowledge(2)
    assert decode_pdu(session.answer(2, TAKEN)) == make_pdu(TAKEN, 2)
    assert decode_pdu(session.answer(3, QuerySmResp("1a2b", "", 1, 0))).sequence == 3
    assert decode_pdu(session.acknowledge(4, 0x58)) == Pdu(CommandId.SUBMIT_SM_RESP, 4, 0x58)
    with pytest.raises(NotPermitted):
        session.answer(2, TAKEN)


def test_a_submit_that_cannot_be_read_is_refused() -> None:
    """With the status that says why."""
    session = bound_smsc()
    events = session.receive_data(cut_body(make_pdu(MESSAGE, 2), 1), 0.0)
    assert written(events) == [Pdu(CommandId.SUBMIT_SM_RESP, 2, CommandStatus.INVALID_MESSAGE_LENGTH)]
    assert [type(event) for event in others(events)] == [UnexpectedPdu]


def test_the_smsc_sends_notices() -> None:
    """outbind before the bind, alert_notification after it."""
    session = open_smsc()
    assert decode_pdu(session.send_notice(Outbind("smsc"))).body == Outbind("smsc")
    with pytest.raises(NotPermitted):
        session.send_notice(AlertNotification("1", "2"))
    alert = AlertNotification("1", "2")
    assert decode_pdu(bound_smsc().send_notice(alert)).body == alert


def test_the_smsc_delivers() -> None:
    """Its requests have the same window and the same fates."""
    session = bound_smsc()
    assert session.send_request(INBOUND, 0.0).sequence == 1
    session.send_request(INBOUND, 0.0)
    (event,) = session.receive_data(make_pdu(DeliverSmResp(), 1).encode(), 0.0)
    assert event == RequestAnswered(1, CommandId.DELIVER_SM, 0, DeliverSmResp())
    assert RequestUnknown(2, CommandId.DELIVER_SM, UnknownCause.TIMEOUT) in session.check(60.0)


def test_an_unmatched_bind_type_is_no_answer() -> None:
    """bind_receiver_resp does not answer bind_transceiver."""
    session = open_esme()
    session.send_bind(BindTransceiver("a"), 0.0)
    assert [type(each) for each in session.receive_data(make_pdu(BindReceiverResp(), 1).encode(), 0.0)] == [
        UnexpectedPdu
    ]
    assert session.state is SessionState.OPEN


def test_a_check_that_comes_late_forgets_no_message() -> None:
    """A message that was sent after enquire_link is told, too, when the time of both is over at once."""
    session = bound_esme()
    session.send_request(MESSAGE, 0.0)
    session.check(30.0)
    session.send_request(MESSAGE, 31.0)
    session.send_request(MESSAGE, 80.0)
    events = session.check(100.0)
    assert events[:-1] == [
        RequestUnknown(2, CommandId.SUBMIT_SM, UnknownCause.TIMEOUT),
        RequestUnknown(4, CommandId.SUBMIT_SM, UnknownCause.TIMEOUT),
        RequestUnknown(5, CommandId.SUBMIT_SM, UnknownCause.LINK_LOST),
    ]
    assert isinstance(events[-1], LinkLost)


def test_room_is_for_messages_that_are_permitted() -> None:
    """A receiver has none, and neither has the SMSC of a transmitter."""
    session = open_esme()
    assert session.room == 0
    session.send_bind(BindReceiver("a"), 0.0)
    session.receive_data(make_pdu(BindReceiverResp(), 1).encode(), 0.0)
    assert session.room == 0
    assert [bound_smsc(None, bind).room for bind in (BindReceiver("a"), BindTransmitter("a"), BIND)] == [10, 0, 10]


def test_what_cannot_be_read_is_refused_by_state_like_the_rest() -> None:
    """Before the bind, a delivery is repeated later; a message is told that nobody is bound."""
    events = open_esme().receive_data(cut_body(make_pdu(INBOUND, 7), 2), 0.0)
    assert written(events) == [Pdu(CommandId.DELIVER_SM_RESP, 7, CommandStatus.TEMPORARY_APPLICATION_ERROR)]
    assert [type(event) for event in others(events)] == [UnexpectedPdu]
    events = open_smsc().receive_data(cut_body(make_pdu(MESSAGE, 7), 2), 0.0)
    assert written(events) == [Pdu(CommandId.SUBMIT_SM_RESP, 7, CommandStatus.INVALID_BIND_STATUS)]
