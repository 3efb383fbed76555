"""One PDU of each operation, with every field filled, for tests of cuts, of noise and of other codecs."""

from __future__ import annotations

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
from modemd.smpp.pdus import Pdu, make_pdu
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
