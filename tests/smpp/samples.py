"""One PDU of each operation, with every field filled; and sessions in each state, with what they write."""

from __future__ import annotations

from collections.abc import Iterable

from modemd.smpp.events import BindRequested, Bound, Event, OctetsToSend
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
from modemd.smpp.pdus import Pdu, PduStream, decode_pdu, make_pdu
from modemd.smpp.permissions import SmppRole
from modemd.smpp.session import SmppSession
from modemd.smpp.session_operations import (
    Bind,
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
from modemd.smpp.tlvs import Tag, Tlv, make_integer_tlv, make_string_tlv

VERSION = (make_integer_tlv(Tag.SC_INTERFACE_VERSION, 0x34),)
SUBMIT = SubmitSm(
    source_addr="MyBank",
    destination_addr="447700900123",
    short_message=b"Hello",
    source_addr_ton=5,
    service_type="CMT",
    esm_class=3,
    protocol_id=1,
    priority_flag=2,
    validity_period="000001000000000R",
    registered_delivery=1,
    data_coding=3,
    tlvs=(make_integer_tlv(Tag.USER_MESSAGE_REFERENCE, 0x1234), Tlv(0x1400, b"own")),
)
RECEIPT = DeliverSm(
    source_addr="447700900123",
    destination_addr="MyBank",
    short_message=b"id:1a2B sub:001 dlvrd:001 submit date:2611300915 done date:2611300916 stat:DELIVRD err:000 text:Hello",
    dest_addr_ton=5,
    esm_class=4,
    tlvs=(make_string_tlv(Tag.RECEIPTED_MESSAGE_ID, "1a2B"), make_integer_tlv(Tag.MESSAGE_STATE, 2)),
)
BODIES = (
    BindReceiver("modemd", "secret08", "SMS", addr_ton=1, addr_npi=1, address_range="447.*"),
    BindReceiverResp("smsc", VERSION),
    BindTransmitter("modemd", "secret08", "SMS", addr_ton=1, addr_npi=1, address_range="447.*"),
    BindTransmitterResp("smsc", VERSION),
    BindTransceiver("modemd", "secret08", "SMS", addr_ton=1, addr_npi=1, address_range="447.*"),
    BindTransceiverResp("smsc", VERSION),
    Outbind("smsc", "secret08"),
    Unbind(),
    UnbindResp(),
    GenericNack(),
    EnquireLink(),
    EnquireLinkResp(),
    SUBMIT,
    SubmitSmResp("1a2b"),
    RECEIPT,
    DeliverSmResp(),
    DataSm("12345", "447700900123", dest_addr_ton=1, dest_addr_npi=1, tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"Hello"),)),
    DataSmResp("1a2b", (make_integer_tlv(Tag.DELIVERY_FAILURE_REASON, 1),)),
    QuerySm("1a2b", "MyBank", 5, 0),
    QuerySmResp("1a2b", "261130091600000+", 2, 0),
    AlertNotification("447700900123", "12345", 1, 1, 3, 0, (make_integer_tlv(Tag.MS_AVAILABILITY_STATUS, 0),)),
)
PDUS: tuple[Pdu, ...] = tuple(make_pdu(body, 7 + index) for index, body in enumerate(BODIES))


def name_pdu(pdu: Pdu) -> str:
    """Returns the name of the operation."""
    return type(pdu.body).__name__


BIND = BindTransceiver("modemd", "secret08")


def open_esme(limits: SessionLimits | None = None) -> SmppSession:
    return SmppSession(SmppRole.ESME, 0.0, limits)


def open_smsc(limits: SessionLimits | None = None) -> SmppSession:
    return SmppSession(SmppRole.SMSC, 0.0, limits)


def bound_esme(limits: SessionLimits | None = None) -> SmppSession:
    """An ESME that is a transceiver since second 0."""
    session = open_esme(limits)
    bind = session.send_bind(BIND, 0.0)
    (event,) = session.receive_data(make_pdu(BindTransceiverResp("smsc"), bind.sequence).encode(), 0.0)
    assert isinstance(event, Bound)
    return session


def bound_smsc(limits: SessionLimits | None = None, bind: Bind = BIND) -> SmppSession:
    """An SMSC with an ESME that is bound since second 0."""
    session = open_smsc(limits)
    (event,) = session.receive_data(make_pdu(bind, 1).encode(), 0.0)
    assert event == BindRequested(1, bind)
    session.accept_bind(1, "smsc")
    return session


def written(events: Iterable[Event]) -> list[Pdu]:
    """The PDUs that the session wants to be written."""
    stream = PduStream()
    for event in events:
        if isinstance(event, OctetsToSend):
            stream.add(event.octets)
    found = []
    while (frame := stream.take_frame()) is not None:
        found.append(decode_pdu(frame))
    assert len(stream) == 0
    return found


def others(events: Iterable[Event]) -> list[Event]:
    """The events without what is to be written."""
    return [event for event in events if not isinstance(event, OctetsToSend)]
